/**
 * Rates as a server sees them, in a few seconds; bench/rates.ts measures more of them, and their cost.
 *
 * At the gate the law is exact. At the server, arrivals may be closer together by the difference between their travel
 * times, and no more.
 */
import { expect } from 'vitest'
import { breachMs, idealMs } from '../../bench/support/law.ts'
import type { Rate } from '../../bench/support/law.ts'
import { stampedTransport } from '../../bench/support/stamped-transport.ts'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions } from '../../src/index.ts'
import { echoServer } from '../support/echo-server.ts'
import { figure } from '../support/figure.ts'

const HUNDRED: Rate = { limit: 100, intervalMs: 1_000, burst: 1 }
const FIFTY: Rate = { limit: 50, intervalMs: 1_000, burst: 1 }
const SIXTY: Rate = { limit: 60, intervalMs: 2_000, burst: 60 }

figure.each<[NonNullable<ClientOptions['rateLimit']>, readonly Rate[], number]>([
  ['100/s', [HUNDRED], 101],
  [['50/s', '60/2s'], [FIFTY, SIXTY], 75],
])('a backlog under %j never exceeds the rate, at the gate or at the server', async (rateLimit, rates, count) => {
  const arrivalsMs: number[] = []
  const server = await echoServer((_echo, response) => {
    arrivalsMs.push(performance.now())
    response.end('{}')
  })
  const transport = stampedTransport()
  await using client = new ParallelRequests({ transport, concurrency: 20, rateLimit })
  try {
    await client.request(Array.from({ length: count }, (_, index) => `${server.url}/${index}`))
  } finally {
    await transport.close()
  }
  const { startsMs } = transport
  expect(startsMs).toHaveLength(count)
  expect(arrivalsMs).toHaveLength(count)
  expect(breachMs(startsMs, rates)).toBe(0)
  const lagsMs = arrivalsMs.map((arrivalMs, index) => arrivalMs - (startsMs[index] ?? NaN))
  expect(breachMs(arrivalsMs, rates)).toBeLessThanOrEqual(Math.max(...lagsMs) - Math.min(...lagsMs))
  // The grace of a rate, once.
  expect((startsMs.at(-1) ?? NaN) - (startsMs[0] ?? NaN)).toBeGreaterThanOrEqual(idealMs(count, rates) - 5)
})
