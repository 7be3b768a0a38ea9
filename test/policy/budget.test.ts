/** The retry budget: a reserve plus a share of the traffic. */
import { expect, test } from 'vitest'
import { retryBudget } from '../../src/policy/budget.ts'
import { fc } from '../support/property.ts'

test('retries are at most the reserve plus a fifth of the requests, in any order', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 2_000, size: 'max' }), steps => {
      const host = retryBudget({ reserve: 10, ratio: 0.2 })
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

test('in a total outage no granted retry is lost to rounding', () => {
  const host = retryBudget({ reserve: 10, ratio: 0.2 })
  let retries = 0
  for (let request = 0; request < 1_000; request++) {
    host.deposit()
    while (host.withdraw()) retries++
  }
  expect(retries).toBeGreaterThanOrEqual(208)
  expect(retries).toBeLessThanOrEqual(210)
})

test('twenty requests earn exactly four retries, whenever they are taken', () => {
  const host = retryBudget({ reserve: 10, ratio: 0.2 })
  for (let request = 0; request < 20; request++) host.deposit()
  let retries = 0
  while (host.withdraw()) retries++
  expect(retries).toBe(14)
})

test('the budget does not grow beyond its ceiling in good times', () => {
  const host = retryBudget({ reserve: 10, ratio: 0.2 })
  for (let request = 0; request < 1_000_000; request++) host.deposit()
  let retries = 0
  while (host.withdraw()) retries++
  expect(retries).toBeLessThanOrEqual(101)
})

test('an infinite reserve allows every retry, and an empty budget allows none', () => {
  expect(retryBudget({ reserve: Infinity, ratio: 0 }).withdraw()).toBe(true)
  const none = retryBudget({ reserve: 0, ratio: 0 })
  none.deposit()
  expect(none.withdraw()).toBe(false)
})
