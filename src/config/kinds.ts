/**
 * How one option is read: a loose value in, a normal one out, or a sentence on what is wrong.
 *
 * Every sentence has the same four parts: subject, expectation, value, remedy.
 */
import { parseDuration } from '../core/duration.ts'
import { parseRate, wholeRate } from '../core/rate.ts'
import type { Rate } from '../core/rate.ts'
import { parseSize } from '../core/size.ts'

/** Answers with the normal value, or adds to `problems` and answers undefined. */
export type Read<T> = (value: unknown, name: string, problems: string[]) => T | undefined

export function got(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return `an object (${value.constructor?.name ?? 'no class'})`
  return String(value)
}

/** Reads with a type guard; `expected` completes "expected …". */
export function matching<T>(expected: string, test: (value: unknown) => value is T, remedy = ''): Read<T> {
  return (value, name, problems) => {
    if (test(value)) return value
    problems.push(`${name}: expected ${expected}, got ${got(value)}.${remedy && ` ${remedy}`}`)
    return undefined
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const bool = matching('true or false', value => typeof value === 'boolean')
export const text = matching('a string', value => typeof value === 'string')
export const func = matching('a function', value => typeof value === 'function')

export function oneOf<const T extends string>(names: readonly T[]): Read<T> {
  const list = names.map(name => `'${name}'`).join(', ')
  return matching(`one of ${list}`, (value): value is T => names.includes(value as T))
}

export function count(min: number, remedy = 'Use Infinity for no limit.'): Read<number> {
  return matching(
    `an integer ≥ ${min}`,
    (value): value is number => value === Infinity || (Number.isInteger(value) && (value as number) >= min),
    remedy,
  )
}

export function listOf<T>(expected: string, test: (value: unknown) => value is T): Read<readonly T[]> {
  return matching(`an array of ${expected}`, (value): value is T[] => Array.isArray(value) && value.every(test))
}

/** Milliseconds. `shortest` guards against seconds written as a bare number. */
export function duration({ zero = false, shortest = 0 } = {}): Read<number> {
  return (value, name, problems) => {
    const ms = typeof value === 'string' ? parseDuration(value) : value
    if (typeof ms !== 'number' || Number.isNaN(ms)) {
      problems.push(`${name}: expected a duration such as '10s' or '500ms', got ${got(value)}.`)
      return undefined
    }
    if (ms < 0 || (ms === 0 && !zero)) {
      const remedy = zero ? '' : ' Use Infinity for no limit.'
      problems.push(`${name}: expected a duration ${zero ? '≥ 0' : '> 0'}, got ${got(value)}.${remedy}`)
      return undefined
    }
    if (typeof value === 'number' && ms > 0 && ms < shortest) {
      problems.push(
        `${name}: expected at least ${shortest} when given as a number, since numbers are milliseconds, got ${ms}. Write '${ms}s' or '${ms}ms'.`,
      )
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
  problems.push(
    `${name}: expected a size such as '64MiB' or a number of bytes > 0, got ${got(value)}. Use Infinity for no limit.`,
  )
  return undefined
}

const RATE_FORMS = `expected a rate such as 10 (per second), '100/m' or { limit: 100, interval: '1m' }`

/** A rate whose burst may still be open: the option `rateLimitBurst` or the default decides then. */
export type ReadRate = Omit<Rate, 'burst'> & { readonly burst: number | undefined }

function rate(value: unknown, name: string, problems: string[]): ReadRate | undefined {
  const parts = rateParts(value)
  if (parts === undefined) {
    const remedy =
      value === 0 || value === Infinity
        ? 'Leave it out for no limit.'
        : 'The limit is a whole number > 0 (or one below 1); the interval has a unit.'
    problems.push(`${name}: ${RATE_FORMS}, got ${got(value)}. ${remedy}`)
    return undefined
  }
  const burst = isRecord(value) ? value.burst : undefined
  if (burst === undefined) return { ...parts, burst }
  if (Number.isInteger(burst) && (burst as number) >= 1 && (burst as number) <= parts.limit) {
    return { ...parts, burst: burst as number }
  }
  problems.push(`${name}.burst: expected an integer from 1 to the limit (${parts.limit}), got ${got(burst)}.`)
  return undefined
}

function rateParts(value: unknown): { limit: number; intervalMs: number } | undefined {
  if (typeof value === 'number') return wholeRate(value, 1_000)
  if (typeof value === 'string') return parseRate(value)
  if (!isRecord(value) || typeof value.limit !== 'number') return undefined
  const intervalMs = typeof value.interval === 'string' ? parseDuration(value.interval) : value.interval
  if (typeof intervalMs !== 'number' || !(intervalMs > 0) || !Number.isFinite(intervalMs)) return undefined
  return wholeRate(value.limit, intervalMs)
}

/** One rate or several that hold at once. */
export const rates: Read<readonly ReadRate[]> = (value, name, problems) => {
  if (!Array.isArray(value)) {
    const one = rate(value, name, problems)
    return one && [one]
  }
  const all = value.map((item, index) => rate(item, `${name}[${index}]`, problems))
  return all.every(item => item !== undefined) ? all : undefined
}

/** An object with known fields, each read by its own reader; unknown ones are problems. */
export function fields<R extends Record<string, Read<unknown>>>(
  readers: R,
): Read<{ readonly [name in keyof R]?: NonNullable<ReturnType<R[name]>> }> {
  return (value, name, problems) => {
    if (!isRecord(value)) {
      problems.push(`${name}: expected an object with ${Object.keys(readers).join(', ')}, got ${got(value)}.`)
      return undefined
    }
    const read: Record<string, unknown> = {}
    for (const [field, given] of Object.entries(value)) {
      const reader = Object.hasOwn(readers, field) ? readers[field] : undefined
      if (reader === undefined) {
        problems.push(`${name}.${field}: expected one of ${Object.keys(readers).join(', ')}, got an unknown name.`)
      } else if (given !== undefined) {
        read[field] = reader(given, `${name}.${field}`, problems)
      }
    }
    return read as { [K in keyof R]?: NonNullable<ReturnType<R[K]>> }
  }
}

/** The first reader that fits; the problems of the last one otherwise. */
export function either<A, B>(first: Read<A>, second: Read<B>): Read<A | B> {
  return (value, name, problems) => {
    const unread: string[] = []
    const read = first(value, name, unread)
    return unread.length === 0 ? read : second(value, name, problems)
  }
}
