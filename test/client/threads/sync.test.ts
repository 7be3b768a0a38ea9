/**
 * `parallelRequestsSync`: blocks, gives the same results as the async call, and calls the caller's functions on this
 * thread.
 */
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import * as v from 'valibot'
import { Readable } from 'node:stream'
import { threadId } from 'node:worker_threads'
import {
  ConfigError,
  HttpStatusError,
  ParseError,
  PartialFailureError,
  RequestError,
  SchemaError,
  TimeoutError,
  parallelRequests,
  parallelRequestsSync,
} from '../../../src/index.ts'
import type { AttemptContext, HookRequest, Outcome, ParseContext, Progress, ResponseView } from '../../../src/index.ts'
import { CookieJar } from 'tough-cookie'
import { mockTransport } from '../../../src/testing/index.ts'
import { threadServer } from '../../support/thread-server.ts'
import type { Echo, ThreadServer } from '../../support/thread-server.ts'
import { expectFigure } from '../../support/figure.ts'

let server: ThreadServer
let lastId = 0

beforeAll(async () => {
  server = await threadServer()
})
afterAll(() => server.close())

const at = (path: string): string => `${server.url}${path}`
const freshId = (): string => `s${String(++lastId).padStart(4, '0')}`
const thrownBy = (run: () => unknown): unknown => {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('expected a throw, got none')
}
const soon = { retry: { backoff: () => 1 } }

