/** The retry budget: a reserve, and a share of the traffic. */
import { expect, test } from 'vitest'
import { budget } from '../../src/policy/budget.ts'
import { fc } from '../support/property.ts'

test('However requests and retries alternate, retries are at most the reserve and a fifth of the requests.', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 2_000, size: 'max' }), steps => {
      const host = budget({ reserve: 10, ratio: 0.2 })
      let requests = 0
      let retries = 0
      for (const isRequest of steps) {
        if (isRequest) {
          requests++
          host.deposit()
        } else if (host.withdraw()) retries++
        expect(retries).toBeLessThanOrEqual(10 + 0.2 * requests + 1e-9)
      }
    }),
  )
})

test('In a total outage every granted retry is granted: none is lost to rounding.', () => {
  const host = budget({ reserve: 10, ratio: 0.2 })
  let retries = 0
  for (let request = 0; request < 1_000; request++) {
    host.deposit()
    while (host.withdraw()) retries++
  }
  expect(retries).toBeGreaterThanOrEqual(208)
  expect(retries).toBeLessThanOrEqual(210)
})

test('The share of twenty requests is four retries, whole, whenever they are asked for.', () => {
  const host = budget({ reserve: 10, ratio: 0.2 })
  for (let request = 0; request < 20; request++) host.deposit()
  let retries = 0
  while (host.withdraw()) retries++
  expect(retries).toBe(14)
})

test('Good times are not saved up without end.', () => {
  const host = budget({ reserve: 10, ratio: 0.2 })
  for (let request = 0; request < 1_000_000; request++) host.deposit()
  let retries = 0
  while (host.withdraw()) retries++
  expect(retries).toBeLessThanOrEqual(101)
})

test('A reserve without end is no budget, and one of nothing allows nothing.', () => {
  expect(budget({ reserve: Infinity, ratio: 0 }).withdraw()).toBe(true)
  const none = budget({ reserve: 0, ratio: 0 })
  none.deposit()
  expect(none.withdraw()).toBe(false)
})
