/**
 * What a caller writes: one request (`RequestSpec`) and the types its fields share with the options.
 *
 * Everything loose (strings with units, optional fields, several spellings of a body) exists here and in `config/`
 * only; inside, a Call is total.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { FaultCode } from './result.ts'

/** Milliseconds, or a string with a unit: `'250ms'`, `'10s'`, `'1m30s'`, `'2h'`. */
export type Duration = number | string

/** Bytes, or a string with a unit: `'64MiB'`, `'10kB'`. */
export type Size = number | string

/** `10` is `'10/s'`; `'100/m'`; `'5/2s'`; or in parts. */
export type RateInput = number | string | { limit: number; interval: Duration; burst?: number | undefined }

/** What a request takes: the same from every budget, or by name; a budget that is not named loses nothing. */
export type CostInput = number | Readonly<Record<string, number>>

/** What a `cost` function is given. */
export interface CostRequest extends RequestView {
  /** As it is sent; undefined where there is none, or where it is a stream. */
  readonly body: string | Uint8Array | undefined
}

/** How a body becomes a value. `'auto'`: JSON where it is some, else text, else bytes, as the command line does. */
export type ReturnTypeName = 'auto' | 'json' | 'text' | 'content' | 'response' | 'stream' | 'file'

/** The names of the return types as constants: `ReturnType.JSON` is `'json'`. */
export const ReturnType = {
  AUTO: 'auto',
  JSON: 'json',
  TEXT: 'text',
  CONTENT: 'content',
  RESPONSE: 'response',
  STREAM: 'stream',
  FILE: 'file',
} as const

/** `null` and `undefined` leave a name out, an array repeats it. NaN and Infinity are refused: they have no text. */
export type Params = Record<
  string,
  string | number | boolean | null | undefined | readonly (string | number | boolean)[]
>

/** Header names in any case. `undefined` as a value removes a default of the same name. */
export type HeadersInput =
  | Headers
  | Readonly<Record<string, string | number | undefined>>
  | readonly (readonly [string, string])[]

/** What an `auth` function is given. */
export interface AuthRequest {
  readonly method: string
  readonly url: string
  readonly attempt: number
}

/**
 * Basic, bearer, or a function that answers with the value of the `Authorization` header for each attempt. The function
 * runs while the attempt holds its place under `concurrency`: it must not wait for another request of the same client.
 */
export type Auth =
  | { readonly username: string; readonly password: string }
  | { readonly bearer: string }
  | ((request: AuthRequest) => string | Promise<string>)

/**
 * Bytes to send. A function is called once per attempt, which makes a stream repeatable; text, bytes, a Blob and a
 * FormData are repeatable as they are. A `FormData` is sent as `multipart` is; a function cannot answer with one.
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

export type FormInput = URLSearchParams | Params

/**
 * A file for `multipart`: on disk at `path`, or `data` at hand (a string, bytes, a Blob, a stream, a function that opens
 * one). `filename` defaults to the file's own name, else `'blob'`; null makes it a field. `type` defaults to that of the
 * Blob, else `application/octet-stream`, for a field none. `bytes` is the length of a stream where it is known.
 *
 * A file is read while it is sent, in constant memory, and its length goes ahead. One that is not there fails with
 * `invalid_request/file`, nothing sent; one that changes meanwhile with `invalid_request/file_changed`, its request cut
 * short.
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
 * Fields and files of `multipart/form-data` (RFC 7578, escaped as the HTML standard has it). An array repeats the
 * name, `null` and `undefined` leave it out. Names and filenames with control characters are refused. A stream at hand makes the
 * request one that cannot be repeated: give `() => createReadStream(path)` as `data`, or the `path` itself.
 *
 * @example multipart: { title: 'Holiday', photo: { path: './photo.jpg', type: 'image/jpeg' }, tags: ['sea', 'sun'] }
 */
export type MultipartInput =
  | FormData
  | Readonly<Record<string, PartInput | undefined | readonly PartInput[]>>
  | readonly (readonly [name: string, value: PartInput | undefined | readonly PartInput[]])[]

