/** A request that the proxy itself gets, to pass it on: the whole URL in its first line, and the proxy's credentials. */
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

/** Credentials for the proxy go along only where it is the proxy that reads them: never through a tunnel. */
export function requestHeaders({ call, proxy, headers }: Attempt): HeaderList {
  if (proxy?.credentials === undefined || !isForwarded(call.origin, proxy)) return headers
  const { username, password } = proxy.credentials
  return [...headers, 'proxy-authorization', basic(username, password)]
}

/** A 407 is the proxy's own answer (RFC 9110 §15.5.8). Of other answers nobody can tell whose they are. */
export function orRefusedByProxy(result: Result, { call, proxy }: Attempt): Result {
  if (proxy === undefined || result.kind === 'fault' || result.status !== 407) return result
  return isForwarded(call.origin, proxy) ? faultOfProxy(refusedCredentials(proxy, result)) : result
}
