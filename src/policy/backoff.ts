/**
 * How long to wait before the next attempt: full jitter under a ceiling that doubles.
 *
 * Full jitter (M. Brooker, "Exponential Backoff And Jitter", AWS 2015) spreads a herd best for the least total work.
 */
import type { BackoffPlan } from '../core/call.ts'
import { parseDuration } from '../core/duration.ts'
import { printable } from '../core/printable.ts'

/**
 * Most that is added to an announced wait. Keeps `Retry-After: 0` from looping hot, and hosts from resuming in step.
 */
export const MAX_RESUME_JITTER_MS = 1_000

/**
 * Milliseconds before the attempt after the given number of failures (from 1). `random` is uniform in [0, 1).
 *
 * @throws what the caller's function throws, and a TypeError if it returns something else than a duration
 */
export function backoffMs(plan: BackoffPlan, failures: number, random: () => number): number {
  if (typeof plan === 'function') return durationMs(plan(failures))
  return random() * Math.min(plan.maxMs, plan.baseMs * 2 ** Math.min(failures - 1, 52))
}

/** A user's back-off function may return anything: a time that is over already is no wait, and NaN is a mistake. */
function durationMs(answer: number | string): number {
  const ms = typeof answer === 'string' ? parseDuration(answer) : answer
  if (typeof ms === 'number' && !Number.isNaN(ms)) return Math.max(0, ms)
  throw new TypeError(`expected milliseconds or a duration such as '2s', got ${printable(String(answer))}`)
}
