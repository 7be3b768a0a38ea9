import { expect, test } from 'vitest'
import type { Call } from '../../src/core/call.ts'
import type { Reply } from '../../src/core/result.ts'
import { throttleMs } from '../../src/policy/throttle.ts'
import { makeCall, makeReply } from '../support/calls.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)
const half = (): number => 0.5

function waitMs(result: Reply, call: Call, throttles: number, renewedInMs?: number): number {
  return throttleMs({ result, call, throttles, renewedInMs, epochMs: EPOCH_MS, random: half })
}

test.each<[string, Record<string, string>, number, number]>([
  ['nothing announced: our own back-off', {}, 1, 250],
  ['nothing announced, the third time in a row', {}, 3, 1_000],
  ['seconds, and a little jitter', { 'retry-after': '2' }, 1, 2_250],
  ['the jitter is at most a second', { 'retry-after': '2' }, 9, 3_000],
  ['Retry-After: 0 does not loop hot', { 'retry-after': '0' }, 2, 500],
  ['a malformed value counts as none', { 'retry-after': '1e3' }, 1, 250],
  ['milliseconds', { 'retry-after-ms': '1500' }, 1, 1_750],
  [
    'a date is judged against the Date of the response',
    { 'retry-after': 'Thu, 01 Jan 2026 01:00:10 GMT', date: 'Thu, 01 Jan 2026 01:00:00 GMT' },
    1,
    10_250,
  ],
])('%s', (_, headers, throttles, expected) => {
  const reply = makeReply(429, headers)
  expect(waitMs(reply, makeCall(), throttles)).toBe(expected)
})

test("a user's back-off that throws leaves the host with the default back-off", () => {
  const call = makeCall({
    retry: {
      backoff: () => {
        throw new Error('boom')
      },
    },
  })
  expect(waitMs(makeReply(429), call, 1)).toBe(250)
})

test('a 429 waits until the quota is renewed, unless it carries a Retry-After', () => {
  expect(waitMs(makeReply(429), makeCall(), 1, 2_000)).toBe(2_250)
  expect(waitMs(makeReply(429, { 'retry-after': '1' }), makeCall(), 1, 3_600_000)).toBe(1_250)
})
