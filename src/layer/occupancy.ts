/**
 * How many slots are in use, and whether the first byte takes longer when most of them are. If it does, the server is the
 * limit, and more slots would not help.
 */
import type { Attempt } from '../core/attempt.ts'
import { Histogram } from '../core/histogram.ts'
import type { Result } from '../core/result.ts'
import type { Lane } from '../policy/lane.ts'

/** Parts of the slots. In between, attempts say nothing. */
const MOST = 0.75
const FEW = 0.25
/** A first byte that takes this many times as long is not explained by the variance of a server with spare capacity. */
const SATURATED = 3
/** A smaller difference may come from this process, which handles responses one after the other. */
const LEAST_DIFFERENCE_MS = 5

/** Medians of the first byte in milliseconds. */
export interface FirstBytes {
  /** With most of the slots in use. */
  readonly mostMs: number
  /** With few of them in use. */
  readonly fewMs: number
}

export class Occupancy {
  /** The most attempts on the wire since `watch`. */
  peak = 0
  /** Attempts that hold a slot. */
  running = 0
  readonly #slots: number
  /** Of attempts that started while most or few of the slots were in use. */
  readonly #most = new Histogram()
  readonly #few = new Histogram()

  constructor(slots: number) {
    this.#slots = slots
  }

  /** Counts the peak from now on. */
  watch(): void {
    this.peak = this.running
  }

  /** After the attempt was booked. */
  enter(attempt: Attempt, lane: Lane): void {
    const running = ++this.running
    if (running > this.peak) this.peak = running
    const ofLane = lane.slots === undefined ? 0 : lane.running / lane.slots.size
    const used = Math.max(running / this.#slots, ofLane)
    // Of few slots, one is more than a quarter.
    attempt.occupancy = used <= FEW || running === 1 ? 'few' : used > MOST ? 'most' : 'some'
  }

  leave({ occupancy, trip }: Attempt, result: Result): void {
    this.running--
    const { firstByteMs } = trip.stopwatch
    if (firstByteMs === undefined || result.kind === 'fault') return
    if (occupancy === 'most') this.#most.add(firstByteMs)
    else if (occupancy === 'few') this.#few.add(firstByteMs)
  }

  /** Undefined as long as there were no answers of both kinds. */
  firstBytes(): FirstBytes | undefined {
    if (this.#most.count === 0 || this.#few.count === 0) return undefined
    return { mostMs: this.#most.quantile(0.5), fewMs: this.#few.quantile(0.5) }
  }
}

/** Whether the server is so much slower under load that its own capacity must be used up. */
export function isSaturated({ mostMs, fewMs }: FirstBytes): boolean {
  return mostMs >= SATURATED * fewMs && mostMs - fewMs >= LEAST_DIFFERENCE_MS
}
