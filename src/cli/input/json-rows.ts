/** A line of JSON → the object that it is, or what is wrong with it. */
import { isPlain } from '../../config/kinds.ts'
import { reasonOf } from '../../core/callback.ts'

export function objectOf(text: string): Readonly<Record<string, unknown>> | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `expected one JSON object, got something else (${reasonOf(error)}).`
  }
  if (typeof value === 'string') return { url: value }
  return isPlain(value) ? value : 'expected a request such as {"url": "https://…"}, got another JSON value.'
}
