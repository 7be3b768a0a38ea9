/**
 * Which digests were there before: 8 bytes of each in one table, 16 MB for a million. A set of texts took 200 MB. Two
 * that differ are taken for one with a chance of 1 in 30 million over a million requests, which a count can bear.
 */
const FIRST_SLOTS = 1_024
const FULLEST = 0.6

export class Seen {
  /** Two halves per slot; a second half of zero is a free one. */
  #halves = new Int32Array(2 * FIRST_SLOTS)
  #count = 0

  /** Takes the first 8 bytes. Answers whether they were there already. */
  add(digest: Buffer): boolean {
    const high = digest.readInt32LE(0)
    // Zero would be a free slot.
    const low = digest.readInt32LE(4) || 1
    if (this.#isThere(high, low)) return true
    if (++this.#count > (this.#halves.length / 2) * FULLEST) this.#grow()
    return false
  }

  /** Puts it where it belongs if it is not. */
  #isThere(high: number, low: number): boolean {
    const halves = this.#halves
    const last = halves.length - 1
    // The table's size is a power of two, and a digest is as good as chance.
    for (let at = (high << 1) & last; ; at = (at + 2) & last) {
      if (halves[at] === high && halves[at + 1] === low) return true
      if (halves[at + 1] !== 0) continue
      halves[at] = high
      halves[at + 1] = low
      return false
    }
  }

  #grow(): void {
    const before = this.#halves
    this.#halves = new Int32Array(2 * before.length)
    for (let at = 0; at < before.length; at += 2) {
      if (before[at + 1] !== 0) this.#isThere(before[at] as number, before[at + 1] as number)
    }
  }
}
