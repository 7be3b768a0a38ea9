/** The types of the options. Their entries in `config/options/` make `--help` and the table in the README. */
import type { SharedLimits } from './shared-limits.ts'
import type { FollowLimits } from './follow.ts'
import type { ConnectionOptions } from './connection-options.ts'
import type { Telemetry } from './events.ts'
import type { CookieStore } from './ports.ts'
import type { PollInput } from './poll.ts'
import type { ProxyOptions } from './proxy-options.ts'
import type { Progress } from './progress.ts'
import type { ResumeOptions } from './resume-options.ts'
import type { Sink } from './sink.ts'
import type {
  Auth,
  BodyInput,
  CostInput,
  CostRequest,
  Duration,
  FormInput,
  HeadersInput,
  Hooks,
  MultipartInput,
  Params,
  RateInput,
  RequestView,
  RetryInput,
  SaveTo,
  Size,
  TimeoutsInput,
} from './spec.ts'

export type { DispatcherLike, LookupInput } from './connection-options.ts'

/**
 * How failures appear in the result: `'throw'` rejects with one error for the batch, `'null'` puts null in the place of
 * each failed request, `'settle'` gives an Outcome for every request.
 */
export type FailureMode = 'throw' | 'null' | 'settle'

/**
 * Cookies: name and value pairs that every request sends, pairs by origin, a jar of tough-cookie, or `false` for none.
 *
 * @example { theme: 'dark' }
 * @example { 'https://shop.example.com': { session: 'abc' } }
 */
export type CookiesInput =
  | false
  | Readonly<Record<string, string>>
  | Readonly<Record<string, Readonly<Record<string, string>>>>
  | CookieStore

/**
 * Limits of one host.
 *
 * @example { concurrency: 4, rateLimit: '10/s' }
 */
export interface HostLimits {
  /**
   * Attempts in flight at once. An integer ≥ 1; 0 is a ConfigError. Default and `Infinity`: only the limit of the
   * whole client.
   */
  concurrency?: number | undefined
  /**
   * Starts per interval. With an array, all of its rates apply. Default no limit. 0 and `Infinity` are a ConfigError.
   */
  rateLimit?: RateInput | readonly RateInput[] | undefined
}

/**
 * When the circuit breaker stops sending to a host, and when it tries the host again.
 *
 * @example breaker: { failures: 10, window: '1m', cooldown: '30s' }
 */
export interface BreakerInput {
  /**
   * Opens after this many failures within `window`, if there were fewer successes. An integer ≥ 1. Default 5. 0 and
   * `Infinity` are a ConfigError: use `breaker: false` for none.
   */
  failures?: number | undefined
  /**
   * The time within which failures are counted, in milliseconds or as a duration. Default `'30s'`. `Infinity` =
   * failures never expire; 0 is a ConfigError, and so is a number below 100.
   */
  window?: Duration | undefined
  /**
   * How long nothing is sent before one request tries again, in milliseconds or as a duration. Default `'10s'`.
   * `Infinity` = the host gets no more requests of this client; 0 is a ConfigError, and so is a number below 100.
   */
  cooldown?: Duration | undefined
}

/**
 * The slowest body that is accepted.
 *
 * @example minSpeed: { bytes: '10kB', over: '1m' }
 */
export interface MinSpeedInput {
  /** Bytes per second, measured on the wire. Default 256. 0 = no limit; `Infinity` is a ConfigError. */
  bytes?: Size | undefined
  /**
   * The time over which the speed is averaged, in milliseconds or as a duration. Default `'30s'`. `Infinity` = no
   * limit; 0 is a ConfigError, and so is a number below 100.
   */
  over?: Duration | undefined
}

