/**
 * What a caller writes: one request (`RequestSpec`), and the types that its fields share with the options.
 *
 * Loose input (strings with units, optional fields, several spellings of a body) exists only here and in `config/`.
 * Every other module works with a Call, in which each value is present and normalised.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { FollowOptions } from './follow.ts'
import type { AttemptEvent } from './events.ts'
import type { PollInput } from './poll.ts'
import type { FaultCode } from './result.ts'

/**
 * A number of milliseconds, or a string with units (`ms`, `s`, `m`, `h`, `d`): `250`, `'250ms'`, `'1m30s'`, `'2h'`.
 * `Infinity` = no limit, where an option allows it; 0 has a meaning of its own in each option.
 */
export type Duration = number | string

/**
 * A number of bytes, or a string with a unit (kB = 1,000, KiB = 1,024; up to GB and GiB): `65536`, `'64MiB'`,
 * `'10kB'`. `Infinity` = no limit, where an option allows it; 0 has a meaning of its own in each option.
 */
export type Size = number | string

/**
 * A rate. A number is starts per second; a string is `limit/interval`; an object can also give the `burst`: how many of
 * them may start at once. `0` and `Infinity` are a ConfigError: leave the option out for no limit.
 *
 * @example 10 // ten per second
 * @example '100/m' // a hundred per minute
 * @example '5/2s' // five in any two seconds
 * @example { limit: 100, interval: '1m', burst: 20 }
 */
export type RateInput = number | string | { limit: number; interval: Duration; burst?: number | undefined }

/**
 * What a request takes from the weighted limits: a number ≥ 0 that is taken from each of them, or one number per name.
 * A limit that the object does not name is not charged. 0 takes nothing. NaN and `Infinity` are errors.
 *
 * @example { requests: 1, tokens: 1200 }
 */
export type CostInput = number | Readonly<Record<string, number>>

/** The request as a `cost` function sees it. */
export interface CostRequest extends RequestView {
  /** The body as it is sent. Undefined if the request has none, or if it is a stream, a Blob or a file. */
  readonly body: string | Uint8Array | undefined
}

/**
 * The value that a response gives:
 *
 * - `'json'`: the parsed JSON; null for an empty 201, 202, 204, 205 or 304. Fails with `parse/json` or `parse/empty`.
 * - `'text'`: a string, decoded by the charset of the response (UTF-8 if it names none).
 * - `'content'`: the bytes, as a `Uint8Array`.
 * - `'response'`: a `FullResponse` with status, headers and body. Every status is a success.
 * - `'stream'`: each piece of the body goes to `onChunk`; the value is the number of bytes.
 * - `'ndjson'`: each line of the body is a JSON value that goes to `onItem`; the value is the number of items.
 * - `'sse'`: each event of an event stream goes to `onItem` as a `ServerEvent`; the value is the number of items.
 * - `'file'`: the body is saved under `saveTo`; the value is a `SavedFile`.
 * - `'auto'`: JSON if the content type says so or the body parses as an object or array, else text, else bytes; null
 *   for an empty body. The command line uses it.
 *
 * Default `'json'`.
 */
export type ReturnTypeName = 'auto' | 'json' | 'text' | 'content' | 'response' | 'stream' | 'ndjson' | 'sse' | 'file'

/**
 * The names of the return types as constants: `ReturnType.JSON` is `'json'`.
 *
 * @example await client.request(urls, { returnType: ReturnType.TEXT })
 */
export const ReturnType = {
  AUTO: 'auto',
  JSON: 'json',
  TEXT: 'text',
  CONTENT: 'content',
  RESPONSE: 'response',
  STREAM: 'stream',
  NDJSON: 'ndjson',
  SSE: 'sse',
  FILE: 'file',
} as const

/**
 * Names and values of a query or a form. `null` and `undefined` leave a name out; an array repeats it. NaN and Infinity
 * are errors.
 *
 * @example { q: 'cats', page: 2, tag: ['a', 'b'] } // q=cats&page=2&tag=a&tag=b
 */
export type Params = Record<
  string,
  string | number | boolean | null | undefined | readonly (string | number | boolean)[]
>

