/** The caller's own Dispatcher of undici, such as a MockAgent or a pool with other settings. The caller closes it. */
import { isIP } from 'node:net'
import { Collector } from './collect.ts'
import { HeaderMemo } from './header-memo.ts'
import { requestHeaders, requestTarget } from './tunnel/forward.ts'
import { sendMeasured } from './upload.ts'
import type { Carry, Measured } from './upload.ts'
import { watchedBody } from './watched.ts'
import type { CollectorParts } from './wire.ts'
import { awaited } from '../core/awaited.ts'
import type { Attempt } from '../core/attempt.ts'
import { isUpload } from '../core/body.ts'
import { filterHeaders, getHeader } from '../core/headers.ts'
import type { DispatcherLike } from '../core/options.ts'
import type { Clock } from '../core/ports.ts'
import type { Wire } from '../core/wire.ts'

export function dispatcherTransport(dispatcher: DispatcherLike, clock: Clock): Wire {
  // The Dispatcher has its own limit.
  const parts: CollectorParts = { clock, memo: new HeaderMemo(), maxHeaderBytes: Infinity }
  const carry: Carry = (attempt, done, measured) => {
    attempt.trip.stopwatch.forgetPhases()
    const collector = new Collector(attempt, parts, done)
    attempt.abort = collector
    dispatch(dispatcher, attempt, collector, measured)
  }
  return {
    send(attempt, done) {
      const { body } = attempt.call
      if (isUpload(body)) awaited(sendMeasured(attempt, body, carry, clock), done)
      else carry(attempt, done)
    },
    close: async () => undefined,
  }
}

function dispatch(dispatcher: DispatcherLike, attempt: Attempt, collector: Collector, measured?: Measured): void {
  const { method, origin, body } = attempt.call
  const given = requestHeaders(attempt)
  // undici does not support Expect: the body is sent at once.
  const headers = getHeader(given, 'expect') === undefined ? given : filterHeaders(given, name => name !== 'expect')
  const bytes = measured?.bytes
  const serverName = getHeader(headers, 'host') === undefined ? undefined : nameOf(origin)
  const open = measured?.chunks ?? (typeof body === 'function' ? body : undefined)
  try {
    dispatcher.dispatch(
      {
        origin,
        ...(serverName !== undefined && { servername: serverName }),
        path: requestTarget(attempt),
        method,
        headers: bytes === undefined ? headers : [...headers, 'content-length', String(bytes)],
        body: open === undefined ? (body ?? null) : watchedBody(open, collector),
      } as never,
      collector as never,
    )
  } catch (error) {
    collector.onDispatchError(error)
  }
}

/** The server name for TLS, whatever the `Host` header says; undefined for an address. */
function nameOf(origin: string): string | undefined {
  const { hostname } = new URL(origin)
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : undefined
}
