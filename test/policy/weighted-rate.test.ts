/**
 * The law of a weighted rate limit, checked at every start with the weights known at that time: in every window [t, t +
 * w] that ends with it, the starts weigh at most burst + rate · (w + 5 ms), and at most `limit` in the last interval.
 *
 * The known weight is what was booked, or what it was corrected to. A refund can only make the sum of a window smaller.
 * A debit may lift a past window above the law, and then delays later starts.
 */
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/core/call.ts'
import type { Rate } from '../../src/core/rate.ts'
import { GRACE_MS } from '../../src/policy/bucket.ts'
import type { Limit } from '../../src/policy/limit.ts'
import { rateLimit } from '../../src/policy/rate.ts'
import type { RateLimit } from '../../src/policy/rate.ts'
import { Bookings } from '../../src/policy/weight.ts'
import type { Booking } from '../../src/policy/weight.ts'
import { makeCall } from '../support/calls.ts'
import { fc, randomFrom } from '../support/property.ts'

/** Times and weights are sums of fractions: a difference in the last bits of a double is not a breach. */
const ROUNDING_MS = 1e-6
const ROUNDING = 1e-9
const CORRECTABLE_MS = 30_000
const STARTS = 30

const SAMPLE = makeCall()
const weigh = ({ costs }: Call): number => costs as number
const heavy = (weight: number): Call => ({ ...SAMPLE, costs: weight })
const weighted = (rate: Rate): RateLimit => rateLimit(rate, weigh)

/** A start with the weight that is known now. */
interface Start {
  readonly call: Call
  readonly atMs: number
  weight: number
}

/** Describes a breach by the last start; undefined if there is none. */
type Law = (starts: readonly Start[], rate: Rate) => string | undefined

const evenness: Law = (starts, { limit, intervalMs, burst }) => {
  const nowMs = starts.at(-1)?.atMs ?? 0
  let sum = 0
  for (const { atMs, weight } of starts.toReversed()) {
    sum += weight
    const allowed = burst + (limit / intervalMs) * (nowMs - atMs + GRACE_MS + ROUNDING_MS)
    if (sum > allowed * (1 + ROUNDING)) return `${sum} weighed by starts within ${nowMs - atMs} ms, allowed ${allowed}`
  }
  return undefined
}

const exactness: Law = (starts, { limit, intervalMs }) => {
  const nowMs = starts.at(-1)?.atMs ?? 0
  const inside = starts.filter(({ atMs }) => nowMs - atMs < intervalMs - ROUNDING_MS)
  const sum = sumOf(inside)
  return sum <= limit * (1 + ROUNDING) ? undefined : `${sum} weighed by starts within the interval, allowed ${limit}`
}

const sumOf = (starts: readonly Start[]): number => starts.reduce((sum, { weight }) => sum + weight, 0)

/** How long the law makes this weight wait, computed from all starts each time: slow but obvious. */
function lawfulWaitMs(starts: readonly Start[], rate: Rate, nowMs: number, weight: number): number {
  const { limit, intervalMs, burst } = rate
  if (weight === 0) return 0
  if (weight > burst) return Infinity
  const fits = (atMs: number): boolean =>
    sumOf(starts.filter(start => start.atMs + intervalMs > atMs)) + weight <= limit * (1 + 1e-12)
  const leavingMs = starts.map(({ atMs }) => atMs + intervalMs).filter(atMs => atMs > nowMs)
  const fitsAtMs = [nowMs, ...leavingMs].find(fits) ?? Infinity
  let evenAtMs = -Infinity
  let sum = weight - burst
  for (const start of starts.toReversed()) {
    sum += start.weight
    evenAtMs = Math.max(evenAtMs, start.atMs + (sum * intervalMs) / limit - GRACE_MS)
  }
  return Math.max(0, fitsAtMs - nowMs, evenAtMs - nowMs)
}

interface Course {
  readonly chance: () => number
  readonly lateMs: number
  /** How often a start is corrected, per start. */
  readonly corrections: number
  /** Checked after every start, and before every question. */
  readonly onStart?: (starts: readonly Start[]) => void
  readonly onAsk?: (starts: readonly Start[], nowMs: number, call: Call) => void
}

