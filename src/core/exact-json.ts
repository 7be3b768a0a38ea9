/**
 * JSON whose numbers are more than a double holds. `12345678901234567890` is read as JSON.rawJSON, which
 * JSON.stringify writes as it came (TC39, JSON.parse source text access). A text without such numbers costs one look.
 */

/** What stands for a number: JSON.stringify writes its text. */
export interface RawNumber {
  readonly rawJSON: string
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

const parse = JSON.parse as (text: string, reviver?: Reviver) => unknown
const { rawJSON, isRawJSON } = JSON as unknown as {
  readonly rawJSON: (text: string) => RawNumber
  readonly isRawJSON: (value: unknown) => value is RawNumber
}

/** What a double writes in other letters: more digits than it has, an exponent, a zero at the end, a minus zero. */
const UNLIKE_DOUBLE = /\d[\d.]{15}|\d\.(?:\d*0(?!\d)|0{6})|\d[eE][+-]?\d|-0(?![.\d])/
/**
 * What a double may round. The first is fast, since it skips 15 letters at a time, and mostly enough; the second leaves out
 * fractions, and most of what stands in texts: a parse with a reviver takes fifteen times as long.
 */
const MANY_DIGITS = /\d{16}/
const LONG_INTEGER = /(?<=^|[:,[\s-])\d{16}/

export const mayBeUnlikeDouble = (text: string): boolean => UNLIKE_DOUBLE.test(text)

/** For what is sent on: every number as it was written. */
export function parseAsWritten(text: string): unknown {
  return UNLIKE_DOUBLE.test(text) ? parse(text, asWritten) : parse(text)
}

const asWritten: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && String(value) !== source ? rawJSON(source) : value

let parseText: (text: string) => unknown = parse

/** JSON of an answer, or of a line of the run file. */
export const parseAnswer = (text: string): unknown => parseText(text)

let kept = false

/**
 * From now on answers of this process keep the integers that a double would round. For the command line, which passes
 * values on; who computes with them wants numbers.
 */
export function keepIntegers(): void {
  parseText = text => (MANY_DIGITS.test(text) && LONG_INTEGER.test(text) ? parseDeep(text) : parse(text))
}

/** What is nested deeper than a reviver goes has its integers rounded rather than failing. */
function parseDeep(text: string): unknown {
  try {
    return parse(text, withIntegers)
  } catch (error) {
    if (error instanceof RangeError) return parse(text)
    throw error
  }
}

const withIntegers: Reviver = (_key, value, { source }) => {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  // What a double holds is not what it writes: 2 ** 63 it writes as 9223372036854776000.
  if (!/^-?\d+$/.test(source) || String(value) === source) return value
  kept = true
  return rawJSON(source)
}

/** The digits of a kept number; undefined for any other value. */
export const digitsOf = (value: unknown): string | undefined => (isRawJSON(value) ? value.rawJSON : undefined)

/** With doubles in their place, for what computes. The same value where none was kept. */
export function asDoubles(value: unknown): unknown {
  return kept ? mapRaw(value, Number) : value
}

/** With these in the place of kept numbers, as deep as they are. */
export function mapRaw(value: unknown, of: (text: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (isRawJSON(value)) return of(value.rawJSON)
  if (Array.isArray(value)) return value.map(item => mapRaw(item, of))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapRaw(item, of)]))
}
