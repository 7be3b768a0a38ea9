/** The cancel slot of a request: which layer holds it, and what it hears of a cancel. */
import { expect, test } from 'vitest'
import { fault } from '../../src/core/result.ts'
import type { Fault } from '../../src/core/result.ts'
import { Trip } from '../../src/core/trip.ts'
import type { HoldPlace } from '../../src/core/cancel-slot.ts'

const ENOUGH = fault('aborted/in_flight', 'enough')

function held(place: HoldPlace) {
  const trip = new Trip(3, 0, Infinity)
  const heard: Fault[] = []
  trip.cancelSlot.hold(place, given => heard.push(given))
  return { trip, heard }
}

test('the callback of a holder is called for the first cancel only', () => {
  const { trip, heard } = held('wire')
  trip.cancelSlot.cancel(ENOUGH)
  trip.cancelSlot.cancel(fault('timeout/total', 'late'))
  expect(heard).toEqual([ENOUGH])
  expect(trip.cancelSlot.cancelled).toBe(ENOUGH)
})

test('the callback of a layer that takes a cancelled request is called at once', () => {
  const trip = new Trip(3, 0, Infinity)
  trip.cancelSlot.cancel(ENOUGH)
  const heard: Fault[] = []
  trip.cancelSlot.hold('wire', given => heard.push(given))
  expect(heard).toEqual([ENOUGH])
})

test('the callback of a layer that has released a request is not called by a later cancel', () => {
  const { trip, heard } = held('wire')
  trip.cancelSlot.free()
  trip.cancelSlot.cancel(ENOUGH)
  expect(heard).toEqual([])
})

test.each<[HoldPlace, boolean]>([
  ['queue', true],
  ['backoff', true],
  ['wire', false],
  ['callback', false],
])('a stop of a request in %s ends it: %s', (place, ends) => {
  const { trip, heard } = held(place)
  trip.cancelSlot.stop(ENOUGH)
  expect(heard).toEqual(ends ? [ENOUGH] : [])
  expect(trip.cancelSlot.stopping).toBe(true)
})

test('a trip keeps at most twenty warnings', () => {
  const trip = new Trip(3, 0, Infinity)
  for (let i = 0; i < 100; i++) trip.warn(`warning ${i}`)
  expect(trip.warnings).toHaveLength(20)
})
