/**
 * Learns from successive readings what the resets of one quota mean: the unit of a bare number, whether the reset is
 * the time until the bucket is full again, and when a fixed window ends.
 */
import { FixedWindow } from './quota-window.ts'
import type { PublishedQuota } from './quota-headers.ts'

export interface Meaning {
  /** Milliseconds until the next request fits; undefined if the server does not say. */
  readonly resetMs: number | undefined
  /** Whether it is known if a bare number means seconds or milliseconds. */
  readonly isUnitKnown: boolean
}

interface QuotaReading {
  readonly value: number | undefined
  readonly remaining: number
  readonly asGivenMs: number | undefined
  readonly startedAtMs: number
  readonly nowMs: number
}

/** How far the time per request may differ between two readings of the same bucket. */
const PERIOD_TOLERANCE = 0.25
/** Readings that must agree before they override what the header's name implies. */
const ENOUGH_VOTES = 2

export class QuotaMeaning {
  readonly #window = new FixedWindow()
  #last: QuotaReading | undefined
  #unit: 's' | 'ms' | undefined
  /** Above 0: the reset is when the bucket is full; below 0: when the window ends. */
  #votes = 0

  read(quota: PublishedQuota, startedAtMs: number, nowMs: number): Meaning {
    const { reset, remaining = 0, limit, windowMs } = quota
    const value = reset?.bareNumber
    const reading: QuotaReading = { value, remaining, asGivenMs: reset?.asGivenMs, startedAtMs, nowMs }
    if (this.#last !== undefined) {
      this.#learnUnit(this.#last, reading)
      this.#learnSlope(this.#last, reading, limit, reset?.stepMs ?? 1)
    }
    this.#last = reading
    const isUnitKnown = value === undefined || this.#unit !== undefined
    // Without a reset, the length of the window is an upper bound.
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

  /** Remaining seconds fall by one per second, remaining milliseconds by a thousand (Blockscout, Prisjakt). */
  #learnUnit(last: QuotaReading, { value, remaining, startedAtMs, nowMs }: QuotaReading): void {
    if (value === undefined || last.value === undefined) return
    const drop = last.value - value
    // The server produced both answers within this span.
    const spanMs = nowMs - Math.min(last.startedAtMs, startedAtMs)
    const betweenMs = startedAtMs - last.nowMs
    if (drop >= 2 && drop <= spanMs + 1 && (drop - 1) * 1_000 > 2 * spanMs) this.#unit = 'ms'
    else if (last.remaining === 0 && remaining > 0 && betweenMs >= last.value && betweenMs < last.value * 500) {
      // Renewed at the time given in milliseconds, and long before the time given in seconds.
      this.#unit = 'ms'
    } else if (betweenMs >= 50 && value > 1 && (drop === 0 || drop === 1)) this.#unit = 's'
  }

  /** In a bucket the reset grows by the same time for each request that is used. In a window it only comes closer. */
  #learnSlope(
    last: QuotaReading,
    { remaining, asGivenMs, startedAtMs, nowMs }: QuotaReading,
    limit = 0,
    stepMs: number,
  ): void {
    if (asGivenMs === undefined || last.asGivenMs === undefined || startedAtMs < last.nowMs) return
    const [before, after] = [limit - last.remaining, limit - remaining]
    if (before <= 0 || after <= before) return
    const periodMs = last.asGivenMs / before
    const grownMs = nowMs + asGivenMs - (last.nowMs + last.asGivenMs)
    const expectedMs = (after - before) * periodMs
    // The difference must be larger than what rounding can cause.
    if (expectedMs <= 2 * stepMs) return
    const isSamePeriod = Math.abs(asGivenMs / after - periodMs) <= PERIOD_TOLERANCE * periodMs
    if (grownMs >= expectedMs / 2 && isSamePeriod) this.#votes = Math.min(this.#votes + 1, 2 * ENOUGH_VOTES)
    else if (grownMs < expectedMs / 4) this.#votes = Math.max(this.#votes - 1, -2 * ENOUGH_VOTES)
  }
}
