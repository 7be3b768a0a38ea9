/**
 * What the end of an attempt says about its host, whatever it means for the request: a 404 comes from a healthy host, a
 * 500 does not, and an attempt that was given up says nothing.
 */
import { isThrottle } from './judge.ts'
import type { Result } from '../core/result.ts'

/** `down`: a failure without an answer. `failing`: an answer that is one. `throttled`: an answer that asks for time. */
export type Health = 'good' | 'throttled' | 'failing' | 'down' | 'unknown'

/** Classes of faults in which the host, or the way to it, had its part. */
const OF_HOST: ReadonlySet<string> = new Set(['dns', 'connect', 'tls', 'reset', 'timeout', 'protocol', 'truncated'])
/** Limits that say nothing about the host: the caller's own, and the way to it. */
const OF_OTHERS: ReadonlySet<string> = new Set(['timeout/total', 'timeout/callback', 'timeout/proxy'])

/** `headed`: the head of a response had come. */
export function healthOf(result: Result | undefined, headed: boolean): Health {
  if (result === undefined) return 'unknown'
  if (isThrottle(result)) return 'throttled'
  if (result.kind === 'reply') return result.status >= 500 ? 'failing' : 'good'
  const { code } = result
  if (OF_OTHERS.has(code) || !OF_HOST.has(code.slice(0, code.indexOf('/')))) return 'unknown'
  return headed ? 'failing' : 'down'
}
