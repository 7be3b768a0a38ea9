/**
 * Values by Call, for the Calls in flight. A hash table with open addressing (Knuth, The Art of Computer Programming,
 * volume 3, section 6.4, algorithms L and R).
 *
 * Not a Map: a Map that churns leaves a chain of outgrown tables behind, each of which keeps its entries and the next
 * table alive. The garbage collector then moves every request of a batch to its old generation.
 */
import type { Call } from './call.ts'

const MIN_LENGTH = 64

export class CallTable<Value> {
  /** Serial numbers of the requests; 0: the slot is free. */
  #serials = new Int32Array(MIN_LENGTH)
  #values = new Array<Value | undefined>(MIN_LENGTH).fill(undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(call: Call): Value | undefined {
    return this.#values[this.#slotOf(call.trip.serial)]
  }

  set(call: Call, value: Value): void {
    const { serial } = call.trip
    if (2 * this.#size >= this.#serials.length) this.#grow()
    const slot = this.#slotOf(serial)
    if (this.#serials[slot] === 0) this.#size++
    this.#serials[slot] = serial
    this.#values[slot] = value
  }

  delete(call: Call): void {
    let hole = this.#slotOf(call.trip.serial)
    if (this.#serials[hole] === 0) return
    this.#size--
    // Entries behind the hole that belong before it move up, so that no search stops too early.
    const mask = this.#serials.length - 1
    for (let at = (hole + 1) & mask; this.#serials[at] !== 0; at = (at + 1) & mask) {
      const home = (this.#serials[at] as number) & mask
      if (((at - home) & mask) < ((at - hole) & mask)) continue
      this.#serials[hole] = this.#serials[at] as number
      this.#values[hole] = this.#values[at]
      hole = at
    }
    this.#serials[hole] = 0
    this.#values[hole] = undefined
  }

  /** In no particular order. The table MUST not change meanwhile. */
  forEach(visit: (value: Value) => void): void {
    for (const value of this.#values) if (value !== undefined) visit(value)
  }

  /** The slot that has this serial number, or the free one where it would be. Serial numbers in a row never collide. */
  #slotOf(serial: number): number {
    const mask = this.#serials.length - 1
    let slot = serial & mask
    while (this.#serials[slot] !== 0 && this.#serials[slot] !== serial) slot = (slot + 1) & mask
    return slot
  }

  #grow(): void {
    const serials = this.#serials
    const values = this.#values
    this.#serials = new Int32Array(2 * serials.length)
    this.#values = new Array<Value | undefined>(2 * serials.length).fill(undefined)
    for (const [at, serial] of serials.entries()) {
      if (serial === 0) continue
      const slot = this.#slotOf(serial)
      this.#serials[slot] = serial
      this.#values[slot] = values[at]
    }
  }
}
