/**
 * Secrets are never shown: random canaries in every place that may hold one, searched for in everything that can be
 * shown.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { format, inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  AbortError,
  ConfigError,
  HttpStatusError,
  ParallelRequests,
  PartialFailureError,
  parallelRequests,
} from '../src/index.ts'
import type { FullResponse, Outcome } from '../src/index.ts'
import { harOfFile } from '../src/report/har.ts'
import { har, report } from '../src/report/index.ts'
import { mockTransport } from '../src/testing/index.ts'
import { sdk } from './otel/sdk.ts'
import { echoServer } from './support/echo-server.ts'
import type { EchoServer } from './support/echo-server.ts'
import { observeChannels } from './support/observed.ts'
import { httpProxy, socksProxy } from './support/proxy-server.ts'

/** Starts with letters that no other text here has. Valid in URLs, headers and cookies. */
const canary = (): string => `CANARY${randomBytes(9).toString('hex')}`

/** Every way in which people see a value. */
function everythingShownOf(value: unknown): string {
  const shown = [
    inspect(value),
    inspect(value, { depth: 10, showHidden: false }),
    inspect(value, { depth: 10, showHidden: false, compact: false }),
    format('%s %o %O', value, value, value),
    JSON.stringify(value) ?? '',
    String(value),
  ]
  if (value instanceof Error) {
    shown.push(value.message, value.stack ?? '', String(value), inspect(value.cause, { depth: 10 }))
    if (value instanceof AggregateError) for (const error of value.errors) shown.push(everythingShownOf(error))
  }
  return shown.join('\n')
}

function expectNoCanaryIn(...values: readonly unknown[]): void {
  for (const value of values) {
    const shown = everythingShownOf(value)
    const at = shown.indexOf('CANARY')
    expect(at, at === -1 ? '' : `…${shown.slice(Math.max(0, at - 300), at + 60)}…`).toBe(-1)
  }
}

/** A port without a listener. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** One request with a secret in every place that can hold one. */
function secretive(server: EchoServer, path: string) {
  const query = new URLSearchParams({
    token: canary(),
    api_key: canary(),
    'auth[token]': canary(),
    accessToken: canary(),
    'X-Amz-Signature': canary(),
    tenant: canary(),
    page: '7',
  })
  return {
    url: `http://user:${canary()}@127.0.0.1:${server.port}${path}?${query.toString()}#access_token=${canary()}`,
    params: { client_secret: canary(), sig: canary() },
    headers: {
      cookie: `sid=${canary()}`,
      'x-api-key': canary(),
      'x-auth-token': canary(),
      'x-tenant': canary(),
    },
  }
}

const OPTIONS = { secretNames: ['tenant', 'X-Tenant'], maxRetries: 0 } as const

