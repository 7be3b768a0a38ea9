/**
 * Turns one Call into as many Attempts as policy allows: the one place where a request is repeated.
 *
 * Above it a layer sees a request once, below it once per try. While a request backs off it holds no place and no
 * token, because the gate is below.
 */
import { attempt } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import { reasonOf } from '../core/callback.ts'
import { formatDuration } from '../core/duration.ts'
import type { RetryLayer, Send } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import { PREEMPTED, fault, isFault, isShortage } from '../core/result.ts'
import type { Fault, Result } from '../core/result.ts'
import { MAX_RESUME_JITTER_MS, backoffMs } from '../policy/backoff.ts'
import type { Budget } from '../policy/budget.ts'
import { doubtOfRepeat, orInDoubt } from '../policy/doubt.ts'
import { isUnsentCode } from '../core/outcome.ts'
import { judge } from '../policy/judge.ts'
import type { Verdict } from '../policy/judge.ts'
import type { Trip } from '../core/trip.ts'
import { retryAfterTooLong } from '../policy/patience.ts'
import { announcedWaitMs } from '../policy/retry-after.ts'
import type { Words } from '../core/words.ts'

/** At once, unless a caller's function is async. */
export type Soon<T> = T | Promise<T>

/** What the caller's own functions think of a result. Absent where there are none. */
export interface Opinions {
  /** `afterResponse`: another verdict, or the Fault that the caller makes of it. */
  ofResponse(call: Call, trial: Attempt, result: Result): Soon<Verdict | Fault | undefined>
  /** `shouldRetry`: another verdict. */
  ofRetry(call: Call, trial: Attempt, result: Result, verdict: Verdict): Soon<Verdict | Fault>
  /** `beforeRetry`: a Fault or `'done'` stops the repeat. */
  beforeRetry(call: Call, trial: Attempt, result: Result): Soon<'done' | Fault | undefined>
}

export interface RetryParts {
  readonly budgetOf: (origin: string) => Budget
  readonly clock: Clock
  readonly random: () => number
  readonly opinions: Opinions
  /** Hears that the system has refused a socket. Absent: such a refusal is an end like others. */
  readonly onShortage?: ((refusal: Fault, admittedAtMs: number, nowMs: number) => void) | undefined
}

/** A closed connection keeps its port for a minute: what has not come back after two will not. */
const MAX_SHORTAGE_MS = 120_000
const SHORT = 'waited for a socket: this process or this machine had none left'

const BUDGET_SPENT: Words = [
  'not repeated: the retry budget of its host is spent. Raise ',
  { option: 'retry.budget.reserve' },
  ' or ',
  { option: 'retry.budget.ratio' },
  '; ',
  { value: Infinity },
  ' is no limit',
]

export const retry =
  (parts: RetryParts): RetryLayer =>
  next =>
  call => {
    const budget = parts.budgetOf(call.origin)
    budget.deposit()
    const trial = nextTrial(call, parts.clock)
    // Chained: most requests are answered at once, and need nothing of what a repeat does.
    return next(trial).then(result => {
      const verdict = result.kind === 'fault' || isOpinionated(call) ? undefined : judge(result, call)
      if (verdict === 'done') return last(call, trial, result, parts.clock)
      return repeat({ ...parts, next, budget }, trial, result, verdict)
    })
  }

const nextTrial = (call: Call, clock: Clock): Attempt => attempt(call, call.trip.retry.attempts + 1, clock.now())

const isOpinionated = ({ plan }: Call): boolean =>
  plan.hooks.afterResponse !== undefined || plan.retry.shouldRetry !== undefined

interface RepeatParts extends RetryParts {
  readonly next: Send<Attempt, Result>
  readonly budget: Budget
}