/**
 * Headers, with names in any case. The value `undefined` removes a header that the options or the library would send.
 * NaN and Infinity are errors.
 *
 * @example { accept: 'text/csv', 'user-agent': undefined }
 */
export type HeadersInput =
  | Headers
  | Readonly<Record<string, string | number | undefined>>
  | readonly (readonly [string, string])[]

/** The attempt as an `auth` function sees it. */
export interface AuthRequest {
  /** The method. */
  readonly method: string
  /** The URL of this attempt. It may contain secrets. */
  readonly url: string
  /** 1 for the first attempt. */
  readonly attempt: number
}

/** Why a token is refreshed, as a `refresh` function sees it. */
export interface TokenContext {
  /** The token to replace; undefined if there was none. */
  readonly token: string | undefined
  /** `'missing'`: there is none yet. `'expiring'`: its `expiresIn` is over. `'refused'`: a server answered 401 to it. */
  readonly reason: 'missing' | 'expiring' | 'refused'
  /** Aborted when the function takes longer than `timeouts.callback` (without it, 30 s). */
  readonly signal: AbortSignal
}

/**
 * A new token; `expiresIn` is the time for which it is valid, as a duration or in milliseconds. `Infinity` = until a
 * server answers 401; 0 fails with `auth/refresh`.
 */
export type Refreshed = string | { readonly token: string; readonly expiresIn?: Duration | undefined }

/**
 * A token that expires, and the function that gets the next one. It is sent as `Authorization: Bearer …`. All requests
 * with the same object share the token. `refresh` runs before the first request if `token` is undefined, shortly before
 * `expiresIn` is over, and after a 401; never twice at a time. Requests wait for it without a slot. A request that was
 * answered with 401 is sent once more with the new token, whatever its method, without using up a retry.
 *
 * If `refresh` throws, takes too long or returns no token, all requests that wait for it fail with `auth/refresh`, and the
 * next request tries it again. A request to get the token must not use this `auth` itself: it would wait for itself.
 *
 * @example auth: { token: undefined, refresh: async ({ signal }) => (await signIn({ signal })).accessToken }
 */
export interface TokenAuth {
  /** The first token. Default undefined: get one before the first request. */
  readonly token?: string | undefined
  /** Returns the next token. It may be async, and runs once at a time. */
  readonly refresh: (context: TokenContext) => Refreshed | Promise<Refreshed>
  /**
   * How long a token without an `expiresIn` of its own is valid, including the first one, from the first request on.
   * Milliseconds, or a duration such as '1h'. Default Infinity: until a server answers 401. 0 is a ConfigError.
   */
  readonly expiresIn?: Duration | undefined
  /** The word before the token. Default `'Bearer'`. */
  readonly scheme?: string | undefined
}

/** How a client authenticates at a token endpoint (RFC 6749 §2.3.1). */
export type ClientAuth = 'basic' | 'basic_raw' | 'body'

/** The token endpoint of an authorization server, and the client that uses it. */
export interface OAuthInput {
  /** Must be https:, except on a loopback address. */
  readonly tokenUrl: string | URL
  /** The name of the client at the authorization server. */
  readonly clientId: string
  /** The secret of the client. Never printed. Default none: a public client, which needs a `refreshToken`. */
  readonly clientSecret?: string | undefined
  /**
   * The scopes to ask for: a text with spaces between them, or a list. Default none: what the server gives by itself.
   */
  readonly scope?: string | readonly string[] | undefined
  /**
   * Uses the refresh token grant instead of client credentials. A new refresh token in an answer replaces it; an
   * answer without one keeps it. Default none.
   */
  readonly refreshToken?: string | undefined
  /**
   * `'basic'`: Basic with both parts percent-encoded, as RFC 6749 says. `'basic_raw'`: Basic as they are, which many
   * servers expect. `'body'`: as form fields. Default `'basic'`.
   */
  readonly clientAuth?: ClientAuth | undefined
  /** More fields of the form, such as `audience` or `resource`. Default none. */
  readonly params?: Readonly<Record<string, string>> | undefined
  /** Allow a `tokenUrl` with http: on another machine. Default false, because the secret would be sent unencrypted. */
  readonly allowHttp?: boolean | undefined
}

