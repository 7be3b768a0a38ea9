/**
 * The status line of a response (RFC 9112 §4). Strict, except for two parts that real servers omit: the reason phrase,
 * and the space before it.
 */
import { CR, IS_TEXT, LF, SP } from './bytes.ts'
import { wireProblem } from './problem.ts'
import type { WireProblem } from './problem.ts'

export interface StatusLine {
  /** The minor version of HTTP/1.x: 0 or 1. */
  readonly minor: number
  readonly status: number
  readonly reason: string
}

const PREFIX = Buffer.from('HTTP/')
/** Length of `HTTP/1.1 200`. */
const FIXED_BYTES = 12
const NOT_HTTP = wireProblem('protocol/not_http', 'the server speaks another protocol')
const HTTP_0_9 = wireProblem(
  'protocol/version',
  'the server answered in HTTP/0.9, which cannot be told from half an answer',
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
  const line = bytes.toString('latin1', from, Math.min(end, from + 80))
  const version = /^HTTP\/(\d)\.(\d) /.exec(line)
  if (version === null) return wireProblem('protocol/version', `expected HTTP/1.1 or HTTP/1.0, got ${shown(line)}`)
  const [, major, minor] = version
  if (major === '0') return HTTP_0_9
  if (major !== '1' || (minor !== '0' && minor !== '1')) {
    return wireProblem('protocol/version', `expected HTTP/1.1 or HTTP/1.0, got HTTP/${major}.${minor}`)
  }
  const digits = line.slice(9, FIXED_BYTES)
  const next = end - from === FIXED_BYTES ? SP : bytes[from + FIXED_BYTES]
  if (!/^\d{3}$/.test(digits) || next !== SP || Number(digits) < 100) {
    return wireProblem('protocol/status', `expected a status from 100 to 999, got ${shown(line.slice(9))}`)
  }
  return {
    minor: Number(minor),
    status: Number(digits),
    reason: end - from <= FIXED_BYTES + 1 ? '' : bytes.toString('latin1', from + FIXED_BYTES + 1, end),
  }
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 40))

/** Index of the CR that ends the line; `end` if it has not arrived yet; or why the line is refused. */
export function endOfLine(bytes: Buffer, from: number, end: number): number | WireProblem {
  let at = from
  while (at < end && IS_TEXT[bytes[at] as number] === 1) at++
  if (at === end || bytes[at] === CR) return at
  const what = bytes[at] === LF ? 'a line feed without a carriage return' : 'a control character'
  return wireProblem('protocol/malformed_head', `the status line of the response has ${what}`)
}
