import { expect, test } from 'vitest'
import { Series } from '../../src/core/series.ts'
import { fc } from '../support/property.ts'

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0)

const events = fc.array(
  fc.record({
    atMs: fc.oneof(fc.double({ min: 0, max: 60_000, noNaN: true }), fc.double({ min: 0, max: 1e9, noNaN: true })),
    ok: fc.boolean(),
    bytes: fc.nat(1_000),
    wireMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
  }),
  { maxLength: 100 },
)

function seriesOf(
  startMs: number,
  all: readonly { atMs: number; ok: boolean; bytes: number; wireMs: number }[],
): Series {
  const series = new Series(startMs, 0)
  for (const { atMs, ok, bytes, wireMs } of all) series.add(startMs + atMs, ok, bytes, wireMs)
  return series
}

test('keeps every count in at most 240 slots, however long the run is', () => {
  fc.assert(
    fc.property(events, all => {
      const endMs = Math.max(0, ...all.map(({ atMs }) => atMs))
      const { done, failed, bytes, concurrency, stepMs } = seriesOf(5, all).snapshot(5 + endMs)
      expect(done.length).toBeLessThanOrEqual(240)
      expect(done.length * stepMs).toBeGreaterThan(endMs)
      expect([done.length, done.length, done.length]).toEqual([failed.length, bytes.length, concurrency.length])
      expect(sum(done)).toBe(all.length)
      expect(sum(failed)).toBe(all.filter(({ ok }) => !ok).length)
      expect(sum(bytes)).toBe(sum(all.map(each => each.bytes)))
    }),
  )
})

test('merged series have the counts of both', () => {
  fc.assert(
    fc.property(events, events, fc.nat(10_000), (left, right, laterMs) => {
      const merged = seriesOf(0, left)
      merged.merge(seriesOf(laterMs, right))
      const { done, failed } = merged.snapshot(2e9)
      expect(sum(done)).toBe(left.length + right.length)
      expect(sum(failed)).toBe([...left, ...right].filter(({ ok }) => !ok).length)
    }),
  )
})

test('the concurrency of a steady load is the number of its lanes', () => {
  const series = new Series(0, 0)
  // Three lanes, each with one request after the other, of 40 ms.
  for (let atMs = 40; atMs <= 60_000; atMs += 40) for (let lane = 0; lane < 3; lane++) series.add(atMs, true, 0, 40)
  const { concurrency, stepMs } = series.snapshot(60_000)
  expect(stepMs).toBe(400)
  for (const mean of concurrency.slice(0, 150)) expect(mean).toBeCloseTo(3)
})

test('a request that took longer than a slot counts for all the time that it took', () => {
  const series = new Series(1_000, 0)
  series.add(2_000, true, 0, 950)
  const { concurrency, done } = series.snapshot(2_050)
  expect(concurrency.map(mean => Math.round(mean * 100) / 100)).toEqual([0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0])
  expect(done.at(-1)).toBe(1)
})

test('what lies before the start counts for the first slot', () => {
  const series = new Series(1_000, 0)
  series.add(900, false, 7, 300)
  expect(series.snapshot(1_010)).toMatchObject({ done: [1], failed: [1], bytes: [7] })
})
