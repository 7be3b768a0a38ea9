/** A lane: its own pause beside the limits that all lanes share. */
import { expect, test } from 'vitest'
import { Lane } from '../../src/policy/lane.ts'
import type { Limit } from '../../src/policy/limit.ts'
import { slots } from '../../src/policy/slots.ts'
import { makeCall } from '../support/calls.ts'

const CALL = makeCall()

function wait(ms: number): Limit & { booked: number } {
  return {
    waitsFor: 'rate',
    booked: 0,
    waitMs: () => ms,
    book() {
      this.booked++
    },
  }
}

test('a lane names the limit that blocks longest', () => {
  const [short, long] = [wait(10), wait(20)]
  expect(new Lane({ key: 'http://a.test', shared: [short, long] }).blockedBy(0, CALL)).toEqual({ waitMs: 20, by: long })
  expect(new Lane({ key: 'http://a.test', shared: [wait(0)] }).blockedBy(0, CALL)).toBeUndefined()
})

test('a lane books every limit at once and releases every slot', () => {
  const [tokens, places] = [wait(0), slots(1)]
  const lane = new Lane({ key: 'http://a.test', shared: [tokens, places] })
  lane.book(0, CALL)
  expect([tokens.booked, places.used, lane.running]).toEqual([1, 1, 1])
  lane.release(CALL, 0)
  expect([tokens.booked, places.used, lane.running]).toEqual([1, 0, 0])
})
