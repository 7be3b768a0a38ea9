/**
 * What the end of an attempt says about its host, whatever it means for the request: a 404 comes from a healthy host, a
 * 500 does not, and an abandoned attempt says nothing.
 */
import { isThrottle } from './judge.ts'
import type { Result } from '../core/result.ts'

/**
 * `down`: failed without an answer. `failing`: answered with a failure. `throttled`: answered that it wants fewer
 * requests.
 */
export type Health = 'good' | 'throttled' | 'failing' | 'down' | 'unknown'

/** Classes of faults that are caused by the host or by the path to it. */
const OF_HOST: ReadonlySet<string> = new Set(['dns', 'connect', 'tls', 'reset', 'timeout', 'protocol', 'truncated'])
/** Timeouts that say nothing about the host: those of the caller and of the proxy. */
const OF_OTHERS: ReadonlySet<string> = new Set(['timeout/total', 'timeout/callback', 'timeout/proxy'])

/** `headed`: the head of a response had arrived. */
export function healthOf(result: Result | undefined, headed: boolean): Health {
  if (result === undefined) return 'unknown'
  if (isThrottle(result)) return 'throttled'
  if (result.kind === 'reply') return result.status >= 500 ? 'failing' : 'good'
  const { code } = result
  if (OF_OTHERS.has(code) || !OF_HOST.has(code.slice(0, code.indexOf('/')))) return 'unknown'
  return headed ? 'failing' : 'down'
}
