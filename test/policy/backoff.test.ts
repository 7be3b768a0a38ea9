/** Full jitter under a ceiling that doubles, and back-off functions that return anything. */
import { describe, expect, test } from 'vitest'
import { backoffMs } from '../../src/policy/backoff.ts'
import { fc } from '../support/property.ts'

describe('backoffMs', () => {
  test.each([
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [6, 16_000],
    [7, 30_000],
    [50, 30_000],
    [10_000, 30_000],
  ])('after %d failures it lies between 0 and %d ms for any random number', (failures, ceilingMs) => {
    const plan = { baseMs: 500, maxMs: 30_000 }
    expect(backoffMs(plan, failures, () => 0)).toBe(0)
    expect(backoffMs(plan, failures, () => 0.5)).toBe(ceilingMs / 2)
    expect(backoffMs(plan, failures, () => 1 - 2 ** -53)).toBeLessThanOrEqual(ceilingMs)
    expect(backoffMs(plan, failures, () => 1 - 2 ** -53)).toBeGreaterThan(ceilingMs * 0.999)
  })

  test('stays within its bounds for any plan', () => {
    const ms = fc.double({ min: 0, max: 1e9, noNaN: true })
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(ms, ms, fc.integer({ min: 1, max: 1_000 }), chance, (baseMs, maxMs, failures, random) => {
        const waitMs = backoffMs({ baseMs, maxMs }, failures, () => random)
        expect(waitMs >= 0 && waitMs <= Math.min(maxMs, baseMs * 2 ** (failures - 1))).toBe(true)
      }),
    )
  })

  test.each([
    [250, 250],
    ['1.5s', 1_500],
    [0, 0],
    [-1, 0],
    [-Infinity, 0],
    [Infinity, Infinity],
  ])('reads %j from a back-off function as %d ms', (answer, waitMs) => {
    expect(
      backoffMs(
        () => answer,
        1,
        () => 0.5,
      ),
    ).toBe(waitMs)
  })

  test.each([
    [Number.NaN, 'NaN'],
    ['soon', 'soon'],
    ['5', '5'],
    [undefined as never, 'undefined'],
    [null as never, 'null'],
    ['\u001B[2J', '\\u001b[2J'],
  ])('refuses %j from a back-off function', (answer, shown) => {
    const made = (): number =>
      backoffMs(
        () => answer,
        1,
        () => 0.5,
      )
    expect(made).toThrow(TypeError)
    expect(made).toThrow(`expected milliseconds or a duration such as '2s', got ${shown}`)
  })

  test('passes the number of failures to a back-off function', () => {
    expect(
      backoffMs(
        failures => failures * 100,
        3,
        () => 0,
      ),
    ).toBe(300)
  })
})
