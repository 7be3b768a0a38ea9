/**
 * Defects of other batch clients in their API: documented names that do not exist, errors that say nothing, missing
 * types.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { OptionName } from '../../src/config/table.ts'
import { OPTIONS } from '../../src/config/table.ts'
import {
  AbortError,
  ConfigError,
  HttpStatusError,
  ParallelRequests,
  ParseError,
  PartialFailureError,
  RequestError,
  SchemaError,
  TimeoutError,
  isAbortError,
  isConfigError,
  isHttpStatusError,
  isParseError,
  isRequestError,
  isSchemaError,
  isTimeoutError,
  parallelRequests,
} from '../../src/index.ts'
import type {
  BatchDrainOptions,
  BatchOptions,
  ClientOptions,
  FullResponse,
  Outcome,
  RequestSpec,
  StreamCallOptions,
} from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { echoServer } from '../support/echo-server.ts'

describe('everything that is documented exists', () => {
  it('every option of the types has an entry in the table, and the reverse', () => {
    type Offered = keyof BatchOptions | keyof ClientOptions | keyof StreamCallOptions | keyof BatchDrainOptions
    expectTypeOf<Exclude<Offered, OptionName>>().toBeNever()
    expectTypeOf<Exclude<OptionName, Offered>>().toBeNever()
    // Complete by its type: a field that only the table or only the type has is an error.
    const fields: Record<Exclude<keyof RequestSpec, 'url' | 'key' | 'meta'>, true> = {
      acceptStatus: true,
      auth: true,
      body: true,
      checksum: true,
      cost: true,
      follow: true,
      followRedirects: true,
      form: true,
      headers: true,
      idempotencyKey: true,
      items: true,
      json: true,
      maxDepth: true,
      maxItems: true,
      maxPages: true,
      maxRedirects: true,
      maxResponseBytes: true,
      maxRetries: true,
      method: true,
      multipart: true,
      paginate: true,
      params: true,
      parseFunc: true,
      poll: true,
      proxy: true,
      retry: true,
      returnType: true,
      saveTo: true,
      schema: true,
      timeout: true,
      timeouts: true,
      until: true,
    }
    const rows = Object.entries(OPTIONS).flatMap(([name, row]) => (row.perSpec ? [name] : []))
    expect(rows.toSorted()).toEqual(Object.keys(fields))
  })

  it('a response has json(), text() and bytes(), which are synchronous and can be awaited', async () => {
    const server = await echoServer((_echo, response) => response.end('{"n":1}'))
    const response = await parallelRequests(server.url, { returnType: 'response' })
    expect(response.json()).toEqual({ n: 1 })
    expect(await response.json()).toEqual({ n: 1 })
    expect(response.text()).toBe('{"n":1}')
    expect(response.bytes()).toEqual(new TextEncoder().encode('{"n":1}'))
  })

  it('retry takes statuses and a rule, form is sent as a form, and headers of a request are sent', async () => {
    const server = await echoServer((_echo, response) => response.writeHead(418).end('1'))
    const statuses = { retry: { statuses: [418], backoff: { base: 0 } }, maxRetries: 1 }
    await parallelRequests({
      url: server.url,
      method: 'PUT',
      form: { a: 1, b: ['x', 'y'] },
      headers: { 'x-own': '1' },
      ...statuses,
    }).catch(() => 0)
    expect(server.requests).toHaveLength(2)
    expect(server.requests[1]).toMatchObject({
      body: 'a=1&b=x&b=y',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-own': '1' },
    })
    const never = { retry: { statuses: [418], shouldRetry: () => false } }
    await parallelRequests(server.url, never).catch(() => 0)
    expect(server.requests).toHaveLength(3)
  })

  it('functions of the caller get the request that they are called for', async () => {
    const transport = mockTransport(({ index }) => ({ json: index }))
    const seen: unknown[] = []
    await parallelRequests(['http://x.test/a?token=t', { url: 'http://x.test/b', meta: 7 }], {
      transport,
      keys: ['a', 'b'],
      parseFunc: (value, { request, index, key, response }) =>
        void seen.push([value, request, index, key, response.status]),
    })
    expect(seen).toEqual([
      [0, { method: 'GET', url: 'http://x.test/a?token=t', meta: undefined }, 0, 'a', 200],
      [1, { method: 'GET', url: 'http://x.test/b', meta: 7 }, 1, 'b', 200],
    ])
  })
})

describe('an error says what happened', () => {
  it('with the request, the number of attempts, the time of each phase and the response', async () => {
    const server = await echoServer((_echo, response) => response.writeHead(503, { 'x-why': 'tired' }).end('later'))
    const spec = { url: `${server.url}/x`, key: 'k', maxRetries: 2, retry: { backoff: { base: '20ms' } } } as const
    const error: unknown = await parallelRequests([server.url.replace('http', 'ftp'), spec]).then(
      () => undefined,
      (thrown: unknown) => (thrown as PartialFailureError).errors[1] as unknown,
    )
    if (!(error instanceof HttpStatusError)) throw new Error('expected an HttpStatusError')
    expect(error).toMatchObject({
      code: 'http/503',
      url: `${server.url}/x`,
      method: 'GET',
      index: 1,
      key: 'k',
      attempts: 3,
      status: 503,
    })
    expect(server.requests).toHaveLength(3)
    expect(error.message).toBe(`GET ${server.url}/x: 503 Service Unavailable (3 attempts)`)
    expect(error.response.text()).toBe('later')
    expect(error.response.headers.get('x-why')).toBe('tired')
    expect(error.timings.total).toBeGreaterThan(0)
    expect(error.timings.backoff).toBeGreaterThan(0)
  })

  it('and so does a success, with attempts, timings, redirects, protocol, bytes and the final URL', async () => {
    const server = await echoServer((echo, response) => {
      if (echo.url === '/old') response.writeHead(302, { location: '/new' }).end()
      else response.writeHead(server.requests.length === 2 ? 503 : 200).end('[1]')
    })
    const outcome = await parallelRequests(`${server.url}/old`, {
      retry: { backoff: { base: 0 } },
      onFailure: 'settle',
    })
    if (!outcome.ok) throw outcome.error
    expect(outcome.attempts).toBe(3)
    expect(outcome.response).toMatchObject({
      status: 200,
      url: `${server.url}/new`,
      redirects: 1,
      protocol: 'http/1.1',
      bytes: 3,
    })
    expect(outcome.timings.total).toBeGreaterThan(0)
    expect(outcome.timings.firstByte).toBeGreaterThan(0)
    const full = await parallelRequests(`${server.url}/old`, { returnType: 'response' })
    expect(full).toMatchObject({ attempts: 2, redirects: 1, url: `${server.url}/new` })
    expect(full.timings.total).toBeGreaterThan(0)
  })
})

// A variable, so that the compiler does not look for a file of this name.
const COPY: string = '../../src/core/error.ts?copy'

describe('there is one family of errors', () => {
  const fails: readonly (readonly [string, () => Promise<unknown>, unknown, (value: unknown) => boolean])[] = [
    ['a status', () => failing({ status: 404 }), HttpStatusError, isHttpStatusError],
    ['a timeout', () => failing({ latencyMs: 60_000 }), TimeoutError, isTimeoutError],
    ['no JSON', () => failing({ text: 'x' }), ParseError, isParseError],
    ['no fit', () => failing({ json: 1 }, refusing), SchemaError, isSchemaError],
    ['an abort', () => failing({ json: 1 }, { signal: AbortSignal.abort() }), AbortError, isAbortError],
    ['the network', () => failing({ fault: 'connect/refused' }), RequestError, isRequestError],
    ['a bad URL', () => parallelRequests('ftp://x.test/'), RequestError, isRequestError],
  ]
  const refusing = {
    schema: { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no' }] }) } },
  } as const
  const failing = (answer: object, options: object = {}): Promise<unknown> =>
    parallelRequests('http://x.test/', { ...options, transport: mockTransport(() => answer), maxRetries: 0 })

  it.each(fails)('%s is a RequestError with a code, of an exported class', async (_what, run, type, guard) => {
    const error: unknown = await run().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(RequestError)
    expect(error).toBeInstanceOf(type)
    expect(guard(error)).toBe(true)
    expect(isConfigError(error)).toBe(false)
    expect((error as RequestError).code).toMatch(/^[a-z_]+\/[a-z0-9_]+$/)
  })

  it('a mistake in the call is a ConfigError and not a RequestError', async () => {
    const error: unknown = await parallelRequests([], { timeout: 1 }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect(isRequestError(error)).toBe(false)
  })

  it('the guards recognise errors of a second copy of the package', async () => {
    const copy = (await import(/* @vite-ignore */ COPY)) as typeof import('../../src/core/error.ts')
    expect(copy.RequestError).not.toBe(RequestError)
    const error = copy.makeError(
      { kind: 'fault', code: 'timeout/headers', message: 'late', sent: true },
      { attempts: 1, timings: { total: 1 } },
    )
    expect(error).not.toBeInstanceOf(RequestError)
    expect(isRequestError(error)).toBe(true)
    expect(isTimeoutError(error)).toBe(true)
    expect(isConfigError(new copy.ConfigError(['x']))).toBe(true)
  })
})

