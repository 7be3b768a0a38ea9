/**
 * Exact sliding window: never more than `limit` starts, or weight, in any interval, wherever it begins.
 *
 * Remembers the starts of the last interval; with `limit` of them, the next may go once the oldest has left. A fixed
 * window would let twice the limit through around its edge. Grows with what really starts, so a limit of millions
 * costs nothing by itself.
 */
import type { Rate } from '../core/rate.ts'
import { Ring } from '../core/ring.ts'
import type { Counted } from './bucket.ts'
import type { Booking, Weighted } from './weight.ts'

type Interval = Pick<Rate, 'limit' | 'intervalMs'>

/** What the sum of many fractions is off by, as a share of the limit: ten of 0.1 are 1. */
const ROUNDING = 1e-12

export function slidingWindow({ limit, intervalMs }: Interval): Counted {
  const startsMs = new Ring<number>()
  // A start exactly one interval after the oldest is outside of the half-open window that began with it.
  const leftMs = (nowMs: number): number => (startsMs.peek() ?? -Infinity) + intervalMs - nowMs
  const expire = (nowMs: number): void => {
    while (startsMs.size > 0 && leftMs(nowMs) <= 0) startsMs.shift()
  }
  return {
    waitsFor: 'rate',
    waitMs(nowMs, _call, starts = 1) {
      if (startsMs.size + starts <= limit) return 0
      // So many must have left that these fit; the one that leaves last decides.
      const last =
        starts === 1 && startsMs.size === limit ? startsMs.peek() : startsMs.at(startsMs.size + starts - limit - 1)
      return last === undefined ? Infinity : Math.max(0, last + intervalMs - nowMs)
    },
    book(nowMs) {
      expire(nowMs)
      startsMs.push(nowMs)
    },
    // Not by the time of the last start: one more number to keep per start, and it is asked for rarely.
    isIdle(nowMs) {
      expire(nowMs)
      return startsMs.size === 0
    },
  }
}

/** Starts weigh, and what was booked can be corrected while it is in the window. */
export function weightedWindow({ limit, intervalMs }: Interval): Weighted {
  let oldest: Booking | undefined
  let newest: Booking | undefined
  let used = 0
  // Twice the limit blocks as surely as any more would, and leaves the sum of the others exact.
  const taken = (weight: number): number => Math.min(weight, 2 * limit)
  return {
    waitMs(nowMs, weight) {
      if (!(weight <= limit)) return Infinity
      let spare = limit + limit * ROUNDING - used - weight
      let fitsAtMs = nowMs
      for (let next = oldest; next !== undefined && spare < 0; next = next.next) {
        spare += taken(next.weight)
        fitsAtMs = next.atMs + intervalMs
      }
      return Math.max(0, fitsAtMs - nowMs)
    },
    book(booking) {
      while (oldest !== undefined && oldest.atMs + intervalMs <= booking.atMs) {
        used -= taken(oldest.weight)
        oldest = oldest.next
      }
      // Alone in the window: what rounding has left behind goes, too.
      if (oldest === undefined || oldest === booking) used = 0
      oldest ??= booking
      used += taken(booking.weight)
      newest = booking
    },
    correct(booking, weight) {
      // Bookings of the same time leave together.
      if (oldest !== undefined && booking.atMs >= oldest.atMs) used += taken(weight) - taken(booking.weight)
    },
    isIdle: nowMs => newest === undefined || newest.atMs + intervalMs <= nowMs,
  }
}