/**
 * Tokens of an OAuth 2 token endpoint (RFC 6749): client credentials, or a refresh token. They are refreshed like those of
 * `TokenAuth`. The endpoint is asked with the connection, the proxies and the TLS options of the client, outside of its
 * limits. If the response has no token, requests fail with `auth/refresh`, and the message has what the server said.
 *
 * @example auth: { oauth: { tokenUrl: 'https://id.example.com/token', clientId: 'me', clientSecret: process.env.SECRET } }
 */
export interface OAuth {
  /** Where tokens come from, and with which credentials. */
  readonly oauth: OAuthInput
  /**
   * How long a token is valid if the server does not say so. Default Infinity: until a server answers 401. 0 is a
   * ConfigError.
   */
  readonly expiresIn?: Duration | undefined
  /** The word before the token. Default `'Bearer'`. */
  readonly scheme?: string | undefined
}

/**
 * Credentials: Basic (RFC 7617), a bearer token (RFC 6750), or a function that returns the value of the `Authorization`
 * header for each attempt. The function runs while the attempt holds a slot of `concurrency`, so it must not wait for
 * another request of the same client. A throw fails the request with `callback/hook`. For
 * tokens that expire, see `TokenAuth` and `OAuthInput`.
 *
 * @example auth: { username: 'alice', password: process.env.API_PASSWORD ?? '' }
 * @example auth: async () => `Bearer ${await freshToken()}`
 */
export type Auth =
  | { readonly username: string; readonly password: string }
  | { readonly bearer: string }
  | TokenAuth
  | OAuth
  | ((request: AuthRequest) => string | Promise<string>)

/**
 * A body to send. Text, bytes, Blobs and FormData can be sent again by a retry; a stream can be read only once, so a
 * request with one is not retried after the first byte has left. Give a function to make a stream repeatable: it is
 * called once per attempt. A `FormData` is sent like `multipart`; a function must not return one.
 *
 * @example body: () => createReadStream('rows.ndjson')
 */
export type BodyInput =
  | string
  | Uint8Array
  | ArrayBuffer
  | URLSearchParams
  | Blob
  | FormData
  | AsyncIterable<Uint8Array | string>
  | (() => BodyInput)

/** The fields of a form: `{ name: 'Alice', tags: ['a', 'b'] }`, or URLSearchParams. */
export type FormInput = URLSearchParams | Params

/**
 * A file for `multipart`: a `path` on disk, or `data` (a string, bytes, a Blob, a stream, or a function that opens
 * one).
 *
 * - `filename`: default the name of the file or Blob, else `'blob'`. `null` sends an ordinary field without a file
 *   name.
 * - `type`: the media type. Default the type of the Blob, else `application/octet-stream`; none for an ordinary field.
 * - `bytes`: the length of a stream in bytes, if the caller knows it: an integer ≥ 0. NaN, `Infinity` and negative
 *   numbers are errors. Default unknown: the body is sent in chunks.
 *
 * A file on disk is read while it is sent, in constant memory, and its length is announced. A file that does not exist
 * fails with `invalid_request/file` before anything is sent. A file that changes while it is sent cuts the request
 * short and fails with `invalid_request/file_changed`.
 *
 * @example { path: './photo.jpg', type: 'image/jpeg' }
 */
export type FileInput =
  | { readonly path: string | URL; readonly filename?: string | null | undefined; readonly type?: string | undefined }
  | {
      readonly data:
        | string
        | Uint8Array
        | ArrayBuffer
        | Blob
        | AsyncIterable<Uint8Array | string>
        | (() => BodyInput | Promise<BodyInput>)
      readonly filename?: string | null | undefined
      readonly type?: string | undefined
      readonly bytes?: number | undefined
    }

type PartInput = string | number | boolean | bigint | null | Blob | Uint8Array | ArrayBuffer | FileInput

/**
 * Fields and files of `multipart/form-data` (RFC 7578; names are escaped by the rules of the HTML standard). An array
 * repeats the name; `null` and `undefined` leave it out. Names and file names with control characters are errors. A
 * request with an open stream cannot be retried: give the `path`, or `() => createReadStream(path)` as `data`.
 *
 * @example multipart: { title: 'Holiday', photo: { path: './photo.jpg', type: 'image/jpeg' }, tags: ['sea', 'sun'] }
 */
