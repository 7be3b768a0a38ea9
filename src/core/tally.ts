/**
 * The tally of outcomes, by host and over time. Each outcome is counted once, at its host; totals are computed when they
 * are read.
 */
import type { Call } from './call.ts'
import { HostTally } from './host-tally.ts'
import type { Outcome, Timings } from './outcome.ts'
import type { Clock } from './ports.ts'
import type { RetryState } from './retry-state.ts'
import { Series } from './series.ts'
import type { Statistics } from './statistics.ts'

const MAX_TALLIED_HOSTS = 256
/** Several origins may have the same host, and each is looked up by its own text. */
const MAX_ORIGINS = 4 * MAX_TALLIED_HOSTS
const OTHER_HOSTS = 'other hosts'
export const NO_HOST = 'no host'

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

  /** @param since starts at the same time as this one instead of now */
  constructor(clock: Clock, since?: Tally) {
    this.#clock = clock
    this.#startMs = since === undefined ? clock.now() : since.#startMs
    this.#startEpochMs = since === undefined ? clock.epochMs() : since.#startEpochMs
    this.#series = new Series(this.#startMs, this.#startEpochMs)
  }

  /** @param call of the outcome; undefined if the request was refused or abandoned before there was one */
  add(outcome: Outcome, call: Call | undefined): void {
    if (call === undefined) return this.#tallyOf(originIn(outcome.request.url)).add(outcome, 0)
    this.#tallyOf(call.origin).add(outcome, retriesOf(call.trip.retry))
    const { timings } = outcome
    if (outcome.source === 'run-file') return
    // The time of the outcome, without asking the clock again.
    const endMs = call.trip.stopwatch.startedAtMs + timings.total
    this.#series.add(endMs, outcome.ok, outcome.response?.bytes ?? 0, outcome.attempts > 0 ? wireMsOf(timings) : 0)
  }

  /** Adds what another tally has counted. */
  merge(other: Tally): void {
    for (const [host, tally] of other.#hosts) this.#tallyOfHost(host).merge(tally)
    this.#series.merge(other.#series)
  }

  /** From now on, the elapsed time stays as it is, until the next call. */
  end(): void {
    this.#endMs = this.#clock.now()
  }

  /** Consistent: nothing is counted while it is made. */
  snapshot(): Statistics {
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

/** A redirect hop and a poll are attempts and not retries. */
export function retriesOf({ attempts, redirects, polls }: RetryState): number {
  return attempts > 1 ? attempts - 1 - redirects - polls : 0
}

/** The time that a request did not wait, it was on the wire. */
function wireMsOf({ total, queue = 0, limiter = 0, backoff = 0, polling = 0 }: Timings): number {
  return Math.max(0, total - queue - limiter - backoff - polling)
}

/** Up to the path, so that thousands of requests to one host are looked up by one text. */
function originIn(url: string): string {
  const from = url.indexOf('://')
  if (from === -1) return ''
  const to = url.slice(from + 3).search(/[/?#\\]/)
  return to === -1 ? url : url.slice(0, from + 3 + to)
}

/** Without userinfo, which may be a secret. */
function hostOf(origin: string): string {
  return URL.parse(origin)?.host || NO_HOST
}
