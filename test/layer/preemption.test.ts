/** Taking back the slots of hosts that stay silent while we connect to them. */
import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/core/attempt.ts'
import { PREEMPTED } from '../../src/core/result.ts'
import type { Fault } from '../../src/core/result.ts'
import type { Standing } from '../../src/core/standing.ts'
import { Alarms } from '../../src/layer/alarms.ts'
import { Preemption } from '../../src/layer/preemption.ts'
import { shares } from '../../src/policy/standing.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { makeAttempt } from '../support/calls.ts'

/** An attempt to a new host counts as silent after a second, until some host has answered. */
const SILENT_MS = 1_000

function open({ isScarce = true } = {}) {
  const clock = virtualClock()
  const world = { isScarce }
  const wanted = (): boolean => world.isScarce
  // 20 slots: one is the share of silent hosts.
  const parts = shares(20, wanted, wanted)
  const newcomers = parts.new
  const asked: string[] = []
  const isWanted = (lane: string): boolean => (asked.push(lane), world.isScarce)
  const preemption = new Preemption(parts, isWanted, new Alarms(clock))
  const ended: { attempt: Attempt; fault: Fault; atMs: number }[] = []
  const leave = (attempt: Attempt, standing: Standing = 'new'): void => {
    newcomers.leave(attempt)
    if (standing === 'silent') parts.silent.release?.(attempt.call)
    preemption.leave(attempt)
  }
  const enter = (how: Partial<Attempt> = {}, standing: Standing = 'new', host = { standing }): Attempt => {
    const attempt = Object.assign(makeAttempt({ nowMs: clock.now() }), how)
    attempt.admittedAtMs = clock.now()
    if (standing === 'new') newcomers.enter(attempt, host)
    if (standing === 'silent') parts.silent.book(0, attempt.call)
    attempt.trip.cancelSlot.hold('wire', fault => {
      ended.push({ attempt, fault, atMs: clock.now() })
      leave(attempt, host.standing)
    })
    preemption.watch(attempt, host, clock.now())
    return attempt
  }
  return { clock, world, newcomers, preemption, ended, enter, leave, asked, parts }
}

describe('an attempt to a new host that stays silent', () => {
  test('is ended as unsent when slots are scarce, so that it can be retried', async () => {
    const { clock, enter, ended } = open()
    const attempt = enter()
    await clock.advance(SILENT_MS - 1)
    expect(ended).toEqual([])
    await clock.advance(1)
    expect(ended).toMatchObject([{ attempt, fault: { code: PREEMPTED, sent: false }, atMs: SILENT_MS }])
    expect(attempt.trip.cancelSlot.cancelled).toBeUndefined()
  })

  test('is left alone while there are slots for all, and ended soon after other hosts want them', async () => {
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
    ['waits for the head of its response', { phase: 'headers' as const }],
    ['reads a body', { phase: 'body' as const }],
  ])('is left alone when it %s', async (_name, how) => {
    const { clock, enter, ended } = open()
    enter(how)
    await clock.advance(60_000)
    expect(ended).toEqual([])
  })

  test.each(['dns', 'connect', 'tls'] as const)('is ended in its phase %s', async phase => {
    const { clock, enter, ended } = open()
    enter({ phase })
    await clock.advance(SILENT_MS)
    expect(ended).toHaveLength(1)
  })

  test('is left alone while a hook of the caller holds it, and when its host has answered meanwhile', async () => {
    const { clock, enter, ended } = open()
    enter().trip.cancelSlot.hold('callback', fault => void ended.push({ attempt: makeAttempt(), fault, atMs: 0 }))
    enter({}, 'proven')
    await clock.advance(60_000)
    expect(ended).toEqual([])
  })

  test('is ended at its own time, not at that of the attempt before it', async () => {
    const { clock, enter, ended } = open()
    enter()
    await clock.advance(400)
    enter()
    await clock.advance(200)
    enter()
    await clock.advance(SILENT_MS * 3)
    expect(ended.map(({ atMs }) => atMs)).toEqual([1_000, 1_400, 1_600])
  })

  test('is ended sooner when other hosts turn out to answer sooner', async () => {
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

describe('attempts to hosts known to be silent', () => {
  test('that were admitted before that was known are ended at their own time, and not taken for later ones', async () => {
    const { clock, enter, ended, parts } = open()
    const host: { standing: Standing } = { standing: 'new' }
    const first = [enter({}, 'new', host), enter({}, 'new', host)]
    host.standing = 'silent'
    for (const { call } of first) parts.silent.book(0, call)
    const kept = enter({}, 'silent')
    await clock.advance(SILENT_MS)
    expect(ended.map(({ attempt }) => attempt)).toEqual(first)
    await clock.advance(60_000)
    expect(ended.map(({ attempt }) => attempt)).not.toContain(kept)
  })

  test('give back the slots beyond their share when others want them: the latest, so that the first come to an end', async () => {
    const { clock, enter, ended } = open()
    const attempts = Array.from({ length: 4 }, () => enter({}, 'silent'))
    await clock.advance(SILENT_MS)
    expect(ended.map(({ attempt }) => attempt)).toEqual(attempts.slice(1))
    await clock.advance(60_000)
    expect(ended).toHaveLength(3)
  })

  test('keep slots that no other host wants, and give them back soon after others want them', async () => {
    const { clock, enter, ended, world } = open({ isScarce: false })
    for (let nth = 0; nth < 4; nth++) enter({}, 'silent')
    await clock.advance(5_000)
    expect(ended).toEqual([])
    world.isScarce = true
    await clock.advance(250)
    expect(ended).toHaveLength(3)
  })

  test('are ended beyond their share if attempts that have sent something hold it', async () => {
    const { clock, enter, ended } = open()
    enter({ sent: true }, 'silent')
    enter({}, 'silent')
    await clock.advance(SILENT_MS)
    expect(ended).toHaveLength(1)
  })

  test('are found behind those to new hosts, and have as much time', async () => {
    const { clock, enter, ended } = open()
    enter()
    await clock.advance(400)
    for (let nth = 0; nth < 2; nth++) enter({}, 'silent')
    await clock.advance(SILENT_MS)
    expect(ended.map(({ atMs }) => atMs)).toEqual([1_000, 1_400])
  })
})

describe('the watch over silent attempts', () => {
  test('needs one timer for any number of attempts, and none when none is left', async () => {
    const { clock, enter, leave } = open({ isScarce: false })
    const attempts = Array.from({ length: 100 }, () => enter())
    expect(clock.pending).toBe(1)
    for (const attempt of attempts.slice(1)) leave(attempt)
    expect(clock.pending).toBe(1)
    for (const attempt of attempts) leave(attempt)
    expect(clock.pending).toBe(0)
  })

  test('checks a few times per second while there are slots for all, and no more often', async () => {
    const { clock, enter, asked } = open({ isScarce: false })
    enter()
    await clock.advance(60_000)
    expect(asked.length).toBeGreaterThan(100)
    expect(asked.length).toBeLessThanOrEqual(60 * 4)
  })

  test('starts again after it has rested', async () => {
    const { clock, enter, ended, leave } = open()
    leave(enter())
    await clock.advance(10)
    enter()
    await clock.advance(SILENT_MS)
    expect(ended.map(({ atMs }) => atMs)).toEqual([1_010])
  })
})