export type MultipartInput =
  | FormData
  | Readonly<Record<string, PartInput | undefined | readonly PartInput[]>>
  | readonly (readonly [name: string, value: PartInput | undefined | readonly PartInput[]])[]

/**
 * Limits of the phases of an attempt, and of the request as a whole. `Infinity` means no limit. 0 is a ConfigError, and
 * so is a number below 100: numbers are milliseconds, so `10` is probably meant as `'10s'`.
 *
 * @example timeouts: { connect: '5s', total: '2m' }
 */
export interface TimeoutsInput {
  /**
   * DNS lookup, TCP connection and TLS handshake together. Default `'10s'`. `Infinity` = no limit; 0 is a ConfigError.
   * Fails with `timeout/dns`, `/connect` or `/tls`.
   */
  connect?: Duration | undefined
  /**
   * From the end of the request, its body included, to the last response header. Default `'30s'`. `Infinity` = no
   * limit; 0 is a ConfigError. Fails with `timeout/headers`.
   */
  headers?: Duration | undefined
  /**
   * Between two pieces of a body. Default `'30s'`. `Infinity` = no limit; 0 is a ConfigError. Fails with
   * `timeout/body` for the body of the response, with `timeout/idle` for that of the request: its pieces are those of
   * your stream, and 64 KiB at most.
   */
  idle?: Duration | undefined
  /**
   * One call of a function of yours (`parseFunc`, a schema, a hook). Default no limit, except for `auth` and
   * `hooks.beforeRequest`: the shorter of 30 s and `timeout`. `Infinity` = no limit for these either; 0 is a
   * ConfigError. Fails with `timeout/callback`.
   */
  callback?: Duration | undefined
  /**
   * The whole request: queue, limits, back-off and every attempt. Default and `Infinity`: no limit. 0 is a
   * ConfigError. Fails with `timeout/total`.
   */
  total?: Duration | undefined
}

/** A request as hooks and other functions of the caller see it. `meta` is the value that the spec gave. */
export interface RequestView {
  /** The method, in upper case. */
  readonly method: string
  /** The URL. It may contain secrets. */
  readonly url: string
  /** The value that the spec gave; undefined if it gave none. */
  readonly meta: unknown
}

/** The request as a `saveTo` function sees it. */
export interface SaveRequest extends RequestView {
  /** The position in the input, from 0. */
  readonly index: number
  /** The `key` of the request; undefined if it has none. */
  readonly key: string | undefined
}

/**
 * The path of a file. An existing file fails the request with `resource/file`; with `overwrite: true` the new file
 * replaces it once it is complete.
 *
 * @example { path: 'report.pdf', overwrite: true }
 */
export type SavePath = string | URL | { readonly path: string | URL; readonly overwrite?: boolean | undefined }
/** The folder that bodies are saved in, or a function that returns the path of one file. See the option `saveTo`. */
export type SaveTo = string | URL | ((request: SaveRequest) => SavePath | Promise<SavePath>)

/** An event of `returnType: 'sse'`, as the standard defines it. */
export interface ServerEvent<Data = string> {
  /** Its type; `'message'` if it names none. */
  readonly event: string
  /** Its data, with line feeds between its lines; with `schema`, what the schema makes of its JSON. */
  readonly data: Data
  /** The last id that the stream has set, by this event or before; `''` if none. */
  readonly id: string
}

/** The value of `returnType: 'file'`. It is null after an accepted 304, which leaves the file unchanged. */
export interface SavedFile {
  /** The absolute path. */
  readonly path: string
  /** The size of the file: the bytes of the decoded body. */
  readonly bytes: number
}

/** A response as hooks see it: the head, without the body. */
export interface ResponseView {
  /** The status, such as 200. */
  readonly status: number
  /** The headers of the response. */
  readonly headers: Headers
  /** The URL that answered. */
  readonly url: string
}

