/** Counts over time in a bounded number of slots. When they are full, each two become one, so a slot is twice as long. */
import type { StatisticsSeries } from './statistics.ts'

const SLOTS = 240
/** Most runs are short: the slots are made as they are needed. */
const FIRST_SLOTS = 15
const FIRST_STEP_MS = 100

export class Series {
  readonly #startMs: number
  readonly #startEpochMs: number
  #stepMs = FIRST_STEP_MS
  #slots = FIRST_SLOTS
  #done = new Float64Array(FIRST_SLOTS)
  #failed = new Float64Array(FIRST_SLOTS)
  #bytes = new Float64Array(FIRST_SLOTS)
  /** Milliseconds on the wire, of all requests. */
  #wireMs = new Float64Array(FIRST_SLOTS)

  /** @param startMs monotonic, as all times of its methods are */
  constructor(startMs: number, startEpochMs: number) {
    this.#startMs = startMs
    this.#startEpochMs = startEpochMs
  }

  /** @param wireMs for how long it was on the wire, up to now */
  add(atMs: number, ok: boolean, bytes: number, wireMs: number): void {
    const slot = this.#slotAt(atMs)
    ;(this.#done[slot] as number)++
    if (!ok) (this.#failed[slot] as number)++
    ;(this.#bytes[slot] as number) += bytes
    this.#spread(atMs, slot, wireMs)
  }

  /** Adds what another series has counted, each of its slots at the middle of its time. */
  merge(other: Series): void {
    for (let from = 0; from < other.#slots; from++) {
      const done = other.#done[from] as number
      const wireMs = other.#wireMs[from] as number
      if (done === 0 && wireMs === 0) continue
      const slot = this.#slotAt(other.#startMs + (from + 0.5) * other.#stepMs)
      ;(this.#done[slot] as number) += done
      ;(this.#failed[slot] as number) += other.#failed[from] as number
      ;(this.#bytes[slot] as number) += other.#bytes[from] as number
      ;(this.#wireMs[slot] as number) += wireMs
    }
  }

  /** The slots up to now. */
  snapshot(nowMs: number): StatisticsSeries {
    const last = this.#slotAt(nowMs)
    const stepMs = this.#stepMs
    const slots = (counts: Float64Array): number[] => [...counts.subarray(0, last + 1)]
    const elapsedMs = Math.max(0, nowMs - this.#startMs)
    const lengthOf = (slot: number): number => Math.min(stepMs, Math.max(elapsedMs - slot * stepMs, 1))
    return {
      startedAt: this.#startEpochMs,
      stepMs,
      done: slots(this.#done),
      failed: slots(this.#failed),
      bytes: slots(this.#bytes),
      concurrency: slots(this.#wireMs).map((wireMs, slot) => wireMs / lengthOf(slot)),
    }
  }

  /** What happened before the start counts for the first slot. */
  #slotAt(atMs: number): number {
    let slot = Math.floor((atMs - this.#startMs) / this.#stepMs)
    while (slot >= this.#slots) {
      if (this.#slots < SLOTS) this.#grow()
      else this.#fold()
      slot = Math.floor((atMs - this.#startMs) / this.#stepMs)
    }
    return slot > 0 ? slot : 0
  }

  /** The time on the wire began before this slot if the request took longer. */
  #spread(atMs: number, last: number, wireMs: number): void {
    let left = wireMs
    let slot = last
    let room = atMs - this.#startMs - slot * this.#stepMs
    while (left > room && slot > 0) {
      if (room > 0) {
        ;(this.#wireMs[slot] as number) += room
        left -= room
      }
      slot--
      room = this.#stepMs
    }
    ;(this.#wireMs[slot] as number) += left
  }

  #grow(): void {
    this.#slots *= 2
    const grown = (counts: Float64Array): Float64Array<ArrayBuffer> => {
      const more = new Float64Array(this.#slots)
      more.set(counts)
      return more
    }
    this.#done = grown(this.#done)
    this.#failed = grown(this.#failed)
    this.#bytes = grown(this.#bytes)
    this.#wireMs = grown(this.#wireMs)
  }

  #fold(): void {
    for (const counts of [this.#done, this.#failed, this.#bytes, this.#wireMs]) {
      for (let slot = 0; slot < SLOTS / 2; slot++)
        counts[slot] = (counts[2 * slot] as number) + (counts[2 * slot + 1] as number)
      counts.fill(0, SLOTS / 2)
    }
    this.#stepMs *= 2
  }
}
