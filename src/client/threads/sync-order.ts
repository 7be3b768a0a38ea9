/**
 * A prepared batch → the part that can be sent to the worker: plain data, and marks for the functions that stay on the
 * calling thread.
 */
import type { SentCall, SentTokens } from './sync-messages.ts'
import { sentFields } from '../../config/crossing.ts'
import type { SentFields } from '../../config/crossing.ts'
import type { Call, CallPlan } from '../../core/call.ts'
import type { Tokens } from '../../core/tokens.ts'

/** Calls → their sent form. Plans, header lists and bodies that calls share are shared in the worker, too. */
export function sender(): (call: Call) => SentCall {
  const plans = new Map<CallPlan, SentFields>()
  const bodies = new Map<Uint8Array, Uint8Array>()
  return call => {
    const {
      index,
      method,
      url,
      origin,
      lane,
      costs,
      path,
      headers,
      atHome,
      replayable,
      repeatable,
      body,
      credentials,
      identify,
      trip,
    } = call
    let plan = plans.get(call.plan)
    if (plan === undefined) plans.set(call.plan, (plan = sentPlan(call.plan)))
    return {
      index,
      method,
      url,
      origin,
      lane,
      costs,
      path,
      headers,
      atHome,
      replayable,
      repeatable,
      plan,
      body: typeof body === 'function' ? undefined : body instanceof Uint8Array ? sentBytes(body, bodies) : body,
      credentials: typeof credentials === 'string' ? credentials : undefined,
      tokens: typeof credentials === 'object' ? sentTokens(credentials) : undefined,
      identity: trip.identity,
      asks: {
        body: typeof body === 'function',
        auth: typeof credentials === 'function',
        identity: identify !== undefined,
      },
    }
  }
}

const sentTokens = ({ name, token, lifetimeMs, scheme, origin, refreshToken }: Tokens): SentTokens => ({
  name,
  token,
  lifetimeMs,
  scheme,
  oauth: origin.oauth,
  refreshToken,
})

/** A view of a part of a buffer would be cloned with the whole buffer. */
function sentBytes(body: Uint8Array, known: Map<Uint8Array, Uint8Array>): Uint8Array {
  let sent = known.get(body)
  if (sent === undefined) known.set(body, (sent = new Uint8Array(body)))
  return sent
}

/** A function that blocks its own thread cannot be interrupted, and one that does not block fails at once. */
const sentPlan = (plan: CallPlan): SentFields =>
  sentFields('call', { ...plan, timeouts: { ...plan.timeouts, callbackMs: Infinity, dressingMs: Infinity } })
