import { describe, expect, test } from 'vitest'
import { RunClock } from '../../src/report/run-clock.ts'

const HOUR_MS = 3_600_000

describe('the time since the start of a run', () => {
  test('begins with the first request, or with the line of its start', () => {
    const clock = new RunClock()
    expect([clock.place(10_000, 400), clock.place(10_100, 400)]).toEqual([400, 500])
    const begun = new RunClock()
    begun.begin(9_000)
    expect(begun.place(10_000, 400)).toBe(1_000)
  })

  test('goes on when the clock is set back, and counts that', () => {
    const clock = new RunClock()
    clock.begin(HOUR_MS)
    expect(clock.place(HOUR_MS + 5_000, 0)).toBe(5_000)
    expect(clock.place(1_000, 0)).toBe(5_000)
    expect(clock.place(2_000, 0)).toBe(6_000)
    expect([clock.setBack, clock.elapsedMs]).toEqual([1, 6_000])
  })

  test('does not take lines in another order for a clock that was set', () => {
    const clock = new RunClock()
    clock.begin(0)
    expect([2_000, 1_500, 2_100].map(ms => clock.place(ms, 0))).toEqual([2_000, 1_500, 2_100])
    expect(clock.setBack).toBe(0)
  })

  test('leaves out a long time without results, but not one of a pause', () => {
    const clock = new RunClock()
    clock.place(1_000, 1_000)
    expect([clock.place(HOUR_MS, 100), clock.idle]).toEqual([1_100, 1])
    const paused = new RunClock()
    paused.place(1_000, 1_000)
    paused.pause(HOUR_MS)
    expect([paused.place(HOUR_MS, 100), paused.idle]).toEqual([HOUR_MS, 0])
    const begun = new RunClock()
    begun.begin(0)
    expect([begun.place(HOUR_MS, 100), begun.place(100 * HOUR_MS, 100), begun.idle]).toEqual([
      HOUR_MS,
      HOUR_MS + 100,
      1,
    ])
  })

  test('leaves out the time between two sessions', () => {
    const clock = new RunClock()
    clock.begin(0)
    clock.place(1_000, 0)
    clock.begin(60_000)
    expect(clock.place(61_000, 0)).toBe(2_000)
    clock.begin(undefined)
    expect(clock.place(90_000, 500)).toBe(2_500)
  })

  test('takes no line of the order of the input for a clock that was set', () => {
    const clock = new RunClock()
    clock.isUnordered = true
    expect([clock.place(HOUR_MS, 100), clock.place(1_000, 100), clock.place(2 * HOUR_MS, 100)]).toEqual([
      100,
      1_100 - HOUR_MS,
      HOUR_MS + 100,
    ])
    expect(clock).toMatchObject({ setBack: 0, idle: 0, startedAtMs: 900, endedAtMs: 2 * HOUR_MS })
    expect(clock.elapsedMs).toBe(2 * HOUR_MS - 900)
    clock.begin(100 * HOUR_MS)
    expect(clock.place(100 * HOUR_MS + 500, 0)).toBe(HOUR_MS + 600)
    expect(clock.elapsedMs).toBe(2 * HOUR_MS - 400)
  })
})
