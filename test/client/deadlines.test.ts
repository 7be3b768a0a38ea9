/**
 * `timeouts.total` covers every wait of a request; an abort settles everything within 100 ms; every entry of the input
 * gets exactly one outcome.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { ClientOptions, Outcome } from '../../src/index.ts'
import { mockTransport, virtualClock } from '../../src/testing/index.ts'
import type { MockHandler } from '../../src/testing/index.ts'
import { expectFigure } from '../support/figure.ts'

const HOST = 'http://a.test'
const urlsOf = (count: number, host = HOST): string[] => Array.from({ length: count }, (_, n) => `${host}/${n}`)

const TOTAL_MS = 1_000
const instant: MockHandler = () => ({ json: {} })

interface Tally {
  ok: number
  failed: number
  aborted: number
  notStarted: number
}

function tally(outcomes: readonly Outcome[]): Tally {
  const counts: Tally = { ok: 0, failed: 0, aborted: 0, notStarted: 0 }
  for (const { ok, error } of outcomes) {
    if (ok) counts.ok++
    else if (error.code === 'aborted/not_started') counts.notStarted++
    else if (error.code.startsWith('aborted/') || error.code === 'in_doubt/aborted') counts.aborted++
    else counts.failed++
  }
  return counts
}

describe('a total timeout', () => {
  test.each<[string, ClientOptions, MockHandler]>([
    ['a place', { concurrency: 1 }, () => ({ json: {}, latencyMs: 400 })],
    ['a place at its own host', { perHost: { concurrency: 1 } }, () => ({ json: {}, latencyMs: 400 })],
    ['a rate', { rateLimit: '1/500ms' }, instant],
    ['a rate of its host', { perHost: { rateLimit: '1/500ms' } }, instant],
    ['a budget', { budgets: { tokens: { limit: 10, interval: '600ms' } }, cost: 10 }, instant],
    ['a place that auto has not found yet', { concurrency: 'auto' }, () => ({ json: {}, latencyMs: 400 })],
    ['a back-off', { maxRetries: 9, retry: { backoff: () => 400 } }, () => ({ status: 500 })],
    ['hops', { maxRedirects: 20 }, ({ url }) => ({ status: 302, headers: { location: `${url}/x` }, latencyMs: 300 })],
    ['a host that never answers', { timeout: Infinity }, () => ({ json: {}, latencyMs: 1e9 })],
  ])('includes the wait for %s', async (_name, options, handler) => {
    const transport = mockTransport(handler)
    const client = new ParallelRequests({ transport, maxRetries: 0, timeouts: { total: TOTAL_MS }, ...options })
    // Batches of one request, so that all of them are taken from their input at the start.
    const batches = await Promise.all(urlsOf(40).map(url => client.request([url], { onFailure: 'settle' })))
    await client.close()
    const outcomes = batches.flat()
    const late = outcomes.filter(({ ok }) => !ok)
    expect(late.length).toBeGreaterThan(0)
    for (const { timings } of outcomes) expect(timings.total).toBeLessThanOrEqual(TOTAL_MS)
    expect(transport.clock.now()).toBeLessThanOrEqual(TOTAL_MS)
    const codes = new Set(late.map(({ error }) => error?.code))
    // A wait that would end too late is not begun: the failure is then that of the last attempt.
    expect([...codes].every(code => code === 'timeout/total' || code === 'http/500')).toBe(true)
  })

  test('includes the wait during the slow restart after a pause', async () => {
    const transport = mockTransport(({ attempt }) =>
      attempt === 1 ? { status: 429, latencyMs: 10 } : { json: {}, latencyMs: 300 },
    )
    const options = { transport, concurrency: 20, retry: { backoff: () => 100 }, timeouts: { total: TOTAL_MS } }
    const outcomes = await parallelRequests(urlsOf(20), { ...options, onFailure: 'settle' })
    const codes = outcomes.map(outcome => (outcome.ok ? 'ok' : outcome.error.code))
    // After the pause at 110 ms: one request until 410, two until 710; the next four would end at 1,010.
    expect(codes.filter(code => code === 'ok')).toHaveLength(3)
    expect(codes.filter(code => code === 'timeout/total')).toHaveLength(17)
    for (const { timings } of outcomes) expect(timings.total).toBeLessThanOrEqual(TOTAL_MS)
  })

  test('fails a request at once if the pause of its host lasts longer', async () => {
    const transport = mockTransport(({ attempt }) =>
      attempt === 1 ? { status: 429, headers: { 'retry-after': '5' }, latencyMs: 10 } : { json: {} },
    )
    const options = { transport, concurrency: 2, timeouts: { total: TOTAL_MS } }
    const outcomes = await parallelRequests(urlsOf(10), { ...options, onFailure: 'settle' })
    const codes = outcomes.map(({ error }) => String(error?.code))
    expect(codes.toSorted()).toEqual([
      ...Array.from({ length: 2 }, () => 'http/429'),
      ...Array.from({ length: 8 }, () => 'paused/retry_after'),
    ])
    expect(transport.clock.now()).toBeLessThan(100)
  })

  test('fails a retry at once if its circuit is open for longer', async () => {
    const transport = mockTransport(() => ({ status: 500, latencyMs: 10 }))
    const outcomes = await parallelRequests(urlsOf(20), {
      transport,
      concurrency: 2,
      breaker: { failures: 4 },
      maxRetries: 50,
      retry: { backoff: () => 200 },
      timeouts: { total: TOTAL_MS },
      onFailure: 'settle',
    })
    expect(new Set(outcomes.map(({ error }) => error?.code))).toEqual(new Set(['circuit/open']))
    for (const { timings } of outcomes) expect(timings.total).toBeLessThanOrEqual(TOTAL_MS)
  })

  test('frees the slot of its request, so that the next one is not delayed', async () => {
    const transport = mockTransport(({ index }) => ({ json: {}, latencyMs: index < 3 ? 1e9 : 10 }))
    const options = { transport, concurrency: 3, maxRetries: 0, timeout: Infinity, timeouts: { total: TOTAL_MS } }
    const outcomes = await parallelRequests(urlsOf(9), { ...options, onFailure: 'settle' })
    expect(tally(outcomes)).toEqual({ ok: 6, failed: 3, aborted: 0, notStarted: 0 })
    expect(transport.clock.now()).toBe(TOTAL_MS + 20)
  })
})

describe('an abort in virtual time', () => {
  test.each<[string, ClientOptions, MockHandler]>([
    ['slots', { concurrency: 3 }, () => ({ json: {}, latencyMs: 250 })],
    ['rates', { rateLimit: '5/s' }, instant],
    ['budgets', { budgets: { tokens: '50/s' }, cost: 10 }, instant],
    [
      'a pause',
      { concurrency: 5 },
      ({ atMs }) => (atMs > 400 ? { status: 429, headers: { 'retry-after': '60' } } : { json: {}, latencyMs: 100 }),
    ],
    [
      'back-off',
      { maxRetries: 20, retry: { backoff: () => 300, budget: { reserve: Infinity } } },
      () => ({ status: 500 }),
    ],
    [
      'a quota',
      {},
      () => ({ json: {}, headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '60' }, latencyMs: 50 }),
    ],
    [
      'an open circuit',
      { breaker: true, concurrency: 2 },
      ({ index }) => ({ status: index < 20 ? 200 : 500, json: {}, latencyMs: 50 }),
    ],
    ['auto', { concurrency: 'auto' }, () => ({ json: {}, latencyMs: 250 })],
  ])('gives an outcome to every entry that waits for %s, in no time', async (_name, options, handler) => {
    const clock = virtualClock()
    const transport = mockTransport(handler, { clock })
    const abort = new AbortController()
    const client = new ParallelRequests({ transport, maxRetries: 0, ...options })
    const urls = [...urlsOf(60), ...urlsOf(40, 'http://b.test')]
    const done = client.request(urls, { onFailure: 'settle', signal: abort.signal })
    await clock.advance(900)
    const sentBefore = transport.requests.length
    abort.abort(new Error('enough'))
    // Nothing advances the clock any more, so a promise that needs time would never settle.
    const outcomes = await done
    expect(outcomes).toHaveLength(100)
    expect(outcomes.map(({ index }) => index)).toEqual(urls.map((_, index) => index))
    const { ok, failed, aborted, notStarted } = tally(outcomes)
    expect(ok + failed + aborted + notStarted).toBe(100)
    expect(transport.requests.length).toBe(sentBefore)
    // Only requests of which nothing was sent are not_started.
    for (const { error, attempts, request } of outcomes) {
      const wasSent = transport.requests.some(({ url }) => url === request.url)
      if (error?.code === 'aborted/not_started') expect([attempts, wasSent]).toEqual([0, false])
      if (error?.code === 'aborted/in_flight') expect([attempts > 0, wasSent]).toEqual([true, true])
    }
    expect(client.stats()).toMatchObject({ running: 0, queued: 0 })
    await client.close()
    expect(clock.pending).toBe(0)
  })
})

/** Fifty addresses with one kind of server each: some answer, some throttle, some fail, some never answer. */
async function fiftyServers(): Promise<string[]> {
  return Promise.all(
    Array.from({ length: 50 }, async (_, nth) => {
      const server = createServer((_request, response) => {
        const kind = nth % 5
        if (kind === 0) return
        if (kind === 1) return void response.writeHead(429, { 'retry-after': '30' }).end()
        if (kind === 2) return void response.writeHead(500).end()
        setTimeout(() => response.end('{}'), 20)
      })
      server.listen(0, `127.0.2.${nth + 1}`)
      await once(server, 'listening')
      onTestFinished(() => {
        server.closeAllConnections()
        server.close()
      })
      return `http://127.0.2.${nth + 1}:${(server.address() as AddressInfo).port}`
    }),
  )
}

