import { describe, expect, it } from 'vitest'
import { HASTY, TRUST, ask, clientOf, until, verdict, verdictOf } from '../support/ask.ts'
import { blackHole, freePort } from '../support/dead-ends.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { Script } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const polite: Script = answering(connection => connection.reply())

async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const startedAtMs = performance.now()
  const answer = await run()
  return [answer, performance.now() - startedAtMs]
}

describe('connecting', () => {
  it('fails with connect/refused, and does not affect other requests, if the connection is refused', async () => {
    await using server = await rawServer(polite)
    const refusing = `http://127.0.0.1:${await freePort()}/`
    const client = clientOf({ concurrency: 4 })
    const urls = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? refusing : server.origin))
    const outcomes = await client.request(urls, { onFailure: 'settle' })
    await client.close()
    expect(outcomes.map(verdictOf)).toEqual(urls.map(url => (url === refusing ? 'connect/refused' : 'ok')))
  })

  it('retries a refused POST, because nothing was sent', async () => {
    const outcome = await ask(
      { url: `http://127.0.0.1:${await freePort()}/`, method: 'POST', json: 1 },
      { maxRetries: 2, retry: HASTY },
    )
    expect(verdictOf(outcome)).toBe('connect/refused')
    expect(outcome.attempts).toBe(3)
  })

  it('ends after timeouts.connect, to a tenth of a second, if the connection is never made', async () => {
    await using hole = await blackHole()
    for (const limit of [{ timeouts: { connect: '200ms' } }, { timeout: '200ms' }]) {
      const [outcome, tookMs] = await timed(() =>
        ask({ url: `http://127.0.0.1:${hole.port}/`, method: 'POST', json: 1 }, limit),
      )
      expect(verdictOf(outcome)).toBe('timeout/connect')
      expectFigure(tookMs).toBeGreaterThanOrEqual(199)
      expectFigure(tookMs).toBeLessThan(300)
    }
  })

  it('ends within a tenth of a second after an abort, as aborted/in_flight', async () => {
    await using hole = await blackHole()
    const client = clientOf()
    const [outcome, tookMs] = await timed(() =>
      client.request(`http://127.0.0.1:${hole.port}/`, { onFailure: 'settle', signal: AbortSignal.timeout(100) }),
    )
    expect(verdictOf(outcome)).toBe('aborted/in_flight')
    expectFigure(tookMs).toBeLessThan(200)
    await client.close()
  })

  it('fails with dns/not_found for a name that does not exist', async () => {
    const outcome = await ask('http://no-such-host.invalid/')
    // Without a network, the resolver cannot even tell that.
    expect(verdictOf(outcome)).toMatch(/^dns\/(?:not_found|temporary)$/)
    expect(outcome.timings.dns).toBeGreaterThanOrEqual(0)
    expect(outcome.timings.connect).toBeUndefined()
  })

  it('refuses a port out of range without opening a connection', async () => {
    expect(await verdict('http://127.0.0.1:99999/')).toBe('invalid_request/url')
  })
})

