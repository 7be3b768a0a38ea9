/** Concurrency as a Limit. */
import { expect, test } from 'vitest'
import { slots } from '../../src/policy/slots.ts'
import { makeCall } from '../support/calls.ts'

const CALL = makeCall()

test('a slot is free until all are taken, and again after a release', () => {
  const two = slots(2)
  two.book(0, CALL)
  expect(two.waitMs(0, CALL)).toBe(0)
  two.book(0, CALL)
  expect(two.waitMs(0, CALL)).toBe(Infinity)
  two.release?.(CALL)
  expect(two.waitMs(0, CALL)).toBe(0)
  expect(two.used).toBe(1)
})

test('Infinity never blocks', () => {
  const many = slots(Infinity)
  for (let i = 0; i < 1_000; i++) many.book(0, CALL)
  expect(many.waitMs(0, CALL)).toBe(0)
})
