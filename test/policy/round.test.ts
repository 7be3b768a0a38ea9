import { expect, test } from 'vitest'
import { Round } from '../../src/policy/round.ts'
import type { Measure } from '../../src/policy/round.ts'

interface Step {
  readonly places: number
  readonly latencyMs: number
  /** Attempts that start apart by this much; 0: all at once. */
  readonly apartMs?: number
  readonly idleMs?: number
}

/** Every place is taken again when its answer is there, or `idleMs` later; 'open' after very many. */
function measure({ places, latencyMs, apartMs = 0, idleMs = 0 }: Step): Measure | 'void' | 'open' {
  const round = new Round(0.1, 0)
  for (let place = 0; place < places; place++) round.moved(place * apartMs, place, places)
  const dueMs = Array.from({ length: places }, (_, place) => latencyMs + place * apartMs)
  for (let i = 0; i < 2_000; i++) {
    const place = i % places
    const nowMs = dueMs[place] as number
    round.moved(nowMs, places, places)
    const measured = round.answer({ nowMs, latencyMs, size: places, running: places - 1 })
    if (measured !== undefined) return measured
    round.moved(nowMs + idleMs, places - 1, places)
    dueMs[place] = nowMs + idleMs + latencyMs
  }
  return 'open'
}

test.each<[string, Step, number]>([
  ['answers that come in step', { places: 8, latencyMs: 75 }, 75],
  ['answers that come evenly', { places: 8, latencyMs: 80, apartMs: 10 }, 80],
  ['one place', { places: 1, latencyMs: 30 }, 30],
  ['very slow ones', { places: 8, latencyMs: 60_000 }, 60_000],
])('%s: the cost is the latency.', (_, step, expected) => {
  const measured = measure(step)
  expect(measured).toMatchObject({ costMs: expect.closeTo(expected, 6) as number })
})

test('A round is at least a quarter of a second, and two turnovers of all places, long.', () => {
  expect(measure({ places: 4, latencyMs: 1 })).toMatchObject({ tookMs: 250 })
  expect(measure({ places: 8, latencyMs: 1_000 })).toMatchObject({ tookMs: 2_000 })
})

test('Places that are free for half of the time make it void.', () => {
  expect(measure({ places: 1, latencyMs: 50, idleMs: 50 })).toBe('void')
})

test('So does one long gap.', () => {
  const round = new Round(0.1, 0)
  round.moved(0, 0, 1)
  const at = (nowMs: number): Measure | 'void' | undefined => {
    round.moved(nowMs, 1, 1)
    return round.answer({ nowMs, latencyMs: 50, size: 1, running: 0 })
  }
  expect([50, 100, 150, 200].map(at)).toEqual([undefined, undefined, undefined, undefined])
  round.moved(5_000, 0, 1)
  const rest = Array.from({ length: 20 }, (_, i) => at(5_050 + i * 50))
  expect(rest.find(measured => measured !== undefined)).toBe('void')
})
