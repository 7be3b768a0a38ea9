/** Times are in order, whatever the order in which they come and go. */
import { expect, test } from 'vitest'
import { Times } from '../../src/core/times.ts'
import { fc } from '../support/property.ts'

test('gives the times in order, and the earliest first', () => {
  const steps = fc.array(fc.option(fc.double({ noNaN: true, min: 0, max: 100 }), { nil: 'shift' as const }), {
    maxLength: 200,
  })
  fc.assert(
    fc.property(steps, given => {
      const times = new Times()
      let expected: number[] = []
      for (const step of given) {
        if (step === 'shift') {
          times.shift()
          expected = expected.slice(1)
        } else {
          times.insert(step)
          expected = [...expected, step].toSorted((a, b) => a - b)
        }
        expect(times.size).toBe(expected.length)
        expect(times.first).toBe(expected[0])
      }
      expect(Array.from({ length: times.size }, (_, i) => times.at(i))).toEqual(expected)
    }),
  )
})
