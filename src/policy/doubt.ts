/**
 * A request that may have done its work without our hearing of it: its bytes went out, no head came back, and a
 * second copy could do harm. The honest answer is neither ok nor failed.
 */
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import { fault } from '../core/result.ts'
import type { Fault, Result } from '../core/result.ts'

/** By class, or by the whole code. */
const DETAILS: Readonly<Record<string, string>> = {
  aborted: 'aborted',
  reset: 'reset',
  connect: 'reset',
  timeout: 'timeout',
  'internal/worker': 'worker',
}

/** Methods of which a second copy does no harm (RFC 9110 §9.2.2). */
const HARMLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

/** The fault as the caller should see it: `in_doubt/…` around the real one where nobody can know. */
export function orInDoubt(real: Fault, call: Call, headed: boolean): Fault {
  const detail = call.repeatable ? undefined : detailOf(real, headed)
  if (detail === undefined) return real
  return inDoubt(detail, call, real, `${real.message}. An idempotencyKey makes it safe to repeat`)
}

/**
 * A write that may have been done and was to be repeated with its idempotency key, but the repeat was not sent. Undefined
 * where nothing is in doubt.
 */
export function doubtOfRepeat(result: Result, { call, headed }: Attempt, notSent: Fault): Fault | undefined {
  if (result.kind !== 'fault' || HARMLESS.has(call.method)) return undefined
  const detail = detailOf(result, headed)
  if (detail === undefined) return undefined
  const known = inDoubt(detail, call, result, `${result.message}. Its repeat with the same key was ${notSent.message}`)
  return notSent.retryAt === undefined ? known : { ...known, retryAt: notSent.retryAt }
}

function detailOf({ code, sent }: Fault, headed: boolean): string | undefined {
  return sent && !headed ? (DETAILS[code] ?? DETAILS[code.slice(0, code.indexOf('/'))]) : undefined
}

function inDoubt(detail: string, { method }: Call, cause: Fault, why: string): Fault {
  const message = `nobody knows whether the server carried out this ${method}: ${why}`
  return fault(`in_doubt/${detail}`, message, { sent: true, cause })
}
