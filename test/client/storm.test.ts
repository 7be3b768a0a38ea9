/**
 * One host of twenty throttles: it is paused as long as it asks, restarts with one probe and never with all requests at
 * once, and costs the other nineteen nothing. In virtual time; storm-real-time.test.ts asks real servers.
 */
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions, Outcome } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockRequest, MockResponse, MockTransport } from '../../src/testing/index.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)
const LATENCY_MS = 50
const HOSTS = Array.from({ length: 20 }, (_, nth) => `http://h${nth}.test`)
const STORMY = HOSTS[0] as string

const isStormy = ({ url }: { readonly url: string }): boolean => url.startsWith(`${STORMY}/`)

/** The hosts in turn, so that the input order favours none. */
function urlsFor(hosts: readonly string[], each: number): string[] {
  return Array.from({ length: each }, (_, n) => hosts.map(host => `${host}/${n}`)).flat()
}

/** A throttled answer of the stormy host: when it came, and until when it asks for a pause. */
interface Throttled {
  readonly atMs: number
  readonly startedAtMs: number
  readonly untilMs: number
}

interface Storm {
  readonly transport: MockTransport
  readonly throttled: Throttled[]
}

/** The answer of the stormy host while it throttles. Without a header it does not say for how long. */
interface Weather {
  readonly status: 429 | 503
  readonly retryAfterS?: number
}

/** Every host answers after the same time. The stormy host throttles requests that arrive before `untilMs`. */
function storm(untilMs: number, { status, retryAfterS }: Weather): Storm {
  const throttled: Throttled[] = []
  const transport = mockTransport((request: MockRequest): MockResponse => {
    const answer = { json: {}, latencyMs: LATENCY_MS }
    if (!isStormy(request) || request.atMs >= untilMs) return answer
    const atMs = request.atMs + LATENCY_MS
    throttled.push({ atMs, startedAtMs: request.atMs, untilMs: atMs + (retryAfterS ?? 0) * 1_000 })
    const headers = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
    return { status, headers, latencyMs: LATENCY_MS }
  })
  return { transport, throttled }
}

async function send(options: ClientOptions, urls: readonly string[]): Promise<Outcome[]> {
  const client = new ParallelRequests({ maxRetries: 0, ...options })
  try {
    return await client.request(urls, { onFailure: 'settle' })
  } finally {
    await client.close()
  }
}

const codesOf = (outcomes: readonly Outcome[]): string[] => [
  ...new Set(outcomes.map(outcome => (outcome.ok ? 'ok' : outcome.error.code))),
]

/** Answers per second of the other hosts, from the first start to the last answer. */
function othersRate({ requests }: MockTransport): number {
  const others = requests.filter(request => !isStormy(request)).map(({ atMs }) => atMs)
  return (others.length / (Math.max(...others) + LATENCY_MS - Math.min(...others))) * 1_000
}

/** The number of requests to the stormy host at each moment, in order. */
function startsBySize({ requests }: MockTransport): { readonly atMs: number; readonly count: number }[] {
  const starts: { atMs: number; count: number }[] = []
  for (const { atMs } of requests.filter(isStormy)) {
    const last = starts.at(-1)
    if (last?.atMs === atMs) last.count++
    else starts.push({ atMs, count: 1 })
  }
  return starts
}

const WEATHERS: [string, Weather][] = [
  ['429 and Retry-After', { status: 429, retryAfterS: 2 }],
  ['429 without a word of how long', { status: 429 }],
  ['503 and Retry-After', { status: 503, retryAfterS: 2 }],
]

const LIMITS: [string, ClientOptions][] = [
  ['slots that all hosts share', { concurrency: 40 }],
  ['slots of their own', { concurrency: 1_000, perHost: { concurrency: 4 } }],
  ['a rate that all hosts share', { concurrency: 1_000, rateLimit: '200/s' }],
  ['rates of their own', { concurrency: 1_000, perHost: { rateLimit: '20/s' } }],
]

describe.each(WEATHERS)('while one host of twenty answers %s', (_weather, weather) => {
  test.each(LIMITS)(
    'with %s the others keep 95 %% of their rate, and every request succeeds',
    async (_name, options) => {
      const urls = urlsFor(HOSTS, 60)
      const calm = storm(0, weather)
      expect(codesOf(await send({ ...options, transport: calm.transport }, urls))).toEqual(['ok'])
      const stormy = storm(7_000, weather)
      expect(codesOf(await send({ ...options, transport: stormy.transport }, urls))).toEqual(['ok'])
      expect(stormy.throttled.length).toBeGreaterThan(0)
      expect(othersRate(stormy.transport)).toBeGreaterThanOrEqual(0.95 * othersRate(calm.transport))
    },
  )
})

