/**
 * What the resets of one quota mean, learned from one reading to the next: the unit of a bare number, whether a reset is
 * the time until the bucket is full again, and when a fixed window ends.
 */
import { FixedWindow } from './quota-window.ts'
import type { PublishedQuota } from './quota-headers.ts'

export interface Meaning {
  /** Milliseconds until the next request fits; undefined: not said. */
  readonly resetMs: number | undefined
  /** Whether seconds or milliseconds are meant is known. */
  readonly isUnitKnown: boolean
}

interface Reading {
  readonly value: number | undefined
  readonly remaining: number
  readonly asGivenMs: number | undefined
  readonly startedAtMs: number
  readonly nowMs: number
}

/** How far the time per request may differ between two readings of the same bucket. */
const PERIOD_TOLERANCE = 0.25
/** Readings that agree before a name is not believed any more. */
const ENOUGH_VOTES = 2

export class QuotaMeaning {
  readonly #window = new FixedWindow()
  #last: Reading | undefined
  #unit: 's' | 'ms' | undefined
  /** Above 0: the reset is when the bucket is full; below 0: when the window ends. */
  #votes = 0

  read(quota: PublishedQuota, startedAtMs: number, nowMs: number): Meaning {
    const { reset, remaining = 0, limit, windowMs } = quota
    const value = reset?.bareNumber
    const reading: Reading = { value, remaining, asGivenMs: reset?.asGivenMs, startedAtMs, nowMs }
    if (this.#last !== undefined) {
      this.#learnUnit(this.#last, reading)
      this.#learnSlope(this.#last, reading, limit, reset?.stepMs ?? 1)
    }
    this.#last = reading
    const isUnitKnown = value === undefined || this.#unit !== undefined
    // The window is known, and it ends within its own length.
    if (reset === undefined || quota.resetMs === undefined) return { resetMs: windowMs, isUnitKnown }
    if (this.#unit === 'ms' && value !== undefined) return { resetMs: Math.ceil(value) + 1, isUnitKnown }
    if (this.#isUntilFull(quota) && limit !== undefined) {
      return { resetMs: Math.ceil(quota.resetMs / Math.max(1, limit - remaining)), isUnitKnown }
    }
    const { asGivenMs, stepMs } = reset
    if (asGivenMs === undefined) return { resetMs: quota.resetMs, isUnitKnown }
    const window = { asGivenMs, stepMs, isTime: value === undefined, windowMs }
    const resetMs = this.#window.learn(window, startedAtMs, nowMs) ?? quota.resetMs
    return { resetMs: Math.min(resetMs, quota.resetMs), isUnitKnown }
  }

  refused(startedAtMs: number): void {
    this.#window.refused(startedAtMs)
  }

  #isUntilFull({ untilFull, ofRequests }: PublishedQuota): boolean {
    if (!ofRequests) return false
    return Math.abs(this.#votes) >= ENOUGH_VOTES ? this.#votes > 0 : untilFull
  }

  /** Seconds to go fall by one in a second, milliseconds by a thousand (Blockscout, Prisjakt). */
  #learnUnit(last: Reading, { value, remaining, startedAtMs, nowMs }: Reading): void {
    if (value === undefined || last.value === undefined) return
    const drop = last.value - value
    // The server gave its two answers within this time.
    const spanMs = nowMs - Math.min(last.startedAtMs, startedAtMs)
    const betweenMs = startedAtMs - last.nowMs
    if (drop >= 2 && drop <= spanMs + 1 && (drop - 1) * 1_000 > 2 * spanMs) this.#unit = 'ms'
    else if (last.remaining === 0 && remaining > 0 && betweenMs >= last.value && betweenMs < last.value * 500) {
      // Renewed when it should have been by milliseconds, and long before it should have been by seconds.
      this.#unit = 'ms'
    } else if (betweenMs >= 50 && value > 1 && (drop === 0 || drop === 1)) this.#unit = 's'
  }

  /** In a bucket the reset grows with what is used, by the same time per request; in a window it only comes nearer. */
  #learnSlope(last: Reading, { remaining, asGivenMs, startedAtMs, nowMs }: Reading, limit = 0, stepMs: number): void {
    if (asGivenMs === undefined || last.asGivenMs === undefined || startedAtMs < last.nowMs) return
    const [before, after] = [limit - last.remaining, limit - remaining]
    if (before <= 0 || after <= before) return
    const periodMs = last.asGivenMs / before
    const grownMs = nowMs + asGivenMs - (last.nowMs + last.asGivenMs)
    const expectedMs = (after - before) * periodMs
    // What was rounded away must not decide.
    if (expectedMs <= 2 * stepMs) return
    const isSamePeriod = Math.abs(asGivenMs / after - periodMs) <= PERIOD_TOLERANCE * periodMs
    if (grownMs >= expectedMs / 2 && isSamePeriod) this.#votes = Math.min(this.#votes + 1, 2 * ENOUGH_VOTES)
    else if (grownMs < expectedMs / 4) this.#votes = Math.max(this.#votes - 1, -2 * ENOUGH_VOTES)
  }
}
