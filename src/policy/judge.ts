/**
 * Decides whether an attempt is final, retried or throttled. Pure, so that every rule is a row of a table in its test.
 *
 * `throttle`: the server asked us to come back later; costs no retry. `retry`: a failure that may pass.
 */
import { isUsedUp } from './quota-headers.ts'
import { announcedWaitMs } from './retry-after.ts'
import type { Call, CallPlan } from '../core/call.ts'
import { getHeader } from '../core/headers.ts'
import type { Fault, Reply, Result } from '../core/result.ts'

export type Verdict = 'done' | 'retry' | 'throttle'

/** The server did not process the request, so any method may be sent again (RFC 9110 §9.2.2). */
const REFUSAL_STATUSES: ReadonlySet<number> = new Set([425, 429])

/**
 * Throttle only when they announce a wait: GitHub's 403, a 413 for a full queue, a shared host's 509, Anthropic's 529.
 */
const THROTTLES: ReadonlySet<number> = new Set([403, 413, 503, 509, 529])

/** Classes of faults that may pass. */
const TRANSIENT: ReadonlySet<string> = new Set(['connect', 'reset', 'timeout', 'truncated'])
/** Codes that differ from their class. */
const EXCEPTIONS: Readonly<Record<string, boolean>> = {
  'connect/denied': false,
  'decode/corrupt': true,
  'decode/truncated': true,
  'dns/temporary': true,
  'proxy/connect': true,
  'proxy/failed': true,
  'proxy/unreachable': true,
  'timeout/callback': false,
  'timeout/total': false,
  'truncated/unverified': false,
}

/** Refused after bytes were sent. The server processed nothing, but the body may have been consumed (RFC 9113 §8.7). */
const REFUSED_ON_THE_WIRE: ReadonlySet<string> = new Set(['reset/goaway', 'reset/http_1_1_required', 'reset/refused'])
/** HTTP/2's equivalent of a 429. */
const CALM = 'reset/enhance_your_calm'

export function judge(result: Result, call: Call): Verdict {
  return result.kind === 'fault' ? judgeFault(result, call) : judgeReply(result, call)
}

function judgeFault(fault: Fault, call: Call): Verdict {
  if (!isTransient(fault)) return 'done'
  if (fault.code === CALM) return call.replayable && (!fault.sent || call.repeatable) ? 'throttle' : 'done'
  if (!fault.sent) return REFUSED_ON_THE_WIRE.has(fault.code) && !call.replayable ? 'done' : 'retry'
  return call.repeatable && call.replayable ? 'retry' : 'done'
}

function isTransient(fault: Fault): boolean {
  if (fault.hasOtherWay === true) return true
  // A 403 from the proxy is final; a 502 or 504 may pass.
  if (fault.code === 'proxy/refused') return fault.reply !== undefined && fault.reply.status >= 500
  return EXCEPTIONS[fault.code] ?? TRANSIENT.has(fault.code.slice(0, fault.code.indexOf('/')))
}

function judgeReply(reply: Reply, call: Call): Verdict {
  // RFC 9110 §15.5.20: this connection is not authoritative for the host. A new one may be; it is tried once.
  if (reply.status === 421 && !isAccepted(call.plan, 421)) {
    return call.replayable && !call.trip.retry.misdirected ? 'retry' : 'done'
  }
  // RFC 9110 §10.1.1: the expectation cannot be met, and the server has done nothing.
  if (reply.status === 417 && !call.trip.retry.unexpecting && getHeader(call.headers, 'expect') !== undefined) {
    return call.replayable && !isAccepted(call.plan, 417) ? 'retry' : 'done'
  }
  const throttled = isThrottle(reply)
  if (!throttled && !call.plan.retry.statuses.has(reply.status)) return 'done'
  if (isAccepted(call.plan, reply.status)) return 'done'
  if (throttled) return call.replayable ? 'throttle' : 'done'
  if (!call.replayable) return 'done'
  return call.repeatable || REFUSAL_STATUSES.has(reply.status) ? 'retry' : 'done'
}

/** Whether the caller accepts this status as a success. */
export function isAccepted(plan: CallPlan, status: number): boolean {
  try {
    return plan.returnType !== 'response' && plan.acceptStatus(status)
  } catch {
    // A function that throws is called again when the outcome is made, and the error is reported there.
    return true
  }
}

/**
 * Whether the server asks for fewer requests: any 429, a 403 when the quota is used up (GitHub), a status of THROTTLES
 * that announces a wait, and HTTP/2's ENHANCE_YOUR_CALM.
 */
export function isThrottle(reply: Result): boolean {
  if (reply.kind === 'fault') return reply.code === CALM
  const { status, headers } = reply
  if (status === 429) return true
  if (!THROTTLES.has(status)) return false
  return announcedWaitMs(headers, 0) !== undefined || (status === 403 && isUsedUp(headers))
}
