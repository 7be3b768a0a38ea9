/**
 * Token bucket: how bunched may the starts inside an interval be?
 *
 * The generic cell rate algorithm (ITU-T I.371): one number of state, the time at which the bucket would be full
 * again, so nothing has to be refilled and no period is lost to rounding. Timers wake late and a bucket of burst 1
 * forgets it, so GRACE_MS of lateness is not lost; at most `burst + rate · (w + GRACE_MS)` starts, or weight, fall into
 * any window w. It does not bound a whole interval exactly: `window.ts` does.
 */
import type { Call } from '../core/call.ts'
import type { Rate } from '../core/rate.ts'
import type { Limit } from './limit.ts'
import type { Booking, Weighted } from './weight.ts'

export const GRACE_MS = 5

/** Asked for so many starts at once; each is booked by itself. */
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

/** A start costs its weight in periods. What was booked can be corrected, as if it had weighed that from the start. */
export function weightedBucket({ limit, intervalMs, burst }: Rate): Weighted {
  const periodMs = intervalMs / limit
  let fullAtMs = -Infinity
  return {
    waitMs(nowMs, weight) {
      // A bucket that is full is not fuller after a longer wait.
      if (!(weight <= burst)) return Infinity
      return Math.max(0, fullAtMs + (weight - burst) * periodMs - GRACE_MS - nowMs)
    },
    book(booking) {
      booking.fullBeforeMs = fullAtMs
      fullAtMs = Math.max(fullAtMs, booking.atMs) + booking.weight * periodMs
    },
    // Not simply a refund: what would have run over the brim of a full bucket since then is gone.
    correct(corrected, weight) {
      let fullMs = Math.max(corrected.fullBeforeMs, corrected.atMs) + weight * periodMs
      for (let later: Booking | undefined = corrected.next; later !== undefined; later = later.next) {
        // Full in between, before and after the correction: nothing changes from here on.
        if (later.fullBeforeMs === fullMs) return
        later.fullBeforeMs = fullMs
        fullMs = Math.max(fullMs, later.atMs) + later.weight * periodMs
      }
      fullAtMs = fullMs
    },
    isIdle: nowMs => fullAtMs <= nowMs,
  }
}
