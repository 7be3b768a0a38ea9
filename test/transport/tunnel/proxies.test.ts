/** Requests through real proxies: what the proxy sees, what the target sees, and which fault each failure gives. */
import type { AddressInfo } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { HASTY, TRUST, ask, clientOf, until, verdict, verdictOf } from '../../support/ask.ts'
import type { AskOptions } from '../../support/ask.ts'
import { httpProxy, socksProxy } from '../../support/proxy-server.ts'
import type { TestProxy } from '../../support/proxy-server.ts'
import { answering, rawServer, tlsFixture } from '../../support/raw-server.ts'
import type { RawServer, Script } from '../../support/raw-server.ts'
import { expectFigure } from '../../support/figure.ts'

const polite: Script = answering(connection => connection.reply('"hello"'))
/** A name that does not resolve here: a request that arrives had the proxy resolve it. */
const nameOf = ({ origin, port }: RawServer): string => `${origin.split('://')[0]}://target.invalid:${port}`

const KINDS: readonly (readonly [string, (wants?: string) => Promise<TestProxy>])[] = [
  ['http', wants => httpProxy({ ...(wants !== undefined && { wants }) })],
  ['https', wants => httpProxy({ cert: 'server', ...(wants !== undefined && { wants }) })],
  ['socks5', wants => socksProxy({ ...(wants !== undefined && { wants }) })],
]

