import { describe, expect, it } from 'vitest'
import { parallelRequestsSync } from '../../src/index.ts'
import { TRUST, ask, clientOf, until, verdictOf } from '../support/ask.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { httpProxy } from '../support/proxy-server.ts'
import { answering, rawServer, tlsFixture } from '../support/raw-server.ts'
import { sized } from '../support/size.ts'
import { nodeServer } from '../support/node-h2-server.ts'

const COUNT = sized(6_000, 600)

const H2 = { ...TRUST, http2: true } as const
const SETTLE = { onFailure: 'settle', returnType: 'text' } as const

describe('one HTTP/2 connection', () => {
  it('can go to an IPv6 address, directly and through a proxy', async () => {
    await using server = await nodeServer({}, '::1')
    const client = clientOf({ ...H2, verifySsl: false })
    const outcome = await client.request(server.origin, SETTLE)
    expect([verdictOf(outcome), outcome.response?.protocol]).toEqual(['ok', 'h2'])
    await client.close()
    await using proxy = await httpProxy()
    await ask(server.origin, { ...H2, proxy: proxy.url })
    expect(proxy.tunnels).toEqual([server.origin.slice('https://'.length)])
  })

  it('carries 500 requests at once', async () => {
    await using server = await nodeServer()
    const client = clientOf({ ...H2, concurrency: 500 })
    const outcomes = await client.request(
      Array.from({ length: 500 }, (_, i) => `${server.origin}/${i}`),
      { onFailure: 'settle' },
    )
    expect(outcomes.filter(({ ok }) => !ok)).toEqual([])
    expect(server.counts()).toMatchObject({ sessions: 1, connections: 1 })
    await client.close()
  })

  it(`gives each of ${COUNT} requests its own answer`, async () => {
    await using server = await nodeServer({ settings: { maxConcurrentStreams: 100 } })
    const client = clientOf({ ...H2, concurrency: 150 })
    const specs = Array.from({ length: COUNT }, (_, i) =>
      i % 3 === 0 ? { url: `${server.origin}/${i}`, json: { token: i } } : { url: `${server.origin}/${i}` },
    )
    const answers = await client.request<{ path: string; body: string }>(specs)
    answers.forEach(({ path, body }, i) => {
      expect(path).toBe(`/${i}`)
      expect(body).toBe(i % 3 === 0 ? JSON.stringify({ token: i }) : '')
    })
    expect(server.counts().connections).toBeLessThanOrEqual(3)
    await client.close()
  })

  it('stays open when one of its requests is aborted', async () => {
    await using server = await nodeServer()
    const client = clientOf(H2)
    const hanging = client.request({ url: `${server.origin}/hang`, timeout: '300ms' }, SETTLE)
    const others = await client.request(
      Array.from({ length: 20 }, (_, i) => `${server.origin}/${i}`),
      SETTLE,
    )
    expect(others.map(verdictOf)).toEqual(others.map(() => 'ok'))
    expect(verdictOf(await hanging)).toBe('timeout/headers')
    expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('ok')
    expect(server.counts().sessions).toBe(1)
    await client.close()
  })

  it('that ended while idle does not affect the next request', async () => {
    await using server = await h2Server([
      { answers: [replying(), [{ reset: true }]] },
      { answers: [replying('fresh')] },
    ])
    const client = clientOf(H2)
    await client.request(server.origin, SETTLE)
    const outcome = await client.request(server.origin, SETTLE)
    expect(outcome).toMatchObject({ ok: true, value: 'fresh', attempts: 2 })
    await client.close()
  })

  it('that answered 421 is not used again', async () => {
    await using server = await nodeServer()
    const client = clientOf({ ...H2, maxRetries: 1 })
    const outcome = await client.request(`${server.origin}/status/421`, SETTLE)
    expect(verdictOf(outcome)).toBe('http/421')
    expect(outcome.attempts).toBe(2)
    expect(server.counts().sessions).toBe(2)
    await client.close()
  })
})

