import { expect, test } from 'vitest'
import { Round } from '../../src/policy/round.ts'
import type { Measure } from '../../src/policy/round.ts'

interface Step {
  readonly places: number
  readonly latencyMs: number
  /** Time between the starts of attempts; 0: they start together. */
  readonly apartMs?: number
  readonly idleMs?: number
}

/** Every slot is taken again when its answer arrives, or `idleMs` later. 'open' if the round does not end. */
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
  ['answers that arrive together', { places: 8, latencyMs: 75 }, 75],
  ['answers that arrive evenly', { places: 8, latencyMs: 80, apartMs: 10 }, 80],
  ['one slot', { places: 1, latencyMs: 30 }, 30],
  ['very slow answers', { places: 8, latencyMs: 60_000 }, 60_000],
])('%s: the cost is the latency', (_, step, expected) => {
  const measured = measure(step)
  expect(measured).toMatchObject({ costMs: expect.closeTo(expected, 6) as number })
})

test('a round lasts at least a quarter of a second and two turnovers of all slots', () => {
  expect(measure({ places: 4, latencyMs: 1 })).toMatchObject({ tookMs: 250 })
  expect(measure({ places: 8, latencyMs: 1_000 })).toMatchObject({ tookMs: 2_000 })
})

test('a round is void if slots are free half of the time', () => {
  expect(measure({ places: 1, latencyMs: 50, idleMs: 50 })).toBe('void')
})

test('a round is void after one long gap', () => {
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
