/** The share of slots for hosts that have never answered. */
import { describe, expect, test } from 'vitest'
import { Newcomers } from '../../src/policy/newcomers.ts'
import type { Attempt } from '../../src/core/attempt.ts'
import { makeAttempt, makeCall } from '../support/calls.ts'

interface Host {
  standing: string
}

/** A limit of 2 slots, with proven hosts waiting. */
function open({ size = 2, isWanted = true } = {}) {
  const newcomers = new Newcomers(size, () => isWanted)
  const enter = (atMs: number, host: Host = { standing: 'new' }): Attempt => {
    const entered = makeAttempt({ nowMs: atMs })
    newcomers.book()
    newcomers.enter(entered, host)
    return entered
  }
  /** `count` hosts have answered after `tookMs`. */
  const answers = (count: number, tookMs = 20): void => {
    for (let nth = 0; nth < count; nth++) newcomers.learn(true, tookMs)
  }
  const failures = (count: number): void => {
    for (let nth = 0; nth < count; nth++) newcomers.learn(false, 0)
  }
  const waitMs = (nowMs: number): number => newcomers.waitMs(nowMs)
  return { newcomers, enter, answers, failures, waitMs }
}

describe('Newcomers', () => {
  test('hold no more than their share while proven hosts wait and none of them has answered yet', () => {
    const { enter, waitMs, newcomers } = open()
    expect(waitMs(0)).toBe(0)
    enter(0)
    expect(waitMs(0)).toBe(0)
    enter(0)
    expect([waitMs(0), newcomers.isOpen(0)]).toEqual([Infinity, false])
  })

  test('may use every slot that would stay empty', () => {
    const { enter, waitMs } = open({ isWanted: false })
    for (let nth = 0; nth < 10; nth++) enter(0)
    expect(waitMs(0)).toBe(0)
  })

  test('get a slot when another new host leaves', () => {
    const { enter, waitMs, newcomers } = open({ size: 1 })
    const one = enter(0)
    expect(waitMs(0)).toBe(Infinity)
    newcomers.release()
    expect([newcomers.leave(one), newcomers.leave(one), waitMs(0)]).toEqual([true, false, 0])
  })

  test.each([
    { good: 0, bad: 0, isTrusted: false },
    { good: 3, bad: 0, isTrusted: false },
    { good: 4, bad: 0, isTrusted: true },
    { good: 100, bad: 3, isTrusted: true },
    { good: 100, bad: 4, isTrusted: false },
    { good: 0, bad: 100, isTrusted: false },
  ])(
    'of which $good answered, then $bad failed, are admitted like any other host: $isTrusted',
    ({ good, bad, ...is }) => {
      const { enter, answers, failures, newcomers } = open()
      answers(good)
      failures(bad)
      for (let nth = 0; nth < 10; nth++) enter(0)
      expect(newcomers.isOpen(0)).toBe(is.isTrusted)
    },
  )

  test('that are trusted are bounded only by the number of silent ones', () => {
    const { enter, answers, newcomers } = open()
    answers(50, 20)
    // Five times as long as the others took, plus what is left of the initial assumption.
    expect(newcomers.silentMs).toBeCloseTo(100, 1)
    enter(0)
    enter(10)
    for (let nth = 0; nth < 20; nth++) enter(50)
    expect([99, 105, 111].map(nowMs => newcomers.isOpen(nowMs))).toEqual([true, true, false])
  })
})

describe('Silent', () => {
  test.each([
    [0.1, 10],
    [20, 100],
    [10_000, 1_000],
  ])('with answers that take %d ms, a host counts as silent after %d ms', (tookMs, silentMs) => {
    const { answers, newcomers } = open()
    expect(newcomers.silentMs).toBe(1_000)
    answers(100, tookMs)
    expect(newcomers.silentMs).toBeCloseTo(silentMs, 3)
  })

  test('is not defined by the time that failures took', () => {
    const { failures, newcomers } = open()
    failures(10)
    expect(newcomers.silentMs).toBe(1_000)
  })

  test('are listed in the order of admission, without hosts that have answered meanwhile', () => {
    const { enter, newcomers } = open()
    const hosts: Host[] = [{ standing: 'new' }, { standing: 'new' }, { standing: 'new' }]
    const [first, , third] = hosts.map((host, index) => enter(index * 100, host))
    ;(hosts[1] as Host).standing = 'proven'
    expect([...newcomers.silent(999)]).toEqual([])
    expect([...newcomers.silent(1_000)]).toEqual([first])
    expect([...newcomers.silent(5_000)]).toEqual([first, third])
  })

  test('are all found behind one whose host has answered', () => {
    const { enter, newcomers } = open()
    enter(0, { standing: 'proven' })
    const second = enter(1)
    expect([...newcomers.silent(5_000)]).toEqual([second])
  })

  test('is known in advance, to set the next alarm', () => {
    const { enter, newcomers } = open()
    expect(newcomers.nextSilentAtMs(0)).toBe(Infinity)
    const gone = enter(0)
    enter(50, { standing: 'proven' })
    enter(70)
    expect([0, 999, 1_000, 1_069, 1_070].map(nowMs => newcomers.nextSilentAtMs(nowMs))).toEqual([
      1_000,
      1_000,
      1_070,
      1_070,
      Infinity,
    ])
    newcomers.leave(gone)
    expect(newcomers.nextSilentAtMs(0)).toBe(1_070)
  })
})

test('checking the limit changes nothing', () => {
  const { newcomers } = open()
  const call = makeCall()
  for (let times = 0; times < 3; times++)
    expect((newcomers as { waitMs(ms: number, c: unknown): number }).waitMs(0, call)).toBe(0)
  expect(newcomers.running).toBe(0)
})
