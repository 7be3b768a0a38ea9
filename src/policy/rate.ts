/** A rate as one Limit: exact per interval, and no more bunched than its burst. */
import type { Rate } from '../core/rate.ts'
import { bucket } from './bucket.ts'
import type { Limit } from './limit.ts'
import { slidingWindow } from './window.ts'

export function rateLimit(rate: Rate): Limit {
  const window = slidingWindow(rate)
  // A burst of the whole limit is what the window allows by itself.
  if (rate.burst >= rate.limit) return window
  const even = bucket(rate)
  return {
    waitsFor: 'rate',
    waitMs: (nowMs, call) => Math.max(window.waitMs(nowMs, call), even.waitMs(nowMs, call)),
    book(nowMs, call) {
      window.book(nowMs, call)
      even.book(nowMs, call)
    },
  }
}
