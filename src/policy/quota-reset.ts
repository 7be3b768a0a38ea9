/**
 * When a quota is renewed, from the many ways in which servers say so: seconds, a duration, a time since 1970, a date.
 *
 * An upper bound: whole seconds may have been rounded down, so a second is added, and a minute to a date without
 * seconds; nothing where there is a fraction or a unit of milliseconds. A time is judged against the response's own
 * `Date`, because the server's clock may be an hour off.
 */
import { parseHttpDate } from './retry-after.ts'

const MAX_CHARS = 64
/** A renewal further away than any month is no promise but a mistake. */
const MAX_RESET_MS = 31 * 86_400_000
/** Above these a number is no delay but a time since 1970: in seconds, then in milliseconds. */
const EPOCH_SECONDS_FROM = 1e9
const EPOCH_MS_FROM = 1e12

const SECONDS = /^\d{1,15}(\.\d{1,9})?$/
/** 120ms, 1s, 6m0s, 1m30.5s, 1h0m0s */
const DURATION =
  /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9}(\.\d{1,9})?)s)?(?:(\d{1,12}(?:\.\d{1,9})?)ms)?$/
/** RFC 3339, and its kin: 2026-01-01T12:00Z */
const ISO_DATE = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(:\d\d(\.\d{1,9})?)?(?:[Zz]|([+-]\d\d):?(\d\d))$/

export interface ServerClock {
  /** Ours, where the server does not tell its own. */
  readonly epochMs: number
  /** The response's `Date`. */
  readonly date: string | undefined
}

/** Milliseconds until the renewal, at least 0; undefined when the text says nothing usable. */
export function resetMsOf(text: string, clock: ServerClock): number | undefined {
  if (text === '' || text.length > MAX_CHARS) return undefined
  const resetMs = Math.ceil(delayMsOf(text) ?? waitMsUntil(text, clock))
  // Not a number, where a date is none, is not within either.
  return resetMs <= MAX_RESET_MS ? resetMs : undefined
}

function delayMsOf(text: string): number | undefined {
  const seconds = SECONDS.exec(text)
  if (seconds) {
    const value = Number(text)
    return value > EPOCH_SECONDS_FROM ? undefined : value * 1_000 + (seconds[1] === undefined ? 1_000 : 0)
  }
  const duration = DURATION.exec(text)
  if (!duration) return undefined
  const [, d = 0, h = 0, m = 0, s = 0, fraction, ms] = duration
  const wholeMs = (((Number(d) * 24 + Number(h)) * 60 + Number(m)) * 60 + Number(s)) * 1_000 + Number(ms ?? 0)
  return wholeMs + (fraction === undefined && ms === undefined ? 1_000 : 0)
}

function waitMsUntil(text: string, { epochMs, date }: ServerClock): number {
  const untilMs = timeMsOf(text, epochMs)
  const dateMs = date === undefined || date.length > MAX_CHARS ? undefined : parseHttpDate(date.trim(), epochMs)
  return Math.max(0, untilMs - (dateMs ?? epochMs))
}

/** A point in time as epoch milliseconds, at the latest; NaN when it is none. */
function timeMsOf(text: string, epochMs: number): number {
  const number = SECONDS.exec(text)
  if (number) {
    const value = Number(text)
    if (value > EPOCH_MS_FROM) return value
    return value * 1_000 + (number[1] === undefined ? 1_000 : 0)
  }
  const iso = ISO_DATE.exec(text)
  if (!iso) return (parseHttpDate(text, epochMs) ?? NaN) + 1_000
  const [, day, minute, second, fraction, hours, minutes] = iso
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`
  const ms = Date.parse(`${day}T${minute}${second ?? ':00'}${zone}`)
  if (fraction !== undefined) return ms
  return ms + (second === undefined ? 60_000 : 1_000)
}
