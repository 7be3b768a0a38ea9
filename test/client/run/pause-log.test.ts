import { expect, test } from 'vitest'
import { PauseLog } from '../../../src/client/run/pause-log.ts'
import type { Clock } from '../../../src/core/ports.ts'

/** A clock whose two times are set by hand: the wall clock may jump. */
function clockAt(nowMs: number, epochMs: number): Clock {
  return { now: () => nowMs, epochMs: () => epochMs, after: () => ({ cancel: () => undefined }) }
}

const NONE: ReadonlySet<string> = new Set()

test('a pause that another run was answered with counts if this run asks the same host', () => {
  const log = new PauseLog(clockAt(60_000, 60_000))
  log.note('ours.test', 1_000, 2_000)
  log.note('shared.test', 1_000, 2_000, false)
  log.note('theirs.test', 1_000, 2_000, false)
  log.end(60_000)
  const asked = new Set(['ours.test', 'shared.test'])
  expect(log.hosts(asked)).toEqual(['ours.test', 'shared.test'])
  expect(log.all(asked).map(({ pause }) => pause)).toEqual(['ours.test', 'shared.test'])
})

test('pauses of a host that overlap are one, and none goes on after the run', () => {
  const log = new PauseLog(clockAt(60_000, Date.UTC(2026, 0, 1, 0, 1)))
  log.note('a.test', 1_000, 5_000)
  log.note('b.test', 2_000, 3_000)
  log.note('a.test', 4_500, 9_000)
  log.note('a.test', 5_600, 8_000)
  log.note('a.test', 20_000, Infinity)
  log.end(60_000)
  expect(log.all(NONE)).toEqual([
    { pause: 'a.test', from: '2026-01-01T00:00:01.000Z', to: '2026-01-01T00:00:09.000Z' },
    { pause: 'b.test', from: '2026-01-01T00:00:02.000Z', to: '2026-01-01T00:00:03.000Z' },
    { pause: 'a.test', from: '2026-01-01T00:00:20.000Z', to: '2026-01-01T00:01:00.000Z' },
  ])
  expect(log.hosts(NONE)).toEqual(['a.test', 'b.test'])
})

test('requests may be sent between two pauses of a host, however short the time', () => {
  const log = new PauseLog(clockAt(60_000, 60_000))
  for (let n = 0; n < 4; n++) log.note('a.test', 1_200 * n, 1_200 * n + 1_000)
  log.end(60_000)
  expect(log.all(NONE).map(({ from, to }) => Date.parse(to) - Date.parse(from))).toEqual([1_000, 1_000, 1_000, 1_000])
})

test('a wall clock that was set back by a year does not turn a pause around', () => {
  let epochMs = Date.UTC(2026, 5, 1)
  const log = new PauseLog({ ...clockAt(10_000, 0), epochMs: () => epochMs })
  log.note('a.test', 1_000, 4_000)
  epochMs = Date.UTC(2025, 5, 1)
  log.end(10_000)
  const [pause] = log.all(NONE)
  expect(Date.parse(pause?.to ?? '') - Date.parse(pause?.from ?? '')).toBe(3_000)
})

test('ten thousand pauses are kept, and further ones are not', () => {
  const log = new PauseLog(clockAt(0, 0))
  for (let n = 0; n < 10_500; n++) log.note(`h${n}.test`, n, n + 1)
  log.end(20_000)
  expect(log.all(NONE)).toHaveLength(10_000)
})
