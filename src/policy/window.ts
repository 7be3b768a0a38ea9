/**
 * Exact sliding window: never more than `limit` starts, or weight, in any interval, wherever it begins.
 *
 * Remembers the starts of the last interval; with `limit` of them, the next may go once the oldest has left. A fixed
 * window would let twice the limit through around its edge. Grows with what really starts, so a limit of millions
 * costs nothing by itself.
 */
import type { Call } from '../core/call.ts'
import type { Rate } from '../core/rate.ts'
import { Ring } from '../core/ring.ts'
import type { Counted } from './bucket.ts'
import type { Booking, Weighted } from './weight.ts'

type Interval = Pick<Rate, 'limit' | 'intervalMs'>

/** What the sum of many fractions is off by, as a share of the limit: ten of 0.1 are 1. */
const ROUNDING = 1e-12

/** A start whose request may not have been counted by the server yet. */
interface Open {
  readonly call: Call
  readonly startedAtMs: number
}

/** How long a request takes from its bytes written until the server has counted it, at most, as far as we wait for it. */
const MIN_LAG_MS = 50
const LAG_SHARE = 0.05
/** Where the next place depends on requests that are still connecting, we ask again after this long. */
const ASK_AGAIN_MS = 10

/**
 * A server counts a request when it arrives, and not when it left the gate: a first burst arrives late over connections
 * that are being made, a second one early over those that are kept. So a place is free again one interval after the
 * latest moment at which the server can have counted it: its bytes written and the lag, or the end of its attempt.
 */
export function slidingWindow({ limit, intervalMs }: Interval): Counted {
  /** When places of attempts that are over are free again, in order. */
  const freeAtMs = new Ring<number>()
  let open: Open[] = []
  const lagMs = Math.max(MIN_LAG_MS, intervalMs * LAG_SHARE)
  const countedByMs = ({ call, startedAtMs }: Open): number => {
    const { sentAtMs } = call.trip
    // A transport that does not tell: as if it had been counted at its start.
    return sentAtMs === undefined ? startedAtMs : Math.max(startedAtMs, sentAtMs + lagMs)
  }
  const expire = (nowMs: number): void => {
    while (freeAtMs.size > 0 && (freeAtMs.peek() as number) <= nowMs) freeAtMs.shift()
    const first = open[0]
    if (first !== undefined && first.startedAtMs + intervalMs <= nowMs) {
      open = open.filter(each => countedByMs(each) + intervalMs > nowMs)
    }
  }
  /** Without sorting: with thousands in flight that is most of what a blocked rate costs. */
  const firstFreeAtMs = (): number => {
    let atMs = freeAtMs.peek() ?? Infinity
    for (const each of open) atMs = Math.min(atMs, countedByMs(each) + intervalMs)
    return atMs
  }
  /** When this many places are free. */
  const freeAtOf = (places: number): number => {
    const times = open.map(each => countedByMs(each) + intervalMs)
    for (let i = 0; i < Math.min(places, freeAtMs.size); i++) times.push(freeAtMs.at(i) as number)
    return times.toSorted((a, b) => a - b)[places - 1] as number
  }
  return {
    waitsFor: 'rate',
    waitMs(nowMs, _call, starts = 1) {
      expire(nowMs)
      // So many must have left that these fit; the one that leaves last decides.
      const surplus = freeAtMs.size + open.length + starts - limit
      if (surplus <= 0) return 0
      if (surplus > freeAtMs.size + open.length) return Infinity
      const atMs = surplus === 1 ? firstFreeAtMs() : freeAtOf(surplus)
      return atMs === Infinity ? ASK_AGAIN_MS : Math.max(0, atMs - nowMs)
    },
    book(nowMs, call) {
      expire(nowMs)
      open.push({ call, startedAtMs: nowMs })
    },
    release(call, nowMs = Infinity) {
      const at = open.findIndex(each => each.call === call)
      if (at === -1) return
      const [over] = open.splice(at, 1) as [Open]
      // Never written: it may have cost nothing, but a start is a start.
      const sentByMs = call.trip.sentAtMs === Infinity ? over.startedAtMs : countedByMs(over)
      insert(freeAtMs, Math.min(sentByMs, nowMs) + intervalMs)
    },
    // Not by the time of the last start: one more number to keep per start, and it is asked for rarely.
    isIdle(nowMs) {
      expire(nowMs)
      return freeAtMs.size === 0 && open.length === 0
    },
  }
}

/** Attempts end nearly in the order of their starts: the place is close to the end. */
function insert(times: Ring<number>, timeMs: number): void {
  const later: number[] = []
  for (let last = times.at(times.size - 1); last !== undefined && last > timeMs; last = times.at(times.size - 1)) {
    later.push(last)
    times.pop()
  }
  times.push(timeMs)
  for (let i = later.length - 1; i >= 0; i--) times.push(later[i] as number)
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
