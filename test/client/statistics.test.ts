/** What a run and a client count, compared with the outcomes that were counted. */
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { Outcome, Statistics } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockHandler } from '../../src/testing/index.ts'
import { fc } from '../support/property.ts'
import { newRun, urlsTo } from '../support/resumed.ts'
import { echoServer } from '../support/echo-server.ts'

/** Exact figures of the outcomes, in the form of Statistics. */
function countsOf(outcomes: readonly Outcome[]): Partial<Statistics> {
  const sent = outcomes.filter(({ source }) => source === 'network')
  const failures = outcomes.filter(({ ok }) => !ok)
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
  const countBy = (names: readonly string[]): Record<string, number> =>
    Object.fromEntries([...Map.groupBy(names, name => name)].map(([name, same]) => [name, same.length]))
  return {
    requests: outcomes.length,
    ok: outcomes.length - failures.length,
    failed: failures.length,
    restored: outcomes.length - sent.length,
    attempts: sum(sent.map(({ attempts }) => attempts)),
    bytes: sum(sent.map(({ response }) => response?.bytes ?? 0)),
    codes: countBy(failures.map(({ error }) => error?.code ?? '')),
    statuses: countBy(outcomes.flatMap(({ response }) => (response === undefined ? [] : [String(response.status)]))),
  }
}

const sumOfHosts = (
  { hosts }: Statistics,
  of: 'requests' | 'ok' | 'failed' | 'attempts' | 'retries' | 'bytes',
): number => hosts.reduce((sum, host) => sum + host[of], 0)

async function outcomesOf(stream: AsyncIterable<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for await (const outcome of stream) outcomes.push(outcome)
  return outcomes
}

async function streamed(
  handler: MockHandler,
  urls: readonly string[],
  options: object = {},
): Promise<{ outcomes: Outcome[]; statistics: Statistics; client: ParallelRequests }> {
  const client = new ParallelRequests({ transport: mockTransport(handler), maxRetries: 2 })
  const stream = client.stream(urls, options)
  const outcomes = await outcomesOf(stream)
  return { outcomes, statistics: stream.statistics(), client }
}

