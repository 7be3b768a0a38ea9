/** One host of twenty throttles, at real servers: storm.test.ts shows the same in virtual time. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions, Outcome } from '../../src/index.ts'
import { expectFigure } from '../support/figure.ts'
import { covers } from '../support/hostile/record.ts'

/** The hosts in turn, so that the input order favours none. */
function urlsFor(hosts: readonly string[], each: number): string[] {
  return Array.from({ length: each }, (_, n) => hosts.map(host => `${host}/${n}`)).flat()
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

/** Twenty addresses of one server. The first address throttles for a while. */
async function twentyServers(stormMs: number, retryAfterS: number) {
  const sinceMs = performance.now()
  const arrivals: { readonly host: string; readonly atMs: number }[] = []
  const throttledAtMs: number[] = []
  let inFlight = 0
  const inFlightAtFirst: number[] = []
  const urls = await Promise.all(
    Array.from({ length: 20 }, async (_, nth) => {
      const server = createServer((request, response) => {
        const host = request.headers.host ?? ''
        const atMs = performance.now() - sinceMs
        arrivals.push({ host, atMs })
        if (nth === 0) inFlight++
        setTimeout(() => {
          if (nth !== 0) return void response.end('{}')
          inFlight--
          if (atMs > stormMs) return void response.end('{}')
          inFlightAtFirst.push(inFlight)
          throttledAtMs.push(performance.now() - sinceMs)
          response.writeHead(429, { 'retry-after': String(retryAfterS) }).end()
        }, 40)
      })
      server.listen(0, `127.0.1.${nth + 1}`)
      await once(server, 'listening')
      onTestFinished(() => {
        server.closeAllConnections()
        server.close()
      })
      return `http://127.0.1.${nth + 1}:${(server.address() as AddressInfo).port}`
    }),
  )
  return { urls, arrivals, throttledAtMs, inFlightAtFirst }
}

test('at real servers on twenty addresses, one that throttles does not slow down the others', async () => {
  // The rate limit sets their speed and not this machine, which would make the comparison unreliable.
  const perHost = { concurrency: 3, rateLimit: { limit: 25, interval: '1s', burst: 3 } }
  const options: ClientOptions = { concurrency: 60, perHost }
  const measure = async (stormMs: number) => {
    const servers = await twentyServers(stormMs, 1)
    const outcomes = await send(options, urlsFor(servers.urls, 70))
    expect(codesOf(outcomes)).toEqual(['ok'])
    const stormy = new URL(servers.urls[0] as string).host
    const others = servers.arrivals.filter(({ host }) => host !== stormy).map(({ atMs }) => atMs)
    return {
      ...servers,
      rate: others.length / (Math.max(...others) - Math.min(...others)),
      stormy: servers.arrivals.filter(({ host }) => host === stormy).map(({ atMs }) => atMs),
    }
  }
  const { rate: calm } = await measure(0)
  const { rate, stormy, throttledAtMs, inFlightAtFirst } = await measure(1_700)
  expectFigure(rate).toBeGreaterThanOrEqual(0.95 * calm)
  covers(import.meta.url, {
    row: 74,
    name: 'one host of twenty answers 429 for a while',
    outcome: 'that host is paused; the others keep at least 95 % of their rate',
    retry: 'A',
    socket: 'K',
  })
  const pauses = throttledAtMs.filter((atMs, nth) => nth === 0 || atMs - (throttledAtMs[nth - 1] ?? 0) > 500)
  expectFigure(pauses.length).toBeGreaterThanOrEqual(2)
  for (const [nth, atMs] of pauses.entries()) {
    // Attempts that were in flight at the start of the pause arrived before it. One millisecond of tolerance for the
    // clocks.
    const during = stormy.filter(arrival => arrival > atMs && arrival < atMs + 999)
    const inFlightThen = inFlightAtFirst[throttledAtMs.indexOf(atMs)] ?? 0
    expectFigure(during.length, `pause ${nth}`).toBeLessThanOrEqual(inFlightThen + 1)
    const after = stormy.filter(arrival => arrival >= atMs + 999 && arrival < atMs + 999 + 1_100)
    expectFigure(after.length).toBeGreaterThanOrEqual(1)
  }
  // Three in flight at first, then one probe per pause.
  expectFigure(throttledAtMs.length).toBeLessThanOrEqual(3 + pauses.length - 1)
})
