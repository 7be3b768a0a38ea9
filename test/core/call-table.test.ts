/** A CallTable is a Map without a memory of its past. */
import { expect, test } from 'vitest'
import { CallTable } from '../../src/core/call-table.ts'
import type { Call } from '../../src/core/call.ts'
import { makeCall } from '../support/calls.ts'
import { fc } from '../support/property.ts'

/** Calls whose serial numbers collide in every small table. */
const withSerial = (serial: number): Call => {
  const call = makeCall()
  return { ...call, trip: Object.assign(call.trip, { serial }) }
}

test('holds what a Map holds after any sequence of changes, also where serial numbers collide', () => {
  // Few, so that most changes move others; and up to a hundred, so that the table grows.
  const colliding = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(1_024, 2_048, 3_072, 4_096))
  const serials = fc.oneof({ weight: 4, arbitrary: colliding }, fc.integer({ min: 1, max: 100 }))
  const changes = fc.array(fc.record({ serial: serials, isSet: fc.boolean() }), { minLength: 100, maxLength: 400 })
  const calls = new Map<number, Call>()
  const callOf = (serial: number): Call => {
    const call = calls.get(serial) ?? withSerial(serial)
    calls.set(serial, call)
    return call
  }
  fc.assert(
    fc.property(changes, steps => {
      const table = new CallTable<number>()
      const expected = new Map<number, number>()
      for (const [value, { serial, isSet }] of steps.entries()) {
        if (isSet) table.set(callOf(serial), value)
        else table.delete(callOf(serial))
        if (isSet) expected.set(serial, value)
        else expected.delete(serial)
      }
      const found: number[] = []
      table.forEach(value => found.push(value))
      expect(found.toSorted((a, b) => a - b)).toEqual([...expected.values()].toSorted((a, b) => a - b))
      expect(table.size).toBe(expected.size)
      for (const serial of calls.keys()) expect(table.get(callOf(serial))).toBe(expected.get(serial))
    }),
  )
})
