/** Reads the members of a page's value, which may be anything. */
import { digitsOf } from '../core/exact-json.ts'

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The own member at the end of the names; undefined if one of them is missing. */
export function memberAt(value: unknown, ...names: readonly string[]): unknown {
  let at = value
  for (const name of names) {
    if (!isRecord(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

/** Null, undefined, an empty string and false are how APIs say that there is no next page. */
export const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || value === false

/**
 * Text or bytes, which have no members: an error page in HTML, for example. An empty body is a page with nothing in it, as
 * after a 204.
 */
export const isUnstructured = (value: unknown): boolean =>
  typeof value === 'string' ? value !== '' : value instanceof Uint8Array && value.length > 0

/** The kind of a value, without any of it: `an object`. */
export function shapeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return 'a list'
  if (digitsOf(value) !== undefined) return 'a number'
  if (value instanceof Uint8Array) return 'bytes'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
