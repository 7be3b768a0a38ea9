/** haproxy: a 408 for a body that stalls, a full queue, silence, and its counters as a judge of our rates. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { RawServer } from '../support/raw-server.ts'
import { isMissing, start } from './component.ts'
import type { Component } from './component.ts'
import { expectFigure } from '../support/figure.ts'

const SETTLE = { onFailure: 'settle', returnType: 'text' } as const

const conf = (port: number, backend: number): string => `
global
  maxconn 200
defaults
  mode http
  timeout connect 1s
  timeout client 2s
  timeout server 2s
  timeout queue 40ms
  timeout http-keep-alive 30ms
frontend all
  bind 127.0.0.1:${port}
  timeout http-request 1s
  stick-table type ip size 1k expire 10s store http_req_rate(1s)
  option http-buffer-request
  http-request silent-drop if { path_beg /silent }
  http-request reject if { path_beg /reject }
  http-request deny deny_status 403 if { path_beg /deny }
  http-request track-sc0 src if { path_beg /judged }
  http-request deny deny_status 410 if { path_beg /judged } { sc_http_req_rate(0) gt 24 }
  http-request return status 200 content-type text/plain lf-string "%HU" if { path_beg /here } or { path_beg /judged }
  use_backend one if { path_beg /one }
  use_backend none if { path_beg /none }
  default_backend all
backend all
  server s 127.0.0.1:${backend}
backend one
  server s 127.0.0.1:${backend} maxconn 1
backend none
  server s 127.0.0.1:1
`

describe.skipIf(isMissing('haproxy'))('haproxy', () => {
  let backend: RawServer
  let haproxy: Component
  beforeAll(async () => {
    backend = await rawServer(
      answering(async (connection, { path }) => {
        if (path.startsWith('/one')) await connection.wait(15)
        await connection.reply(path)
      }),
    )
    haproxy = await start({
      program: 'haproxy',
      args: folder => ['-db', '-f', `${folder}/haproxy.cfg`],
      files: (_folder, port) => ({ 'haproxy.cfg': conf(port, backend.port) }),
    })
  })
  afterAll(async () => {
    await haproxy?.[Symbol.asyncDispose]()
    await backend?.close()
  })
  const at = (path: string): string => haproxy.origin + path

  it('delivers each request its own answer', async () => {
    await using client = clientOf({ concurrency: 16 })
    const paths = Array.from({ length: 300 }, (_, n) => `/n/${n}`)
    expect(await client.request(paths.map(at), { returnType: 'text' })).toEqual(paths)
  })

  it('loses no answer when it closes idle connections after 30 ms', async () => {
    const race = async (interval: number): Promise<string[]> => {
      await using client = clientOf({ concurrency: 1, rateLimit: { limit: 1, interval } })
      const urls = Array.from({ length: 40 }, (_, n) => at(`/here/${interval}/${n}`))
      return (await client.request(urls, SETTLE)).map(outcome => (outcome.ok ? outcome.value : verdictOf(outcome)))
    }
    const gaps = [27, 29, 30, 31, 33]
    const answers = await Promise.all(gaps.map(race))
    expect(answers).toEqual(gaps.map(gap => Array.from({ length: 40 }, (_, n) => `/here/${gap}/${n}`)))
  })

  it('answers 408 to a body that stalls', async () => {
    async function* stalling(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half')
      await new Promise(resolve => setTimeout(resolve, 4_000))
    }
    const startedAtMs = performance.now()
    const upload = { url: at('/upload'), method: 'POST', body: stalling }
    expect(await verdict(upload)).toBe('http/408')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(2_000)
  })

  it('answers 503 when its queue is full, and the request is retried until there is room', async () => {
    const urls = Array.from({ length: 30 }, (_, n) => at(`/one/${n}`))
    const retry = { backoff: { base: '40ms', max: '200ms' }, budget: { reserve: Infinity } }
    await using client = clientOf({ concurrency: 10, maxRetries: 40, retry })
    const outcomes = await client.request(urls, SETTLE)
    expect(outcomes.map(({ value }) => value)).toEqual(urls.map(url => new URL(url).pathname))
    expect(outcomes.some(({ attempts }) => attempts > 1)).toBe(true)
  })

  it('gives a named error for silence, a closed connection, a status and a missing backend', async () => {
    expect(await verdict({ url: at('/silent'), timeout: '200ms' })).toBe('timeout/headers')
    expect(await verdict(at('/reject'))).toBe('reset/before_headers')
    expect(await verdict(at('/deny'))).toBe('http/403')
    const nobody = await ask(at('/none'))
    expect(verdictOf(nobody)).toBe('http/503')
  })

  it('counts no more requests than the rate limit allows', async () => {
    await using client = clientOf({ rateLimit: '20/s', concurrency: 20 })
    const urls = Array.from({ length: 50 }, (_, n) => at(`/judged/${n}`))
    const outcomes = await client.request(urls, SETTLE)
    expect(outcomes.map(verdictOf)).toEqual(urls.map(() => 'ok'))
    // The counter works: without a rate limit it refuses.
    await using hasty = clientOf({ concurrency: 20 })
    const refused = (await hasty.request(urls, SETTLE)).filter(outcome => verdictOf(outcome) === 'http/410')
    expect(refused.length).toBeGreaterThan(10)
  })
})
