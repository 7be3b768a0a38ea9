/** The head of a request as text (RFC 9112 §3, §5). */
import { requestHeaders, requestTarget } from '../tunnel/forward.ts'
import type { Attempt } from '../../core/attempt.ts'
import { filterHeaders, getHeader } from '../../core/headers.ts'
import type { HeaderList } from '../../core/headers.ts'

/** How the body of a request is marked. `none`: the request has no body and its method does not expect one. */
export type RequestFraming = 'none' | 'chunked' | { readonly bytes: number }

/** Methods whose requests have a body as a rule: an empty one is announced (RFC 9110 §8.6). */
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

export const expectsBody = (method: string): boolean => WITH_BODY.has(method)

/**
 * Headers and targets were checked when they were read. This is the last check before they are written as Latin-1, which
 * would make a line feed of U+010A.
 */
const UNSAFE_TARGET = /[^\x21-\xff]/
const UNSAFE_TEXT = /[\0\r\n]|[^\0-\xff]/

export class UnsafeHead extends Error {}

/** Requests of a batch mostly share one list of headers. */
let lastHeaders: HeaderList | undefined
let lastLines = ''
let lastHasHost = false

/**
 * @throws UnsafeHead if a part of it would change the structure of the request
 */
export function requestHead(attempt: Attempt, framing: RequestFraming, isLast: boolean): string {
  const { method, origin } = attempt.call
  const target = requestTarget(attempt)
  if (UNSAFE_TARGET.test(target) || UNSAFE_TEXT.test(method)) throw new UnsafeHead('the target has unsafe characters')
  const headers = headersOf(attempt, framing)
  if (headers !== lastHeaders) remember(headers)
  const host = lastHasHost ? '' : `host: ${origin.slice(origin.indexOf('//') + 2)}\r\n`
  const connection = isLast ? 'close' : 'keep-alive'
  return `${method} ${target} HTTP/1.1\r\n${host}connection: ${connection}\r\n${lastLines}${framingLine(framing)}\r\n`
}

export const hasContent = (framing: RequestFraming): boolean =>
  framing === 'chunked' || (framing !== 'none' && framing.bytes > 0)

/** The headers to send. A request without content must not have `Expect: 100-continue` (RFC 9110 §10.1.1). */
function headersOf(attempt: Attempt, framing: RequestFraming): HeaderList {
  const headers = requestHeaders(attempt)
  if (hasContent(framing) || getHeader(headers, 'expect') === undefined) return headers
  return filterHeaders(headers, name => name !== 'expect')
}

function remember(headers: HeaderList): void {
  let lines = ''
  let hasHost = false
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const value = headers[i + 1] as string
    if (UNSAFE_TEXT.test(name) || UNSAFE_TEXT.test(value)) throw new UnsafeHead(`header ${JSON.stringify(name)}`)
    if (name === 'host') {
      hasHost = true
      lines = `host: ${value}\r\n${lines}`
    } else lines += `${name}: ${value}\r\n`
  }
  lastHeaders = headers
  lastLines = lines
  lastHasHost = hasHost
}

function framingLine(framing: RequestFraming): string {
  if (framing === 'none') return ''
  return framing === 'chunked' ? 'transfer-encoding: chunked\r\n' : `content-length: ${framing.bytes}\r\n`
}
