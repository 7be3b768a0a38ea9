/**
 * Fixed windows of 5 to 60 s, published in whole seconds: at least 90 % are used, with at most one refusal in 100
 * windows.
 */
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import { down, quotaServer, up } from '../support/quota-server.ts'
import type { Count, QuotaPlan } from '../support/quota-server.ts'
import { sized } from '../support/size.ts'

const WINDOWS = sized(100, 25)
const LIMIT = 10

const FORMS: Readonly<Record<string, (count: Count) => Record<string, string>>> = {
  'seconds since 1970, rounded up': ({ left, resetEpochMs }) => x(left, up(resetEpochMs)),
  'seconds since 1970, rounded down': ({ left, resetEpochMs }) => x(left, down(resetEpochMs)),
  'seconds to go, rounded up': ({ left, resetMs }) => x(left, up(resetMs)),
  'seconds to go, rounded down': ({ left, resetMs }) => x(left, down(resetMs)),
  'seconds to go, rounded': ({ left, resetMs }) => x(left, Math.round(resetMs / 1_000)),
}

function x(left: number, reset: number): Record<string, string> {
  return { 'x-ratelimit-limit': `${LIMIT}`, 'x-ratelimit-remaining': `${left}`, 'x-ratelimit-reset': `${reset}` }
}

async function run(plan: QuotaPlan, count: number) {
  const server = quotaServer(plan)
  const client = new ParallelRequests({ transport: server.transport, concurrency: 5 })
  const urls = Array.from({ length: count }, (_, n) => `http://counted.test/${n}`)
  const outcomes = await client.request(urls, { onFailure: 'settle' })
  await client.close()
  return { ...server, failed: outcomes.filter(({ ok }) => !ok) }
}

describe.each(Object.entries(FORMS))('a window published as %s', (_name, publish) => {
  test.each([
    ['aligned', 5_000],
    ['aligned', 60_000],
    ['first request', 5_000],
    ['first request', 7_000],
    ['first request', 60_000],
  ] as const)('that is %s and lasts %d ms is used to 90 % with at most one refusal in 100', async (kind, windowMs) => {
    for (const latencyMs of [3, 140]) {
      const plan = { kind, limit: LIMIT, windowMs, latencyMs, publish }
      const { takenAtMs, refusedAtMs, failed } = await run(plan, WINDOWS * LIMIT)
      expect(failed).toEqual([])
      expect(refusedAtMs.length).toBeLessThanOrEqual(1)
      const usedMs = (takenAtMs.at(-1) as number) - (takenAtMs[0] as number)
      expect(((WINDOWS - 1) * windowMs) / usedMs).toBeGreaterThanOrEqual(0.9)
    }
  })
})