test('an abort settles 10,000 requests to fifty real servers, and none is lost', async () => {
  const hosts = await fiftyServers()
  const urls = Array.from({ length: 200 }, (_, n) => hosts.map(host => `${host}/${n}`)).flat()
  const client = new ParallelRequests({ concurrency: 100, perHost: { concurrency: 5 } })
  onTestFinished(() => client.close())
  const abort = new AbortController()
  let okCount = 0
  const onProgress = ({ ok }: { readonly ok: number }): void => void (okCount = ok)
  const done = client.request(urls, { onFailure: 'settle', signal: abort.signal, onProgress })
  await expect.poll(() => okCount).toBeGreaterThan(0)
  expect(client.stats().running).toBeGreaterThan(0)
  const abortedAtMs = performance.now()
  abort.abort()
  const outcomes = await done
  expectFigure(performance.now() - abortedAtMs).toBeLessThan(100)
  const { ok, failed, aborted, notStarted } = tally(outcomes)
  expect(outcomes).toHaveLength(10_000)
  expect(outcomes.every((outcome, index) => outcome.index === index)).toBe(true)
  expect(ok + failed + aborted + notStarted).toBe(10_000)
  expect([ok > 0, aborted > 0, notStarted > 0]).toEqual([true, true, true])
  expect(client.stats()).toMatchObject({ running: 0, queued: 0 })
})

test('timeouts.total ends a parseFunc or a schema that never settles', async () => {
  const never = () => new Promise<never>(() => undefined)
  const schema = { '~standard': { version: 1, vendor: 'test', validate: never } } as const
  for (const options of [{ parseFunc: never }, { schema }]) {
    const transport = mockTransport(instant)
    const settle = { onFailure: 'settle', timeouts: { total: TOTAL_MS }, transport, ...options } as const
    const [outcome] = await parallelRequests([HOST], settle)
    expect([outcome?.error?.code, transport.clock.now()]).toEqual(['timeout/total', TOTAL_MS])
  }
})
