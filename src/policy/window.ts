/**
 * Exact sliding window: never more than `limit` starts in any interval, wherever it begins.
 *
 * Remembers the last `limit` starts in a ring; the next may go once the oldest of them has left the interval. A fixed
 * window would let twice the limit through around its edge.
 */
import type { Rate } from '../core/rate.ts'
import type { Limit } from './limit.ts'

export function slidingWindow({ limit, intervalMs }: Pick<Rate, 'limit' | 'intervalMs'>): Limit {
  const startsMs = new Float64Array(limit).fill(-Infinity)
  let oldest = 0
  return {
    waitsFor: 'rate',
    // A start exactly one interval after the oldest is outside of the half-open window that began with it.
    waitMs: nowMs => Math.max(0, (startsMs[oldest] as number) + intervalMs - nowMs),
    book(nowMs) {
      startsMs[oldest] = nowMs
      oldest = oldest + 1 === limit ? 0 : oldest + 1
    },
  }
}