/**
 * An attempt that has just ended, as `shouldRetry` and the hooks see it.
 *
 * @example hooks: { afterResponse: ({ status }, context) => (status === 202 ? context.retry() : undefined) }
 */
export interface AttemptContext {
  /** The request that was sent. */
  readonly request: RequestView
  /** The position in the input, from 0. */
  readonly index: number
  /** The `key` of the request. Absent if it has none. */
  readonly key?: string | undefined
  /** The identity of the request: `Outcome.id`. */
  readonly id: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Undefined if the attempt failed before a response came. */
  readonly response?: ResponseView | undefined
  /** Undefined if the attempt has a response. */
  readonly error?: { readonly code: FaultCode; readonly message: string } | undefined
  /**
   * The body parsed as JSON. Undefined if there is none, or if it is not JSON. Parsed once, however often it is called.
   */
  json(): unknown
  /**
   * Return this from `afterResponse` to try again, within the same limits as any retry. A request that is not safe to
   * repeat is retried only after a status which says that the server did nothing (401, 407, 411, 413, 415, 417, 421,
   * 425, 428, 429, 431). If a retry is not possible, `outcome.warnings` says why.
   */
  retry(): HookVerdict
  /** Replaces what this attempt took from the `budgets` by what it really cost, once the response tells. */
  setCost(cost: CostInput): void
  /** Return this from a hook to fail the request with `callback/rejected` and this reason. */
  fail(reason: string | Error): HookVerdict
}

/** What a hook decides. Made only by `context.retry()` and `context.fail()`. */
export type HookVerdict = { readonly verdict: 'retry' } | { readonly verdict: 'fail'; readonly reason: string | Error }

/**
 * The request of one attempt as `beforeRequest` sees it. Changes to `headers` are sent; every other field is read-only.
 */
export interface HookRequest {
  /** The method. */
  readonly method: string
  /** The URL of this attempt. It may contain secrets. */
  readonly url: string
  /** The headers that will be sent. Change them in place. */
  readonly headers: Headers
  /** The body. Undefined if there is none, or if it is a stream, a Blob or a file. */
  readonly body: string | Uint8Array | undefined
  /** 1 for the first attempt. */
  readonly attempt: number
  /** The value that the spec gave; undefined if it gave none. */
  readonly meta: unknown
  /** The position in the input, from 0. */
  readonly index: number
  /** The `key` of the request. Absent if it has none. */
  readonly key?: string | undefined
  /** The identity of the request: `Outcome.id`. */
  readonly id: string
}

/**
 * Functions of yours that run around each attempt. They may be async, and run in the async context of the call. A throw
 * fails only its own request, with `callback/hook`.
 *
 * @example hooks: { beforeRequest: ({ headers }) => headers.set('x-trace', crypto.randomUUID()) }
 */
export interface Hooks {
  /** Runs before each attempt, after cookies and authentication are set: the place to sign a request. */
  beforeRequest?(request: HookRequest): void | Promise<void>
  /** Runs after each response, whatever its status, before the retry rules look at it. */
  afterResponse?(
    response: ResponseView,
    context: AttemptContext,
  ): HookVerdict | undefined | void | Promise<HookVerdict | undefined | void>
  /** Runs before each retry. Return `context.fail(reason)` or `false` to stop it. */
  beforeRetry?(
    context: AttemptContext,
  ): HookVerdict | boolean | undefined | void | Promise<HookVerdict | boolean | undefined | void>
  /**
   * Runs after each attempt, however it ended: a response, a network error, a timeout, an abort. With
   * `beforeRequest` it runs exactly once for each call of that hook. It runs before `afterResponse`, when the attempt
   * has given its slot back, and the request waits for its promise. A throw ends the request with `callback/hook`, unless
   * it was aborted already.
   */
  afterAttempt?(event: AttemptEvent): void | Promise<void>
}

/**
 * Which failures are retried, and after how long.
 *
 * @example retry: { statuses: [429, 503], backoff: { base: '1s', max: '1m' } }
 */
