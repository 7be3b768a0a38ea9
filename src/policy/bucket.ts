/**
 * Token bucket: how bunched may the starts inside an interval be?
 *
 * The generic cell rate algorithm (ITU-T I.371): one number of state, the time at which the bucket would be full
 * again, so nothing has to be refilled and no period is lost to rounding. Timers wake late and a bucket of burst 1
 * forgets it, so GRACE_MS of lateness is not lost; at most `burst + rate · (w + GRACE_MS)` starts fall into any
 * window w. It does not bound a whole interval exactly: `window.ts` does.
 */
import type { Rate } from '../core/rate.ts'
import type { Limit } from './limit.ts'

export const GRACE_MS = 5

export function bucket({ limit, intervalMs, burst }: Rate): Limit {
  const periodMs = intervalMs / limit
  let fullAtMs = -Infinity
  return {
    waitsFor: 'rate',
    waitMs: nowMs => Math.max(0, fullAtMs + (1 - burst) * periodMs - GRACE_MS - nowMs),
    book(nowMs) {
      fullAtMs = Math.max(fullAtMs, nowMs) + periodMs
    },
  }
}
