/** The circuit breaker: what opens it, what closes it, and which results it ignores. */
import { describe, expect, test } from 'vitest'
import { breaker } from '../../src/policy/breaker.ts'
import type { Breaker, BreakerVerdict } from '../../src/policy/breaker.ts'
import { fc, randomFrom } from '../support/property.ts'

const PLAN = { failures: 5, windowMs: 30_000, cooldownMs: 10_000 }

/**
 * Results of attempts that take no time, one every `stepMs`: `+` ok, `-` failed, `?` unknown. Returns whether it
 * opened.
 */
function feed(it: Breaker, outcomes: string, stepMs = 1, fromMs = 0): boolean {
  const verdicts: Readonly<Record<string, BreakerVerdict>> = { '+': 'ok', '-': 'failed' }
  const answers = outcomes.split('').map((outcome, i) => {
    const nowMs = fromMs + i * stepMs
    it.book(nowMs)
    return it.record(verdicts[outcome] ?? 'unknown', nowMs, nowMs)
  })
  return answers.includes(true)
}

/** A breaker opened by its fifth failure, at 4 ms. */
function opened(): Breaker {
  const it = breaker(PLAN)
  feed(it, '-----')
  return it
}

describe('A closed breaker', () => {
  test.each([
    ['-----', true],
    ['----', false],
    ['----+-', true],
    ['+++++++++++++++++++++++++-----', true],
    ['-+-+-+-+-', true],
    ['-++-+-+-+-', false],
    ['-++++----', true],
    ['-+++++----', false],
    ['-+++++-----', true],
    ['?????????', false],
    ['--?--?-', true],
    ['++++++++', false],
  ])('after %s it opens: %s', (outcomes, isOpened) => {
    const it = breaker(PLAN)
    expect(feed(it, outcomes)).toBe(isOpened)
    expect(it.state(100)).toBe(isOpened ? 'open' : 'closed')
  })

  test.each([
    [7_500, true],
    [7_501, false],
  ])('counts failures %d ms apart as one series: %s', (stepMs, isOpened) => {
    expect(feed(breaker(PLAN), '-----', stepMs)).toBe(isOpened)
  })

  test('opens at the first failure when one is enough', () => {
    expect(feed(breaker({ ...PLAN, failures: 1 }), '+++-')).toBe(true)
  })

  test('reports only the failure that opened it', () => {
    const it = breaker(PLAN)
    expect([1, 2, 3, 4, 5, 6].map(nowMs => it.record('failed', 0, nowMs))).toEqual([
      false,
      false,
      false,
      false,
      true,
      false,
    ])
  })

  test('never opens at one failure in a hundred, at a thousand per second for an hour', () => {
    const random = randomFrom(1)
    const it = breaker(PLAN)
    for (let nowMs = 0; nowMs < 3_600_000; nowMs++) {
      if (it.record(random() < 0.01 ? 'failed' : 'ok', nowMs, nowMs)) throw new Error(`opened at ${nowMs}`)
    }
    expect(it.state(3_600_000)).toBe('closed')
  })
})

describe('An open breaker', () => {
  test('refuses until its cooldown ends, then allows one probe', () => {
    const it = opened()
    expect([it.refusesUntilMs(4), it.refusesUntilMs(10_003), it.refusesUntilMs(10_004)]).toEqual([
      10_004,
      10_004,
      undefined,
    ])
    expect([it.state(10_003), it.state(10_004)]).toEqual(['open', 'half_open'])
    it.book(10_004)
    // Reports when the next probe may go if this one failed now, and never a time in the past.
    expect([it.refusesUntilMs(10_004), it.refusesUntilMs(99_000)]).toEqual([20_004, 99_000])
    expect(it.state(99_000)).toBe('half_open')
  })

  test('is closed by a probe that is ok, and forgets earlier failures', () => {
    const it = opened()
    it.book(10_004)
    expect(it.record('ok', 10_004, 10_100)).toBe(false)
    expect([it.state(10_100), it.refusesUntilMs(10_100), it.isIdle(10_100)]).toEqual(['closed', undefined, true])
    expect(feed(it, '----', 1, 10_200)).toBe(false)
    expect(feed(it, '-', 1, 10_300)).toBe(true)
  })

  test('is opened again by a probe that fails, for a full cooldown', () => {
    const it = opened()
    it.book(10_004)
    expect(it.record('failed', 10_004, 15_000)).toBe(true)
    expect([it.refusesUntilMs(15_000), it.refusesUntilMs(25_000)]).toEqual([25_000, undefined])
  })

  test('allows another probe when the last one had no verdict', () => {
    const it = opened()
    it.book(10_004)
    expect(it.record('unknown', 10_004, 11_000)).toBe(false)
    expect([it.state(11_000), it.refusesUntilMs(11_000)]).toEqual(['half_open', undefined])
    it.book(11_000)
    expect(it.refusesUntilMs(11_000)).toBe(21_000)
    it.record('ok', 11_000, 11_001)
    expect(it.state(11_001)).toBe('closed')
  })

  test.each(['ok', 'failed', 'unknown'] as const)(
    'ignores an attempt that started before it opened and ends with %s',
    verdict => {
      const it = opened()
      expect(it.record(verdict, 0, 5_000)).toBe(false)
      // Started in the millisecond in which it opened, before it did.
      expect(it.record(verdict, 4, 5_000)).toBe(false)
      expect([it.state(5_000), it.refusesUntilMs(5_000)]).toEqual(['open', 10_004])
      it.book(10_004)
      expect(it.record(verdict, 3, 10_500)).toBe(false)
      expect([it.state(10_500), it.refusesUntilMs(10_500)]).toEqual(['half_open', 20_004])
      it.record('ok', 10_004, 10_600)
      // Timeouts that arrive after the host is back must not open it again.
      for (let i = 0; i < 10; i++) expect(it.record(verdict, 3, 10_700)).toBe(false)
      expect(it.state(10_700)).toBe('closed')
    },
  )

  test('does not change when it is checked', () => {
    const it = opened()
    for (let i = 0; i < 10; i++) expect([it.refusesUntilMs(10_004), it.state(10_004)]).toEqual([undefined, 'half_open'])
  })
})

