/**
 * Exact sliding window: never more than `limit` starts, or weight, in any interval, wherever it begins.
 *
 * Remembers the starts of the last interval. With `limit` of them, the next may go once the oldest has left. A fixed
 * window would let twice the limit through around its edge. Memory grows with the real starts, so a limit of millions
 * costs nothing by itself.
 */
import type { Call } from '../core/call.ts'
import type { Rate } from '../core/rate.ts'
import { Ring } from '../core/ring.ts'
import type { Counted } from './bucket.ts'
import type { Booking, Weighted } from './weight.ts'

type Interval = Pick<Rate, 'limit' | 'intervalMs'>

/** Rounding error of a sum of many fractions, as a share of the limit: ten times 0.1 must count as 1. */
const ROUNDING = 1e-12

/** A start whose request the server may not have counted yet. */
interface OpenStart {
  readonly call: Call
  readonly startedAtMs: number
}

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
  /** When slots of ended attempts are free again, in order. */
  const freeAtMs = new Ring<number>()
  let open: OpenStart[] = []
  const lagMs = Math.max(MIN_LAG_MS, intervalMs * LAG_SHARE)
  const countedByMs = ({ call, startedAtMs }: OpenStart): number => {
    const { sentAtMs } = call.trip.stopwatch
    // The transport does not report it; assume that the request was counted when it started.
    return sentAtMs === undefined ? startedAtMs : Math.max(startedAtMs, sentAtMs + lagMs)
  }
  const expire = (nowMs: number): void => {
    while (freeAtMs.size > 0 && (freeAtMs.peek() as number) <= nowMs) freeAtMs.shift()
    const first = open[0]
    if (first !== undefined && first.startedAtMs + intervalMs <= nowMs) {
      open = open.filter(each => countedByMs(each) + intervalMs > nowMs)
    }
  }
  /** Without sorting: with thousands in flight, sorting is most of the cost of a blocked rate. */
  const firstFreeAtMs = (): number => {
    let atMs = freeAtMs.peek() ?? Infinity
    for (const each of open) atMs = Math.min(atMs, countedByMs(each) + intervalMs)
    return atMs
  }
  /** When this many slots are free. */
  const freeAtOf = (starts: number): number => {
    const times = open.map(each => countedByMs(each) + intervalMs)
    for (let i = 0; i < Math.min(starts, freeAtMs.size); i++) times.push(freeAtMs.at(i) as number)
    return times.toSorted((a, b) => a - b)[starts - 1] as number
  }
  return {
    waitsFor: 'rate',
    waitMs(nowMs, _call, starts = 1) {
      expire(nowMs)
      // The number of starts that must leave before these fit. The last of them decides the time.
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
      const [over] = open.splice(at, 1) as [OpenStart]
      // Never written, so the server may not have counted it; it still counts as a start.
      const sentByMs = call.trip.stopwatch.sentAtMs === Infinity ? over.startedAtMs : countedByMs(over)
      insert(freeAtMs, Math.min(sentByMs, nowMs) + intervalMs)
    },
    // The time of the last start would answer this, but costs one more number per start, and this is rarely asked.
    isIdle(nowMs) {
      expire(nowMs)
      return freeAtMs.size === 0 && open.length === 0
    },
  }
}

/** Attempts end nearly in the order in which they start, so the position is close to the end. */
function insert(times: Ring<number>, timeMs: number): void {
  const later: number[] = []
  for (let last = times.at(times.size - 1); last !== undefined && last > timeMs; last = times.at(times.size - 1)) {
    later.push(last)
    times.pop()
  }
  times.push(timeMs)
  for (let i = later.length - 1; i >= 0; i--) times.push(later[i] as number)
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
