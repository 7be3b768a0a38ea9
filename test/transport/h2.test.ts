import { describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/index.ts'
import { TRUST, ask, clientOf, until, verdictOf } from '../support/ask.ts'
import type { AskOptions } from '../support/ask.ts'
import { CODES, frame, h2Server, packed, replying } from '../support/h2-server.ts'
import type { H2Script, Play } from '../support/h2-server.ts'
import { rawServer } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const H2 = { ...TRUST, http2: true } as const
const SETTLE = { onFailure: 'settle', returnType: 'text' } as const
const HEAD: Play = { head: { ':status': '200' } }

const askH2 = (url: string, options: AskOptions = {}): Promise<Outcome> => ask(url, { ...H2, ...options })
const post = (url: string) => ({ url, method: 'POST', body: 'x' })

/** Sends several requests at once with one client. */
async function askMany(urls: readonly (string | ReturnType<typeof post>)[], options: AskOptions = {}) {
  const client = clientOf({ ...H2, ...options })
  try {
    return (await client.request([...urls], SETTLE)) as Outcome[]
  } finally {
    await client.close()
  }
}

describe('a GOAWAY', () => {
  const refusing = (code: 'NO_ERROR' | 'INTERNAL_ERROR', ...after: Play[]): H2Script => ({
    answers: [replying(), [{ goaway: code, last: 'before' }, ...after]],
  })

  it.each([
    ['GET', 'NO_ERROR', []],
    ['POST', 'NO_ERROR', []],
    ['GET', 'NO_ERROR', [{ fin: true }]],
    ['POST', 'NO_ERROR', [{ fin: true }]],
    ['POST', 'INTERNAL_ERROR', []],
    ['POST', 'INTERNAL_ERROR', [{ reset: true }]],
  ] as const)(
    'before a %s (%s, then %j) is processed makes it go again on a new connection, at no cost',
    async (method, code, after) => {
      await using server = await h2Server([refusing(code, ...after), { answers: [replying('again')] }])
      const client = clientOf(H2)
      await client.request(server.origin, SETTLE)
      const outcome = await client.request(
        { url: server.origin, method, ...(method === 'POST' && { body: 'x' }) },
        SETTLE,
      )
      expect(verdictOf(outcome)).toBe('ok')
      expect(outcome).toMatchObject({ value: 'again', attempts: 2 })
      expect(server.accepted).toBe(2)
      await client.close()
    },
  )

  it.each([
    ['GET', 'NO_ERROR', 'reset/goaway'],
    ['POST', 'NO_ERROR', 'in_doubt/reset'],
    ['GET', 'INTERNAL_ERROR', 'reset/goaway'],
    ['POST', 'INTERNAL_ERROR', 'in_doubt/reset'],
  ] as const)('that covers a %s (%s) and ends the connection is a failure: %s %s', async (method, code, expected) => {
    await using server = await h2Server({ answers: [[{ goaway: code, last: 'this' }, { wait: 20 }, { fin: true }]] })
    const spec = { url: server.origin, method, ...(method === 'POST' && { body: 'x' }) }
    expect(verdictOf(await ask(spec, H2))).toBe(expected)
  })

  it('lets the streams that it covers finish, and ends the use of its connection', async () => {
    await using server = await h2Server([
      { answers: [[{ goaway: 'NO_ERROR', last: 'this' }, { wait: 50 }, ...replying('late')]] },
      { answers: [replying('new')] },
    ])
    const client = clientOf(H2)
    const first = client.request(server.origin, SETTLE)
    // Its own GOAWAY shows that it has read the server's.
    await until(() => server.goaways.length === 1)
    const second = client.request(server.origin, SETTLE)
    expect(await first).toMatchObject({ ok: true, value: 'late' })
    expect(await second).toMatchObject({ ok: true, value: 'new' })
    expect(server.streams.map(({ connection }) => connection)).toEqual([0, 1])
    await client.close()
  })
})

describe('a stream that is reset', () => {
  it.each(['GET', 'POST'])('as refused is sent again, whatever its method: %s', async method => {
    await using server = await h2Server({ answers: [[{ rst: 'REFUSED_STREAM' }], replying('taken')] })
    const spec = { url: server.origin, method, ...(method === 'POST' && { body: 'x' }) }
    const outcome = await ask(spec, { ...H2, maxRetries: 1 })
    expect(verdictOf(outcome)).toBe('ok')
    expect(outcome).toMatchObject({ value: 'taken', attempts: 2 })
    expect(server.accepted).toBe(1)
  })

  it('as refused every time is reset/refused', async () => {
    await using server = await h2Server({ answers: [[{ rst: 'REFUSED_STREAM' }]] })
    const outcome = await ask(post(server.origin), { ...H2, maxRetries: 2 })
    expect(verdictOf(outcome)).toBe('reset/refused')
    // Three free repeats, and the two retries.
    expect(outcome.attempts).toBe(6)
  })

  it('as refused up to three times costs no retry', async () => {
    const refused = [{ rst: 'REFUSED_STREAM' }] as const
    await using server = await h2Server({ answers: [refused, refused, refused, replying('taken')] })
    const outcome = await ask(post(server.origin), { ...H2, maxRetries: 0 })
    expect(outcome).toMatchObject({ ok: true, value: 'taken', attempts: 4 })
  })

  it('as refused is not sent again if its body was a stream that cannot be opened twice', async () => {
    await using server = await h2Server({ answers: [[{ rst: 'REFUSED_STREAM' }], replying()] })
    const body = new Blob(['once']).stream()
    const outcome = await ask({ url: server.origin, method: 'POST', body }, { ...H2, maxRetries: 2 })
    expect(verdictOf(outcome)).toBe('reset/refused')
    expect(server.streams).toHaveLength(1)
  })

  it.each(['NO_ERROR', 'CANCEL', 'INTERNAL_ERROR'] as const)(
    'with %s before its head is reset/stream, or in doubt for a POST',
    async code => {
      await using server = await h2Server({ answers: [[{ rst: code }]] })
      expect(verdictOf(await askH2(server.origin))).toBe('reset/stream')
      expect(verdictOf(await ask(post(server.origin), H2))).toBe('in_doubt/reset')
    },
  )

  it.each(['NO_ERROR', 'CANCEL', 'INTERNAL_ERROR', 'REFUSED_STREAM', 'PROTOCOL_ERROR'] as const)(
    'with %s within its body is truncated, never ok',
    async code => {
      const cut: readonly Play[] = [{ data: 'abc' }, { wait: 5 }, { rst: code }]
      await using server = await h2Server({
        answers: [
          [HEAD, ...cut],
          [{ head: { ':status': '200', 'content-length': '10' } }, ...cut],
          [HEAD, { rst: code }],
        ],
      })
      const client = clientOf(H2)
      for (let i = 0; i < 3; i++) {
        expect(verdictOf(await client.request(server.origin, SETTLE))).toMatch(/^truncated\//)
      }
      await client.close()
    },
  )

  it('is sent again on the same connection if that is safe', async () => {
    await using server = await h2Server({
      answers: [[HEAD, { data: 'abc' }, { rst: 'INTERNAL_ERROR' }], replying('whole')],
    })
    const outcome = await askH2(server.origin, { maxRetries: 1 })
    expect(outcome).toMatchObject({ ok: true, value: 'whole', attempts: 2 })
    expect(server.accepted).toBe(1)
  })

  it('does not affect the other streams of its connection', async () => {
    await using server = await h2Server({
      answers: [
        [HEAD, { data: 'a' }, { rst: 'CANCEL' }],
        [HEAD, { wait: 50 }, { data: 'b', end: true }],
      ],
    })
    const outcomes = await askMany([server.origin, server.origin])
    expect(outcomes.map(verdictOf).toSorted()).toEqual(['ok', 'truncated/reset'])
    expect(server.accepted).toBe(1)
  })
})

describe('the end of an HTTP/2 body', () => {
  it.each([
    ['3 bytes of 10', '10', 'abc', 'truncated/length'],
    ['13 bytes of 10', '10', 'abcdefghijklm', 'protocol/h2'],
  ] as const)('with %s is not ok', async (_title, length, data, expected) => {
    await using server = await h2Server({
      answers: [[{ head: { ':status': '200', 'content-length': length } }, { data, end: true }]],
    })
    const outcome = await askH2(server.origin)
    expect(verdictOf(outcome)).toMatch(expected === 'protocol/h2' ? /^(protocol|truncated)\// : expected)
  })

  it('is known by its length or by END_STREAM', async () => {
    await using server = await h2Server({ answers: [replying('ab'), [HEAD, { data: 'ab', end: true }]] })
    const client = clientOf(H2)
    const outcomes = [await client.request(server.origin, SETTLE), await client.request(server.origin, SETTLE)]
    expect(outcomes.map(outcome => outcome.ok && outcome.response.integrity)).toEqual(['length', 'chunked'])
    expect(outcomes.map(outcome => outcome.ok && outcome.response.protocol)).toEqual(['h2', 'h2'])
    await client.close()
  })

  it('may come with its head or with its trailers', async () => {
    await using server = await h2Server({
      answers: [
        [{ head: { ':status': '204' }, end: true }],
        [HEAD, { data: 'x' }, { head: { 'x-sum': '1' }, end: true }],
      ],
    })
    const outcomes = await askMany([server.origin, server.origin])
    expect(outcomes.map(verdictOf)).toEqual(['ok', 'ok'])
    expect(new Set(outcomes.map(({ value }) => value))).toEqual(new Set(['', 'x']))
  })

  it('is a truncation if the connection ends', async () => {
    await using server = await h2Server({ answers: [[HEAD, { data: 'abc' }, { wait: 10 }, { fin: true }]] })
    expect(verdictOf(await askH2(server.origin))).toBe('truncated/reset')
  })
})

describe('a stalled HTTP/2 stream', () => {
  it('gives timeout/idle during the upload, and others proceed', async () => {
    await using server = await h2Server({
      settings: { initialWindowSize: 0 },
      early: true,
      answers: [replying(), [], replying('other')],
    })
    const client = clientOf({ ...H2, timeouts: { idle: '300ms' } })
    // So that the client has received the settings.
    await client.request(server.origin, SETTLE)
    const stalled = client.request(post(server.origin), SETTLE)
    await until(() => server.streams.length === 2)
    expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('ok')
    expect(verdictOf(await stalled)).toBe('in_doubt/timeout')
    await until(() => server.streams[1]?.rst !== undefined)
    expect(server.streams[1]).toMatchObject({ rst: CODES.CANCEL, bytes: 0 })
    expect(server.accepted).toBe(1)
    await client.close()
  })

  it('gives timeout/body during the body, and others proceed', async () => {
    await using server = await h2Server({ answers: [[HEAD, { data: 'a' }], replying('other')] })
    const client = clientOf({ ...H2, timeouts: { idle: '300ms' } })
    const stalled = client.request(server.origin, SETTLE)
    await until(() => server.streams.length === 1)
    expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('ok')
    expect(verdictOf(await stalled)).toBe('timeout/body')
    expect(server.accepted).toBe(1)
    await client.close()
  })

  it('with all others stalled too makes the next request use another connection', async () => {
    await using server = await h2Server([{ answers: [replying(), []] }, { answers: [replying('new')] }])
    const client = clientOf({ ...H2, timeouts: { headers: '200ms' } })
    await client.request(server.origin, SETTLE)
    expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('timeout/headers')
    expect(await client.request(server.origin, SETTLE)).toMatchObject({ ok: true, value: 'new' })
    await client.close()
  })
})

describe('the number of streams that a server allows', () => {
  it('is respected: with 1 there are as many connections as requests in flight', async () => {
    await using server = await h2Server({
      settings: { maxConcurrentStreams: 1 },
      answers: [[{ wait: 5 }, ...replying()]],
    })
    const outcomes = await askMany(
      Array.from({ length: 20 }, () => server.origin),
      { concurrency: 5 },
    )
    expect(outcomes.every(({ ok }) => ok)).toBe(true)
    expect(server.mostOpen).toBeLessThanOrEqual(5)
    expect(server.streams).toHaveLength(20)
  })

  it('may be 0, and waiting requests end after their timeout', async () => {
    await using server = await h2Server({
      settings: { maxConcurrentStreams: 0 },
      answers: [[{ rst: 'REFUSED_STREAM' }]],
    })
    const outcomes = await askMany(
      Array.from({ length: 5 }, () => server.origin),
      { timeouts: { connect: '400ms' } },
    )
    for (const outcome of outcomes) expect(verdictOf(outcome)).toMatch(/^(?:timeout\/connect|reset\/refused)$/)
    expect(server.accepted).toBeLessThanOrEqual(2)
  })

  it('may be 0 at first', async () => {
    await using server = await h2Server({
      settings: { maxConcurrentStreams: 0 },
      greeting: [{ wait: 100 }, { settings: { maxConcurrentStreams: 10 } }],
      answers: [replying()],
    })
    const outcomes = await askMany(Array.from({ length: 5 }, () => server.origin))
    expect(outcomes.map(verdictOf)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect(server.accepted).toBe(1)
  })
})

describe('a server that breaks the protocol', () => {
  const ping = frame('ping', 0, 0, Buffer.alloc(8))
  const setting = frame('settings', 0, 0, Buffer.from([0, 3, 0, 0, 0, 100]))
  const continuation = frame('continuation', 0, 1, packed({ 'x-a': 'b' }))
  it.each([
    [
      'CONTINUATION 20k',
      [
        { head: { ':status': '200' }, open: true },
        { flood: continuation, times: 20_000 },
      ],
    ],
    ['PING 50k', [{ flood: ping, times: 50_000 }]],
    ['SETTINGS 20k', [{ flood: setting, times: 20_000 }]],
    ['a garbage frame', [{ raw: Buffer.from('this is not a frame of any kind, and it is long') }]],
    ['DATA without a head', [{ data: 'x', end: true }]],
    ['a head without a status', [{ head: { 'x-a': 'b' }, end: true }]],
  ] as const)('by %s gives protocol/h2', async (title, plays) => {
    await using server = await h2Server({ answers: [plays] })
    const outcome = await askH2(server.origin, { maxRetries: 2, timeouts: { headers: '3s' } })
    expect(verdictOf(outcome), title).toBe('protocol/h2')
    expect(outcome.attempts).toBe(1)
  })

  const more: Play = { raw: frame('continuation', 4, 1, packed({ 'x-b': 'b'.repeat(10_000) })) }
  it.each([
    ['head', [{ head: { ':status': '200', 'x-a': 'a'.repeat(10_000) }, open: true }, more]],
    ['trailers', [HEAD, { data: 'x' }, { head: { 'x-a': 'a'.repeat(10_000) }, open: true, end: true }, more]],
  ] as const)('by too many headers (%s) gives too_large/headers', async (title, plays) => {
    await using server = await h2Server({ answers: [plays] })
    expect(verdictOf(await askH2(server.origin, { maxHeaderBytes: '16KiB' })), title).toBe('too_large/headers')
  })

  it('by endless interim responses gives protocol/too_many_1xx, and a few are accepted', async () => {
    const early: Play = { head: { ':status': '103' } }
    await using server = await h2Server({
      answers: [Array.from({ length: 200 }, () => early), [early, ...replying('ok')]],
    })
    expect(verdictOf(await askH2(server.origin))).toBe('protocol/too_many_1xx')
    await using kind = await h2Server({ answers: [[early, early, ...replying('ok')]] })
    expect(await askH2(kind.origin)).toMatchObject({ ok: true, value: 'ok' })
  })

  it('by padding far larger than the body gives too_large/wire', async () => {
    const padded: Play = { data: 'a', padding: 255 }
    await using server = await h2Server({ answers: [[HEAD, ...Array.from({ length: 2_000 }, () => padded)]] })
    expect(verdictOf(await askH2(server.origin))).toBe('too_large/wire')
  })
})

describe('a server that sends ENHANCE_YOUR_CALM', () => {
  it.each([
    ['on a stream', [{ rst: 'ENHANCE_YOUR_CALM' }]],
    ['on the connection', [{ goaway: 'ENHANCE_YOUR_CALM', last: 'this' }, { fin: true }]],
    ['before the request', [{ goaway: 'ENHANCE_YOUR_CALM', last: 'before' }, { fin: true }]],
  ] as const)('%s is treated like a 429: its host pauses, and no retry is used', async (_title, plays) => {
    await using server = await h2Server([{ answers: [plays, replying()] }, { answers: [replying()] }])
    const startedAtMs = performance.now()
    const outcome = await askH2(server.origin, { retry: { backoff: () => 300 }, maxRetries: 0 })
    expect(verdictOf(outcome)).toBe('ok')
    expect(outcome.attempts).toBe(2)
    expectFigure(performance.now() - startedAtMs).toBeGreaterThan(290)
  })

  it('leaves an unsafe request in doubt', async () => {
    await using server = await h2Server({ answers: [[{ rst: 'ENHANCE_YOUR_CALM' }]] })
    expect(verdictOf(await ask(post(server.origin), H2))).toBe('in_doubt/reset')
  })
})

describe('a server that wants HTTP/1.1', () => {
  it('for one request gets it, and all later ones', async () => {
    const h1 = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh1'
    await using server = await rawServer(
      async connection => {
        if (connection.index > 0) {
          for (;;) {
            await connection.request()
            await connection.send(h1)
          }
        }
        await connection.expect('SM\r\n\r\n')
        await connection.send(frame('settings', 0, 0))
        await connection.wait(20)
        await connection.send(frame('rst', 0, 1, Buffer.from([0, 0, 0, CODES.HTTP_1_1_REQUIRED])))
      },
      { cert: 'server', alpn: ['h2', 'http/1.1'] },
    )
    const client = clientOf({ ...H2, maxRetries: 1 })
    const outcome = await client.request(post(server.origin), SETTLE)
    expect(verdictOf(outcome)).toBe('ok')
    expect(outcome).toMatchObject({ value: 'h1', attempts: 2, response: { protocol: 'http/1.1' } })
    expect(await client.request(server.origin, SETTLE)).toMatchObject({ value: 'h1', attempts: 1 })
    await client.close()
  })
})
