/** Parses a line of JSON to an object, or to a sentence that says what is wrong. */
import { isPlain } from '../../config/kinds.ts'
import { mapRaw, mayBeUnlikeDouble, parseAsWritten } from '../../core/exact-json.ts'
import { reasonOf } from '../../core/callback.ts'

/** The position in the reason of the parser, which always says line 1. The message gives the line of the file instead. */
const ITS_LINE = / \(line \d+ column \d+\)$/

export function objectOf(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown
  try {
    value = parseAsWritten(text)
  } catch (error) {
    return `expected one JSON object, got something else (${reasonOf(error).replace(ITS_LINE, '')}).`
  }
  if (typeof value === 'string') return { url: value }
  return isPlain(value) ? value : 'expected a request such as {"url": "https://…"}, got another JSON value.'
}

/** Fields whose numbers are sent as text. */
const TEXTS: ReadonlySet<string> = new Set(['params', 'form', 'headers', 'key', 'body', 'multipart'])

/** Reads a line as a request. Numbers that are sent keep their digits; numbers that are settings become doubles. */
export function asRequest(read: Readonly<Record<string, unknown>>, text: string): Readonly<Record<string, unknown>> {
  if (!mayBeUnlikeDouble(text)) return read
  return Object.fromEntries(
    Object.entries(read).map(([name, value]) => [
      name,
      name === 'json' ? value : mapRaw(value, TEXTS.has(name) ? String : Number),
    ]),
  )
}