describe.each(WEATHERS.filter(([, { retryAfterS }]) => retryAfterS !== undefined))(
  'a host that answers %s',
  (_weather, weather) => {
    test('gets nothing until the end of its pause, and then one probe', async () => {
      const { transport, throttled } = storm(7_000, weather)
      expect(codesOf(await send({ transport, concurrency: 40 }, urlsFor(HOSTS, 60)))).toEqual(['ok'])
      const starts = startsBySize(transport)
      const rounds = roundsOf(throttled)
      expect(rounds.length).toBeGreaterThanOrEqual(3)
      for (const { atMs, untilMs } of rounds) {
        expect(starts.filter(start => start.atMs > atMs && start.atMs < untilMs)).toEqual([])
        const next = starts.find(start => start.atMs >= untilMs)
        expect(next?.count).toBe(1)
        // Our jitter adds at most a second.
        expect(next?.atMs).toBeLessThanOrEqual(untilMs + 1_000)
      }
      // Every round after the first is one probe.
      expect(rounds.slice(1).map(({ count }) => count)).toEqual(rounds.slice(1).map(() => 1))
    })
  },
)

interface RoundOf {
  /** When its first answer came. */
  readonly atMs: number
  untilMs: number
  count: number
}

/** Throttled answers to requests that were sent before the first of them are one round. */
function roundsOf(throttled: readonly Throttled[]): RoundOf[] {
  const rounds: RoundOf[] = []
  for (const { atMs, startedAtMs, untilMs } of throttled.toSorted((a, b) => a.atMs - b.atMs)) {
    const last = rounds.at(-1)
    if (last === undefined || startedAtMs > last.atMs) rounds.push({ atMs, untilMs, count: 1 })
    else {
      last.count++
      last.untilMs = Math.max(last.untilMs, untilMs)
    }
  }
  return rounds
}

test('after its pause a host gets 1, 2, 4 and 8 requests at a time, up to its previous number', async () => {
  const { transport, throttled } = storm(1_000, { status: 429, retryAfterS: 3 })
  const urls = urlsFor([STORMY], 100)
  expect(codesOf(await send({ transport, concurrency: 20 }, urls))).toEqual(['ok'])
  expect(throttled).toHaveLength(20)
  const [before, ...after] = startsBySize(transport).map(({ count }) => count)
  expect(before).toBe(20)
  expect(after.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 20])
})

test('a throttled answer during the restart starts the next pause, and the restart begins with one again', async () => {
  let answers = 0
  const transport = mockTransport(() => {
    answers++
    // The 20 of the beginning; then one of the four in the third step of the restart, before the other three.
    if (answers <= 20) return { status: 429, headers: { 'retry-after': '2' }, latencyMs: LATENCY_MS }
    if (answers === 25) return { status: 429, headers: { 'retry-after': '2' }, latencyMs: LATENCY_MS - 10 }
    return { json: {}, latencyMs: LATENCY_MS }
  })
  expect(codesOf(await send({ transport, concurrency: 20 }, urlsFor([STORMY], 100)))).toEqual(['ok'])
  const counts = startsBySize(transport).map(({ count }) => count)
  expect(counts.slice(0, 9)).toEqual([20, 1, 2, 4, 1, 2, 4, 8, 16])
  const [, , , third, probe] = startsBySize(transport)
  expect((probe?.atMs ?? 0) - (third?.atMs ?? 0)).toBeGreaterThanOrEqual(2_000 + LATENCY_MS - 10)
})

test('the back-off of a host that does not say how long doubles per round, and not per answer', async () => {
  const rounds = 6
  let probes = 0
  const asked: number[] = []
  const transport = mockTransport(({ attempt }) => {
    if (attempt > 1) probes++
    return probes < rounds ? { status: 429, latencyMs: 10 } : { json: {}, latencyMs: 10 }
  })
  const retry = {
    backoff: (failures: number) => {
      asked.push(failures)
      return 100 * 2 ** (failures - 1)
    },
  }
  expect(codesOf(await send({ transport, concurrency: 20, retry }, urlsFor([STORMY], 20)))).toEqual(['ok'])
  // 20 at once are the first round, then one probe each.
  expect(asked).toEqual([...Array.from({ length: 20 }, () => 1), 2, 3, 4, 5, 6])
  const gaps = startsBySize(transport).map(({ atMs }, nth, all) => atMs - (all[nth - 1]?.atMs ?? 0))
  expect(gaps.slice(1, 1 + rounds)).toEqual([110, 210, 410, 810, 1_610, 3_210])
})

