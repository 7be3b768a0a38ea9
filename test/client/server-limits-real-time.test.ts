/** A quota at a real server, which gets no chance to refuse: server-limits.test.ts shows the same in virtual time. */
import { expect, onTestFinished, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import { echoServer } from '../support/echo-server.ts'
import { expectFigure } from '../support/figure.ts'

const LIMIT = 100
const WINDOW_MS = 2_000
/** Not a whole second, so that any rounding shows. */
const FIRST_ENDS_MS = 1_337

/** Counts requests per fixed window. A window starts with the first request after the previous one. */
function counter(): () => { readonly ok: boolean; readonly left: number; readonly resetS: number } {
  let endsAtMs = FIRST_ENDS_MS
  let used = 0
  return () => {
    const nowMs = performance.now()
    if (nowMs >= endsAtMs) {
      endsAtMs = nowMs + WINDOW_MS
      used = 0
    }
    const ok = used < LIMIT
    if (ok) used++
    return { ok, left: LIMIT - used, resetS: Math.ceil((endsAtMs - nowMs) / 1_000) }
  }
}

const urlsOf = (count: number, host: string): string[] => Array.from({ length: count }, (_, n) => `${host}/${n}`)

const okOf = (outcomes: readonly Outcome[]): number => outcomes.filter(({ ok }) => ok).length

test('at a real server, 500 requests with a quota of 100 per 2 s get no 429, while another host runs freely', async () => {
  const take = counter()
  const statuses: number[] = []
  const counted = await echoServer((_echo, response) => {
    const { ok, left, resetS } = take()
    statuses.push(ok ? 200 : 429)
    const headers = { ratelimit: `"q";r=${left};t=${resetS}`, 'ratelimit-policy': '"q";q=100;w=2' }
    setTimeout(() => response.writeHead(ok ? 200 : 429, headers).end('{}'), 5)
  })
  const other = await echoServer()
  const client = new ParallelRequests({ concurrency: 20, maxRetries: 0 })
  onTestFinished(() => client.close())
  let othersDoneMs = 0
  const sinceMs = performance.now()
  const [outcomes, others] = await Promise.all([
    client.request(urlsOf(500, counted.url), { onFailure: 'settle' }),
    client.request(urlsOf(500, other.url), { onFailure: 'settle' }).then(done => {
      othersDoneMs = performance.now() - sinceMs
      return done
    }),
  ])
  expect([okOf(outcomes), okOf(others)]).toEqual([500, 500])
  expect(statuses).toEqual(Array.from({ length: 500 }, () => 200))
  // Less than the first pause that the other host asks for.
  expectFigure(othersDoneMs).toBeLessThan(WINDOW_MS)
})
