/** The lane of a request: its origin, or the key that the caller's `limitKey` returns. */
import { matchHost } from './hosts.ts'
import { got } from './kinds.ts'
import type { Call, CallPlan } from '../core/call.ts'
import { isThenable, reasonOf } from '../core/callback.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'

type LaneCall = Pick<Call, 'method' | 'url' | 'origin' | 'meta'>

/** The key of its lane; a Fault if the caller's function failed. */
export function laneKeyOf(
  { method, url, origin, meta }: LaneCall,
  { limitKey, hostPatterns }: CallPlan,
): string | Fault {
  if (limitKey === undefined) return origin
  let key: unknown
  try {
    key = limitKey({ method, url, meta })
  } catch (error) {
    return fault('callback/limit_key', `limitKey threw: ${reasonOf(error)}`, { cause: error })
  }
  if (key === undefined) return origin
  if (typeof key === 'string') {
    // `hosts` has an entry for the key itself.
    if (hostPatterns.includes(key)) return key
    // A key whose hosts match two entries of `hosts` has two lanes, each with the limits of its entry.
    const pattern = matchHost(hostPatterns, origin)
    return pattern === undefined ? key : `${key} @ ${pattern}`
  }
  // The promise is not used any more, and its rejection must not end the process.
  if (isThenable(key)) key.then(undefined, () => undefined)
  const expected = 'limitKey: expected it to return a string, or undefined for the origin'
  return fault('callback/limit_key', `${expected}, got ${got(key)}`)
}
