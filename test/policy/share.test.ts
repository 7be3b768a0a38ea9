/** A share of the slots. */
import { expect, test } from 'vitest'
import { slotShare } from '../../src/policy/share.ts'
import { makeCall } from '../support/calls.ts'

const CALL = makeCall()

test.each([
  { running: 0, isWanted: true, waitMs: 0 },
  { running: 1, isWanted: true, waitMs: 0 },
  { running: 2, isWanted: true, waitMs: Infinity },
  { running: 3, isWanted: true, waitMs: Infinity },
  { running: 2, isWanted: false, waitMs: 0 },
  { running: 9, isWanted: false, waitMs: 0 },
])('with $running of 2 slots taken and others waiting: $isWanted, the wait is $waitMs ms', ({ running, ...given }) => {
  const part = slotShare(2, () => given.isWanted)
  for (let taken = 0; taken < running; taken++) part.book(0, CALL)
  expect(part.waitMs(0, CALL)).toBe(given.waitMs)
  expect(part.isOpen(0)).toBe(running < 2)
})

test('a released slot opens the share again', () => {
  const part = slotShare(1, () => true)
  part.book(0, CALL)
  expect(part.waitMs(0, CALL)).toBe(Infinity)
  part.release?.(CALL)
  expect([part.running, part.waitMs(0, CALL)]).toEqual([0, 0])
})

test.each([
  { running: 2, isWanted: true, excess: 0 },
  { running: 5, isWanted: true, excess: 3 },
  { running: 5, isWanted: false, excess: 0 },
])('with $running of 2 slots taken and others waiting: $isWanted, $excess are in excess', ({ running, ...given }) => {
  const part = slotShare(2, () => given.isWanted)
  for (let taken = 0; taken < running; taken++) part.book(0, CALL)
  expect(part.excess()).toBe(given.excess)
})

test('checking the limit changes nothing', () => {
  const part = slotShare(1, () => true)
  for (let times = 0; times < 3; times++) expect(part.waitMs(0, CALL)).toBe(0)
  expect(part.running).toBe(0)
})