describe('TLS', () => {
  it('trusts the given certificate authority', async () => {
    await using server = await rawServer(polite, { cert: 'server' })
    const outcome = await ask(server.origin, TRUST)
    expect(verdictOf(outcome)).toBe('ok')
  })

  it.each([
    ['self-signed', TRUST, 'tls/untrusted'],
    ['server', {}, 'tls/untrusted'],
    ['expired', TRUST, 'tls/expired'],
    ['elsewhere', TRUST, 'tls/hostname'],
  ] as const)('refuses the certificate "%s" (%o) as %s, once, and sends no byte', async (cert, trust, code) => {
    await using server = await rawServer(polite, { cert })
    const outcome = await ask(`${server.origin}/?secret=1`, { ...trust, maxRetries: 2 })
    expect(verdictOf(outcome)).toBe(code)
    expect(outcome.attempts).toBe(1)
    expect(server.accepted).toBe(1)
    expect(server.connections.map(({ text }) => text).join('')).toBe('')
    await until(() => server.connections.every(({ isOpen }) => !isOpen))
  })

  it.each(['self-signed', 'expired', 'elsewhere'] as const)('accepts "%s" with verifySsl: false', async cert => {
    await using server = await rawServer(polite, { cert })
    expect(await verdict(server.origin, { verifySsl: false })).toBe('ok')
  })

  it('ends a handshake without an answer after timeouts.connect, and closes its socket', async () => {
    await using server = await rawServer(async connection => void (await connection.expect(1)))
    for (const limit of [{ timeouts: { connect: '200ms' } }, { timeout: '200ms' }]) {
      const [outcome, tookMs] = await timed(() => ask(`https://127.0.0.1:${server.port}/`, limit))
      expect(verdictOf(outcome)).toBe('timeout/tls')
      expectFigure(tookMs).toBeGreaterThanOrEqual(199)
      expectFigure(tookMs).toBeLessThan(300)
      expect(outcome.timings.connect).toBeGreaterThanOrEqual(0)
      expect(outcome.timings.tls).toBeUndefined()
    }
    await until(() => server.connections.every(({ isOpen }) => !isOpen), 200)
  })

  it('closes the socket at once when a request is aborted during the handshake', async () => {
    await using server = await rawServer(async connection => void (await connection.expect(1)))
    const client = clientOf()
    const abort = new AbortController()
    const asked = client.request(`https://127.0.0.1:${server.port}/`, { onFailure: 'settle', signal: abort.signal })
    await until(() => server.connections[0]?.text !== undefined && server.connections[0].text !== '')
    abort.abort()
    expect(verdictOf(await asked)).toBe('aborted/in_flight')
    await until(() => server.connections[0]?.isOpen === false, 100)
    await client.close()
  })

  it.each(['fin', 'rst'] as const)(
    'reports a %s during the handshake as connect/tls_reset, and retries even a POST',
    async how => {
      await using server = await rawServer(async connection => {
        await connection.expect(1)
        connection[how]()
      })
      const outcome = await ask(
        { url: `https://127.0.0.1:${server.port}/`, method: 'POST', json: 1 },
        { maxRetries: 1, retry: HASTY },
      )
      expect(verdictOf(outcome)).toBe('connect/tls_reset')
      expect(outcome.attempts).toBe(2)
    },
  )

  it('fails with tls/not_tls on a port that does not speak TLS', async () => {
    await using server = await rawServer(async connection => {
      await connection.expect(1)
      await connection.send('HTTP/1.1 400 Bad Request\r\n\r\n')
    })
    const outcome = await ask(`https://127.0.0.1:${server.port}/`, { maxRetries: 2 })
    expect(verdictOf(outcome)).toBe('tls/not_tls')
    expect(outcome.attempts).toBe(1)
  })

  it('recognises a TLS port that got plain text by its answer or its silence', async () => {
    await using server = await rawServer(polite, { cert: 'server' })
    expect(await verdict(`http://127.0.0.1:${server.port}/`)).toMatch(/^(?:reset\/before_headers|protocol\/not_http)$/)
  })
})

describe('timings', () => {
  it('report a connection only if one was made, and a lookup only for a name', async () => {
    await using server = await rawServer(polite)
    const client = clientOf()
    const first = await client.request(server.origin, { onFailure: 'settle' })
    const second = await client.request(server.origin, { onFailure: 'settle' })
    expect(first.timings.dns).toBeUndefined()
    expect(first.timings.connect).toBeGreaterThanOrEqual(0)
    expect(first.timings.tls).toBeUndefined()
    expect(second.timings.connect).toBeUndefined()
    for (const { timings } of [first, second]) {
      expect(timings.firstByte).toBeGreaterThanOrEqual(0)
      expect(timings.body).toBeGreaterThanOrEqual(0)
      const { dns = 0, connect: made = 0, firstByte = 0, body = 0, total } = timings
      expect(dns + made + firstByte + body).toBeLessThanOrEqual(total)
    }
    await client.close()

    await using named = await rawServer(polite, { host: 'localhost' })
    const byName = await ask(`http://localhost:${named.port}/`)
    expect(byName.timings.dns).toBeGreaterThanOrEqual(0)
    expect(byName.timings.connect).toBeGreaterThanOrEqual(0)
  })

  it.each([undefined, 'server'] as const)('count the writing of a large body once (TLS: %s)', async cert => {
    await using server = await rawServer(polite, cert && { cert })
    const body = 'x'.repeat(3_000_000)
    const { timings } = await ask({ url: server.origin, method: 'POST', body }, TRUST)
    const { connect: made = 0, tls = 0, firstByte = 0, body: read = 0, total } = timings
    expect(made + tls + firstByte + read).toBeLessThanOrEqual(total)
  })

  it('report the handshake', async () => {
    await using server = await rawServer(polite, { cert: 'server' })
    const { timings } = await ask(server.origin, TRUST)
    expect(timings.connect).toBeGreaterThanOrEqual(0)
    expect(timings.tls).toBeGreaterThan(0)
  })

  it('measure the wait for the head, and the whole body rather than its last chunk', async () => {
    await using server = await rawServer(
      answering(async connection => {
        await connection.wait(60)
        await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n12')
        await connection.wait(60)
        await connection.send('34')
      }),
    )
    const { timings } = await ask(server.origin)
    expect(timings.firstByte).toBeGreaterThanOrEqual(55)
    expect(timings.body).toBeGreaterThanOrEqual(55)
  })

  it('describe the last attempt: on a kept connection, no time is spent connecting', async () => {
    await using server = await rawServer(
      answering((connection, { path }) =>
        connection.reply('1', { status: path === '/' && server.requests.length === 1 ? '503 X' : '200 OK' }),
      ),
    )
    const outcome = await ask(server.origin, { maxRetries: 1, retry: HASTY })
    expect(outcome.attempts).toBe(2)
    expect(outcome.timings.connect).toBeUndefined()
  })
})
