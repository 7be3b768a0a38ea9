/**
 * What each attempt of a request did, for requests with more than one. A first attempt that ends its request leaves no
 * record, so a plain success costs nothing.
 */
import type { Attempt } from './attempt.ts'
import { isoTime } from './iso-time.ts'
import type { Clock } from './ports.ts'
import { mayBeFollowed } from './poll.ts'
import { isRedirect } from './redirect.ts'
import type { FaultCode, Result } from './result.ts'
import { printableUrl } from './url.ts'
import type { Writable } from './writable.ts'

/** Milliseconds of one attempt by phase, as in `Timings`. A phase that did not happen is absent. */
export interface AttemptTimings {
  /** DNS lookup. */
  readonly dns?: number
  /** TCP connection; absent if the connection was reused. */
  readonly connect?: number
  /** TLS handshake; absent if the connection was reused. */
  readonly tls?: number
  /** From the first byte of the request to the last response header. */
  readonly firstByte?: number
  /** From the last response header to the end of the body. */
  readonly body?: number
  /** From the start of the attempt to its end. */
  readonly total: number
}

/** One attempt of a request that had several. An attempt that failed after the head of a response has status and code. */
export interface Try {
  /** When it started (ISO 8601, in UTC). */
  readonly at: string
  /** Absent if no response came. */
  readonly status?: number
  /** Why it has no usable response. Absent if it has one, whatever its status. */
  readonly code?: FaultCode
  /** Milliseconds between the end of the previous attempt and the start of this one; 0 for the first. */
  readonly delay: number
  /** Milliseconds by phase. */
  readonly timings: AttemptTimings
  /** Where a redirect hop or a poll was sent. Secrets are redacted. Absent for the URL of the request itself. */
  readonly url?: string
  /**
   * Which request for the status or the result of a job it is, or is a redirect hop or a retry of; from 1. Absent for the
   * request that starts the job.
   */
  readonly poll?: number
}

/** With more attempts, the first ten and the last ninety are kept. */
export const MAX_TRIES = 100
const FIRST_KEPT = 10

/** Whether this attempt, if it is the last one of its call, is still one of several of its request. */
export function isOneOfSeveral({ number, call }: Attempt, result: Result): boolean {
  if (number > 1 || (result.kind === 'reply' && isRedirect(result.status))) return true
  const { poll } = call.plan
  return poll !== undefined && mayBeFollowed(poll, result)
}

/** Records an attempt that has ended. One that does not count, or never passed the gate, is left out. */
export function recordTry(trial: Attempt, result: Result, endedAtMs: number, clock: Clock): void {
  const { call, trip, number } = trial
  const { retry } = trip
  if (retry.attempts !== number) return
  const status = result.kind === 'reply' ? result.status : result.reply?.status
  const one: Try = {
    at: isoTime(startOf(trial, clock)),
    ...(status !== undefined && { status }),
    ...(result.kind === 'fault' && { code: result.code }),
    delay: delayBefore(trial),
    // Its event has ended, and a listener has seen these figures.
    timings: trial.event?.timings ?? attemptTimings(trial, endedAtMs),
    ...((retry.redirects > 0 || retry.polls > 0) && { url: printableUrl(call.url, call.plan.secretNames) }),
    ...(retry.polls > 0 && { poll: retry.polls }),
  }
  retry.tries ??= []
  if (retry.tries.length === MAX_TRIES) retry.tries.splice(FIRST_KEPT, 1)
  retry.tries.push(one)
  retry.triedAtMs = endedAtMs
}

/** Milliseconds between the end of the previous attempt and the start of this one; 0 for the first. */
export function delayBefore(trial: Attempt): number {
  const { tries, triedAtMs } = trial.trip.retry
  return tries === undefined ? 0 : toMicroseconds(Math.max(0, wireStartMs(trial) - triedAtMs))
}

/** When the attempt started, by the wall clock (epoch ms). */
export function startOf(trial: Attempt, clock: Clock): number {
  return Math.round(clock.epochMs() - (clock.now() - wireStartMs(trial)))
}

export function attemptTimings(trial: Attempt, endedAtMs: number): AttemptTimings {
  const { stopwatch } = trial.trip
  const timings: Writable<AttemptTimings> = { total: toMicroseconds(endedAtMs - wireStartMs(trial)) }
  // Without it the attempt has not reached the wire: the phases are those of an earlier one.
  if (stopwatch.sentAtMs === undefined) return timings
  if (stopwatch.dnsMs !== undefined) timings.dns = toMicroseconds(stopwatch.dnsMs)
  if (stopwatch.connectMs !== undefined) timings.connect = toMicroseconds(stopwatch.connectMs)
  if (stopwatch.tlsMs !== undefined) timings.tls = toMicroseconds(stopwatch.tlsMs)
  if (stopwatch.firstByteMs !== undefined) timings.firstByte = toMicroseconds(stopwatch.firstByteMs)
  if (stopwatch.bodyMs !== undefined) timings.body = toMicroseconds(stopwatch.bodyMs)
  return timings
}

/** When it started (monotonic ms). Its clocks are moved while they are paused. */
export const wireStartMs = ({ startedAtMs, heldMs }: Attempt): number => startedAtMs - heldMs

/** Finer digits are noise. */
const toMicroseconds = (ms: number): number => Math.round(ms * 1_000) / 1_000
