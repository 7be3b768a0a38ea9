/**
 * The law of a rate limit through the whole client, in virtual time: whatever is retried, redirected, throttled or
 * late, and whatever the wall clock shows, the starts at the transport keep every rate and use nearly all of it.
 */
import { describe, expect, test } from 'vitest'
import type { Rate } from '../../src/core/rate.ts'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport, virtualClock } from '../../src/testing/index.ts'
import type { MockRequest, MockResponse, MockTransport, VirtualClock } from '../../src/testing/index.ts'
import type { Limit } from '../../src/policy/limit.ts'
import { rateLimit } from '../../src/policy/rate.ts'
import { makeCall } from '../support/calls.ts'
import { fc, randomFrom } from '../support/property.ts'
import { evenness, exactness, fixedWindow } from '../support/rate-law.ts'

const HOUR_MS = 3_600_000
const SERVER_EPOCH_MS = Date.UTC(2026, 0, 1)

/** The first breach of any of the rates by these starts, or undefined. */
function breachOf(startsMs: readonly number[], rates: readonly Rate[]): string | undefined {
  for (const rate of rates) {
    const breach = evenness(startsMs, rate) ?? exactness(startsMs, rate)
    if (breach !== undefined) return `${breach} by ${JSON.stringify(rate)}`
  }
  return undefined
}

/**
 * A clock that advances by itself when everything waits. Its timers are late, and its wall clock jumps by hours in both
 * directions.
 */
function unsteadyClock(chance: () => number, lateMs: number): VirtualClock {
  const clock = virtualClock(SERVER_EPOCH_MS)
  let scheduled = false
  let offByMs = 0
  const jump = (): void => {
    scheduled = false
    if (chance() < 0.1) offByMs = (chance() - 0.5) * 12 * HOUR_MS
    clock.advanceToNext()
    jumpSoon()
  }
  const jumpSoon = (): void => {
    if (scheduled || clock.pending === 0) return
    scheduled = true
    setImmediate(() => setImmediate(jump))
  }
  // Not a spread, because `pending` is a getter.
  return Object.create(clock, {
    epochMs: { value: () => clock.epochMs() + offByMs },
    after: {
      value: (delayMs: number, callback: () => void) => {
        const timer = clock.after(delayMs + chance() * lateMs, callback)
        jumpSoon()
        return timer
      },
    },
  }) as VirtualClock
}

/** How often each kind of answer was given, to check that no kind is missing. */
const given = { ok: 0, failed: 0, broken: 0, redirected: 0, throttled: 0, paused: 0 }

/** A host with every kind of fault, in the proportions of `trouble` (0 to 1). */
function answerer(chance: () => number, trouble: number, throttles: boolean) {
  return ({ url, atMs }: MockRequest): MockResponse => {
    const latencyMs = Math.floor(chance() * 3) * chance() * 100
    const fate = chance() / trouble
    if (fate < 0.3) return (given.failed++, { status: 503, latencyMs })
    if (fate < 0.4) return (given.broken++, { fault: 'reset/before_headers', latencyMs })
    if (fate < 0.6) {
      given.redirected++
      const host = chance() < 0.5 ? new URL(url).origin : 'http://b.test'
      return { status: 302, headers: { location: `${host}/hop/${chance()}` }, latencyMs }
    }
    if (fate < 0.8 && throttles) return (given.throttled++, { status: 429, latencyMs })
    if (fate < 1 && throttles) return (given.paused++, { status: 429, headers: retryAfter(chance, atMs), latencyMs })
    given.ok++
    return { json: {}, latencyMs }
  }
}

/** In seconds, or as a date of the server's clock, which is right. */
function retryAfter(chance: () => number, atMs: number): Record<string, string> {
  if (chance() < 0.5) return { 'retry-after': String(Math.floor(chance() * 4)) }
  const date = (ms: number): string => new Date(SERVER_EPOCH_MS + ms).toUTCString()
  return { 'retry-after': date(atMs + 3_000 * chance()), date: date(atMs) }
}

interface Scenario {
  readonly rates: readonly Rate[]
  readonly concurrency: number
  readonly count: number
  readonly chance: () => number
  readonly lateMs: number
  readonly trouble: number
  readonly throttles: boolean
}

/** Sends a batch through its own client; every request ends. */
async function run({
  rates,
  concurrency,
  count,
  chance,
  lateMs,
  trouble,
  throttles,
}: Scenario): Promise<MockTransport> {
  const clock = unsteadyClock(chance, lateMs)
  const transport = mockTransport(answerer(chance, trouble, throttles), { clock })
  const client = new ParallelRequests({
    transport,
    concurrency,
    rateLimit: rates.map(({ limit, intervalMs, burst }) => ({ limit, interval: intervalMs, burst })),
    retry: { backoff: { base: '50ms', max: '1s' } },
  })
  const urls = Array.from({ length: count }, (_, index) => `http://${index % 4 === 0 ? 'c' : 'a'}.test/${index}`)
  const outcomes = await client.request(urls, { onFailure: 'settle' })
  expect(outcomes).toHaveLength(count)
  await client.close()
  return transport
}

const startsOf = ({ requests }: MockTransport): number[] => requests.map(({ atMs }) => atMs)

