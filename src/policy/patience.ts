/** How long a request waits for a paused host, and the fault it gets when the pause is too long. */
import { MAX_RESUME_JITTER_MS } from './backoff.ts'
import type { Lane } from './lane.ts'
import type { Call } from '../core/call.ts'
import { formatDuration } from '../core/duration.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import { joined } from '../core/words.ts'
import type { Words } from '../core/words.ts'

/** The longest pause that a request waits for. We add the jitter to an announced wait, so it does not count. */
export function patienceMsOf({ plan }: Call): number {
  const { maxRetryAfterMs } = plan.retry
  return maxRetryAfterMs === 0 ? 0 : maxRetryAfterMs + MAX_RESUME_JITTER_MS
}

/**
 * How long a request may wait for its host at all: until its deadline, or for `maxRetryAfter` since it was first
 * throttled.
 */
export function patientUntilMs(call: Call): number {
  const { deadlineMs } = call.trip.stopwatch
  const { throttledAtMs } = call.trip.retry
  return throttledAtMs === undefined ? deadlineMs : Math.min(deadlineMs, throttledAtMs + patienceMsOf(call))
}

/**
 * The fault of a call that cannot wait for the lane's pause; undefined when it can, or when there is no pause. A pause
 * that only a quota header asks for never refuses a call.
 */
export function tooLongPaused(lane: Lane, call: Call, nowMs: number, epochMs: number): Fault | undefined {
  const untilMs = lane.firmUntilMs(call)
  const waitMs = untilMs - nowMs
  if (waitMs <= 0) return undefined
  const isTooLong = waitMs > patienceMsOf(call)
  if (!isTooLong && untilMs <= patientUntilMs(call)) return undefined
  const isDeadline = !isTooLong && untilMs > call.trip.stopwatch.deadlineMs
  const message = joined(
    `not sent: ${lane.host} asked for a pause of ${formatDuration(waitMs)}, and `,
    isDeadline ? 'the deadline is earlier' : patienceIs(call.plan.retry.maxRetryAfterMs),
  )
  return fault('paused/retry_after', message, { retryAt: Math.round(epochMs + waitMs) })
}

/** Why a throttled answer is not retried. Undefined with `maxRetryAfter: 0`, where the caller wants no waiting. */
export function retryAfterTooLong(
  { plan, trip }: Call,
  pausedUntilMs: number | undefined,
  nowMs: number,
): Words | undefined {
  const { maxRetryAfterMs } = plan.retry
  if (maxRetryAfterMs === 0) return undefined
  const waitMs = (pausedUntilMs ?? nowMs) - nowMs
  const isLate = nowMs + waitMs >= trip.stopwatch.deadlineMs
  const limit = isLate ? 'the deadline is earlier' : patienceIs(maxRetryAfterMs)
  const throttledMs = nowMs - (trip.retry.throttledAtMs ?? nowMs)
  const asked =
    isLate || waitMs > maxRetryAfterMs
      ? `its host asked for a pause of ${formatDuration(waitMs)}`
      : `its host has been turning it away for ${formatDuration(throttledMs + waitMs)}`
  return joined(`not retried: ${asked}, and `, limit)
}

const patienceIs = (maxRetryAfterMs: number): Words => [
  { option: 'retry.maxRetryAfter' },
  ` is ${formatDuration(maxRetryAfterMs)}`,
]
