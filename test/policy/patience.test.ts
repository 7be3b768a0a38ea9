import { expect, test } from 'vitest'
import { Lane } from '../../src/policy/lane.ts'
import { patienceMsOf, tooLongPaused } from '../../src/policy/patience.ts'
import { makeCall } from '../support/calls.ts'
import { say } from '../../src/core/words.ts'

function paused(waitMs: number): Lane {
  const lane = new Lane({ key: 'https://api.test', shared: [] })
  lane.pause.extendTo(1_000 + waitMs)
  return lane
}

test.each([
  ['no pause', 0, 120_000, undefined],
  ['a pause shorter than maxRetryAfter', 120_000, 120_000, undefined],
  ['a pause with our own jitter on top', 121_000, 120_000, undefined],
  ['a longer pause', 121_001, 120_000, 'retry.maxRetryAfter is 2m'],
  ['any pause with maxRetryAfter 0', 1, 0, 'retry.maxRetryAfter is 0ms'],
])('%s: %i ms with maxRetryAfter %i ms', (_, waitMs, maxRetryAfterMs, reason) => {
  const call = makeCall({ retry: { maxRetryAfterMs } })
  const refused = tooLongPaused(paused(waitMs), call, 1_000, 5_000_000)
  if (reason === undefined) return expect(refused).toBeUndefined()
  expect(refused).toMatchObject({ code: 'paused/retry_after', sent: false, retryAt: 5_000_000 + waitMs })
  expect(say(refused?.message ?? '')).toContain('api.test')
  expect(say(refused?.message ?? '')).toContain(reason)
})

test('a pause beyond the deadline is too long for any maxRetryAfter', () => {
  const call = makeCall({ timeouts: { totalMs: 10_000 } })
  expect(patienceMsOf(call)).toBeGreaterThan(60_000)
  expect(tooLongPaused(paused(8_000), call, 1_000, 0)).toBeUndefined()
  expect(say(tooLongPaused(paused(60_000), call, 1_000, 0)?.message ?? '')).toContain('the deadline is earlier')
})
