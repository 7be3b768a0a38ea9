/**
 * The circuit breaker through the whole client: what opens it, what happens while it is open, and how a host comes
 * back.
 */
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions, Outcome, RequestSpec } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockRequest, MockResponse, MockTransport } from '../../src/testing/index.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)
const LATENCY_MS = 10
const HOST = 'http://a.test'
const OTHER = 'http://b.test'

const OK: MockResponse = { json: {}, latencyMs: LATENCY_MS }
const DOWN: MockResponse = { status: 500, latencyMs: LATENCY_MS }

const urlsOf = (count: number, host = HOST): string[] => Array.from({ length: count }, (_, n) => `${host}/${n}`)

const codes = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map(outcome => (outcome.ok ? 'ok' : outcome.error.code))

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

/** A client with a breaker and one slot, and a function that sends a batch. */
function clientFor(transport: MockTransport, options: ClientOptions = {}) {
  const client = new ParallelRequests({ transport, concurrency: 1, maxRetries: 0, breaker: true, ...options })
  const send = (urls: readonly (string | RequestSpec)[]): Promise<Outcome[]> =>
    client.request(urls, { onFailure: 'settle' })
  return { client, send, close: () => client.close() }
}

/** The host fails before this time, and answers afterwards. */
const downUntil =
  (untilMs: number) =>
  ({ atMs, url }: MockRequest): MockResponse =>
    atMs < untilMs && url.startsWith(HOST) ? DOWN : OK

