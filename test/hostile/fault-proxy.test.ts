import { describe, expect, it } from 'vitest'
import { HASTY, ask, verdictOf } from '../support/ask.ts'
import { faultProxy } from '../support/fault-proxy.ts'
import type { Faults } from '../support/fault-proxy.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const BODY = 'x'.repeat(2_000)
const polite = answering(connection => connection.reply(BODY))
const HEAD_BYTES = 'HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n'.length

const CASES: readonly (readonly [what: string, faults: Faults, code: string, atLeastMs: number])[] = [
  ['nothing', {}, 'ok', 0],
  ['slices of a byte', { down: { sliceBytes: 1 }, up: { sliceBytes: 1 } }, 'ok', 0],
  ['slices of seven bytes', { down: { sliceBytes: 7 }, up: { sliceBytes: 7 } }, 'ok', 0],
  ['a late answer', { down: { latencyMs: 120 } }, 'ok', 119],
  ['a late request', { up: { latencyMs: 120 } }, 'ok', 119],
  ['little bandwidth', { down: { bytesPerSecond: 10_000, sliceBytes: 500 } }, 'ok', 150],
  ['a close that comes late', { down: { slowCloseMs: 50 } }, 'ok', 0],
  ['an end within the head', { down: { limitBytes: 20 } }, 'reset/mid_headers', 0],
  ['an end within the body', { down: { limitBytes: HEAD_BYTES + 9 } }, 'truncated/length', 0],
  ['a reset within the request', { up: { resetAfterBytes: 10 } }, 'reset/before_headers', 0],
  ['silence after the request', { up: { silentAfterBytes: 10 } }, 'timeout/headers', 0],
  ['silence within the body', { down: { silentAfterBytes: HEAD_BYTES + 9 } }, 'timeout/body', 0],
]

describe('a request over a connection with', () => {
  it.each(CASES)('%s ends as it should', async (_what, faults, code, atLeastMs) => {
    await using server = await rawServer(polite)
    await using proxy = await faultProxy(server.port, faults)
    // Short only where they are to pass: a busy machine may take longer for what works.
    const limits = code.startsWith('timeout/') ? { timeouts: { headers: '400ms', idle: '400ms' } } : {}
    const outcome = await ask({ url: `http://127.0.0.1:${proxy.port}/` }, limits)
    expect(verdictOf(outcome)).toBe(code)
    if (code === 'ok') expect(outcome.value).toBe(BODY)
    expectFigure(outcome.timings.total).toBeGreaterThanOrEqual(atLeastMs)
  })
})

it('requests on a path that goes down fail, and so do later ones', async () => {
  await using server = await rawServer(async connection => void (await connection.request()))
  const proxy = await faultProxy(server.port)
  const url = `http://127.0.0.1:${proxy.port}/`
  const asked = ask(url)
  while (server.requests.length === 0) await new Promise(resolve => setTimeout(resolve, 2))
  await proxy.goDown()
  expect(verdictOf(await asked)).toBe('reset/before_headers')
  const after = await ask(url, { maxRetries: 1, retry: HASTY })
  expect(verdictOf(after)).toBe('connect/refused')
  expect(after.attempts).toBe(2)
})
