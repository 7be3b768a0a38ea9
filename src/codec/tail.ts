/** The beginning of an item whose end has not arrived, in one buffer that doubles: pieces may have a single byte. */

const FIRST_BYTES = 1_024

export class Tail {
  #buffer = Buffer.alloc(0)
  #used = 0

  get bytes(): number {
    return this.#used
  }

  add(piece: Uint8Array): void {
    const needed = this.#used + piece.byteLength
    if (needed > this.#buffer.byteLength) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * this.#buffer.byteLength, needed))
      grown.set(this.#buffer.subarray(0, this.#used))
      this.#buffer = grown
    }
    this.#buffer.set(piece, this.#used)
    this.#used = needed
  }

  /** All bytes with `rest` behind them. Valid until the next `add`. */
  take(rest: Buffer): Buffer {
    if (this.#used === 0) return rest
    this.add(rest)
    const all = this.#buffer.subarray(0, this.#used)
    // A long item must not hold its memory for the rest of the body.
    if (this.#buffer.byteLength > 64 * FIRST_BYTES) this.#buffer = Buffer.alloc(0)
    this.#used = 0
    return all
  }
}
