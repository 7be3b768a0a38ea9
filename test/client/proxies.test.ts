/** Proxies in use: per client and per request, in rotation, cooling down, from a file and from the environment. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Worker } from 'node:worker_threads'
import { nodeTakesEnvironment } from '../../src/config/proxy-env.ts'
import { ConfigError, ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { HASTY, TRUST, ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { freePort } from '../support/dead-ends.ts'
import { httpProxy, socksProxy } from '../support/proxy-server.ts'
import type { TestProxy } from '../support/proxy-server.ts'
import { covers } from '../support/hostile/record.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { Script } from '../support/raw-server.ts'

const polite: Script = answering(connection => connection.reply('"hello"'))

afterEach(() => vi.unstubAllEnvs())

async function several(count: number): Promise<{ proxies: TestProxy[]; urls: string[] } & AsyncDisposable> {
  const proxies = await Promise.all(Array.from({ length: count }, () => httpProxy()))
  return {
    proxies,
    urls: proxies.map(({ url }) => url),
    async [Symbol.asyncDispose]() {
      await Promise.all(proxies.map(proxy => proxy.close()))
    },
  }
}

describe('a list of proxies', () => {
  it('is used in turn by requests, retries and redirect hops', async () => {
    await using target = await rawServer(
      answering((connection, { path }) => {
        if (path === '/fail' && target.requests.length === 1) return connection.reply('', { status: '503 X' })
        if (path === '/fail') return connection.reply('', { status: '302 X', headers: 'Location: /end\r\n' })
        return connection.reply('"hello"')
      }),
    )
    await using three = await several(3)
    const outcome = await ask(`${target.origin}/fail`, { proxies: three.urls, maxRetries: 1, retry: HASTY })
    expect(verdictOf(outcome)).toBe('ok')
    expect(three.proxies.map(({ forwards }) => forwards.map(line => new URL(line.slice(4)).pathname))).toEqual([
      ['/fail'],
      ['/fail'],
      ['/end'],
    ])
  })

  it('is used without a proxy that dies during a batch, never bypassed, and no request is lost', async () => {
    await using target = await rawServer(polite, { cert: 'server' })
    await using three = await several(3)
    const client = clientOf({ ...TRUST, proxies: three.urls, maxRetries: 2, concurrency: 6, breaker: true })
    const url = `https://localhost:${target.port}/`
    const urls = Array.from({ length: 120 }, (_, n) => `${url}${n}`)
    let done = 0
    for await (const outcome of client.stream(urls)) {
      expect(verdictOf(outcome)).toBe('ok')
      if (++done === 30) await three.proxies[1]?.kill()
    }
    expect(done).toBe(120)
    expect(target.accepted).toBe(three.proxies.reduce((sum, { tunnels }) => sum + tunnels.length, 0))
    await client.close()
  })

  it('retries on another proxy when one refuses its credentials, and does not use that one again', async () => {
    await using target = await rawServer(polite, { cert: 'server' })
    await using closed = await httpProxy({ wants: 'user:pass' })
    await using open = await httpProxy()
    const client = clientOf({ ...TRUST, proxies: [closed.url, open.url], maxRetries: 1, concurrency: 1 })
    const url = `https://localhost:${target.port}/`
    const outcomes = await client.request([url, url, url, url], { onFailure: 'settle' })
    expect(outcomes.map(verdictOf)).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(outcomes.map(({ attempts }) => attempts)).toEqual([2, 1, 1, 1])
    expect(closed.tunnels).toHaveLength(1)
    await client.close()
  })

  it('retries on another proxy when one is not a proxy, or not trusted', async () => {
    await using target = await rawServer(polite, { cert: 'server' })
    await using other = await rawServer(async connection => {
      await connection.expect(1)
      await connection.send('SSH-2.0-OpenSSH_9.9\r\n\r\n')
    })
    await using untrusted = await httpProxy({ cert: 'self-signed' })
    await using good = await httpProxy()
    const proxies = [`http://127.0.0.1:${other.port}`, untrusted.url, good.url]
    const client = clientOf({ ...TRUST, proxies, maxRetries: 2, concurrency: 1 })
    const url = `https://localhost:${target.port}/`
    // The first request has met them all; the second one knows.
    for (const attempts of [3, 1]) {
      const outcome = await client.request(url, { onFailure: 'settle' })
      expect([verdictOf(outcome), outcome.attempts]).toEqual(['ok', attempts])
    }
    await client.close()
  })

  it('retries on another proxy than the one that failed, even with a cooldown of 0', async () => {
    await using target = await rawServer(polite)
    await using good = await httpProxy()
    const client = clientOf({
      proxies: [`http://127.0.0.1:${await freePort()}`, good.url],
      proxyCooldown: 0,
      maxRetries: 1,
      retry: HASTY,
      concurrency: 1,
    })
    const urls = Array.from({ length: 16 }, (_, n) => `${target.origin}/${n}`)
    const outcomes = await client.request(urls, { onFailure: 'settle' })
    expect(new Set(outcomes.map(verdictOf))).toEqual(new Set(['ok']))
    await client.close()
  })

  it('does not blame a proxy for a status of the target, nor the target for its proxies', async () => {
    await using target = await rawServer(answering(connection => connection.reply('', { status: '500 X' })))
    await using two = await several(2)
    const client = clientOf({ proxies: two.urls, concurrency: 1 })
    await client.request(
      Array.from({ length: 6 }, () => target.origin),
      { onFailure: 'settle' },
    )
    expect(two.proxies.map(({ forwards }) => forwards.length)).toEqual([3, 3])
    await client.close()

    await using good = await rawServer(polite, { cert: 'server' })
    await using refusing = await httpProxy({ wants: 'a:b' })
    const { port } = refusing
    const strict = clientOf({ ...TRUST, breaker: { failures: 2 }, concurrency: 1, proxyCooldown: 0 })
    const url = `https://localhost:${good.port}/`
    const dead = { url, proxy: 'http://127.0.0.1:9' }
    const silent = { url, proxy: `http://127.0.0.1:${port}`, timeouts: { connect: '100ms' } }
    const outcomes = await strict.request([dead, silent, dead, silent, dead, url], { onFailure: 'settle' })
    expect(outcomes.map(verdictOf)).toEqual([
      'proxy/connect',
      'proxy/auth',
      'proxy/connect',
      'proxy/auth',
      'proxy/connect',
      'ok',
    ])
    await strict.close()
  })

  it('may be a file', async () => {
    await using target = await rawServer(polite)
    await using proxy = await httpProxy({ wants: 'user:pass' })
    const folder = mkdtempSync(join(tmpdir(), 'proxies-'))
    const proxyFile = join(folder, 'proxies.txt')
    writeFileSync(proxyFile, `# one\n127.0.0.1:${proxy.port}:user:pass\n`)
    expect(await verdict(target.origin, { proxyFile })).toBe('ok')
    expect(proxy.credentials).toEqual(['user:pass'])
    rmSync(folder, { recursive: true })
  })
})

describe('the proxy of a request', () => {
  it('overrides that of the client, also with none', async () => {
    await using target = await rawServer(polite)
    await using clients = await httpProxy()
    await using own = await socksProxy()
    const client = clientOf({ proxy: clients.url, concurrency: 1 })
    const url = target.origin
    await client.request([{ url }, { url, proxy: own.url }, { url, proxy: false }, { url, proxy: null }, url])
    expect(clients.forwards).toHaveLength(2)
    expect(own.tunnels).toHaveLength(1)
    expect(target.requests).toHaveLength(5)
    await client.close()
  })

  it('fails its request alone if it is invalid, and nothing is sent', async () => {
    await using target = await rawServer(polite)
    const client = clientOf()
    const bad = ['nonsense', 'http://u%0d%0aX: y@p.test', 'ftp://p.test', 7 as never]
    const specs = [...bad.map(proxy => ({ url: target.origin, proxy })), { url: target.origin }]
    const outcomes = await client.request(specs, { onFailure: 'settle' })
    expect(outcomes.map(verdictOf)).toEqual([...bad.map(() => 'invalid_request/options'), 'ok'])
    expect(target.requests).toHaveLength(1)
    await client.close()
  })

  it("cannot get its credentials from the request's headers, because they would reach the origin", async () => {
    const outcome = await ask({ url: 'http://127.0.0.1:9/', headers: { 'Proxy-Authorization': 'Basic x' } })
    expect(verdictOf(outcome)).toBe('invalid_request/header')
    expect(outcome.error?.message).toContain('into the URL of the proxy')
  })
})

describe('parallelRequestsSync', () => {
  it('uses proxies of the call and of single requests', async () => {
    // A server in this thread could not answer while the thread is blocked.
    const thread = new Worker(new URL('../support/proxy-thread.ts', import.meta.url))
    const { target, first, second } = await new Promise<Record<'target' | 'first' | 'second', string>>(resolve =>
      thread.once('message', resolve),
    )
    const specs = [{ url: target }, { url: target, proxy: second }, { url: target, proxy: false as const }]
    const values = parallelRequestsSync(specs, { proxy: first, concurrency: 1 })
    expect(values).toEqual(['first', 'second', 'direct'])
    await thread.terminate()
  })
})

describe("proxy: 'env'", () => {
  it('chooses by scheme and NO_PROXY, for each hop again', async () => {
    await using inside = await rawServer(polite, { host: '::1' })
    await using outside = await rawServer(
      answering(connection => connection.reply('', { status: '302 X', headers: `Location: ${inside.origin}/in\r\n` })),
    )
    await using proxy = await httpProxy()
    for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']) vi.stubEnv(name, undefined)
    vi.stubEnv('HTTP_PROXY', proxy.urlFor('user', 'pass'))
    vi.stubEnv('NO_PROXY', '[::1]')
    expect(await verdict(outside.origin, { proxy: 'env' })).toBe('ok')
    expect(proxy.forwards).toEqual([`GET ${outside.origin}/`])
    expect(inside.requests).toHaveLength(1)
    expect(inside.requests[0]?.head).not.toMatch(/proxy-/i)
    covers(import.meta.url, {
      row: 73,
      name: 'to a host for which NO_PROXY decides differently',
      outcome: '`ok`',
      retry: '–',
      socket: '–',
    })
    // Without the option, the environment is not read.
    expect(await verdict(inside.origin, {})).toBe('ok')
    vi.stubEnv('NO_PROXY', '')
    expect(await verdict(outside.origin)).toBe('ok')
    expect(proxy.forwards).toHaveLength(1)
  })
})

describe('NODE_USE_ENV_PROXY=1', () => {
  async function behindProxy(run: (target: string) => Promise<unknown>): Promise<number> {
    await using target = await rawServer(polite)
    await using proxy = await httpProxy()
    for (const name of ['https_proxy', 'all_proxy', 'no_proxy', 'NO_PROXY']) vi.stubEnv(name, undefined)
    vi.stubEnv('http_proxy', proxy.urlFor('user', 'pass'))
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    await run(target.origin)
    return proxy.forwards.length
  }

  it("makes 'env' the default of a client, like for fetch", async () => {
    expect(await behindProxy(origin => parallelRequests([origin], { returnType: 'text' }))).toBe(1)
  })

  it('does not apply to a client with its own proxy or transport', async () => {
    expect(await behindProxy(origin => parallelRequests([origin], { returnType: 'text', proxy: false }))).toBe(0)
    const transport = mockTransport(() => ({ json: 1 }))
    expect(await behindProxy(origin => parallelRequests([origin], { transport }))).toBe(0)
  })

  it('can also be set by a flag of Node or in NODE_OPTIONS', () => {
    expect(nodeTakesEnvironment({}, ['--use-env-proxy'])).toBe(true)
    expect(nodeTakesEnvironment({ NODE_OPTIONS: '--no-warnings --use-env-proxy' }, [])).toBe(true)
    expect(nodeTakesEnvironment({ NODE_USE_ENV_PROXY: '0' }, ['--no-warnings'])).toBe(false)
  })
})

describe('a transport of the caller', () => {
  const transport = mockTransport(() => ({ json: 1 }))

  it.each([
    { proxy: 'http://p.test' },
    { proxies: ['http://p.test'] },
    { proxy: 'http://p.test', proxies: ['http://p.test'] },
  ])('cannot be combined with a proxy: %j is a ConfigError', options => {
    expect(() => new ParallelRequests({ transport, ...options })).toThrow(ConfigError)
  })

  it('fails only the requests that have their own proxy', async () => {
    const specs = [
      { url: 'http://x.test/', proxy: 'http://p.test' },
      { url: 'http://x.test/', proxy: false as const },
    ]
    const outcomes = await parallelRequests(specs, { transport, onFailure: 'settle' })
    expect(outcomes.map(verdictOf)).toEqual(['invalid_request/options', 'ok'])
  })
})