/** A limit for each phase of an attempt, and for the request as a whole. `Infinity` means none. */
export interface TimeoutsInput {
  /** Name look-up, connection and TLS together. Default `'10s'`. Fails with `timeout/dns`, `/connect` or `/tls`. */
  connect?: Duration | undefined
  /** From the connection to the end of the response's head. Default `'30s'`. Fails with `timeout/headers`. */
  headers?: Duration | undefined
  /** Between two pieces of a body. Default `'30s'`. Fails with `timeout/body`. */
  idle?: Duration | undefined
  /**
   * One call of a caller's function (`parseFunc`, a schema, a hook). Default none, but for `auth` and
   * `hooks.beforeRequest`: 30 s, or `timeout` where that is shorter. Fails with `timeout/callback`.
   */
  callback?: Duration | undefined
  /** From being taken from the input to the outcome: queueing, waits, every attempt. Default none. Fails with `timeout/total`. */
  total?: Duration | undefined
}

/** A request as hooks and rules see it. */
export interface RequestView {
  readonly method: string
  readonly url: string
  readonly meta: unknown
}

/** What a `saveTo` function is given. */
export interface SaveRequest extends RequestView {
  readonly index: number
  readonly key: string | undefined
}

/** The path of a file; with `overwrite` one that is there is replaced, once the new one is whole. */
export type SavePath = string | URL | { readonly path: string | URL; readonly overwrite?: boolean | undefined }
/** The folder that a body is saved in, or a function that answers with the path of its file. */
export type SaveTo = string | URL | ((request: SaveRequest) => SavePath | Promise<SavePath>)

/** The value of `returnType: 'file'`; null after a 304 that is accepted, which leaves the file as it is. */
export interface SavedFile {
  /** Absolute. */
  readonly path: string
  /** Its size: the decoded body. */
  readonly bytes: number
}

/** A response as hooks and rules see it. */
export interface ResponseView {
  readonly status: number
  readonly headers: Headers
  readonly url: string
}

/** What a rule or a hook is told of an attempt that has just ended. */
export interface AttemptContext {
  readonly request: RequestView
  readonly index: number
  readonly key?: string | undefined
  /** From 1. */
  readonly attempt: number
  readonly response?: ResponseView | undefined
  readonly error?: { readonly code: FaultCode; readonly message: string } | undefined
  /** The parsed body, or undefined where there is none or it is no JSON; parsed once. */
  json(): unknown
  /**
   * To return from `afterResponse`: try again, under the same limits as any retry. A request that is not safe to repeat is
   * repeated after a status by which nothing was done (401, 407, 411, 413, 415, 417, 421, 425, 428, 429, 431) only; a wish
   * that is not granted is in `outcome.warnings`.
   */
  retry(): HookVerdict
  /** What the request has cost in truth, for `budgets`: corrects what was taken from them for this attempt. */
  setCost(cost: CostInput): void
  /** To return from a hook: this request has failed, with `callback/rejected` and this reason. */
  fail(reason: string | Error): HookVerdict
}

/** What a hook wants done; made by `context.retry()` and `context.fail()` only. */
export type HookVerdict = { readonly verdict: 'retry' } | { readonly verdict: 'fail'; readonly reason: string | Error }

/** The request of one attempt, as `beforeRequest` may change it: what is set on `headers` is sent. */
export interface HookRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: string | Uint8Array | undefined
  readonly attempt: number
  readonly meta: unknown
}

/**
 * Callers' functions around each attempt. All may be async and run in the async context of the call. A throw fails
 * that one request with `callback/hook`.
 */
export interface Hooks {
  /** Before each attempt, after cookies and authentication: the place to sign. */
  beforeRequest?(request: HookRequest): void | Promise<void>
  /** After each response, whatever its status, before it is judged. */
  afterResponse?(
    response: ResponseView,
    context: AttemptContext,
  ): HookVerdict | undefined | void | Promise<HookVerdict | undefined | void>
  /** Before each repeat; `context.fail(reason)` or `false` stops it. */
  beforeRetry?(
    context: AttemptContext,
  ): HookVerdict | boolean | undefined | void | Promise<HookVerdict | boolean | undefined | void>
}

export interface RetryInput {
  /** Methods that may be repeated after their bytes were sent. Default: the idempotent ones of RFC 9110 and QUERY. */
  methods?: readonly string[] | undefined
  /** Statuses worth a further attempt. Default `[408, 425, 429, 500, 502, 503, 504]`. */
  statuses?: readonly number[] | undefined
  /** Full jitter between 0 and `base · 2^(failures − 1)`, at most `max`; or a function of the failures so far. Default 500 ms, 30 s. */
  backoff?: { base?: Duration | undefined; max?: Duration | undefined } | ((failures: number) => Duration) | undefined
  /** Longest announced wait that is obeyed, and longest time of being throttled. Default `'2m'`. 0 = never wait for a throttling server. */
  maxRetryAfter?: Duration | undefined
  /** Retries per host: a reserve, and a share of the requests. Default `{ reserve: 10, ratio: 0.2 }`. `Infinity` = no budget. */
  budget?: { reserve?: number | undefined; ratio?: number | undefined } | undefined
  /** The caller's own rule: true retries, false does not, undefined leaves it to the others. */
  shouldRetry?(context: AttemptContext): boolean | undefined | Promise<boolean | undefined>
}

