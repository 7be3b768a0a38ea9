/**
 * A rate as one Limit: exact per interval, and no more bunched than its burst. With a weigh function, a start takes its
 * weight instead of 1, and the weight of a call's latest start can be corrected once it is known better.
 */
import type { Call } from '../core/call.ts'
import type { Rate } from '../core/rate.ts'
import { bucket, weightedBucket } from './bucket.ts'
import type { Counted } from './bucket.ts'
import type { Limit } from './limit.ts'
import { Bookings } from './weight.ts'
import type { Booking } from './weight.ts'
import { slidingWindow, weightedWindow } from './window.ts'

/** What a start of this call takes; may be a fraction. 0: takes nothing and never waits. MUST be quick. */
export type Weigh = (call: Call) => number

export interface RateLimit extends Limit {
  /**
   * Corrects the weight of this call's latest start. A refund is available at once, as far as the bucket was not full
   * in between. A debit above the limit delays later starts. Without a weigh function it changes nothing.
   */
  correct(call: Call, weight: number): void
  isIdle(nowMs: number): boolean
}

/** How long a start can be corrected: the default timeout of an attempt, or the interval if that is longer. */
const CORRECTABLE_MS = 30_000

export function rateLimit(rate: Rate, weigh?: Weigh): RateLimit {
  return weigh === undefined ? countedRate(rate) : weightedRate(rate, weigh)
}

function countedRate(rate: Rate): RateLimit {
  return { ...countingLimit(rate), correct: () => undefined }
}

function countingLimit(rate: Rate): Counted {
  const window = slidingWindow(rate)
  // A burst of the whole limit needs no bucket: the window alone allows exactly that.
  if (rate.burst >= rate.limit) return window
  const even = bucket(rate)
  return {
    waitsFor: 'rate',
    waitMs: (nowMs, call, starts) => Math.max(window.waitMs(nowMs, call, starts), even.waitMs(nowMs, call, starts)),
    book(nowMs, call) {
      window.book(nowMs, call)
      even.book(nowMs, call)
    },
    release: (call, nowMs) => window.release?.(call, nowMs),
    isIdle: nowMs => window.isIdle(nowMs) && even.isIdle(nowMs),
  }
}

/** A rate of starts where one call may count as several, in whole numbers. Costs as little as the plain rate. */
export function startsLimit(rate: Rate, startsOf: (call: Call) => number): Limit {
  const limit = countingLimit(rate)
  return {
    ...limit,
    waitMs: (nowMs, call) => limit.waitMs(nowMs, call, startsOf(call)),
    book(nowMs, call) {
      for (let starts = startsOf(call); starts > 0; starts--) limit.book(nowMs, call)
    },
    release(call, nowMs) {
      for (let starts = startsOf(call); starts > 0; starts--) limit.release?.(call, nowMs)
    },
  }
}

/** Always with a bucket: a debit above the limit may be owed for longer than one interval, which a window forgets. */
function weightedRate(rate: Rate, weigh: Weigh): RateLimit {
  const window = weightedWindow(rate)
  const even = weightedBucket(rate)
  const bookings = new Bookings(Math.max(rate.intervalMs, CORRECTABLE_MS))
  const latest = new WeakMap<Call, Booking>()
  const weightOf = (call: Call): number => {
    const weight = weigh(call)
    return weight > 0 ? weight : 0
  }
  return {
    waitsFor: 'rate',
    concerns: call => weightOf(call) > 0,
    waitMs(nowMs, call) {
      const weight = weightOf(call)
      return weight === 0 ? 0 : Math.max(window.waitMs(nowMs, weight), even.waitMs(nowMs, weight))
    },
    book(nowMs, call) {
      const weight = weightOf(call)
      if (weight === 0) return
      const booking = bookings.add(nowMs, weight)
      latest.set(call, booking)
      window.book(booking)
      even.book(booking)
      bookings.cut(nowMs)
    },
    correct(call, weight) {
      const booking = latest.get(call)
      if (booking === undefined || !bookings.has(booking) || !Number.isFinite(weight) || weight < 0) return
      window.correct(booking, weight)
      even.correct(booking, weight)
      booking.weight = weight
    },
    isIdle: nowMs => window.isIdle(nowMs) && even.isIdle(nowMs),
  }
}
