/**
 * A server that publishes its quota, counts requests, and would answer 429 beyond it: it never has to. In virtual time
 * for every dialect, once against a real server, and with meaningless headers.
 */
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions, Outcome } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockTransport } from '../../src/testing/index.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)
const LIMIT = 100
const WINDOW_MS = 2_000

/** The server's count: how much is left, and when the quota is renewed. */
interface Count {
  readonly left: number
  readonly resetMs: number
  readonly resetEpochMs: number
}

type Dialect = (count: Count) => Readonly<Record<string, string>>

const up = (ms: number): number => Math.ceil(ms / 1_000)
const down = (ms: number): number => Math.floor(ms / 1_000)

const DIALECTS: Readonly<Record<string, Dialect>> = {
  'RateLimit with its policy, t rounded up': ({ left, resetMs }) => ({
    ratelimit: `"q";r=${left};t=${up(resetMs)}`,
    'ratelimit-policy': `"q";q=${LIMIT};w=2`,
  }),
  'RateLimit with its policy, t rounded down': ({ left, resetMs }) => ({
    ratelimit: `"q";r=${left};t=${down(resetMs)}`,
    'ratelimit-policy': `"q";q=${LIMIT};w=2`,
  }),
  'RateLimit without a policy, t rounded up': ({ left, resetMs }) => ({ ratelimit: `"q";r=${left};t=${up(resetMs)}` }),
  'RateLimit without a policy, t rounded down': ({ left, resetMs }) => ({
    ratelimit: `"q";r=${left};t=${down(resetMs)}`,
  }),
  'RateLimit of draft 7': ({ left, resetMs }) => ({
    ratelimit: `limit=${LIMIT}, remaining=${left}, reset=${up(resetMs)}`,
  }),
  'RateLimit-Remaining and -Reset, rounded up': ({ left, resetMs }) => ({
    'ratelimit-limit': String(LIMIT),
    'ratelimit-remaining': String(left),
    'ratelimit-reset': String(up(resetMs)),
  }),
  'RateLimit-Remaining and -Reset, rounded down': ({ left, resetMs }) => ({
    'ratelimit-remaining': String(left),
    'ratelimit-reset': String(down(resetMs)),
  }),
  'X-RateLimit-* with seconds since 1970, rounded up': ({ left, resetEpochMs }) => ({
    'x-ratelimit-limit': String(LIMIT),
    'x-ratelimit-remaining': String(left),
    'x-ratelimit-reset': String(up(resetEpochMs)),
  }),
  'X-RateLimit-* with seconds since 1970, rounded down': ({ left, resetEpochMs }) => ({
    'x-ratelimit-remaining': String(left),
    'x-ratelimit-reset': String(down(resetEpochMs)),
  }),
}

/** Not a whole second, so that any rounding shows. */
const FIRST_ENDS_MS = 1_337

/** Counts requests per fixed window. A window starts with the first request after the previous one. */
function counter(now: () => number, epochMs: () => number, limit = LIMIT, windowMs = WINDOW_MS) {
  let endsAtMs = windowMs === WINDOW_MS ? FIRST_ENDS_MS : 0
  let used = 0
  return (): { readonly ok: boolean; readonly count: Count } => {
    const nowMs = now()
    if (nowMs >= endsAtMs) {
      endsAtMs = nowMs + windowMs
      used = 0
    }
    const ok = used < limit
    if (ok) used++
    const resetMs = endsAtMs - nowMs
    return { ok, count: { left: limit - used, resetMs, resetEpochMs: epochMs() + resetMs } }
  }
}

interface QuotaServer {
  readonly transport: MockTransport
  /** The number of 429 answers. */
  refused: number
}

/**
 * `counted.test` counts; any other host accepts everything. A request is counted when it arrives, and answered later.
 */
function quotaServer(dialect: Dialect, limit = LIMIT, windowMs = WINDOW_MS): QuotaServer {
  const take = counter(
    () => transport.clock.now(),
    () => transport.clock.epochMs(),
    limit,
    windowMs,
  )
  const transport = mockTransport(({ url, index }) => {
    const latencyMs = 10 + ((index * 37) % 60)
    if (!url.startsWith('http://counted.test/')) return { json: {}, latencyMs }
    const { ok, count } = take()
    if (!ok) server.refused++
    return ok ? { json: {}, headers: dialect(count), latencyMs } : { status: 429, headers: dialect(count), latencyMs }
  })
  const server: QuotaServer = { transport, refused: 0 }
  return server
}

