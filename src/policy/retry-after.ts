/**
 * `Retry-After`: how long the server wants us to wait (RFC 9110 §10.2.3). Also reads the other forms that servers send:
 * decimals, ISO 8601, seconds since 1970, lists, and vendor headers.
 *
 * Total and linear: any text gives a number of milliseconds or undefined, which means "use our own back-off". A date is
 * judged against the response's own `Date`, because the server's clock may be an hour off.
 */
import { getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'

const SECONDS_PATTERN = /^\d+(?:\.\d+)?$/
/** Longer than any honest list of waits. */
const MAX_RETRY_AFTER_CHARS = 256
/** Azure's headers, in milliseconds. */
const IN_MS: ReadonlySet<string> = new Set(['retry-after-ms', 'x-ms-retry-after-ms'])
/** `retry-after-short` comes from @nestjs/throttler with named throttlers, `x-ratelimit-retry-after` from MailerLite. */
const IN_SECONDS = /^(?:x-ratelimit-)?retry-after(?!-ms$)(?:-[\w-]{1,64})?$/
/** Numbers in this range are seconds since 1970 (2001 to 2286). */
const EPOCH_FROM = 1e9
const EPOCH_TO = 1e10
/** 2026-01-01T12:00:30.5Z, 2026-01-01T12:00Z, 2026-01-01 12:00:30+00:00 */
const ISO_DATE = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d(\.\d{1,9})?)?(?:[Zz]|([+-]\d\d):?(\d\d))$/
/** Some 30,000 years. Any longer wait means "never" as well, and a `Date` can still hold the sum. */
const NEVER_MS = 1e15
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Sun, 06 Nov 1994 08:49:37 GMT */
const IMF = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/
/** Sunday, 06-Nov-94 08:49:37 GMT */
const RFC850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/
/** Sun Nov  6 08:49:37 1994 */
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/

/** The longest wait that any header of the response announces, in milliseconds; undefined without one. */
export function announcedWaitMs(headers: HeaderList, nowEpochMs: number): number | undefined {
  let longestMs: number | undefined
  let exactMs: number | undefined
  const date = getHeader(headers, 'date')
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (!name.includes('retry-after')) continue
    const value = headers[i + 1] as string
    if (IN_MS.has(name)) exactMs = longer(exactMs, millisecondsOf(value))
    else if (IN_SECONDS.test(name)) longestMs = longer(longestMs, retryAfterMs(value, date, nowEpochMs))
  }
  // Sent together with `Retry-After` in whole seconds; the milliseconds are the exact value.
  return exactMs ?? longestMs
}

/** Milliseconds to wait, at least 0; undefined when the value is not usable. A list gives its longest wait. */
export function retryAfterMs(
  value: string | undefined,
  dateHeader: string | undefined,
  nowEpochMs: number,
): number | undefined {
  if (value === undefined || value.length > MAX_RETRY_AFTER_CHARS) return undefined
  const serverNowMs = dateHeader === undefined ? undefined : parseHttpDate(dateHeader.trim(), nowEpochMs)
  const nowMs = serverNowMs ?? nowEpochMs
  let longestMs: number | undefined
  for (const member of splitWaits(value)) longestMs = longer(longestMs, memberMs(member.trim(), nowMs))
  return longestMs
}

function memberMs(text: string, nowMs: number): number | undefined {
  if (SECONDS_PATTERN.test(text)) {
    const seconds = Number(text)
    // As a delay this would be more than 30 years, so it is a time since 1970.
    if (seconds >= EPOCH_FROM && seconds < EPOCH_TO) return Math.max(0, seconds * 1_000 - nowMs)
    return Math.min(Math.ceil(seconds * 1_000), NEVER_MS)
  }
  const untilMs = parseHttpDate(text, nowMs) ?? parseIsoDate(text)?.ms
  return untilMs === undefined ? undefined : Math.max(0, untilMs - nowMs)
}

function millisecondsOf(text: string): number | undefined {
  const trimmed = text.length > MAX_RETRY_AFTER_CHARS ? '' : text.trim()
  return SECONDS_PATTERN.test(trimmed) ? Math.min(Math.ceil(Number(trimmed)), NEVER_MS) : undefined
}

function longer(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}

/** Splits at commas, except the one after the name of a day. */
function splitWaits(text: string): string[] {
  return text.includes(',') ? text.split(/(?<!^\s*[A-Z][a-z]{2,8}|,\s*[A-Z][a-z]{2,8}),/) : [text]
}

/** ISO 8601 with a time zone: epoch milliseconds, and the step to which they were rounded. */
export function parseIsoDate(text: string): { readonly ms: number; readonly stepMs: number } | undefined {
  const iso = ISO_DATE.exec(text)
  if (!iso) return undefined
  const [, day, minute, second, fraction, hours, minutes] = iso
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`
  const ms = Date.parse(`${day}T${minute}${second ?? ':00'}${zone}`)
  if (Number.isNaN(ms)) return undefined
  if (fraction !== undefined) return { ms, stepMs: 1 }
  return { ms, stepMs: second === undefined ? 60_000 : 1_000 }
}

/** The three forms of an HTTP date (RFC 9110 §5.6.7) as epoch milliseconds. */
export function parseHttpDate(text: string, nowEpochMs: number): number | undefined {
  const imf = IMF.exec(text)
  if (imf) return utc(imf[3], imf[2], imf[1], imf[4], imf[5], imf[6])
  const rfc850 = RFC850.exec(text)
  if (rfc850) return utc(fullYear(Number(rfc850[3]), nowEpochMs), rfc850[2], rfc850[1], rfc850[4], rfc850[5], rfc850[6])
  const asctime = ASCTIME.exec(text)
  if (asctime) return utc(asctime[6], asctime[1], asctime[2], asctime[3], asctime[4], asctime[5])
  return undefined
}

/** A two-digit year is the one with that ending that is at most 50 years ahead (RFC 9110 §5.6.7). */
function fullYear(twoDigits: number, nowEpochMs: number): string {
  const thisYear = new Date(nowEpochMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return String(year > thisYear + 50 ? year - 100 : year)
}

function utc(...[year, month, day, hour, minute, second]: (string | undefined)[]): number | undefined {
  const monthIndex = MONTHS.indexOf(month as string)
  if (monthIndex === -1) return undefined
  const [d, h, m, s] = [Number(day), Number(hour), Number(minute), Number(second)]
  if (h > 23 || m > 59 || s > 60) return undefined
  const midnightMs = Date.UTC(Number(year), monthIndex, d)
  // `Date` reads 30 February as 2 March.
  if (new Date(midnightMs).getUTCDate() !== d) return undefined
  return midnightMs + ((h * 60 + m) * 60 + s) * 1_000
}
