/** The ring buffer, compared with an array. */
import { expect, test } from 'vitest'
import { Ring } from '../../src/core/ring.ts'
import { fc } from '../support/property.ts'

type Step = ['push', number] | ['unshift', number] | ['shift'] | ['filter', number]

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('push' as const), fc.nat(1_000)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('unshift' as const), fc.nat(1_000)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('shift' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('filter' as const), fc.integer({ min: 1, max: 5 })) },
)

test('a ring behaves like an array while it grows, wraps and is filtered', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), steps => {
      const ring = new Ring<number>()
      let model: number[] = []
      for (const [name, value] of steps) {
        if (name === 'push') {
          ring.push(value)
          model.push(value)
        } else if (name === 'unshift') {
          ring.unshift(value)
          model.unshift(value)
        } else if (name === 'filter') {
          ring.filter(item => item % value !== 0)
          model = model.filter(item => item % value !== 0)
        } else expect(ring.shift()).toBe(model.shift())
        expect(ring.size).toBe(model.length)
        expect(ring.peek()).toBe(model[0])
      }
      while (model.length > 0) expect(ring.shift()).toBe(model.shift())
      expect(ring.shift()).toBeUndefined()
    }),
  )
})

test('a ring returns falsy items like any other', () => {
  const ring = new Ring<number | undefined | null>()
  for (const item of [0, undefined, null]) ring.push(item)
  expect(ring.size).toBe(3)
  expect([ring.shift(), ring.shift(), ring.shift()]).toEqual([0, undefined, null])
  expect(ring.size).toBe(0)
})
