/**
 * The status line of a response (RFC 9112 §4). Strict, except for two parts that real servers omit: the reason phrase,
 * and the space before it.
 */
import { IS_TEXT } from './bytes.ts'
import { CR, LF, SP } from '../../core/ascii.ts'
import { wireProblem } from './problem.ts'
import type { WireProblem } from './problem.ts'

/** HTTP/1.0, HTTP/1.1, and HTTP/2.0, which some servers write over HTTP/1.1. */
export type Version = 10 | 11 | 20

export interface StatusLine {
  readonly version: Version
  readonly status: number
  readonly reason: string
}

const PREFIX = Buffer.from('HTTP/')
/** Where the status begins, behind `HTTP/1.1 `. */
const STATUS_AT = 9
const NOT_HTTP = wireProblem('protocol/not_http', 'the server speaks another protocol')
const HTTP_0_9 = wireProblem(
  'protocol/version',
  'the server answered in HTTP/0.9, which cannot be distinguished from an incomplete response',
)

/**
 * Why the first bytes cannot begin a status line, as far as they have arrived. Other protocols differ in their first
 * byte.
 */
export function prefixProblem(bytes: Buffer, from: number, end: number): WireProblem | undefined {
  const length = Math.min(PREFIX.byteLength, end - from)
  for (let i = 0; i < length; i++) {
    if (bytes[from + i] === PREFIX[i]) continue
    // An HTML document without a head.
    return i === 0 && bytes[from] === 0x3c ? HTTP_0_9 : NOT_HTTP
  }
  return undefined
}

/** Parses the line from `from` to `end`, where its CR LF begins. */
export function readStatusLine(bytes: Buffer, from: number, end: number): StatusLine | WireProblem {
  const wrong = prefixProblem(bytes, from, end)
  if (wrong !== undefined) return wrong
  const version = versionAt(bytes, from)
  if (version === undefined) {
    const line = bytes.toString('latin1', from, end)
    return line.startsWith('HTTP/0.')
      ? HTTP_0_9
      : wireProblem('protocol/version', `expected HTTP/1.1 or HTTP/1.0, got ${shownLine(line)}`)
  }
  const status = statusAt(bytes, from + STATUS_AT, end)
  if (status === -1) {
    const got = shownLine(bytes.toString('latin1', from + STATUS_AT, end))
    return wireProblem('protocol/status', `expected a status from 100 to 999, got ${got}`)
  }
  const reasonAt = from + STATUS_AT + 4
  return { version, status, reason: reasonAt >= end ? '' : reasonIn(bytes, reasonAt, end) }
}

const ZERO = 0x30
const DOT = 0x2e

function versionAt(bytes: Buffer, from: number): Version | undefined {
  if (bytes[from + 6] !== DOT || bytes[from + 8] !== SP) return undefined
  const minor = (bytes[from + 7] as number) - ZERO
  switch ((bytes[from + 5] as number) - ZERO) {
    case 1:
      return minor === 1 ? 11 : minor === 0 ? 10 : undefined
    case 2:
      return minor === 0 ? 20 : undefined
    default:
      return undefined
  }
}

/** The status, if three digits end here or a space follows them; otherwise -1. */
function statusAt(bytes: Buffer, at: number, end: number): number {
  if (end - at < 3 || (end - at > 3 && bytes[at + 3] !== SP)) return -1
  let status = 0
  for (let i = at; i < at + 3; i++) {
    const digit = (bytes[i] as number) - ZERO
    if (digit < 0 || digit > 9) return -1
    status = status * 10 + digit
  }
  return status < 100 ? -1 : status
}

/** The reason phrase. `OK` is a constant, so that most responses need no new string. */
function reasonIn(bytes: Buffer, at: number, end: number): string {
  return end - at === 2 && bytes[at] === 0x4f && bytes[at + 1] === 0x4b ? 'OK' : bytes.toString('latin1', at, end)
}

const shownLine = (text: string): string => JSON.stringify(text.slice(0, 40))

/** Index of the CR that ends the line; `end` if it has not arrived yet; or why the line is refused. */
export function endOfLine(bytes: Buffer, from: number, end: number): number | WireProblem {
  let at = from
  while (at < end && IS_TEXT[bytes[at] as number] === 1) at++
  if (at === end || bytes[at] === CR) return at
  const what = bytes[at] === LF ? 'a line feed without a carriage return' : 'a control character'
  return wireProblem('protocol/malformed_head', `the status line of the response has ${what}`)
}