describe('a client works wherever there is an event loop', () => {
  it('one client serves calls from different turns, callbacks and async contexts, at once and one after another', async () => {
    const server = await echoServer()
    const storage = new AsyncLocalStorage<string>()
    await using client = new ParallelRequests({ concurrency: 4 })
    const callIn = (name: string): Promise<unknown> =>
      storage.run(name, () =>
        client.request([`${server.url}/1`, `${server.url}/2`], { parseFunc: () => storage.getStore() }),
      )
    const inTimer = new Promise(resolve => setTimeout(() => resolve(callIn('timer')), 1))
    const inImmediate = new Promise(resolve => setImmediate(() => resolve(callIn('immediate'))))
    const inTick = new Promise(resolve => process.nextTick(() => resolve(callIn('tick'))))
    expect(await Promise.all([callIn('now'), inTimer, inImmediate, inTick])).toEqual([
      ['now', 'now'],
      ['timer', 'timer'],
      ['immediate', 'immediate'],
      ['tick', 'tick'],
    ])
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(await callIn('later')).toEqual(['later', 'later'])
    expect(server.connections).toBeLessThanOrEqual(4)
  })
})

describe('results are typed', () => {
  interface Repo {
    readonly name: string
  }
  const transport = mockTransport(() => ({ json: { name: 'x' } }))
  const urls = ['http://x.test/a', 'http://x.test/b']

  it('by the input, keys, returnType, parseFunc, schema and failure mode, without a cast', async () => {
    expectTypeOf(await parallelRequests(urls, { transport })).toEqualTypeOf<unknown[]>()
    expectTypeOf(await parallelRequests<Repo>(urls, { transport })).toEqualTypeOf<Repo[]>()
    expectTypeOf(await parallelRequests<Repo>(urls[0] as string, { transport })).toEqualTypeOf<Repo>()
    expectTypeOf(await parallelRequests<Repo>(urls, { transport, onFailure: 'null' })).toEqualTypeOf<(Repo | null)[]>()
    expectTypeOf(await parallelRequests<Repo>(urls, { transport, onFailure: 'settle' })).toEqualTypeOf<
      Outcome<Repo>[]
    >()
    expectTypeOf(await parallelRequests(urls, { transport, returnType: 'text' })).toEqualTypeOf<string[]>()
    expectTypeOf(await parallelRequests(urls, { transport, returnType: 'content' })).toEqualTypeOf<Uint8Array[]>()
    expectTypeOf(await parallelRequests(urls, { transport, returnType: 'response' })).toEqualTypeOf<FullResponse[]>()
    const lengths = await parallelRequests(urls, {
      transport,
      returnType: 'text',
      parseFunc: async text => text.length,
    })
    expectTypeOf(lengths).toEqualTypeOf<number[]>()
    const named = await parallelRequests(urls, { transport, keys: ['a', 'b'], returnType: 'text' })
    expectTypeOf(named).toEqualTypeOf<{ a: string; b: string }>()
    expectTypeOf(named).not.toBeAny()
    expect(Object.keys(named)).toEqual(['a', 'b'])
  })

  it('also in a stream, where a failed outcome has no value', async () => {
    await using client = new ParallelRequests({ transport })
    for await (const outcome of client.stream(urls, { returnType: 'text' })) {
      if (outcome.ok) expectTypeOf(outcome.value).toEqualTypeOf<string>()
      else expectTypeOf(outcome.error).toEqualTypeOf<RequestError>()
      expect(outcome.ok).toBe(true)
    }
  })
})