describe('the shapes and values of a sync call', () => {
  it('are one value for one URL, a list for a list and an object for keys, without a promise', () => {
    expect(parallelRequestsSync<Echo>(at('/one')).path).toBe('/one')
    expect(parallelRequestsSync<Echo>([at('/a'), new URL(at('/b'))]).map(({ path }) => path)).toEqual(['/a', '/b'])
    const keyed = parallelRequestsSync([at('/a'), at('/b')], { keys: ['x', '__proto__'] })
    expect(Object.keys(keyed)).toEqual(['x', '__proto__'])
    expectTypeOf(keyed).toEqualTypeOf<{ x: unknown; ['__proto__']: unknown }>()
    expect(parallelRequestsSync<Echo>({ urls: [at('/named')], concurrency: 1 })[0]?.path).toBe('/named')
    expect(parallelRequestsSync([])).toEqual([])
  })

  it('are collected from a lazy sync iterable, whose throw is thrown', () => {
    function* urls() {
      yield at('/1')
      yield { url: at('/2') }
    }
    expect((parallelRequestsSync(urls()) as Echo[]).map(({ path }) => path)).toEqual(['/1', '/2'])
    const broken = new Error('no more')
    function* failing() {
      yield at('/1')
      throw broken
    }
    expect(thrownBy(() => parallelRequestsSync(failing()))).toBe(broken)
  })

  it('exist for every return type', () => {
    expect(parallelRequestsSync(at('/text'), { returnType: 'text' })).toBe('café')
    const bytes = parallelRequestsSync(at('/bytes?n=100000'), { returnType: 'content' })
    expect(bytes).toEqual(new Uint8Array(100_000).fill(7))
    expect(bytes.constructor).toBe(Uint8Array)
    const response = parallelRequestsSync(at('/status?is=404'), { returnType: 'response' })
    expect(response).toMatchObject({ status: 404, ok: false, statusText: 'Not Found', attempts: 1, redirects: 0 })
    expect(response.headers.get('content-type')).toBe('application/json')
    expect((response.json() as Echo).path).toBe('/status?is=404')
    expect(JSON.parse(response.text())).toEqual(response.json())
    expect(response.bytes().byteLength).toBeGreaterThan(10)
    expect(response.timings.total).toBeGreaterThan(0)
  })

  it('depend on specs and options like in the async call', () => {
    const [first, second, third] = parallelRequestsSync(
      [
        { url: 'one', params: { a: 1 }, headers: { 'x-own': 'yes' }, json: { k: 'v' } },
        { url: 'two', form: { f: 'x y' }, auth: { username: 'u', password: 'p' }, method: 'put' },
        { url: 'three', body: new Uint8Array([104, 105]), idempotencyKey: 'abc' },
      ],
      { baseUrl: at('/'), params: { all: true }, headers: { 'x-all': '1' }, userAgent: 'me', cookies: { c: 'd' } },
    ) as Echo[]
    expect(first).toMatchObject({ method: 'POST', path: '/one?all=true&a=1', body: '{"k":"v"}' })
    expect(first?.headers).toMatchObject({ 'x-own': 'yes', 'x-all': '1', 'user-agent': 'me', cookie: 'c=d' })
    expect(second).toMatchObject({ method: 'PUT', path: '/two?all=true', body: 'f=x+y' })
    expect(second?.headers.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`)
    expect(third).toMatchObject({ method: 'POST', body: 'hi' })
    expect(third?.headers['idempotency-key']).toBe('abc')
  })

  it('use params per URL, and share cookies and redirects within the call', () => {
    const values = parallelRequestsSync<Echo>([at('/p'), at('/q')], { params: [{ n: 1 }, {}] })
    expect(values.map(({ path }) => path)).toEqual(['/p?n=1', '/q'])
    const chain = parallelRequestsSync<Echo>([at('/cookie'), at('/hop?to=/end')], { concurrency: 1 })
    expect(chain[1]).toMatchObject({ path: '/end', headers: { cookie: 'learned=1' } })
  })

  it('have every outcome at its position, with the same meta object', () => {
    const meta = { method: () => 'a function cannot be cloned' }
    const outcomes = parallelRequestsSync(
      [
        { url: at('/ok'), meta, key: 'first' },
        { url: at('/status?is=418'), meta },
        { url: 'ftp://x', meta },
      ],
      { onFailure: 'settle' },
    ) as Outcome[]
    expect(outcomes.map(({ ok, index }) => [ok, index])).toEqual([
      [true, 0],
      [false, 1],
      [false, 2],
    ])
    for (const outcome of outcomes) expect(outcome.request.meta).toBe(meta)
    expect(outcomes[0]).toMatchObject({ key: 'first', attempts: 1, response: { status: 200, protocol: 'http/1.1' } })
    expect(outcomes[0]?.timings.total).toBeGreaterThan(0)
    expect(outcomes.map(({ error }) => error?.code)).toEqual([undefined, 'http/418', 'invalid_request/url'])
    expect(parallelRequestsSync([at('/ok?n'), at('/status?is=500')], { onFailure: 'null', maxRetries: 0 })[1]).toBe(
      null,
    )
  })
})

describe('functions of the caller in a sync call', () => {
  it('run on the calling thread, in the order of the async call and with the same contexts', async () => {
    const meta = { me: 1 }
    const scenario = (id: string, note: (name: string, ...told: unknown[]) => void) =>
      [
        { url: at(`/flaky?until=2&id=${id}`), meta, method: 'PUT', body: () => (note('body'), 'x') },
        {
          schema: v.pipe(
            v.object({ times: v.number() }),
            v.transform(given => (note('schema'), given.times)),
          ),
          parseFunc(times: number, { request, response, index }: ParseContext) {
            note('parseFunc', request.meta === meta, index, response.status, response.headers.get('content-type'))
            return { times }
          },
          auth: ({ attempt, method }: { attempt: number; method: string }) => (note('auth', method), `Own ${attempt}`),
          acceptStatus: (status: number) => (note('acceptStatus', status), status === 200),
          retry: {
            backoff: (failures: number) => (note('backoff', failures), failures),
            shouldRetry(context: AttemptContext) {
              const { attempt, response, index, request } = context
              note('shouldRetry', attempt, response?.status, context.json(), index, request.meta === meta)
              return undefined
            },
          },
          hooks: {
            beforeRequest({ headers, attempt, body, meta: own }: HookRequest) {
              note('beforeRequest', attempt, body, own === meta, headers.get('authorization'))
            },
            afterResponse({ status, headers }: ResponseView, { attempt, error, request }: AttemptContext) {
              note('afterResponse', status, headers.get('content-type'), attempt, error, request.meta === meta)
            },
            beforeRetry: (context: AttemptContext) => note('beforeRetry', context.attempt, context.json()),
          },
        },
      ] as const
    const record =
      (into: unknown[][]) =>
      (name: string, ...told: unknown[]) =>
        void into.push([threadId, name, ...told])
    const inSync: unknown[][] = []
    const inAsync: unknown[][] = []
    expect(parallelRequestsSync(...scenario(freshId(), record(inSync)))).toEqual({ times: 2 })
    expect(await parallelRequests(...scenario(freshId(), record(inAsync)))).toEqual({ times: 2 })
    expect(inSync).toEqual(inAsync)
    expect(new Set(inSync.map(([, name]) => name)).size).toBe(10)
  })

  it('of one request apply to that request', () => {
    const values = parallelRequestsSync(
      [
        { url: at('/a'), parseFunc: () => 'mine' },
        { url: at('/status?is=500'), acceptStatus: status => status === 500, returnType: 'text' },
        { url: at('/c'), auth: () => 'Mine' },
      ],
      { parseFunc: value => value, auth: () => 'All', maxRetries: 0 },
    ) as unknown[]
    expect(values[0]).toBe('mine')
    expect(values[1]).toContain('"authorization":"All"')
    expect((values[2] as Echo).headers.authorization).toBe('Mine')
  })

  it('change the headers of an attempt, and decide about retries', () => {
    const signed = parallelRequestsSync<Echo>(at('/x'), {
      headers: { 'x-gone': '1', 'x-kept': '1' },
      hooks: {
        beforeRequest({ headers }) {
          headers.delete('x-gone')
          headers.set('x-new', '2')
        },
      },
    })
    expect(signed.headers).toMatchObject({ 'x-kept': '1', 'x-new': '2' })
    expect(signed.headers).not.toHaveProperty('x-gone')

    const repeated = freshId()
    parallelRequestsSync(at(`/flaky?until=1&id=${repeated}`), {
      ...soon,
      hooks: { afterResponse: (_, context) => (context.attempt < 3 ? context.retry() : undefined) },
    })
    expect(parallelRequestsSync(at(`/times?id=${repeated}`))).toBe(3)

    const never = freshId()
    const stopped = parallelRequestsSync(at(`/flaky?until=9&id=${never}`), {
      retry: { shouldRetry: () => false },
      onFailure: 'settle',
    })
    expect(stopped).toMatchObject({ ok: false, attempts: 1, error: { code: 'http/503' } })
    const reason = new Error('not that one')
    const failed = parallelRequestsSync(at('/x'), {
      hooks: { afterResponse: (_, context) => context.fail(reason) },
      onFailure: 'settle',
    })
    expect(failed.error?.code).toBe('callback/rejected')
    expect(failed.error?.cause).toBe(reason)
    expect(failed.error?.response?.text()).toContain('"path":"/x"')
  })

  it('that throw fail their own request like in the async call, with the thrown value as the cause', async () => {
    const boom = Object.assign(new RangeError('boom'), { own: () => 'uncloneable' })
    const throws = (): never => {
      throw boom
    }
    const failing: readonly (readonly [path: string, options: object])[] = [
      ['/x', { parseFunc: throws }],
      ['/x', { schema: v.pipe(v.unknown(), v.transform(throws)) }],
      ['/x', { auth: throws }],
      ['/x', { acceptStatus: throws }],
      ['/x', { body: throws }],
      ['/x', { hooks: { beforeRequest: throws } }],
      ['/x', { hooks: { afterResponse: throws } }],
      ['/x', { retry: { shouldRetry: throws } }],
      ['/status?is=503', { retry: { backoff: throws } }],
      ['/status?is=503', { hooks: { beforeRetry: throws }, ...soon }],
    ]
    for (const [path, options] of failing) {
      const inSync = thrownBy(() => parallelRequestsSync(at(path), options)) as RequestError
      const inAsync = await parallelRequests(at(path), options).catch((error: unknown) => error as RequestError)
      expect(inSync.message).toContain('boom')
      expect(inSync.toJSON()).toEqual((inAsync as RequestError).toJSON())
      expect(inSync.cause).toBe(boom)
    }
  })

  it('that return a promise fail their own request with callback/async', () => {
    const later = async (): Promise<never> => {
      throw new Error('never seen')
    }
    const promises = [
      ['parseFunc', { parseFunc: later }],
      ['the schema', { schema: v.pipeAsync(v.unknown(), v.transformAsync(later)) }],
      ['auth', { auth: later }],
      ['acceptStatus', { acceptStatus: later as never }],
      ['hooks.beforeRequest', { hooks: { beforeRequest: later } }],
      ['hooks.afterResponse', { hooks: { afterResponse: later } }],
      ['retry.shouldRetry', { retry: { shouldRetry: later } }],
      ['body()', { body: later as never }],
      ['body()', { body: () => Readable.from(['x']) }],
    ] as const
    for (const [name, options] of promises) {
      const [good, bad] = parallelRequestsSync(
        [at('/good'), { url: at('/x'), ...(!('hooks' in options) && options) } as never],
        { onFailure: 'settle', ...('hooks' in options && options) },
      ) as [Outcome, Outcome]
      expect([name, bad.error?.code]).toEqual([name, 'callback/async'])
      expect(bad.error?.message).toContain(name)
      expect(bad.error?.message).toContain('parallelRequests')
      if (!('hooks' in options)) expect(good.ok).toBe(true)
    }
    for (const options of [{ hooks: { beforeRetry: later } }, { retry: { backoff: later as never } }]) {
      const outcome = parallelRequestsSync(at('/status?is=503'), { ...soon, ...options, onFailure: 'settle' })
      expect(outcome.error?.code).toBe('callback/async')
    }
  })

  it('may call parallelRequestsSync themselves, at any depth', () => {
    const value = parallelRequestsSync(at('/outer'), {
      auth: () => parallelRequestsSync<Echo>(at('/token')).path,
      parseFunc: outer => [
        (outer as Echo).headers.authorization,
        parallelRequestsSync<Echo>([at('/n1'), at('/n2')], { parseFunc: undefined }).map(({ path }) => path),
        parallelRequestsSync(at('/deep'), { parseFunc: () => parallelRequestsSync<Echo>(at('/deeper')).path }),
      ],
    })
    expect(value).toEqual(['/token', ['/n1', '/n2'], '/deeper'])
  })

  it('do not stop other requests while they block, because those run in the worker', () => {
    const id = freshId()
    // Blocks this thread until the next request has come to the server, which one at a time sends after this one.
    const block = (): string => {
      while (parallelRequestsSync(at(`/times?id=${id}`)) === 0);
      return 'blocked'
    }
    const urls = [{ url: at('/x'), parseFunc: block }, at(`/next?id=${id}`)]
    expect(parallelRequestsSync(urls, { concurrency: 1 })).toMatchObject(['blocked', { path: `/next?id=${id}` }])
  })
})

describe('the limits of a sync call', () => {
  it('include retries, whose attempts are counted', () => {
    const outcome = parallelRequestsSync(at(`/flaky?until=3&id=${freshId()}`), { ...soon, onFailure: 'settle' })
    expect(outcome).toMatchObject({ ok: true, attempts: 3, value: { times: 3 } })
    expect(outcome.timings.backoff).toBeGreaterThan(0)
  })

  it('report timings and warnings of the worker', () => {
    const outcome = parallelRequestsSync(at('/slow?ms=100'), { onFailure: 'settle' })
    // Timers of the server use their own clock, which may be a millisecond behind.
    expect(outcome.timings.firstByte).toBeGreaterThan(95)
    expect(outcome.timings.total).toBeGreaterThanOrEqual(outcome.timings.firstByte ?? Infinity)
    const [warning] = parallelRequestsSync(at('/long-cookie'), { onFailure: 'settle' }).warnings
    expect(warning).toContain('cookie')
  })

  it('include timeouts of an attempt and of the whole request', () => {
    const attempt = thrownBy(() => parallelRequestsSync(at('/slow?ms=5000'), { timeout: '50ms', maxRetries: 0 }))
    expect(attempt).toBeInstanceOf(TimeoutError)
    expect(attempt).toMatchObject({ code: 'timeout/headers' })
    const whole = thrownBy(() => parallelRequestsSync(at('/slow?ms=5000'), { timeouts: { total: '60ms' } }))
    expect(whole).toMatchObject({ code: 'timeout/total' })
  })

  it('include a rate limit and a concurrency of one', () => {
    const startedAtMs = performance.now()
    parallelRequestsSync(
      [1, 2, 3].map(n => at(`/${n}`)),
      { rateLimit: '20/s' },
    )
    expectFigure(performance.now() - startedAtMs).toBeGreaterThan(95)
  })

  it("include maxFailures, which also counts failures of the caller's functions", () => {
    const urls = Array.from({ length: 20 }, (_, n) => at(`/n${n}`))
    const parsed: string[] = []
    const outcomes = parallelRequestsSync(urls, {
      concurrency: 1,
      maxFailures: 2,
      onFailure: 'settle',
      parseFunc(value) {
        parsed.push((value as Echo).path)
        throw new Error('no')
      },
    })
    expect(outcomes).toHaveLength(20)
    expect(outcomes.slice(0, 2).map(({ error }) => error?.code)).toEqual(['callback/parse', 'callback/parse'])
    const rest = outcomes.slice(4).map(({ error, request }) => [error?.code, request.url])
    expect(rest).toEqual(urls.slice(4).map(url => ['aborted/not_started', url]))
    expect(parsed.length).toBeLessThanOrEqual(4)
  })

  it('report progress while the call blocks, and warn once if onProgress throws', async () => {
    const told: Progress[] = []
    parallelRequestsSync([at('/slow?ms=350'), at('/status?is=404')], {
      onFailure: 'null',
      onProgress: progress => void told.push(progress),
    })
    expect(told.length).toBeGreaterThanOrEqual(2)
    for (const { total, done, ok, failed, inFlight } of told) {
      expect([total, done]).toEqual([2, ok + failed])
      expect(done + inFlight).toBeLessThanOrEqual(2)
    }
    expect(told.at(-1)).toMatchObject({ total: 2, done: 2, ok: 1, failed: 1, inFlight: 0 })

    const warned = new Promise<Error>(resolve => process.once('warning', resolve))
    let calls = 0
    parallelRequestsSync(at('/slow?ms=350'), {
      onProgress() {
        calls++
        throw new Error('no news')
      },
    })
    expect((await warned).message).toContain('no news')
    expect(calls).toBe(1)
  })
})

describe('the errors of a sync call', () => {
  const known = (error: Error | undefined): unknown => {
    if (error === undefined) return undefined
    const { code, url, method, index, key, attempts, retryAt, issues, response, cause } = error as RequestError & {
      issues?: unknown
    }
    return {
      class: code === undefined || error instanceof RequestError ? error.constructor.name : 'foreign',
      name: error.name,
      message: error.message.replaceAll(/s\d{4}/g, 'ID'),
      json: error instanceof RequestError ? JSON.stringify(error).replaceAll(/s\d{4}|"retryAt":\d+/g, 'ID') : undefined,
      code,
      url: url?.replace(/s\d{4}/, 'ID'),
      method,
      index,
      key,
      attempts,
      retryAt: typeof retryAt,
      issues,
      timings: error instanceof RequestError ? Object.keys(error.timings).filter(name => name !== 'queue') : undefined,
      response: response && {
        status: response.status,
        bytes: response.bytes,
        text: response.text().replaceAll(/s\d{4}/g, 'ID'),
        headers: [...response.headers.keys()],
        body: [response.body.constructor.name, response.body.byteLength, response.body.buffer.byteLength],
      },
      cause: cause instanceof Error ? known(cause) : cause,
    }
  }

  const scenarios: Readonly<Record<string, () => readonly [unknown, object?]>> = {
    'a status': () => [at('/status?is=404')],
    'a status after repeats': () => [at('/status?is=503'), { ...soon, maxRetries: 2 }],
    'a throttled host': () => [at('/status?is=429&after=300'), { retry: { maxRetryAfter: '1s' } }],
    'no JSON': () => [at('/bad')],
    'an empty body': () => [at('/empty')],
    'a body that is too large': () => [at('/bytes?n=5000'), { maxResponseBytes: 100 }],
    'a schema': () => [at('/x'), { schema: v.object({ nope: v.string(), 'not/there': v.number() }) }],
    'a reset connection': () => [at('/reset'), { maxRetries: 0 }],
    'a POST in doubt': () => [at('/reset'), { json: {} }],
    'a refused connection': () => ['http://127.0.0.1:1/', { maxRetries: 0 }],
    'a name that does not exist': () => ['http://does-not-exist.invalid/', { maxRetries: 0 }],
    'a timeout': () => [at('/slow?ms=3000'), { timeout: '40ms', ...soon, maxRetries: 1 }],
    'a deadline': () => [at('/slow?ms=3000'), { timeouts: { total: '40ms' } }],
    'too many redirects': () => [at('/hop?to=/hop?to=/x'), { maxRedirects: 1 }],
    'a redirect loop': () => [at('/round')],
    'a hook that rejects': () => [at('/x'), { hooks: { afterResponse: (_: unknown, c: never) => reject(c) } }],
    'a hook that throws': () => [at('/x'), { hooks: { beforeRequest: () => JSON.parse('{') as never } }],
    'auth that gives no string': () => [at('/x'), { auth: () => 5 as never }],
    'a bad URL': () => ['nonsense'],
    'an unknown field': () => [{ url: at('/x'), retries: 3 }],
    'an unreadable spec': () => [
      {
        get url(): string {
          throw new Error('hidden')
        },
      },
    ],
    'a list in which some fail': () => [
      [at('/x'), { url: at('/status?is=500'), key: 'five' }, 'nonsense', at('/bad')],
      { maxRetries: 0 },
    ],
    'all options that are wrong': () => [at('/x'), { concurrency: 0, max_retries: 2, timeout: 5 }],
    'keys that do not fit': () => [[at('/x')], { keys: ['a', 'b'] }],
    'no input': () => [5],
  }
  const reject = (context: { fail(reason: string): unknown }): unknown => context.fail('not good enough')

  it.each(Object.keys(scenarios))('equal those of the async call: %s', async name => {
    const scenario = scenarios[name] as () => readonly [never, never]
    const inSync = thrownBy(() => parallelRequestsSync(...scenario())) as Error
    const inAsync = await parallelRequests(...scenario()).then(
      () => expect.unreachable('expected a rejection'),
      (error: unknown) => error as Error,
    )
    expect(known(inSync)).toEqual(known(inAsync))
    if (!(inSync instanceof PartialFailureError)) return
    const other = inAsync as PartialFailureError
    expect(inSync.errors.map(known)).toEqual(other.errors.map(known))
    expect(inSync).toMatchObject({ successes: other.successes, total: other.total })
    expect(inSync.failedUrls()).toEqual(other.failedUrls())
    expect(inSync.values.map(value => typeof value)).toEqual(other.values.map(value => typeof value))
    expect(inSync.outcomes.map(({ ok }) => ok)).toEqual(other.outcomes.map(({ ok }) => ok))
  })

  it('have the classes that people catch', () => {
    expect(thrownBy(() => parallelRequestsSync(at('/status?is=404')))).toBeInstanceOf(HttpStatusError)
    expect(thrownBy(() => parallelRequestsSync(at('/bad')))).toBeInstanceOf(ParseError)
    expect(thrownBy(() => parallelRequestsSync(at('/x'), { schema: v.string() }))).toBeInstanceOf(SchemaError)
    const refused = thrownBy(() => parallelRequestsSync('http://127.0.0.1:1/', { maxRetries: 0 })) as RequestError
    expect(refused.cause).toBeInstanceOf(Error)
    expect(refused.cause).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port: 1 })
  })
})

describe('values in a sync call', () => {
  it('like files from disk, Blobs and fields reach the worker as multipart', () => {
    const multipart = { a: 'x', file: { path: 'LICENSE' }, blob: new Blob(['blobby'], { type: 'text/plain' }) }
    const echoed = parallelRequestsSync<Echo>(`${server.url}/echo`, { multipart })
    expect(echoed.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(Number(echoed.headers['content-length'])).toBe(Buffer.byteLength(echoed.body))
    expect(echoed.body).toContain('name="file"; filename="LICENSE"')
    expect(echoed.body).toContain('Permission is hereby granted')
    expect(echoed.body).toContain('Content-Type: text/plain\r\n\r\nblobby\r\n')
    expect(parallelRequestsSync<Echo>(`${server.url}/echo`, { body: new Blob(['raw']) }).body).toBe('raw')
  })

  it('that cannot reach another thread are a ConfigError with every reason and remedy, and nothing is sent', () => {
    const id = freshId()
    const url = at(`/x?id=${id}`)
    async function* later() {
      yield url
    }
    const stream = Readable.from(['x'])
    const { transport } = { transport: mockTransport(() => ({})) }
    const cases: readonly (readonly [string, unknown, object?])[] = [
      ['urls: expected an array', later()],
      ['signal: expected none', url, { signal: new AbortController().signal }],
      ['transport: expected none', url, { transport }],
      ['lookup: expected none', url, { lookup: () => undefined }],
      ['resume: expected none', url, { resume: 'run.jsonl' }],
      ['cookies: expected pairs', url, { cookies: new CookieJar() }],
      ['body: expected', url, { body: stream }],
      ['body: expected', url, { body: new FormData() }],
      ['urls[1].body: expected', [url, { url, body: stream }]],
      ['urls[1].body: expected', [url, { url, body: new FormData() }]],
      ['urls[0].body: expected', { url, body: new ReadableStream() }],
      ['multipart: expected', url, { multipart: new FormData() }],
      ['multipart.a: expected', url, { multipart: { a: { data: stream } } }],
      ['urls[0].multipart.a: expected', { url, multipart: { a: { data: () => 'x' } } }],
    ]
    for (const [start, input, options] of cases) {
      const error = thrownBy(() => parallelRequestsSync(input as never, options as never)) as ConfigError
      expect(error).toBeInstanceOf(ConfigError)
      expect(error.problems[0]).toContain(start)
      expect(error.message).toContain('parallelRequestsSync')
      expect(error.message).toContain('await parallelRequests.')
    }
    const many = thrownBy(() =>
      parallelRequestsSync(url, { signal: new AbortController().signal, transport, concurrency: 0 }),
    ) as ConfigError
    expect(many.problems).toHaveLength(3)
    expect(parallelRequestsSync(at(`/times?id=${id}`))).toBe(0)
  })
})

describe('a sync call', () => {
  it('works in a timer, in a promise and in an async function', async () => {
    const call = (): string => parallelRequestsSync<Echo>(at('/loop')).path
    expect(await new Promise(resolve => setTimeout(() => resolve(call()), 1))).toBe('/loop')
    expect(await Promise.resolve().then(call)).toBe('/loop')
    const both = await Promise.all([parallelRequests<Echo>(at('/async')), (async () => call())()])
    expect([both[0].path, both[1]]).toEqual(['/async', '/loop'])
  })

  it('takes workers, and sends from its own thread all the same', () => {
    const values = parallelRequestsSync<Echo>([at('/a'), at('/b')], { workers: 2 })
    expect(values.map(({ path }) => path)).toEqual(['/a', '/b'])
  })
})