test('a good answer resets the back-off', async () => {
  const asked: number[] = []
  const script = [429, 429, 200, 429, 429, 200]
  const transport = mockTransport(({ index, attempt }) => ({
    status: script[index * 3 + attempt - 1] ?? 200,
    json: {},
  }))
  const retry = { backoff: (failures: number) => (asked.push(failures), 100) }
  expect(codesOf(await send({ transport, concurrency: 1, retry }, urlsFor([STORMY], 2)))).toEqual(['ok'])
  expect(asked).toEqual([1, 2, 1, 2])
})

describe('a pause that is too long', () => {
  test.each([
    ['maxRetryAfter', { retry: { maxRetryAfter: '10s' } }, 11],
    ['the deadline', { timeouts: { total: '10s' } }, 11],
    ['a maxRetryAfter of 0', { retry: { maxRetryAfter: 0 } }, 1],
  ] as const)('for %s fails queued and sent requests at once, with retryAt', async (_name, options, seconds) => {
    const transport = mockTransport(({ url }) =>
      url.startsWith(STORMY)
        ? { status: 429, headers: { 'retry-after': String(seconds) }, latencyMs: LATENCY_MS }
        : { json: {}, latencyMs: LATENCY_MS },
    )
    const urls = urlsFor([STORMY, 'http://calm.test'], 50)
    const outcomes = await send({ transport, concurrency: 5, ...options }, urls)
    const stormy = outcomes.filter(({ request }) => isStormy(request))
    expect(codesOf(outcomes.filter(({ request }) => !isStormy(request)))).toEqual(['ok'])
    const sent = transport.requests.filter(isStormy).length
    expect(sent).toBeLessThanOrEqual(5)
    const codes = stormy.map(({ error }) => error?.code)
    expect(codes.filter(code => code === 'http/429')).toHaveLength(sent)
    expect(codes.filter(code => code === 'paused/retry_after')).toHaveLength(50 - sent)
    // The first answer comes after 50 ms, and jitter is at most a second.
    for (const { error } of stormy) {
      expect(error?.retryAt).toBeGreaterThanOrEqual(EPOCH_MS + LATENCY_MS + seconds * 1_000)
      expect(error?.retryAt).toBeLessThanOrEqual(EPOCH_MS + 10 * LATENCY_MS + seconds * 1_000 + 1_000)
    }
    // No request has waited.
    expect(transport.clock.now()).toBeLessThan(1_000)
  })

  test('also fails requests that wait for a rate limit of much longer', async () => {
    const transport = mockTransport(() => ({ status: 429, headers: { 'retry-after': '7200' }, latencyMs: LATENCY_MS }))
    const perHost = { rateLimit: { limit: 2, interval: '1h', burst: 2 } }
    const client = new ParallelRequests({ transport, perHost })
    // Batches of one request, so that all of them are in the queue of the host.
    const outcomes = await Promise.all(urlsFor([STORMY], 8).map(url => client.request([url], { onFailure: 'settle' })))
    await client.close()
    expect(outcomes.flat().map(({ error }) => error?.code)).toEqual([
      ...Array.from({ length: 2 }, () => 'http/429'),
      ...Array.from({ length: 6 }, () => 'paused/retry_after'),
    ])
    expect(transport.clock.now()).toBe(LATENCY_MS)
  })

  test('for some requests is waited for by those with a longer maxRetryAfter', async () => {
    const { transport } = storm(100, { status: 429, retryAfterS: 20 })
    const specs = Array.from({ length: 20 }, (_, n) => ({
      url: `${STORMY}/${n}`,
      ...(n % 2 === 0 && { retry: { maxRetryAfter: '5s' } }),
    }))
    const client = new ParallelRequests({ transport, concurrency: 4 })
    const outcomes = await client.request(specs, { onFailure: 'settle' })
    await client.close()
    const codes = outcomes.map(outcome => (outcome.ok ? 'ok' : outcome.error.code))
    expect(codes.filter((_, n) => n % 2 === 1)).toEqual(Array.from({ length: 10 }, () => 'ok'))
    expect(codes.filter((_, n) => n % 2 === 0)).toEqual([
      'http/429',
      'http/429',
      ...Array.from({ length: 8 }, () => 'paused/retry_after'),
    ])
  })
})