describe('a breaker', () => {
  test('is off by default, and then every request is sent however many fail', async () => {
    const transport = mockTransport(() => DOWN)
    for (const options of [{}, { breaker: false }]) {
      const client = new ParallelRequests({ transport, concurrency: 1, maxRetries: 0, ...options })
      expect(codes(await client.request(urlsOf(30), { onFailure: 'settle' }))).toEqual(times(30, 'http/500'))
      await client.close()
    }
    expect(transport.requests).toHaveLength(60)
  })

  test('set to true opens at the fifth failure, and requests that were queued fail at once without being sent', async () => {
    const transport = mockTransport(() => DOWN)
    const { send, close } = clientFor(transport)
    const outcomes = await send(urlsOf(100))
    expect(codes(outcomes)).toEqual([...times(5, 'http/500'), ...times(95, 'circuit/open')])
    expect(transport.requests).toHaveLength(5)
    // At once: the clock stands at the fifth answer.
    expect(transport.clock.now()).toBe(5 * LATENCY_MS)
    for (const { error, attempts } of outcomes.slice(5)) {
      expect(error?.retryAt).toBe(EPOCH_MS + 5 * LATENCY_MS + 10_000)
      expect(attempts).toBe(0)
    }
    expect(codes(await send(urlsOf(3)))).toEqual(times(3, 'circuit/open'))
    expect(transport.requests).toHaveLength(5)
    await close()
  })

  test('fails at once the requests that wait for a rate limit of much longer', async () => {
    const transport = mockTransport(() => DOWN)
    const perHost = { rateLimit: { limit: 2, interval: '1h', burst: 2 } }
    const { client, close } = clientFor(transport, { concurrency: 20, breaker: { failures: 2 }, perHost })
    // Batches of one request, so that all of them are in the queue of the host.
    const batches = await Promise.all(urlsOf(8).map(url => client.request([url], { onFailure: 'settle' })))
    expect(codes(batches.flat())).toEqual([...times(2, 'http/500'), ...times(6, 'circuit/open')])
    expect(transport.clock.now()).toBe(LATENCY_MS)
    await close()
  })

  test('also fails at once the requests that wait for a slot, a rate or a back-off', async () => {
    const transport = mockTransport(() => DOWN)
    const { send, close } = clientFor(transport, {
      concurrency: 3,
      rateLimit: '20/s',
      maxRetries: 3,
      retry: { backoff: () => 300 },
    })
    const outcomes = await send(urlsOf(100))
    expect(new Set(codes(outcomes))).toEqual(new Set(['circuit/open']))
    // Five failures, and the attempts that were in flight by then.
    expect(transport.requests.length).toBeLessThanOrEqual(5 + 2)
    expect(transport.clock.now()).toBeLessThan(1_000)
    await close()
  })

  test.each([
    [{ failures: 2 }, 2, 10_000],
    [{ failures: 7, cooldown: '1m' }, 7, 60_000],
    [{ failures: 1, cooldown: '500ms', window: '1s' }, 1, 500],
    [{}, 5, 10_000],
  ])('with %j opens at failure %i', async (breaker, failures, cooldownMs) => {
    const transport = mockTransport(() => DOWN)
    const { send, close } = clientFor(transport, { breaker })
    const outcomes = await send(urlsOf(20))
    expect(codes(outcomes)).toEqual([...times(failures, 'http/500'), ...times(20 - failures, 'circuit/open')])
    expect(outcomes.at(-1)?.error?.retryAt).toBe(EPOCH_MS + failures * LATENCY_MS + cooldownMs)
    await close()
  })

  test('does not count failures that are further apart than its window', async () => {
    const transport = mockTransport(() => DOWN)
    const { send, close } = clientFor(transport, { breaker: { window: '30s' }, perHost: { rateLimit: '1/8s' } })
    expect(codes(await send(urlsOf(12)))).toEqual(times(12, 'http/500'))
    await close()
  })

  test.each([404, 400, 401, 410, 422, 304])('does not count a %i as a failure of the host', async status => {
    const transport = mockTransport(() => ({ status, latencyMs: LATENCY_MS }))
    const { send, close } = clientFor(transport)
    expect(codes(await send(urlsOf(20)))).toEqual(times(20, `http/${status}`))
    await close()
  })

  test.each([
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }],
    ['429 without', { status: 429 }],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '1' } }],
  ])('does not count %s as a failure, because it is a pause', async (_name, throttle) => {
    const transport = mockTransport(({ atMs }) => (atMs < 20_000 ? { ...throttle, latencyMs: LATENCY_MS } : OK))
    const { send, close } = clientFor(transport, { retry: { backoff: () => 500 } })
    expect(codes(await send(urlsOf(10)))).toEqual(times(10, 'ok'))
    expect(transport.requests.length).toBeGreaterThan(15)
    await close()
  })

  test.each(['connect/refused', 'reset/before_headers', 'timeout/headers', 'dns/not_found'] as const)(
    'counts %s as a failure',
    async code => {
      const transport = mockTransport(() => ({ fault: code, latencyMs: LATENCY_MS }))
      const { send, close } = clientFor(transport)
      expect(codes(await send(urlsOf(20)))).toEqual([...times(5, code), ...times(15, 'circuit/open')])
      await close()
    },
  )

  test('belongs to one host, and other hosts are served while it is open', async () => {
    const transport = mockTransport(downUntil(Infinity))
    const { send, close } = clientFor(transport, { concurrency: 4 })
    const outcomes = await send([...urlsOf(50), ...urlsOf(50, OTHER)])
    expect(codes(outcomes.slice(50))).toEqual(times(50, 'ok'))
    expect(codes(outcomes.slice(0, 50)).filter(code => code === 'circuit/open').length).toBeGreaterThanOrEqual(42)
    await close()
  })

  test('belongs to one limitKey if there is one', async () => {
    const transport = mockTransport(downUntil(Infinity))
    const { send, close } = clientFor(transport, { limitKey: ({ meta }) => meta as string })
    const specs = (meta: string, host: string) => urlsOf(10, host).map(url => ({ url, meta }))
    expect(codes(await send(specs('x', HOST))).filter(code => code === 'circuit/open')).toHaveLength(5)
    // First another host with the same key, then the same host with another key.
    expect(codes(await send(specs('x', OTHER)))).toEqual(times(10, 'circuit/open'))
    expect(codes(await send(specs('y', HOST))).filter(code => code === 'http/500')).toHaveLength(5)
    await close()
  })
})