describe('no secret of a request is shown', () => {
  it('by a successful outcome, its response, headers and timings', async () => {
    const server = await echoServer((_echo, response) => {
      const headers = { 'set-cookie': `sid=${canary()}`, 'x-api-key': canary(), 'x-tenant': canary() }
      response.writeHead(200, headers).end('{"fine":true}')
    })
    const outcome = await parallelRequests(secretive(server, '/ok'), { ...OPTIONS, onFailure: 'settle' })
    expect(outcome.ok).toBe(true)
    expectNoCanaryIn(outcome, [outcome], outcome.request, outcome.response, outcome.response?.headers)
    // The real value was sent, and code can read it.
    expect(server.requests[0]?.url).toContain('token=CANARY')
    expect(server.requests[0]?.headers['x-api-key']).toContain('CANARY')
    expect(outcome.response?.headers.get('x-api-key')).toContain('CANARY')
    expect(outcome.request.url).toContain('page=7')
    expect(outcome.request.url).toContain('token=***')
  })

  it('by a report or a HAR, of outcomes and of the run file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'secrets-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const server = await echoServer((_echo, response, request) => {
      const headers = { 'set-cookie': `sid=${canary()}`, 'x-api-key': canary(), location: `/?token=${canary()}` }
      // A debug page that shows the request.
      const echo = JSON.stringify({ error: 'no', url: request.url, headers: request.headers })
      response.writeHead(request.url?.startsWith('/ok') === true ? 200 : 403, headers).end(echo)
    })
    const options = { ...OPTIONS, auth: { bearer: canary() } }
    const specs = [secretive(server, '/no'), { ...secretive(server, '/refused'), method: 'DELETE' }]
    const [path, recorded] = [join(folder, 'run.jsonl'), join(folder, 'run.har')]
    await using client = new ParallelRequests(options)
    await client.drain(specs, { resume: path, sink: har(recorded, { bodies: true }) })
    const outcomes = await client.request(specs, { onFailure: 'settle' })
    await harOfFile({ path, target: join(folder, 'file.har'), bodies: true, overwrite: false })
    const shown = [readFileSync(recorded, 'utf8'), readFileSync(join(folder, 'file.har'), 'utf8')]
    for (const kind of ['html', 'text', 'json', 'csv', 'markdown'] as const) {
      shown.push(await report(path, { format: kind }), await report(outcomes, { format: kind, before: path }))
    }
    expect(shown.join('').match(/CANARY[^"]{0,40}/g)).toBeNull()
    expect(shown[2]).toContain('2 requests failed')
  })

  it('by the error of a refused status, its response and headers', async () => {
    const server = await echoServer((_echo, response) => {
      response.writeHead(403, { 'set-cookie': `sid=${canary()}`, 'www-authenticate': 'Bearer' }).end('no')
    })
    const error: unknown = await parallelRequests(secretive(server, '/no'), OPTIONS).catch((thrown: unknown) => thrown)
    if (!(error instanceof HttpStatusError)) throw new Error('expected an HttpStatusError')
    expectNoCanaryIn(error, error.url, error.response, error.response.headers, error.toJSON())
    expect(error.message).toContain('http://127.0.0.1')
  })

  it.each([
    'connect/refused',
    'reset/before_headers',
    'timeout/headers',
    'dns/not_found',
    'tls/untrusted',
    'truncated/length',
  ] as const)('by the error %s', async fault => {
    const server = await echoServer()
    const transport = mockTransport(() => ({ fault }))
    const outcome = await parallelRequests(secretive(server, '/x'), { ...OPTIONS, transport, onFailure: 'settle' })
    expect(outcome.error?.code).toBe(fault)
    expectNoCanaryIn(outcome, outcome.error)
  })

  it('by the errors of a real connection that is refused or cut, and their causes', async () => {
    const server = await echoServer((_echo, _response, request) => request.socket.destroy())
    const closed = { ...server, port: await closedPort() }
    const outcomes = await parallelRequests([secretive(server, '/cut'), secretive(closed, '/refused')], {
      ...OPTIONS,
      onFailure: 'settle',
    })
    expect(outcomes.map(({ error }) => error?.code)).toEqual(['reset/before_headers', 'connect/refused'])
    for (const outcome of outcomes) expectNoCanaryIn(outcome, outcome.error, outcome.error?.cause)
  })

  it('by errors and outcomes with proxies, of the client and of requests, and their causes', async () => {
    await using closed = await httpProxy({ wants: 'a:b' })
    await using echoing = await httpProxy({
      onConnect(socket) {
        socket.end(`HTTP/1.1 403 No\r\nX-Api-Key: ${canary()}\r\nSet-Cookie: a=${canary()}\r\n\r\n`)
        return true
      },
    })
    await using socks = await socksProxy({ wants: 'a:b' })
    const down = `http://user:${canary()}@127.0.0.1:${await closedPort()}`
    const ways = [
      closed.urlFor(canary(), canary()),
      echoing.urlFor(canary(), canary()),
      socks.urlFor(canary(), canary()),
      down,
      `127.0.0.1:${await closedPort()}:${canary()}:${canary()}`,
      // Invalid ones as well.
      `http://user:${canary()}@127.0.0.1:1/path`,
      `ftp://user:${canary()}@127.0.0.1`,
      `${canary()}:${canary()}`,
    ]
    const specs = ways.map(proxy => ({ url: 'https://localhost:9/', proxy }))
    for (const workers of [0, 1]) {
      const outcomes: Outcome[] = await parallelRequests([...specs, 'https://localhost:9/'], {
        ...OPTIONS,
        proxy: down,
        workers,
        onFailure: 'settle',
      })
      expect(outcomes.map(({ error }) => error?.code)).toEqual([
        'proxy/auth',
        'proxy/refused',
        'proxy/auth',
        'proxy/connect',
        'proxy/connect',
        'invalid_request/options',
        'invalid_request/options',
        'invalid_request/options',
        'proxy/connect',
      ])
      for (const outcome of outcomes) expectNoCanaryIn(outcome, outcome.error, outcome.error?.cause, outcome.response)
    }
    const client = new ParallelRequests({ proxies: [down] })
    expectNoCanaryIn(client, client.stats())
    await client.close()
    const error: unknown = await parallelRequests(specs.slice(0, 5), OPTIONS).catch((thrown: unknown) => thrown)
    expectNoCanaryIn(error)
  })

  it('by parse, schema and callback errors', async () => {
    const server = await echoServer((_echo, response) => response.end('not json'))
    const schema = {
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no' }] }) },
    } as const
    const parseFunc = (): never => {
      throw new Error('no')
    }
    const specs = [
      secretive(server, '/a'),
      { ...secretive(server, '/b'), returnType: 'text', schema } as const,
      { ...secretive(server, '/c'), returnType: 'text', parseFunc } as const,
    ]
    const outcomes: Outcome[] = await parallelRequests(specs, { ...OPTIONS, onFailure: 'settle' })
    expect(outcomes.map(({ error }) => error?.code)).toEqual(['parse/json', 'schema/mismatch', 'callback/parse'])
    for (const outcome of outcomes) expectNoCanaryIn(outcome, outcome.error)
  })

  it('by a PartialFailureError, although failedUrls() returns URLs that can be requested again', async () => {
    const server = await echoServer((_echo, response) => response.writeHead(404).end())
    const specs = [secretive(server, '/a'), secretive(server, '/b')]
    const error: unknown = await parallelRequests(specs, OPTIONS).catch((thrown: unknown) => thrown)
    if (!(error instanceof PartialFailureError)) throw new Error('expected a PartialFailureError')
    expectNoCanaryIn(error, error.errors, error.outcomes, error.failures, error.values)
    expect(error.failedUrls().join()).toContain('token=CANARY')
  })

  it('by an AbortError and its outcomes', async () => {
    const server = await echoServer(() => undefined)
    const controller = new AbortController()
    const options = { ...OPTIONS, signal: controller.signal, concurrency: 1 }
    const call = parallelRequests([secretive(server, '/a'), secretive(server, '/b'), 7 as never], options)
    const caught = call.catch((thrown: unknown) => thrown)
    while (server.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
    controller.abort(new Error('enough'))
    const error = await caught
    if (!(error instanceof AbortError)) throw new Error('expected an AbortError')
    expectNoCanaryIn(error, error.outcomes)
  })

  it('by a full response, its headers and the client', async () => {
    const server = await echoServer((_echo, response) => {
      response.writeHead(200, { 'set-cookie': `sid=${canary()}`, 'x-tenant': canary() }).end('not json')
    })
    await using client = new ParallelRequests({
      headers: { authorization: `Bearer ${canary()}`, 'x-api-key': canary() },
      auth: { username: 'user', password: canary() },
      cookies: { sid: canary() },
      params: { token: canary() },
      secretNames: ['X-Tenant'],
    })
    const response: FullResponse = await client.request(secretive(server, '/a'), {
      returnType: 'response',
      secretNames: ['tenant'],
    })
    expectNoCanaryIn(response, response.headers, client, client.stream([]))
    let error: unknown
    try {
      response.json()
    } catch (thrown) {
      error = thrown
    }
    expectNoCanaryIn(error)
    expect(error).toMatchObject({ code: 'parse/json' })
  })

  it('by the events of its attempts, nor by spans and metrics', async () => {
    const server = await echoServer(({ url }, response) => {
      if (url.startsWith('/to')) response.setHeader('location', `/ok?token=${canary()}`)
      response.setHeader('set-cookie', `a=${canary()}`)
      response.writeHead(url.startsWith('/to') ? 302 : url.startsWith('/ok') ? 200 : 503).end(`{"a":"${canary()}"}`)
    })
    const closed = { ...server, port: await closedPort() }
    const specs = [secretive(server, '/to'), secretive(server, '/busy'), secretive(closed, '/refused')]
    const { telemetry, spans, durations } = sdk()
    for (const workers of [0, 1]) {
      const seen = observeChannels()
      const events: unknown[] = []
      await parallelRequests(
        specs.map((spec, at) => ({ ...spec, key: `https://a.test/${at}?token=${canary()}` })),
        {
          ...OPTIONS,
          maxRetries: 1,
          retry: { backoff: { base: '1ms' } },
          onFailure: 'settle',
          workers,
          telemetry,
          hooks: { afterAttempt: event => void events.push(event) },
        },
      )
      seen.stop()
      expect(seen.attempts.length).toBeGreaterThan(5)
      // Keys are the caller's own words, which an event and an outcome repeat.
      const without = (event: object): object => ({ ...event, key: '', id: '' })
      expectNoCanaryIn(...[...seen.attempts, ...seen.requests, ...(events as object[])].map(without), ...seen.batches)
    }
    expect(spans().length).toBeGreaterThan(18)
    expectNoCanaryIn(
      ...spans().map(({ name, attributes, status, events, links }) => ({ name, attributes, status, events, links })),
    )
    expectNoCanaryIn(await durations())
  })

  it('by redirects: a loop, too many hops, an unsupported scheme, the final URL', async () => {
    const server = await echoServer((echo, response) => {
      const { pathname } = new URL(echo.url, 'http://x')
      const secrets = `token=${canary()}&tenant=${canary()}`
      const target = {
        '/loop': echo.url,
        '/many': `/many?${secrets}`,
        '/scheme': `ftp://user:${canary()}@x.test/?${secrets}`,
        '/away': `http://user:${canary()}@127.0.0.1:${server.port}/end?${secrets}`,
        '/stay': `/end?${secrets}`,
      }[pathname]
      if (target === undefined) response.end('1')
      else response.writeHead(302, { location: target }).end()
    })
    const paths = ['/loop', '/many', '/scheme', '/away', '/stay']
    const outcomes: Outcome[] = await parallelRequests(
      paths.map(path => ({ ...secretive(server, path), followRedirects: path !== '/stay' })),
      { ...OPTIONS, onFailure: 'settle' },
    )
    expect(outcomes.map(({ ok, error }) => (ok ? 'ok' : error.code))).toEqual([
      'redirect/loop',
      'redirect/too_many',
      'redirect/scheme',
      'ok',
      'http/302',
    ])
    for (const outcome of outcomes) expectNoCanaryIn(outcome, outcome.error, outcome.response?.headers)
  })
})

describe('no secret is shown by a request that is refused before it is sent', () => {
  const user = (): string => `user:${canary()}`
  it.each([
    ['another scheme', () => `ftp://${user()}@x.test/?token=${canary()}&tenant=${canary()}`],
    ['a port out of range', () => `http://${user()}@x.test:99999/?token=${canary()}`],
    ['a line break', () => `http://${user()}@x.test/\r\n?token=${canary()}`],
    ['a slash in the password', () => `http://user:a/${canary()}@x.test/?token=${canary()}`],
    ['a question mark in the password', () => `http://user:a?${canary()}@x.test/`],
    ['a hash in the password', () => `http://user:a#${canary()}@x.test/`],
    ['no scheme', () => `//${user()}@x.test/?token=${canary()}`],
    ['no scheme and no slashes', () => `${user()}@x.test/`],
    ['blanks before it', () => `  http://${user()}@x.test:x/`],
    ['a secret in its fragment', () => `http://x.test:x/#access_token=${canary()}`],
    ['a bad header', () => ({ url: `http://${user()}@x.test/`, headers: { 'x-api-key': `${canary()}\n` } })],
    ['a bad token', () => ({ url: 'http://x.test/', auth: { bearer: `${canary()}\n` } })],
    ['auth that is a string', () => ({ url: 'http://x.test/', auth: canary() })],
    ['headers that are a string', () => ({ url: 'http://x.test/', headers: `authorization: ${canary()}` })],
    ['params that are a string', () => ({ url: 'http://x.test/', params: `token=${canary()}` })],
    ['an unknown field', () => ({ url: `http://${user()}@x.test/?api_key=${canary()}`, tokn: canary() })],
    ['a bad form', () => ({ url: 'http://x.test/', form: `password=${canary()}` })],
    ['a body that is none', () => ({ url: 'http://x.test/', body: { password: canary() } })],
  ])('with %s', async (_what, make) => {
    const outcome = await parallelRequests(make() as string, { ...OPTIONS, onFailure: 'settle' })
    expect(outcome.error?.code).toMatch(/^invalid_request\//)
    expectNoCanaryIn(outcome, outcome.error, outcome.request)
    const caught = await parallelRequests([make() as string], OPTIONS).catch((thrown: unknown) => thrown)
    expect(caught).toBeInstanceOf(PartialFailureError)
    expectNoCanaryIn(caught)
  })

  it.each([
    ['auth', canary()],
    ['auth', { bearer: `${canary()}\n` }],
    ['auth', { token: canary() }],
    ['headers', `authorization: ${canary()}`],
    ['headers', { authorization: `Bearer ${canary()}\n` }],
    ['headers', { authorization: { bearer: canary() } }],
    ['cookies', `sid=${canary()}`],
    ['cookies', { sid: `${canary()};` }],
    ['cookies', { [`http://u:${canary()}@x.test:x`]: { a: '1' } }],
    ['params', `token=${canary()}`],
    ['params', { token: { value: canary() } }],
    ['form', `password=${canary()}`],
    ['body', { password: canary() }],
    ['baseUrl', `http://user:${canary()}@x.test/v1`],
    ['baseUrl', `ftp://user:${canary()}@x.test/`],
    ['baseUrl', `http://x.test/?token=${canary()}`],
    ['tls', { key: canary() }],
    ['tls', canary()],
    ['transport', `http://user:${canary()}@proxy.test`],
    ['proxy', `ftp://user:${canary()}@proxy.test`],
    ['proxy', `http://user:${canary()}@proxy.test/${canary()}`],
    ['proxy', `proxy.test:x:user:${canary()}`],
    ['proxy', `${canary()}@`],
    ['proxies', [`10.0.0.1:80:${canary()}`]],
    ['proxies', `http://user:${canary()}@proxy.test`],
    ['token', canary()],
  ])('for %s in the options, which is a ConfigError', async (name, value) => {
    const error: unknown = await parallelRequests('http://127.0.0.1:9/', { [name]: value } as never).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(ConfigError)
    expectNoCanaryIn(error, (error as ConfigError).problems)
  })

  it('by a URL that is given where a list is needed', async () => {
    const url = `http://user:${canary()}@x.test/?token=${canary()}`
    const error: unknown = await parallelRequests(url, { keys: ['a'] } as never).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expectNoCanaryIn(error)
    await using client = new ParallelRequests()
    expect(() => client.stream(url as never)).toThrow(ConfigError)
    try {
      client.stream(url as never)
    } catch (thrown) {
      expectNoCanaryIn(thrown)
    }
  })
})

describe('secretNames of a call', () => {
  it('are added to those of its client and do not replace them', async () => {
    const transport = mockTransport(() => ({ json: 1 }))
    await using client = new ParallelRequests({ transport, secretNames: ['First'] })
    const url = 'http://x.test/?first=1&second=2&third=3'
    const outcome = await client.request(url, { secretNames: ['SECOND'], onFailure: 'settle' })
    expect(outcome.request.url).toBe('http://x.test/?first=***&second=***&third=3')
    const plain = await client.request(url, { onFailure: 'settle' })
    expect(plain.request.url).toBe('http://x.test/?first=***&second=2&third=3')
  })
})