export interface RetryInput {
  /**
   * Methods that may be sent again although the server may have received them. Default the idempotent methods of
   * RFC 9110 §9.2.2 and QUERY.
   */
  methods?: readonly string[] | undefined
  /** Statuses that are retried. Default `[408, 425, 429, 500, 502, 503, 504]`. */
  statuses?: readonly number[] | undefined
  /**
   * Back-off: a random time between 0 and `base · 2^(failures − 1)`, at most `max`; or a function that returns the
   * time for a number of failures. Default 500 ms and 30 s. A `base` or `max` of 0 retries at once; a `max` of
   * `Infinity` = no maximum. A function that returns 0 or less retries at once, and one that returns `Infinity` ends
   * the retries. One that returns NaN or no duration fails the request with `callback/hook`.
   *
   * Source: full jitter, M. Brooker, "Exponential Backoff And Jitter", AWS 2015.
   */
  backoff?: { base?: Duration | undefined; max?: Duration | undefined } | ((failures: number) => Duration) | undefined
  /**
   * The longest wait that a server may ask for (`Retry-After`, RFC 9110 §10.2.3), and the longest time that a request
   * stays throttled. Default `'2m'`. 0 = fail at once when throttled; Infinity = wait as long as the server asks.
   */
  maxRetryAfter?: Duration | undefined
  /**
   * Retries that one host may cost: `reserve` retries at any time, and `ratio` of a retry for every request. Limits
   * the additional load during an outage. Default `{ reserve: 10, ratio: 0.2 }`. 0 in both = no retries; `Infinity` in
   * one of them = no budget. Only in the constructor.
   *
   * Source: "Handling Overload", Site Reliability Engineering, Google, ch. 21.
   */
  budget?: { reserve?: number | undefined; ratio?: number | undefined } | undefined
  /** A rule of yours: true retries, false does not, undefined leaves the decision to the other rules. Default none. */
  shouldRetry?(context: AttemptContext): boolean | undefined | Promise<boolean | undefined>
}

/** The URL of a proxy; `'env'` for the environment's (`HTTPS_PROXY` …); `false` or null to connect directly. */
export type ProxyInput = string | URL | false | null

/** The request and its response, as `parseFunc` gets them beside the value. */
export interface ParseContext {
  /** The request. */
  readonly request: RequestView
  /** The position in the input, from 0. */
  readonly index: number
  /** The `key` of the request. Absent if it has none. */
  readonly key?: string | undefined
  /** The response, without its body. */
  readonly response: ResponseView
}

/** A schema of any library that implements Standard Schema 1 (zod, valibot, arktype …). */
export type Schema<Output = unknown> = StandardSchemaV1<unknown, Output>

/**
 * The parts of a fetch `Request` that are used: URL, method, headers, body and `redirect` (`'manual'` and `'error'`
 * both mean `followRedirects: false`). Its body can be sent only once, so the request is not retried after the first
 * byte has left. A request whose body has been read, whose signal is aborted, or that has an `integrity` fails with
 * `invalid_request/input`. A later abort of its signal has no effect: give `signal` in the options.
 */
export interface FetchRequest {
  /** The URL. */
  readonly url: string
  /** The method. */
  readonly method: string
  /** The headers. */
  readonly headers: Headers
  /** The body, which is read once. Null if there is none. */
  readonly body?: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null | undefined
  /** Whether the body has been read already. */
  readonly bodyUsed: boolean
  /** `'follow'`, `'manual'` or `'error'`. Default: as the option `followRedirects` says. */
  readonly redirect?: string | undefined
  /** Must be empty: the library does not check it. */
  readonly integrity?: string | undefined
  /** Only looked at when the request is taken from the input. */
  readonly signal?: { readonly aborted: boolean } | undefined
}

/**
 * One request. Only `url` is required; a field that is absent takes the value of the options.
 *
 * @example { url: '/repos/nodejs/node', params: { ref: 'main' }, key: 'node', timeout: '5s' }
 */
