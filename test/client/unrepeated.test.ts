/** A failure that a retry might have prevented says why there was none. */
import { expect, test } from 'vitest'
import { parallelRequests } from '../../src/index.ts'
import { echoServer } from '../support/echo-server.ts'

test('the message, the reason and the warnings of a failure name the spent retry budget', async () => {
  const { url, requests } = await echoServer((_echo, response) => void response.writeHead(503).end())
  const urls = Array.from({ length: 20 }, (_, at) => `${url}/${at}`)
  const retry = { backoff: { base: '1ms', max: '1ms' } } as const
  const outcomes = await parallelRequests(urls, { onFailure: 'settle', maxRetries: 20, retry })
  expect(requests).toHaveLength(20 + 14)
  for (const { error, warnings } of outcomes) {
    expect(error?.message).toMatch(/503 Service Unavailable; not retried: the retry budget of its host is spent/)
    expect(warnings).toEqual([expect.stringContaining('not retried: the retry budget')])
  }
  const unlimited = { ...retry, budget: { reserve: Infinity } }
  const [first] = await parallelRequests(urls, { onFailure: 'settle', retry: unlimited })
  expect(first).toMatchObject({
    attempts: 4,
    error: { message: expect.not.stringContaining('not retried') as unknown },
  })
})

test.each([
  [
    'a pause that is too long',
    { retry: { maxRetryAfter: '1m' } },
    'asked for a pause of 1h, and retry.maxRetryAfter is 1m',
  ],
  [
    'a pause beyond the deadline',
    { timeouts: { total: '9s' } },
    'asked for a pause of 1h, and the deadline is earlier',
  ],
])('the message of a failure names %s', async (_what, options, why) => {
  const { url } = await echoServer((_echo, response) => void response.writeHead(429, { 'retry-after': '3600' }).end())
  const [outcome] = await parallelRequests([url], { onFailure: 'settle', ...options })
  expect(outcome?.error?.message).toContain(`429 Too Many Requests; not retried: its host ${why}`)
})

test('the message of a failure does not mention a wait that maxRetryAfter: 0 excludes', async () => {
  const { url } = await echoServer((_echo, response) => void response.writeHead(429, { 'retry-after': '3600' }).end())
  const [outcome] = await parallelRequests([url], { onFailure: 'settle', retry: { maxRetryAfter: 0 } })
  expect(outcome?.error?.message).toMatch(/: 429 Too Many Requests$/)
})

test('the message of a failure says why a write was not retried, unless it could not be', async () => {
  const { url, requests } = await echoServer((_echo, response) => void response.writeHead(503).end())
  const failure = async (spec: object, options: object = {}): Promise<string | undefined> => {
    const [outcome] = await parallelRequests([{ url, ...spec }], { onFailure: 'settle', ...options })
    return outcome?.error?.message
  }
  const retry = { backoff: { base: '1ms', max: '1ms' } } as const
  expect(await failure({ json: 1 })).toMatch(
    /503 Service Unavailable; not retried: the server may have carried out this POST\. Set idempotencyKey to make a retry safe$/,
  )
  expect(requests).toHaveLength(1)
  expect(await failure({ json: 1 }, { maxRetries: 0 })).toMatch(/: 503 Service Unavailable$/)
  expect(await failure({ json: 1 }, { retry: { statuses: [500] } })).toMatch(/: 503 Service Unavailable$/)
  expect(await failure({ json: 1, idempotencyKey: true }, { retry })).toMatch(
    /: 503 Service Unavailable \(4 attempts\)$/,
  )
  expect(await failure({}, { retry })).toMatch(/: 503 Service Unavailable \(4 attempts\)$/)
  const parseFunc = (): never => {
    throw new Error('mine')
  }
  expect(await failure({ json: 1 }, { acceptStatus: () => true, parseFunc })).toMatch(/parseFunc threw: mine$/)
})
