/**
 * THE option table: what each option is called, where it may be given, how it is read and what its default is.
 * Validation, the README's table and `--help` are made from it; nothing here computes.
 */
import { readAuth } from './auth-input.ts'
import { readCookies } from './cookie-input.ts'
import {
  bool,
  count,
  duration,
  either,
  fields,
  func,
  got,
  isRecord,
  listOf,
  matching,
  oneOf,
  orList,
  problem,
  size,
} from './kinds.ts'
import { readBreaker, readBudgets, readConcurrency, readCost, readHosts, readPerHost } from './limit-input.ts'
import { readProxies, readProxy, readProxyFile } from './proxy-input.ts'
import { readMinSpeed } from './speed-input.ts'
import { readPairs } from './query-input.ts'
import { rates } from './rate-input.ts'
import { readChecksum, readSaveTo } from './saving.ts'
import { isSink, isTransport } from './shapes.ts'
import { readTls } from './tls-input.ts'
import { headerProblem } from '../core/headers.ts'
import { printableUrl } from '../core/url.ts'
import type { Read } from './kinds.ts'

/**
 * Where an option may be given. `client`: the constructor (and the one-shot call, which makes a client). `call`: a
 * call, because it shapes the result. `any`: both, and the call's wins.
 */
export type Scope = 'client' | 'call' | 'any'

export interface OptionRow<T> {
  readonly scope: Scope
  /** May be given per request, in a RequestSpec. */
  readonly perSpec: boolean
  /** Only in `stream()`, `request()` or `drain()`. */
  readonly only?: 'stream' | 'request' | 'drain'
  readonly read: Read<T>
  /** As a reader of the documentation sees it. */
  readonly default: string
  readonly unit: string
  readonly doc: string
}

const row = <T>(
  scope: Scope,
  read: Read<T>,
  doc: string,
  rest: Partial<Pick<OptionRow<T>, 'perSpec' | 'only' | 'default' | 'unit'>> = {},
): OptionRow<T> => ({ scope, read, doc, perSpec: false, default: '–', unit: '–', ...rest })

const string = (value: unknown): value is string => typeof value === 'string'
const filled = (value: unknown): value is string => string(value) && value !== ''
const wholeStatus = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 999
const LIMIT = { shortest: 100 }

