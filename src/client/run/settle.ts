/** Result → Outcome: decides whether the status is a success, and makes the value or the error. */
import { decode } from '../../codec/value.ts'
import type { DecodedValue } from '../../codec/value.ts'
import type { Call, CallPlan } from '../../core/call.ts'
import { isThenable, reasonOf } from '../../core/callback.ts'
import { failedOutcome, okOutcome } from '../../core/outcome.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { Clock } from '../../core/ports.ts'
import { fault, isFault, unverifiedFault } from '../../core/result.ts'
import type { Fault, Reply, Result } from '../../core/result.ts'

export function settle(call: Call, result: Result, clock: Clock): Outcome | Promise<Outcome> {
  const { secretNames } = call.plan
  const { origin } = result
  const fail = (found: Fault): Outcome =>
    failedOutcome(call, origin === undefined ? found : { ...found, origin }, clock.now(), secretNames)
  if (result.kind === 'fault') return fail(result)
  const refused = refusal(call, result)
  if (refused !== undefined) return fail(refused)
  const finish = (decoded: DecodedValue | Fault): Outcome =>
    isFault(decoded) ? fail(decoded) : okOutcome(call, result, decoded.value, clock.now(), secretNames)
  const decoded = decode(result, call, clock)
  return isThenable(decoded) ? decoded.then(finish) : finish(decoded)
}

function refusal({ plan }: Call, reply: Reply): Fault | undefined {
  if (plan.returnType === 'response') return unverified(plan, reply)
  try {
    const answer: unknown = plan.acceptStatus(reply.status)
    if (isThenable(answer)) {
      answer.then(undefined, () => undefined)
      return fault(
        'callback/accept_status',
        'acceptStatus: expected true or false at once, got a promise. Use afterResponse',
        { sent: true, reply },
      )
    }
    if (answer) return unverified(plan, reply)
  } catch (error) {
    return fault('callback/accept_status', `acceptStatus threw: ${reasonOf(error)}`, {
      sent: true,
      reply,
      cause: error,
    })
  }
  const retryAt = reply.retryAt === undefined ? undefined : { retryAt: reply.retryAt }
  return fault(`http/${reply.status}`, `${reply.status} ${reply.statusText}`.trimEnd(), {
    sent: true,
    reply,
    ...retryAt,
  })
}

function unverified({ strictIntegrity }: CallPlan, reply: Reply): Fault | undefined {
  return strictIntegrity && reply.integrity === 'unverified' ? unverifiedFault(reply) : undefined
}
