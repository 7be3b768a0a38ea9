/**
 * Read the values of flags. A value is text if it comes from the command line or the environment, and may be a number or
 * boolean if it comes from the configuration file.
 */
import { count, duration, got, matching, problem, size } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { isMethod } from '../config/options/bodies.ts'
import { rates } from '../config/rate-input.ts'
import type { ReadRate } from '../config/rate-input.ts'
import { readChecksum } from '../config/options/files.ts'
import { parseSize } from '../config/size.ts'

/** A switch. On the command line it has no value; elsewhere it is a boolean or its text. */
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

/** A number is text on the command line and a number in the configuration file. */
export const number =
  (read: Read<number>): Read<number> =>
  (value, name, problems) =>
    read(typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : infinite(value), name, problems)

const infinite = (value: unknown): unknown => (value === 'Infinity' || value === 'none' ? Infinity : value)

/** Requires a unit: a number becomes text, and the reader refuses text without a unit. */
const withUnit =
  <T>(read: Read<T>): Read<T> =>
  (value, name, problems) =>
    read(infinite(typeof value === 'number' ? String(value) : value), name, problems)

/**
 * Like `withUnit`, with its own message. @param expected the expectation, with examples @param unit the unit to suggest
 * for a bare number
 */
const said =
  <T>(read: Read<T>, expected: string, unit: string, remedy: string): Read<T> =>
  (value, name, problems) => {
    const wrong: string[] = []
    const result = withUnit(read)(value, name, wrong)
    const isBare = /^\d+(?:\.\d+)?$/.test(String(value)) && Number(value) > 0
    if (wrong.length > 0) {
      problems.push(problem(name, expected, got(value), isBare ? `Did you mean '${String(value)}${unit}'?` : remedy))
    }
    return result
  }

export const rate = said(
  rates,
  "a rate such as '10/s', '100/m' or '1/5s'",
  '/s',
  'Write a whole number, a slash and the time. Leave it out for no limit.',
)
export const time = withUnit(duration())
export const timeOrZero = withUnit(duration({ zero: true }))
export const bytes = said(size, "a size such as '64MiB'", 'B', "Add the unit; 'none' is no limit.")

export const concurrency: Read<number | 'auto'> = (value, name, problems) =>
  value === 'auto' ? value : number(count(1))(value, name, problems)

export const method: Read<string> = (value, name, problems) => {
  if (isMethod(value)) return value.toUpperCase()
  problems.push(problem(name, 'a method of HTTP other than CONNECT', got(value), "Write it as 'GET' or 'POST'."))
  return undefined
}

/** `404`, or `2xx` for every status that begins with 2. */
export const statuses: Read<readonly string[]> = (value, name, problems) => {
  const given = typeof value === 'number' ? String(value) : value
  const list = typeof given === 'string' ? given.split(',').map(status => status.trim().toLowerCase()) : []
  if (list.length > 0 && list.every(status => /^[1-9](?:xx|\d\d)$/.test(status))) return list
  problems.push(problem(name, "statuses such as '200,404' or '2xx'", got(value), 'Put commas between them.'))
  return undefined
}

/** `name: value`, or `@file` with one header per line. */
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

/** A size per second. The `/s` is optional, because the name of the flag implies it. */
export const speed: Read<number> = (value, name, problems) => {
  if (value === 'none' || value === 0 || value === '0') return 0
  const perSecond = typeof value === 'string' ? parseSize(value.replace(/\/s$/, '')) : undefined
  if (perSecond !== undefined) return perSecond
  problems.push(problem(name, "a size per second such as '1KiB'", got(value), "Add the unit; 'none' is no limit."))
  return undefined
}

/** A ratio, which may exceed 1. */
export const share = number(
  matching(
    'a number ≥ 0',
    (value): value is number => typeof value === 'number' && value >= 0,
    "Write 0.2, or 'none' for no limit.",
  ),
)

export const methods: Read<readonly string[]> = (value, name, problems) => {
  const list = typeof value === 'string' ? value.split(',').map(one => one.trim()) : []
  if (list.length > 0 && list.every(isMethod)) return list.map(one => one.toUpperCase())
  problems.push(problem(name, "methods such as 'GET,POST'", got(value), 'Put commas between them.'))
  return undefined
}

export interface HostLimits {
  readonly concurrency?: number
  readonly rates: readonly ReadRate[]
}

/** `api.x.com=5/s,2`: a number with a unit is a rate, a number without is the concurrency. */
export const hostLimit: Read<readonly [string, HostLimits]> = (value, name, problems) => {
  const given = typeof value === 'string' ? /^([^=]+)=(.+)$/.exec(value) : null
  const host = given?.[1] ?? ''
  // With --limit-key, the name may be a key, which is any text.
  if (given === null || /^[a-z]+:\/\//i.test(host)) {
    problems.push(problem(name, "a host and its limits such as 'api.x.com=5/s,2'", got(value), 'Leave out the scheme.'))
    return undefined
  }
  const parts = (given[2] as string).split(',').map(part => part.trim())
  const counts = parts.filter(part => /^\d+$/.test(part))
  if (counts.length > 1) {
    problems.push(problem(name, 'one number at once', got(value), 'Give the others a unit: 5/s.'))
    return undefined
  }
  const before = problems.length
  const [atOnce] = counts.map(part => number(count(1))(part, name, problems))
  const read = parts.filter(part => !counts.includes(part)).flatMap(part => rate(part, name, problems) ?? [])
  if (problems.length > before) return undefined
  return [host, { ...(atOnce !== undefined && { concurrency: atOnce }), rates: read }]
}

/** `tokens=90000/m` */
export const namedRate: Read<readonly [string, readonly ReadRate[]]> = (value, name, problems) => {
  const given = typeof value === 'string' ? /^([^=]+)=(.+)$/.exec(value) : null
  if (given === null) {
    problems.push(problem(name, "a name and its rate such as 'tokens=90000/m'", got(value), "Put '=' between them."))
    return undefined
  }
  const read = rate(given[2], name, problems)
  return read && [given[1] as string, read]
}

/** `3`, `tokens=1200`, `tokens={n}`. Without a name, the cost counts for every budget. */
export const cost: Read<readonly [string | undefined, string]> = (value, name, problems) => {
  const [, budget, amount = ''] = /^(?:([^={}]+)=)?(.*)$/.exec(String(value)) ?? []
  if (/\{[^{}]+\}/.test(amount) || /^\d+(?:\.\d+)?$/.test(amount)) return [budget, amount]
  problems.push(problem(name, "a number ≥ 0 such as '3', or 'tokens=1200'", got(value), 'It may be a {column}.'))
  return undefined
}

/** A checksum with {columns} is checked row by row. */
export const checksum: Read<string> = (value, name, problems) =>
  typeof value === 'string' && /\{[^{}]+\}/.test(value) ? value : readChecksum(value, name, problems)

/** The delimiter of cells. */
export const delimiter: Read<string> = (value, name, problems) => {
  const shown = value === '\\t' || value === 'tab' ? '\t' : value
  if (typeof shown === 'string' && shown.length === 1 && !'"\r\n'.includes(shown)) return shown
  problems.push(problem(name, "one character such as ';', or tab", got(value), "Write it as ';'."))
  return undefined
}

/** A text encoding, by any of its labels in the WHATWG Encoding Standard. */
export const encoding: Read<string> = (value, name, problems) => {
  try {
    return new TextDecoder(String(value)).encoding
  } catch {
    problems.push(problem(name, "an encoding such as 'windows-1252'", got(value), 'UTF-8 needs no flag.'))
    return undefined
  }
}
