/** The options as a caller writes them. Their rows in `config/table.ts` say the same to `--help` and the README. */
import type { ConnectionOptions } from './connection-options.ts'
import type { CookieStore } from './ports.ts'
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

/** What becomes of failures in the result: one error for the batch, `null` in their place, or outcomes. */
export type FailureMode = 'throw' | 'null' | 'settle'

/** Plain pairs for the origins of the input URLs; pairs by origin; or a jar of tough-cookie; `false` for none. */
export type CookiesInput =
  | false
  | Readonly<Record<string, string>>
  | Readonly<Record<string, Readonly<Record<string, string>>>>
  | CookieStore

/** Limits of one host. */
export interface HostLimits {
  /** Attempts on the wire at once. Default none of its own; `Infinity` = none. */
  concurrency?: number | undefined
  /** Starts per interval; an array holds all at once. Default none. */
  rateLimit?: RateInput | readonly RateInput[] | undefined
}

/** When a host counts as down, and when it is tried again. */
export interface BreakerInput {
  /** Failures within `window`, more of them than good answers. Default 5. */
  failures?: number | undefined
  /** Default `'30s'`. */
  window?: Duration | undefined
  /** Default `'10s'`. */
  cooldown?: Duration | undefined
}

/** How slow a body may be. */
export interface MinSpeedInput {
  /** Per second. Default 256. */
  bytes?: Size | undefined
  /** Default `'30s'`. */
  over?: Duration | undefined
}

