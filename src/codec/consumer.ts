/** Passes a body to `onChunk` chunk by chunk and awaits each call. Never starts a second time from the beginning. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { inTime } from './in-time.ts'
import { isWanted } from '../core/wanted-body.ts'
import type { BodySink, BodyWriter } from '../core/body-sink.ts'
import type { Call } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import type { Clock } from '../core/ports.ts'
import { fault } from '../core/result.ts'
import type { Fault, Taken } from '../core/result.ts'

type OnChunk = NonNullable<Call['plan']['onChunk']>

export function consumerSink(call: Call, onChunk: OnChunk, clock: Clock): BodySink {
  // The transport calls from any context; the caller's function must run in the caller's.
  const inCallersContext = AsyncLocalStorage.snapshot()
  return {
    open: () => undefined,
    prepare: () => undefined,
    rest: () => undefined,
    begin(head) {
      const wanted = isWanted(head, call)
      if (wanted !== true) return wanted === false ? undefined : wanted
      return new Consumer(call, (piece, request) => inCallersContext(onChunk, piece, request), clock)
    },
    close: result => result,
  }
}

class Consumer implements BodyWriter {
  readonly #call: Call
  readonly #onChunk: OnChunk
  readonly #clock: Clock
  #bytes = 0
  #stopped = false

  constructor(call: Call, onChunk: OnChunk, clock: Clock) {
    this.#call = call
    this.#onChunk = onChunk
    this.#clock = clock
  }

  write(piece: Uint8Array): Promise<Fault | undefined> | undefined {
    if (this.#stopped) return undefined
    const { trip, method, url, meta } = this.#call
    trip.retry.delivered = true
    this.#bytes += piece.byteLength
    try {
      const answer: unknown = this.#onChunk(piece, { method, url, meta })
      if (!isThenable(answer)) return undefined
      const { callbackMs } = this.#call.plan.timeouts
      return inTime(answer, () => undefined, { name: 'onChunk', callbackMs, trip, clock: this.#clock, threw })
    } catch (error) {
      return Promise.resolve(threw(error))
    }
  }

  end(): Promise<Taken> {
    return Promise.resolve({ bytes: this.#bytes })
  }

  stop(): void {
    this.#stopped = true
  }
}

function threw(error: unknown): Fault {
  return fault('callback/on_chunk', `onChunk threw: ${reasonOf(error)}`, { sent: true, cause: error })
}
