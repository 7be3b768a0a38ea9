/**
 * How the end of a response's body is marked (RFC 9112 §6.3), decided from its head alone. Ambiguous heads are refused:
 * a length given twice, a length together with a transfer coding, a coding other than `chunked` (§6.1, §11.2).
 */
import { wireProblem } from './problem.ts'
import type { WireProblem } from './problem.ts'
import type { Version } from './status-line.ts'
import type { HeaderList } from '../../core/headers.ts'

export type Framing =
  /** No body: HEAD, 1xx, 204 and 304, whatever the fields say. */
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  /** The body ends with the connection. */
  | { readonly kind: 'close' }

const NO_BODY: Framing = { kind: 'none' }
const CHUNKED: Framing = { kind: 'chunked' }
const UNTIL_CLOSE: Framing = { kind: 'close' }

export function framingOf(
  method: string,
  status: number,
  version: Version,
  headers: HeaderList,
): Framing | WireProblem {
  let length: string | undefined
  let coding: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1] as string
    if (headers[i] === 'content-length') {
      if (length !== undefined) return oneLength(`${length} and ${value}`)
      length = value
    } else if (headers[i] === 'transfer-encoding') coding = coding === undefined ? value : `${coding}, ${value}`
  }
  if (length !== undefined && !isLength(length)) return oneLength(length)
  if (coding !== undefined) {
    if (length !== undefined) {
      return wireProblem('protocol/content_length', 'expected a content-length or a transfer-encoding, got both')
    }
    if (version === 10) {
      return wireProblem('protocol/transfer_encoding', 'expected no transfer-encoding in HTTP/1.0, got one')
    }
    if (coding.toLowerCase() !== 'chunked') {
      return wireProblem(
        'protocol/transfer_encoding',
        `expected the transfer encoding chunked, got ${shownValue(coding)}`,
      )
    }
  }
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return NO_BODY
  if (coding !== undefined) return CHUNKED
  return length === undefined ? UNTIL_CLOSE : { kind: 'length', bytes: Number(length) }
}

/** RFC 9110 §8.6: digits only. A number does not represent every value of sixteen digits exactly. */
const isLength = (value: string): boolean => /^\d{1,15}$/.test(value)

const oneLength = (got: string): WireProblem =>
  wireProblem('protocol/content_length', `expected one content-length of digits, got ${shownValue(got)}`)

const shownValue = (text: string): string => JSON.stringify(text.slice(0, 80))
