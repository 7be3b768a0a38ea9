/**
 * A request that may have done its work without our hearing of it: its bytes went out, no head came back, and a
 * second copy could do harm. The honest answer is neither ok nor failed.
 */
import type { Call } from '../core/call.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'

/** By class, or by the whole code. */
const DETAILS: Readonly<Record<string, string>> = {
  aborted: 'aborted',
  reset: 'reset',
  connect: 'reset',
  timeout: 'timeout',
  'internal/worker': 'worker',
}

/** The fault as the caller should see it: `in_doubt/…` around the real one where nobody can know. */
export function orInDoubt(real: Fault, call: Call, headed: boolean): Fault {
  const detail = DETAILS[real.code] ?? DETAILS[real.code.slice(0, real.code.indexOf('/'))]
  if (detail === undefined || !real.sent || headed || call.repeatable) return real
  const message = `nobody knows whether the server carried out this ${call.method}: ${real.message}. An idempotencyKey makes it safe to repeat`
  return fault(`in_doubt/${detail}`, message, { sent: true, cause: real })
}
