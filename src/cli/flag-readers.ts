/**
 * Read the values of flags. A value is text if it comes from the command line or the environment, and may be a number or
 * boolean if it comes from the configuration file.
 */
import { got, oneOf, problem, size } from '../config/kinds.ts'
import type { Read } from '../config/kinds.ts'
import { isMethod } from '../config/options/bodies.ts'
import type { ReadHostLimits } from '../config/limit-input.ts'
import type { ReadRate } from '../config/rate-input.ts'
import { readChecksum } from '../config/options/files.ts'
import { readFailureCodes } from '../config/failure-codes.ts'
import { readHeaderNames } from '../config/response-headers.ts'
import type { Problem } from '../core/problem.ts'
import { readerOf } from './option-reader.ts'

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

export const BODY_TYPES = ['auto', 'json', 'text', 'bytes'] as const
const oneBodyType = oneOf(BODY_TYPES)
const ITEMS_IN_ROW = 'A row holds a whole body: use --as text for the lines of one.'
/** Return types of the library that a row cannot hold. */
const NO_BODY_TYPES: Readonly<Record<string, string>> = {
  ndjson: ITEMS_IN_ROW,
  sse: ITEMS_IN_ROW,
  stream: ITEMS_IN_ROW,
  file: 'Use --save FOLDER.',
}

export const bodyType: Read<(typeof BODY_TYPES)[number]> = (value, name, problems) => {
  const remedy = typeof value === 'string' && Object.hasOwn(NO_BODY_TYPES, value) ? NO_BODY_TYPES[value] : undefined
  if (remedy === undefined) return oneBodyType(value, name, problems)
  problems.push(problem(name, `one of ${BODY_TYPES.map(each => `'${each}'`).join(', ')}`, got(value), remedy))
  return undefined
}

/** As it was given. */
export const asGiven = <T>(read: Read<T>): Read<T> => read

/** A number is text on the command line and a number in the configuration file. */
export const number =
  <T>(read: Read<T>): Read<T> =>
  (value, name, problems) =>
    read(typeof value === 'string' && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : infinite(value), name, problems)

const infinite = (value: unknown): unknown => (value === 'Infinity' || value === 'none' ? Infinity : value)

/** Requires a unit: a number becomes text, and the reader refuses text without a unit. */
export const withUnit =
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

export const perTime = <T>(read: Read<T>): Read<T> =>
  said(
    read,
    "a rate such as '10/s', '100/m' or '1/5s'",
    '/s',
    'Write a whole number, a slash and the time. Leave it out for no limit.',
  )

const rate = perTime(readerOf('rateLimit'))
const perHost = number(readerOf('perHost.concurrency'))

export const inBytes = <T>(read: Read<T>): Read<T> =>
  said(read, "a size such as '64MiB'", 'B', "Add the unit; 'none' is no limit.")

export const bytes = inBytes(size)

/** Like `inBytes`, where 0 is none at all. */
export const inBytesOrNone = <T>(read: Read<T>): Read<T> => {
  const sized = said(read, "a size such as '2KiB', or 0", 'B', "Add the unit; 0 shows none, 'none' is no limit.")
  return (value, name, problems) =>
    value === '0' || value === 0 ? read(0, name, problems) : sized(value, name, problems)
}

/** Texts with commas between them, read as a list. */
export const commaList =
  <T>(read: Read<T>): Read<T> =>
  (value, name, problems) => {
    const found: Problem[] = []
    const each = String(value).split(',')
    const list = read(
      each.map(one => one.trim()),
      name,
      found,
    )
    // Without the positions of an array, which a command line does not have.
    problems.push(...found.map(one => (typeof one === 'object' && 'subject' in one ? { ...one, subject: name } : one)))
    return list
  }

export const headerNames = commaList(readHeaderNames)
export const failureCodes = commaList(readFailureCodes)

/** A base that is a folder: without a slash at its end, a relative URL would replace its last segment. */
export const asFolder =
  <T>(read: Read<T>): Read<T> =>
  (value, name, problems) =>
    read(typeof value !== 'string' || /\/$|[?#]/.test(value) ? value : `${value}/`, name, problems)

export const method: Read<string> = (value, name, problems) => {
  if (isMethod(value)) return value.toUpperCase()
  problems.push(problem(name, 'a method of HTTP other than CONNECT', got(value), "Write it as 'GET' or 'POST'."))
  return undefined
}

/** `404`, or `2xx` for every status that begins with 2. */
export const statuses: Read<readonly number[]> = (value, name, problems) => {
  const given = typeof value === 'number' ? String(value) : value
  const list = typeof given === 'string' ? given.split(',').map(status => status.trim().toLowerCase()) : []
  if (list.length > 0 && list.every(status => /^[1-9](?:xx|\d\d)$/.test(status))) return list.flatMap(statusesIn)
  problems.push(problem(name, "statuses such as '200,404' or '2xx'", got(value), 'Put commas between them.'))
  return undefined
}

/** Expands `5xx` to all hundred statuses. */
function statusesIn(pattern: string): number[] {
  const first = Number(pattern[0]) * 100
  return pattern.endsWith('xx') ? Array.from({ length: 100 }, (_, at) => first + at) : [Number(pattern)]
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
export const perSecond = <T>(read: Read<T>): Read<T> => {
  const sized = said(read, "a size per second such as '1KiB'", 'B', "Add the unit; 'none' is no limit.")
  return (value, name, problems) => {
    if (value === 'none' || value === 0 || value === '0') return read(0, name, problems)
    return sized(typeof value === 'string' ? value.replace(/\/s$/, '') : value, name, problems)
  }
}

export const methods: Read<readonly string[]> = (value, name, problems) => {
  const list = typeof value === 'string' ? value.split(',').map(one => one.trim()) : []
  if (list.length > 0 && list.every(isMethod)) return list.map(one => one.toUpperCase())
  problems.push(problem(name, "methods such as 'GET,POST'", got(value), 'Put commas between them.'))
  return undefined
}

/** `api.x.com=5/s,2`: a number with a unit is a rate, a number without is the concurrency. */
export const hostLimit: Read<readonly [string, ReadHostLimits]> = (value, name, problems) => {
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
  const [atOnce] = counts.map(part => perHost(part, name, problems))
  const rates = parts.filter(part => !counts.includes(part)).flatMap(part => rate(part, name, problems) ?? [])
  if (problems.length > before) return undefined
  return [host, { ...(atOnce !== undefined && { concurrency: atOnce }), ...(rates.length > 0 && { rateLimit: rates }) }]
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
