/** Counts over time in a bounded number of intervals (slots). When all are in use, each two are merged into one. */
import type { StatisticsSeries } from './statistics.ts'

const SLOTS = 240
/** Most runs are short: the slots are made as they are needed. */
const FIRST_SLOTS = 15
const FIRST_STEP_MS = 100

const FIGURES = 4
const DONE = 0
const FAILED = 1
const BYTES = 2
const WIRE_MS = 3

export class Series {
  readonly #startMs: number
  readonly #startEpochMs: number
  #stepMs = FIRST_STEP_MS
  /** For each slot: outcomes, failures, bytes, and milliseconds on the wire of all requests. One array, as in a histogram. */
  #data = new Float64Array(FIRST_SLOTS * FIGURES)

  /** @param startMs monotonic, as all times of its methods are */
  constructor(startMs: number, startEpochMs: number) {
    this.#startMs = startMs
    this.#startEpochMs = startEpochMs
  }

  /** @param wireMs for how long it was on the wire, up to now */
  add(atMs: number, ok: boolean, bytes: number, wireMs: number): void {
    const slot = this.#slotAt(atMs)
    const at = slot * FIGURES
    ;(this.#data[at + DONE] as number)++
    if (!ok) (this.#data[at + FAILED] as number)++
    ;(this.#data[at + BYTES] as number) += bytes
    this.#spread(atMs, slot, wireMs)
  }

  /** Adds what another series has counted, each of its slots at the middle of its time. */
  merge(other: Series): void {
    const theirs = other.#data
    for (let from = 0; from < theirs.length; from += FIGURES) {
      if (theirs[from + DONE] === 0 && theirs[from + WIRE_MS] === 0) continue
      const at = this.#slotAt(other.#startMs + (from / FIGURES + 0.5) * other.#stepMs) * FIGURES
      for (let figure = 0; figure < FIGURES; figure++)
        (this.#data[at + figure] as number) += theirs[from + figure] as number
    }
  }

  /** The slots up to now. */
  snapshot(nowMs: number): StatisticsSeries {
    const last = this.#slotAt(nowMs)
    const stepMs = this.#stepMs
    const slots = (figure: number): number[] =>
      Array.from({ length: last + 1 }, (_, slot) => this.#data[slot * FIGURES + figure] as number)
    const elapsedMs = Math.max(0, nowMs - this.#startMs)
    const lengthOf = (slot: number): number => Math.min(stepMs, Math.max(elapsedMs - slot * stepMs, 1))
    return {
      startedAt: this.#startEpochMs,
      stepMs,
      done: slots(DONE),
      failed: slots(FAILED),
      bytes: slots(BYTES),
      concurrency: slots(WIRE_MS).map((wireMs, slot) => wireMs / lengthOf(slot)),
    }
  }

  /** What happened before the start counts for the first slot. */
  #slotAt(atMs: number): number {
    let slot = Math.floor((atMs - this.#startMs) / this.#stepMs)
    while (slot * FIGURES >= this.#data.length) {
      if (this.#data.length < SLOTS * FIGURES) this.#grow()
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
        ;(this.#data[slot * FIGURES + WIRE_MS] as number) += room
        left -= room
      }
      slot--
      room = this.#stepMs
    }
    ;(this.#data[slot * FIGURES + WIRE_MS] as number) += left
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#data.length)
    grown.set(this.#data)
    this.#data = grown
  }

  #fold(): void {
    const data = this.#data
    const half = data.length / 2
    for (let at = 0; at < half; at++) {
      const from = at + Math.floor(at / FIGURES) * FIGURES
      data[at] = (data[from] as number) + (data[from + FIGURES] as number)
    }
    data.fill(0, half)
    this.#stepMs *= 2
  }
}
