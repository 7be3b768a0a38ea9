/** A stream of byte chunks that can be peeked at, taken, and given back. */
import { NO_BYTES } from './pieces.ts'

export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Uint8Array | undefined

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** The next chunk, never an empty one; undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    const held = this.#held
    this.#held = undefined
    if (held !== undefined) return held
    for (;;) {
      const { done, value } = await this.#pieces.next()
      if (done === true) return undefined
      if (value.byteLength > 0) return value
    }
  }

  unread(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return
    this.#held = this.#held === undefined ? bytes : Buffer.concat([bytes, this.#held])
  }

  /** The next bytes without consuming them; fewer at the end. */
  async peek(count: number): Promise<Uint8Array> {
    let bytes = (await this.next()) ?? NO_BYTES
    while (bytes.byteLength < count) {
      const more = await this.next()
      if (more === undefined) break
      bytes = Buffer.concat([bytes, more])
    }
    this.unread(bytes)
    return bytes.subarray(0, count)
  }

  /** The next bytes; fewer at the end. */
  async take(count: number): Promise<Uint8Array> {
    const bytes = await this.peek(count)
    const whole = (await this.next()) ?? NO_BYTES
    this.unread(whole.subarray(bytes.byteLength))
    return bytes
  }
}
