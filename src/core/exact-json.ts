/**
 * JSON with numbers that a double cannot hold. `12345678901234567890` is read as JSON.rawJSON, which JSON.stringify
 * writes unchanged (TC39, JSON.parse source text access). A text without such numbers costs one regular expression.
 */

/** Stands for a number: JSON.stringify writes its text. */
export interface RawNumber {
  readonly rawJSON: string
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

const parseWithReviver = JSON.parse as (text: string, reviver?: Reviver) => unknown
const { rawJSON, isRawJSON } = JSON as unknown as {
  readonly rawJSON: (text: string) => RawNumber
  readonly isRawJSON: (value: unknown) => value is RawNumber
}

/** Numbers that a double writes differently: too many digits, an exponent, a trailing zero, minus zero. */
const UNLIKE_DOUBLE = /\d[\d.]{15}|\d\.(?:\d*0(?!\d)|0{6})|\d[eE][+-]?\d|-0(?![.\d])/
/**
 * Numbers that a double may round. MANY_DIGITS is a fast first filter, which usually decides. LONG_INTEGER excludes
 * fractions and most digits inside strings, because a parse with a reviver takes fifteen times as long.
 */
const MANY_DIGITS = /\d{16}/
const LONG_INTEGER = /(?<=^|[:,[\s-])\d{16}/

export const mayBeUnlikeDouble = (text: string): boolean => UNLIKE_DOUBLE.test(text)

/** Keeps every number as it was written. For values that are sent on. */
export function parseAsWritten(text: string): unknown {
  return UNLIKE_DOUBLE.test(text) ? parseWithReviver(text, asWritten) : parseWithReviver(text)
}

const asWritten: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value

let parseText: (text: string) => unknown = parseWithReviver

/** Parses the JSON of a response, or of a line of the run file. */
export const parseAnswer = (text: string): unknown => parseText(text)

let kept = false

/**
 * From now on, `parseAnswer` keeps integers that a double would round. Only the command line calls this, because it
 * passes values on unchanged; a program that computes with them needs numbers.
 */
export function keepIntegers(): void {
  parseText = text => (MANY_DIGITS.test(text) && LONG_INTEGER.test(text) ? parseDeep(text) : parseWithReviver(text))
}

/** A reviver is recursive and overflows the stack on deep JSON. Such a text is parsed with rounded integers instead. */
function parseDeep(text: string): unknown {
  try {
    return parseWithReviver(text, withIntegers)
  } catch (error) {
    if (error instanceof RangeError) return parseWithReviver(text)
    throw error
  }
}

const withIntegers: Reviver = (_key, value, { source }) => {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  // A double may hold a number exactly and still write it differently: 2 ** 63 is written as 9223372036854776000.
  if (!/^-?\d+$/.test(source) || String(value) === source) return value
  kept = true
  return rawJSON(source)
}

/** The digits of a kept number; undefined for any other value. */
export const digitsOf = (value: unknown): string | undefined => (isRawJSON(value) ? value.rawJSON : undefined)

/** Replaces kept numbers by doubles, for code that computes. Returns the same value if none was kept. */
export function asDoubles(value: unknown): unknown {
  return kept ? mapRaw(value, Number) : value
}

/** Replaces kept numbers at any depth by the result of `of`. */
export function mapRaw(value: unknown, of: (text: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (isRawJSON(value)) return of(value.rawJSON)
  if (Array.isArray(value)) return value.map(item => mapRaw(item, of))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapRaw(item, of)]))
}
