/** How the values of flags are read: texts of a command line or the environment, and bare ones of a configuration file. */
import { count, duration, got, problem, size } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { isMethod } from '../config/options.ts'
import { rates } from '../config/rate-input.ts'

/** Of the environment and a configuration file it is text. */
export const switched: Read<boolean> = (value, name, problems) => {
  if (value === true || value === 'true' || value === '1') return true
  if (value === false || value === 'false' || value === '0') return false
  problems.push(problem(name, 'true or false', got(value), ''))
  return undefined
}

export const text: Read<string> = (value, name, problems) => {
  if (typeof value === 'string' && value !== '') return value
  problems.push(problem(name, 'a text that is not empty', got(value), ''))
  return undefined
}

/** Numbers are text on a command line, and bare in a configuration file. */
export const number =
  (read: Read<number>): Read<number> =>
  (value, name, problems) =>
    read(typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : infinite(value), name, problems)

const infinite = (value: unknown): unknown => (value === 'Infinity' || value === 'none' ? Infinity : value)

/** A unit is required here: a bare number is refused by the reader of texts. */
const withUnit =
  <T>(read: Read<T>): Read<T> =>
  (value, name, problems) =>
    read(infinite(typeof value === 'number' ? String(value) : value), name, problems)

export const rate = withUnit(rates)
export const time = withUnit(duration())
export const timeOrZero = withUnit(duration({ zero: true }))
export const bytes = withUnit(size)

export const concurrency: Read<number | 'auto'> = (value, name, problems) =>
  value === 'auto' ? value : number(count(1))(value, name, problems)

export const method: Read<string> = (value, name, problems) => {
  if (isMethod(value)) return value.toUpperCase()
  problems.push(problem(name, 'a method of HTTP other than CONNECT', got(value), "Write it as 'GET' or 'POST'."))
  return undefined
}

/** `404`, or `2xx` for all that begin with 2. */
export const statuses: Read<readonly string[]> = (value, name, problems) => {
  const given = typeof value === 'number' ? String(value) : value
  const list = typeof given === 'string' ? given.split(',').map(status => status.trim().toLowerCase()) : []
  if (list.length > 0 && list.every(status => /^[1-9](?:xx|\d\d)$/.test(status))) return list
  problems.push(problem(name, "statuses such as '200,404' or '2xx'", got(value), 'Put commas between them.'))
  return undefined
}

/** `name: value`, or `@file` with one per line. */
export const header: Read<string> = (value, name, problems) => {
  if (typeof value === 'string' && (value.startsWith('@') || /^[^\s:]+:/.test(value))) return value
  problems.push(problem(name, "'name: value' or '@file'", 'something else', "Write it as 'accept: text/csv'."))
  return undefined
}

export const pair: Read<readonly [string, string]> = (value, name, problems) => {
  const at = typeof value === 'string' ? value.indexOf('=') : -1
  if (at > 0) return [(value as string).slice(0, at), (value as string).slice(at + 1)]
  problems.push(problem(name, "'name=value'", typeof value === 'string' ? 'something else' : got(value), ''))
  return undefined
}
