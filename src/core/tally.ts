/**
 * The tally of outcomes, by host and over time. Each outcome is counted once, at its host; totals are computed when they
 * are read.
 */
import type { Call } from './call.ts'
import { HostTally } from './host-tally.ts'
import type { OkOutcome, Outcome, Timings } from './outcome.ts'
import type { Clock } from './ports.ts'
import type { RetryState } from './retry-state.ts'
import { Series } from './series.ts'
import type { Statistics } from './statistics.ts'
import { urlOf } from './unsent-outcome.ts'

const MAX_TALLIED_HOSTS = 256
/** Several origins may have the same host, and each is looked up by its own text. */
const MAX_ORIGINS = 4 * MAX_TALLIED_HOSTS
const OTHER_HOSTS = 'other hosts'
export const NO_HOST = 'no host'

/** How many plain outcomes are noted before they are counted. */
const MAX_NOTED = 128

/** Where things are in a note. */
const STATUS = 0
const BYTES = 1
const START = 2
const TOTAL = 3
const QUEUE = 4
const LIMITER = 5
const FIRST_BYTE = 6
const BODY = 7
const NOTE = 8

export class Tally {
  readonly #clock: Clock
  readonly #startMs: number
  readonly #startEpochMs: number
  readonly #series: Series
  readonly #hosts = new Map<string, HostTally>()
  /** The same tallies by origin, as calls have it. */
  readonly #origins = new Map<string, HostTally>()
  /** Consecutive outcomes are often of one host. */
  #lastOrigin: string | undefined
  #lastTally: HostTally | undefined
  #endMs: number | undefined
  /**
   * Plain outcomes that are not counted yet. Counting touches memory that has left the processor's cache between two
   * outcomes, so many are counted together (bench/statistics.ts). A note is one cache line, and one text.
   */
  #notes: Float64Array | undefined
  readonly #notedOrigins: string[] = []
  #noted = 0

  /** @param since starts at the same time as this one instead of now */
  constructor(clock: Clock, since?: Tally) {
    this.#clock = clock
    this.#startMs = since === undefined ? clock.now() : since.#startMs
    this.#startEpochMs = since === undefined ? clock.epochMs() : since.#startEpochMs
    this.#series = new Series(this.#startMs, this.#startEpochMs)
  }

  /** @param call of the outcome; undefined if the request was refused or abandoned before there was one */
  add(outcome: Outcome, call: Call | undefined): void {
    if (outcome.ok && call !== undefined && isPlain(outcome, call)) this.#note(outcome, call)
    else this.#count(outcome, call)
  }

  #note({ response, timings }: OkOutcome<unknown>, { origin, trip }: Call): void {
    const { stopwatch } = trip
    const notes = (this.#notes ??= new Float64Array(MAX_NOTED * NOTE))
    const at = this.#noted * NOTE
    notes[at + STATUS] = response.status
    notes[at + BYTES] = response.bytes
    notes[at + START] = stopwatch.startedAtMs
    notes[at + TOTAL] = timings.total
    notes[at + QUEUE] = stopwatch.queueMs
    notes[at + LIMITER] = stopwatch.limiterMs
    notes[at + FIRST_BYTE] = stopwatch.firstByteMs ?? NaN
    notes[at + BODY] = stopwatch.bodyMs ?? NaN
    this.#notedOrigins[this.#noted++] = origin
    if (this.#noted === MAX_NOTED) this.#countNotes()
  }

  #countNotes(): void {
    const notes = this.#notes
    if (notes === undefined) return
    for (let note = 0; note < this.#noted; note++) {
      const at = note * NOTE
      const tally = this.#tallyOf(this.#notedOrigins[note] as string)
      const bytes = notes[at + BYTES] as number
      const total = notes[at + TOTAL] as number
      const queue = notes[at + QUEUE] as number
      const limiter = notes[at + LIMITER] as number
      tally.addPlain(notes[at + STATUS] as number, bytes)
      tally.addPhases(total, queue, limiter, notes[at + FIRST_BYTE] as number, notes[at + BODY] as number)
      this.#series.add((notes[at + START] as number) + total, true, bytes, Math.max(0, total - queue - limiter))
    }
    this.#noted = 0
  }

