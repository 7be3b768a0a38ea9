/**
 * The retry policy: decides what follows an attempt, and records it in the request's Trip and in its host's budget. It
 * sends nothing and does not wait; the loop in retry.ts does.
 */
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import { reasonOf } from '../core/callback.ts'
import { formatDuration } from '../core/duration.ts'
import { isUnsentCode } from '../core/outcome.ts'
import type { Clock } from '../core/ports.ts'
import { PREEMPTED, TOKENLESS, fault, isFault, isShortage } from '../core/result.ts'
import type { Fault, Reply, Result } from '../core/result.ts'
import type { Tokens } from '../core/tokens.ts'
import type { Trip } from '../core/trip.ts'
import type { Words } from '../core/words.ts'
import { MAX_RESUME_JITTER_MS, backoffMs } from '../policy/backoff.ts'
import type { RetryBudget } from '../policy/budget.ts'
import { doubtOfRetry, orInDoubt } from '../policy/doubt.ts'
import { isAccepted } from '../policy/judge.ts'
import type { Verdict } from '../policy/judge.ts'
import { retryAfterTooLong } from '../policy/patience.ts'
import { announcedWaitMs } from '../policy/retry-after.ts'

export interface RetryPolicy {
  readonly budget: RetryBudget
  readonly clock: Clock
  readonly random: () => number
  /** Called when the system has refused a socket. Absent: the refusal is treated like any other failure. */
  readonly onShortage?: ((refusal: Fault, admittedAtMs: number, nowMs: number) => void) | undefined
}

/** An attempt and its result. */
export interface Tried {
  readonly trial: Attempt
  readonly result: Result
}

export type Step =
  /** The request has ended. */
  | { readonly kind: 'end'; readonly result: Result }
  /** Send again at once; this attempt does not count. */
  | { readonly kind: 'again' }
  /** Retry after this wait. */
  | { readonly kind: 'retry'; readonly waitMs: number }

const AGAIN: Step = { kind: 'again' }

const endWith = (result: Result): Step => ({ kind: 'end', result })

/** The earlier attempts of one request. */
export class History {
  stale = 0
  unprocessed = 0
  /** Since when no socket was available (monotonic ms). */
  shortSinceMs: number | undefined = undefined
  /** Number of failures that were followed by a back-off. */
  failures = 0
  /** The last attempt that was retried. */
  before: Tried | undefined = undefined
}

/** A closed connection keeps its port for a minute. A port that is not free after two minutes will not become free. */
const MAX_SHORTAGE_MS = 120_000
const SOCKET_SHORTAGE = 'waited for a socket: this process or this machine had none left'

const BUDGET_SPENT: Words = [
  'not retried: the retry budget of its host is spent. Raise ',
  { option: 'retry.budget.reserve' },
  ' or ',
  { option: 'retry.budget.ratio' },
  '; ',
  { value: Infinity },
  ' is no limit',
]

/** Handles a result that is not judged: the attempt does not count, or its fault concerns the attempt before it. */
export function unjudged(policy: RetryPolicy, history: History, { trial, result }: Tried): Step | undefined {
  const { trip } = trial.call
  if (history.before !== undefined && result.kind === 'fault' && isUnsentCode(result.code) && !trip.retry.isUnsent) {
    // The retry was not sent, but an earlier write was, and may have been carried out.
    const doubt = doubtOfRetry(history.before.result, history.before.trial, result)
    if (doubt !== undefined) return endWith(doubt)
  }
  if (result.kind === 'fault' && (result.code === PREEMPTED || result.code === TOKENLESS)) return uncounted(trip)
  if (isTokenRefused(result, trial.call)) {
    const step = afterTokenRefused(trial, policy.clock)
    if (step !== undefined) return step
  }
  if (policy.onShortage === undefined || !isShortage(result)) {
    history.shortSinceMs = undefined
    return undefined
  }
  const nowMs = policy.clock.now()
  if (history.shortSinceMs === undefined) trip.warn(SOCKET_SHORTAGE)
  history.shortSinceMs ??= nowMs
  if (nowMs - history.shortSinceMs >= MAX_SHORTAGE_MS) return undefined
  policy.onShortage(result, trial.admittedAtMs, nowMs)
  return uncounted(trip)
}