const urlsOf = (count: number, host = 'http://counted.test'): string[] =>
  Array.from({ length: count }, (_, n) => `${host}/${n}`)

async function send(options: ClientOptions, urls: readonly string[]): Promise<Outcome[]> {
  const client = new ParallelRequests({ maxRetries: 0, ...options })
  try {
    return await client.request(urls, { onFailure: 'settle' })
  } finally {
    await client.close()
  }
}

const okOf = (outcomes: readonly Outcome[]): number => outcomes.filter(({ ok }) => ok).length

describe.each(Object.entries(DIALECTS))('a server that counts and publishes %s', (_name, dialect) => {
  test.each([1, 5, 20, 50])('never has to answer 429 with %i slots', async concurrency => {
    const server = quotaServer(dialect)
    const outcomes = await send({ transport: server.transport, concurrency }, urlsOf(500))
    expect(okOf(outcomes)).toBe(500)
    expect(server.refused).toBe(0)
    // Each request once, and no other.
    expect(server.transport.requests).toHaveLength(500)
    // Five windows, each with at most a second lost by rounding once or twice.
    expect(server.transport.clock.now()).toBeGreaterThanOrEqual(4 * WINDOW_MS)
    expect(server.transport.clock.now()).toBeLessThanOrEqual(5 * (WINDOW_MS + 2_500))
  })

  test('slows down only its own host', async () => {
    const both = [...urlsOf(300), ...urlsOf(300, 'http://other.test')]
    const lastAtMs = async (urls: string[], ready: QuotaServer): Promise<number> => {
      expect(okOf(await send({ transport: ready.transport, concurrency: 20 }, urls))).toBe(urls.length)
      expect(ready.refused).toBe(0)
      const others = ready.transport.requests.filter(({ url }) => url.startsWith('http://other.test/'))
      return Math.max(...others.map(({ atMs }) => atMs))
    }
    const unheard = quotaServer(() => ({}), Infinity)
    const freely = await lastAtMs(both, unheard)
    expect(await lastAtMs(both, quotaServer(dialect))).toBeLessThanOrEqual(freely / 0.95)
  })
})

test('with respectServerLimits: false the server answers 429, and the client waits for Retry-After', async () => {
  const dialect = DIALECTS['RateLimit without a policy, t rounded up'] as Dialect
  const server = quotaServer(dialect)
  const options: ClientOptions = { transport: server.transport, concurrency: 20, respectServerLimits: false }
  expect(okOf(await send(options, urlsOf(500)))).toBe(500)
  expect(server.refused).toBeGreaterThan(0)
})

test('a quota that is renewed too late gets one probe, whose refusal fails the others with retryAt', async () => {
  const renewedMs = 3_600_000
  const server = quotaServer(({ left, resetMs }) => ({ ratelimit: `"q";r=${left};t=${up(resetMs)}` }), 30, renewedMs)
  const outcomes = await send({ transport: server.transport, concurrency: 5 }, urlsOf(100))
  expect(server.refused).toBe(1)
  expect(okOf(outcomes)).toBe(30)
  expect(server.transport.requests).toHaveLength(31)
  expect(server.transport.requests[30]?.atMs).toBeLessThanOrEqual(121_000)
  const failures = outcomes.filter(outcome => !outcome.ok).map(({ error }) => error)
  expect(failures.map(error => error?.code).toSorted()).toEqual([
    'http/429',
    ...Array.from({ length: 69 }, () => 'paused/retry_after'),
  ])
  for (const error of failures) {
    expect(error?.retryAt).toBeGreaterThanOrEqual(EPOCH_MS + renewedMs)
    expect(error?.retryAt).toBeLessThanOrEqual(EPOCH_MS + renewedMs + 5_000)
  }
  expect(server.transport.clock.now()).toBeLessThan(125_000)
})

test('a host that reports an empty quota for an hour but keeps answering is believed once, not per request', async () => {
  const headers = { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '3600' }
  const transport = mockTransport(() => ({ json: {}, headers, latencyMs: 50 }))
  expect(okOf(await send({ transport, concurrency: 10 }, urlsOf(50)))).toBe(50)
  expect(transport.clock.now()).toBeLessThanOrEqual(121_000)
})

