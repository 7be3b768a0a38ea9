/**
 * Token bucket: bounds how many starts may come at once within the interval of a rate.
 *
 * The generic cell rate algorithm (ITU-T I.371). Its only state is the time at which the bucket would be full again, so
 * nothing has to be refilled and no period is lost to rounding. Timers fire late, and a bucket of burst 1 cannot make
 * up for it; GRACE_MS of lateness is therefore allowed. At most `burst + rate · (w + GRACE_MS)` starts, or weight, fall
 * into any window w. The bucket does not bound a whole interval exactly: `window.ts` does.
 */
import type { Call } from '../core/call.ts'
import type { Rate } from '../core/rate.ts'
import type { Limit } from './limit.ts'
import type { Booking, Weighted } from './weight.ts'

export const GRACE_MS = 5

/** A rate limit that can be asked for several starts at once. Each start is booked by itself. */
export interface Counted extends Limit {
  waitMs(nowMs: number, call: Call, starts?: number): number
  isIdle(nowMs: number): boolean
}

export function bucket({ limit, intervalMs, burst }: Rate): Counted {
  const periodMs = intervalMs / limit
  let fullAtMs = -Infinity
  return {
    waitsFor: 'rate',
    waitMs: (nowMs, _call, starts = 1) => Math.max(0, fullAtMs + (starts - burst) * periodMs - GRACE_MS - nowMs),
    book(nowMs) {
      fullAtMs = Math.max(fullAtMs, nowMs) + periodMs
    },
    isIdle: nowMs => fullAtMs <= nowMs,
  }
}

/** A start costs its weight in periods. A booking can be corrected as if it had had the new weight from the start. */
export function weightedBucket({ limit, intervalMs, burst }: Rate): Weighted {
  const periodMs = intervalMs / limit
  let fullAtMs = -Infinity
  return {
    waitMs(nowMs, weight) {
      // Waiting does not help: the bucket never holds more than its burst.
      if (!(weight <= burst)) return Infinity
      return Math.max(0, fullAtMs + (weight - burst) * periodMs - GRACE_MS - nowMs)
    },
    book(booking) {
      booking.fullBeforeMs = fullAtMs
      fullAtMs = Math.max(fullAtMs, booking.atMs) + booking.weight * periodMs
    },
    // More than a refund: tokens that would have overflowed a full bucket since then are lost.
    correct(corrected, weight) {
      let fullMs = Math.max(corrected.fullBeforeMs, corrected.atMs) + weight * periodMs
      for (let later: Booking | undefined = corrected.next; later !== undefined; later = later.next) {
        // The bucket was full at this point before and after the correction, so later bookings do not change.
        if (later.fullBeforeMs === fullMs) return
        later.fullBeforeMs = fullMs
        fullMs = Math.max(fullMs, later.atMs) + later.weight * periodMs
      }
      fullAtMs = fullMs
    },
    isIdle: nowMs => fullAtMs <= nowMs,
  }
}