describe.each(KINDS)('through an %s proxy', (kind, open) => {
  it('a request to an http: origin arrives, and the proxy resolves its name', async () => {
    await using target = await rawServer(polite)
    await using proxy = await open()
    const outcome = await ask(`${nameOf(target)}/a?b=1`, { ...TRUST, proxy: proxy.url })
    expect(outcome.ok && outcome.value).toBe('"hello"')
    const [request] = target.requests
    expect(request?.path).toBe('/a?b=1')
    expect(request?.headers.get('host')).toBe(`target.invalid:${target.port}`)
    if (kind === 'socks5') expect(proxy.tunnels).toEqual([`target.invalid:${target.port}`])
    else expect(proxy.forwards).toEqual([`GET http://target.invalid:${target.port}/a?b=1`])
  })

  it('a request to an https: origin goes through a tunnel, with TLS to the target under its own name', async () => {
    await using target = await rawServer(polite, { cert: 'server' })
    await using proxy = await open()
    const outcome = await ask(`https://localhost:${target.port}/`, { ...TRUST, proxy: proxy.url })
    expect(outcome.ok && outcome.value).toBe('"hello"')
    expect(proxy.tunnels).toEqual([`localhost:${target.port}`])
    expect(outcome.timings.connect).toBeGreaterThanOrEqual(0)
    expect(outcome.timings.tls).toBeGreaterThan(0)
    expect(outcome.timings.dns).toBeUndefined()
    await target.close()
    await using elsewhere = await rawServer(polite, { cert: 'elsewhere' })
    expect(await verdict(`https://localhost:${elsewhere.port}/`, { ...TRUST, proxy: proxy.url })).toBe('tls/hostname')
    expect(await verdict(`https://localhost:${elsewhere.port}/`, { verifySsl: false, proxy: proxy.url })).toBe('ok')
    expect(elsewhere.requests).toHaveLength(1)
  })

  it.each(['http', 'https'] as const)('credentials are sent to the proxy, and never to an %s: origin', async scheme => {
    await using target = await rawServer(polite, scheme === 'https' ? { cert: 'server' } : {})
    await using proxy = await open('us er:p@ss:wörd')
    const options = { ...TRUST, proxy: proxy.urlFor('us er', 'p@ss:wörd') }
    expect(await verdict(`${scheme}://localhost:${target.port}/`, options)).toBe('ok')
    expect(proxy.credentials).toEqual(['us er:p@ss:wörd'])
    expect(target.requests.map(({ head }) => head).join('')).not.toMatch(/proxy-/i)
  })

  it.each(['http', 'https'] as const)(
    'rejected credentials are proxy/auth, once, for an %s: origin; later requests fail at once',
    async scheme => {
      await using target = await rawServer(polite, scheme === 'https' ? { cert: 'server' } : {})
      await using proxy = await open('user:right')
      for (const url of [proxy.url, proxy.urlFor('user', 'wrong')]) {
        const before = proxy.accepted
        const client = clientOf({ ...TRUST, proxy: url, maxRetries: 3, concurrency: 1 })
        const urls = Array.from({ length: 20 }, () => `${scheme}://localhost:${target.port}/`)
        const outcomes = await client.request(urls, { onFailure: 'settle' })
        expect(outcomes.map(verdictOf)).toEqual(urls.map(() => 'proxy/auth'))
        expect(outcomes[0]?.attempts).toBe(1)
        expect(outcomes[19]?.attempts).toBe(0)
        expect(proxy.accepted - before).toBe(1)
        await client.close()
      }
      expect(target.accepted).toBe(0)
    },
  )

  it('a kept connection is reused only for the same origin', async () => {
    await using one = await rawServer(polite, { cert: 'server' })
    await using two = await rawServer(polite, { cert: 'server' })
    await using proxy = await open()
    const client = clientOf({ ...TRUST, proxy: proxy.url })
    for (const { port } of [one, one, two, one]) await client.request(`https://localhost:${port}/`)
    expect(proxy.tunnels).toEqual([`localhost:${one.port}`, `localhost:${two.port}`])
    expect(one.connections).toHaveLength(1)
    await client.close()
    await until(() => proxy.open === 0)
  })

  it('a proxy that refuses connections is proxy/connect, retried even for a POST, and never bypassed', async () => {
    await using target = await rawServer(polite)
    const proxy = await open()
    await proxy.close()
    const spec = { url: target.origin, method: 'POST', json: 1 }
    const outcome = await ask(spec, { proxy: proxy.url, maxRetries: 2 })
    expect(verdictOf(outcome)).toBe('proxy/connect')
    expect(outcome.attempts).toBe(3)
    expect(target.accepted).toBe(0)
  })

  it.each(['http', 'https'] as const)(
    'a proxy that never answers is timeout/proxy, for an %s: origin',
    async scheme => {
      if (kind === 'http' && scheme === 'http') return // It forwards, so the response is late.
      await using silent = await rawServer(async connection => void (await connection.expect(1)))
      const limits = [{ timeouts: { connect: '200ms' } }, { timeout: '200ms' }] as const
      for (const limit of limits) {
        const startedAtMs = performance.now()
        const outcome = await ask(`${scheme}://target.invalid/`, {
          proxy: `${kind}://127.0.0.1:${silent.port}`,
          ...limit,
        })
        expect(verdictOf(outcome)).toBe('timeout/proxy')
        expectFigure(performance.now() - startedAtMs).toBeLessThan(300)
      }
      await until(() => silent.connections.every(({ isOpen }) => !isOpen), 200)
    },
  )

  it('an abort ends a tunnel that is being made at once', async () => {
    await using silent = await rawServer(async connection => void (await connection.expect(1)))
    const client = clientOf({ proxy: `${kind}://127.0.0.1:${silent.port}` })
    const abort = new AbortController()
    const asked = client.request('https://target.invalid/', { onFailure: 'settle', signal: abort.signal })
    await until(() => (silent.connections[0]?.text ?? '') !== '')
    abort.abort()
    expect(verdictOf(await asked)).toBe('aborted/in_flight')
    await until(() => silent.connections[0]?.isOpen === false, 100)
    await client.close()
  })

  it('a target that is silent behind the tunnel is timeout/tls, and an abort closes everything down to the proxy', async () => {
    await using target = await rawServer(async connection => void (await connection.expect(1)))
    await using proxy = await open()
    const url = `https://localhost:${target.port}/`
    expect(await verdict(url, { ...TRUST, proxy: proxy.url, timeouts: { connect: '300ms' } })).toBe('timeout/tls')
    await until(() => proxy.open === 0 && target.connections.every(({ isOpen }) => !isOpen), 200)

    const client = clientOf({ ...TRUST, proxy: proxy.url })
    const abort = new AbortController()
    const asked = client.request(url, { onFailure: 'settle', signal: abort.signal })
    await until(() => (target.connections[1]?.text ?? '') !== '')
    abort.abort()
    expect(verdictOf(await asked)).toBe('aborted/in_flight')
    await until(() => proxy.open === 0 && target.connections[1]?.isOpen === false, 200)
    await client.close()
  })

  it('a proxy that closes the connection instead of answering is proxy/connect, or speaks no TLS', async () => {
    for (const how of ['fin', 'rst'] as const) {
      await using rude = await rawServer(async connection => {
        await connection.expect(1)
        connection[how]()
      })
      const outcome = await ask('https://target.invalid/', { proxy: `${kind}://127.0.0.1:${rude.port}`, maxRetries: 1 })
      expect(verdictOf(outcome)).toBe('proxy/connect')
      expect(outcome.attempts).toBe(2)
    }
  })

  it('a proxy of another protocol is proxy/protocol or proxy/tls, and the request is not retried', async () => {
    await using other = await rawServer(async connection => {
      await connection.expect(1)
      await connection.send('SSH-2.0-OpenSSH_9.9\r\n\r\n')
    })
    const outcome = await ask('https://target.invalid/', { proxy: `${kind}://127.0.0.1:${other.port}`, maxRetries: 2 })
    expect(verdictOf(outcome)).toBe(kind === 'https' ? 'proxy/tls' : 'proxy/protocol')
    expect(outcome.attempts).toBe(1)
  })

  it('a target that refuses the connection is not a failure of the proxy', async () => {
    await using target = await rawServer(polite)
    await using proxy = await open()
    await target.close()
    const outcome = await ask(`https://localhost:${target.port}/`, { ...TRUST, proxy: proxy.url, maxRetries: 1 })
    expect(verdictOf(outcome)).toBe(kind === 'socks5' ? 'proxy/unreachable' : 'proxy/refused')
    expect(outcome.attempts).toBe(2)
    if (kind !== 'socks5') expect(outcome.response?.status).toBe(502)
  })

  it('a body that the proxy truncates is truncated, not ok, and closes everything', async () => {
    await using target = await rawServer(
      async connection => {
        await connection.request()
        await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n12')
      },
      { cert: 'server' },
    )
    await using proxy = await open()
    const asked = ask(`https://localhost:${target.port}/`, { ...TRUST, proxy: proxy.url })
    await until(() => target.requests.length === 1)
    await new Promise(resolve => setTimeout(resolve, 20))
    await proxy.kill()
    expect(verdictOf(await asked)).toMatch(/^truncated\/(?:length|reset)$/)
    await until(() => target.connections.every(({ isOpen }) => !isOpen))
  })

  it('works from worker threads', async () => {
    await using target = await rawServer(polite, { cert: 'server' })
    await using proxy = await open('user:pass')
    const options: AskOptions = { ...TRUST, proxy: proxy.urlFor('user', 'pass'), workers: 1 }
    expect(await verdict(`https://localhost:${target.port}/`, options)).toBe('ok')
    expect(proxy.credentials).toEqual(['user:pass'])
  })
})

