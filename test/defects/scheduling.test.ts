/**
 * Defects of other batch clients with time: inputs read too early, limits that do not limit, retries of requests that
 * cannot succeed.
 */
import { describe, expect, it } from 'vitest'
import { AbortError, ConfigError, ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import { mockTransport, virtualClock } from '../../src/testing/index.ts'
import { echoServer } from '../support/echo-server.ts'

describe('an input is pulled as there is room, and results come as they finish', () => {
  it('of a generator with 20,000 URLs, never more than the window is pulled and undelivered', async () => {
    let pulled = 0
    let given = 0
    let mostOpen = 0
    const urls = function* (): Generator<string> {
      for (let n = 0; n < 20_000; n++) {
        pulled++
        mostOpen = Math.max(mostOpen, pulled - given)
        yield `http://x.test/${n}`
      }
    }
    const transport = mockTransport(({ index }) => ({ json: index }))
    await using client = new ParallelRequests({ concurrency: 2, transport })
    for await (const outcome of client.stream(urls(), { window: 16 })) {
      expect(outcome.ok).toBe(true)
      // The reader is slow now and then: finished results wait, and nothing more is pulled.
      if (++given % 200 === 0) for (let turn = 0; turn < 40; turn++) await new Promise(resolve => setImmediate(resolve))
    }
    expect(given).toBe(20_000)
    expect(mostOpen).toBeLessThanOrEqual(16)
    expect(transport.mostAtOnce).toBeLessThanOrEqual(2)
  })

  it('leaving the loop after three results pulls at most the window more, and closes the input', async () => {
    let pulled = 0
    let closed = false
    const urls = async function* (): AsyncGenerator<string> {
      try {
        for (;;) yield `http://x.test/${pulled++}`
      } finally {
        closed = true
      }
    }
    await using client = new ParallelRequests({ concurrency: 2, transport: mockTransport(() => ({ json: 1 })) })
    let seen = 0
    for await (const _outcome of client.stream(urls(), { window: 8 })) if (++seen === 3) break
    expect(pulled).toBeLessThanOrEqual(3 + 8)
    await expect.poll(() => closed).toBe(true)
  })

  it('the first result arrives before the last URL is known', async () => {
    const { promise: last, resolve: giveLast } = Promise.withResolvers<string>()
    const urls = async function* (): AsyncGenerator<string> {
      yield 'http://x.test/first'
      yield await last
    }
    await using client = new ParallelRequests({ transport: mockTransport(({ url }) => ({ json: url })) })
    const stream = client.stream(urls())
    expect((await stream.next()).value).toMatchObject({ value: 'http://x.test/first' })
    giveLast('http://x.test/last')
    expect((await stream.next()).value).toMatchObject({ value: 'http://x.test/last' })
  })

  it('an aborted batch keeps its results and has an outcome for every URL', async () => {
    const server = await echoServer((echo, response) => {
      if (echo.url.startsWith('/quick')) response.end('1')
    })
    const controller = new AbortController()
    const urls = ['/quick/1', '/hang/1', '/quick/2', '/hang/2', '/never/1'].map(path => server.url + path)
    const call = parallelRequests(urls, {
      concurrency: 2,
      signal: controller.signal,
      hooks: {
        afterResponse: (_response, { request }) =>
          void (request.url.endsWith('/quick/2') && setImmediate(() => controller.abort())),
      },
    })
    const error: unknown = await call.catch((thrown: unknown) => thrown)
    if (!(error instanceof AbortError)) throw new Error('expected an AbortError')
    const outcomes = error.outcomes as readonly Outcome[]
    expect(outcomes.map(outcome => (outcome.ok ? outcome.value : outcome.error.code))).toEqual([
      1,
      'aborted/in_flight',
      1,
      expect.stringMatching(/^aborted\//),
      expect.stringMatching(/^aborted\//),
    ])
  })
})

describe('a rate keeps the order of the input and needs few timers', () => {
  it('300 requests at 100 per second start evenly, in order, with fewer than ten timers each', async () => {
    const clock = virtualClock()
    let timers = 0
    const counting = Object.create(clock, {
      after: {
        value: (delayMs: number, callback: () => void) => {
          timers++
          return clock.after(delayMs, callback)
        },
      },
    }) as typeof clock
    const transport = mockTransport(() => ({ json: 1 }), { clock: counting })
    const urls = Array.from({ length: 300 }, (_, n) => `http://x.test/${n}`)
    const call = parallelRequests(urls, { transport, concurrency: 300, rateLimit: '100/s' })
    for (let step = 0; step < 400 && transport.requests.length < 300; step++) await clock.advance(10)
    expect(await call).toHaveLength(300)
    expect(transport.requests.map(({ index }) => index)).toEqual(urls.map((_url, n) => n))
    const starts = transport.requests.map(({ atMs }) => atMs)
    for (let n = 100; n < 300; n++)
      expect((starts[n] as number) - (starts[n - 100] as number)).toBeGreaterThanOrEqual(1_000)
    expect(starts.at(-1)).toBeLessThan(3_100)
    // A few timers per request; one per waiting request and start would be 45,000.
    expect(timers).toBeLessThan(300 * 10)
  })
})

describe('a limit of zero or less is a ConfigError, not a hang', () => {
  it.each([
    { rateLimit: 0 },
    { rateLimit: '0/s' },
    { rateLimit: { limit: 0, interval: '1s' } },
    { rateLimit: { limit: 5, interval: 0 } },
    { rateLimit: { limit: 5, interval: '1s', burst: 0 } },
    { rateLimit: 5, rateLimitBurst: 0 },
    { concurrency: 0 },
    { concurrency: -1 },
    { window: 0 },
    { maxRetries: -1 },
    { timeout: 0 },
  ])('for %j', async options => {
    const transport = mockTransport(() => ({ json: 1 }))
    await expect(parallelRequests(['http://x.test/'], { ...options, transport })).rejects.toBeInstanceOf(ConfigError)
    expect(transport.requests).toHaveLength(0)
  })
})

describe('concurrency is exact', () => {
  it('500 attempts at once are 500 on the wire, and none fails for lack of a connection', async () => {
    const waiting: (() => void)[] = []
    const server = await echoServer((_echo, response) => {
      // Answers only when all have arrived: with fewer than 500 connections at once the test would hang.
      waiting.push(() => void response.end('1'))
      if (waiting.length === 500) for (const answer of waiting) answer()
    })
    const urls = Array.from({ length: 500 }, (_, n) => `${server.url}/${n}`)
    const values = await parallelRequests(urls, { concurrency: 500, maxRetries: 0 })
    expect(values).toEqual(urls.map(() => 1))
    expect(server.mostAtOnce).toBe(500)
    expect(server.connections).toBe(500)
  })

  it('3 attempts at once are 3 on the wire over 3 connections, however many requests there are', async () => {
    const server = await echoServer((_echo, response) => void setTimeout(() => response.end('1'), 2))
    const urls = Array.from({ length: 60 }, (_, n) => `${server.url}/${n}`)
    await parallelRequests(urls, { concurrency: 3 })
    expect(server.mostAtOnce).toBe(3)
    expect(server.connections).toBe(3)
  })
})

describe('a request that cannot succeed is not retried', () => {
  it.each(['ftp://x.test/a', 'http://x.test:99999/', 'not a url', 'file:///etc/passwd'])(
    '%j fails at once, without an attempt, a retry or a wait',
    async url => {
      const transport = mockTransport(() => ({ json: 1 }))
      const outcome = await parallelRequests(url, { transport, maxRetries: 3, onFailure: 'settle' })
      expect(outcome.error?.code).toBe('invalid_request/url')
      expect(outcome.attempts).toBe(0)
      expect(transport.requests).toHaveLength(0)
      expect(transport.clock.now()).toBe(0)
    },
  )

  it.each([
    [{ status: 404 }, 'http/404'],
    [{ text: 'not json' }, 'parse/json'],
    [{ fault: 'dns/not_found' }, 'dns/not_found'],
    [{ fault: 'tls/untrusted' }, 'tls/untrusted'],
    [{ fault: 'too_large/body' }, 'too_large/body'],
  ] as const)('a request that is answered with %j is sent once', async (answer, code) => {
    const transport = mockTransport(() => answer)
    const outcome = await parallelRequests('http://x.test/', { transport, maxRetries: 3, onFailure: 'settle' })
    expect(outcome.error?.code).toBe(code)
    expect(transport.requests).toHaveLength(1)
  })
})
