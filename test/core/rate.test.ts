/** Rates: what parses as one, what does not, and the round trip. */
import { expect, test } from 'vitest'
import { defaultBurst, formatRate, parseRate, wholeRate } from '../../src/core/rate.ts'
import { anyText, fc } from '../support/property.ts'
import { figure } from '../support/figure.ts'

test.each([
  ['10/s', 10, 1_000],
  ['50 / s', 50, 1_000],
  ['100/m', 100, 60_000],
  ['5000/h', 5_000, 3_600_000],
  ['5/2s', 5, 2_000],
  ['1/500ms', 1, 500],
  ['10/1m30s', 10, 90_000],
  ['0.5/s', 1, 2_000],
  ['2.0/s', 2, 1_000],
])('parseRate reads %j as %d per %d milliseconds', (text, limit, intervalMs) => {
  expect(parseRate(text)).toEqual({ limit, intervalMs })
})

test.each(['', '10', '10/', '/s', '10/x', '10/0s', '0/s', '1.5/s', '-1/s', '1e3/s', '10 per s', '10//s', '10/s/s'])(
  'parseRate does not accept %j',
  text => {
    expect(parseRate(text)).toBeUndefined()
  },
)

test('a rate that is too large or too small for a number is not accepted', () => {
  const nines = '9'.repeat(400)
  expect(parseRate(`${nines}/s`)).toBeUndefined()
  expect(parseRate(`5/${nines}d`)).toBeUndefined()
  expect(wholeRate(Number.MIN_VALUE, 86_400_000)).toBeUndefined()
})

test('parseRate returns undefined or an integer limit with a finite interval for any text, and never throws', () => {
  const likely = fc.array(fc.constantFrom('1', '0', '.', '/', 's', 'm', 'h', ' ', '-'), { maxLength: 12 })
  fc.assert(
    fc.property(
      fc.oneof(
        anyText(),
        likely.map(parts => parts.join('')),
      ),
      text => {
        const rate = parseRate(text)
        if (rate === undefined) return
        expect(Number.isInteger(rate.limit) && rate.limit >= 1).toBe(true)
        expect(rate.intervalMs > 0 && Number.isFinite(rate.intervalMs)).toBe(true)
      },
    ),
  )
})

figure.each(['9', '1/', '1.', '/1s'])('parseRate reads a megabyte of %j in linear time', piece => {
  const startedAtMs = performance.now()
  expect(parseRate(piece.repeat(1_000_000 / piece.length))).toBeUndefined()
  expect(performance.now() - startedAtMs).toBeLessThan(50)
})

test.each([
  [10, 1_000, '10/s'],
  [5, 2_000, '5/2s'],
  [10, 90_000, '10/1m30s'],
  [100, 60_000, '100/m'],
])('formatRate prints %d per %d milliseconds as %j', (limit, intervalMs, text) => {
  expect(formatRate({ limit, intervalMs, burst: 1 })).toBe(text)
})

test('formatRate prints text that parses to the same rate', () => {
  const interval = fc.oneof(
    fc.integer({ min: 1, max: 999 }),
    fc.integer({ min: 1, max: 100_000 }).map(seconds => seconds * 1_000),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), interval, (limit, intervalMs) => {
      expect(parseRate(formatRate({ limit, intervalMs, burst: 1 }))).toEqual({ limit, intervalMs })
    }),
  )
})

test('a limit per second or less is spread evenly; a longer interval may be used at once', () => {
  expect(defaultBurst(10, 1_000)).toBe(1)
  expect(defaultBurst(10, 1_001)).toBe(10)
})
