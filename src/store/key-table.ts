/**
 * Numbers strings from 0 in the order in which they are added, for millions of them: a 64-bit hash and a number each,
 * 16 to 32 bytes whatever their length. Among a thousand million strings, the chance that two share a hash is 3 in 100.
 */

const FIRST_CAPACITY = 64

export class KeyTable {
  /** Number of strings. */
  size = 0
  #capacity = FIRST_CAPACITY
  /** Per slot: two words of hash, and the number plus one (0 for an empty slot). */
  #words = new Uint32Array(3 * FIRST_CAPACITY)
  #low = 0
  #high = 0

  /** The number of the string; undefined if it was not added. */
  find(key: string): number | undefined {
    if (this.size === 0) return undefined
    this.#hash(key)
    const number = this.#words[this.#placeOf(this.#low, this.#high) + 2] as number
    return number === 0 ? undefined : number - 1
  }

  /** The number of the string; a new one if it was not added before. */
  add(key: string): number {
    if (4 * (this.size + 1) > 3 * this.#capacity) this.#grow()
    this.#hash(key)
    const at = this.#placeOf(this.#low, this.#high)
    const number = this.#words[at + 2] as number
    if (number !== 0) return number - 1
    this.#words[at] = this.#low
    this.#words[at + 1] = this.#high
    this.#words[at + 2] = this.size + 1
    return this.size++
  }

  /** Index of the slot that holds this hash, or of the empty slot where it belongs. */
  #placeOf(low: number, high: number): number {
    const words = this.#words
    const mask = this.#capacity - 1
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = 3 * slot
      if (words[at + 2] === 0 || (words[at] === low && words[at + 1] === high)) return at
    }
  }

  #grow(): void {
    const before = this.#words
    this.#capacity *= 2
    this.#words = new Uint32Array(3 * this.#capacity)
    for (let at = 0; at < before.length; at += 3) {
      if (before[at + 2] !== 0)
        this.#words.set(before.subarray(at, at + 3), this.#placeOf(before[at] as number, before[at + 1] as number))
    }
  }

  /** Two multiplicative hashes, mixed at the end. Fast for short strings; a change anywhere changes both words. */
  #hash(key: string): void {
    let low = 0xdeadbeef
    let high = 0x41c6ce57
    for (let at = 0; at < key.length; at++) {
      // oxlint-disable-next-line unicorn/prefer-code-point -- Units are what is hashed.
      const unit = key.charCodeAt(at)
      low = Math.imul(low ^ unit, 0x9e3779b1)
      high = Math.imul(high ^ unit, 0x5f356495)
    }
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35)
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35)
    this.#low = low >>> 0
    this.#high = high >>> 0
  }
}
