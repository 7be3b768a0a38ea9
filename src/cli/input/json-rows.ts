/** A line of JSON → the object that it is, or what is wrong with it. */
import { isPlain } from '../../config/kinds.ts'
import { mapRaw, mayBeUnlikeDouble, parseAsWritten } from '../../core/exact-json.ts'
import { reasonOf } from '../../core/callback.ts'

/** It is line 1 always, beside the line of the file. */
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

/** Fields whose numbers end up as text. */
const TEXTS: ReadonlySet<string> = new Set(['params', 'form', 'headers', 'key', 'body', 'multipart'])

/** A line that is a request: numbers are sent as they were written, and those that are settings are numbers. */
export function asRequest(read: Readonly<Record<string, unknown>>, text: string): Readonly<Record<string, unknown>> {
  if (!mayBeUnlikeDouble(text)) return read
  return Object.fromEntries(
    Object.entries(read).map(([name, value]) => [
      name,
      name === 'json' ? value : mapRaw(value, TEXTS.has(name) ? String : Number),
    ]),
  )
}