/** Options that mean the same in a constructor and in a call; a call's own win. */
export interface SharedOptions {
  /** Added to every request; a spec's own headers win name by name. Default none. */
  headers?: HeadersInput | undefined
  /** For every request that has none of its own. */
  auth?: Auth | undefined
  /** Base of relative URLs, resolved by `new URL`: an origin, or a URL that ends in `/`. Default none. */
  baseUrl?: string | URL | undefined
  /** Default `'GET'`, or `'POST'` where there is a body. */
  method?: string | undefined
  /** Sent as JSON by every request without a body of its own. */
  json?: unknown
  /** Sent as a form by every request without a body of its own. */
  form?: FormInput | undefined
  /** Sent as `multipart/form-data` by every request without a body of its own. */
  multipart?: MultipartInput | undefined
  /** Sent by every request without a body of its own. */
  body?: BodyInput | undefined
  /** One attempt, from leaving our queue to the last byte of the body. Default `'30s'`, none with `'stream'` and `'file'`; `Infinity` = no limit. Fails with `timeout/<phase>`. */
  timeout?: Duration | undefined
  /** Limits of single phases, and of the request as a whole. */
  timeouts?: TimeoutsInput | undefined
  /** Further attempts after a failure, as far as `retry.budget` goes. Default 3; 0 = none; `Infinity` = until a deadline. */
  maxRetries?: number | undefined
  /** Which failures are repeated, and after how long. */
  retry?: RetryInput | undefined
  /** Which statuses are a success. Default 2xx. Others fail with `http/<status>`. */
  acceptStatus?: ((status: number) => boolean) | undefined
  /** Default true. `'keep_method'` repeats the method on 301, 302 and 303, without its body, as `curl -X` does. */
  followRedirects?: boolean | 'keep_method' | undefined
  /**
   * Hops per request. Default 10; one more fails with `redirect/too_many`, or `redirect/loop` where it leads to itself,
   * which until then may mean "come back until it is ready".
   */
  maxRedirects?: number | undefined
  /** Follow a redirect from https to http. Default false: `redirect/downgrade`. */
  allowDowngrade?: boolean | undefined
  /**
   * Send a body again to another origin on 307 and 308, with the `content-*` headers that describe it. Default false:
   * `redirect/body_cross_origin`. A write with a precondition (`if-match` …) ends as `redirect/precondition` either way.
   */
  allowBodyAcrossOrigins?: boolean | undefined
  /** Largest decoded body. Default `'64MiB'`, none with `'stream'` and `'file'`; `Infinity` = no limit. Fails with `too_large/body` or `too_large/decoded`. */
  maxResponseBytes?: Size | undefined
  /**
   * How deep the JSON of an answer may be nested, in levels: `[[1]]` has two. Default 1000; `Infinity` = no limit, at least
   * 1. Deeper fails with `parse/too_deep`: no JSON that people write is, and what walks through it needs a stack.
   *
   * @example maxJsonDepth: 10_000
   */
  maxJsonDepth?: number | undefined
  /**
   * With `returnType: 'stream'`: takes each piece of the body, decoded, and its request. The next piece waits until it is
   * done, and so does the server; the limits of the attempt do not count that time. Only of an answer that is a
   * success. Once a piece has been handed out the request is not repeated. A throw fails it with `callback/on_chunk`.
   *
   * @example onChunk: (chunk, { url }) => files.get(url).write(chunk)
   */
  onChunk?: ((chunk: Uint8Array, request: RequestView) => unknown) | undefined
  /**
   * With `returnType: 'file'`: the folder that bodies are saved in, made when its parent exists; or a function that
   * answers with the path of one file, relative to the working directory. In a folder a file is named after the end of
   * its URL's path, made safe; the later of two of a batch gets `~` and its index. A body is written to `<path>.part` and
   * gets its name when it is whole. What is there already is never replaced: `resource/file`. A throw fails the request
   * with `callback/save_to`. Default none.
   *
   * @example saveTo: ({ index }) => `pages/${index}.html`
   */
  saveTo?: SaveTo | undefined
  /**
   * With `returnType: 'file'`: what must come, as `'sha256:<hex>'`; sha512, sha1 and md5 are known, too. Of the decoded
   * body. Another one fails with `truncated/checksum`, is repeated from the start and never gets its name. Default none.
   */
  checksum?: string | undefined
  /**
   * A body that is slower than `bytes` per second, on average over the last `over`, fails with `timeout/low_speed`.
   * Counts the bytes of the wire, from the head on, and not the time that `onChunk` or a disk takes. Default
   * `{ bytes: 256, over: '30s' }`; `false`, or 0 bytes, for none.
   */
  minSpeed?: false | 0 | MinSpeedInput | undefined
  /**
   * Refuse a body that has neither a length nor chunks: that it is whole nobody can know (`integrity: 'unverified'`).
   * Default false. Fails with `truncated/unverified`, and is not repeated: the server would answer the same way.
   */
  strictIntegrity?: boolean | undefined
  /**
   * What becomes of gzip, deflate, br and zstd. `'strict'`, the default: undone; what cannot be undone fails with
   * `decode/…`. `'lenient'`: a body that is not of the coding its head names, or of one that is unknown, is taken as it
   * is, with a warning. `'raw'`: the body as it came; `accept-encoding` is sent all the same, unless `headers` say otherwise.
   */
  contentCoding?: 'strict' | 'lenient' | 'raw' | undefined
  /** A string, or a list of which each request takes the next. Default `parallel-requests/<version>`. */
  userAgent?: string | readonly string[] | undefined
  /** `true` gives each unsafe request a key of its own, sent as `Idempotency-Key` with every attempt. Default false. */
  idempotencyKey?: boolean | undefined
  /**
   * What each attempt takes from `budgets`, or from `rateLimit` where there are none: a number for all of them, one per
   * name, or a function of the request. Default 1 of each; 0 takes nothing of a budget, and a start of `rateLimit` all the same. More than the burst: `invalid_request/cost`.
   */
  cost?: CostInput | ((request: CostRequest) => CostInput) | undefined
  /**
   * Take a `Host` header of yours, sent in the place of the host in the URL. TLS and cookies go by the URL all the same
   * (TLS to a bare address by the header); a redirect to another origin drops it. Default false: such a header is
   * `invalid_request/header`, or a ConfigError in the options.
   *
   * @example { url: 'http://127.0.0.1:8080/', headers: { host: 'shop.example.com' } }
   */
  allowHostHeader?: boolean | undefined
  /** Further header and query names whose values never print. */
  secretNames?: readonly string[] | undefined
  /** Stop after this many failures: what is in flight finishes, the rest is `aborted/not_started`. Default none. */
  maxFailures?: number | undefined
  /** Ends the run within 100 ms: what is in flight is `aborted/in_flight`, the rest `aborted/not_started`. */
  signal?: AbortSignal | undefined
  /** Told how the run is going, at most ten times a second and once at its end. */
  onProgress?: ((progress: Progress) => void) | undefined
  /** Callers' functions around each attempt. */
  hooks?: Hooks | undefined
}