describe('a run', () => {
  test('counts each outcome once, in total and at its host', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ host: fc.nat(5), status: fc.constantFrom(200, 200, 404, 503, 302, 0) }), {
          maxLength: 40,
        }),
        async cases => {
          const handler: MockHandler = ({ url, attempt }) => {
            const [, status = '200', fate] = new URL(url).pathname.split('/')
            if (fate === 'hop' || status === '200') return { json: { status }, latencyMs: 3 }
            if (status === '0') return { fault: 'connect/refused' }
            if (status === '302') return { status: 302, headers: { location: '/200/hop' } }
            return attempt === 2 && status === '503' ? { json: 1 } : { status: Number(status), text: 'no' }
          }
          const urls = cases.map(({ host, status }, n) => `http://h${host}.test/${status}/${n}`)
          const { outcomes, statistics, client } = await streamed(handler, urls)
          expect(statistics).toMatchObject(countsOf(outcomes))
          for (const figure of ['requests', 'ok', 'failed', 'attempts', 'retries', 'bytes'] as const)
            expect(sumOfHosts(statistics, figure)).toBe(statistics[figure])
          for (const host of statistics.hosts) {
            const own = outcomes.filter(({ request }) => new URL(request.url).host === host.host)
            expect(host).toMatchObject(countsOf(own))
          }
          const sent = outcomes.filter(({ attempts }) => attempts > 0).map(({ timings }) => timings.total)
          expect(statistics.timings.total?.count ?? 0).toBe(sent.length)
          if (sent.length > 0) expect(statistics.timings.total?.max).toBe(Math.max(...sent))
          expect(statistics.series.done.reduce((sum, count) => sum + count, 0)).toBe(outcomes.length)
          // The client has counted the same.
          const { series: _, elapsedMs: __, ...counted } = statistics
          expect(client.stats().statistics).toMatchObject(counted)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('counts a redirect hop as an attempt and not as a retry', async () => {
    const { statistics } = await streamed(
      ({ url, attempt }) =>
        url.endsWith('/there')
          ? attempt < 3
            ? { status: 503 }
            : { json: 1 }
          : { status: 307, headers: { location: 'http://other.test/there' } },
      ['http://one.test/here'],
    )
    expect(statistics).toMatchObject({ requests: 1, ok: 1, attempts: 3, retries: 1, statuses: { 200: 1 } })
    // Under the host that was asked for.
    expect(statistics.hosts.map(({ host }) => host)).toEqual(['one.test'])
  })

  test('keeps 256 hosts apart and counts all others together', async () => {
    const { statistics } = await streamed(() => ({ json: 1 }), urlsTo(900, 300))
    expect(statistics.hosts).toHaveLength(257)
    expect(statistics.hosts.find(({ host }) => host === 'other hosts')).toMatchObject({ requests: 132, ok: 132 })
    expect(sumOfHosts(statistics, 'requests')).toBe(900)
  })

  test('counts requests that never had a host, and those that were not sent', async () => {
    const client = new ParallelRequests({ transport: mockTransport(() => ({ status: 500 })), maxRetries: 0 })
    const stream = client.stream(['http://a.test/', 'not a url', 'http://b.test:8080/x', 'http://a.test/2'], {
      maxFailures: 1,
    })
    const outcomes = await outcomesOf(stream)
    const { hosts, codes, requests, timings } = stream.statistics()
    expect(requests).toBe(4)
    expect(codes).toEqual(countsOf(outcomes).codes)
    expect(hosts.map(({ host }) => host).toSorted()).toEqual(['a.test', 'b.test:8080', 'no host'])
    expect(timings.total?.count).toBe(outcomes.filter(({ attempts }) => attempts > 0).length)
  })

  test('has empty statistics before its first outcome was requested', () => {
    const client = new ParallelRequests({ transport: mockTransport(() => ({ json: 1 })) })
    expect(client.stream(['http://a.test/']).statistics()).toMatchObject({
      requests: 0,
      timings: {},
      codes: {},
      hosts: [],
      series: { done: [0] },
    })
  })

  test('counts restored outcomes apart: nothing was sent for them', async () => {
    const path = newRun()
    const handler: MockHandler = ({ url }) => ({ status: url.endsWith('/3') ? 404 : 200, json: 1 })
    await streamed(handler, urlsTo(5), { resume: path })
    const { outcomes, statistics } = await streamed(handler, urlsTo(7), { resume: path })
    expect(statistics).toMatchObject(countsOf(outcomes))
    expect(statistics).toMatchObject({ requests: 7, ok: 6, restored: 5, restoredFailed: 1, attempts: 2, retries: 0 })
    expect(statistics.statuses).toEqual({ 200: 6, 404: 1 })
    expect(statistics.timings.total?.count).toBe(2)
    expect(statistics.series.done.reduce((sum, count) => sum + count, 0)).toBe(2)
  })

  test('has no URL in its statistics, and no secret', async () => {
    const { statistics } = await streamed(
      () => ({ status: 401, text: 'bad token hunter2' }),
      ['http://user:hunter2@a.test/hunter2?token=hunter2', 'http://user:hunter2@', 'http://hunter2:hunter2@b.test:x/'],
    )
    expect(JSON.stringify(statistics)).not.toContain('hunter2')
  })
})

describe('a client', () => {
  test('counts its calls, streams and drains together, also while they are under way', async () => {
    const client = new ParallelRequests({ transport: mockTransport(() => ({ json: 1 })) })
    await client.request(urlsTo(3, 2))
    const totals = await client.drain(urlsTo(4))
    expect(totals.statistics).toMatchObject({ requests: 4, ok: 4 })
    const stream = client.stream(urlsTo(5))
    await stream.next()
    expect(client.stats().statistics.requests).toBeGreaterThanOrEqual(8)
    await outcomesOf(stream)
    const { requests, hosts, attempts } = client.stats().statistics
    expect({ requests, attempts, hosts: hosts.map(({ host }) => host) }).toEqual({
      requests: 12,
      attempts: 12,
      hosts: ['h0.test', 'h1.test'],
    })
  })

  test('measures phases over real sockets', async () => {
    const server = await echoServer()
    const client = new ParallelRequests({ concurrency: 2 })
    await client.request(Array.from({ length: 10 }, (_, n) => `${server.url}/?n=${n}`))
    const { timings, hosts, bytes } = client.stats().statistics
    expect(hosts.map(({ host }) => host)).toEqual([new URL(server.url).host])
    expect(bytes).toBeGreaterThan(0)
    expect(timings.firstByte?.count).toBe(10)
    expect(timings.total?.count).toBe(10)
    expect(timings.connect?.count).toBeLessThanOrEqual(2)
    expect(timings.firstByte?.max).toBeLessThanOrEqual(timings.total?.max ?? 0)
    await client.close()
  })
})
