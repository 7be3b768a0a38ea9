import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Timeline } from '../../src/report/timeline.ts'

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

describe('the timeline', () => {
  test('keeps all outcomes and all milliseconds in flight, however long the run is', () => {
    const request = fc.record({
      ms: fc.integer({ min: 0, max: 10_000_000 }),
      wireMs: fc.integer({ min: 0, max: 60_000 }),
    })
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 100 }), requests => {
        const timeline = new Timeline()
        for (const { ms, wireMs } of requests) timeline.add(ms, wireMs, wireMs % 2 === 0, 5)
        const { stepMs, done, failed, bytes, concurrency } = timeline.series()
        expect(done.length).toBeLessThanOrEqual(300)
        expect([sum(done), sum(bytes)]).toEqual([requests.length, 5 * requests.length])
        expect(sum(failed)).toBe(requests.filter(({ wireMs }) => wireMs % 2 === 1).length)
        const inFlightMs = sum(requests.map(({ ms, wireMs }) => Math.min(ms, wireMs)))
        // Each slot is rounded to hundredths.
        expect(Math.abs(sum(concurrency) * stepMs - inFlightMs)).toBeLessThanOrEqual(0.005 * stepMs * done.length + 1)
      }),
    )
  })

  test('shows how many requests were in flight in each slot', () => {
    const timeline = new Timeline()
    timeline.add(100, 100, true, 0)
    timeline.add(100, 50, true, 0)
    timeline.add(125, 25, false, 0)
    expect(timeline.series()).toMatchObject({ stepMs: 50, concurrency: [1, 2, 0.5], done: [0, 0, 3] })
  })

  test('makes room for what was before its start, and keeps all of it', () => {
    const timeline = new Timeline()
    timeline.add(100, 100, true, 1)
    timeline.reach(-120)
    timeline.add(-95, 25, false, 1)
    expect(timeline.series()).toMatchObject({ stepMs: 50, done: [0, 1, 0, 0, 0, 1], failed: [0, 1, 0, 0, 0, 0] })
    expect(timeline.series().concurrency).toEqual([0.4, 0.1, 0, 1, 1, 0])
    const times = fc.array(fc.integer({ min: -10_000_000, max: 10_000_000 }), { minLength: 1, maxLength: 100 })
    fc.assert(
      fc.property(times, all => {
        const any = new Timeline()
        for (const ms of all) {
          any.reach(ms - 1_000)
          any.add(ms, 1_000, true, 5)
        }
        const { stepMs, done, concurrency } = any.series()
        expect(done.length).toBeLessThanOrEqual(300)
        expect(sum(done)).toBe(all.length)
        const inFlightMs = sum(concurrency) * stepMs
        expect(Math.abs(inFlightMs - 1_000 * all.length)).toBeLessThanOrEqual(0.005 * stepMs * done.length + 1)
      }),
    )
  })
})
