/** What 0 and Infinity do, option by option, as the doc comments say. */
import { expect, test } from 'vitest'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { BatchOptions, Outcome, RequestError } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockHandler, MockTransport } from '../../src/testing/index.ts'

const ADDRESS = 'https://api.example.com/1'

interface Settled {
  readonly outcome: Outcome
  readonly transport: MockTransport
}

async function settle(handler: MockHandler, options: Partial<BatchOptions>): Promise<Settled> {
  const transport = mockTransport(handler)
  const outcomes = await parallelRequests([ADDRESS], { ...(options as object), transport, onFailure: 'settle' })
  return { outcome: outcomes[0] as Outcome, transport }
}

const refuse: MockHandler = () => ({ status: 503 })
const throttle: MockHandler = ({ attempt }) =>
  attempt === 1 ? { status: 429, headers: { 'retry-after': '86400' } } : { json: 1 }

test('maxRetries: 0 retries nothing', async () => {
  expect((await settle(refuse, { maxRetries: 0 })).outcome.attempts).toBe(1)
})

test('maxRetries: Infinity retries until the deadline', async () => {
  const { outcome, transport } = await settle(refuse, {
    maxRetries: Infinity,
    timeouts: { total: '10m' },
    retry: { budget: { reserve: Infinity } },
  })
  expect(outcome.error?.code).toBe('http/503')
  expect(outcome.attempts).toBeGreaterThan(10)
  expect(transport.clock.now()).toBeLessThanOrEqual(600_000)
})

test.each([{ base: 0 }, { max: 0 }, () => 0, () => -1])('a back-off of 0 retries at once (%#)', async backoff => {
  const { transport } = await settle(refuse, { retry: { backoff } })
  expect(transport.requests.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 0])
})

test.each([{ base: Infinity, max: Infinity }, () => Infinity])(
  'an infinite back-off ends the request with its failure (%#)',
  async backoff => {
    const { outcome } = await settle(refuse, { retry: { backoff } })
    expect(outcome.error?.code).toBe('http/503')
    expect(outcome.attempts).toBe(1)
  },
)

test.each([NaN, 'soon', undefined])(
  'a back-off function that returns %s fails its request and says so',
  async answer => {
    const { outcome } = await settle(refuse, { retry: { backoff: () => answer as never } })
    expect(outcome.error).toMatchObject({ code: 'callback/hook', attempts: 1 })
    expect(outcome.error?.message).toContain(
      `retry.backoff failed: expected milliseconds or a duration such as '2s', got ${answer}`,
    )
  },
)

test.each([
  ['reserve: 0', { reserve: 0 }, 1],
  ['reserve: 0 with ratio: Infinity', { reserve: 0, ratio: Infinity }, 4],
  ['reserve: Infinity', { reserve: Infinity, ratio: 0 }, 4],
])('retry.budget with %s allows as many retries as it says', async (_name, budget, attempts) => {
  expect((await settle(refuse, { retry: { budget } })).outcome.attempts).toBe(attempts)
})

test('retry.maxRetryAfter: 0 fails a throttled request at once', async () => {
  const { outcome } = await settle(throttle, { retry: { maxRetryAfter: 0 } })
  expect(outcome.error).toMatchObject({ code: 'http/429', attempts: 1 })
  expect(outcome.error?.retryAt).toBeGreaterThan(0)
})

test('retry.maxRetryAfter: Infinity waits as long as the server asks', async () => {
  const { outcome, transport } = await settle(throttle, { retry: { maxRetryAfter: Infinity } })
  expect(outcome).toMatchObject({ ok: true, attempts: 2 })
  expect(transport.requests[1]?.atMs).toBeGreaterThanOrEqual(86_400_000)
})

test('maxRedirects: 0 fails at the first redirect', async () => {
  const { outcome } = await settle(() => ({ status: 302, headers: { location: '/2' } }), { maxRedirects: 0 })
  expect(outcome.error).toMatchObject({ code: 'redirect/too_many', attempts: 1 })
})

