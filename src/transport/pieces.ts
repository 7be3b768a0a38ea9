/**
 * Buffers the bytes of a body in about as much memory as they take.
 *
 * A server decides how its body is split. Each chunk costs some 120 bytes of heap besides its own, so a body in chunks
 * of one byte would take 120 times its limit. Small chunks are therefore copied into blocks.
 */

/** Larger chunks are kept as they are: their overhead is small. */
const KEPT_BYTES = 32_768
const MIN_BLOCK_BYTES = 4_096
const MAX_BLOCK_BYTES = 65_536

export const NO_BYTES = new Uint8Array(0)

export class Pieces {
  #whole: Uint8Array[] = []
  /** Filled up to `#used`; not yet returned by `shift`. */
  #block: Uint8Array | undefined
  #used = 0
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  add(piece: Uint8Array): void {
    if (piece.byteLength === 0) return
    // Most bodies arrive in one chunk, which is never copied.
    if (this.#bytes === 0) this.#whole.push(piece)
    else this.#gather(piece)
    this.#bytes += piece.byteLength
  }

  /** Removes and returns the oldest bytes. */
  shift(): Uint8Array | undefined {
    if (this.#whole.length === 0) this.#closeBlock()
    const piece = this.#whole.shift()
    this.#bytes -= piece?.byteLength ?? 0
    return piece
  }

  /** All bytes as one array. */
  join(): Uint8Array {
    this.#closeBlock()
    return this.#whole.length === 1 ? (this.#whole[0] as Uint8Array) : Buffer.concat(this.#whole, this.#bytes)
  }

  /** The oldest bytes, at most this many. Removes them. */
  take(maxBytes: number): Uint8Array {
    const taken = new Pieces()
    while (taken.bytes < maxBytes && this.#bytes > 0) {
      taken.add((this.shift() as Uint8Array).subarray(0, maxBytes - taken.bytes))
    }
    return taken.join()
  }

  clear(): void {
    this.#whole = []
    this.#block = undefined
    this.#bytes = 0
  }

  #gather(piece: Uint8Array): void {
    let left = piece
    while (left.byteLength > 0) {
      if (this.#block === undefined) {
        if (left.byteLength >= KEPT_BYTES) return void this.#whole.push(left)
        const size = Math.min(MAX_BLOCK_BYTES, Math.max(MIN_BLOCK_BYTES, this.#bytes, left.byteLength))
        this.#block = Buffer.allocUnsafeSlow(size)
        this.#used = 0
      }
      const part = left.subarray(0, this.#block.byteLength - this.#used)
      this.#block.set(part, this.#used)
      this.#used += part.byteLength
      left = left.subarray(part.byteLength)
      if (this.#used === this.#block.byteLength) this.#closeBlock()
    }
  }

  #closeBlock(): void {
    const block = this.#block
    if (block === undefined) return
    // A caller that keeps the bytes should not keep the unused rest of the block.
    const isHalfEmpty = this.#used * 2 < block.byteLength
    this.#whole.push(isHalfEmpty ? block.slice(0, this.#used) : block.subarray(0, this.#used))
    this.#block = undefined
  }
}