/** Sends whenever it may, as a gate does. Now and then an answer corrects the weight of one of the last starts. */
function drive(limit: Limit, { burst }: Rate, { chance, lateMs, corrections, onStart, onAsk }: Course, count = 70) {
  const starts: Start[] = []
  let nowMs = chance() * 1_000
  const weights = [() => 0, () => burst, () => chance() * burst, () => Math.ceil(chance() * burst), () => 0.1, () => 1]
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)] as T
  for (let started = 0; started < count; started++) {
    const call = heavy(pick(weights)())
    for (;;) {
      onAsk?.(starts, nowMs, call)
      const waitMs = limit.waitMs(nowMs, call)
      if (waitMs === 0) break
      nowMs += waitMs + chance() * lateMs
      if (chance() < corrections) correct()
    }
    limit.book(nowMs, call)
    if (weigh(call) > 0) {
      starts.push({ call, atMs: nowMs, weight: weigh(call) })
      onStart?.(starts)
    }
    if (chance() < 0.1) nowMs += chance() * 3_000
    else if (chance() < 0.3) nowMs += chance() * 30
    if (chance() < corrections) correct()
  }
  return { starts, nowMs }

  function correct(): void {
    const start = starts.at(-1 - Math.floor(chance() * 8))
    if (start === undefined || start.atMs + CORRECTABLE_MS <= nowMs) return
    const refund = chance() * start.weight
    const weight = pick([0, refund, refund, start.weight + chance() * burst, start.weight + chance() * 3 * burst])
    limit.correct?.(start.call, weight)
    start.weight = weight
  }
}

const rates: fc.Arbitrary<Rate> = fc
  .record({
    limit: fc.integer({ min: 1, max: 50 }),
    intervalMs: fc.oneof(fc.integer({ min: 10, max: 5_000 }), fc.double({ min: 1, max: 1_000, noNaN: true })),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ limit, intervalMs, share }) => ({ limit, intervalMs, burst: Math.max(1, Math.ceil(share * limit)) }))

/** The property itself, for any limiter. */
function holds(make: (rate: Rate) => Limit, laws: readonly Law[], corrections: number) {
  return fc.property(rates, fc.nat(), fc.constantFrom(0, 1, 4, 50), (rate, chance, lateMs) => {
    const onStart = (starts: readonly Start[]): void => {
      for (const law of laws) expect(law(starts, rate)).toBeUndefined()
    }
    drive(make(rate), rate, { chance: randomFrom(chance), lateMs, corrections, onStart })
  })
}

/** Wrong on purpose: weighs per fixed window, so twice the limit passes around an edge. */
function fixedWindow({ limit, intervalMs }: Rate): Limit {
  let windowAtMs = -Infinity
  let used = 0
  const leftMs = (nowMs: number): number => windowAtMs + intervalMs - nowMs
  return {
    waitsFor: 'rate',
    waitMs: (nowMs, call) => (used + weigh(call) <= limit ? 0 : Math.max(0, leftMs(nowMs))),
    book(nowMs, call) {
      if (leftMs(nowMs) <= 0) [windowAtMs, used] = [Math.floor(nowMs / intervalMs) * intervalMs, 0]
      used += weigh(call)
    },
  }
}

/** Wrong on purpose: refunds in full, even if the bucket has been full since. */
function generousBucket({ limit, intervalMs, burst }: Rate): Limit {
  const periodMs = intervalMs / limit
  const weights = new WeakMap<Call, number>()
  let fullAtMs = -Infinity
  return {
    waitsFor: 'rate',
    waitMs: (nowMs, call) => Math.max(0, fullAtMs + (weigh(call) - burst) * periodMs - GRACE_MS - nowMs),
    book(nowMs, call) {
      if (weigh(call) === 0) return
      weights.set(call, weigh(call))
      fullAtMs = Math.max(fullAtMs, nowMs) + weigh(call) * periodMs
    },
    correct(call, costs) {
      fullAtMs += ((costs as number) - (weights.get(call) ?? 0)) * periodMs
      weights.set(call, costs as number)
    },
  }
}

/** Wrong on purpose: ignores corrections. */
function deafToCorrections(rate: Rate): Limit {
  return { ...weighted(rate), correct: () => undefined }
}

