/**
 * Readers of options: an input value becomes a normal one, or a problem with subject, expectation, value and remedy.
 */
import { parseDuration } from '../core/duration.ts'
import { printable } from '../core/printable.ts'
import { problem } from '../core/problem.ts'
import type { Problem } from '../core/problem.ts'
import { joined } from '../core/words.ts'
import type { Words } from '../core/words.ts'
import { parseSize } from './size.ts'
import { printableUrl } from '../core/url.ts'
import { nearest } from './names.ts'

export { problem }

/** Returns the normal value, or adds to `problems` and returns undefined. */
export type Read<T> = (value: unknown, name: string, problems: Problem[]) => T | undefined

export function got(value: unknown): string {
  if (typeof value === 'string') {
    const shown = printableUrl(value)
    return printable(JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown))
  }
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return `an object (${className(value)})`
  return Array.isArray(value) || typeof value === 'function' ? kindOf(value) : String(value)
}

/** The type of a value, for options whose values may be secrets: it never shows any part of the value. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object') return `an object (${className(value)})`
  return `a ${typeof value}`
}

function className(value: object): string {
  const { constructor } = value
  // A generator has no constructor, but its tag says what it is.
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
  return typeof constructor === 'function' && constructor.name !== '' ? constructor.name : tag
}

/** The remedy of options that accept any number. */
const NO_LIMIT: Words = ['Use ', { value: Infinity }, ' for no limit.']

