/**
 * Bytes → JSON value (RFC 8259), or the position at which they stop being JSON. Decodes UTF-8 or the declared charset,
 * because not all servers know that JSON is always UTF-8.
 */
import { jsonErrorPosition } from './json-position.ts'
import { decodeJson } from './text.ts'
import type { Call } from '../core/call.ts'
import { parseAnswer } from '../core/exact-json.ts'
import { MAX_JSON_DEPTH, isDeeperThan } from '../core/json-depth.ts'
import { printable, printableLines } from '../core/printable.ts'
import { fault } from '../core/result.ts'
import type { Fault, Reply } from '../core/result.ts'
import type { Words } from '../core/words.ts'

/** Statuses whose body may be empty without being a failure. */
const EMPTY_STATUSES: ReadonlySet<number> = new Set([201, 202, 204, 205, 304])
const PREFIX_LENGTH = 200

/** The request, and its trip, which collects warnings. */
type JsonCall = Pick<Call, 'method'> & Partial<Pick<Call, 'trip'>>

/** @param maxDepth the deepest allowed nesting: `maxJsonDepth` */
export function parseJson(reply: Reply, call: JsonCall, maxDepth = MAX_JSON_DEPTH): { value: unknown } | Fault {
  if (reply.body.byteLength === 0) return emptyBody(reply, call)
  const { text, warning } = decodeJson(reply)
  // A hook may have read the body and warned before.
  if (warning !== undefined && call.trip?.warnings?.includes(warning) !== true) call.trip?.warn(warning)
  try {
    const value = parseAnswer(text)
    return isDeeperThan(maxDepth, text) ? tooDeep(reply, maxDepth) : { value }
  } catch (error) {
    // V8 quotes the text in its message. Printing the cause would send control characters to a terminal.
    if (error instanceof Error) quietly(error)
    const at = jsonErrorPosition(text)
    const shown = JSON.stringify(text.slice(0, PREFIX_LENGTH))
    const message = `expected JSON, got something else at position ${at} (status ${reply.status}, ${reply.body.byteLength} bytes): ${shown}`
    return fault('parse/json', message, { sent: true, reply, cause: error })
  }
}

function quietly(error: Error): void {
  error.message = printable(error.message)
  if (error.stack !== undefined) error.stack = printableLines(error.stack)
}

export function tooDeep(reply: Reply, maxDepth: number): Fault {
  const found = `got more (status ${reply.status}, ${reply.body.byteLength} bytes)`
  const message: Words = [
    `expected JSON nested at most ${maxDepth} levels deep, ${found}. Raise `,
    { option: 'maxJsonDepth' },
    ' if that is intended',
  ]
  return fault('parse/too_deep', message, { sent: true, reply })
}

function emptyBody(reply: Reply, { method }: JsonCall): { value: null } | Fault {
  // QUERY is a GET whose query is in its body.
  if ((method !== 'GET' && method !== 'QUERY') || EMPTY_STATUSES.has(reply.status)) return { value: null }
  return fault('parse/empty', `expected JSON, got an empty body (status ${reply.status})`, { sent: true, reply })
}