test('maxRedirects: Infinity follows a thousand redirects', async () => {
  const { outcome } = await settle(
    ({ url }) => {
      const number = Number(url.split('/').at(-1))
      return number === 1_000 ? { json: number } : { status: 302, headers: { location: `/${number + 1}` } }
    },
    { maxRedirects: Infinity },
  )
  expect(outcome.value).toBe(1_000)
})

test('poll.interval: 0 asks again at once', async () => {
  const { outcome, transport } = await settle(
    ({ attempt }) => (attempt < 5 ? { status: 202, headers: { location: '/status' } } : { json: 'done' }),
    { poll: { interval: 0 } },
  )
  expect(outcome.value).toBe('done')
  expect(transport.clock.now()).toBe(0)
})

test('poll.deadline: Infinity waits for a job of a month', async () => {
  const { outcome } = await settle(
    ({ atMs }) => (atMs < 2_592_000_000 ? { status: 202, headers: { location: '/status' } } : { json: 'done' }),
    { poll: { interval: '1h', deadline: Infinity } },
  )
  expect(outcome.value).toBe('done')
})

test('poll.interval: Infinity is a ConfigError', async () => {
  await expect(settle(refuse, { poll: { interval: Infinity, deadline: Infinity } })).rejects.toThrow('poll.interval')
})

test('cost: 0 takes nothing from a budget', async () => {
  const transport = mockTransport(() => ({ json: 1 }))
  await parallelRequests([ADDRESS, ADDRESS, ADDRESS], { transport, cost: 0, budgets: { tokens: '1/h' } })
  expect(transport.clock.now()).toBe(0)
})

test('timeout: Infinity and timeouts.headers: Infinity wait a year for a response', async () => {
  const { outcome } = await settle(() => ({ json: 1, latencyMs: 31_536_000_000 }), {
    timeout: Infinity,
    timeouts: { headers: Infinity },
  })
  expect(outcome.ok).toBe(true)
})

test('maxErrorBody: 0 shows nothing of the body, and Infinity as much as is kept', async () => {
  const large: MockHandler = () => ({ status: 404, text: 'x'.repeat(100_000) })
  const none = (await settle(large, { maxErrorBody: 0 })).outcome.error as RequestError
  expect(none.body).toBeUndefined()
  expect(none.response?.text()).toHaveLength(65_536)
  const all = (await settle(large, { maxErrorBody: Infinity })).outcome.error as RequestError
  expect(all.body).toHaveLength(65_536)
})

test('maxJsonDepth: Infinity parses any nesting', async () => {
  const { outcome } = await settle(() => ({ text: `${'['.repeat(5_000)}${']'.repeat(5_000)}` }), {
    maxJsonDepth: Infinity,
  })
  expect(outcome.ok).toBe(true)
})

test.each([
  ['of itself', {}, 256],
  ['with window: Infinity', { window: Infinity }, 1_000],
])('concurrency: Infinity sends as many at once as the window holds, %s', async (_name, options, atOnce) => {
  const transport = mockTransport(() => ({ json: 1, latencyMs: 10 }))
  const urls = Array.from({ length: 1_000 }, (_, number) => `https://api.example.com/${number}`)
  await parallelRequests(urls, { transport, concurrency: Infinity, ...options })
  expect(transport.mostAtOnce).toBe(atOnce)
})

test('breaker.cooldown: Infinity keeps the circuit open, and its errors have no retryAt', async () => {
  const transport = mockTransport(() => ({ status: 500 }))
  await using client = new ParallelRequests({
    transport,
    breaker: { failures: 2, window: Infinity, cooldown: Infinity },
    maxRetries: 0,
    concurrency: 1,
  })
  const outcomes = await client.request([ADDRESS, ADDRESS, ADDRESS], { onFailure: 'settle' })
  expect(outcomes.map(({ error }) => error?.code)).toEqual(['http/500', 'http/500', 'circuit/open'])
  const error = outcomes[2]?.error
  expect(error?.message).toBe(
    `GET ${ADDRESS}: not sent: api.example.com kept failing, so its circuit stays open until the client is closed`,
  )
  expect(error?.retryAt).toBeUndefined()
})
