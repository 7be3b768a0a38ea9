/** `timeout` and `timeouts` → the limits of one request, each of them a number. */
import type { Values } from './table.ts'
import type { TimeoutPlan } from '../core/call.ts'

const DRESSING_MS = 30_000

export const DEFAULT_TIMEOUTS: TimeoutPlan = {
  attemptMs: 30_000,
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 30_000,
  callbackMs: Infinity,
  dressingMs: DRESSING_MS,
  totalMs: Infinity,
}

export function planTimeouts(
  { timeouts }: Values,
  base: TimeoutPlan,
  attemptMs: number,
  callbackMs: number | undefined,
): TimeoutPlan {
  return {
    attemptMs,
    connectMs: timeouts?.connect ?? base.connectMs,
    headersMs: timeouts?.headers ?? base.headersMs,
    idleMs: timeouts?.idle ?? base.idleMs,
    callbackMs: callbackMs ?? Infinity,
    // `auth` and `beforeRequest` run outside of the attempt, so its limits do not end them.
    dressingMs: callbackMs ?? Math.min(DRESSING_MS, attemptMs),
    totalMs: timeouts?.total ?? base.totalMs,
  }
}
