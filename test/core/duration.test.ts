/** Durations: what parses as one, what does not, and the round trip. */
import { describe, expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../src/core/duration.ts'
import { anyText, fc } from '../support/property.ts'
import { figure } from '../support/figure.ts'

describe('parseDuration', () => {
  test.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1_500],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1d2h3m4s5ms', 93_784_005],
    ['0s', 0],
  ])('reads %j as %d milliseconds', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test.each([
    '',
    '10',
    '10 s',
    's',
    '-1s',
    '+1s',
    '1e3s',
    '.5s',
    '1.s',
    '10S',
    '1w',
    '10s ',
    ' 10s',
    '1s,2s',
    'Infinity',
  ])('does not accept %j', text => {
    expect(parseDuration(text)).toBeUndefined()
  })

  test('returns undefined or a number ≥ 0 for any text, and never throws', () => {
    const likely = fc.array(fc.constantFrom('1', '0', '9', '.', 'm', 's', 'h', 'd', ' ', '-'), { maxLength: 20 })
    fc.assert(
      fc.property(
        fc.oneof(
          anyText(),
          likely.map(parts => parts.join('')),
        ),
        text => {
          const ms = parseDuration(text)
          expect(ms === undefined || ms >= 0).toBe(true)
        },
      ),
    )
  })

  figure.each(['9', '1s', '1.', '1m1', '1.1'])('reads a megabyte of %j in linear time', piece => {
    const text = `${piece.repeat(1_000_000 / piece.length)}x`
    const startedAtMs = performance.now()
    expect(parseDuration(text)).toBeUndefined()
    expect(performance.now() - startedAtMs).toBeLessThan(50)
  })
})

describe('formatDuration', () => {
  test.each([
    [0, '0ms'],
    [12, '12ms'],
    [999, '999ms'],
    [1_500, '1.5s'],
    [59_000, '59s'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [93_784_000, '1d2h3m4s'],
    [Infinity, 'for ever'],
  ])('prints %d milliseconds as %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  test('prints text that parses to the same time, within the shown precision', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), ms => {
        const precisionMs = ms < 1_000 ? 0.5 : ms < 60_000 ? 50 : 500
        const readMs = parseDuration(formatDuration(ms))
        expect(readMs).toBeDefined()
        expect(Math.abs((readMs as number) - ms)).toBeLessThanOrEqual(precisionMs + 1e-3)
      }),
    )
  })
})