it('a proxy that wants credentials is proxy/auth from worker threads too', async () => {
  await using proxy = await httpProxy({ wants: 'user:pass' })
  expect(await verdict('https://localhost:1/', { ...TRUST, proxy: proxy.url, workers: 1 })).toBe('proxy/auth')
})

describe('CONNECT', () => {
  it.each([
    [403, 1],
    [404, 1],
    [502, 3],
    [503, 3],
    [504, 3],
  ])('answered with %i is proxy/refused with its status, after %i attempts', async (status, attempts) => {
    await using proxy = await httpProxy({
      onConnect(socket) {
        socket.end(`HTTP/1.1 ${status} No\r\nX-Reason: policy\r\nContent-Length: 2\r\n\r\nno`)
        return true
      },
    })
    const spec = { url: 'https://target.invalid/', method: 'POST', json: 1 }
    const outcome = await ask(spec, { proxy: proxy.url, maxRetries: 2, retry: HASTY })
    expect(verdictOf(outcome)).toBe('proxy/refused')
    expect(outcome.attempts).toBe(attempts)
    expect(outcome.response).toMatchObject({ status, url: spec.url })
    expect(outcome.error?.message).toContain(`${status} No`)
  })

  const answeringConnect = (answer: string) =>
    httpProxy({
      onConnect(socket) {
        socket.write(answer)
        return true
      },
    })

  it.each([
    [
      '200 and junk in one packet',
      'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse',
      'tls/not_tls',
    ],
    ['another protocol', 'HELLO\r\n\r\n', 'proxy/protocol'],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n', 'proxy/protocol'],
    ['a malformed header', 'HTTP/1.1 200 OK\r\nX Y: 1\r\n\r\n', 'proxy/protocol'],
    ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(20_000)}`, 'proxy/protocol'],
    ['interim answers without an end', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50), 'proxy/protocol'],
    ['101', 'HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 403 No\r\n\r\n', 'proxy/refused'],
    ['401', 'HTTP/1.1 401 Unauthorized\r\n\r\n', 'proxy/auth'],
    ['302', 'HTTP/1.1 302 Found\r\nLocation: https://x.test/\r\n\r\n', 'proxy/refused'],
  ])('answered with %s has its own fault', async (_what, answer, code) => {
    await using proxy = await answeringConnect(answer)
    const outcome = await ask('https://target.invalid/', { proxy: proxy.url, maxRetries: 2 })
    expect(verdictOf(outcome)).toBe(code)
    expect(outcome.attempts).toBe(1)
  })

  it('may be answered after an interim answer, in chunks', async () => {
    await using target = await rawServer(polite, { cert: 'server' })
    await using front = await httpProxy()
    const pieces = ['HTTP/1.1 10', '0 Continue\r\n\r', '\n']
    await using proxy = await rawServer(async connection => {
      await connection.expect('\r\n\r\n')
      for (const piece of pieces) {
        await connection.send(piece)
        await connection.wait(5)
      }
      await connection.send('HTTP/1.1 502 No\r\n\r\n')
    })
    const urls = [`http://127.0.0.1:${proxy.port}`, front.url]
    const client = clientOf({ ...TRUST, proxies: urls, maxRetries: 1 })
    expect(verdictOf(await client.request(`https://localhost:${target.port}/`, { onFailure: 'settle' }))).toBe('ok')
    await client.close()
  })

  const closingConnect = () =>
    httpProxy({
      onConnect(socket) {
        socket.destroy()
        return true
      },
    })

  it('puts an IPv6 address in brackets', async () => {
    await using proxy = await closingConnect()
    await verdict('https://[::1]:8443/', { proxy: proxy.url })
    expect(proxy.tunnels).toEqual(['[::1]:8443'])
  })

  it('is made without resolving the target, with port 443 by default', async () => {
    await using proxy = await closingConnect()
    await verdict('https://target.invalid/', { proxy: proxy.url })
    expect(proxy.tunnels).toEqual(['target.invalid:443'])
  })
})