/** Options for a constructor or a call. A call's value replaces the client's. */
export interface SharedOptions {
  /**
   * Headers of every request. A spec's headers replace them name by name. Default none.
   *
   * @example headers: { accept: 'application/vnd.github+json', 'x-team': 'data' }
   */
  headers?: HeadersInput | undefined
  /** Credentials of every request that does not bring its own. Default none. */
  auth?: Auth | undefined
  /**
   * Base of relative URLs, resolved like `new URL(url, baseUrl)`. An origin, or a URL that ends in `/`. Default none.
   *
   * @example baseUrl: 'https://api.example.com/v1/'
   */
  baseUrl?: string | URL | undefined
  /**
   * The method of every request. Default `'GET'`, or `'POST'` if there is a body.
   *
   * @example method: 'HEAD'
   */
  method?: string | undefined
  /**
   * A value that every request without its own body sends as JSON. Default none.
   *
   * @example json: { query: '{ viewer { login } }' }
   */
  json?: unknown
  /**
   * Fields that every request without its own body sends as `application/x-www-form-urlencoded`. Default none.
   *
   * @example form: { grant: 'read', scope: ['a', 'b'] }
   */
  form?: FormInput | undefined
  /** Fields and files that every request without its own body sends as `multipart/form-data`. Default none. */
  multipart?: MultipartInput | undefined
  /** The body of every request without its own. Default none. */
  body?: BodyInput | undefined
  /**
   * Time limit of one attempt, from leaving the queue to the last byte of the body. Default `'30s'`, but no limit with
   * `'stream'`, `'ndjson'`, `'sse'` and `'file'`. `Infinity` = no limit; 0 is a ConfigError. Fails with `timeout/<phase>`.
   *
   * @example timeout: '10s'
   */
  timeout?: Duration | undefined
  /**
   * Time limits of the phases of an attempt, and of the whole request, each in milliseconds or as a duration. Default
   * `{ connect: '10s', headers: '30s', idle: '30s' }`. `Infinity` = no limit; 0 is a ConfigError. Fails with
   * `timeout/…`.
   */
  timeouts?: TimeoutsInput | undefined
  /**
   * Retries after a failure, within `retry.budget`. An integer ≥ 0. Default 3. 0 = none; `Infinity` = until a
   * deadline.
   *
   * @example maxRetries: 5
   */
  maxRetries?: number | undefined
  /**
   * Which failures are retried, and after how long. Default: idempotent methods, the statuses 408, 425, 429, 500, 502,
   * 503 and 504, and full jitter with `backoff: { base: '500ms', max: '30s' }`.
   */
  retry?: RetryInput | undefined
  /**
   * Returns true if a status counts as a success. Default 2xx. Other statuses fail with `http/<status>`.
   *
   * @example acceptStatus: status => status < 300 || status === 404
   */
  acceptStatus?: ((status: number) => boolean) | undefined
  /**
   * Whether redirects are followed (RFC 9110 §15.4). Default true. `'keep_method'` keeps the method on 301, 302 and
   * 303, without the body, like `curl -X`. With false the redirect itself is the response.
   *
   * @example followRedirects: false
   */
  followRedirects?: boolean | 'keep_method' | undefined
  /**
   * The most redirect hops of a request. Default 10. 0 = a redirect fails; `Infinity` = no limit. One hop more fails
   * with `redirect/too_many`, or with `redirect/loop` if the URL redirects to itself. A URL may redirect to itself
   * until then, because some servers mean "ask again until it is ready".
   *
   * @example maxRedirects: 3
   */
  maxRedirects?: number | undefined
  /**
   * Follow a redirect from https to http. Default false: it fails with `redirect/downgrade`.
   *
   * @example allowDowngrade: true
   */
  allowDowngrade?: boolean | undefined
  /**
   * On a 307 or 308 to another origin, send the body and its `content-*` headers there. Default false: the request
   * fails with `redirect/body_cross_origin`. A write with a precondition (`if-match` …) fails with
   * `redirect/precondition` in both cases.
   *
   * @example allowBodyAcrossOrigins: true
   */
  allowBodyAcrossOrigins?: boolean | undefined
  /**
   * Poll a job that the server starts with its first response, until it is done. The value is then that of the last
   * response, or of the URL at `result`. `true` polls after a 202 and for operations of Azure; an object also describes
   * the status in the body. Polls are GET requests without the body of the request; credentials are not sent to another
   * origin. A request that waits holds no slot. Default false. A failed job fails with `poll/failed`, one that is not
   * done in time with `timeout/poll`.
   *
   * @example poll: true
   * @example poll: { status: 'status', done: 'completed', failed: ['failed', 'expired'], url: 'urls.get', interval: '5s' }
   */
  poll?: boolean | PollInput | undefined
  /**
   * Largest decoded body. Default `'64MiB'`, but no limit with `'stream'`, `'ndjson'`, `'sse'` and `'file'`. `Infinity` = no limit; 0 is a
   * ConfigError. Fails with `too_large/body` or `too_large/decoded`.
   *
   * @example maxResponseBytes: '1GiB'
   */
  maxResponseBytes?: Size | undefined
  /**
   * The deepest nesting of a JSON response, in levels: `[[1]]` has two. An integer ≥ 1. Default 1000, far above what
   * people write; deeper JSON can overflow the stack of the code that walks through it. `Infinity` = no limit; 0 is a
   * ConfigError. Fails with `parse/too_deep`.
   *
   * @example maxJsonDepth: 10_000
   */
  maxJsonDepth?: number | undefined
  /**
   * How many bytes of the body of a refused response `error.body` shows, decoded and without secrets. Outputs and the
   * run file show the same. Default `'2KiB'`; 0 = none; `Infinity` = as much as is kept of such a body, which is 64 KiB.
   * `error.response` holds these 64 KiB as they came, whatever this option says.
   *
   * @example maxErrorBody: '16KiB'
   */
  maxErrorBody?: Size | undefined
  /**
   * With `returnType: 'stream'`: a function that gets each decoded piece of a successful response, and the request.
   * The next piece waits until the function is done; back-pressure slows the server down, and the time limits of the
   * attempt do not count that time. Once a piece has been delivered, the request is not retried. A throw fails the
   * request with `callback/on_chunk`. Default none; required with `'stream'`.
   *
   * @example onChunk: (chunk, { url }) => files.get(url)?.write(chunk)
   */
  onChunk?: ((chunk: Uint8Array, request: RequestView) => unknown) | undefined
  /**
   * With `returnType: 'ndjson'` and `'sse'`: the largest line or event. Default `'16MiB'`. `Infinity` = no limit; 0 is a
   * ConfigError. Fails with `too_large/item`.
   *
   * @example maxItemBytes: '1MiB'
   */
  maxItemBytes?: Size | undefined
  /**
   * With `returnType: 'file'`: the folder in which bodies are saved (created if its parent exists), or a function that
   * returns the path of one file, relative to the working directory. Required with `'file'`. Default none.
   *
   * In a folder, a file gets the last segment of its URL's path as its name, with unsafe characters replaced; if two
   * requests of a batch have the same name, the later one gets `~` and its index. A body is written to `<path>.part`,
   * and renamed when it is complete. An existing file is not replaced (unless the function returns `overwrite: true`):
   * the request fails with `resource/file`. A throw fails the request with `callback/save_to`.
   *
   * @example saveTo: ({ index }) => `pages/${index}.html`
   */
  saveTo?: SaveTo | undefined
  /**
   * With `returnType: 'file'`: the expected checksum of the decoded body, as `'sha256:<hex>'` (or sha512, sha1, md5). A
   * body with another one fails with `truncated/checksum`, is retried from the start and is never renamed to its final
   * name. Default none.
   *
   * @example checksum: 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
   */
  checksum?: string | undefined
  /**
   * The slowest body that is accepted: one that stays below `bytes` per second, on average over the time `over`, fails
   * with `timeout/low_speed`. Counts bytes on the wire from the end of the response headers, without the time that
   * `onChunk` or the disk takes. Default `{ bytes: 256, over: '30s' }`; `false` or 0 = no limit. `Infinity` is a
   * ConfigError.
   */
  minSpeed?: false | 0 | MinSpeedInput | undefined
  /**
   * Refuse a body with neither a length nor chunked framing (`integrity: 'unverified'`), because only the end of the
   * connection ends it and it may be cut short (RFC 9112 §8). Default false. Fails with `truncated/unverified`, which
   * is not retried: the server would answer in the same way.
   *
   * @example strictIntegrity: true
   */
  strictIntegrity?: boolean | undefined
  /**
   * How gzip, deflate, br and zstd bodies are decoded (RFC 9110 §8.4):
   *
   * - `'strict'` (default): a body that cannot be decoded fails with `decode/…`.
   * - `'lenient'`: a body in an unknown coding, or not in the coding that its header names, is delivered as received,
   *   with a warning.
   * - `'raw'`: no body is decoded. `accept-encoding` is still sent, unless `headers` replaces it.
   *
   * @example contentCoding: 'lenient'
   */
  contentCoding?: 'strict' | 'lenient' | 'raw' | undefined
  /**
   * The `User-Agent` header, or a list that requests use in turn. Default `parallel-requests/<version>`.
   *
   * @example userAgent: 'shop-sync/2.1 (ops@example.com)'
   */
  userAgent?: string | readonly string[] | undefined
  /**
   * `true` gives each unsafe request its own key, sent as `Idempotency-Key` with every attempt. Default false. A write
   * with a key is retried like a read.
   *
   * Source: draft-ietf-httpapi-idempotency-key-header.
   *
   * @example idempotencyKey: true
   */
  idempotencyKey?: boolean | undefined
  /**
   * What each attempt takes from `budgets`, or from `rateLimit` if there are none: a number for all of them, a number
   * per name, or a function of the request that returns either. Default 1 of each. 0 takes nothing from a budget, but
   * still counts as one start under `rateLimit`. More than the burst of a limit fails with `invalid_request/cost`; a
   * throw of the function with `callback/cost`. A negative number, NaN and `Infinity` are a ConfigError.
   *
   * @example cost: ({ body }) => ({ tokens: Math.ceil(String(body).length / 4) })
   */
  cost?: CostInput | ((request: CostRequest) => CostInput) | undefined
  /**
   * Allow a `Host` header, which is sent instead of the host of the URL. TLS and cookies still use the host of the URL
   * (TLS uses the header if the URL has an IP address). A redirect to another origin drops the header. Default false: a
   * `Host` header fails with `invalid_request/header`, or is a ConfigError in the options.
   *
   * @example { url: 'http://127.0.0.1:8080/', headers: { host: 'shop.example.com' } }
   */
  allowHostHeader?: boolean | undefined
  /**
   * More names of headers and query fields whose values are never printed. Default none: names that look like secrets
   * (`token`, `api-key` …) are redacted anyway.
   *
   * @example secretNames: ['x-tenant']
   */
  secretNames?: readonly string[] | undefined
  /**
   * Stop the run after this many failures, an integer ≥ 1: requests in flight finish, the others fail with
   * `aborted/not_started`. Failures that were restored from a run file do not count. Default and `Infinity`: never. 0
   * is a ConfigError: use 1 to stop at the first failure.
   *
   * @example maxFailures: 100
   */
  maxFailures?: number | undefined
  /**
   * Ends the run within 100 ms of its abort: requests in flight fail with `aborted/in_flight`, the others with
   * `aborted/not_started`. Default none.
   *
   * @example signal: AbortSignal.timeout(60_000)
   */
  signal?: AbortSignal | undefined
  /**
   * Shows the progress on standard error: on a terminal a bar with percent and the time left, one per run that is under
   * way; elsewhere a plain line every five seconds. Default false. Not in `parallelRequestsSync`.
   *
   * @example progress: true
   */
  progress?: boolean | undefined
  /**
   * A function that gets the state of the run, at most ten times a second and once at its end. Default none.
   *
   * @example onProgress: ({ done, total, etaMs }) => console.log(done, total, etaMs)
   */
  onProgress?: ((progress: Progress) => void) | undefined
  /** Functions of yours that run around each attempt. Default none. */
  hooks?: Hooks | undefined
}