describe('A weighted rate limit', () => {
  test('allows at most burst + rate · (w + 5 ms) in any window, and at most the limit in any interval', () => {
    fc.assert(holds(weighted, [evenness, exactness], 0), { numRuns: 200 })
  })

  test('keeps the same law for the weights known at each start, through refunds and debits', () => {
    fc.assert(holds(weighted, [evenness, exactness], 0.5), { numRuns: 200 })
  })

  test('waits exactly as long as the law requires, as if every start had had its known weight from the first', () => {
    const property = fc.property(rates, fc.nat(), fc.constantFrom(0, 1, 50), (rate, chance, lateMs) => {
      const limit = weighted(rate)
      const onAsk = (starts: readonly Start[], nowMs: number, call: Call): void => {
        const lawfulMs = lawfulWaitMs(starts, rate, nowMs, weigh(call))
        expect(Math.abs(limit.waitMs(nowMs, call) - lawfulMs)).toBeLessThan(ROUNDING_MS)
      }
      drive(limit, rate, { chance: randomFrom(chance), lateMs, corrections: 0.5, onAsk }, 40)
    })
    fc.assert(property, { numRuns: 200 })
  })

  test('with a fixed window, or one that ignores weights, breaks the law, so the test can fail', () => {
    for (const wrong of [fixedWindow, (rate: Rate) => rateLimit(rate)]) {
      expect(() => fc.assert(holds(wrong, [exactness], 0), { numRuns: 200 })).toThrow(/weighed by starts/)
      expect(() => fc.assert(holds(wrong, [evenness], 0), { numRuns: 200 })).toThrow(/weighed by starts/)
    }
  })

  test('whose bucket is refunded more than it holds, or that ignores corrections, breaks the law too', () => {
    expect(() => fc.assert(holds(generousBucket, [evenness], 0.5), { numRuns: 200 })).toThrow(/weighed by starts/)
    expect(() => fc.assert(holds(deafToCorrections, [evenness], 0.5), { numRuns: 200 })).toThrow(/weighed by starts/)
    expect(() => fc.assert(holds(deafToCorrections, [exactness], 0.5), { numRuns: 200 })).toThrow(/weighed by starts/)
  })

  test('is idle once no booking can delay a start, and then behaves like a new one', () => {
    const property = fc.property(rates, fc.nat(), fc.boolean(), (rate, chance, weighs) => {
      const make = (): RateLimit => rateLimit(rate, weighs ? weigh : undefined)
      const [used, fresh] = [make(), make()]
      const random = randomFrom(chance)
      const { starts, nowMs: endMs } = drive(
        used,
        rate,
        { chance: random, lateMs: 1, corrections: weighs ? 0.3 : 0 },
        30,
      )
      const booked = weighs ? sumOf(starts) : STARTS
      const mostMs = endMs + ((rate.limit + booked) * rate.intervalMs) / rate.limit
      let idleMs = endMs
      while (!used.isIdle(idleMs) && idleMs < mostMs) idleMs += (mostMs - endMs) / 20
      expect(used.isIdle(idleMs + ROUNDING_MS)).toBe(true)
      expect(fresh.isIdle(-1e9)).toBe(true)
      for (let nowMs = idleMs + ROUNDING_MS, count = 0; count < 40; count++) {
        const call = heavy([0, 0.3, 1, rate.burst, random() * rate.burst][count % 5] as number)
        const waitMs = used.waitMs(nowMs, call)
        expect(waitMs).toBe(fresh.waitMs(nowMs, call))
        nowMs += waitMs === 0 ? random() * 5 : waitMs
        if (waitMs > 0) continue
        used.book(nowMs, call)
        fresh.book(nowMs, call)
      }
    })
    fc.assert(property, { numRuns: 200 })
  })

  test('is not idle while a start may delay others', () => {
    const limit = weighted({ limit: 10, intervalMs: 1_000, burst: 10 })
    const call = heavy(2.5)
    limit.book(0, call)
    expect([0, 999.9, 1_000].map(nowMs => limit.isIdle(nowMs))).toEqual([false, false, true])
    limit.correct(call, 25)
    expect([1_000, 2_499.9, 2_500].map(nowMs => limit.isIdle(nowMs))).toEqual([false, false, true])
  })

  test('takes nothing from a call of weight 0, and never makes it wait', () => {
    const limit = weighted({ limit: 1, intervalMs: 1_000, burst: 1 })
    limit.book(0, heavy(1))
    for (const nothing of [0, -1, NaN]) {
      expect(limit.concerns?.(heavy(nothing))).toBe(false)
      expect(limit.waitMs(0, heavy(nothing))).toBe(0)
      limit.book(0, heavy(nothing))
    }
    expect(limit.concerns?.(heavy(0.01))).toBe(true)
    expect(limit.waitMs(1_000, heavy(1))).toBe(0)
  })

  test('never admits a weight above its burst, however long it waits', () => {
    const limit = weighted({ limit: 10, intervalMs: 1_000, burst: 5 })
    for (const weight of [5.001, 10.5, 1e308, Infinity]) {
      expect(limit.waitMs(0, heavy(weight))).toBe(Infinity)
      expect(limit.waitMs(1e9, heavy(weight))).toBe(Infinity)
    }
    expect(limit.waitMs(0, heavy(5))).toBe(0)
  })

  test('admits ten tenths when the limit is one: fractions are not lost to rounding', () => {
    for (const weight of [0.1, 0.7 / 7, 1 / 3, 1 / 49]) {
      const limit = weighted({ limit: 1, intervalMs: 1_000, burst: 1 })
      for (let nth = 0; nth < Math.round(1 / weight); nth++) {
        expect(limit.waitMs(0, heavy(weight))).toBe(0)
        limit.book(0, heavy(weight))
      }
      expect(limit.waitMs(0, heavy(weight))).toBeGreaterThan(0)
    }
  })

  test('corrects only the latest start of a call: a retry is a separate start', () => {
    const limit = weighted({ limit: 10, intervalMs: 1_000, burst: 10 })
    const repeated = heavy(4)
    limit.book(0, repeated)
    limit.book(500, repeated)
    limit.correct(repeated, 0)
    limit.correct(repeated, 1)
    expect(limit.waitMs(500, heavy(5))).toBe(0)
    expect(limit.waitMs(500, heavy(6))).toBe(500)
  })

  test('makes a refund available at once, and lets a debit above the limit delay later starts', () => {
    const limit = weighted({ limit: 10, intervalMs: 1_000, burst: 10 })
    const call = heavy(10)
    limit.book(0, call)
    expect(limit.waitMs(0, heavy(10))).toBe(1_000)
    limit.correct(call, 3)
    expect(limit.waitMs(0, heavy(7))).toBe(0)
    expect(limit.waitMs(0, heavy(8))).toBe(1_000)
    limit.correct(call, 30)
    // The interval alone would forget it after 1 s; burst + rate · w says that 3 s are owed.
    expect(limit.waitMs(0, heavy(10))).toBe(3_000 - GRACE_MS)
    limit.correct(call, 1e300)
    limit.correct(call, 9)
    expect(limit.waitMs(0, heavy(1))).toBe(0)
    expect(limit.waitMs(0, heavy(2))).toBe(1_000)
  })

  test('ignores a correction of an unknown start, of one long past, or by an invalid weight', () => {
    const limit = weighted({ limit: 10, intervalMs: 1_000, burst: 10 })
    const [old, call] = [heavy(1), heavy(10)]
    limit.book(0, old)
    limit.book(CORRECTABLE_MS, call)
    limit.correct(old, 1e9)
    limit.correct(heavy(5), 0)
    for (const nonsense of [NaN, Infinity, -Infinity, -1]) limit.correct(call, nonsense)
    expect(limit.waitMs(CORRECTABLE_MS, heavy(1))).toBe(1_000)
    const counted = rateLimit({ limit: 1, intervalMs: 1_000, burst: 1 })
    counted.book(0, call)
    counted.correct(call, 0)
    expect(counted.waitMs(0, call)).toBe(1_000)
  })

  test('unlinks bookings too old to be corrected: a request that lasts for hours keeps no later one in memory', () => {
    const bookings = new Bookings(1_000)
    const [first, second, third] = [0, 500, 1_200].map(atMs => bookings.add(atMs, 1)) as [Booking, Booking, Booking]
    bookings.cut(999)
    expect(first.next).toBe(second)
    bookings.cut(1_200)
    expect(first.next).toBeUndefined()
    expect([first, second, third].map(booking => bookings.has(booking))).toEqual([false, true, true])
    bookings.cut(1e9)
    expect([first, second, third].map(booking => bookings.has(booking))).toEqual([false, false, true])
    expect(bookings.add(1e9, 1)).toBe(third.next)
  })

  test('does not change when it is checked', () => {
    const rate = { limit: 3, intervalMs: 1_000, burst: 2 }
    const [asked, quiet] = [weighted(rate), weighted(rate)]
    for (let nowMs = 0; nowMs < 5_000; nowMs += 50) {
      const call = heavy((nowMs % 400) / 200)
      for (let again = 0; again < 3; again++) asked.waitMs(nowMs + again * 1_000, call)
      expect(asked.waitMs(nowMs, call)).toBe(quiet.waitMs(nowMs, call))
      if (quiet.waitMs(nowMs, call) > 0) continue
      asked.book(nowMs, call)
      quiet.book(nowMs, call)
    }
  })
})
