/**
 * How long to wait before a further attempt: full jitter under a doubling ceiling.
 *
 * Full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS 2015) spreads a herd best for the least total work.
 */
import type { BackoffPlan } from '../core/call.ts'
import { parseDuration } from '../core/duration.ts'

/** Added to an announced wait at most, so that `Retry-After: 0` does not loop hot and hosts do not resume in step. */
export const MAX_RESUME_JITTER_MS = 1_000

/** Milliseconds before the attempt after the given number of failures (from 1). `random` is uniform in [0, 1). */
export function backoffMs(plan: BackoffPlan, failures: number, random: () => number): number {
  if (typeof plan === 'function') return durationMs(plan(failures))
  return random() * Math.min(plan.maxMs, plan.baseMs * 2 ** Math.min(failures - 1, 52))
}

/** A caller's function may answer with anything; what is no duration waits for nothing. */
function durationMs(answer: number | string): number {
  const ms = typeof answer === 'string' ? parseDuration(answer) : answer
  return typeof ms === 'number' && ms > 0 ? ms : 0
}
