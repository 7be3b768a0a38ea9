/** What the last line of a run says when its requests were done long before its outputs. */
import { expect, test } from 'vitest'
import { slowOutputs } from '../../src/cli/closing.ts'
import type { Statistics } from '../../src/index.ts'

const START = Date.UTC(2026, 0, 1)
const statistics = {
  elapsedMs: 1_000,
  series: { startedAt: START },
  limitedBy: 'server',
  shares: { server: 0.9, cpu: 0.1 },
  advice: 'the server was the limit.',
} as unknown as Statistics

test('an output that takes most of the time is the limit', () => {
  expect(slowOutputs(statistics, 4_100, START + 4_000)).toEqual({
    elapsedMs: 4_000,
    limitedBy: 'consumer',
    shares: { server: 0.225, cpu: 0.025, consumer: 0.75 },
    advice: 'an output was the limit for 75 % of the run: all results were there after 1s, and written after 4s.',
  })
})

test.each([
  ['an output that takes less than the requests', 1_900, 1_900],
  ['what came before the requests', 60_000, 1_100],
  ['a clock that was set forward during the run', 1_200, 86_400_000],
  ['a clock that was set back during the run', 60_000, -86_400_000],
])('%s is not', (_, commandMs, sinceMs) => {
  expect(slowOutputs(statistics, commandMs, START + sinceMs)).toBe(statistics)
})
