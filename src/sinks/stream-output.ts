/**
 * A stream that the caller passed. Only one chunk is in it at a time: the next one is written after its callback and,
 * if needed, `drain`, so the stream's buffer never grows. We do not end it; the caller does.
 */
import type { Writable } from 'node:stream'
import { ConfigError } from '../core/error.ts'
import { problem } from '../core/problem.ts'
import type { SinkOutput } from './output.ts'

export class StreamOutput implements SinkOutput {
  readonly name: string
  readonly firstLine = ''
  readonly torn = false
  readonly #stream: Writable
  readonly #onFail: (error: Error) => void
  #failure: Error | undefined
  #reject: ((error: Error) => void) | undefined

  /**
   * @param onFail called once, even when no write is open
   */
  constructor(sink: string, stream: Writable, onFail: (error: Error) => void) {
    if (stream.destroyed || stream.writableEnded) {
      throw new ConfigError([problem(sink, 'an open stream', 'one that has ended', 'Give it a new one.')])
    }
    const { fd } = stream as { readonly fd?: unknown }
    this.name = fd === 1 ? 'standard output' : fd === 2 ? 'standard error' : 'the stream'
    this.#stream = stream
    this.#onFail = onFail
    stream.on('error', this.#fail)
    stream.on('close', this.#closed)
  }

  write(bytes: Buffer): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#reject = reject
      this.#stream.write(bytes, error => {
        if (error !== null && error !== undefined) this.#fail(error)
        // Others may write to the stream as well.
        else if (this.#stream.writableNeedDrain) this.#stream.once('drain', resolve)
        else resolve()
      })
    })
  }

  close(): Promise<void> {
    // After a failure the stream may emit its error again, and an error event without a listener ends the process.
    if (this.#failure === undefined) this.#stream.off('error', this.#fail)
    this.#stream.off('close', this.#closed)
    return Promise.resolve()
  }

  readonly #fail = (error: Error): void => {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#reject?.(error)
    this.#onFail(error)
  }

  readonly #closed = (): void => {
    const error: NodeJS.ErrnoException = new Error('a stream that was closed')
    error.code = 'ERR_STREAM_PREMATURE_CLOSE'
    this.#fail(error)
  }
}
