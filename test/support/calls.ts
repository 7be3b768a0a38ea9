/**
 * Calls, attempts and replies for tests of single layers. They are real, because the code under test may read any
 * field; the test sets a few of them.
 */
import { attempt } from '../../src/core/attempt.ts'
import type { Attempt } from '../../src/core/attempt.ts'
import type { Call, CallPlan, RetryPlan, TimeoutPlan } from '../../src/core/call.ts'
import { fault } from '../../src/core/result.ts'
import type { Fault, FaultCode, Reply } from '../../src/core/result.ts'
import { Trip } from '../../src/core/trip.ts'
import { DEFAULT_CALL } from '../../src/config/plan.ts'

export interface CallParts extends Partial<Omit<Call, 'plan' | 'trip'>> {
  readonly plan?: Partial<Omit<CallPlan, 'retry' | 'timeouts'>>
  readonly retry?: Partial<RetryPlan>
  readonly timeouts?: Partial<TimeoutPlan>
  readonly nowMs?: number
}

export function makeCall({ plan, retry, timeouts, nowMs = 0, ...fields }: CallParts = {}): Call {
  const whole: CallPlan = {
    ...DEFAULT_CALL,
    ...plan,
    retry: { ...DEFAULT_CALL.retry, ...retry },
    timeouts: { ...DEFAULT_CALL.timeouts, ...timeouts },
  }
  const method = fields.method ?? 'GET'
  const origin = fields.origin ?? 'http://a.test'
  return {
    index: 0,
    key: undefined,
    meta: undefined,
    method,
    url: `${origin}/`,
    origin,
    lane: origin,
    costs: 1,
    path: '/',
    headers: [],
    body: undefined,
    credentials: undefined,
    atHome: true,
    replayable: true,
    repeatable: whole.retry.methods.has(method),
    plan: whole,
    trip: new Trip(whole.maxRetries, nowMs, nowMs + whole.timeouts.totalMs),
    ...fields,
  }
}

export function makeAttempt(parts: CallParts = {}, number = 1): Attempt {
  return attempt(makeCall(parts), number, parts.nowMs ?? 0)
}

export function makeReply(status = 200, headers: Readonly<Record<string, string>> = {}, body = ''): Reply {
  return {
    kind: 'reply',
    status,
    statusText: '',
    headers: Object.entries(headers).flat(),
    body: new TextEncoder().encode(body),
    url: 'http://a.test/',
    integrity: 'length',
    protocol: 'http/1.1',
  }
}

export function makeFault(code: FaultCode, sent: boolean): Fault {
  return fault(code, `made ${code}`, { sent })
}