describe('A breaker is idle', () => {
  test('after a window without failures', () => {
    const it = breaker(PLAN)
    expect(it.isIdle(0)).toBe(true)
    it.record('ok', 0, 0)
    expect(it.isIdle(0)).toBe(true)
    it.record('failed', 0, 5)
    expect([it.isIdle(30_005), it.isIdle(30_006)]).toEqual([false, true])
  })

  test('when its cooldown ended a window ago without a request, but not while a probe is in flight', () => {
    const it = opened()
    expect([it.isIdle(40_004), it.isIdle(40_005)]).toEqual([false, true])
    it.book(40_005)
    expect(it.isIdle(1e9)).toBe(false)
    it.record('unknown', 40_005, 50_000)
    expect([it.isIdle(80_000), it.isIdle(80_001)]).toEqual([false, true])
  })
})

/** One step: a request goes if it may, time passes, or an attempt in flight ends. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('go' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 3_000 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        which: fc.nat(),
        verdict: fc.constantFrom<BreakerVerdict>('ok', 'failed', 'failed', 'failed', 'unknown'),
      }),
    },
  ),
  { maxLength: 200 },
)

const plans = fc.record({
  failures: fc.integer({ min: 1, max: 6 }),
  windowMs: fc.integer({ min: 1, max: 20_000 }),
  cooldownMs: fc.integer({ min: 1, max: 5_000 }),
})

interface World {
  readonly it: Breaker
  readonly underWay: { readonly startedAtMs: number; readonly isProbe: boolean }[]
  nowMs: number
}

/**
 * Plays the steps. After each it checks that nothing goes while the breaker is open, and at most one probe afterwards.
 */
function play(
  plan: { failures: number; windowMs: number; cooldownMs: number },
  list: typeof steps extends fc.Arbitrary<infer T> ? T : never,
): World {
  const world: World = { it: breaker(plan), underWay: [], nowMs: 0 }
  const { it, underWay } = world
  let openUntilMs = -Infinity
  for (const step of list) {
    const { nowMs } = world
    if (step.kind === 'wait') world.nowMs += step.ms
    if (step.kind === 'go' && it.refusesUntilMs(nowMs) === undefined) {
      expect(nowMs).toBeGreaterThanOrEqual(openUntilMs)
      const isProbe = it.state(nowMs) === 'half_open'
      it.book(nowMs)
      underWay.push({ startedAtMs: nowMs, isProbe })
    }
    if (step.kind === 'end' && underWay.length > 0) {
      const [ended] = underWay.splice(step.which % underWay.length, 1)
      const before = it.state(nowMs)
      const isOpened = it.record(step.verdict, ended!.startedAtMs, nowMs)
      if (isOpened) openUntilMs = nowMs + plan.cooldownMs
      if (isOpened) expect(step.verdict).toBe('failed')
      // Only the probe decides.
      if (before !== 'closed' && it.state(nowMs) !== before) expect(ended!.isProbe).toBe(true)
      if (before !== 'closed' && ended!.isProbe) {
        expect(it.state(nowMs)).toBe({ ok: 'closed', failed: 'open', unknown: 'half_open' }[step.verdict])
      }
      world.nowMs += 1
    }
    expect(underWay.filter(({ isProbe }) => isProbe).length).toBeLessThanOrEqual(1)
    const until = it.refusesUntilMs(world.nowMs)
    expect(until === undefined || until >= world.nowMs).toBe(true)
  }
  return world
}

describe('After any history', () => {
  test('at most one probe is in flight, nothing goes while it is open, and only the probe changes that', () => {
    fc.assert(
      fc.property(plans, steps, (plan, list) => void play(plan, list)),
      { numRuns: 1_000 },
    )
  })

  test('a probe that is ok closes it', () => {
    fc.assert(
      fc.property(plans, steps, (plan, list) => {
        const { it, underWay, nowMs } = play(plan, list)
        const probe = underWay.find(({ isProbe }) => isProbe)
        if (it.state(nowMs) === 'closed') return
        if (probe !== undefined) {
          it.record('ok', probe.startedAtMs, nowMs)
        } else {
          const atMs = Math.max(nowMs, it.refusesUntilMs(nowMs) ?? nowMs)
          expect(it.refusesUntilMs(atMs)).toBeUndefined()
          it.book(atMs)
          it.record('ok', atMs, atMs)
        }
        expect(it.state(nowMs + plan.cooldownMs)).toBe('closed')
        expect(it.isIdle(nowMs + plan.cooldownMs)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})
