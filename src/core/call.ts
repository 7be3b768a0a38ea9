/**
 * A Call is a request made ready: parsed, checked, complete. Everything that could be wrong with a spec has been found
 * by the time that one exists. Frozen in use, but for its Trip.
 */
import type { Body } from './body.ts'
import type { BodySink } from './body-sink.ts'
import type { HeaderList } from './headers.ts'
import type {
  AttemptContext,
  Auth,
  AuthRequest,
  CostInput,
  CostRequest,
  Duration,
  Hooks,
  ParseContext,
  RequestView,
  ReturnTypeName,
  SaveTo,
  Schema,
} from './spec.ts'
import type { Fault } from './result.ts'
import type { Ways } from './route.ts'
import type { Trip } from './trip.ts'

/** Full jitter under a growing ceiling, or the caller's own function. */
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
  /** Of `auth` and `hooks.beforeRequest`, for which a request waits before it goes out. */
  readonly dressingMs: number
  readonly totalMs: number
}

export interface SpeedPlan {
  /** 0 for none. */
  readonly bytesPerSecond: number
  readonly overMs: number
}

export interface HookPlan {
  readonly beforeRequest?: Hooks['beforeRequest']
  readonly afterResponse?: Hooks['afterResponse']
  readonly beforeRetry?: Hooks['beforeRetry']
}

/** Of `returnType: 'file'`. */
export interface SavingPlan {
  readonly saveTo: Exclude<SaveTo, URL> | undefined
  /** `sha256:<hex>`, in lower case. */
  readonly checksum: string | undefined
  /** Nothing but itself: one for all requests of a batch, among which each name is given once. */
  readonly batch: object
}

/** What holds for one request after all merging. Shared by every request that overrides nothing. */
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
  readonly maxResponseBytes: number
  readonly maxJsonDepth: number
  /** Straight to the origin, or through which proxies. */
  readonly ways: Ways
  readonly minSpeed: SpeedPlan
  readonly onChunk: ((chunk: Uint8Array, request: RequestView) => unknown) | undefined
  readonly saving: SavingPlan
  /** As the caller gave them: without it they depend on the return type. */
  readonly given: {
    readonly attemptMs: number | undefined
    readonly callbackMs: number | undefined
    readonly maxResponseBytes: number | undefined
  }
  readonly strictIntegrity: boolean
  readonly contentCoding: 'strict' | 'lenient' | 'raw'
  /** Whose limits a request is under, where that is not its origin. */
  readonly limitKey: ((request: RequestView) => string | undefined) | undefined
  /** The hosts that have limits of their own, by pattern. */
  readonly hostPatterns: readonly string[]
  /** What a request costs that does not say it. */
  readonly cost: Costs | ((request: CostRequest) => CostInput) | undefined
  /** The most that a request may take at once from each weighted limit, by name. */
  readonly weighted: Readonly<Record<string, number>>
  /** Further names of headers and query fields that never print, in lower case. */
  readonly secretNames: ReadonlySet<string> | undefined
  readonly hooks: HookPlan
}

/** A weight, for every weighted limit alike or by the name of its budget; a name that is missing takes nothing. */
export type Costs = number | Readonly<Record<string, number>>

/** Credentials, computed once where they are constant. Bound to the Call's origin: a hop elsewhere has none. */
export type Credentials = string | ((request: AuthRequest) => string | Promise<string>)

/**
 * What a request brings by itself besides its method, URL and body. What all requests of a batch have alike (headers and
 * `auth` of the options, the constant ones of the command line) is no part of it.
 */
export interface Own {
  readonly headers: HeaderList
  /** Names of headers of the options that it goes without. */
  readonly unset: readonly string[]
  /** Its `auth`, or the userinfo of its URL. */
  readonly credentials: Credentials | undefined
  /** Of a body of its own. */
  readonly contentType: string | undefined
}

export interface Call {
  readonly index: number
  readonly key: string | undefined
  readonly meta: unknown
  readonly method: string
  /** Canonical and absolute, without userinfo and fragment. May hold secrets in its query. */
  readonly url: string
  /** `https://api.example.com:8443` */
  readonly origin: string
  /** Whose limits it is under: its origin, or what `limitKey` answered. */
  readonly lane: string
  /** What an attempt takes from the weighted limits: the same from each, or by name. */
  readonly costs: Costs
  /** Path and query. */
  readonly path: string
  /** Complete but for what only the last moment knows: cookies and computed credentials. */
  readonly headers: HeaderList
  readonly body: Body | undefined
  readonly credentials: Credentials | undefined
  /** Absent where it brings nothing. */
  readonly own?: Own | undefined
  /** Its identity by what its own `auth` function answers; absent where it brought none. */
  readonly identify?: (authorization: string) => string
  /** Still at the origin that the caller named: false for ever once a redirect has left it. */
  readonly atHome: boolean
  /** Whether the body can be sent a second time. */
  readonly replayable: boolean
  /** Whether a second copy at the server does no harm: by its method, its key, or the caller's word. */
  readonly repeatable: boolean
  readonly plan: CallPlan
  readonly trip: Trip
  /** To be awaited before each attempt; a Fault stops it. Absent where nobody records what is about to be sent. */
  readonly announced?: () => Promise<Fault | undefined>
  /** Where the body of its answer goes. Absent where it is collected. */
  readonly sink?: BodySink
}

/** The `Auth` of a caller as credentials. */
export function credentialsOf(auth: Auth): Credentials {
  if (typeof auth === 'function') return auth
  if ('bearer' in auth) return `Bearer ${auth.bearer}`
  return basic(auth.username, auth.password)
}

/** RFC 7617, in UTF-8. */
export function basic(username: string, password: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(`${username}:${password}`)) binary += String.fromCharCode(byte)
  return `Basic ${btoa(binary)}`
}
