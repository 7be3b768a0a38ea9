/**
 * The messages between the calling thread and the worker of a sync call: an order, the worker's questions about it, and
 * the answers. All of it is plain data, since functions and prototypes do not cross a thread.
 */
import type { SentFault, SentResult } from './sync-result.ts'
import type { SentFields } from '../../config/crossing.ts'
import type { AttemptStart } from '../../core/attempt-event.ts'
import type { EventHeaders } from '../../core/events.ts'
import type { Upload } from '../../core/body.ts'
import type { Call, Costs } from '../../core/call.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { Progress } from '../../core/progress.ts'
import type { AuthRequest, TokenContext } from '../../core/spec.ts'
import type { OAuthPlan, Token, Tokens } from '../../core/tokens.ts'
import type { Trip } from '../../core/trip.ts'
import type { Verdict } from '../../policy/judge.ts'
import type { MessagePort } from 'node:worker_threads'

/** Shared memory: the thread that posts a message increments the cell of the other thread and wakes it. */
export const CELLS = { state: 0, toCaller: 1, toWorker: 2 } as const
export const STATES = { starting: 0, ready: 1, ended: 2 } as const

/** The data with which a worker starts. */
export interface Wiring {
  readonly port: MessagePort
  readonly cells: Int32Array
}

/** One call of `parallelRequestsSync`: the prepared batch, for the worker to send. */
export interface BatchOrder {
  readonly client: SentFields
  /** Undefined for a request that has been refused already. */
  readonly calls: readonly (SentCall | undefined)[]
  readonly batch: SentFields
  readonly network: NetworkDefaults
  /** What the worker reports of its requests and attempts; `headers`: it also asks for headers of each attempt. */
  readonly reports: 'nothing' | 'events' | 'headers'
}

/** Network settings of a process that a worker thread does not inherit. */
export interface NetworkDefaults {
  readonly lookupOrder: 'ipv4first' | 'ipv6first' | 'verbatim'
  readonly autoSelectFamily: boolean
  readonly autoSelectFamilyTimeoutMs: number
}

type PlainParts =
  | 'index'
  | 'method'
  | 'url'
  | 'origin'
  | 'lane'
  | 'costs'
  | 'path'
  | 'headers'
  | 'atHome'
  | 'replayable'
  | 'repeatable'

/** A token endpoint is asked by the worker; a function runs on the calling thread. */
export interface SentTokens extends Pick<Tokens, 'name' | 'token' | 'lifetimeMs' | 'scheme'> {
  readonly oauth: OAuthPlan | undefined
  readonly refreshToken: string | undefined
}

/** A Call without what belongs to the calling thread: `meta`, `key`, the trip and every function. */
export interface SentCall extends Pick<Call, PlainParts> {
  readonly body: string | Uint8Array | Upload | undefined
  readonly credentials: string | undefined
  /** Its credentials, if they are tokens; requests with the same name share them. */
  readonly tokens: SentTokens | undefined
  readonly identity: Trip['identity']
  /** The part of its call plan that can cross a thread. */
  readonly plan: SentFields
  /** The functions that the worker must have the calling thread run. */
  readonly asks: { readonly body: boolean; readonly auth: boolean; readonly identity: boolean }
}

/** A Call as redirects have changed it. */
export type Hop = Pick<Call, 'index' | 'method' | 'url' | 'repeatable'>

/** The used part of a trip. Its start is the time elapsed since, because the clocks of two threads differ. */
export interface SentTrip {
  readonly elapsedMs: number
  readonly warnings: Trip['warnings']
  readonly sentHeaders: Trip['sentHeaders']
  readonly retry: Pick<Trip['retry'], 'attempts' | 'redirects' | 'polls' | 'tries' | 'notRetriedBecause'>
  readonly times: Pick<Trip['stopwatch'], (typeof TIMES)[number]>
}

export const TIMES = [
  'queueMs',
  'limiterMs',
  'backoffMs',
  'pollingMs',
  'dnsMs',
  'connectMs',
  'tlsMs',
  'firstByteMs',
  'bodyMs',
] as const satisfies readonly (keyof Trip['stopwatch'])[]

/** The questions of the worker to the calling thread, where every function of the caller runs. */
export interface Caller {
  /** Calls the function at this path of the request's plan, for functions that need nothing but their arguments. */
  run(index: number, path: string, args: readonly unknown[]): unknown
  /** The true cost of this request, if a hook has just passed one. */
  trueCosts(index: number): Costs | undefined
  limitKey(index: number, request: Pick<AuthRequest, 'method' | 'url'>): string | undefined
  /** Makes the outcome and returns whether it is ok. */
  /** The request was taken. */
  begin(index: number): void
  /** The headers that the attempt must carry. */
  attemptStarted(index: number, start: AttemptStart): EventHeaders | undefined
  attemptEnded(index: number, end: AttemptStart): void
  afterAttempt(hop: Hop, attempt: number, result: SentResult): SentFault | undefined
  settle(index: number, result: SentResult, trip: SentTrip): boolean
  abandon(index: number, reason: SentFault): void
  progress(progress: Progress): void
  acceptStatus(index: number, status: number): boolean
  backoff(index: number, failures: number): number | string
  body(index: number): string | Uint8Array
  auth(index: number, request: AuthRequest): string | undefined
  /** The token that `auth.refresh` returned, with its lifetime in milliseconds. */
  refresh(
    index: number,
    context: Omit<TokenContext, 'signal'>,
  ): { readonly token: string; readonly expiresIn: number | undefined }
  /** A token endpoint has given this token. */
  refreshed(index: number, made: Token): void
  /** The headers as `beforeRequest` left them. */
  beforeRequest(index: number, request: SentRequest): HeaderList
  ofResponse(hop: Hop, attempt: number, result: SentResult): Verdict | SentFault | undefined
  ofRetry(hop: Hop, attempt: number, result: SentResult, verdict: Verdict): Verdict | SentFault
  beforeRetry(hop: Hop, attempt: number, result: SentResult): 'done' | SentFault | undefined
}

export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly headers: HeaderList
  readonly hasBody: boolean
  readonly attempt: number
}

/** A question whose answer is not awaited has no `id`. */
export type ToCaller =
  | { readonly kind: 'ask'; readonly name: keyof Caller; readonly args: readonly unknown[]; readonly id?: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'broken'; readonly reason: string }

export type ToWorker =
  | { readonly kind: 'order'; readonly order: BatchOrder }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  /** The thrown value stays with the caller; the worker refers to it by a number. */
  | { readonly kind: 'threw'; readonly id: number; readonly kept: number; readonly message: string }
  /** Asks nothing: posting it shows whether the other thread still exists. */
  | { readonly kind: 'ping' }
