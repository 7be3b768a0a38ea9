import { describe, expect, test } from 'vitest'
import { amount, duration, percent, perSecond, size } from '../../src/report/words.ts'

describe('figures of a report', () => {
  test.each([
    [amount(1_234_567), '1,234,567'],
    [amount(999), '999'],
    [amount(1_234.5678), '1,234.57'],
    [amount(1, 'line'), '1 line'],
    [amount(0, 'line'), '0 lines'],
    [percent(0.5), '50 %'],
    [percent(0.123_4), '12.3 %'],
    [percent(0.000_01), '< 0.1 %'],
    [percent(0.999_99), '> 99.9 %'],
    [percent(1), '100 %'],
    [percent(0), '0 %'],
    [duration(0.34), '0.3 ms'],
    [duration(92.4), '92 ms'],
    [duration(1_500), '1.5 s'],
    [duration(100_000), '1 m 40 s'],
    [duration(7_265_000), '2 h 1 m 5 s'],
    [size(999), '999 B'],
    [size(1_536), '1.5 KiB'],
    [perSecond(0.5), '30/m'],
    [perSecond(0), '0/s'],
    [perSecond(1.234), '1.23/s'],
    [perSecond(12_345.6), '12,346/s'],
  ])('%s', (shown, expected) => {
    expect(shown).toBe(expected)
  })
})
