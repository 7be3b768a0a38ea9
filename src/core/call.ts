/**
 * A Call is a request that has been parsed, checked and completed. Every mistake in a spec is found before its Call
 * exists. A Call does not change, except for its Trip.
 */
import { binaryOf } from './binary.ts'
import type { Body } from './body.ts'
import type { BodySink } from './body-sink.ts'
import type { FollowPlan } from './follow.ts'
import type { HeaderList } from './headers.ts'
import type { JobRecord, PollPlan } from './poll.ts'
import type {
  AttemptContext,
  Auth,
  AuthRequest,
  Duration,
  Hooks,
  OAuth,
  ParseContext,
  RequestView,
  ReturnTypeName,
  SaveTo,
  Schema,
  TokenAuth,
} from './spec.ts'
import type { Fault } from './result.ts'
import type { Ways } from './route.ts'
import { Tokens } from './tokens.ts'
import type { Trip } from './trip.ts'

/** Full jitter under a doubling ceiling, or a function of the caller. */
export type BackoffPlan = { readonly baseMs: number; readonly maxMs: number } | ((failures: number) => Duration)

export interface RetryPlan {
  readonly methods: ReadonlySet<string>
  readonly statuses: ReadonlySet<number>
  readonly backoff: BackoffPlan
  readonly maxRetryAfterMs: number
  readonly shouldRetry: ((context: AttemptContext) => boolean | undefined | Promise<boolean | undefined>) | undefined
}

export interface TimeoutPlan {
  readonly attemptMs: number
  readonly connectMs: number
  readonly headersMs: number
  readonly idleMs: number
  readonly callbackMs: number
  /** The limit of `auth` and `hooks.beforeRequest`, which run before the attempt is sent. */
  readonly dressingMs: number
  readonly totalMs: number
}

export interface SpeedPlan {
  /** 0 = no limit. */
  readonly bytesPerSecond: number
  readonly overMs: number
}

export interface HookPlan {
  readonly beforeRequest?: Hooks['beforeRequest']
  readonly afterResponse?: Hooks['afterResponse']
  readonly beforeRetry?: Hooks['beforeRetry']
  readonly afterAttempt?: Hooks['afterAttempt']
}

/** The plan of `returnType: 'file'`. */
export interface SavingPlan {
  readonly saveTo: Exclude<SaveTo, URL> | undefined
  /** `sha256:<hex>`, in lower case. */
  readonly checksum: string | undefined
  /** Identifies the batch: within one batch, each file name is used once. */
  readonly batch: object
}

/** The options of one request after merging. Requests that override nothing share one plan. */
export interface CallPlan {
  readonly returnType: ReturnTypeName
  readonly schema: Schema | undefined
  readonly parseFunc: ((value: unknown, context: ParseContext) => unknown) | undefined
  readonly acceptStatus: (status: number) => boolean
  readonly timeouts: TimeoutPlan
  readonly maxRetries: number
  readonly retry: RetryPlan
  readonly followRedirects: boolean | 'keep_method'
  readonly maxRedirects: number
  readonly allowDowngrade: boolean
  readonly allowBodyAcrossOrigins: boolean
  /** How the job that this request starts is polled. Undefined: not at all. */
  readonly poll: PollPlan | undefined
  readonly maxResponseBytes: number
  readonly maxJsonDepth: number
  readonly maxErrorBody: number
  /** The direct connection, or the proxies to use. */
  readonly ways: Ways
  readonly minSpeed: SpeedPlan
  readonly onChunk: ((chunk: Uint8Array, request: RequestView) => unknown) | undefined
  readonly onItem: ((item: unknown, request: RequestView) => unknown) | undefined
  readonly maxItemBytes: number
  readonly saving: SavingPlan
  readonly strictIntegrity: boolean
  readonly contentCoding: 'strict' | 'lenient' | 'raw'
  /** The caller's function that returns the key of a request's limits. Undefined: the origin is the key. */
  readonly limitKey: ((request: RequestView) => string | undefined) | undefined
  /** The patterns of the option `hosts`. */
  readonly hostPatterns: readonly string[]
  /** The burst of each weighted limit, by name: the most that one request may take from it. */
  readonly weighted: Readonly<Record<string, number>>
  /** More names of headers and query fields whose values are redacted, in lower case. */
  readonly secretNames: ReadonlySet<string> | undefined
  readonly hooks: HookPlan
  /** What follows the request. Undefined if nothing does. */
  readonly follow: FollowPlan | undefined
}

/** What a request takes from every weighted limit, or from each by name. A limit that is not named is not charged. */
export type Costs = number | Readonly<Record<string, number>>

/** Credentials; a string if they are constant. They belong to the Call's origin: a hop to another origin has none. */
export type Credentials = string | Tokens | ((request: AuthRequest) => string | Promise<string>)

/**
 * What a spec itself gives besides method, URL and body. Headers and `auth` of the options (or the constant ones of the
 * command line) are not part of it: all requests of a batch share them.
 */
export interface Own {
  readonly headers: HeaderList
  /** Names of headers of the options that the spec removes. */
  readonly unset: readonly string[]
  /** Its `auth`, or the userinfo of its URL. */
  readonly credentials: Credentials | undefined
  /** The content type of the spec's own body. */
  readonly contentType: string | undefined
}

export interface Call {
  readonly index: number
  readonly key: string | undefined
  readonly meta: unknown
  readonly method: string
  /** Canonical and absolute, without userinfo and fragment. Its query may hold secrets. */
  readonly url: string
  /** `https://api.example.com:8443` */
  readonly origin: string
  /** The key of its limits: its origin, or what `limitKey` returned. */
  readonly lane: string
  /** What each attempt takes from the weighted limits. */
  readonly costs: Costs
  /** Path and query. */
  readonly path: string
  /** All headers except cookies and computed credentials, which are added right before an attempt is sent. */
  readonly headers: HeaderList
  readonly body: Body | undefined
  readonly credentials: Credentials | undefined
  /** Absent if the spec gives nothing of its own. */
  readonly own?: Own | undefined
  /** Returns the cookie identity for the result of the spec's `auth` function. Absent without such a function. */
  readonly identify?: (authorization: string) => string
  /** False once a redirect has left the origin that the caller named, and from then on. */
  readonly atHome: boolean
  /** Whether the body can be sent a second time. */
  readonly replayable: boolean
  /** Whether the server may get the request twice: its method is idempotent, it has a key, or the caller allows it. */
  readonly repeatable: boolean
  readonly plan: CallPlan
  readonly trip: Trip
  /** Awaited before each attempt; a Fault stops the attempt. Absent if no journal records the request. */
  readonly announced?: () => Promise<Fault | undefined>
  /** Its job in the record of the run. Absent without a record, and without `plan.poll`. */
  readonly job?: JobRecord
  /** The destination of the response body. Absent if the body is collected in memory. */
  readonly sink?: BodySink
}

/** The `auth` option after it has been read: a form with `refresh` has become its tokens. */
export type ReadAuth = Exclude<Auth, TokenAuth | OAuth> | Tokens

/** Converts the `auth` option to credentials. */
export function credentialsOf(auth: ReadAuth): Credentials {
  if (typeof auth === 'function' || auth instanceof Tokens) return auth
  if ('bearer' in auth) return `Bearer ${auth.bearer}`
  return basic(auth.username, auth.password)
}

/** The value of a Basic `Authorization` header (RFC 7617), in UTF-8. */
export function basic(username: string, password: string): string {
  return `Basic ${btoa(binaryOf(`${username}:${password}`))}`
}