  #count(outcome: Outcome, call: Call | undefined): void {
    if (call === undefined) return this.#tallyOf(originIn(urlOf(outcome))).add(outcome, 0)
    this.#tallyOf(call.origin).add(outcome, retriesOf(call.trip.retry))
    const { timings } = outcome
    if (outcome.source === 'run-file') return
    // The time of the outcome, without asking the clock again.
    const endMs = call.trip.stopwatch.startedAtMs + timings.total
    this.#series.add(endMs, outcome.ok, outcome.response?.bytes ?? 0, outcome.attempts > 0 ? wireMsOf(timings) : 0)
  }

  /** Adds what another tally has counted. */
  merge(other: Tally): void {
    other.#countNotes()
    for (const [host, tally] of other.#hosts) this.#tallyOfHost(host).merge(tally)
    this.#series.merge(other.#series)
  }

  /** From now on, the elapsed time stays as it is, until the next call. */
  end(): void {
    this.#endMs = this.#clock.now()
  }

  /** Consistent: nothing is counted while it is made. */
  snapshot(): Statistics {
    this.#countNotes()
    const nowMs = this.#endMs ?? this.#clock.now()
    const total = new HostTally()
    for (const tally of this.#hosts.values()) total.merge(tally)
    const hosts = [...this.#hosts].map(([host, tally]) => ({ host, ...tally.snapshot() }))
    return {
      ...total.snapshot(),
      elapsedMs: nowMs - this.#startMs,
      series: this.#series.snapshot(nowMs),
      hosts: hosts.toSorted((a, b) => b.requests - a.requests),
    }
  }

  #tallyOf(origin: string): HostTally {
    if (origin === this.#lastOrigin) return this.#lastTally as HostTally
    let known = this.#origins.get(origin)
    if (known === undefined) {
      // Then parsing is useless: the host is not among those that are kept apart.
      const isFull = this.#origins.size === MAX_ORIGINS && this.#hosts.size >= MAX_TALLIED_HOSTS
      known = this.#tallyOfHost(isFull ? OTHER_HOSTS : hostOf(origin))
      if (this.#origins.size < MAX_ORIGINS) this.#origins.set(origin, known)
    }
    this.#lastOrigin = origin
    return (this.#lastTally = known)
  }

  #tallyOfHost(host: string): HostTally {
    const known = this.#hosts.get(host)
    if (known !== undefined) return known
    const name = this.#hosts.size < MAX_TALLIED_HOSTS || host === OTHER_HOSTS ? host : OTHER_HOSTS
    let tally = this.#hosts.get(name)
    if (tally === undefined) this.#hosts.set(name, (tally = new HostTally()))
    return tally
  }
}

/** Whether it was sent once, over an open connection. */
function isPlain({ attempts, source }: OkOutcome<unknown>, { trip }: Call): boolean {
  const { connectMs, dnsMs, tlsMs } = trip.stopwatch
  const isOpen = connectMs === undefined && dnsMs === undefined && tlsMs === undefined
  return attempts === 1 && isOpen && source === 'network'
}

/** A redirect hop and a poll are attempts and not retries. */
export function retriesOf({ attempts, redirects, polls }: RetryState): number {
  return attempts > 1 ? attempts - 1 - redirects - polls : 0
}

/** The time that a request did not wait, it was on the wire. */
function wireMsOf({ total, queue = 0, limiter = 0, backoff = 0, polling = 0 }: Timings): number {
  return Math.max(0, total - queue - limiter - backoff - polling)
}

const ENDS_ORIGIN: ReadonlySet<number> = new Set(Array.from('/?#\\', mark => mark.charCodeAt(0)))

/** Up to the path, so that thousands of requests to one host are looked up by one text. */
function originIn(url: string): string {
  const from = url.indexOf('://')
  if (from === -1) return ''
  // Without a regular expression: an abort counts a million entries at once (bench/abort.ts).
  let to = from + 3
  while (to < url.length && !ENDS_ORIGIN.has(url.charCodeAt(to))) to++
  return url.slice(0, to)
}

/** Without userinfo, which may be a secret. */
function hostOf(origin: string): string {
  return URL.parse(origin)?.host || NO_HOST
}