/** Options of a client: its limits and connections, and defaults for its calls. */
export interface ClientOptions extends SharedOptions, ConnectionOptions, ProxyOptions {
  /**
   * Attempts on the wire at once. Default 20; `Infinity` = no limit. `'auto'` finds the number for each host from its
   * throughput, latency and failures, never more than `maxConcurrency`; `client.stats()` says what it found.
   */
  concurrency?: number | 'auto' | undefined
  /** Most attempts on the wire at once with `concurrency: 'auto'`. Default 100. */
  maxConcurrency?: number | undefined
  /** Starts per interval, retries and redirect hops included; an array holds all at once. Default none. */
  rateLimit?: RateInput | readonly RateInput[] | undefined
  /** How many starts may be bunched. Default 1 for intervals up to a second, else the limit. */
  rateLimitBurst?: number | undefined
  /** Limits of each origin for itself (or of each `limitKey`), beside the ones of the whole client. Default none. */
  perHost?: HostLimits | undefined
  /**
   * The same for certain hosts, in the place of `perHost` field by field: `'api.x.com'`, `'localhost:8080'`, or
   * `'*.y.com'` for all names below it. The most particular pattern counts; each origin still has its own limits. Beside
   * `limitKey` a name may be a key, letter for letter, and wins over that of the host. `client.stats().unmatchedHosts`
   * tells which names no request has matched.
   */
  hosts?: Readonly<Record<string, HostLimits>> | undefined
  /**
   * Whose limits a request is under: an account, a tenant, anything. Requests with the same key share the limits of
   * `perHost`, a pause that the server asked for, and the breaker. Default, and where it answers undefined: the origin.
   * A throw fails that request with `callback/limit_key`.
   *
   * @example limitKey: ({ meta }) => (meta as Tenant).account
   */
  limitKey?: ((request: RequestView) => string | undefined) | undefined
  /**
   * Weighted limits by name: in any interval the costs of the attempts add up to no more than the limit. The burst of a
   * budget is its limit unless given. Default none.
   *
   * @example budgets: { requests: '500/m', tokens: '90000/m' }, cost: { requests: 1, tokens: 1200 }
   */
  budgets?: Readonly<Record<string, RateInput | readonly RateInput[]>> | undefined
  /**
   * Heed what a host publishes of its quotas (`RateLimit`, `RateLimit-*`, `X-RateLimit-*`): spend what remains, then
   * wait until it is renewed, before the host answers 429. After `retry.maxRetryAfter` at most one probe goes. Default
   * true. `Retry-After` is obeyed either way, within `retry.maxRetryAfter`.
   */
  respectServerLimits?: boolean | undefined
  /**
   * Send nothing to a host that keeps failing: `circuit/open` at once, and one request that tries again after the
   * cooldown. Default off.
   */
  breaker?: boolean | BreakerInput | undefined
  /**
   * Pairs for the origins of the input URLs, pairs by origin, or a jar; `false` neither keeps nor sends any. Pairs go
   * with every request. What servers set is kept per credential: a request that brings one itself (`auth`, userinfo,
   * `Authorization`, `Cookie`, a header or query field with a secret name) shares cookies only with requests that bring
   * the same, the last 1,000 of which are kept. All others share one jar, the one that is given here; headers and `auth`
   * of the options are no credential of a request. Default an empty jar per client.
   *
   * @example cookies: { theme: 'dark' }
   */
  cookies?: CookiesInput | undefined
  /**
   * Share what servers set between requests, as `cookies` says. `false` keeps it in the request that it was set for, its
   * redirect hops and repeats; not with `cookieFile` or a jar in `cookies`. Default true.
   *
   * @example shareCookies: false // every URL as a visitor of its own
   */
  shareCookies?: boolean | undefined
  /**
   * Path of a file in which the jar of requests without credentials of their own is kept between runs: read when the client is made, written (whole, mode 0600) a
   * second after a change and by `close()`. A path that ends in `.txt` is a cookies.txt as curl reads and writes it, any
   * other JSON of tough-cookie. Cookies of a session are kept, too. A file that is no jar is a ConfigError and stays as
   * it is; of two clients on one file the last to write wins. Not with a jar in `cookies`. Default none.
   *
   * @example cookieFile: 'cookies.json'
   */
  cookieFile?: string | undefined
  /**
   * Threads that carry the requests, so that more than one core can work on the wire. Limits, cookies and callers'
   * functions stay on the caller's thread; so does a request whose body a function makes. Not with `transport`. Default
   * 0: none.
   */
  workers?: number | undefined
  /** Added to the query of every URL. */
  params?: Params | URLSearchParams | undefined
}

/** Every option of a single call but those that shape its result. */
export interface RequestOptions extends SharedOptions, ResumeOptions {
  /** Added to the query of every URL; or one per URL, where `{}` is none. */
  params?: Params | URLSearchParams | readonly (Params | URLSearchParams)[] | undefined
  /** Requests pulled from a lazy input and not yet given back. Default max(4 × concurrency, 256). */
  window?: number | undefined
}

/** Options of `drain()`. */
export interface DrainOptions extends Omit<RequestOptions, 'params'> {
  params?: Params | URLSearchParams | undefined
  /** Takes each outcome; the run waits for it, and closes it at its end. Default none: totals only. */
  sink?: Sink | undefined
}

/** Options of a stream. */
export interface StreamOptions extends Omit<RequestOptions, 'params'> {
  params?: Params | URLSearchParams | undefined
  /** As they finish, or in the order of the input with a bounded window. Default `'completed'`. */
  order?: 'completed' | 'input' | undefined
}