/** One to three simultaneous rates, which a batch of some dozens keeps busy for several intervals. */
const someRates: fc.Arbitrary<readonly Rate[]> = fc.array(
  fc
    .record({
      limit: fc.integer({ min: 1, max: 25 }),
      intervalMs: fc.oneof(fc.integer({ min: 200, max: 5_000 }), fc.double({ min: 200, max: 1_000, noNaN: true })),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ limit, intervalMs, share }) => ({ limit, intervalMs, burst: Math.max(1, Math.ceil(share * limit)) })),
  { minLength: 1, maxLength: 3 },
)

/** The earliest starts that the law allows without grace, computed from the law alone. */
function earliestMs(rates: readonly Rate[], count: number): number[] {
  const startsMs: number[] = []
  for (let nth = 0; nth < count; nth++) {
    let atMs = startsMs[nth - 1] ?? 0
    for (const { limit, intervalMs, burst } of rates) {
      if (nth >= limit) atMs = Math.max(atMs, (startsMs[nth - limit] as number) + intervalMs)
      for (const [from, startMs] of startsMs.entries()) {
        atMs = Math.max(atMs, startMs + ((nth - from + 1 - burst) * intervalMs) / limit)
      }
    }
    startsMs.push(atMs)
  }
  return startsMs
}

/** Starts as fast as a limiter allows, without a client. */
function traceOf(limit: Limit, chance: () => number, count: number): number[] {
  const startsMs: number[] = []
  let call = makeCall()
  for (let nowMs = chance() * 1_000; startsMs.length < count;) {
    const waitMs = limit.waitMs(nowMs, call)
    nowMs += waitMs
    if (waitMs > 0) continue
    limit.book(nowMs, call)
    call = makeCall()
    startsMs.push(nowMs)
    if (chance() < 0.1) nowMs += chance() * 3_000
  }
  return startsMs
}

describe('the starts of a client with rates', () => {
  test('keep all of them through retries, hops, pauses, late timers and jumps of the wall clock', async () => {
    const property = fc.asyncProperty(
      someRates,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(0, 1, 4, 50),
      fc.nat(),
      async (rates, concurrency, lateMs, start) => {
        const chance = randomFrom(start)
        const scenario = { rates, concurrency, chance, lateMs, count: 60, trouble: 0.4, throttles: true }
        const transport = await run(scenario)
        expect(transport.requests.length).toBeGreaterThan(0)
        expect(transport.mostAtOnce).toBeLessThanOrEqual(concurrency)
        expect(breachOf(startsOf(transport), rates)).toBeUndefined()
      },
    )
    await fc.assert(property, { numRuns: 40 })
    for (const count of Object.values(given)) expect(count).toBeGreaterThan(0)
  })

  test('use at least 97 % of them while there is a backlog, retries and hops included', async () => {
    const property = fc.asyncProperty(someRates, fc.nat(), async (rates, start) => {
      const chance = randomFrom(start)
      const scenario = { rates, concurrency: 1_000, chance, lateMs: 1, count: 150, trouble: 0.3, throttles: false }
      const { requests } = await run(scenario)
      // After the last request has been tried, only retries remain, and they back off.
      const backlog = requests.slice(0, requests.findLastIndex(({ attempt, url }) => attempt === 1 && !isHop(url)) + 1)
      expect(backlog.length).toBeGreaterThanOrEqual(150)
      const tookMs = (backlog.at(-1)?.atMs ?? 0) - (backlog[0]?.atMs ?? 0)
      const leastMs = earliestMs(rates, backlog.length).at(-1) ?? 0
      expect(tookMs).toBeLessThanOrEqual(leastMs / 0.97 + 1)
      expect(breachOf(startsOf({ requests } as MockTransport), rates)).toBeUndefined()
    })
    await fc.assert(property, { numRuns: 20 })
  })

  test.each([
    ['two windows at once', ['3/s', '100/m']],
    ['an even second', ['10/s']],
    ['intervals of several units', ['5/2s', '8/5s', '200/h']],
    ['a short interval under a long one', ['40/100ms', '1000/m']],
  ])('keep %s as written: %j', async (_name, rates) => {
    const clock = unsteadyClock(randomFrom(7), 2)
    const transport = mockTransport(answerer(randomFrom(11), 0.3, true), { clock })
    const client = new ParallelRequests({ transport, concurrency: 50, rateLimit: rates })
    const urls = Array.from({ length: 250 }, (_, index) => `http://a.test/${index}`)
    expect(await client.request(urls, { onFailure: 'settle' })).toHaveLength(250)
    await client.close()
    expect(breachOf(startsOf(transport), rates.map(meant))).toBeUndefined()
  })

  test('would break them with a fixed-window limiter, and the check finds that', () => {
    const broken = (make: (rate: Rate) => Limit) =>
      fc.property(someRates, fc.nat(), ([rate], start) => {
        const one = rate as Rate
        expect(breachOf(traceOf(make(one), randomFrom(start), 120), [one])).toBeUndefined()
      })
    expect(() => fc.assert(broken(fixedWindow), { numRuns: 200 })).toThrow(/starts in/)
    fc.assert(broken(rate => rateLimit(rate)))
  })
})

const isHop = (url: string): boolean => url.includes('/hop/')

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: HOUR_MS }

/** What the documentation says about a rate in words, without the code under test. */
function meant(text: string): Rate {
  const [, limit = '', times = '', unit = ''] = /^(\d+)\/(\d*)(ms|s|m|h)$/.exec(text) ?? []
  const intervalMs = Number(times === '' ? 1 : times) * (MS[unit] as number)
  return { limit: Number(limit), intervalMs, burst: intervalMs <= 1_000 ? 1 : Number(limit) }
}