test('Retry-After overrides the quota headers of the same response and of earlier ones', async () => {
  const quota = { 'ratelimit-policy': '"day";q=1000;w=86400', ratelimit: '"day";r=0;t=3600' }
  const transport = mockTransport(({ atMs, index }) => {
    if (atMs >= 1_000) return { json: {} }
    if (index === 0) return { json: {}, headers: quota, latencyMs: 10 }
    return { status: 429, headers: { ...quota, 'retry-after': '1' }, latencyMs: 20 }
  })
  expect(okOf(await send({ transport, concurrency: 5 }, urlsOf(20)))).toBe(20)
  expect(transport.clock.now()).toBeLessThan(4_000)
})

test('a request whose deadline is before the renewal may be the probe', async () => {
  const headers = { 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' }
  const transport = mockTransport(({ index }) => ({ json: {}, headers: index === 0 ? headers : {}, latencyMs: 50 }))
  const options: ClientOptions = { transport, concurrency: 1, timeouts: { total: '30s' } }
  expect(okOf(await send(options, urlsOf(3)))).toBe(3)
})

const NONSENSE: readonly Readonly<Record<string, string>>[] = [
  { ratelimit: '' },
  { ratelimit: '"q"' },
  { ratelimit: '"q";r=-1;t=60' },
  { ratelimit: '"q";r=NaN;t=60' },
  { ratelimit: '"q";r=1e9;t=60' },
  { ratelimit: '"q;r=0;t=60' },
  { ratelimit: `${'a,'.repeat(3_000)}"q";r=0;t=60` },
  { ratelimit: '"q";r=0' },
  { ratelimit: '"q";r=0;t=-5' },
  { ratelimit: '"q";r=0;t=soon' },
  { ratelimit: '"q";r=0;t=99999999999999999999' },
  { ratelimit: '"q";t=60' },
  { ratelimit: ';;;===,,,""' },
  { 'ratelimit-remaining': '-1', 'ratelimit-reset': '60' },
  { 'ratelimit-remaining': '0' },
  { 'ratelimit-remaining': 'none', 'ratelimit-reset': '60' },
  { 'ratelimit-remaining': '0', 'ratelimit-reset': 'never' },
  { 'ratelimit-remaining': '0', 'ratelimit-reset': '1e400' },
  { 'ratelimit-limit': '0', 'ratelimit-remaining': '0', 'ratelimit-reset': '60' },
  { 'ratelimit-reset': '60' },
  { 'x-ratelimit-remaining': '0x0', 'x-ratelimit-reset': '60' },
  { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '99999999999' },
  { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'Thu, 01 Jan 2099 00:00:00 GMT' },
  { 'x-ratelimit-limit': 'unlimited', 'x-ratelimit-remaining': 'unlimited', 'x-ratelimit-reset': '60' },
  { 'ratelimit-policy': '"q";q=0;w=0' },
  { ratelimit: '"q";r=0;t=0', 'ratelimit-policy': '"q";q=0;w=60' },
  { 'x-ratelimit-remaining': '0, 0, 0', 'x-ratelimit-reset': '60, 60' },
]

describe('meaningless quota headers', () => {
  const freely = 50
  test.each(NONSENSE.map(headers => [JSON.stringify(headers).slice(0, 90), headers] as const))(
    'neither hang nor slow down a run: %s',
    async (_name, headers) => {
      const transport = mockTransport(() => ({ json: {}, headers, latencyMs: freely }))
      expect(okOf(await send({ transport, concurrency: 10 }, urlsOf(50)))).toBe(50)
      expect(transport.clock.now()).toBe(5 * freely)
    },
  )
})

test.each([
  // Renewed long ago by a server that reports nothing new: three requests at a time find out.
  ['1000000001', 600],
  ['2019-01-01T00:00:00Z', 600],
  ['0.0', 600],
  // Possibly less than a second, rounded down: each request waits that long.
  ['0', 50 * 1_050],
])('a quota that is always used up and always renewed at %s is not believed for long', async (reset, mostMs) => {
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }
  const transport = mockTransport(() => ({ json: {}, headers, latencyMs: 50 }))
  expect(okOf(await send({ transport, concurrency: 10 }, urlsOf(50)))).toBe(50)
  expect(transport.clock.now()).toBeLessThanOrEqual(mostMs)
})
