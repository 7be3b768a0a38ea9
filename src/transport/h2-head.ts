/** The head of a request for HTTP/2: pseudo fields, and no connection-specific fields (RFC 9113 §8.2.2). */
import type { Measured } from './upload.ts'
import type { OutgoingHttpHeaders } from 'node:http2'
import type { Attempt } from '../core/attempt.ts'
import { getHeader } from '../core/headers.ts'

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

/** Where the path is in a list of fields. */
const PATH_AT = 7

/** The last fields of a request without a body: most requests differ from it in their path only. */
let lastOf: Pick<Attempt['call'], 'method' | 'origin'> & Pick<Attempt, 'headers'> = {
  method: '',
  origin: '',
  headers: [],
}
let lastFields: string[] = []

/** Names and values in turn. The list is valid until the next call: Node makes a text of it at once. */
export function h2RequestHead(attempt: Attempt, measured: Measured | undefined): readonly string[] {
  const { headers } = attempt
  const { method, origin, path, body } = attempt.call
  if (measured !== undefined || body !== undefined) return newFields(attempt, measured)
  if (lastOf.headers !== headers || lastOf.method !== method || lastOf.origin !== origin) {
    lastFields = newFields(attempt, undefined)
    lastOf = { method, origin, headers }
  }
  lastFields[PATH_AT] = path
  return lastFields
}

function newFields({ call, headers }: Attempt, measured: Measured | undefined): string[] {
  const { method, origin, path, body } = call
  const authority = getHeader(headers, 'host') ?? origin.slice('https://'.length)
  const fields = [':method', method, ':scheme', 'https', ':authority', authority, ':path', path]
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    const value = headers[at + 1] as string
    if (!OF_CONNECTION.has(name) && (name !== 'te' || value === 'trailers')) fields.push(name, value)
  }
  const length = measured?.bytes ?? contentLength(method, body)
  if (length !== undefined && getHeader(headers, 'content-length') === undefined) {
    fields.push('content-length', `${length}`)
  }
  return fields
}

/** The fields as a new object, for runtimes whose `node:http2` takes no list. Those with the same name become one list. */
export function asObject(fields: readonly string[]): OutgoingHttpHeaders {
  const head = Object.create(null) as Record<string, string | string[]>
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    const known = head[name]
    if (known === undefined) head[name] = value
    else if (typeof known === 'string') head[name] = [known, value]
    else known.push(value)
  }
  return head
}

/** RFC 9110 §8.6: a method that usually has a body states that it has none. */
function contentLength(method: string, body: Attempt['call']['body']): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body)
  if (body instanceof Uint8Array) return body.byteLength
  return body === undefined && MEANS_A_BODY.has(method) ? 0 : undefined
}

const MEANS_A_BODY: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT'])
