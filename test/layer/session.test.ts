/** What is known only just before sending: cookies, computed credentials, signatures. */
import { describe, expect, test } from 'vitest'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import { getAllHeaders } from '../../src/core/headers.ts'
import type { Transport } from '../../src/core/ports.ts'
import { mockTransport } from '../../src/testing/index.ts'

const URL_A = 'http://a.test/'
const settleAll = { onFailure: 'settle' } as const

describe('cookies', () => {
  test('set by a response are in the next request, even in one that was queued by then', async () => {
    const transport = mockTransport(({ index }) => ({
      json: index,
      headers: index === 0 ? { 'set-cookie': ['a=1', 'b=2'] } : {},
    }))
    await parallelRequests([`${URL_A}0`, `${URL_A}1`, `${URL_A}2`], { transport, concurrency: 1 })
    expect(transport.requests.map(({ headers }) => headers.get('cookie'))).toEqual([null, 'a=1; b=2', 'a=1; b=2'])
  })

  test('are joined with a Cookie header of the caller in one header', async () => {
    const mock = mockTransport(() => ({ json: 1 }))
    let sent: readonly string[] = []
    // Not through the mock's `Headers`, which would join what the wire keeps apart.
    const transport: Transport = {
      clock: mock.clock,
      send(attempt) {
        sent = attempt.headers
        return mock.send(attempt)
      },
      close: () => mock.close(),
    }
    await parallelRequests(URL_A, { transport, cookies: { a: '1' }, headers: { 'x-first': 'cookie', cookie: 'own=2' } })
    expect(getAllHeaders(sent, 'cookie')).toEqual(['own=2; a=1'])
  })

  test('are shared by the batches of a client and by nothing else', async () => {
    const transport = mockTransport(() => ({ json: 1, headers: { 'set-cookie': 'a=1' } }))
    const client = new ParallelRequests({ transport })
    await client.request(URL_A)
    await client.request(URL_A)
    client.resetCookies()
    await client.request(URL_A)
    await client.close()
    await parallelRequests(URL_A, { transport })
    expect(transport.requests.map(({ headers }) => headers.get('cookie'))).toEqual([null, 'a=1', null, null])
  })

  test('are neither kept nor sent with `cookies: false`', async () => {
    const transport = mockTransport(() => ({ json: 1, headers: { 'set-cookie': 'a=1' } }))
    await parallelRequests([URL_A, URL_A], { transport, cookies: false, concurrency: 1 })
    expect(transport.requests[1]?.headers.get('cookie')).toBeNull()
  })
})

describe('auth', () => {
  test.each([
    [{ username: 'ü', password: 'p:w' }, `Basic ${Buffer.from('ü:p:w').toString('base64')}`],
    [{ bearer: 'abc' }, 'Bearer abc'],
    [() => 'Custom x', 'Custom x'],
    [async () => 'Custom y', 'Custom y'],
  ])('%j is sent', async (auth, sent) => {
    const transport = mockTransport(() => ({ json: 1 }))
    await parallelRequests(URL_A, { transport, auth })
    expect(transport.requests[0]?.headers.get('authorization')).toBe(sent)
  })

  test('in a URL becomes Basic, unless the request has its own auth', async () => {
    const transport = mockTransport(() => ({ json: 1 }))
    const url = 'http://us%40er:pw@a.test/'
    await parallelRequests([url, { url, auth: { bearer: 'b' } }], { transport })
    const sent = transport.requests.map(({ headers, url: shown }) => [headers.get('authorization'), shown])
    expect(sent).toEqual([
      [`Basic ${Buffer.from('us@er:pw').toString('base64')}`, URL_A],
      ['Bearer b', URL_A],
    ])
  })

  test('as a function is called for each attempt, so that a token can be renewed', async () => {
    const transport = mockTransport(({ attempt }) => (attempt < 3 ? { status: 500 } : { json: 1 }))
    await parallelRequests(URL_A, { transport, auth: ({ attempt }) => `Token ${attempt}`, retry: { backoff: () => 0 } })
    expect(transport.requests.map(({ headers }) => headers.get('authorization'))).toEqual([
      'Token 1',
      'Token 2',
      'Token 3',
    ])
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
    ['returns a line break', () => 'a\r\nb: c'],
    ['returns a number', () => 7 as never],
  ])('that %s fails its request with callback/hook, and nothing is sent', async (_name, auth) => {
    const transport = mockTransport(() => ({ json: 1 }))
    const outcomes = await parallelRequests([{ url: URL_A, auth }, URL_A], { transport, ...settleAll })
    expect(outcomes.map(outcome => outcome.error?.code)).toEqual(['callback/hook', undefined])
    expect(transport.requests.map(({ index }) => index)).toEqual([1])
  })
})

