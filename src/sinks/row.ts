/** What all sinks share: the fields of an outcome as they are stored, and its value as text or bytes. */
import { isThenable, reasonOf } from '../core/callback.ts'
import type { ErrorBody } from '../core/error-body.ts'
import { RequestError } from '../core/error.ts'
import { shownHeader } from '../core/outcome.ts'
import type { Outcome, Timings } from '../core/outcome.ts'
import { problem } from '../core/problem.ts'
import type { Problem } from '../core/problem.ts'
import { RowError } from '../core/sink.ts'
import type { AttemptTimings, Try } from '../core/tries.ts'
import { printableUrl } from '../core/url.ts'

/** A value as it is stored. `'json'`: the text of a JSON value. `'none'`: no value. */
export type StoredValue =
  | { readonly kind: 'json' | 'text'; readonly content: string }
  | { readonly kind: 'bytes'; readonly content: Uint8Array }
  | { readonly kind: 'none'; readonly content: null }

const NOTHING: StoredValue = { kind: 'none', content: null }

/** The value of this outcome; with `returnType: 'response'`, the body. Throws a RowError. */
export function storedValueOf(value: unknown, outcome: Outcome, indent?: number): StoredValue {
  if (value === undefined) return NOTHING
  if (typeof value === 'string') return { kind: 'text', content: value }
  const bytes = bytesIn(value)
  if (bytes === undefined) return { kind: 'json', content: jsonOf(value, outcome, indent) }
  const text = isResponse(value) ? utf8Text(bytes) : undefined
  return text === undefined ? { kind: 'bytes', content: bytes } : { kind: 'text', content: text }
}

/** The value's bytes; undefined if it is not binary. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  return isResponse(value) ? value.bytes() : undefined
}

function isResponse(value: unknown): value is { bytes(): Uint8Array } {
  if (typeof value !== 'object' || value === null || !('bytes' in value && 'text' in value && 'status' in value)) {
    return false
  }
  return typeof value.bytes === 'function' && typeof value.text === 'function' && typeof value.status === 'number'
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return UTF8.decode(bytes)
  } catch {
    return undefined
  }
}

/** The JSON of `value`. Functions and symbols inside it are omitted, as JSON does. Throws a RowError. */
export function jsonOf(value: unknown, { index }: Outcome, indent?: number): string {
  let text: string | undefined
  let cause: unknown
  try {
    text = JSON.stringify(value, undefined, indent)
  } catch (error) {
    cause = error
  }
  if (text !== undefined) return text
  const what = cause instanceof Error ? cause.message.split('\n', 1)[0] : `a ${typeof value}`
  throw new RowError(index, notJson(`something else (${what})`), cause)
}

/** A value that JSON would leave out or refuse. */
export const notJson = (got: string): Problem => problem('value', 'what JSON can hold', got, 'Convert it in parseFunc.')

/** Bytes as base64, without copying them. */
export function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/** Removes secrets again: an outcome may have been made by hand. */
export function urlOf({ request }: Outcome): string {
  return printableUrl(request.url)
}

/** The URL that answered, if it is not the one that was asked: without secrets. */
export function finalUrlOf({ request, response }: Outcome): string | undefined {
  return response === undefined || response.url === request.url ? undefined : printableUrl(response.url)
}

/** Where the response points to: its `Location`, without secrets. */
export const locationOf = ({ response }: Outcome): string | undefined => response && shownHeader(response, 'location')

/** A column for each of these response headers. */
export const headerColumn = (name: string) => ({
  name,
  value: ({ response }: Outcome): string | undefined => response && shownHeader(response, name),
})

/** The body of a refused response, in the form of a line of JSON. An error that was made by hand may have one, too. */
export const errorBodyOf = ({ error }: Outcome): Partial<ErrorBody> | undefined =>
  error && RequestError.shownBody(error)

/** A key that is a URL is printed like one, without secrets. */
export function printableKey({ key }: Pick<Outcome, 'key'>): string | undefined {
  return key?.includes('://') === true ? printableUrl(key) : key
}

/**
 * The `id` that identifies the request in a table. Two keys may become equal when their secrets are redacted, so the
 * index is added to such a key. An outcome that was made by hand may have no id.
 */
export function requestIdOf(outcome: Pick<Outcome, 'id' | 'index' | 'key'>): string {
  const { index } = outcome
  const id: string | undefined = outcome.id
  return shownId(id ?? `#${index}`, outcome)
}

/** The id of the request, or for the row of an item of the page, in which it was found. */
export const parentIdOf = (outcome: Outcome): string | undefined =>
  outcome.parent === undefined ? undefined : shownId(outcome.parent, outcome)

/** The id without the secrets of its key; what was found in the request keeps what follows the key. */
function shownId(id: string, outcome: Pick<Outcome, 'index' | 'key'>): string {
  const { index, key } = outcome
  const shown = printableKey(outcome)
  if (shown === key) return id
  const rest = id.startsWith(`k:${key}`) ? /^(?:~\d+)?([/[].*)?$/s.exec(id.slice(`k:${key}`.length))?.[1] : undefined
  return `k:${shown}#${index}${rest ?? ''}`
}

/** Tenths of a millisecond: finer digits are noise. */
export function timingsToTenths(timings: Timings | AttemptTimings): Record<string, number> {
  const rounded: Record<string, number> = {}
  for (const part in timings) rounded[part] = toTenth((timings as Timings)[part as keyof Timings] as number)
  return rounded
}

export const toTenth = (ms: number): number => Math.round(ms * 10) / 10

export function triesToTenths(tries: readonly Try[] | undefined): object[] | undefined {
  return tries?.map(one => ({ ...one, delay: toTenth(one.delay), timings: timingsToTenths(one.timings) }))
}

/** Calls a user-defined column for this outcome. Throws a RowError if it throws or returns a promise. */
export function cellOf(name: string, value: (outcome: Outcome) => unknown, outcome: Outcome): unknown {
  let cell: unknown
  try {
    cell = value(outcome)
  } catch (error) {
    const threw = `an error from its function (${reasonOf(error)})`
    throw new RowError(outcome.index, problem(`column ${name}`, 'a value', threw, 'Fix the function.'), error)
  }
  if (!isThenable(cell)) return cell
  cell.then(undefined, () => {})
  throw new RowError(outcome.index, problem(`column ${name}`, 'a value', 'a promise', 'Await it in parseFunc.'))
}
