/**
 * Exact sliding window: never more than `limit` starts in any interval, wherever it begins.
 *
 * Remembers the starts of the last interval; with `limit` of them, the next may go once the oldest has left. A fixed
 * window would let twice the limit through around its edge. Grows with what really starts, so a limit of millions
 * costs nothing by itself.
 */
import type { Rate } from '../core/rate.ts'
import { Ring } from '../core/ring.ts'
import type { Limit } from './limit.ts'

export function slidingWindow({ limit, intervalMs }: Pick<Rate, 'limit' | 'intervalMs'>): Limit {
  const startsMs = new Ring<number>()
  // A start exactly one interval after the oldest is outside of the half-open window that began with it.
  const leftMs = (nowMs: number): number => (startsMs.peek() ?? -Infinity) + intervalMs - nowMs
  return {
    waitsFor: 'rate',
    waitMs: nowMs => (startsMs.size < limit ? 0 : Math.max(0, leftMs(nowMs))),
    book(nowMs) {
      while (startsMs.size > 0 && leftMs(nowMs) <= 0) startsMs.shift()
      startsMs.push(nowMs)
    },
  }
}
