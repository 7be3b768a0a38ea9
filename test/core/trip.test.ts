/** Where a request is, and how it is got back from there. */
import { expect, test } from 'vitest'
import { fault } from '../../src/core/result.ts'
import type { Fault } from '../../src/core/result.ts'
import { Trip } from '../../src/core/trip.ts'
import type { Place } from '../../src/core/trip.ts'

const ENOUGH = fault('aborted/in_flight', 'enough')

function held(place: Place) {
  const trip = new Trip(3, 0, Infinity)
  const heard: Fault[] = []
  trip.hold(place, given => heard.push(given))
  return { trip, heard }
}

test('A cancel is heard once, and the first one stands.', () => {
  const { trip, heard } = held('wire')
  trip.cancel(ENOUGH)
  trip.cancel(fault('timeout/total', 'late'))
  expect(heard).toEqual([ENOUGH])
  expect(trip.cancelled).toBe(ENOUGH)
})

test('Who takes a request that was cancelled hears it at once.', () => {
  const trip = new Trip(3, 0, Infinity)
  trip.cancel(ENOUGH)
  const heard: Fault[] = []
  trip.hold('wire', given => heard.push(given))
  expect(heard).toEqual([ENOUGH])
})

test('Who has given a request back hears nothing of it.', () => {
  const { trip, heard } = held('wire')
  trip.free()
  trip.cancel(ENOUGH)
  expect(heard).toEqual([])
})

test.each<[Place, boolean]>([
  ['queue', true],
  ['backoff', true],
  ['wire', false],
  ['callback', false],
])('A stop finds a request in %s, which ends: %s.', (place, ends) => {
  const { trip, heard } = held(place)
  trip.stop(ENOUGH)
  expect(heard).toEqual(ends ? [ENOUGH] : [])
  expect(trip.stopping).toBe(true)
})

test('Warnings are kept up to twenty.', () => {
  const trip = new Trip(3, 0, Infinity)
  for (let i = 0; i < 100; i++) trip.warn(`warning ${i}`)
  expect(trip.warnings).toHaveLength(20)
})