describe('after the cooldown of a breaker', () => {
  /** A breaker that is open; the clock stands at 50 ms. */
  async function opened(handler: (request: MockRequest) => MockResponse, options: ClientOptions = {}) {
    const transport = mockTransport(handler)
    const parts = clientFor(transport, { concurrency: 10, ...options })
    for (let batch = 0; batch < 5; batch++) await parts.send(urlsOf(1))
    expect(codes(await parts.send(urlsOf(1)))).toEqual(['circuit/open'])
    return { ...parts, transport }
  }

  /** Advances the virtual clock. */
  async function wait(transport: MockTransport, ms: number): Promise<void> {
    await new Promise<void>(resolve => transport.clock.after(ms, resolve))
  }

  test('exactly one probe is sent, and a good answer closes the breaker', async () => {
    const { send, transport, close } = await opened(downUntil(1_000))
    await wait(transport, 9_999)
    expect(codes(await send(urlsOf(5)))).toEqual(times(5, 'circuit/open'))
    await wait(transport, 1)
    const before = transport.requests.length
    const outcomes = await send(urlsOf(20))
    expect(codes(outcomes).filter(code => code === 'ok')).toHaveLength(1)
    expect(codes(outcomes).filter(code => code === 'circuit/open')).toHaveLength(19)
    expect(transport.requests.length - before).toBe(1)
    expect(codes(await send(urlsOf(20)))).toEqual(times(20, 'ok'))
    await close()
  })

  test('a failing probe opens the breaker again for a whole cooldown', async () => {
    const { send, transport, close } = await opened(downUntil(Infinity))
    await wait(transport, 10_000)
    const before = transport.requests.length
    const [probe, ...others] = await send(urlsOf(20))
    expect(codes([probe as Outcome])).toEqual(['http/500'])
    expect(codes(others)).toEqual(times(19, 'circuit/open'))
    const [refused] = await send(urlsOf(1))
    const nowMs = transport.clock.now()
    expect(refused?.error?.retryAt).toBe(EPOCH_MS + nowMs + 10_000)
    await wait(transport, 9_999)
    expect(codes(await send(urlsOf(1)))).toEqual(['circuit/open'])
    expect(transport.requests.length - before).toBe(1)
    await wait(transport, 1)
    await send(urlsOf(5))
    expect(transport.requests.length - before).toBe(2)
    await close()
  })

  test('a throttled probe leaves the decision to the next one', async () => {
    const script: MockResponse[] = [...times(5, DOWN), { status: 429, headers: { 'retry-after': '3' } }, OK]
    const { send, transport, close } = await opened(() => script.shift() ?? OK)
    await wait(transport, 10_000)
    expect(codes(await send(urlsOf(1)))).toEqual(['ok'])
    expect(codes(await send(urlsOf(10)))).toEqual(times(10, 'ok'))
    await close()
  })
})

test('requests that fail at an open breaker take no tokens from rates and budgets', async () => {
  const transport = mockTransport(downUntil(Infinity))
  const { send, close } = clientFor(transport, { rateLimit: { limit: 20, interval: '1h' }, budgets: { units: '20/h' } })
  expect(codes(await send(urlsOf(1_000))).filter(code => code === 'circuit/open')).toHaveLength(995)
  expect(codes(await send(urlsOf(15, OTHER)))).toEqual(times(15, 'ok'))
  expect(transport.clock.now()).toBeLessThan(1_000)
  await close()
})

test('a retry that finds the breaker open ends as circuit/open, and its sent attempts are counted', async () => {
  const transport = mockTransport(() => DOWN)
  const { send, close } = clientFor(transport, {
    breaker: { failures: 2 },
    maxRetries: 5,
    retry: { backoff: () => 100 },
  })
  const [outcome] = await send(urlsOf(1))
  expect([outcome?.error?.code, outcome?.attempts, transport.requests.length]).toEqual(['circuit/open', 2, 2])
  await close()
})
