/** Wrong values of every option: refused before anything is sent, with a message that says what to write. */
import { describe, expect, it } from 'vitest'
import { OPTIONS, OPTION_NAMES } from '../../src/config/table.ts'
import type { OptionName } from '../../src/config/table.ts'
import { ConfigError, ParallelRequests, parallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const URLS = ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b']
const circular: Record<string, unknown> = {}
circular.self = circular

/** For each option: values that are wrong whatever the other options are. */
const WRONG: Readonly<Record<OptionName, readonly unknown[]>> = {
  paginate: [
    'pages',
    '',
    1,
    null,
    true,
    [],
    {},
    { style: 'cursor' },
    { style: 'link', next: 'a' },
    { style: 'page', size: 0 },
  ],
  follow: ['next', 1, null, true, {}],
  items: ['', ' ', 1, null, true, [], {}],
  until: ['x', 1, null, true, {}],
  maxItems: [0, -1, 1.5, NaN, '3', null, true],
  maxPages: [0, -1, 1.5, NaN, '3', null, true],
  maxDepth: [0, -1, 1.5, NaN, '3', null, true],
  flatten: ['true', 1, null, {}],
  maxErrorBody: [-1, 1.5, NaN, '2', '2 apples', null, true, []],
  responseHeaders: ['etag', 1, null, {}, [''], ['a b'], ['etag: x'], [1], ['set-cookie'], ['x-api-key'], ['\u001B[2J']],
  concurrency: [0, -1, 1.5, NaN, -Infinity, '3', null, true, [], {}, 3n],
  maxConcurrency: [0, -1, 1.5, NaN, '3', null, true],
  perHost: [0, 'x', null, [], { concurrency: 0 }, { concurency: 3 }, { rateLimit: '10/fortnight' }, { rateLimit: 0 }],
  hosts: [
    0,
    'api.example.com',
    null,
    [],
    { '': { concurrency: 1 } },
    { 'https://api.example.com': { concurrency: 1 } },
    { 'a.*.com': { concurrency: 1 } },
    { 'api.example.com/x': { concurrency: 1 } },
    { 'api.example.com': 3 },
    { 'api.example.com': { concurrency: -1 } },
    { 'api.example.com': { rate: '3/s' } },
  ],
  limitKey: ['account', 1, null, {}],
  budgets: [1, '90000/m', null, [], { tokens: 0 }, { tokens: '90000' }, { tokens: { limit: 1 } }, { tokens: null }],
  cost: [-1, NaN, Infinity, '5', null, true, [], { tokens: -1 }, { tokens: '5' }, { tokens: null }],
  respectServerLimits: ['true', 1, null, {}],
  breaker: ['on', 1, null, [], { failures: 0 }, { failures: Infinity }, { window: 10 }, { cooldown: 0 }, { fails: 3 }],
  rateLimit: [
    0,
    -1,
    1.5,
    NaN,
    Infinity,
    '10',
    '10/x',
    'fast',
    null,
    true,
    {},
    [0],
    ['10/s', 'x'],
    { limit: 10 },
    { limit: 10, interval: 0 },
    { limit: 0, interval: '1s' },
    { limit: 10, interval: '1s', burst: 11 },
    { limit: 10, interval: '1s', burst: 0 },
  ],
  rateLimitBurst: [0, -1, 1.5, NaN, Infinity, '3', null, []],
  cookies: [
    true,
    'a=1',
    1,
    null,
    [],
    new Map([['a', '1']]),
    { a: 1 },
    { 'a b': '1' },
    { a: '1\r\nX: y' },
    { a: '1; b=2' },
    { 'localhost:3000': { a: '1' } },
    { 'http://x.test': { a: 1 } },
    Promise.resolve({}),
  ],
  cookieFile: ['', 1, null, true, {}, []],
  shareCookies: ['yes', 1, null, {}, []],
  verifySsl: [0, 1, 'false', null, {}],
  http2: [0, 1, 'true', null, {}],
  tls: [
    true,
    'x',
    null,
    [],
    { ca: '/etc/ca.pem' },
    { ca: ['x'] },
    { cert: 1 },
    { key: 'x' },
    { pfx: 'x' },
    { pfx: Buffer.from('no bundle') },
    { passphrase: 'alone' },
  ],
  blockPrivateAddresses: [0, 1, 'true', null, {}],
  maxHeaderBytes: [0, -1, 1.5, NaN, 'much', '', null, true, {}],
  lookup: [true, 'dns', null, {}, ['127.0.0.1']],
  proxy: [
    '',
    'proxy',
    'proxy.test:x',
    'proxy.test:99999',
    'ftp://proxy.test',
    'socks4://proxy.test:1080',
    'http://proxy.test/path',
    'http://',
    'http://a:b@',
    'http://proxy.test:0',
    'http://proxy.test\r\n:80',
    'http://a%0d%0ab:c@proxy.test',
    'http://a%3Ab:c@proxy.test',
    'http://%zz:c@proxy.test',
    `socks5://${'u'.repeat(256)}:p@proxy.test`,
    'socks5://:p@proxy.test',
    '10.0.0.1:80:user',
    true,
    1,
    {},
    ['http://proxy.test'],
  ],
  proxies: ['http://proxy.test', [], [1], [null], [false], ['env'], ['http://proxy.test', 'x'], {}, null, true],
  proxyFile: ['', '/nowhere/proxies.txt', 1, null, [], {}],
  proxySelection: ['roundrobin', 'first', true, null, 1],
  proxyCooldown: [-1, '60', 'soon', null, true, {}],
  transport: [true, 'http', {}, null, fetch, { send: 1 }],
  keys: ['a', 1, {}, null, [1, 2], ['a', 'a'], ['a'], ['a', 'b', 'c']],
  onFailure: [true, 'raise', null, 0, ['throw'], 'Null'],
  returnType: ['JSON', 'xml', null, true, 1, []],
  schema: [true, 'x', null, {}, () => 1, { '~standard': {} }, { parse: () => 1 }],
  parseFunc: [true, 'x', null, {}, []],
  order: [],
  window: [0, -1, 1.5, NaN, '3', null],
  params: [
    'a=1',
    1,
    null,
    true,
    [1, 2],
    [{}],
    [{}, undefined],
    new Map([['a', 1]]),
    { a: NaN },
    new Map(),
    { a: {} },
    { a: [{}] },
    { a: () => 1 },
    { a: new Date() },
    Promise.resolve({}),
  ],
  headers: [
    'a: 1',
    1,
    null,
    true,
    ['a', 'b'],
    [['a']],
    [['a', 1, 2]],
    new Date(),
    Promise.resolve({}),
    { a: null },
    { a: true },
    { a: NaN },
    { a: Infinity },
    { a: {} },
    { a: ['1', '2'] },
    { 'a b': '1' },
    { a: 'x\r\ny' },
    { a: 'x\0y' },
    { a: '€' },
    { host: 'x' },
    { 'Content-Length': '1' },
    { 'Transfer-Encoding': 'chunked' },
    { connection: 'close' },
    { '': 'x' },
  ],
  auth: [
    'x',
    1,
    null,
    true,
    [],
    {},
    { username: 'a' },
    { password: 'a' },
    { user: 'a', pass: 'b' },
    { bearer: 1 },
    { bearer: '' },
    { bearer: 'a\nb' },
    { username: 'a:b', password: 'c' },
    { username: 'a', password: 'b', bearer: 'c' },
    { refresh: 'x' },
    { token: 'x', refresh: undefined },
    { token: 1, refresh: () => 'x' },
    { token: '', refresh: () => 'x' },
    { token: 'a\nb', refresh: () => 'x' },
    { expiresIn: 0, refresh: () => 'x' },
    { expiresIn: 'soon', refresh: () => 'x' },
    { scheme: 'two words', refresh: () => 'x' },
    { expires_in: 3600, refresh: () => 'x' },
    { bearer: 'x', refresh: () => 'x' },
    { oauth: 'https://id.test/token' },
    { oauth: {} },
    { oauth: { tokenUrl: 'https://id.test/token', clientId: 'me' } },
    { oauth: { tokenUrl: 'http://id.test/token', clientId: 'me', clientSecret: 'x' } },
    { oauth: { tokenUrl: 'id.test/token', clientId: 'me', clientSecret: 'x' } },
    { oauth: { tokenUrl: 'https://u:p@id.test/token', clientId: 'me', clientSecret: 'x' } },
    { oauth: { tokenUrl: 'https://id.test/token', clientId: '', clientSecret: 'x' } },
    { oauth: { tokenUrl: 'https://id.test/token', clientId: 'me', clientSecret: 1 } },
    { oauth: { tokenUrl: 'https://id.test/token', clientId: 'me', clientSecret: 'x', clientAuth: 'post' } },
    { oauth: { tokenUrl: 'https://id.test/token', clientId: 'me', clientSecret: 'x', scope: [] } },
    { oauth: { tokenUrl: 'https://id.test/token', clientId: 'me', clientSecret: 'x', params: { scope: 'x' } } },
    { oauth: { tokenUrl: 'https://id.test/token', clientId: 'me', clientSecret: 'x', allowHttp: 'yes' } },
    { oauth: { token_url: 'https://id.test/token', clientId: 'me', clientSecret: 'x' } },
    { oauth: { tokenUrl: 'https://id.test/token', clientId: 'me', clientSecret: 'x' }, refresh: () => 'x' },
  ],
  baseUrl: [
    '',
    'x',
    '/v1/',
    'api.test/',
    'ftp://x.test/',
    'http://x.test/v1',
    'http://x.test/v1?a=/',
    1,
    null,
    {},
    new URL('http://x.test/v1'),
  ],
  method: ['', 'GE T', 'GET\r\n', 1, null, {}, 'CONNECT', 'connect', 'GÉT'],
  json: [1n, circular, () => 1, Symbol('x'), Promise.resolve(1), [1, 2]],
  multipart: [
    'a=1',
    1,
    null,
    ['a'],
    new Map(),
    Promise.resolve({}),
    { a: {} },
    { a: { path: '' } },
    { a: { path: 1 } },
    { a: { path: 'x', data: 'y' } },
    { a: { path: 'x', kind: 'y' } },
    { a: { data: 1 } },
    { a: { data: 'x', bytes: NaN } },
    { a: { data: 'x', bytes: -1 } },
    { a: { data: () => [], bytes: Infinity } },
    { a: { data: 'x', type: 'a\r\nb' } },
    { a: { data: 'x', filename: 'a\r\nb' } },
    { a: { data: () => 'x', bytes: -1 } },
    { a: new Date() },
    { 'a\r\nb': 'x' },
    [['a\0', 'x']],
  ],
  form: ['a=1', 1, null, [], new Map(), { a: {} }, { a: [{}] }],
  body: [1, null, true, {}, [], new Date(), new Uint16Array(1), (async function* () {})()],
  timeout: [0, -1, 10, 99, 0.5, NaN, -Infinity, '10', 'soon', '-1s', '0s', '', null, true, {}],
  timeouts: [
    1,
    '10s',
    null,
    [],
    { connect: 10 },
    { headers: 0 },
    { idle: '5' },
    { callback: -1 },
    { total: 30 },
    { total: null },
  ],
  maxRetries: [-1, 1.5, NaN, -Infinity, '3', null, true, {}],
  poll: [
    1,
    'status',
    null,
    [],
    { status: 1 },
    { status: '' },
    { done: 'done' },
    { failed: 'failed' },
    { status: 'state', done: [] },
    { status: 'state', done: {} },
    { status: 'state', done: ['done', null] },
    { status: 'state', done: 'over', failed: ['Over'] },
    { interval: -1 },
    { interval: 5 },
    { interval: '10m' },
    { deadline: 0 },
    { deadline: 'soon' },
    { url: 1 },
    { result: {} },
    { every: '2s' },
  ],
  retry: [
    3,
    'x',
    null,
    [],
    { methods: 'POST' },
    { methods: ['P OST'] },
    { statuses: [99] },
    { statuses: ['503'] },
    { statuses: [1000] },
    { statuses: 503 },
    { backoff: 5 },
    { backoff: { base: -1 } },
    { backoff: { max: 'x' } },
    { maxRetryAfter: -1 },
    { budget: { reserve: -1 } },
    { budget: { ratio: NaN } },
    { budget: 1 },
    { shouldRetry: true },
  ],
  acceptStatus: [200, [200], true, null, '2xx'],
  followRedirects: [0, 5, 'manual', null],
  maxRedirects: [-1, 1.5, NaN, '3', null],
  allowDowngrade: [1, 'yes', null],
  allowBodyAcrossOrigins: [1, 'yes', null],
  maxJsonDepth: [0, -1, 1.5, NaN, '3', null],
  maxResponseBytes: [0, -1, 1.5, NaN, '64', '64 apples', '0B', null, {}],
  onChunk: ['x', 1, null, {}, []],
  onItem: ['x', 1, null, {}, []],
  maxItemBytes: [0, -1, 1.5, NaN, '64', '64 apples', '0B', null, {}],
  saveTo: ['', 'a\0b', 1, true, null, {}, [], new URL('http://a.test/x')],
  checksum: ['', 'abc', 'sha256', 'sha256:', 'sha256:abc', 'crc32:00000000', `md5:${'g'.repeat(32)}`, 1, null, {}, []],
  minSpeed: [
    true,
    1,
    '256',
    null,
    [],
    { bytes: -1 },
    { bytes: NaN },
    { bytes: 'fast' },
    { over: 0 },
    { over: 30 },
    { speed: 1 },
  ],
  strictIntegrity: ['true', 1, null, {}],
  progress: ['true', 1, null, {}],
  contentCoding: [true, 'gzip', null, 'Raw', 1],
  userAgent: ['', 1, null, [], [''], ['a', 1], 'a\r\nb', ['a\nb'], {}],
  idempotencyKey: ['abc', 1, null, {}],
  allowHostHeader: [1, 'true', null, {}],
  secretNames: ['token', 1, null, [1], [''], {}],
  maxFailures: [0, -1, 1.5, NaN, '1', null],
  signal: [true, 'x', null, {}, new AbortController()],
  onProgress: [true, 'x', null, {}],
  workers: [-1, 1.5, NaN, Infinity, '2', null, true, {}],
  resume: ['', 1, true, null, {}, [], new URL('file:///tmp/run.jsonl')],
  retryFailed: ['yes', 1, null, {}, [], [503], [''], ['6xx/a'], ['timeouts'], ['http/5000'], ['5xxx'], ['dns/']],
  unknownWrites: ['repeat', true, null, 1],
  durability: ['disk', true, null, 1],
  sink: ['results.jsonl', 1, null, {}, [], { write() {} }, { close() {} }, () => undefined],
  hooks: [
    true,
    'x',
    null,
    [],
    () => 1,
    { beforeRequest: 1 },
    { afterResponse: {} },
    new (class Hooks {
      beforeRequest(): void {}
    })(),
  ],
  sharedLimits: [true, 'redis://127.0.0.1', null, {}, () => 1, { open: 1 }],
  telemetry: [true, 'otel', null, {}, () => 1, { start() {} }, { start: 1, end() {} }],
}

class OptionsClass {
  readonly concurrency = 3
}

/** Subject, expectation, value, remedy. */
const UNREADABLE = /^cannot read \w+ \S+: .+\. \S.*\.$/
const SENTENCE = /^[^\n]+: expected .+, got .+\. \S.*[.?]$/s

async function errorOf(options: Record<string, unknown>): Promise<{ error: unknown; sent: number }> {
  const transport = mockTransport(() => ({ json: 1 }))
  const call = parallelRequests(URLS, { transport, ...options } as never)
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { error, sent: transport.requests.length }
}

async function drainError(options: Record<string, unknown>): Promise<{ error: unknown; sent: number }> {
  const transport = mockTransport(() => ({ json: 1 }))
  await using client = new ParallelRequests({ transport })
  const error = await client.drain(URLS, options as never).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { error, sent: transport.requests.length }
}

/** Options that must be given beside it. */
const OTHERS: Partial<Record<OptionName, Record<string, unknown>>> = {
  rateLimitBurst: { rateLimit: '10/s' },
  retryFailed: { resume: 'run.jsonl' },
  unknownWrites: { resume: 'run.jsonl' },
  durability: { resume: 'run.jsonl' },
}

const shown = (value: unknown): string => {
  if (typeof value === 'bigint' || typeof value === 'symbol' || typeof value === 'function') return String(value)
  return value === circular ? 'circular' : (JSON.stringify(value) ?? 'undefined')
}

describe('a wrong value of an option is a ConfigError with a remedy, and nothing is sent', () => {
  it('for every option: each has wrong values here', () => {
    expect(Object.keys(WRONG).toSorted()).toEqual(OPTION_NAMES.toSorted())
    for (const name of OPTION_NAMES) if (name !== 'order') expect(WRONG[name].length, name).toBeGreaterThan(2)
  })

  const cases = OPTION_NAMES.flatMap(name => WRONG[name].map(value => ({ name, value, text: shown(value) })))
  it.each(cases)('$name: $text', async ({ name, value }) => {
    const others = OTHERS[name] ?? {}
    const { error, sent } = await (name === 'sink' ? drainError : errorOf)({ ...others, [name]: value })
    expect(sent).toBe(0)
    expect(error).toBeInstanceOf(ConfigError)
    for (const problem of (error as ConfigError).problems) {
      // A file that cannot be read is no wrong value.
      const start = problem.startsWith(`cannot read ${name} `) ? '' : name
      expect(problem).toMatch(start === '' ? UNREADABLE : SENTENCE)
      expect(problem.startsWith(start), problem).toBe(true)
    }
  })

  it.each(['COMPLETED', 'random', null, 1])('order: %j, in a stream', async value => {
    await using client = new ParallelRequests()
    expect(() => client.stream(URLS, { order: value } as never)).toThrow(
      /^order: expected one of 'completed', 'input', got .+\. \S.+[.?]$/,
    )
  })

  it('thrown by the constructor and by stream(), and a rejection of a call', async () => {
    expect(() => new ParallelRequests({ timeout: 10 })).toThrow(ConfigError)
    await using client = new ParallelRequests()
    const pending = client.request(URLS, { timeout: 10 })
    await expect(pending).rejects.toBeInstanceOf(ConfigError)
    expect(() => client.stream(URLS, { timeout: 10 })).toThrow(ConfigError)
  })

  it.each([null, 1, 'x', [], new Map(), Promise.resolve({}), new OptionsClass()])(
    'options that are not a plain object: %s',
    async options => {
      const expected = /^options: expected an object, got .+\. \S.+\.$/
      await expect(parallelRequests(URLS, options as never)).rejects.toThrow(expected)
      expect(() => new ParallelRequests(options as never)).toThrow(expected)
    },
  )
})

describe('the exact message', () => {
  it.each([
    [{ concurrency: 0 }, 'concurrency: expected an integer ≥ 1, got 0. Use Infinity for no limit.'],
    [
      { concurrency: '3' },
      'concurrency: expected an integer ≥ 1, got "3". Write it without quotes. Use Infinity for no limit.',
    ],
    [{ maxRetries: -1 }, 'maxRetries: expected an integer ≥ 0, got -1. Use 0 for none, Infinity for no limit.'],
    [
      { timeout: 10 },
      "timeout: expected at least 100 when given as a number, since numbers are milliseconds, got 10. Write '10s' or '10ms'.",
    ],
    [
      { timeouts: { idle: 5 } },
      "timeouts.idle: expected at least 100 when given as a number, since numbers are milliseconds, got 5. Write '5s' or '5ms'.",
    ],
    [{ timeout: 0 }, 'timeout: expected a duration > 0, got 0. Use Infinity for no limit.'],
    [{ timeout: '10' }, "timeout: expected a duration such as '10s' or '500ms', got \"10\". Write '10s' or '10ms'."],
    [
      { maxResponseBytes: 0 },
      "maxResponseBytes: expected a size such as '64MiB' or a number of bytes > 0, got 0. Use Infinity for no limit.",
    ],
    [
      { rateLimit: 0 },
      "rateLimit: expected a rate such as 10 (per second), '100/m' or { limit: 100, interval: '1m' }, got 0. Leave it out for no limit.",
    ],
    [
      { rateLimit: '5' },
      "rateLimit: expected a rate such as 10 (per second), '100/m' or { limit: 100, interval: '1m' }, got \"5\". Write 5, or '5/s'.",
    ],
    [
      { rateLimit: '2.5/s' },
      "rateLimit: expected a rate such as 10 (per second), '100/m' or { limit: 100, interval: '1m' }, got \"2.5/s\". The limit is a whole number or below 1 (0.5 is one in two seconds), and the interval has a unit.",
    ],
    [
      { rateLimitBurst: 5 },
      "rateLimitBurst: expected rateLimit beside it, got none. Set rateLimit, for example '10/s'.",
    ],
    [
      { rateLimit: '3/s', rateLimitBurst: 5 },
      'rateLimitBurst: expected an integer from 1 to the limit (3), got 5. Leave it out for the default.',
    ],
    [
      { returnType: 'jsn' },
      "returnType: expected one of 'json', 'text', 'content', 'response', 'stream', 'ndjson', 'sse', 'file', 'auto', got \"jsn\". Did you mean 'json'?",
    ],
    [
      { auth: 'abc' },
      'auth: expected { username, password }, { bearer }, { token, refresh }, { oauth } or a function, got a string. Write a token as { bearer: token }.',
    ],
    [
      { params: new Map() },
      'params: expected an object of strings, numbers and booleans, got an object (Map). Use Object.fromEntries(…) to make one of it.',
    ],
    [
      { headers: Promise.resolve({}) },
      'headers: expected a Headers object, an object of strings or an array of pairs, got an object (Promise). Await it first.',
    ],
    [
      { headers: { 'x-a': 'é€' } },
      'headers: header x-a: expected a value without control characters or characters above U+00FF, got some. Encode it first.',
    ],
    [
      { json: 1, form: {} },
      'body: expected one of json, form, multipart and body, got json and form. Keep one of them.',
    ],
    [
      { json: 1, method: 'get' },
      "method: expected one that takes a body, got 'GET' beside a body. Leave method out for POST.",
    ],
    [
      { schema: { '~standard': { validate: () => ({ value: 1 }) } }, returnType: 'content' },
      "schema: expected returnType 'json' or 'text' beside it, got 'content'. Use parseFunc instead.",
    ],
    [
      { baseUrl: 'http://x.test/v1' },
      "baseUrl: expected a URL that ends in '/', got \"http://x.test/v1\". Add the '/': without it, new URL would drop the last segment.",
    ],
    [
      { json: [1, 2] },
      'json: expected one body for all URLs, got an array, which would be sent whole to each of them. Put each body into its own request: urls.map((url, i) => ({ url, json: bodies[i] })).',
    ],
  ])('for %j', async (options, message) => {
    expect((await errorOf(options)).error).toMatchObject({ message })
  })
})

describe('values at the edge of their range are allowed', () => {
  it.each([
    { concurrency: 1 },
    { concurrency: Infinity },
    { rateLimit: 0.5, concurrency: 1 },
    { rateLimit: '10000/s', rateLimitBurst: 1 },
    { rateLimit: [] },
    { maxRetries: 0 },
    { maxRetries: Infinity },
    { maxRedirects: 0 },
    { timeout: Infinity },
    { timeout: 100 },
    { timeout: '1ms' },
    { timeout: 1e13 },
    { timeouts: { connect: Infinity, headers: Infinity, idle: Infinity, callback: Infinity, total: Infinity } },
    { timeouts: { total: '9999d' } },
    { retry: { maxRetryAfter: 0, backoff: { base: 0, max: 0 }, budget: { reserve: 0, ratio: 0 } } },
    { retry: { budget: { reserve: Infinity, ratio: Infinity } } },
    { maxResponseBytes: Infinity },
    { maxJsonDepth: Infinity },
    { maxJsonDepth: 1 },
    { maxResponseBytes: 1 },
    { maxFailures: Infinity },
    { window: 1 },
    { window: Infinity },
  ])('%j', async options => {
    const { error, sent } = await errorOf(options)
    expect(error).toBeUndefined()
    expect(sent).toBe(2)
  })

  it('undefined counts as not given, for every option', async () => {
    const options = Object.fromEntries(OPTION_NAMES.filter(name => name !== 'order').map(name => [name, undefined]))
    const transport = mockTransport(() => ({ json: 1 }))
    expect(await parallelRequests(URLS, { ...options, transport } as never)).toEqual([1, 1])
  })

  it('every entry of the option table has a sentence, a unit and a default', () => {
    for (const [name, row] of Object.entries(OPTIONS)) {
      expect(row.doc, name).toMatch(/\.$/)
      expect(row.default, name).not.toBe('')
      expect(row.unit, name).not.toBe('')
    }
  })
})