/** The URL of a proxy; `'env'` for those of the environment; `false` or null for the direct way. */
export type ProxyInput = string | URL | false | null

/** What `parseFunc` is told besides the value. */
export interface ParseContext {
  readonly request: RequestView
  readonly index: number
  readonly key?: string | undefined
  readonly response: ResponseView
}

/** Any schema library that speaks Standard Schema 1 (zod, valibot, arktype …). */
export type Schema<Output = unknown> = StandardSchemaV1<unknown, Output>

/**
 * A `Request` of fetch, as far as it is read: URL, method, headers and body, and `redirect`, of which `'manual'` and
 * `'error'` are `followRedirects: false`. Its body can be sent once, so that it is not retried once a byte of it is out.
 * One that was read already, has an aborted signal or an `integrity` is `invalid_request/input`; a signal that aborts
 * later is not listened to: give `signal` in the options.
 */
export interface FetchRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body?: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | null | undefined
  readonly bodyUsed: boolean
  readonly redirect?: string | undefined
  readonly integrity?: string | undefined
  readonly signal?: { readonly aborted: boolean } | undefined
}

/**
 * One request and what is special about it. Every field but `url` has its default in the options.
 *
 * @example { url: '/repos/nodejs/node', params: { ref: 'main' }, key: 'node', timeout: '5s' }
 */
export interface RequestSpec<Value = unknown, Meta = unknown> {
  /** Absolute, or relative to `baseUrl`. `http:` and `https:` only. Userinfo becomes Basic authentication. */
  readonly url: string | URL
  /** Default GET, or POST when there is a body. */
  readonly method?: string | undefined
  /** Added to the query of the URL, over those of the options. */
  readonly params?: Params | URLSearchParams | undefined
  /** Over those of the options, name by name. */
  readonly headers?: HeadersInput | undefined
  /** Sent as JSON with its content type. Exactly one of `json`, `form`, `multipart`, `body`. */
  readonly json?: unknown
  /** Sent as `application/x-www-form-urlencoded`. */
  readonly form?: FormInput | undefined
  /** Sent as `multipart/form-data`: fields, files from disk, Blobs, streams, or a `FormData`. */
  readonly multipart?: MultipartInput | undefined
  /** Sent as it is. */
  readonly body?: BodyInput | undefined
  /** Wins over userinfo in the URL. */
  readonly auth?: Auth | undefined
  /** Comes back on the outcome and its errors. */
  readonly key?: string | undefined
  /** Makes a POST or PATCH safe to repeat: the same key goes out with every attempt. `true` makes one. */
  readonly idempotencyKey?: string | boolean | undefined
  /** What it takes from `budgets`, or from `rateLimit` where there are none. Default 1 of each. Above the burst: `invalid_request/cost`. */
  readonly cost?: CostInput | ((request: CostRequest) => CostInput) | undefined
  /** Anything of the caller's; comes back untouched as `outcome.request.meta`. */
  readonly meta?: Meta | undefined

  readonly returnType?: ReturnTypeName | undefined
  readonly schema?: Schema | undefined
  parseFunc?(value: never, context: ParseContext): Value | Promise<Value>
  readonly acceptStatus?: ((status: number) => boolean) | undefined
  readonly timeout?: Duration | undefined
  readonly timeouts?: TimeoutsInput | undefined
  readonly maxRetries?: number | undefined
  readonly retry?: RetryInput | undefined
  readonly followRedirects?: boolean | 'keep_method' | undefined
  readonly maxRedirects?: number | undefined
  readonly maxResponseBytes?: Size | undefined
  /** With `returnType: 'file'`: over that of the options. */
  readonly saveTo?: SaveTo | undefined
  /** With `returnType: 'file'`: what must come, as `'sha256:<hex>'`; sha512, sha1 and md5 are known, too. */
  readonly checksum?: string | undefined
  /** In the place of the client's proxies: the URL of one, `'env'`, or `false` (or null) for the direct way. */
  readonly proxy?: ProxyInput | undefined
}
