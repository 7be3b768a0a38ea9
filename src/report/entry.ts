/** One finished request as a report sees it: a line of a run file, or an Outcome. */
import { isUnsentCode } from '../core/outcome.ts'
import type { Outcome } from '../core/outcome.ts'
import { printableUrl } from '../core/url.ts'
import { errorBodyOf, finalUrlOf, locationOf, printableKey, requestIdOf } from '../sinks/row.ts'

/** Milliseconds by phase, named as in `Timings`. */
export type PhaseTimes = Readonly<Record<string, number>>

/** One attempt of a request that had several. */
export interface Try {
  /** Epoch milliseconds at which it started on the wire; undefined if the line does not say. */
  readonly atMs: number | undefined
  readonly status: number | undefined
  readonly code: string | undefined
  /** Milliseconds between the end of the previous attempt and the start of this one. */
  readonly delayMs: number
  readonly timings: PhaseTimes
  /** Of a redirect hop or a poll, and its retries: where it was sent. Secrets are redacted. */
  readonly url: string | undefined
  /** Which request for the status or the result of a job it belongs to, from 1. */
  readonly poll: number | undefined
}

export interface Entry {
  readonly id: string
  readonly index: number
  readonly key: string | undefined
  readonly method: string
  readonly url: string
  readonly ok: boolean
  readonly status: number | undefined
  /** Undefined if `ok`. */
  readonly code: string | undefined
  readonly message: string | undefined
  readonly body: string | undefined
  readonly bodyEncoding: string | undefined
  readonly finalUrl: string | undefined
  readonly location: string | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly tries: readonly Try[] | undefined
  readonly attempts: number
  readonly bytes: number
  readonly timings: PhaseTimes
  /** Epoch milliseconds of the outcome; undefined if unknown. */
  readonly atMs: number | undefined
  readonly value: unknown
  /** `'base64'` if the value is bytes. */
  readonly encoding: string | undefined
  /** The line before with this id has the same response: only how it was judged is new. */
  readonly isAgain: boolean
}

type JsonObject = Readonly<Record<string, unknown>>

const NO_TIMES: PhaseTimes = Object.freeze({})

/** The request of a line; undefined if the line is about something else. Wrong types are read as absent. */
export function entryOfLine(line: JsonObject): Entry | undefined {
  const { ok, url, index, id, v, error, timings } = line
  if (typeof ok !== 'boolean' || typeof url !== 'string') return undefined
  const position = count(index)
  const failed = ok ? undefined : objectOf(error)
  return {
    // In version 1 the index is the identity.
    id: v !== 1 && typeof id === 'string' && id !== '' ? id : `#${position}`,
    index: position,
    key: textOf(line['key']),
    method: textOf(line['method']) ?? 'GET',
    url,
    ok,
    status: numberOf(line['status']),
    code: ok ? undefined : (textOf(failed?.['code']) ?? 'unknown'),
    message: textOf(failed?.['message']),
    body: textOf(failed?.['body']),
    bodyEncoding: textOf(failed?.['bodyEncoding']),
    finalUrl: textOf(line['finalUrl']),
    location: textOf(line['location']),
    headers: objectOf(line['headers']) as Readonly<Record<string, string>> | undefined,
    tries: Array.isArray(line['tries']) ? triesOf(line['tries']) : undefined,
    attempts: count(line['attempts']),
    bytes: count(line['bytes']),
    timings: timesOf(timings),
    atMs: timeOf(line['at']),
    value: line['value'],
    encoding: textOf(line['encoding']),
    isAgain: line['again'] === true,
  }
}

/** The same of an outcome. It does not know when it happened. */
export function entryOfOutcome(outcome: Outcome, atMs?: number): Entry {
  const { index, ok, error, request, response, tries, attempts, timings } = outcome
  const refused = errorBodyOf(outcome)
  return {
    id: requestIdOf(outcome),
    index,
    key: printableKey(outcome),
    method: request.method,
    url: printableUrl(request.url),
    ok,
    status: response?.status,
    code: error?.code,
    message: error?.message,
    body: refused?.body,
    bodyEncoding: refused?.bodyEncoding,
    finalUrl: finalUrlOf(outcome),
    location: locationOf(outcome),
    headers: undefined,
    tries: tries && triesOf(tries),
    attempts,
    bytes: response?.bytes ?? 0,
    timings: timings as unknown as PhaseTimes,
    atMs,
    value: outcome.value,
    encoding: undefined,
    isAgain: false,
  }
}

/** Whether the request was read from the input and not sent, so that a rerun sends it. */
export const isUnsentEntry = ({ code }: Entry): boolean => code !== undefined && isUnsentCode(code)

function triesOf(list: readonly unknown[]): Try[] {
  return list.flatMap(item => {
    const one = objectOf(item)
    if (one === undefined) return []
    return {
      atMs: timeOf(one['at']),
      status: numberOf(one['status']),
      code: textOf(one['code']),
      delayMs: count(one['delay']),
      timings: timesOf(one['timings']),
      url: textOf(one['url']),
      poll: numberOf(one['poll']),
    }
  })
}

/** Milliseconds since 1970 of an ISO time or of a number; undefined for anything else. */
export function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : value
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : undefined
}

export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** No figure of a run is larger: a file that somebody has changed must not spoil every sum. */
const MOST = Number.MAX_SAFE_INTEGER

export const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) <= MOST ? value : undefined

const count = (value: unknown): number => (typeof value === 'number' && value > 0 && value <= MOST ? value : 0)

/** More than a century. */
const LONGEST_MS = 1e13

const isTime = (ms: unknown): ms is number => typeof ms === 'number' && ms >= 0 && ms <= LONGEST_MS

/** An object of times. One field that is none makes it a copy without that field. */
function timesOf(value: unknown): PhaseTimes {
  const times = objectOf(value)
  if (times === undefined) return NO_TIMES
  for (const name in times) {
    if (isTime(times[name])) continue
    return Object.fromEntries(Object.entries(times).filter(([, ms]) => isTime(ms))) as PhaseTimes
  }
  return times as PhaseTimes
}

/** Milliseconds that a request was sent, answered or in between: its time without waits before and between attempts. */
export function wireMsOf({ timings }: Pick<Entry, 'timings'>): number {
  const { total = 0, queue = 0, limiter = 0, backoff = 0, polling = 0 } = timings
  return Math.max(0, total - queue - limiter - backoff - polling)
}
