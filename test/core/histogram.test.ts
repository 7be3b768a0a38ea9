import { expect, test } from 'vitest'
import { Histogram } from '../../src/core/histogram.ts'
import { fc } from '../support/property.ts'

const durations = fc.array(
  fc.oneof(
    fc.double({ min: 0.001, max: 1e9, noNaN: true }),
    fc.double({ min: 0.5, max: 500, noNaN: true }),
    fc.integer({ min: 1, max: 100_000 }),
  ),
  { minLength: 1, maxLength: 300 },
)

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.add(value)
  return histogram
}

/** Nearest rank, over all the values. */
function exactQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number
}

test('a quantile is within 1.6 % of the exact one, and within the minimum and the maximum', () => {
  fc.assert(
    fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
      const histogram = histogramOf(values)
      const exact = exactQuantile(values, q)
      const found = histogram.quantile(q)
      expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(1 / 64 + 1e-6)
      expect(found).toBeGreaterThanOrEqual(histogram.min)
      expect(found).toBeLessThanOrEqual(histogram.max)
    }),
  )
})

test('count, minimum, maximum and mean are exact', () => {
  fc.assert(
    fc.property(durations, values => {
      const histogram = histogramOf(values)
      expect(histogram.count).toBe(values.length)
      expect(histogram.min).toBe(Math.min(...values))
      expect(histogram.max).toBe(Math.max(...values))
      expect(histogram.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 3)
    }),
  )
})

test('merged histograms are the histogram of all values', () => {
  fc.assert(
    fc.property(durations, durations, (left, right) => {
      const merged = histogramOf(left)
      merged.merge(histogramOf(right))
      const whole = histogramOf([...left, ...right])
      expect(merged.buckets()).toEqual(whole.buckets())
      expect(merged.count).toBe(whole.count)
      expect(merged.min).toBe(whole.min)
      expect(merged.max).toBe(whole.max)
      expect(merged.quantile(0.95)).toBe(whole.quantile(0.95))
    }),
  )
})

test('each value is in the bucket that is shown for it, and the buckets are in order', () => {
  fc.assert(
    fc.property(durations, values => {
      const buckets = histogramOf(values).buckets()
      expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(values.length)
      for (const [at, { lower, upper, count }] of buckets.entries()) {
        // Values are rounded to 24 bits to find their bucket.
        const inside = values.filter(value => Math.fround(value) >= lower && Math.fround(value) < upper)
        expect(inside).toHaveLength(count)
        const next = buckets[at + 1]
        if (next !== undefined) expect(upper).toBeLessThanOrEqual(next.lower)
      }
    }),
  )
})

test('a value counted several times is that value added several times', () => {
  const histogram = new Histogram()
  histogram.add(20, 1_000)
  histogram.add(5)
  expect(histogram.count).toBe(1_001)
  expect(histogram.quantile(0.5)).toBe(histogramOf([5, 20, 20]).quantile(0.5))
})

test('an empty histogram has no figures', () => {
  const histogram = new Histogram()
  histogram.merge(new Histogram())
  expect(histogram.count).toBe(0)
  expect([histogram.min, histogram.max, histogram.mean, histogram.quantile(0.5)]).toEqual([NaN, NaN, NaN, NaN])
  expect(histogram.buckets()).toEqual([])
})

test.each([
  ['a negative value counts as 0', -5, { count: 1, min: 0, max: 0, quantile: 0 }],
  ['zero', 0, { count: 1, min: 0, max: 0, quantile: 0 }],
  ['less than 1 µs', 1e-7, { count: 1, min: 1e-7, max: 1e-7, quantile: 1e-7 }],
  ['more than 49 days', 1e12, { count: 1, min: 1e12, max: 1e12, quantile: 1e12 }],
  ['more than the largest 32-bit float', 1e300, { count: 1, min: 1e300, max: 1e300, quantile: 1e300 }],
])('%s', (_, value, expected) => {
  const histogram = histogramOf([value])
  const { count, min, max } = histogram
  expect({ count, min, max, quantile: histogram.quantile(0.5) }).toEqual(expected)
  expect(histogram.buckets()).toHaveLength(1)
})

test.each([NaN, Infinity, -Infinity])('%s is ignored', value => {
  expect(histogramOf([value]).count).toBe(0)
})