/** Reads with a type guard; `expected` completes "expected …". */
export function matching<T>(
  expected: Words,
  test: (value: unknown) => value is T,
  remedy: Words | ((value: unknown) => Words),
  show: (value: unknown) => string = got,
): Read<T> {
  return (value, name, problems) => {
    if (test(value)) return value
    problems.push(problem(name, expected, show(value), typeof remedy === 'function' ? remedy(value) : remedy))
    return undefined
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Whether the value is an object literal, of this realm or another. `Object.entries` of a Map, a Promise or
 * URLSearchParams is empty, so accepting one as a set of fields would silently drop the content.
 */
export const isPlain = (value: unknown): value is Record<string, unknown> => {
  if (!isRecord(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** The remedy that tells how to make a plain object of the value. */
export function plainRemedy(value: unknown): string {
  if (value instanceof Promise) return 'Await it first.'
  if (isRecord(value) && Symbol.iterator in value) return 'Use Object.fromEntries(…) to make one of it.'
  return 'Write it as { name: value }.'
}

/** Adds a problem for the first field that is none of these. */
export function checkFields(value: object, allowed: readonly string[], name: string, problems: Problem[]): void {
  const unknown = Object.keys(value).find(field => !allowed.includes(field))
  if (unknown === undefined) return
  const near = nearest(unknown, allowed)
  const remedy = near === undefined ? `It has ${allowed.join(', ')}.` : `Did you mean '${near}'?`
  problems.push(problem(`${name}.${unknown}`, `a field of ${name}`, 'an unknown one', remedy))
}

export const bool = matching('true or false', value => typeof value === 'boolean', [
  { inCode: 'Write it without quotes.' },
])
export const func = matching(
  'a function',
  value => typeof value === 'function',
  'Give the function itself, not its result.',
)

export function oneOf<const T extends string>(names: readonly T[]): Read<T> {
  const list = names.map(name => `'${name}'`).join(', ')
  return matching(
    `one of ${list}`,
    (value): value is T => names.includes(value as T),
    value => {
      const near = typeof value === 'string' ? nearest(value, names) : undefined
      return near === undefined ? ['Write one of them', { inCode: ' as a string' }, '.'] : `Did you mean '${near}'?`
    },
  )
}

const unquoteRemedy = (value: unknown): Words =>
  typeof value === 'string' && Number.isFinite(Number(value)) ? [{ inCode: 'Write it without quotes. ' }] : ''

/** An integer, or Infinity if `infinite` is set. */
export function count(min: number, remedy: Words = NO_LIMIT, infinite = true): Read<number> {
  return matching(
    `an integer ≥ ${min}`,
    (value): value is number =>
      (value === Infinity && infinite) || (Number.isInteger(value) && (value as number) >= min),
    value => joined(unquoteRemedy(value), remedy),
  )
}

/** A list; the problem names its first wrong entry. `filled` refuses an empty one. */
export function listOf<T>(
  expected: string,
  test: (value: unknown) => value is T,
  remedy: string,
  { filled = false, show = got } = {},
): Read<readonly T[]> {
  const list = `an array of ${expected}`
  return (value, name, problems) => {
    if (!Array.isArray(value)) {
      problems.push(problem(name, list, show(value), test(value) ? 'Wrap it in an array.' : remedy))
      return undefined
    }
    if (filled && value.length === 0) {
      problems.push(problem(name, `${list} that is not empty`, 'an empty one', 'Leave it out for the default.'))
      return undefined
    }
    const wrong = value.findIndex(item => !test(item))
    if (wrong === -1) return value as T[]
    problems.push(problem(`${name}[${wrong}]`, `an entry in ${list}`, show(value[wrong]), remedy))
    return undefined
  }
}

/** Reads a duration as milliseconds. `shortest` catches seconds that were written as a bare number. */
export function duration({ zero = false, shortest = 0 } = {}): Read<number> {
  const bound = zero ? '≥ 0' : '> 0'
  return (value, name, problems) => {
    const ms = typeof value === 'string' ? parseDuration(value) : value
    if (typeof ms !== 'number' || Number.isNaN(ms)) {
      const bare = typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value)
      const remedy = bare
        ? `Write '${value}s' or '${value}ms'.`
        : 'Write a number of milliseconds, or one with ms, s, m, h or d.'
      problems.push(problem(name, "a duration such as '10s' or '500ms'", got(value), remedy))
      return undefined
    }
    if (ms < 0 || (ms === 0 && !zero)) {
      const remedy = zero ? 'Use 0 for none.' : NO_LIMIT
      problems.push(problem(name, `a duration ${bound}`, got(value), remedy))
      return undefined
    }
    if (typeof value === 'number' && ms > 0 && ms < shortest) {
      const expected = `at least ${shortest} when given as a number, since numbers are milliseconds`
      problems.push(problem(name, expected, String(ms), `Write '${ms}s' or '${ms}ms'.`))
      return undefined
    }
    return ms
  }
}

/** Bytes. */
export const size: Read<number> = (value, name, problems) => {
  const bytes = typeof value === 'string' ? parseSize(value) : value
  const whole = bytes === Infinity || (Number.isInteger(bytes) && (bytes as number) > 0)
  if (whole) return bytes as number
  problems.push(problem(name, "a size such as '64MiB' or a number of bytes > 0", got(value), NO_LIMIT))
  return undefined
}

/** Bytes, or 0 for none. */
export const sizeOrNone: Read<number> = (value, name, problems) =>
  value === 0 || (typeof value === 'string' && parseSize(value) === 0) ? 0 : size(value, name, problems)

type Readers = Readonly<Record<string, Read<unknown>>>

/** A reader of an object that tells the readers of its fields: a flag of the command line sets one field alone. */
export interface ReadFields<T> extends Read<T> {
  readonly fields: Readers
}

export const withFields = <T>(readers: Readers, read: Read<T>): ReadFields<T> =>
  Object.assign(read, { fields: readers })

/** The readers of a reader's fields; empty if it does not read an object with known fields. */
export const fieldsIn = (read: Read<unknown>): Readers => (read as Partial<ReadFields<unknown>>).fields ?? {}

/** An object with known fields, each read by its own reader; unknown ones are problems. */
export function fields<R extends Readers>(
  readers: R,
  show: (value: unknown) => string = got,
): ReadFields<{ readonly [name in keyof R]?: NonNullable<ReturnType<R[name]>> }> {
  const known = Object.keys(readers)
  return withFields(readers, (value, name, problems) => {
    if (!isPlain(value)) {
      problems.push(problem(name, `an object with ${known.join(', ')}`, show(value), plainRemedy(value)))
      return undefined
    }
    const read: Record<string, unknown> = {}
    for (const [field, given] of Object.entries(value)) {
      const reader = Object.hasOwn(readers, field) ? readers[field] : undefined
      if (reader === undefined) {
        const near = nearest(field, known)
        const remedy = near === undefined ? 'Leave it out.' : `Did you mean '${near}'?`
        problems.push(problem(`${name}.${field}`, `one of ${known.join(', ')}`, 'an unknown name', remedy))
      } else if (given !== undefined) {
        read[field] = reader(given, `${name}.${field}`, problems)
      }
    }
    return read as { [K in keyof R]?: NonNullable<ReturnType<R[K]>> }
  })
}

/** One value, or an array of them. */
export function orList<A, B>(one: Read<A>, list: Read<B>): Read<A | B> {
  return (value, name, problems) => (Array.isArray(value) ? list : one)(value, name, problems)
}

/** The value of the first reader that accepts it; otherwise the problems of the last one. */
export function either<A, B>(first: Read<A>, second: Read<B>): Read<A | B> {
  return withFields<A | B>({ ...fieldsIn(first), ...fieldsIn(second) }, (value, name, problems) => {
    const unread: Problem[] = []
    const read = first(value, name, unread)
    return unread.length === 0 ? read : second(value, name, problems)
  })
}
