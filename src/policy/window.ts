/**
 * Exact sliding window: never more than `limit` starts, or weight, in any interval, wherever it begins.
 *
 * Remembers the starts of the last interval. With `limit` of them, the next may go once the oldest has left. A fixed
 * window would let twice the limit through around its edge. Memory grows with the real starts, so a limit of millions
 * costs nothing by itself.
 */
import type { Rate } from '../core/rate.ts'
import { Times } from '../core/times.ts'
import type { Counted } from './bucket.ts'
import { OpenStarts } from './open-starts.ts'
import type { Booking, Weighted } from './weight.ts'

type Interval = Pick<Rate, 'limit' | 'intervalMs'>

/** Rounding error of a sum of many fractions, as a share of the limit: ten times 0.1 must count as 1. */
const ROUNDING = 1e-12

/** The longest time we allow between writing a request and the server counting it. */
const MIN_LAG_MS = 50
const LAG_SHARE = 0.05
/** How soon to ask again when the next slot depends on requests that are still connecting. */
const ASK_AGAIN_MS = 10

/**
 * A server counts a request when it arrives, not when it leaves the gate. A first burst arrives late over new
 * connections, and a second one early over connections that are open. So a slot is free again one interval after the
 * latest moment at which the server can have counted the request: when its bytes were written plus the lag, or when its
 * attempt ended.
 */
export function slidingWindow({ limit, intervalMs }: Interval): Counted {
  /** When slots of ended attempts are free again. */
  const freeAtMs = new Times()
  const open = new OpenStarts(intervalMs, Math.max(MIN_LAG_MS, intervalMs * LAG_SHARE))
  /** Nothing leaves the interval before this time. It is nearly always later than now. */
  let quietUntilMs = -Infinity
  const expire = (nowMs: number): void => {
    if (nowMs < quietUntilMs) return
    while ((freeAtMs.first ?? Infinity) <= nowMs) freeAtMs.shift()
    open.expire(nowMs)
    quietUntilMs = Math.min(freeAtMs.first ?? Infinity, open.quietUntilMs)
  }
  /** When this many slots are free. */
  const freeAtOf = (starts: number): number => {
    // Without sorting: with thousands in flight, sorting is most of the cost of a blocked rate.
    if (starts === 1) return Math.min(freeAtMs.first ?? Infinity, open.firstFreeAtMs())
    const times = open.timesFree()
    for (let i = 0; i < Math.min(starts, freeAtMs.size); i++) times.push(freeAtMs.at(i) as number)
    return times.toSorted((a, b) => a - b)[starts - 1] as number
  }
  return {
    waitsFor: 'rate',
    waitMs(nowMs, _call, starts = 1) {
      expire(nowMs)
      // The number of starts that must leave before these fit. The last of them decides the time.
      const surplus = freeAtMs.size + open.size + starts - limit
      if (surplus <= 0) return 0
      if (surplus > freeAtMs.size + open.size) return Infinity
      const atMs = freeAtOf(surplus)
      return atMs === Infinity ? ASK_AGAIN_MS : Math.max(0, atMs - nowMs)
    },
    book(nowMs, call) {
      expire(nowMs)
      open.add(call, nowMs)
      quietUntilMs = Math.min(quietUntilMs, nowMs + intervalMs)
    },
    release(call, nowMs = Infinity) {
      const countedByMs = open.take(call, nowMs)
      if (countedByMs === undefined) return
      freeAtMs.insert(countedByMs + intervalMs)
      quietUntilMs = Math.min(quietUntilMs, countedByMs + intervalMs)
    },
    // The time of the last start would answer this, but costs one more number per start, and this is rarely asked.
    isIdle(nowMs) {
      expire(nowMs)
      return freeAtMs.size === 0 && open.size === 0
    },
  }
}

/** Weighted starts. A booking can be corrected while it is in the window. */
export function weightedWindow({ limit, intervalMs }: Interval): Weighted {
  let oldest: Booking | undefined
  let newest: Booking | undefined
  let used = 0
  // Counting at most twice the limit blocks as surely, and keeps the sum of the others exact.
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
      // Alone in the window: resets accumulated rounding errors.
      if (oldest === undefined || oldest === booking) used = 0
      oldest ??= booking
      used += taken(booking.weight)
      newest = booking
    },
    correct(booking, weight) {
      // Bookings made at the same time leave together.
      if (oldest !== undefined && booking.atMs >= oldest.atMs) used += taken(weight) - taken(booking.weight)
    },
    isIdle: nowMs => newest === undefined || newest.atMs + intervalMs <= nowMs,
  }
}