describe('beforeRequest', () => {
  test('gets the request as it is sent, and the headers that it sets are sent', async () => {
    const transport = mockTransport(() => ({ json: 1 }))
    const seen: unknown[] = []
    await parallelRequests([{ url: URL_A, json: { a: 1 }, meta: 'mine', auth: { bearer: 't' } }], {
      transport,
      cookies: { c: '1' },
      hooks: {
        beforeRequest(request) {
          seen.push([request.method, request.url, request.body, request.attempt, request.meta])
          expect(request.headers.get('authorization')).toBe('Bearer t')
          expect(request.headers.get('cookie')).toBe('c=1')
          request.headers.set('x-signature', 's')
          request.headers.delete('user-agent')
        },
      },
    })
    expect(seen).toEqual([['POST', URL_A, '{"a":1}', 1, 'mine']])
    expect(transport.requests[0]?.headers.get('x-signature')).toBe('s')
    expect(transport.requests[0]?.headers.get('user-agent')).toBeNull()
  })

  test('gets fresh headers for each attempt: those added to one are not in the next', async () => {
    const transport = mockTransport(({ attempt }) => (attempt < 3 ? { status: 500 } : { json: 1 }))
    await parallelRequests(URL_A, {
      transport,
      retry: { backoff: () => 0 },
      hooks: { beforeRequest: ({ headers, attempt }) => headers.append('x-try', String(attempt)) },
    })
    expect(transport.requests.map(({ headers }) => headers.get('x-try'))).toEqual(['1', '2', '3'])
  })

  test('has its own timeout, and does not use up the timeout of the attempt', async () => {
    const transport = mockTransport(() => ({ json: 1, latencyMs: 900 }))
    const value = await parallelRequests(URL_A, {
      transport,
      timeout: '1s',
      timeouts: { callback: '10s' },
      hooks: { beforeRequest: () => new Promise(resolve => void transport.clock.after(5_000, resolve)) },
    })
    expect(value).toBe(1)
    expect(transport.requests[0]?.atMs).toBe(5_000)
  })

  test.each([
    ['30 s', {}, 30_000],
    ['timeout where that is shorter', { timeout: '4s' }, 4_000],
    ['timeouts.callback, which may be longer', { timeout: '4s', timeouts: { callback: '40s' } }, 40_000],
    ['30 s for a request without a timeout', { timeout: Infinity }, 30_000],
    ['timeouts.total', { timeouts: { total: '5s' } }, 5_000],
  ])('and auth that never settle end their request after %s, unsent', async (limit, options, endsAtMs) => {
    const transport = mockTransport(() => ({ json: 1 }))
    const never = () => new Promise<never>(() => undefined)
    const urls = [{ url: URL_A, auth: never }]
    const [byAuth] = await parallelRequests(urls, { transport, ...options, ...settleAll })
    expect(transport.clock.now()).toBe(endsAtMs)
    const byHook = await parallelRequests(URL_A, {
      transport,
      ...options,
      ...settleAll,
      hooks: { beforeRequest: never },
    })
    const code = limit === 'timeouts.total' ? 'timeout/total' : 'timeout/callback'
    expect([byAuth?.error?.code, byHook.error?.code]).toEqual([code, code])
    expect(transport.clock.now()).toBe(2 * endsAtMs)
    expect(transport.requests).toEqual([])
  })
})