/** From the first attempt on, which may have been judged already: callers' functions are asked once. */
async function repeat(parts: RepeatParts, first: Attempt, answer: Result, judgement?: Verdict): Promise<Result> {
  const { call } = first
  const { next, budget } = parts
  const { trip } = call
  let [trial, result, known] = [first, answer, judgement]
  let staleRepeats = 0
  let unprocessedRepeats = 0
  let shortSinceMs: number | undefined
  let failures = 1
  let before: { readonly trial: Attempt; readonly result: Result } | undefined
  for (; ; trial = nextTrial(call, parts.clock), result = await next(trial), known = undefined) {
    if (before !== undefined && result.kind === 'fault' && isUnsentCode(result.code) && !trip.retry.isUnsent) {
      // The repeat was not sent, but a write before it was, and may have been done.
      const doubt = doubtOfRepeat(before.result, before.trial, result)
      if (doubt !== undefined) return doubt
    }
    if (result.kind === 'fault' && result.code === PREEMPTED) {
      trip.retry.attempts--
      if (trip.cancelSlot.cancelled !== undefined) return trip.cancelSlot.cancelled
      if (trip.cancelSlot.stopping) return stoppedFault(trip)
      continue
    }
    if (parts.onShortage !== undefined && isShortage(result)) {
      const nowMs = parts.clock.now()
      if (shortSinceMs === undefined) trip.warn(SHORT)
      shortSinceMs ??= nowMs
      if (nowMs - shortSinceMs < MAX_SHORTAGE_MS) {
        // As if it had not been tried: it goes back in line, and the gate waits.
        parts.onShortage(result, trial.admittedAtMs, nowMs)
        trip.retry.attempts--
        if (trip.cancelSlot.cancelled !== undefined) return trip.cancelSlot.cancelled
        if (trip.cancelSlot.stopping) return stoppedFault(trip)
        continue
      }
    } else shortSinceMs = undefined
    const verdict = known ?? (isOpinionated(call) ? await judged(parts, call, trial, result) : judge(result, call))
    if (isFault(verdict)) return verdict
    if (verdict === 'throttle') {
      trip.retry.refused++
      // It would wait for its host, and the run waits for nothing any more.
      if (trip.cancelSlot.stopping && trip.retry.isUnsent && trip.cancelSlot.cancelled === undefined)
        return stoppedFault(trip)
    }
    if (
      verdict === 'done' ||
      trip.retry.delivered ||
      trip.cancelSlot.cancelled !== undefined ||
      trip.cancelSlot.stopping
    )
      return last(call, trial, result, parts.clock)

    // A server may close a kept-alive connection just as we use it: that is nobody's failure (RFC 9112 §9.3.1).
    if (isStale(trial, result) && staleRepeats++ === 0) continue
    // In HTTP/2 a server says which requests it has not looked at (RFC 9113 §8.7): a host that is shut down does.
    if (isUnprocessed(result) && unprocessedRepeats++ < MAX_UNPROCESSED_REPEATS) continue

    let waitMs: number
    if (verdict === 'throttle') {
      // The gate has paused the lane and will hold the repeat; here only the request's patience is counted.
      if (isTooLate(call, trial, parts.clock)) {
        trip.retry.notRetriedBecause = retryAfterTooLong(call, trial.pausedUntilMs, parts.clock.now())
        return last(call, trial, result, parts.clock)
      }
      waitMs = 0
    } else {
      if (trip.retry.retriesLeft <= 0) return last(call, trial, result, parts.clock)
      const announcedMs = announcedMsOf(result, parts.clock)
      if (announcedMs > call.plan.retry.maxRetryAfterMs) return tooLongAnnounced(result, call, announcedMs, parts.clock)
      if (!budget.withdraw()) {
        trip.warn(BUDGET_SPENT)
        trip.retry.notRetriedBecause = BUDGET_SPENT
        return last(call, trial, result, parts.clock)
      }
      const backoff = ownBackoffMs(call, failures++, parts.random)
      if (isFault(backoff)) return backoff
      waitMs = leastWaitMs(backoff, announcedMs)
      // Waiting into the deadline would report a late timeout instead of the real failure.
      if (parts.clock.now() + waitMs >= trip.stopwatch.deadlineMs) return last(call, trial, result, parts.clock)
      trip.retry.retriesLeft--
      if (result.kind === 'reply' && result.status === 421) trip.retry.misdirected = true
      if (result.kind === 'reply' && result.status === 417) trip.retry.unexpecting = true
    }
    const stopped = await parts.opinions.beforeRetry(call, trial, result)
    if (stopped === 'done') return last(call, trial, result, parts.clock)
    if (stopped !== undefined) return stopped
    if (trip.cancelSlot.stopping) return last(call, trial, result, parts.clock)
    if (waitMs > 0) await sleep(call, waitMs, parts.clock)
    if (trip.cancelSlot.cancelled !== undefined) return afterCancel(trip.cancelSlot.cancelled, call, trial, result)
    before = { trial, result }
  }
}

/** What was sent on the hops before is not unsent. */
function stoppedFault(trip: Trip): Fault {
  const why = 'the run was stopped'
  return trip.retry.isUnsent
    ? fault('aborted/not_started', `not sent: ${why}`)
    : fault('aborted/in_flight', `given up in flight: ${why}`, { sent: true })
}

