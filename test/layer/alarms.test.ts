/** Any number of deadlines on one timer. */
import { expect, test } from 'vitest'
import { Alarms } from '../../src/layer/alarms.ts'
import type { Alarm } from '../../src/layer/alarms.ts'
import { virtualClock } from '../../src/testing/index.ts'
import { fc } from '../support/property.ts'

interface Rung {
  readonly id: number
  readonly atMs: number
}

function alarm(id: number, dueAtMs: number, rung: Rung[]): Alarm {
  return { dueAtMs, heapIndex: -1, ring: atMs => void rung.push({ id, atMs }) }
}

test('every alarm rings once at its exact time, a removed one never does, and all use one timer', async () => {
  const plan = fc.array(
    fc.record({ dueAtMs: fc.nat(1_000), removedAtMs: fc.option(fc.nat(1_000), { nil: undefined }) }),
  )
  await fc.assert(
    fc.asyncProperty(plan, async entries => {
      const clock = virtualClock()
      const alarms = new Alarms(clock)
      const rung: Rung[] = []
      const made = entries.map(({ dueAtMs }, id) => alarm(id, dueAtMs, rung))
      for (const one of made) alarms.add(one)
      expect(clock.pending).toBeLessThanOrEqual(1)
      const removals = entries
        .flatMap(({ removedAtMs }, id) => (removedAtMs === undefined ? [] : [{ id, removedAtMs }]))
        .toSorted((a, b) => a.removedAtMs - b.removedAtMs)
      for (const { id, removedAtMs } of removals) {
        // Just before that millisecond, so that it is clear which of the two comes first.
        if (removedAtMs - 0.5 > clock.now()) await clock.advance(removedAtMs - 0.5 - clock.now())
        alarms.remove(made[id] as Alarm)
      }
      await clock.advance(2_000)
      const expected = entries.flatMap(({ dueAtMs, removedAtMs }, id) =>
        removedAtMs !== undefined && removedAtMs <= dueAtMs ? [] : [{ id, atMs: dueAtMs }],
      )
      expect(rung.toSorted((a, b) => a.id - b.id)).toEqual(expected)
      expect(clock.pending).toBe(0)
    }),
    { numRuns: 50 },
  )
})

test('an alarm may set itself again, and add others, while it rings', async () => {
  const clock = virtualClock()
  const alarms = new Alarms(clock)
  const rung: Rung[] = []
  const again: Alarm = {
    dueAtMs: 10,
    heapIndex: -1,
    ring(atMs) {
      rung.push({ id: 0, atMs })
      if (rung.length > 3) return
      again.dueAtMs = atMs + 10
      alarms.add(again)
      alarms.add(alarm(1, atMs, rung))
    },
  }
  alarms.add(again)
  await clock.advance(100)
  expect(rung).toEqual([
    { id: 0, atMs: 10 },
    { id: 1, atMs: 10 },
    { id: 0, atMs: 20 },
    { id: 1, atMs: 20 },
    { id: 0, atMs: 30 },
  ])
  expect(clock.pending).toBe(0)
})

test('an alarm that is due again at once rings again a moment later, without delaying the others', async () => {
  const clock = virtualClock()
  const alarms = new Alarms(clock)
  const rung: Rung[] = []
  const hasty: Alarm = {
    dueAtMs: 10,
    heapIndex: -1,
    ring(atMs) {
      rung.push({ id: 0, atMs })
      // Bounded, so that a bug does not hang the test.
      if (rung.length < 5) alarms.add(hasty)
    },
  }
  alarms.add(hasty)
  alarms.add(alarm(1, 10, rung))
  await clock.advance(12)
  expect(rung).toEqual([
    { id: 0, atMs: 10 },
    { id: 1, atMs: 10 },
    { id: 0, atMs: 11 },
    { id: 0, atMs: 12 },
  ])
})

test('time passes with every delay, however short, so a virtual clock never stands still for ever', async () => {
  const clock = virtualClock()
  await clock.advance(1e6)
  let rounds = 0
  const again = (): void => {
    if (++rounds < 100) clock.after(1e-12, again)
  }
  clock.after(1e-12, again)
  expect(clock.advanceToNext()).toBe(true)
  expect(rounds).toBe(1)
  expect(clock.now()).toBeGreaterThan(1e6)
})

test('an alarm at Infinity never rings', () => {
  const clock = virtualClock()
  new Alarms(clock).add(alarm(0, Infinity, []))
  expect(clock.pending).toBe(0)
})
