/**
 * Names, attributes and status of the spans. An attempt is a span of an HTTP client as the conventions describe it; the
 * spans of a request and of a batch have attributes of this library, so that no tool counts them as further calls.
 */
import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Attributes, SpanStatus } from '@opentelemetry/api'
import type { AttemptEvent, BatchEvent, RequestEvent } from '../core/events.ts'
import { errorTypeOf, methodOf } from '../core/http-metric.ts'
import { printableUrl } from '../core/url.ts'
import { printableKey, requestIdOf } from '../sinks/row.ts'

export interface SpanStart {
  readonly name: string
  readonly kind: SpanKind
  readonly attributes: Attributes
}

export interface SpanEnd {
  readonly attributes: Attributes
  /** Undefined if it has not failed: the conventions leave the status unset then. */
  readonly status: SpanStatus | undefined
  readonly elapsedMs: number
}

/** Host and port of the server, also for metrics. */
export function serverOf({ url, host }: Pick<AttemptEvent, 'url' | 'host'>): Attributes {
  const port = /:(\d+)$/.exec(host)?.[1]
  return {
    'server.address': host.slice(0, host.length - (port === undefined ? 0 : port.length + 1)).replace(/^\[|\]$/g, ''),
    'server.port': port === undefined ? (url.startsWith('https:') ? 443 : 80) : Number(port),
  }
}

/** `'h2'` → `'2'`, `'http/1.1'` → `'1.1'`. */
export const versionOf = (protocol: string): string => (protocol === 'h2' ? '2' : protocol.replace(/^http\//, ''))

export function attemptStart(event: AttemptEvent): SpanStart {
  const { method, url, attempt } = event
  const known = methodOf(method)
  return {
    name: known === '_OTHER' ? 'HTTP' : known,
    kind: SpanKind.CLIENT,
    attributes: {
      'http.request.method': known,
      ...(known === '_OTHER' && { 'http.request.method_original': method }),
      'url.full': printableUrl(url),
      ...serverOf(event),
      ...(attempt > 1 && { 'http.request.resend_count': attempt - 1 }),
    },
  }
}

export function attemptEnd(event: AttemptEvent): SpanEnd {
  const { status, protocol, timings } = event
  const type = errorTypeOf(event)
  return {
    attributes: {
      ...(status !== undefined && { 'http.response.status_code': status }),
      ...(protocol !== undefined && { 'network.protocol.version': versionOf(protocol) }),
      ...(type !== undefined && { 'error.type': type }),
    },
    status: type === undefined ? undefined : errorStatus(event.code),
    elapsedMs: timings?.total ?? 0,
  }
}

export function requestStart(event: RequestEvent): SpanStart {
  const key = printableKey(event)
  return {
    name: 'parallel-requests request',
    kind: SpanKind.INTERNAL,
    attributes: {
      'parallel_requests.id': requestIdOf(event),
      'parallel_requests.index': event.index,
      ...(key !== undefined && { 'parallel_requests.key': key }),
      'url.full': printableUrl(event.url),
    },
  }
}

export function requestEnd({ code, attempts, source, timings }: RequestEvent): SpanEnd {
  return {
    attributes: {
      ...(attempts !== undefined && { 'parallel_requests.attempts': attempts }),
      ...(source !== undefined && { 'parallel_requests.source': source }),
      ...(code !== undefined && { 'error.type': code }),
    },
    status: code === undefined ? undefined : errorStatus(code),
    // What a restored request took, it took in an earlier run.
    elapsedMs: source === 'run-file' ? 0 : (timings?.total ?? 0),
  }
}

export function batchStart({ total }: BatchEvent): SpanStart {
  const attributes = total === undefined ? {} : { 'parallel_requests.total': total }
  return { name: 'parallel-requests batch', kind: SpanKind.INTERNAL, attributes }
}

export function batchEnd({ ok = 0, failed = 0, elapsedMs = 0, error }: BatchEvent): SpanEnd {
  const attributes = { 'parallel_requests.ok': ok, 'parallel_requests.failed': failed }
  if (error !== undefined) return { attributes, status: errorStatus('the batch ended before its input'), elapsedMs }
  const status = failed === 0 ? undefined : errorStatus(`${failed} of ${ok + failed} requests failed`)
  return { attributes, status, elapsedMs }
}

/** Without a message for a status of HTTP, as the conventions ask. */
const errorStatus = (message: string | undefined): SpanStatus =>
  message === undefined ? { code: SpanStatusCode.ERROR } : { code: SpanStatusCode.ERROR, message }