async function judged({ opinions }: RetryParts, call: Call, trial: Attempt, result: Result): Promise<Verdict | Fault> {
  const { hooks, retry: plan } = call.plan
  const verdict = judge(result, call)
  if (hooks.afterResponse !== undefined && result.kind === 'reply') {
    const opinion = await opinions.ofResponse(call, trial, result)
    if (opinion !== undefined) return opinion
  }
  return plan.shouldRetry === undefined ? verdict : opinions.ofRetry(call, trial, result, verdict)
}

/** The result as it leaves: with the time to come back, and with doubt where nobody can know. */
function last(call: Call, trial: Attempt, result: Result, clock: Clock): Result {
  if (result.kind === 'fault') return orInDoubt(result, call, trial.headed)
  if (trial.pausedUntilMs === undefined) return result
  return { ...result, retryAt: Math.round(clock.epochMs() + trial.pausedUntilMs - clock.now()) }
}

/** What the answer to a failure asks its own request to wait; it pauses nobody else. 0: nothing. */
function announcedMsOf(result: Result, clock: Clock): number {
  return result.kind === 'reply' ? (announcedWaitMs(result.headers, clock.epochMs()) ?? 0) : 0
}

/** Our own back-off, or what was announced and a little more, so that many do not come back in step. */
function leastWaitMs(ownMs: number, announcedMs: number): number {
  return announcedMs === 0 ? ownMs : Math.max(ownMs, announcedMs + Math.min(ownMs, MAX_RESUME_JITTER_MS))
}

function tooLongAnnounced(result: Result, call: Call, announcedMs: number, clock: Clock): Result {
  const { maxRetryAfterMs } = call.plan.retry
  call.trip.retry.notRetriedBecause = [
    `not repeated: the server asked to wait for ${formatDuration(announcedMs)}, and `,
    { option: 'retry.maxRetryAfter' },
    ` is ${formatDuration(maxRetryAfterMs)}`,
  ]
  return { ...result, retryAt: Math.round(clock.epochMs() + announcedMs) }
}

/** Given up between two attempts: the last one may have been carried out. */
function afterCancel(cancelled: Fault, call: Call, trial: Attempt, result: Result): Fault {
  const sent = result.kind === 'fault' && result.sent
  return orInDoubt({ ...cancelled, sent }, call, trial.headed)
}

/** The plan may be a function of the caller's. */
function ownBackoffMs(call: Call, failures: number, random: () => number): number | Fault {
  try {
    return backoffMs(call.plan.retry.backoff, failures, random)
  } catch (error) {
    return fault('callback/hook', `retry.backoff threw: ${reasonOf(error)}`, { sent: true, cause: error })
  }
}

function isStale(trial: Attempt, result: Result): boolean {
  if (!trial.reused || result.kind !== 'fault') return false
  return result.code === 'reset/before_headers'
}

/** Of one request; a server that refuses more often is not just about to end. */
const MAX_UNPROCESSED_REPEATS = 3

const isUnprocessed = (result: Result): boolean =>
  result.kind === 'fault' && !result.sent && (result.code === 'reset/goaway' || result.code === 'reset/refused')

/** Whether the repeat would come later than `retry.maxRetryAfter` after the first throttled answer, or too late anyway. */
function isTooLate(call: Call, trial: Attempt, clock: Clock): boolean {
  const { trip, plan } = call
  const nowMs = clock.now()
  // Our jitter comes on top of an announced wait, not on top of the time in all.
  const jitterMs = trip.retry.throttledAtMs === undefined ? MAX_RESUME_JITTER_MS : 0
  trip.retry.throttledAtMs ??= nowMs
  const repeatAtMs = trial.pausedUntilMs ?? nowMs
  if (plan.retry.maxRetryAfterMs === 0 || repeatAtMs >= trip.stopwatch.deadlineMs) return true
  return repeatAtMs - trip.retry.throttledAtMs > plan.retry.maxRetryAfterMs + jitterMs
}

/** Waits, unless the request is given up meanwhile. */
function sleep(call: Call, waitMs: number, clock: Clock): Promise<void> {
  const { trip } = call
  const sinceMs = clock.now()
  return new Promise(resolve => {
    const end = (): void => {
      timer.cancel()
      trip.cancelSlot.free()
      trip.stopwatch.backoffMs += clock.now() - sinceMs
      resolve()
    }
    const timer = clock.after(waitMs, end)
    trip.cancelSlot.hold('backoff', end)
  })
}
