/** A host that asked us to wait. */
import { expect, test } from 'vitest'
import { pause } from '../../src/policy/pause.ts'
import { makeCall } from '../support/calls.ts'

const CALL = makeCall()

test('Nobody goes before the end of the pause, and everybody at it.', () => {
  const host = pause()
  expect(host.waitMs(0, CALL)).toBe(0)
  host.extendTo(100)
  expect(host.waitMs(40, CALL)).toBe(60)
  expect(host.waitMs(100, CALL)).toBe(0)
})

test('A later answer never shortens a pause that is running.', () => {
  const host = pause()
  host.extendTo(100)
  host.extendTo(50)
  expect(host.untilMs).toBe(100)
})
