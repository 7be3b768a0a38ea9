/** The statistics of a client: numbers that are true at that moment, and lines for people. */
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions } from '../../src/index.ts'
import { mockTransport, virtualClock } from '../../src/testing/index.ts'
import type { MockHandler } from '../../src/testing/index.ts'

const HOST = 'https://api.example.com'
const urlsOf = (count: number, host = HOST): string[] => Array.from({ length: count }, (_, n) => `${host}/${n}`)

/** A client whose clock stands still until the test advances it. */
function stillClient(handler: MockHandler, options: ClientOptions = {}) {
  const clock = virtualClock()
  const transport = mockTransport(handler, { clock })
  const client = new ParallelRequests({ transport, maxRetries: 0, ...options })
  return { client, clock, transport }
}

const slow: MockHandler = () => ({ json: {}, latencyMs: 1_000 })

describe('the statistics of a client', () => {
  test('are empty before its first request', async () => {
    const { client } = stillClient(slow)
    expect({ ...client.stats() }).toEqual({ running: 0, queued: 0, attempts: 0, throttled: 0, lanes: [] })
    expect(String(client.stats())).toBe('')
    await client.close()
  })

  test('count running and waiting requests, including the backlog of an array', async () => {
    const { client, clock } = stillClient(slow, { perHost: { concurrency: 8 } })
    const done = client.request(urlsOf(20))
    await clock.advance(10)
    expect(client.stats()).toMatchObject({ running: 8, queued: 12, attempts: 8, throttled: 0 })
    expect(String(client.stats())).toBe('api.example.com 8/8 running, 12 queued')
    await clock.advance(1_000)
    expect(String(client.stats())).toBe('api.example.com 8/8 running, 4 queued')
    await clock.advance(2_000)
    await done
    expect(client.stats()).toMatchObject({ running: 0, queued: 0, attempts: 20 })
    expect(String(client.stats())).toBe('api.example.com 0/8 running, 0 queued')
    await client.close()
  })

  test('have a line per host, each with its own numbers', async () => {
    const { client, clock } = stillClient(slow, {
      concurrency: 10,
      perHost: { concurrency: 2 },
      hosts: { 'b.test': { concurrency: 3 } },
    })
    const done = client.request([...urlsOf(5), ...urlsOf(5, 'http://b.test'), ...urlsOf(1, 'http://c.test:8080')])
    await clock.advance(10)
    expect(String(client.stats()).split('\n').toSorted()).toEqual([
      'api.example.com 2/2 running, 3 queued',
      'b.test 3/3 running, 2 queued',
      'c.test:8080 1/2 running, 0 queued',
    ])
    expect(client.stats()).toMatchObject({ running: 6, queued: 5 })
    await clock.advance(5_000)
    await done
    await client.close()
  })

  test("show the client's concurrency for a host without its own, and no limit if there is none", async () => {
    for (const [concurrency, line] of [
      [20, 'api.example.com 1/20 running, 0 queued'],
      [Infinity, 'api.example.com 1 running, 0 queued'],
    ] as const) {
      const { client, clock } = stillClient(slow, { concurrency })
      const done = client.request(urlsOf(1))
      await clock.advance(10)
      expect(String(client.stats())).toBe(line)
      await clock.advance(1_000)
      await done
      await client.close()
    }
  })

  test('count requests that wait for a rate or a slot, for any kind of input', async () => {
    const { client, clock } = stillClient(slow, { rateLimit: '1/m' })
    const abort = new AbortController()
    const batches = [
      client.request(urlsOf(5), { onFailure: 'settle', signal: abort.signal }),
      client.request(new Set(urlsOf(1)), { onFailure: 'settle', signal: abort.signal }),
    ]
    await clock.advance(10)
    expect(client.stats()).toMatchObject({ running: 1, queued: 5, lanes: [{ running: 1, queued: 5 }] })
    abort.abort()
    await Promise.all(batches)
    expect(client.stats()).toMatchObject({ running: 0, queued: 0 })
    await client.close()
  })

  test('show how long a host is paused, and count throttled attempts', async () => {
    const { client, clock } = stillClient(
      ({ attempt }) => (attempt === 1 ? { status: 429, latencyMs: 10 } : { json: {}, latencyMs: 1_000 }),
      { perHost: { concurrency: 8 }, retry: { backoff: () => 1_250 } },
    )
    const done = client.request(urlsOf(12))
    await clock.advance(10 + 50)
    const stats = client.stats()
    expect(stats).toMatchObject({ running: 0, queued: 12, attempts: 8, throttled: 8, lanes: [{ pausedMs: 1_200 }] })
    expect(String(stats)).toBe('api.example.com 0/8 running, 12 queued, paused 1.2 s')
    await clock.advance(1_200)
    expect(String(client.stats())).toBe('api.example.com 1/8 running, 11 queued')
    await clock.advance(600_000)
    await done
    expect(client.stats().lanes[0]?.pausedMs).toBe(0)
    await client.close()
  })

  test('show an open or half-open circuit, and nothing for a closed one', async () => {
    const { client, clock } = stillClient(() => ({ status: 500 }), { breaker: { failures: 2, cooldown: '10s' } })
    const fail = async (): Promise<void> => void (await client.request(urlsOf(1), { onFailure: 'null' }))
    await fail()
    expect(client.stats().lanes[0]?.circuit).toBe('closed')
    expect(String(client.stats())).toBe('api.example.com 0/20 running, 0 queued')
    await fail()
    expect(client.stats().lanes[0]?.circuit).toBe('open')
    expect(String(client.stats())).toBe('api.example.com 0/20 running, 0 queued, circuit open')
    await clock.advance(10_000)
    expect(client.stats().lanes[0]?.circuit).toBe('half_open')
    expect(String(client.stats())).toBe('api.example.com 0/20 running, 0 queued, circuit half-open')
    await client.close()
  })

  test('show what is left of a published quota', async () => {
    const headers = { 'ratelimit-remaining': '7', 'ratelimit-reset': '60' }
    const { client } = stillClient(() => ({ json: {}, headers }))
    await client.request(urlsOf(1))
    expect(client.stats().lanes[0]?.quotaLeft).toBe(7)
    expect(String(client.stats())).toBe('api.example.com 0/20 running, 0 queued, 7 left of its quota')
    await client.close()
  })

  test('have no circuit and quota fields if there are none', async () => {
    const { client } = stillClient(() => ({ json: {} }))
    await client.request(urlsOf(1))
    const [lane] = client.stats().lanes
    expect(lane).not.toHaveProperty('circuit')
    expect(lane).not.toHaveProperty('quotaLeft')
    await client.close()
  })

  test("show what 'auto' has found, below maxConcurrency", async () => {
    const { client, clock } = stillClient(slow, { concurrency: 'auto', maxConcurrency: 30 })
    const done = client.request(urlsOf(200))
    await clock.advance(10)
    const [lane] = client.stats().lanes
    expect(lane?.concurrency).toBeGreaterThanOrEqual(1)
    expect(lane?.concurrency).toBeLessThanOrEqual(30)
    expect(lane?.running).toBe(lane?.concurrency)
    await clock.advance(600_000)
    await done
    await client.close()
  })

  test('are a snapshot and do not change later', async () => {
    const { client, clock } = stillClient(slow)
    const done = client.request(urlsOf(3))
    await clock.advance(10)
    const before = client.stats()
    await clock.advance(1_000)
    await done
    expect(before).toMatchObject({ running: 3, queued: 0 })
    expect(client.stats()).toMatchObject({ running: 0, attempts: 3 })
    await client.close()
  })

  test("name lanes by the caller's key if there is a limitKey", async () => {
    const { client } = stillClient(() => ({ json: {} }), { limitKey: ({ url }) => `tenant ${new URL(url).pathname}` })
    await client.request(urlsOf(2))
    expect(client.stats().lanes.map(({ host }) => host)).toEqual(['tenant /0', 'tenant /1'])
    await client.close()
  })

  test('print as JSON and in inspect like plain objects', async () => {
    const { client } = stillClient(() => ({ json: {} }))
    await client.request(urlsOf(2))
    expect(JSON.parse(JSON.stringify(client.stats()))).toEqual({
      running: 0,
      queued: 0,
      attempts: 2,
      throttled: 0,
      lanes: [
        { host: 'api.example.com', running: 0, concurrency: 20, queued: 0, attempts: 2, throttled: 0, pausedMs: 0 },
      ],
    })
    expect(inspect(client.stats())).toContain("host: 'api.example.com'")
    await client.close()
  })

  test('contain no secret of a URL', async () => {
    const { client, clock } = stillClient(slow, { concurrency: 1 })
    const done = client.request([
      'https://user:hunter2@api.example.com/a?token=hunter2',
      'https://user:hunter2@b.test/b?api_key=hunter2',
      'https://user:hunter2@b.test/c?api_key=hunter2',
    ])
    await clock.advance(10)
    const stats = client.stats()
    for (const text of [JSON.stringify(stats), inspect(stats, { depth: 9, showHidden: true }), String(stats)]) {
      expect(text).not.toContain('hunter2')
      expect(text).not.toContain('user')
    }
    await clock.advance(20_000)
    await done
    await client.close()
  })

  test('of a closed client are its final statistics, without hosts', async () => {
    const { client, clock } = stillClient(slow)
    const done = client.request(['https://a.test/1', 'https://a.test/2'], { onFailure: 'settle' })
    await clock.advance(60_000)
    await done
    await client.close()
    const { elapsedMs } = client.stats().statistics
    await clock.advance(5_000)
    expect(client.stats()).toMatchObject({ running: 0, queued: 0, lanes: [], statistics: { requests: 2, elapsedMs } })
  })
})
