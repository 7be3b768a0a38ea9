/**
 * A set of numbers below 2 ** 53 that only grows: open addressing in one array. A `Set` takes an object for each of
 * them, and its tables are copied by the garbage collector; for the pages of a long chain that was a tenth of their cost.
 */
export class NumberSet {
  #size = 0
  /** A power of two long, and at most half full; 0 is an empty place. */
  #slots = new Float64Array(16)

  get size(): number {
    return this.#size
  }

  /** False if it was there already. */
  add(number: number): boolean {
    const at = this.#find(number)
    if (this.#slots[at] !== 0) return false
    this.#slots[at] = number + 1
    if (2 * ++this.#size > this.#slots.length) this.#grow()
    return true
  }

  has(number: number): boolean {
    return this.#slots[this.#find(number)] !== 0
  }

  /** The place of the number, or the empty one where it belongs. */
  #find(number: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    // The low bits of the numbers are those of a hash.
    for (let at = number & mask; ; at = (at + 1) & mask) {
      const found = slots[at]
      if (found === 0 || found === number + 1) return at
    }
  }

  #grow(): void {
    const old = this.#slots
    // Small ones grow faster: each growth moves all numbers.
    this.#slots = new Float64Array((old.length < 4_096 ? 4 : 2) * old.length)
    for (const kept of old) if (kept !== 0) this.#slots[this.#find(kept - 1)] = kept
  }
}
