/** Taking back the places of hosts that keep silent while we connect to them. */
import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/core/attempt.ts'
import { PREEMPTED } from '../../src/core/result.ts'
import type { Fault } from '../../src/core/result.ts'
import { Alarms } from '../../src/layer/alarms.ts'
import { Preemption } from '../../src/layer/preemption.ts'
import { Newcomers } from '../../src/policy/newcomers.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeAttempt } from '../support/calls.ts'

/** An attempt at a new host is silent after a second, as long as nobody has answered. */
const SILENT_MS = 1_000

function open({ isScarce = true } = {}) {
  const clock = virtualClock()
  const world = { isScarce }
  const newcomers = new Newcomers(5, () => true)
  const preemption = new Preemption(newcomers, () => world.isScarce, new Alarms(clock))
  const ended: { attempt: Attempt; fault: Fault; atMs: number }[] = []
  const enter = (how: Partial<Attempt> = {}, standing = 'new'): Attempt => {
    const attempt = Object.assign(makeAttempt({ nowMs: clock.now() }), how)
    attempt.admittedAtMs = clock.now()
    newcomers.enter(attempt, { standing })
    attempt.trip.hold('wire', fault => {
      ended.push({ attempt, fault, atMs: clock.now() })
      newcomers.leave(attempt)
    })
    preemption.watch(clock.now())
    return attempt
  }
  return { clock, world, newcomers, preemption, ended, enter }
}

describe('An attempt at a new host that keeps silent', () => {
  test('is ended when places are scarce, as one that may be tried again and was not sent.', async () => {
    const { clock, enter, ended } = open()
    const attempt = enter()
    await clock.advance(SILENT_MS - 1)
    expect(ended).toEqual([])
    await clock.advance(1)
    expect(ended).toMatchObject([{ attempt, fault: { code: PREEMPTED, sent: false }, atMs: SILENT_MS }])
    expect(attempt.trip.cancelled).toBeUndefined()
  })

  test('is left alone while there are places for all, and ended soon after others have come for them.', async () => {
    const { clock, enter, ended, world } = open({ isScarce: false })
    enter()
    await clock.advance(5_000)
    expect(ended).toEqual([])
    world.isScarce = true
    await clock.advance(250)
    expect(ended).toHaveLength(1)
  })

  test.each([
    ['has sent something', { sent: true }],
    ['waits for the head of its answer', { phase: 'headers' as const }],
    ['reads a body', { phase: 'body' as const }],
  ])('is left alone when it %s.', async (_name, how) => {
    const { clock, enter, ended } = open()
    enter(how)
    await clock.advance(60_000)
    expect(ended).toEqual([])
  })

  test.each(['dns', 'connect', 'tls'] as const)('is ended in its phase %s.', async phase => {
    const { clock, enter, ended } = open()
    enter({ phase })
    await clock.advance(SILENT_MS)
    expect(ended).toHaveLength(1)
  })

  test('is left alone while a hook of the caller holds it, and when its host has answered meanwhile.', async () => {
    const { clock, enter, ended } = open()
    enter().trip.hold('callback', fault => void ended.push({ attempt: makeAttempt(), fault, atMs: 0 }))
    enter({}, 'proven')
    await clock.advance(60_000)
    expect(ended).toEqual([])
  })

  test('is ended at its own time, not at that of the one before it.', async () => {
    const { clock, enter, ended } = open()
    enter()
    await clock.advance(400)
    enter()
    await clock.advance(200)
    enter()
    await clock.advance(SILENT_MS * 3)
    expect(ended.map(({ atMs }) => atMs)).toEqual([1_000, 1_400, 1_600])
  })

  test('is ended sooner when others turn out to answer sooner.', async () => {
    const { clock, enter, ended, newcomers, preemption } = open()
    enter()
    await clock.advance(50)
    for (let nth = 0; nth < 50; nth++) newcomers.learn(true, 20)
    preemption.hasten(50)
    await clock.advance(49)
    expect(ended).toEqual([])
    await clock.advance(5)
    expect(ended).toHaveLength(1)
  })
})

describe('The watch', () => {
  test('needs one timer for any number, and none when nobody is left.', async () => {
    const { clock, enter, preemption } = open({ isScarce: false })
    for (let nth = 0; nth < 100; nth++) enter()
    expect(clock.pending).toBe(1)
    preemption.rest()
    expect(clock.pending).toBe(0)
  })

  test('looks a few times a second while there are places for all, and no more.', async () => {
    const { clock, enter, newcomers } = open({ isScarce: false })
    enter()
    let asked = 0
    const silent = newcomers.nextSilentAtMs.bind(newcomers)
    newcomers.nextSilentAtMs = nowMs => {
      asked++
      return silent(nowMs)
    }
    await clock.advance(60_000)
    expect(asked).toBeLessThanOrEqual(60 * 4)
  })

  test('begins anew after it has rested.', async () => {
    const { clock, enter, ended, preemption } = open()
    enter()
    preemption.rest()
    await clock.advance(10)
    enter()
    await clock.advance(SILENT_MS)
    expect(ended.map(({ atMs }) => atMs)).toEqual([1_010, 1_010])
  })
})