describe('an https: proxy', () => {
  it.each(['self-signed', 'elsewhere'] as const)(
    'with the certificate "%s" is proxy/tls, and gets no credentials',
    async cert => {
      await using proxy = await httpProxy({ cert })
      const options = { ...TRUST, proxy: proxy.urlFor('user', 'pass'), maxRetries: 1 }
      const outcome = await ask('https://target.invalid/', options)
      expect(verdictOf(outcome)).toBe('proxy/tls')
      expect(outcome.attempts).toBe(1)
      expect(proxy.tunnels).toEqual([])
      expect(proxy.credentials).toEqual([])
    },
  )
})

describe('the certificate of the client', () => {
  it('is sent to the target only, never to an https: proxy', async () => {
    const seen: boolean[] = []
    const server = createTlsServer(
      { cert: tlsFixture('server'), key: tlsFixture('server-key'), requestCert: true, rejectUnauthorized: false },
      socket => {
        seen.push(Object.keys(socket.getPeerCertificate()).length > 0)
        socket.destroy()
      },
    )
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const tls = { ...TRUST.tls, cert: tlsFixture('server'), key: tlsFixture('server-key') }
    await verdict('https://target.invalid/', { tls, proxy: `https://localhost:${port}` })
    await verdict(`https://localhost:${port}/`, { tls })
    expect(seen).toEqual([false, true])
    await new Promise(resolve => server.close(resolve))
  })
})

describe('SOCKS 5', () => {
  it.each([
    [1, 'proxy/failed', 2],
    [2, 'proxy/refused', 1],
    [3, 'proxy/unreachable', 2],
    [4, 'proxy/unreachable', 2],
    [5, 'proxy/unreachable', 2],
    [6, 'proxy/unreachable', 2],
    [7, 'proxy/protocol', 1],
    [8, 'proxy/protocol', 1],
    [99, 'proxy/protocol', 1],
  ])('answered with %i is %s, after %i attempts', async (refusesWith, code, attempts) => {
    await using proxy = await socksProxy({ refusesWith })
    const outcome = await ask('http://target.invalid/', { proxy: proxy.url, maxRetries: 1 })
    expect(verdictOf(outcome)).toBe(code)
    expect(outcome.attempts).toBe(attempts)
  })

  it('gets addresses as addresses and names as names, also as socks5h:', async () => {
    await using proxy = await socksProxy({ refusesWith: 2 })
    const hosts = ['http://127.0.0.1:81/', 'http://[::1]:82/', 'http://[2001:db8::7]/', 'http://TARGET.invalid./']
    for (const url of hosts) await verdict(url, { proxy: proxy.url.replace('socks5:', 'socks5h:') })
    expect(proxy.tunnels).toEqual([
      '127.0.0.1:81',
      `[${'0'.repeat(31)}1]:82`,
      '[20010db8000000000000000000000007]:80',
      'target.invalid.:80',
    ])
  })

  it('that sends more than its answer gets no request', async () => {
    await using proxy = await rawServer(async connection => {
      await connection.expect(3)
      await connection.send(Buffer.from([5, 0]))
      await connection.expect(10)
      const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfalse'
      await connection.send(Buffer.concat([Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]), Buffer.from(poison)]))
    })
    const outcome = await ask('http://127.0.0.1:81/', { proxy: `socks5://127.0.0.1:${proxy.port}` })
    expect(verdictOf(outcome)).toBe('proxy/protocol')
  })
})
