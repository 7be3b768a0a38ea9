/**
 * Is this attempt's result the last word? Pure, so that every rule is a row of a table in its test.
 *
 * `throttle`: the server asked us to come back later; costs no retry. `retry`: a failure that may pass.
 */
import { isUsedUp } from './quota-headers.ts'
import { announcedWaitMs } from './retry-after.ts'
import type { Call } from '../core/call.ts'
import { getHeader } from '../core/headers.ts'
import type { Fault, Reply, Result } from '../core/result.ts'

export type Verdict = 'done' | 'retry' | 'throttle'

/** Provably not processed, so any method may be sent again (RFC 9110 §9.2.2). */
const REFUSALS: ReadonlySet<number> = new Set([425, 429])

/** Ask for time when they say how much: GitHub's 403, a 413 for a queue that is full, a host's 509, Anthropic's 529. */
const THROTTLES: ReadonlySet<number> = new Set([403, 413, 503, 509, 529])

/** Classes of faults that may pass by themselves. */
const TRANSIENT: ReadonlySet<string> = new Set(['connect', 'reset', 'timeout', 'truncated'])
/** Codes inside those classes, or outside of them, that differ from their class. */
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

/** Refused after bytes had gone out: the server did nothing with them, but a body may have been spent (RFC 9113 §8.7). */
const REFUSED_ON_THE_WIRE: ReadonlySet<string> = new Set(['reset/goaway', 'reset/http_1_1_required', 'reset/refused'])
/** What a 429 is, said by HTTP/2 itself. */
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
  // A proxy that may not go there says so for good (403); one that cannot just now says that, too (502, 504).
  if (fault.code === 'proxy/refused') return fault.reply !== undefined && fault.reply.status >= 500
  return EXCEPTIONS[fault.code] ?? TRANSIENT.has(fault.code.slice(0, fault.code.indexOf('/')))
}

function judgeReply(reply: Reply, call: Call): Verdict {
  // RFC 9110 §15.5.20: this connection does not speak for the host; a new one may, and one try tells.
  if (reply.status === 421 && !isWanted(call, 421)) {
    return call.replayable && !call.trip.misdirected ? 'retry' : 'done'
  }
  // RFC 9110 §10.1.1: what was expected cannot be met, and nothing was done.
  if (reply.status === 417 && !call.trip.unexpecting && getHeader(call.headers, 'expect') !== undefined) {
    return call.replayable && !isWanted(call, 417) ? 'retry' : 'done'
  }
  const throttled = isThrottle(reply)
  if (!throttled && !call.plan.retry.statuses.has(reply.status)) return 'done'
  if (isWanted(call, reply.status)) return 'done'
  if (throttled) return call.replayable ? 'throttle' : 'done'
  if (!call.replayable) return 'done'
  return call.repeatable || REFUSALS.has(reply.status) ? 'retry' : 'done'
}

/** A 503 that the caller counts as a success is one. */
function isWanted({ plan }: Call, status: number): boolean {
  try {
    return plan.returnType !== 'response' && plan.acceptStatus(status)
  } catch {
    // The caller's function fails again where the outcome is made, and is reported there.
    return true
  }
}

/**
 * Whether the server asks for less: 429 always, 403 when its quota is used up (GitHub), these statuses when they say for
 * how long, and what HTTP/2 has for it.
 */
export function isThrottle(reply: Result): boolean {
  if (reply.kind === 'fault') return reply.code === CALM
  const { status, headers } = reply
  if (status === 429) return true
  if (!THROTTLES.has(status)) return false
  return announcedWaitMs(headers, 0) !== undefined || (status === 403 && isUsedUp(headers))
}