/**
 * The options of a client that a one-shot call takes as well. An interface, because editors show no doc comments of a type
 * that is made with `Omit`.
 */
export interface ClientSettings extends SharedOptions, ConnectionOptions, ProxyOptions {
  /**
   * Attempts in flight at once, over all hosts. An integer ≥ 1. Default 20. `Infinity` = no limit but that of
   * `window`, which is then 256 unless it is given; 0 is a ConfigError. `'auto'` finds the number for each host from
   * its throughput, latency and failures, up to `maxConcurrency`; `client.stats()` shows it.
   *
   * Source of `'auto'`: the bandwidth-delay product (Kleinrock 1979; BBR, Cardwell et al. 2016), measured as in
   * Gradient2 of Netflix concurrency-limits.
   *
   * @example concurrency: 50
   */
  concurrency?: number | 'auto' | undefined
  /**
   * With `concurrency: 'auto'`: the most attempts in flight at once. An integer ≥ 1. Default 100; `Infinity` = no
   * limit. 0 is a ConfigError, and so is the option without `'auto'`.
   *
   * @example concurrency: 'auto', maxConcurrency: 500
   */
  maxConcurrency?: number | undefined
  /**
   * Starts per interval, over all hosts; retries and redirect hops count. With an array, all of its rates apply.
   * Default no limit. Exact in every interval, wherever it begins (sliding window), and evenly spread within it up to
   * the burst. 0 and `Infinity` are a ConfigError: leave it out for no limit.
   *
   * Source of the spreading: the generic cell rate algorithm, ITU-T I.371.
   *
   * @example rateLimit: ['10/s', '5000/h']
   */
  rateLimit?: RateInput | readonly RateInput[] | undefined
  /**
   * How many starts of `rateLimit` may happen at once. An integer from 1 to the limit; 0 and `Infinity` are a
   * ConfigError. Default 1 for intervals up to 1 s, else the limit.
   *
   * @example rateLimit: '100/m', rateLimitBurst: 10
   */
  rateLimitBurst?: number | undefined
  /**
   * Limits that each origin has for itself (or each `limitKey`), in addition to those of the whole client. Default
   * none.
   */
  perHost?: HostLimits | undefined
  /**
   * Limits of certain hosts, which replace `perHost` field by field. A name is a host (`'api.x.com'`), a host with a
   * port (`'localhost:8080'`) or a wildcard for all names below a domain (`'*.y.com'`); the most specific one applies.
   * Each origin still counts for itself. With `limitKey`, a name can also be a key, compared exactly; it wins over the
   * host. `client.stats().unmatchedHosts` lists the names that no request has matched. Default none.
   *
   * @example hosts: { 'api.x.com': { rateLimit: '5/s' }, '*.y.com': { concurrency: 2 } }
   */
  hosts?: Readonly<Record<string, HostLimits>> | undefined
  /**
   * Share `rateLimit` and the rates of `perHost` and `hosts` with other processes: all of them together start at most that
   * many requests. A 429 pauses its host in all of them. Other limits count in each process alone. Default none. Not in
   * `parallelRequestsSync`. The first call rejects with a ConfigError if Redis cannot be used; what happens later is in
   * docs/limits.md.
   *
   * @example rateLimit: '500/s', sharedLimits: redisLimits('redis://127.0.0.1')
   */
  sharedLimits?: SharedLimits | undefined
  /**
   * A function that returns the name under which a request is limited: an account, a tenant. Requests with the same key
   * share the limits of `perHost`, the pauses that a server asks for, and the breaker. Default, and for undefined: the
   * origin. A throw fails the request with `callback/limit_key`.
   *
   * @example limitKey: ({ meta }) => (meta as Tenant).account
   */
  limitKey?: ((request: RequestView) => string | undefined) | undefined
  /**
   * Weighted limits by name: in any interval, the `cost` of all attempts adds up to at most the limit. The burst of a
   * budget is its limit, unless it is given. Default none. 0 and `Infinity` are a ConfigError.
   *
   * @example budgets: { requests: '500/m', tokens: '90000/m' }, cost: { requests: 1, tokens: 1200 }
   */
  budgets?: Readonly<Record<string, RateInput | readonly RateInput[]>> | undefined
  /**
   * Obey the quota that a host publishes (`RateLimit`, `RateLimit-*`, `X-RateLimit-*`): spend what remains, then pause
   * the host until the quota is renewed, before it answers 429. If the quota is renewed later than
   * `retry.maxRetryAfter` allows, one request is sent as a probe after that time. Default true. `Retry-After` is obeyed
   * in both cases, up to `retry.maxRetryAfter`.
   *
   * Source: draft-ietf-httpapi-ratelimit-headers.
   *
   * @example respectServerLimits: false
   */
  respectServerLimits?: boolean | undefined
  /**
   * Circuit breaker: stop sending to a host that keeps failing. Its requests fail at once with `circuit/open`; after
   * `cooldown` one request tries again. `true` = the defaults of its fields. Default false.
   *
   * Source: circuit breaker, M. Nygard, "Release It!", 2007.
   */
  breaker?: boolean | BreakerInput | undefined
  /**
   * Cookies to send (RFC 6265). Name and value pairs are sent with every request, until a redirect leads to another
   * origin. Pairs by origin are sent to that origin only. A jar is used as it is. `false` neither sends nor keeps
   * cookies. Default an empty jar per client.
   *
   * Cookies that servers set are kept per credential. A request that brings a credential (`auth`, userinfo,
   * `Authorization`, `Cookie`, a header or query field with a secret name) shares cookies only with requests that bring
   * the same one; the client keeps the jars of the last 1,000 credentials. All other requests share one jar, the one
   * given here. Headers and `auth` of the options do not count as credentials of a request.
   *
   * @example cookies: { theme: 'dark' }
   */
  cookies?: CookiesInput | undefined
  /**
   * Share the cookies that servers set between requests, as described at `cookies`. With `false` a cookie stays with
   * the request that received it, its redirect hops and its retries. `false` cannot be combined with `cookieFile` or
   * with a jar in `cookies`. Default true.
   *
   * @example shareCookies: false // every URL is visited like by a new visitor
   */
  shareCookies?: boolean | undefined
  /**
   * Path of a file that keeps the jar of requests without credentials between runs. The client reads it when it is
   * created, and writes it (as a whole, mode 0600) one second after a change and in `close()`. A path that ends in
   * `.txt` is a cookies.txt as curl reads and writes it; any other is JSON of tough-cookie. Session cookies are kept,
   * too. A file in another format is a ConfigError and is not changed. If two clients use one file, the last to write
   * wins. Cannot be combined with a jar in `cookies`. Default none.
   *
   * @example cookieFile: 'cookies.json'
   */
  cookieFile?: string | undefined
  /**
   * Threads that carry the requests, so that several cores can work on the connections. Limits, cookies and your
   * functions stay on the caller's thread, and so does a request whose body is made by a function. Cannot be combined
   * with `transport` or `lookup`. An integer ≥ 0. Default 0: no threads. `Infinity` is a ConfigError.
   *
   * @example workers: 4
   */
  workers?: number | undefined
  /**
   * Gets an event when a batch, a request or an attempt begins and when it ends: `otel()` of `parallel-requests/otel`, or
   * an object of your own with `start` and `end`. Default none.
   *
   * @example telemetry: { start() {}, end: (kind, event) => console.log(kind, event) }
   */
  telemetry?: Telemetry | undefined
}

