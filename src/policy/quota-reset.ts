/**
 * When a quota is renewed, from every form in which servers give it: seconds, a duration, a time since 1970, a date.
 *
 * The result is an upper bound. Whole seconds may have been rounded down, so a second is added, and a minute to a date
 * without seconds; nothing is added to a fraction or to milliseconds. A time is judged against the response's own
 * `Date`, because the server's clock may be an hour off.
 */
import { parseHttpDate, parseIsoDate } from './retry-after.ts'

const MAX_RESET_CHARS = 64
/** A renewal that is further away than a month is a mistake. */
const MAX_RESET_MS = 31 * 86_400_000
/** Larger numbers are not delays but times since 1970: in seconds, then in milliseconds. */
const EPOCH_SECONDS_FROM = 1e9
const EPOCH_MS_FROM = 1e12

const RESET_NUMBER = /^\d{1,15}(\.\d{1,9})?$/
/** 120ms, 1s, 6m0s, 1m30.5s, 1h0m0s */
const DURATION =
  /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9}(\.\d{1,9})?)s)?(?:(\d{1,12}(?:\.\d{1,9})?)ms)?$/

export interface ServerClock {
  /** Our own clock, used where the server does not send its own. */
  readonly epochMs: number
  /** The response's `Date`. */
  readonly date: string | undefined
}

export interface Reset {
  /** Milliseconds until the renewal at most, at least 0. Includes what may have been rounded down. */
  readonly atMostMs: number
  /** Milliseconds until the renewal as published. Undefined for a time that our clock cannot judge. */
  readonly asGivenMs: number | undefined
  /** The step to which the value was rounded: 1 ms, a second or a minute. */
  readonly stepMs: number
  /** A bare number, meant as seconds to go; a few servers send milliseconds. Otherwise undefined. */
  readonly bareNumber: number | undefined
}

/** Undefined when the text is not usable. */
export function readReset(text: string, clock: ServerClock): Reset | undefined {
  if (text === '' || text.length > MAX_RESET_CHARS) return undefined
  const reset = readDelay(text) ?? readTime(text, clock)
  return reset !== undefined && reset.atMostMs <= MAX_RESET_MS ? reset : undefined
}

function readDelay(text: string): Reset | undefined {
  const seconds = RESET_NUMBER.exec(text)
  if (seconds) {
    const value = Number(text)
    if (value > EPOCH_SECONDS_FROM) return undefined
    return delay(value * 1_000, seconds[1] === undefined ? 1_000 : 1, seconds[1] === undefined ? value : undefined)
  }
  const duration = DURATION.exec(text)
  if (!duration) return undefined
  const [, d = 0, h = 0, m = 0, s = 0, fraction, ms] = duration
  const wholeMs = (((Number(d) * 24 + Number(h)) * 60 + Number(m)) * 60 + Number(s)) * 1_000 + Number(ms ?? 0)
  return delay(wholeMs, fraction === undefined && ms === undefined ? 1_000 : 1)
}

function delay(ms: number, stepMs: number, bareNumber?: number): Reset {
  return { atMostMs: Math.ceil(stepMs === 1 ? ms : ms + stepMs), asGivenMs: ms, stepMs, bareNumber }
}

/** A point in time, judged against the server's own clock. */
function readTime(text: string, { epochMs, date }: ServerClock): Reset | undefined {
  const time = resetTime(text, epochMs)
  if (time === undefined) return undefined
  const dateMs = date === undefined || date.length > MAX_RESET_CHARS ? undefined : parseHttpDate(date.trim(), epochMs)
  const latestMs = time.stepMs === 1 ? time.ms : time.ms + time.stepMs
  const atMostMs = Math.ceil(Math.max(0, latestMs - (dateMs ?? epochMs)))
  // Whole seconds are coarse for a time a few seconds away. Our own clock is finer, if it agrees with the server's.
  const agrees = dateMs !== undefined && epochMs - dateMs >= -1_000 && epochMs - dateMs <= 2_000
  return { atMostMs, asGivenMs: agrees ? time.ms - epochMs : undefined, stepMs: time.stepMs, bareNumber: undefined }
}

/** Epoch milliseconds, and the step to which they were rounded. */
function resetTime(text: string, epochMs: number): { readonly ms: number; readonly stepMs: number } | undefined {
  const number = RESET_NUMBER.exec(text)
  if (number) {
    const value = Number(text)
    if (value > EPOCH_MS_FROM) return { ms: value, stepMs: 1 }
    return { ms: value * 1_000, stepMs: number[1] === undefined ? 1_000 : 1 }
  }
  const iso = parseIsoDate(text)
  if (iso !== undefined) return iso
  const ms = parseHttpDate(text, epochMs)
  return ms === undefined ? undefined : { ms, stepMs: 1_000 }
}