/** Puts the attempt back into its queue as if it had not been made, unless the request must end. */
function uncounted(trip: Trip): Step {
  const { cancelled, stopping } = trip.cancelSlot
  trip.retry.attempts--
  if (cancelled !== undefined) return endWith(cancelled)
  return stopping ? endWith(stoppedFault(trip)) : AGAIN
}

/** Whether a 401 concerns a token that can be refreshed. */
export function isTokenRefused(result: Result, { credentials, plan }: Call): boolean {
  if (typeof credentials !== 'object' || result.kind === 'fault' || result.status !== 401) return false
  return !isAccepted(plan, 401)
}

/** A 401 means that nothing was carried out: the request waits for a new token and is sent again, whatever its method. */
function afterTokenRefused({ call, trip, admittedAtMs }: Attempt, clock: Clock): Step | undefined {
  const tokens = call.credentials as Tokens
  if (!tokens.refuse(trip.retry.tokenVersion, trip.retry.renewed, clock.now())) return undefined
  if (!call.replayable) {
    trip.warn('not sent again with a new token: its body can be read once only. Give a function that opens the stream')
    return undefined
  }
  const { cancelled, stopping } = trip.cancelSlot
  trip.retry.refused++
  trip.retry.renewed = true
  if (cancelled !== undefined || trip.retry.delivered) return undefined
  if (stopping) return trip.retry.isUnsent ? endWith(stoppedFault(trip)) : undefined
  const failure = tokens.failureSince(admittedAtMs)
  return failure === undefined ? AGAIN : endWith(failure)
}

/** The next step after this verdict. */
export function stepAfter(policy: RetryPolicy, history: History, tried: Tried, verdict: Verdict | Fault): Step {
  if (isFault(verdict)) return endWith(verdict)
  const { trial, result } = tried
  const { trip } = trial.call
  const { cancelled, stopping } = trip.cancelSlot
  if (verdict === 'throttle') {
    trip.retry.refused++
    // The request would wait for its host, and a stopped run does not wait.
    if (stopping && trip.retry.isUnsent && cancelled === undefined) return endWith(stoppedFault(trip))
  }
  const isOver = verdict === 'done' || trip.retry.delivered || cancelled !== undefined || stopping
  if (isOver) return endWith(last(trial, result, policy.clock))
  // A server may close a kept connection just as we use it, which is no failure of either side (RFC 9112 §9.3.1).
  if (isStale(trial, result) && history.stale++ === 0) return AGAIN
  // An HTTP/2 server that shuts down says which requests it has not processed (RFC 9113 §8.7).
  if (isUnprocessed(result) && history.unprocessed++ < MAX_UNPROCESSED_RETRIES) return AGAIN
  return verdict === 'throttle' ? afterThrottle(tried, policy.clock) : afterFailure(policy, history, tried)
}

/** A status that is retried, of a method that is not, unless the caller decides about retries. */
function isUnsafeRetry({ plan, repeatable, replayable, trip }: Call, result: Reply): boolean {
  if (repeatable || !replayable || trip.retry.retriesLeft <= 0) return false
  if (plan.retry.shouldRetry !== undefined || plan.hooks.afterResponse !== undefined) return false
  return plan.retry.statuses.has(result.status) && !isAccepted(plan, result.status)
}

const unsafe = ({ method }: Call): Words => [
  `not retried: the server may have carried out this ${method}. Set `,
  { option: 'idempotencyKey' },
  ' to make a retry safe',
]

/** The gate has paused the lane and will hold the retry back. Only the request's maximum wait is checked here. */
function afterThrottle(tried: Tried, clock: Clock): Step {
  const { trial, result } = tried
  const { call } = trial
  if (!isTooLate(call, trial, clock)) return { kind: 'retry', waitMs: 0 }
  call.trip.retry.notRetriedBecause = retryAfterTooLong(call, trial.pausedUntilMs, clock.now())
  return endWith(last(trial, result, clock))
}

