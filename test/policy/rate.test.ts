/** The law of a rate limit, checked over all pairs of starts of random traces. Wrong limiters are shown to break it. */
import { describe, expect, test } from 'vitest'
import type { Rate } from '../../src/core/rate.ts'
import { GRACE_MS, bucket } from '../../src/policy/bucket.ts'
import type { Limit } from '../../src/policy/limit.ts'
import { rateLimit } from '../../src/policy/rate.ts'
import { slidingWindow } from '../../src/policy/window.ts'
import { makeCall } from '../support/calls.ts'
import { fc, randomFrom } from '../support/property.ts'
import { evenness, exactness, fixedWindow } from '../support/rate-law.ts'
import type { Law } from '../support/rate-law.ts'

const CALL = makeCall()
/**
 * Sends whenever it may, as a gate does: asks, sleeps at least as long as it is told, and asks again. Idles at times.
 */
function trace(limit: Limit, chance: () => number, lateMs: number, count = 120): number[] {
  const startsMs: number[] = []
  let nowMs = chance() * 1_000
  let call = makeCall()
  while (startsMs.length < count) {
    const waitMs = limit.waitMs(nowMs, call)
    if (waitMs > 0) {
      nowMs += waitMs + chance() * lateMs
      continue
    }
    limit.book(nowMs, call)
    call = makeCall()
    startsMs.push(nowMs)
    if (chance() < 0.05) nowMs += chance() * 3_000
    else if (chance() < 0.2) nowMs += chance() * 3
  }
  return startsMs
}

const rates: fc.Arbitrary<Rate> = fc
  .record({
    limit: fc.integer({ min: 1, max: 50 }),
    intervalMs: fc.oneof(fc.integer({ min: 10, max: 5_000 }), fc.double({ min: 1, max: 1_000, noNaN: true })),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ limit, intervalMs, share }) => ({ limit, intervalMs, burst: Math.max(1, Math.ceil(share * limit)) }))

/** The property itself, for any limiter. */
function holds(make: (rate: Rate) => Limit, laws: readonly Law[]) {
  return fc.property(rates, fc.nat(), fc.constantFrom(0, 1, 4, 50), (rate, chance, lateMs) => {
    const startsMs = trace(make(rate), randomFrom(chance), lateMs)
    for (const law of laws) expect(law(startsMs, rate)).toBeUndefined()
  })
}

describe('A rate limit', () => {
  test('allows at most burst + rate · (w + 5 ms) in any window, and at most the limit in any interval', () => {
    fc.assert(holds(rateLimit, [evenness, exactness]), { numRuns: 300 })
  })

  test('consists of a bucket that keeps it even and a window that keeps it exact', () => {
    fc.assert(holds(bucket, [evenness]))
    fc.assert(holds(slidingWindow, [exactness]))
  })

  test('with a fixed window breaks the law, so the test can fail', () => {
    expect(() => fc.assert(holds(fixedWindow, [exactness]), { numRuns: 300 })).toThrow(/starts in/)
    expect(() => fc.assert(holds(fixedWindow, [evenness]), { numRuns: 300 })).toThrow(/starts in/)
  })

  test('with a bucket alone breaks the exact half of the law, so the window is needed', () => {
    expect(() => fc.assert(holds(bucket, [exactness]), { numRuns: 300 })).toThrow(/starts in/)
  })

  test('does not change when it is checked', () => {
    const asked = rateLimit({ limit: 3, intervalMs: 1_000, burst: 2 })
    const quiet = rateLimit({ limit: 3, intervalMs: 1_000, burst: 2 })
    for (let nowMs = 0; nowMs < 5_000; nowMs += 50) {
      for (let again = 0; again < 3; again++) asked.waitMs(nowMs, CALL)
      expect(asked.waitMs(nowMs, CALL)).toBe(quiet.waitMs(nowMs, CALL))
      if (quiet.waitMs(nowMs, CALL) > 0) continue
      asked.book(nowMs, CALL)
      quiet.book(nowMs, CALL)
    }
  })

  test('of a thousand million per second uses no memory for starts that have not happened', () => {
    const limit = rateLimit({ limit: 1e9, intervalMs: 1_000, burst: 1e9 })
    expect(limit.waitMs(0, CALL)).toBe(0)
    limit.book(0, CALL)
    expect(limit.waitMs(0, CALL)).toBe(0)
  })

  test('allows the whole burst at once after any idle time, and then one start per period', () => {
    const limit = rateLimit({ limit: 10, intervalMs: 1_000, burst: 3 })
    for (let start = 0; start < 3; start++) {
      expect(limit.waitMs(0, CALL)).toBe(0)
      limit.book(0, CALL)
    }
    expect(limit.waitMs(0, CALL)).toBe(100 - GRACE_MS)
  })
})

describe('a slot of a sliding window', () => {
  const INTERVAL_MS = 1_000
  const window = () => slidingWindow({ limit: 1, intervalMs: INTERVAL_MS })

  test('is free one interval after the end of its attempt, the latest time at which the server can have counted it', () => {
    const limit = window()
    const call = makeCall()
    limit.book(0, call)
    call.trip.stopwatch.sentAtMs = 30
    limit.release?.(call, 40)
    expect(limit.waitMs(40, CALL)).toBe(40 + INTERVAL_MS - 40)
  })

  test('is free one interval plus the lag after its bytes were written, if the answer takes long', () => {
    const limit = window()
    const call = makeCall()
    limit.book(0, call)
    call.trip.stopwatch.sentAtMs = 30
    expect(limit.waitMs(500, CALL)).toBe(30 + 50 + INTERVAL_MS - 500)
    expect(limit.waitMs(30 + 50 + INTERVAL_MS, CALL)).toBe(0)
  })

  test('is not free while its connection is being made, however long that takes', () => {
    const limit = window()
    const call = makeCall()
    limit.book(0, call)
    call.trip.stopwatch.sentAtMs = Infinity
    expect(limit.waitMs(5_000, CALL)).toBeGreaterThan(0)
    call.trip.stopwatch.sentAtMs = 5_000
    expect(limit.waitMs(5_000, CALL)).toBe(50 + INTERVAL_MS)
  })

  test('counts from its start if the transport does not report when bytes were written', () => {
    const limit = window()
    limit.book(0, CALL)
    limit.release?.(CALL, 700)
    expect(limit.waitMs(999, CALL)).toBe(1)
    expect(limit.waitMs(INTERVAL_MS, CALL)).toBe(0)
  })
})
