/**
 * A set of digests, to count duplicates. It keeps 8 bytes of each in one table: 16 MB for a million, where a set of
 * strings took 200 MB. Over a million requests, the chance that two different ones count as duplicates is 1 in 30
 * million, which is good enough for a count.
 */
const FIRST_SLOTS = 1_024
const FULLEST = 0.6

export class Seen {
  /** Two halves per slot. A slot is free if its second half is zero. */
  #halves = new Int32Array(2 * FIRST_SLOTS)
  #count = 0

  /** Adds the first 8 bytes of the digest. Returns whether they were in the set already. */
  add(digest: Buffer): boolean {
    const high = digest.readInt32LE(0)
    // Zero would mark a free slot.
    const low = digest.readInt32LE(4) || 1
    if (this.#isThere(high, low)) return true
    if (++this.#count > (this.#halves.length / 2) * FULLEST) this.#grow()
    return false
  }

  /** Returns whether the digest is in the table, and adds it if not. */
  #isThere(high: number, low: number): boolean {
    const halves = this.#halves
    const last = halves.length - 1
    // Masking replaces a modulo, because the size of the table is a power of two. A digest needs no further hashing.
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
