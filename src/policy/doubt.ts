/**
 * A request that may have been carried out although no response arrived: its bytes were sent, no head came back, and a
 * second copy could do harm. Such a request is reported as `in_doubt`, neither ok nor failed.
 */
import type { Attempt } from '../core/attempt.ts'
import type { Call } from '../core/call.ts'
import { fault } from '../core/result.ts'
import type { Fault, Result } from '../core/result.ts'
import { joined } from '../core/words.ts'
import type { Words } from '../core/words.ts'

/** The `in_doubt` detail by class of the fault, or by its whole code. */
const DETAILS: Readonly<Record<string, string>> = {
  aborted: 'aborted',
  reset: 'reset',
  connect: 'reset',
  timeout: 'timeout',
  'internal/worker': 'worker',
}

/** Methods that may be sent twice without harm (RFC 9110 §9.2.2). */
const HARMLESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'])

/** The fault that the caller gets: the real one, wrapped in `in_doubt/…` where the outcome cannot be known. */
export function orInDoubt(real: Fault, call: Call, headed: boolean): Fault {
  const detail = call.repeatable ? undefined : detailOf(real, headed)
  if (detail === undefined) return real
  return inDoubt(
    detail,
    call,
    real,
    joined(real.message, '. Set ', [{ option: 'idempotencyKey' }], ' to make a retry safe'),
  )
}

/**
 * A write that may have been carried out, and whose retry with the same idempotency key was not sent. Undefined where
 * the outcome is known.
 */
export function doubtOfRetry(result: Result, { call, headed }: Attempt, notSent: Fault): Fault | undefined {
  if (result.kind !== 'fault' || HARMLESS.has(call.method)) return undefined
  const detail = detailOf(result, headed)
  if (detail === undefined) return undefined
  const known = inDoubt(
    detail,
    call,
    result,
    joined(result.message, '. Its retry with the same key was ', notSent.message),
  )
  return notSent.retryAt === undefined ? known : { ...known, retryAt: notSent.retryAt }
}

function detailOf({ code, sent }: Fault, headed: boolean): string | undefined {
  return sent && !headed ? (DETAILS[code] ?? DETAILS[code.slice(0, code.indexOf('/'))]) : undefined
}

function inDoubt(detail: string, { method }: Call, cause: Fault, why: Words): Fault {
  const message = joined(`cannot tell whether the server carried out this ${method}: `, why)
  return fault(`in_doubt/${detail}`, message, { sent: true, cause })
}
