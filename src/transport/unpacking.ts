/**
 * A BodyWriter in front of another one: takes packed chunks and writes plain ones, as fast as the other one accepts
 * them.
 */
import { Undecodable, unpack } from './unpack.ts'
import type { UnpackPlan } from './unpack.ts'
import type { BodyWriter } from '../core/body-sink.ts'
import { reasonOf } from '../core/callback.ts'
import { fault } from '../core/result.ts'
import type { Fault, Reply, Taken } from '../core/result.ts'

type Give = (piece: Uint8Array | undefined) => void

export class Unpacking implements BodyWriter {
  readonly #writer: BodyWriter
  readonly #head: Reply
  /** Settles when the decoder asks for a chunk, with the function to pass it. */
  #asked = Promise.withResolvers<Give>()
  #fault: Fault | undefined
  #stopped = false
  readonly #over: Promise<void>

  constructor(writer: BodyWriter, head: Reply, plan: UnpackPlan) {
    this.#writer = writer
    this.#head = head
    this.#over = this.#run(plan)
  }

  async write(piece: Uint8Array): Promise<Fault | undefined> {
    const give = await this.#asked.promise
    this.#asked = Promise.withResolvers()
    if (this.#fault !== undefined) return this.#fault
    give(piece)
    // Once the decoder asks for the next chunk, this one has been consumed.
    await Promise.race([this.#asked.promise, this.#over])
    return this.#fault
  }

  async end(): Promise<Fault | Taken> {
    const give = await Promise.race([this.#asked.promise, this.#over])
    give?.(undefined)
    await this.#over
    return this.#fault ?? this.#writer.end()
  }

  stop(): void {
    this.#stopped = true
    this.#writer.stop()
    void this.#asked.promise.then(give => give(undefined))
  }

  async #run(plan: UnpackPlan): Promise<void> {
    try {
      for await (const piece of unpack(this.#pieces(), plan)) {
        if (this.#stopped) return
        this.#fault = await this.#writer.write(piece)
        if (this.#fault !== undefined) return
      }
    } catch (error) {
      const [code, message] =
        error instanceof Undecodable
          ? error.problem
          : (['internal/unknown', `unexpected error: ${reasonOf(error)}`] as const)
      this.#fault = fault(code, message, { sent: true, reply: this.#head, cause: error })
    } finally {
      this.#asked.resolve(() => undefined)
    }
  }

  async *#pieces(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const piece = await new Promise<Uint8Array | undefined>(resolve => this.#asked.resolve(resolve))
      if (piece === undefined) return
      yield piece
    }
  }
}