export interface RequestSpec<Value = unknown, Meta = unknown> extends FollowOptions {
  /** Absolute, or relative to `baseUrl`. Only `http:` and `https:`. Userinfo is sent as Basic authentication. */
  readonly url: string | URL
  /** The method, in any case. Default GET, or POST if there is a body. */
  readonly method?: string | undefined
  /** Added to the query of the URL. Replaces `params` of the options name by name. Default none. */
  readonly params?: Params | URLSearchParams | undefined
  /** Replaces headers of the options name by name. */
  readonly headers?: HeadersInput | undefined
  /**
   * A value that is sent as JSON, with `content-type: application/json`. At most one of `json`, `form`, `multipart`,
   * `body`.
   */
  readonly json?: unknown
  /** Fields that are sent as `application/x-www-form-urlencoded`. */
  readonly form?: FormInput | undefined
  /** Fields, files from disk, Blobs and streams, or a `FormData`, sent as `multipart/form-data`. */
  readonly multipart?: MultipartInput | undefined
  /** A body that is sent unchanged. */
  readonly body?: BodyInput | undefined
  /** Credentials. Used instead of userinfo in the URL. */
  readonly auth?: Auth | undefined
  /** A name of yours for this request. Returned on its outcome and its error. Default none. */
  readonly key?: string | undefined
  /** Makes a POST or PATCH safe to retry: every attempt sends the same `Idempotency-Key`. `true` generates one. */
  readonly idempotencyKey?: string | boolean | undefined
  /**
   * What each attempt takes from `budgets`, or from `rateLimit` if there are none. Default 1 of each; 0 = nothing.
   * NaN, `Infinity` and a negative number fail with `invalid_request/cost`, and so does more than the burst of a
   * limit.
   */
  readonly cost?: CostInput | ((request: CostRequest) => CostInput) | undefined
  /** Any value. Returned unchanged as `outcome.request.meta`. Default undefined. */
  readonly meta?: Meta | undefined

  /**
   * `'json'`, `'text'`, `'content'`, `'response'`, `'stream'`, `'ndjson'`, `'sse'`, `'file'` or `'auto'`: see
   * {@link ReturnTypeName}.
   */
  readonly returnType?: ReturnTypeName | undefined
  /** A Standard Schema that checks the value. With `'json'` and `'text'`. Fails with `schema/mismatch`. */
  readonly schema?: Schema | undefined
  /**
   * Makes the value, after the schema has checked it. May be async. A throw fails the request with `callback/parse`.
   */
  parseFunc?(value: never, context: ParseContext): Value | Promise<Value>
  /** Returns true if a status counts as a success. Default 2xx. */
  readonly acceptStatus?: ((status: number) => boolean) | undefined
  /**
   * Time limit of one attempt, in milliseconds or as a duration. `Infinity` = no limit; 0 fails with
   * `invalid_request/options`. See `timeout` of the options.
   */
  readonly timeout?: Duration | undefined
  /** Time limits of the phases of an attempt, and of the whole request. */
  readonly timeouts?: TimeoutsInput | undefined
  /** Retries after a failure. 0 = none; `Infinity` = until a deadline. */
  readonly maxRetries?: number | undefined
  /** Which failures are retried, and after how long. Without `budget`, which belongs to the client. */
  readonly retry?: RetryInput | undefined
  /** Whether redirects are followed. `'keep_method'` keeps the method on 301, 302 and 303. */
  readonly followRedirects?: boolean | 'keep_method' | undefined
  /**
   * How the job that this request starts is polled. An object is merged with that of the options; false = not at all.
   */
  readonly poll?: boolean | PollInput | undefined
  /** The most redirect hops. 0 = a redirect fails with `redirect/too_many`; `Infinity` = no limit. */
  readonly maxRedirects?: number | undefined
  /**
   * Largest decoded body, in bytes or as a size. `Infinity` = no limit; 0 fails with `invalid_request/options`. A
   * larger body fails with `too_large/body` or `too_large/decoded`.
   */
  readonly maxResponseBytes?: Size | undefined
  /** With `returnType: 'file'`: where the body is saved. See `saveTo` of the options. */
  readonly saveTo?: SaveTo | undefined
  /**
   * With `returnType: 'file'`: the expected checksum of the decoded body, as `'sha256:<hex>'` (or sha512, sha1, md5).
   * Another one fails with `truncated/checksum`.
   */
  readonly checksum?: string | undefined
  /** Used instead of the client's proxies: a proxy URL, `'env'`, or `false` (or null) to connect directly. */
  readonly proxy?: ProxyInput | undefined
}
