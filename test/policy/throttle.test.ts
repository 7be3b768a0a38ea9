import { expect, test } from 'vitest'
import { throttleMs } from '../../src/policy/throttle.ts'
import { makeCall, makeReply } from '../support/calls.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)
const half = (): number => 0.5

test.each<[string, Record<string, string>, number, number]>([
  ['nothing announced: our own back-off', {}, 1, 250],
  ['nothing announced, the third time in a row', {}, 3, 1_000],
  ['seconds, and a little jitter', { 'retry-after': '2' }, 1, 2_250],
  ['the jitter is at most a second', { 'retry-after': '2' }, 9, 3_000],
  ['Retry-After: 0 does not loop hot', { 'retry-after': '0' }, 2, 500],
  ['nonsense is nothing', { 'retry-after': '1e3' }, 1, 250],
  [
    'a date against the own Date of the response',
    { 'retry-after': 'Thu, 01 Jan 2026 01:00:10 GMT', date: 'Thu, 01 Jan 2026 01:00:00 GMT' },
    1,
    10_250,
  ],
])('%s', (_, headers, throttles, expected) => {
  const reply = makeReply(429, headers)
  expect(throttleMs(reply, makeCall(), throttles, EPOCH_MS, half)).toBe(expected)
})

test('A back-off of the caller that throws leaves the host to the default.', () => {
  const call = makeCall({
    retry: {
      backoff: () => {
        throw new Error('boom')
      },
    },
  })
  expect(throttleMs(makeReply(429), call, 1, EPOCH_MS, half)).toBe(250)
})
