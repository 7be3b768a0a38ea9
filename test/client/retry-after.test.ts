/**
 * The effect of `Retry-After` by status: a throttling status pauses the host, any other retried status delays its own
 * request.
 */
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockResponse } from '../../src/testing/index.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)
const quick = { backoff: () => 0 }

/** Two requests to one host, one at a time. The first is answered with `first` once; every other answer is good. */
async function send(first: MockResponse, options: ClientOptions = {}) {
  let refused = false
  const transport = mockTransport(({ url }) => {
    if (refused || !url.endsWith('/a')) return { json: {} }
    refused = true
    return first
  })
  const client = new ParallelRequests({ transport, concurrency: 1, retry: quick, maxRetries: 0, ...options })
  const outcomes = await client.request(['http://a.test/a', 'http://a.test/b'], { onFailure: 'settle' })
  await client.close()
  const log = transport.requests.map(({ url, atMs }) => [url.slice(-1), atMs] as const)
  return { outcomes, log }
}

describe('a throttled answer pauses its host, costs no retry and applies to any method', () => {
  test.each([
    [403, { 'retry-after': '3' }],
    [413, { 'retry-after': '3' }],
    [429, { 'retry-after': '3' }],
    [503, { 'retry-after': '3' }],
    [509, { 'retry-after': '3' }],
    [529, { 'retry-after': '3' }],
    [429, { 'retry-after': '3.0' }],
    [429, { 'retry-after': '2.98' }],
    [429, { 'retry-after': '1, 3' }],
    [429, { 'retry-after-ms': '3000' }],
    [429, { 'retry-after': '2026-01-01T00:00:03Z' }],
    [429, { 'retry-after': 'Thu, 01 Jan 2026 00:00:03 GMT' }],
    // GitHub's primary limit, Together AI, and a quota without a remaining count.
    [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${EPOCH_MS / 1_000 + 2}` }],
    [429, { 'x-ratelimit-reset': '2' }],
    [429, { 'x-ratelimit-limit': '5', 'x-ratelimit-reset': `${EPOCH_MS / 1_000 + 2}` }],
    [
      429,
      {
        'x-ratelimit-remaining-requests': '50',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '3.0s',
      },
    ],
  ])('%i with %j', async (status, headers) => {
    for (const method of ['GET', 'POST']) {
      const { outcomes, log } = await send({ status, headers }, { method })
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, true])
      expect(log).toHaveLength(3)
      for (const [, atMs] of log.slice(1)) {
        expect(atMs).toBeGreaterThanOrEqual(2_980)
        expect(atMs).toBeLessThan(4_200)
      }
    }
  })
})

test.each([500, 502, 504, 408, 425])(
  'Retry-After on a %i is the minimum wait of its own request and does not delay others',
  async status => {
    const { outcomes, log } = await send({ status, headers: { 'retry-after': '3' } }, { maxRetries: 1 })
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true])
    expect(log.map(([url]) => url)).toEqual(['a', 'b', 'a'])
    expect(log[1]?.[1]).toBe(0)
    expect(log[2]?.[1]).toBeGreaterThanOrEqual(3_000)
  },
)

test('Retry-After on a status that the caller added delays only its own request', async () => {
  const options = { maxRetries: 1, retry: { ...quick, statuses: [404] } }
  const { log } = await send({ status: 404, headers: { 'retry-after': '3' } }, options)
  expect(log.map(([url]) => url)).toEqual(['a', 'b', 'a'])
  expect(log[2]?.[1]).toBeGreaterThanOrEqual(3_000)
})

test('Retry-After above maxRetryAfter ends the request with its status and retryAt, and does not pause the host', async () => {
  const { outcomes, log } = await send({ status: 500, headers: { 'retry-after': '600' } }, { maxRetries: 3 })
  expect(outcomes[0]?.error).toMatchObject({
    code: 'http/500',
    retryAt: EPOCH_MS + 600_000,
    message: expect.stringContaining('the server asked to wait for 10m, and retry.maxRetryAfter is 2m') as unknown,
  })
  expect(outcomes[1]?.ok).toBe(true)
  expect(log.map(([, atMs]) => atMs)).toEqual([0, 0])
})

test('a 403 that does not mention a limit is final', async () => {
  const { outcomes, log } = await send({ status: 403, headers: { 'x-ratelimit-remaining': '4900' } })
  expect(outcomes[0]?.error?.code).toBe('http/403')
  expect(log).toHaveLength(2)
})