/** Options of a client: its limits and connections, and defaults for its calls. */
export interface ClientOptions extends ClientSettings {
  /** Fields that are added to the query of every URL. Default none. */
  params?: Params | URLSearchParams | undefined
}

/** The options that every kind of call takes. */
export interface CallSettings extends SharedOptions, ResumeOptions, FollowLimits {
  /**
   * The most requests that are taken from a lazy input before their results are delivered: the back-pressure of the
   * run. An integer ≥ 1. Default max(4 × concurrency, 256), or 256 with an infinite `concurrency`. `Infinity` = no
   * limit; 0 is a ConfigError.
   *
   * @example window: 10_000
   */
  window?: number | undefined
}

/** The options of a call, without those that shape its result. */
export interface RequestOptions extends CallSettings {
  /**
   * Fields that are added to the query of every URL; or an array with one object per URL (`{}` adds nothing). Default
   * none.
   */
  params?: Params | URLSearchParams | readonly (Params | URLSearchParams)[] | undefined
}

/** Options of `drain()`. `Value`: what the sink gets as the value of an outcome. */
export interface DrainOptions<Value = unknown> extends CallSettings {
  /** Fields that are added to the query of every URL. Default none. */
  params?: Params | URLSearchParams | undefined
  /**
   * Gets each outcome. The run waits for its writes, and closes it at the end. Default none: the result is the totals.
   *
   * @example sink: jsonLines('results.jsonl')
   */
  sink?: Sink<Value> | undefined
}

/** Options of `stream()`. */
export interface StreamOptions extends CallSettings {
  /** Fields that are added to the query of every URL. Default none. */
  params?: Params | URLSearchParams | undefined
  /**
   * `'completed'` yields outcomes as they finish, `'input'` in the order of the input. Default `'completed'`.
   *
   * @example order: 'input'
   */
  order?: 'completed' | 'input' | undefined
}
