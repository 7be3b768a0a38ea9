/** How long each part of a request took. */
import type { Trip } from './trip.ts'

/** Milliseconds spent in each part; a part that did not happen is absent. */
export interface Timings {
  /** Waiting for a free place under `concurrency`. */
  readonly queue?: number
  /** Waiting for a rate, a budget or a paused host. */
  readonly limiter?: number
  /** Waiting between attempts. */
  readonly backoff?: number
  readonly dns?: number
  readonly connect?: number
  readonly tls?: number
  /** From the request's first byte to the end of the response's head. */
  readonly firstByte?: number
  readonly body?: number
  /** From being taken from the input to the outcome. */
  readonly total: number
}

type Writable = { -readonly [Part in keyof Timings]: Timings[Part] }

export function timingsOf(trip: Trip, nowMs: number): Timings {
  const timings: Writable = { total: nowMs - trip.startedAtMs }
  if (trip.queueMs > 0) timings.queue = trip.queueMs
  if (trip.limiterMs > 0) timings.limiter = trip.limiterMs
  if (trip.backoffMs > 0) timings.backoff = trip.backoffMs
  if (trip.dnsMs !== undefined) timings.dns = trip.dnsMs
  if (trip.connectMs !== undefined) timings.connect = trip.connectMs
  if (trip.tlsMs !== undefined) timings.tls = trip.tlsMs
  if (trip.firstByteMs !== undefined) timings.firstByte = trip.firstByteMs
  if (trip.bodyMs !== undefined) timings.body = trip.bodyMs
  return timings
}

/**
 * To so many parts of a millisecond: what is finer is noise, and makes a line longer. Part by part, because it is done
 * for every line, and a loop over names costs five times as much.
 */
export function roundedTimings(timings: Timings, perMs: number): Writable {
  const { queue, limiter, backoff, dns, connect, tls, firstByte, body } = timings
  const round = (ms: number): number => Math.round(ms * perMs) / perMs
  const rounded: Writable = { total: round(timings.total) }
  if (queue !== undefined) rounded.queue = round(queue)
  if (limiter !== undefined) rounded.limiter = round(limiter)
  if (backoff !== undefined) rounded.backoff = round(backoff)
  if (dns !== undefined) rounded.dns = round(dns)
  if (connect !== undefined) rounded.connect = round(connect)
  if (tls !== undefined) rounded.tls = round(tls)
  if (firstByte !== undefined) rounded.firstByte = round(firstByte)
  if (body !== undefined) rounded.body = round(body)
  return rounded
}

let lastMs = NaN
let lastText = ''

/** ISO 8601, in UTC. Lines come many in a millisecond, and the text of one costs as much as the rest of a line. */
export function isoTime(epochMs: number): string {
  if (epochMs !== lastMs) {
    lastMs = epochMs
    lastText = new Date(epochMs).toISOString()
  }
  return lastText
}