describe('the first requests to an origin', () => {
  it('share one connection instead of opening their own', async () => {
    await using server = await h2Server({ answers: [replying()] })
    const client = clientOf({ ...H2, concurrency: 50 })
    const outcomes = await client.request(
      Array.from({ length: 50 }, () => server.origin),
      SETTLE,
    )
    expect(outcomes.every(({ ok }) => ok)).toBe(true)
    expect(server.accepted).toBe(1)
    await client.close()
  })

  it('use the connection that showed that the server speaks HTTP/1.1 only', async () => {
    await using server = await rawServer(
      answering(connection => connection.reply('h1')),
      { cert: 'server', alpn: ['http/1.1'] },
    )
    const client = clientOf({ ...H2, concurrency: 5 })
    const outcomes = await client.request(
      Array.from({ length: 50 }, () => server.origin),
      SETTLE,
    )
    expect(outcomes.every(outcome => outcome.ok && outcome.response.protocol === 'http/1.1')).toBe(true)
    expect(server.accepted).toBeLessThanOrEqual(5)
    expect(server.connections.every(({ requests }) => requests.length > 0)).toBe(true)
    await client.close()
  })

  it('speak HTTP/1.1 with a server without ALPN', async () => {
    await using server = await rawServer(
      answering(connection => connection.reply('h1')),
      { cert: 'server' },
    )
    const client = clientOf(H2)
    expect(await client.request(server.origin, SETTLE)).toMatchObject({ ok: true, value: 'h1' })
    await client.close()
  })

  it('do not wait for a connection that hangs', async () => {
    await using server = await h2Server([{ mute: true, answers: [[]] }, { answers: [replying('other')] }])
    const client = clientOf({ ...H2, timeout: '10m' })
    const stream = client.stream(
      Array.from({ length: 5 }, () => server.origin),
      { returnType: 'text' },
    )
    const verdicts: string[] = []
    for await (const outcome of stream) {
      verdicts.push(verdictOf(outcome))
      if (verdicts.length === 4) stream.abort()
    }
    expect(server.streams).toHaveLength(5)
    expect(verdicts).toEqual(['ok', 'ok', 'ok', 'ok', 'aborted/in_flight'])
    await client.close()
  })

  it('each get their own failure', async () => {
    await using server = await rawServer(() => undefined, { cert: 'self-signed' })
    const client = clientOf({ http2: true, concurrency: 5 })
    const outcomes = await client.request(
      Array.from({ length: 5 }, () => server.origin),
      SETTLE,
    )
    expect(outcomes.map(verdictOf)).toEqual(outcomes.map(() => 'tls/untrusted'))
    await client.close()
  })

  it('end when the client closes', async () => {
    await using server = await rawServer(() => undefined)
    const client = clientOf({ ...H2, concurrency: 5 })
    const running = client.request(
      Array.from({ length: 5 }, () => server.origin.replace('http:', 'https:')),
      SETTLE,
    )
    await until(() => server.accepted === 1)
    await client.close()
    expect((await running).map(verdictOf)).toEqual((await running).map(() => 'aborted/in_flight'))
    await until(() => server.connections.every(({ isOpen }) => !isOpen))
  })
})

describe('http2', () => {
  it("fails each request by itself if the client's certificate and key do not match", async () => {
    await using server = await nodeServer()
    const tls = { ...TRUST.tls, cert: tlsFixture('server'), key: tlsFixture('elsewhere-key') }
    const client = clientOf({ http2: true, tls, concurrency: 3 })
    const outcomes = await client.request(
      Array.from({ length: 10 }, () => server.origin),
      SETTLE,
    )
    expect(new Set(outcomes.map(verdictOf))).toEqual(new Set(['tls/handshake']))
    await client.close()
  })

  it('works on worker threads and in the sync call', async () => {
    await using server = await nodeServer()
    const client = clientOf({ ...H2, workers: 1 })
    expect(await client.request(`${server.origin}/a`, SETTLE)).toMatchObject({ response: { protocol: 'h2' } })
    await client.close()
    // A call that blocks this thread needs a server on another one. This shows that the option is passed on.
    const [outcome] = parallelRequestsSync(['https://127.0.0.1:1/'], {
      http2: true,
      maxRetries: 0,
      onFailure: 'settle',
    })
    expect(outcome?.error?.code).toBe('connect/refused')
  })
})
