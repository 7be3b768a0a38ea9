/** The head of a request for HTTP/2: pseudo fields, and no connection-specific fields (RFC 9113 §8.2.2). */
import type { Measured } from './upload.ts'
import type { OutgoingHttpHeaders } from 'node:http2'
import type { Attempt } from '../core/attempt.ts'

const OF_CONNECTION: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** The last head of a request without a body: most requests differ from it in their path only. */
let lastOf: Pick<Attempt['call'], 'method' | 'origin'> & Pick<Attempt, 'headers'> = {
  method: '',
  origin: '',
  headers: [],
}
let lastHead: Record<string, string | string[]> = {}

/** The head is valid until the next call. Node copies it. */
export function h2RequestHead(attempt: Attempt, measured: Measured | undefined): OutgoingHttpHeaders {
  const { headers } = attempt
  const { method, origin, path, body } = attempt.call
  if (measured !== undefined || body !== undefined) return newHead(attempt, measured)
  if (lastOf.headers !== headers || lastOf.method !== method || lastOf.origin !== origin) {
    lastHead = newHead(attempt, undefined)
    lastOf = { method, origin, headers }
  }
  lastHead[':path'] = path
  return lastHead
}

function newHead({ call, headers }: Attempt, measured: Measured | undefined): Record<string, string | string[]> {
  const { method, origin, path, body } = call
  const head = Object.create(null) as Record<string, string | string[]>
  head[':method'] = method
  head[':scheme'] = 'https'
  head[':authority'] = origin.slice('https://'.length)
  head[':path'] = path
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    const value = headers[at + 1] as string
    if (name === 'host') head[':authority'] = value
    if (OF_CONNECTION.has(name) || (name === 'te' && value !== 'trailers')) continue
    const known = head[name]
    if (known === undefined) head[name] = value
    else if (typeof known === 'string') head[name] = [known, value]
    else known.push(value)
  }
  const length = measured?.bytes ?? contentLength(method, body)
  if (length !== undefined) head['content-length'] ??= `${length}`
  return head
}

/** RFC 9110 §8.6: a method that usually has a body states that it has none. */
function contentLength(method: string, body: Attempt['call']['body']): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (body instanceof Uint8Array) return body.byteLength
  return body === undefined && MEANS_A_BODY.has(method) ? 0 : undefined
}

const MEANS_A_BODY: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT'])