function afterFailure({ budget, clock, random }: RetryPolicy, history: History, tried: Tried): Step {
  const { trial, result } = tried
  const { call } = trial
  const { trip } = call
  if (trip.retry.retriesLeft <= 0) return endWith(last(trial, result, clock))
  const announcedMs = announcedMsOf(result, clock)
  if (announcedMs > call.plan.retry.maxRetryAfterMs) return endWith(tooLongAnnounced(result, call, announcedMs, clock))
  if (!budget.withdraw()) {
    trip.warn(BUDGET_SPENT)
    trip.retry.notRetriedBecause = BUDGET_SPENT
    return endWith(last(trial, result, clock))
  }
  const backoff = retryBackoffMs(call, ++history.failures, random)
  if (isFault(backoff)) return endWith(backoff)
  const waitMs = leastWaitMs(backoff, announcedMs)
  // Waiting beyond the deadline would report a late timeout instead of the real failure.
  if (clock.now() + waitMs >= trip.stopwatch.deadlineMs) return endWith(last(trial, result, clock))
  trip.retry.retriesLeft--
  if (result.kind === 'reply' && result.status === 421) trip.retry.misdirected = true
  if (result.kind === 'reply' && result.status === 417) trip.retry.unexpecting = true
  return { kind: 'retry', waitMs }
}

/** The final result: with the time to come back, and in doubt where the outcome cannot be known. */
export function last(trial: Attempt, result: Result, clock: Clock): Result {
  if (result.kind === 'fault') return orInDoubt(result, trial.call, trial.headed)
  const { call, pausedUntilMs } = trial
  if (pausedUntilMs === undefined) {
    if (isUnsafeRetry(call, result)) call.trip.retry.notRetriedBecause ??= unsafe(call)
    return result
  }
  return { ...result, retryAt: Math.round(clock.epochMs() + pausedUntilMs - clock.now()) }
}

/** If an earlier hop was sent, the request counts as sent. */
function stoppedFault(trip: Trip): Fault {
  const why = 'the run was stopped'
  return trip.retry.isUnsent
    ? fault('aborted/not_started', `not sent: ${why}`)
    : fault('aborted/in_flight', `aborted in flight: ${why}`, { sent: true })
}

/** How long the response to a failure asks its own request to wait; it does not pause others. 0: it does not ask. */
function announcedMsOf(result: Result, clock: Clock): number {
  return result.kind === 'reply' ? (announcedWaitMs(result.headers, clock.epochMs()) ?? 0) : 0
}

/** Our own back-off, or the announced wait plus jitter, so that many requests do not resume in step. */
function leastWaitMs(ownMs: number, announcedMs: number): number {
  return announcedMs === 0 ? ownMs : Math.max(ownMs, announcedMs + Math.min(ownMs, MAX_RESUME_JITTER_MS))
}

function tooLongAnnounced(result: Result, call: Call, announcedMs: number, clock: Clock): Result {
  const { maxRetryAfterMs } = call.plan.retry
  call.trip.retry.notRetriedBecause = [
    `not retried: the server asked to wait for ${formatDuration(announcedMs)}, and `,
    { option: 'retry.maxRetryAfter' },
    ` is ${formatDuration(maxRetryAfterMs)}`,
  ]
  return { ...result, retryAt: Math.round(clock.epochMs() + announcedMs) }
}

/** The back-off may be a user's function. */
function retryBackoffMs(call: Call, failures: number, random: () => number): number | Fault {
  try {
    return backoffMs(call.plan.retry.backoff, failures, random)
  } catch (error) {
    return fault('callback/hook', `retry.backoff failed: ${reasonOf(error)}`, { sent: true, cause: error })
  }
}

function isStale(trial: Attempt, result: Result): boolean {
  if (!trial.reused || result.kind !== 'fault') return false
  return result.code === 'reset/before_headers'
}

/** Per request. A server that refuses more often is not just shutting down. */
const MAX_UNPROCESSED_RETRIES = 3

const isUnprocessed = (result: Result): boolean =>
  result.kind === 'fault' && !result.sent && (result.code === 'reset/goaway' || result.code === 'reset/refused')

/**
 * Whether the retry would come later than `retry.maxRetryAfter` after the first throttled answer, or after the
 * deadline.
 */
function isTooLate(call: Call, trial: Attempt, clock: Clock): boolean {
  const { trip, plan } = call
  const nowMs = clock.now()
  // Our jitter is added to an announced wait, but not to the total.
  const jitterMs = trip.retry.throttledAtMs === undefined ? MAX_RESUME_JITTER_MS : 0
  trip.retry.throttledAtMs ??= nowMs
  const retryAtMs = trial.pausedUntilMs ?? nowMs
  if (plan.retry.maxRetryAfterMs === 0 || retryAtMs >= trip.stopwatch.deadlineMs) return true
  return retryAtMs - trip.retry.throttledAtMs > plan.retry.maxRetryAfterMs + jitterMs
}