/** A method as the wire takes it, in any case; CONNECT is a tunnel and no request. */
export const isMethod = (value: unknown): value is string =>
  typeof value === 'string' && /^[!#$%&'*+\-.^_`|~0-9A-Z]+$/i.test(value) && value.toUpperCase() !== 'CONNECT'

export const readMethod = matching('a method of HTTP other than CONNECT', isMethod, "Write it as 'GET' or 'POST'.")

/** Checked with what stands beside it, in plan.ts. */
const asGiven: Read<unknown> = value => value

const sendable = (value: unknown): value is string =>
  string(value) && value !== '' && headerProblem('user-agent', value) === undefined

const readParams: Read<unknown> = (value, name, problems) => {
  if (!Array.isArray(value)) return readPairs(value, name, problems)
  const read = value.map((item: unknown, index) => readPairs(item, `${name}[${index}]`, problems))
  return read.every(item => item !== undefined) ? read : undefined
}

const readBaseUrl: Read<string | URL> = (value, name, problems) => {
  const parsed = string(value) || value instanceof URL ? URL.parse(String(value)) : null
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    const shown = value instanceof URL ? got(printableUrl(value.href)) : got(value)
    problems.push(problem(name, 'an absolute http: or https: URL', shown, "Write it as 'https://api.example.com/v1/'."))
    return undefined
  }
  // A bare origin has the path '/', written or not.
  const isFolder = String(value).endsWith('/') || (parsed.pathname === '/' && !/[?#]/.test(String(value)))
  if (parsed.search === '' && parsed.hash === '' && isFolder) return value as string | URL
  const shown = got(printableUrl(String(value)))
  problems.push(
    problem(name, "a URL that ends in '/'", shown, "Add the '/': without it, new URL would drop the last segment."),
  )
  return undefined
}

export const OPTIONS = {
  concurrency: row(
    'client',
    readConcurrency,
    "Attempts on the wire at once; `'auto'` finds the best number for each host.",
    { default: '20', unit: 'attempts' },
  ),
  maxConcurrency: row('client', count(1), "Attempts on the wire at once with `concurrency: 'auto'`.", {
    default: '100',
    unit: 'attempts',
  }),
  rateLimit: row(
    'client',
    rates,
    "Starts per interval, retries and redirect hops included: `10`, `'100/m'`, `{ limit, interval, burst }`, or an array that holds all at once.",
    { default: 'none', unit: 'starts per interval; a number is per second' },
  ),
  rateLimitBurst: row(
    'client',
    count(1, 'At most the limit of rateLimit.', false),
    'How many starts may be bunched inside the interval.',
    {
      default: '1 for intervals up to a second, else the limit',
      unit: 'starts',
    },
  ),
  perHost: row(
    'client',
    readPerHost,
    'Limits of each host for itself, or of each `limitKey`: `concurrency`, `rateLimit`.',
    { default: 'none' },
  ),
  hosts: row(
    'client',
    readHosts,
    "The same for certain hosts, in the place of `perHost`: `{ 'api.x.com': { rateLimit: '5/s' }, '*.y.com': { concurrency: 2 } }`.",
    { default: 'none' },
  ),
  limitKey: row(
    'client',
    func,
    'Whose limits a request is under: your name for it (an account, a tenant), or undefined for its origin.',
    { default: 'its origin' },
  ),
  budgets: row(
    'client',
    readBudgets,
    "Weighted limits by name, of which each attempt takes its `cost`: `{ tokens: '90000/m' }`.",
    { default: 'none', unit: 'what cost counts, per interval' },
  ),
  respectServerLimits: row(
    'client',
    bool,
    'Heed RateLimit headers: spend what remains, then pause the host before it answers 429.',
    { default: 'true' },
  ),
  breaker: row(
    'client',
    readBreaker,
    'Send nothing to a host that keeps failing: `true`, or `failures` within `window`; one request tries again after `cooldown`.',
    { default: "`false`; `true` is `{ failures: 5, window: '30s', cooldown: '10s' }`" },
  ),
  cookies: row(
    'client',
    (value, name, problems) => (value === false ? value : readCookies(value, name, problems)),
    'Pairs for the origins of the input URLs, pairs by origin, a jar, or `false` for none. Requests with a credential of their own have a jar of their own.',
    { default: 'an empty jar, and one per credential' },
  ),
  cookieFile: row(
    'client',
    matching('a path', filled, "Write it as 'cookies.json'."),
    'Where the jar of requests without credentials of their own is kept between runs: JSON, or cookies.txt as curl has it where the path ends in `.txt`.',
    { default: 'none' },
  ),
  shareCookies: row(
    'client',
    bool,
    'Share what servers set between requests with the same credential, or none; `false` keeps it in its request.',
    { default: 'true' },
  ),
  verifySsl: row('client', bool, 'Check TLS certificates.', { default: 'true' }),
  tls: row(
    'client',
    readTls,
    "Certificates in PEM: `ca` replaces the system's roots, `cert` and `key` are the client's own; or `pfx`, the bytes of a PKCS #12 file. `passphrase` opens the key.",
  ),
  blockPrivateAddresses: row(
    'client',
    bool,
    'Connect to addresses of the public Internet only, on every redirect and reconnect: for URLs from strangers.',
    { default: 'false' },
  ),
  maxHeaderBytes: row('client', size, 'Largest head of a response.', {
    default: "`'64KiB'`, or Node's `--max-http-header-size` if that is more",
    unit: 'bytes',
  }),
  lookup: row(
    'client',
    func,
    'Finds the addresses of host names for each new connection: `dns.lookup` of Node, or a function like it.',
    { default: "the system's, remembered for 10 s" },
  ),
  proxy: row(
    'client',
    readProxy,
    "Goes through this proxy (`http:`, `https:`, `socks5:`), never around it: a URL, `'env'` for `HTTP_PROXY` and friends, `false` for none.",
    { perSpec: true, default: "none; `'env'` under `NODE_USE_ENV_PROXY=1`" },
  ),
  proxies: row('client', readProxies, 'The same with a list: each attempt takes another one.', { default: 'none' }),
  proxyFile: row(
    'client',
    readProxyFile,
    'Path of such a list: one `host:port`, `host:port:user:password` or URL per line.',
    { default: 'none' },
  ),
  proxySelection: row('client', oneOf(['round_robin', 'random']), 'In turn, or at random.', {
    default: "'round_robin'",
  }),
  proxyCooldown: row('client', duration({ zero: true }), 'How long a proxy that failed by itself is passed over.', {
    default: "'60s'",
    unit: 'ms',
  }),
  http2: row(
    'client',
    bool,
    'Offer HTTP/2 to https origins: one connection carries many requests. A server that does not take it gets HTTP/1.1.',
    { default: 'false' },
  ),
  transport: row(
    'client',
    matching(
      'a transport with send() and close(), or an undici Dispatcher',
      isTransport,
      'Give an object, for example new Agent() of undici.',
    ),
    'What carries the requests: a `Transport`, or an undici `Dispatcher`.',
    { default: 'our own sockets' },
  ),
  workers: row(
    'client',
    count(0, 'Use 0 for none beside this one.', false),
    'Threads that carry the requests, for more than one core; limits and your functions stay on this one.',
    { default: '0', unit: 'threads' },
  ),

  keys: row(
    'call',
    listOf('strings', string, 'Turn each into a string.'),
    'One name per URL: the result is an object with exactly these keys.',
    {
      only: 'request',
    },
  ),
  onFailure: row(
    'call',
    oneOf(['throw', 'null', 'settle']),
    'One error for the batch, `null` in the place of a failure, or outcomes.',
    { only: 'request', default: "'throw'" },
  ),
  returnType: row(
    'call',
    oneOf(['json', 'text', 'content', 'response', 'stream', 'file', 'auto']),
    'How a body becomes a value.',
    {
      perSpec: true,
      default: "'json'",
    },
  ),
  schema: row(
    'call',
    matching(
      'a Standard Schema (zod, valibot, arktype …)',
      (value): value is { '~standard': unknown } =>
        (isRecord(value) || typeof value === 'function') &&
        typeof (value as { '~standard'?: { validate?: unknown } })['~standard']?.validate === 'function',
      'Give the schema itself; for a function of your own use parseFunc.',
    ),
    "Checks and types the value; with `'json'` and `'text'`.",
    { perSpec: true },
  ),
  parseFunc: row('call', func, 'Makes the value from what came; runs after the schema; may be async.', {
    perSpec: true,
  }),
  order: row('call', oneOf(['completed', 'input']), 'As they finish, or as they were given.', {
    only: 'stream',
    default: "'completed'",
  }),
  window: row('call', count(1), 'Requests pulled from a lazy input and not yet given back.', {
    default: 'max(4 × concurrency, 256)',
    unit: 'requests',
  }),

  resume: row(
    'call',
    matching('a path', filled, "Write it as 'run.jsonl'."),
    'Run file: one line per finished request; a rerun goes on where it ends.',
    {
      default: 'none',
    },
  ),
  retryFailed: row('call', bool, 'With `resume`: send again what had failed.', { default: 'false' }),
  unknownWrites: row(
    'call',
    oneOf(['fail', 'resend']),
    'With `resume`: what becomes of unsafe requests that were under way when the run before it ended.',
    { default: "`'fail'`: `in_doubt/crash`" },
  ),
  durability: row(
    'call',
    oneOf(['process', 'power']),
    'With `resume`: a finished line survives the end of the process, or of the power as well.',
    { default: "'process'" },
  ),
  sink: row(
    'call',
    matching('a sink with write() and close()', isSink, "Take one of 'parallel-requests/sinks'."),
    'Where the outcomes of `drain()` go.',
    {
      only: 'drain',
      default: 'nowhere: totals only',
    },
  ),

  params: row('any', readParams, 'Added to the query of every URL; an array gives one per URL.', { perSpec: true }),
  headers: row(
    'any',
    // Read where it is merged: see checkTogether in plan.ts.
    asGiven,
    "Added to every request; a spec's own win name by name.",
    { perSpec: true },
  ),
  auth: row('any', readAuth, 'Basic, bearer, or a function that answers with the `Authorization` of each attempt.', {
    perSpec: true,
  }),
  baseUrl: row('any', readBaseUrl, "Base of relative URLs: an origin, or a URL that ends in '/'."),
  method: row('any', readMethod, '`GET`, or `POST` where there is a body.', { perSpec: true, default: "'GET'" }),
  json: row('any', asGiven, 'Sent as JSON by every request without a body of its own.', {
    perSpec: true,
  }),
  form: row('any', asGiven, 'Sent as a form by every request without a body of its own.', { perSpec: true }),
  multipart: row('any', asGiven, 'Sent as `multipart/form-data` by every request without a body of its own.', {
    perSpec: true,
  }),
  body: row('any', asGiven, 'Sent by every request without a body of its own.', { perSpec: true }),
  timeout: row('any', duration(LIMIT), 'One attempt, from leaving our queue to the last byte.', {
    perSpec: true,
    default: "'30s'",
    unit: 'ms',
  }),
  timeouts: row(
    'any',
    fields({
      connect: duration(LIMIT),
      headers: duration(LIMIT),
      idle: duration(LIMIT),
      callback: duration(LIMIT),
      total: duration(LIMIT),
    }),
    '`connect`, `headers`, `idle`: phases of an attempt. `callback`: one call of your function; without it 30 s for `auth` and `beforeRequest`, or `timeout` where that is shorter. `total`: the whole request, queueing included.',
    { perSpec: true, default: "`{ connect: '10s', headers: '30s', idle: '30s' }`", unit: 'ms' },
  ),
  maxRetries: row(
    'any',
    count(0, 'Use 0 for none, Infinity for no limit.'),
    'Further attempts after a failure, as far as the retry budget of its host goes.',
    {
      perSpec: true,
      default: '3',
      unit: 'attempts',
    },
  ),
  retry: row(
    'any',
    fields({
      methods: listOf('methods of HTTP', isMethod, "Write each as 'POST'."),
      statuses: listOf('statuses', wholeStatus, 'Write each as a number, for example 503.'),
      backoff: either(func, fields({ base: duration({ zero: true }), max: duration({ zero: true }) })),
      maxRetryAfter: duration({ zero: true }),
      budget: fields({
        reserve: count(0),
        ratio: matching(
          'a number ≥ 0',
          (value): value is number => typeof value === 'number' && value >= 0,
          'Use Infinity for no budget.',
        ),
      }),
      shouldRetry: func,
    }),
    'Which failures are repeated, and after how long: `methods`, `statuses`, `backoff`, `maxRetryAfter`, `budget`, `shouldRetry`.',
    { perSpec: true, default: 'full jitter from 500 ms to 30 s' },
  ),
  acceptStatus: row('any', func, 'Which statuses are a success.', { perSpec: true, default: '2xx' }),
  followRedirects: row(
    'any',
    matching(
      "true, false or 'keep_method'",
      (value): value is boolean | 'keep_method' => typeof value === 'boolean' || value === 'keep_method',
      'Write one of them.',
    ),
    "Follow 301, 302, 303, 307 and 308. `'keep_method'` repeats the method on the first three, without its body, as `curl -X` does.",
    { perSpec: true, default: 'true' },
  ),
  maxRedirects: row('any', count(0, 'Set followRedirects: false to follow none.'), 'Hops per request.', {
    perSpec: true,
    default: '10',
    unit: 'hops',
  }),
  allowDowngrade: row('any', bool, 'Follow a redirect from https to http.', { default: 'false' }),
  allowBodyAcrossOrigins: row('any', bool, 'Send a body again to another origin on 307 and 308.', { default: 'false' }),
  maxResponseBytes: row('any', size, 'Largest decoded body.', { perSpec: true, default: "'64MiB'", unit: 'bytes' }),
  maxJsonDepth: row('any', count(1), 'How deep JSON may be nested.', { default: '1000', unit: 'levels' }),
  onChunk: row(
    'any',
    func,
    "With `returnType: 'stream'`: takes each piece of the body, decoded; the next one waits for it.",
  ),
  saveTo: row(
    'any',
    readSaveTo,
    "With `returnType: 'file'`: the folder that bodies are saved in, or a function that answers with a path.",
    { perSpec: true },
  ),
  checksum: row('any', readChecksum, "With `returnType: 'file'`: `'sha256:<hex>'` of what must come.", {
    perSpec: true,
  }),
  minSpeed: row(
    'any',
    readMinSpeed,
    'Slowest body: `bytes` per second, on average over the time `over`; `false` or 0 for none.',
    { default: "`{ bytes: 256, over: '30s' }`", unit: 'bytes per second' },
  ),
  strictIntegrity: row(
    'any',
    bool,
    'Refuse a body whose end only the end of the connection showed: `truncated/unverified`.',
    { default: 'false' },
  ),
  contentCoding: row(
    'any',
    oneOf(['strict', 'lenient', 'raw']),
    'Compressed bodies: undone or refused, undone or taken as they came with a warning, or never touched.',
    { default: "'strict'" },
  ),
  userAgent: row(
    'any',
    orList(
      matching(
        'a string that a header can hold, or an array of them',
        sendable,
        "To send none, give headers: { 'user-agent': undefined }.",
      ),
      listOf('strings that a header can hold', sendable, 'Give strings without control characters.', { filled: true }),
    ),
    'A string, or a list of which each request takes the next.',
    { default: '`parallel-requests/<version>`' },
  ),
  idempotencyKey: row(
    'any',
    matching(
      'true or false',
      value => typeof value === 'boolean',
      'One key for all would be taken for one request: use true, or give each request its own.',
    ),
    '`true` makes one key per unsafe request, sent with its every attempt.',
    { perSpec: true, default: 'false' },
  ),
  cost: row(
    'any',
    readCost,
    'What each attempt takes from `budgets`, or from `rateLimit` where there are none: a number, `{ tokens: 1200 }`, or a function of the request.',
    { perSpec: true, default: '1 of each', unit: 'what the budget counts' },
  ),
  allowHostHeader: row('any', bool, 'Send a `Host` header of yours in the place of the host in the URL.', {
    default: 'false',
  }),
  secretNames: row(
    'any',
    listOf('names', filled, 'Give names of headers or query fields.'),
    'Further header and query names whose values never print.',
  ),
  maxFailures: row('any', count(1), 'Stop after this many failures.', { default: 'none', unit: 'requests' }),
  signal: row(
    'any',
    matching(
      'an AbortSignal',
      value => value instanceof AbortSignal,
      'Give controller.signal or AbortSignal.timeout(ms).',
    ),
    'Ends the run within 100 ms.',
  ),
  onProgress: row('any', func, 'Told how the run is going, at most ten times a second.'),
  hooks: row(
    'any',
    fields({ beforeRequest: func, afterResponse: func, beforeRetry: func }),
    '`beforeRequest`, `afterResponse`, `beforeRetry`: your functions around each attempt.',
  ),
} as const satisfies Record<string, OptionRow<unknown>>

export type OptionName = keyof typeof OPTIONS
/** Options after reading: only what was given, each in its normal form. */
export type Values = { readonly [K in OptionName]?: NonNullable<ReturnType<(typeof OPTIONS)[K]['read']>> }

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]
