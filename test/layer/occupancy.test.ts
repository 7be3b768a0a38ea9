import { expect, test } from 'vitest'
import { Occupancy, isSaturated } from '../../src/layer/occupancy.ts'
import { Lane } from '../../src/policy/lane.ts'
import { slots } from '../../src/policy/slots.ts'
import { makeAttempt, makeReply } from '../support/calls.ts'
import type { Attempt } from '../../src/core/attempt.ts'

/** Sends so many attempts at once, which are answered after what `firstByteOf` says. */
function sendTogether(
  occupancy: Occupancy,
  count: number,
  firstByteOf: (nth: number) => number,
  lane = newLane(),
): Attempt[] {
  const attempts = Array.from({ length: count }, () => makeAttempt())
  for (const attempt of attempts) {
    lane.running++
    occupancy.enter(attempt, lane)
  }
  for (const [nth, attempt] of attempts.entries()) {
    attempt.trip.stopwatch.firstByteMs = firstByteOf(nth)
    lane.running--
    occupancy.leave(attempt, makeReply())
  }
  return attempts
}

const newLane = (size?: number): Lane =>
  new Lane({ key: 'http://a.test', slots: size === undefined ? undefined : slots(size), shared: [] })

test('an attempt knows how many slots were in use when it started', () => {
  const attempts = sendTogether(new Occupancy(8), 8, () => 1)
  expect(attempts.map(({ occupancy }) => occupancy)).toEqual([
    'few',
    'few',
    'some',
    'some',
    'some',
    'some',
    'most',
    'most',
  ])
})

test('the slots of a host count, if fewer of them are left', () => {
  const attempts = sendTogether(new Occupancy(1_000), 4, () => 1, newLane(4))
  expect(attempts.map(({ occupancy }) => occupancy)).toEqual(['few', 'some', 'some', 'most'])
})

test('without a limit, no attempt is one of most', () => {
  const attempts = sendTogether(new Occupancy(Infinity), 3, () => 1)
  expect(attempts.map(({ occupancy }) => occupancy)).toEqual(['few', 'few', 'few'])
})

test('a server that answers one by one is saturated, and one that takes the same time is not', () => {
  const oneByOne = new Occupancy(8)
  const steady = new Occupancy(8)
  expect(steady.firstBytes()).toBeUndefined()
  sendTogether(oneByOne, 8, nth => 20 * (nth + 1))
  sendTogether(steady, 8, nth => 50 + nth)
  const [slow, even] = [oneByOne.firstBytes(), steady.firstBytes()]
  expect([slow && isSaturated(slow), even && isSaturated(even)]).toEqual([true, false])
  // Such small differences are those of this process.
  expect(isSaturated({ mostMs: 3, fewMs: 0.2 })).toBe(false)
})

test('the peak counts from the last look on', () => {
  const occupancy = new Occupancy(8)
  sendTogether(occupancy, 5, () => 1)
  expect(occupancy.peak).toBe(5)
  occupancy.watch()
  expect(occupancy.peak).toBe(0)
  sendTogether(occupancy, 2, () => 1)
  expect(occupancy.peak).toBe(2)
})
