/** A request that the proxy itself forwards: the full URL in its first line, and the proxy's credentials. */
import type { Attempt } from '../../core/attempt.ts'
import { basic } from '../../core/call.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { Result } from '../../core/result.ts'
import { isForwarded } from '../../core/route.ts'
import { faultOfProxy } from '../faults.ts'
import { refusedCredentials } from './failure.ts'

/** The target of the request line (RFC 9112 §3.2). */
export function requestTarget({ call, proxy }: Attempt): string {
  return proxy !== undefined && isForwarded(call.origin, proxy) ? call.origin + call.path : call.path
}

/** Adds credentials for the proxy only where the proxy reads them: never through a tunnel. */
export function requestHeaders({ call, proxy, headers }: Attempt): HeaderList {
  if (proxy?.credentials === undefined || !isForwarded(call.origin, proxy)) return headers
  const { username, password } = proxy.credentials
  return [...headers, 'proxy-authorization', basic(username, password)]
}

/** A 407 comes from the proxy itself (RFC 9110 §15.5.8). Other answers may come from either side. */
export function orRefusedByProxy(result: Result, { call, proxy }: Attempt): Result {
  const reply = result.kind === 'reply' ? result : result.begun
  if (proxy === undefined || reply?.status !== 407) return result
  return isForwarded(call.origin, proxy) ? faultOfProxy(refusedCredentials(proxy, reply), call.url) : result
}
