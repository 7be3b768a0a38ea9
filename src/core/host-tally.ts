/** The counts and timings of one host, or of several together. */
import { Histogram } from './histogram.ts'
import type { Outcome, Timings } from './outcome.ts'
import type { Counted, PhaseStatistics } from './statistics.ts'
import { codeOf } from './unsent-outcome.ts'
import type { Writable } from './writable.ts'

export type PhaseName = keyof Timings

export const PHASE_NAMES: readonly PhaseName[] = [
  'queue',
  'limiter',
  'backoff',
  'polling',
  'dns',
  'connect',
  'tls',
  'firstByte',
  'body',
  'total',
]

/** More codes than the library has. Hooks may make codes of their own, which must not take memory without bound. */
const MAX_CODES = 500

export class HostTally {
  ok = 0
  failed = 0
  restored = 0
  restoredFailed = 0
  attempts = 0
  retries = 0
  bytes = 0
  readonly #codes = new Map<string, number>()
  readonly #statuses = new Map<number, number>()
  /** Responses with status 200 that are not in `#statuses`. */
  #ok200 = 0
  // One field each, because this runs for every outcome and most phases of most hosts never happen.
  #queue: Histogram | undefined
  #limiter: Histogram | undefined
  #backoff: Histogram | undefined
  #polling: Histogram | undefined
  #dns: Histogram | undefined
  #connect: Histogram | undefined
  #tls: Histogram | undefined
  #firstByte: Histogram | undefined
  #body: Histogram | undefined
  #total: Histogram | undefined

  add(outcome: Outcome, retries: number): void {
    const { response } = outcome
    if (outcome.ok) this.ok++
    else {
      this.failed++
      this.#countCode(codeOf(outcome) ?? outcome.error.code, 1)
    }
    if (response !== undefined) this.#countStatus(response.status)
    if (outcome.source === 'run-file') {
      this.restored++
      if (!outcome.ok) this.restoredFailed++
      return
    }
    this.attempts += outcome.attempts
    this.retries += retries
    if (response !== undefined) this.bytes += response.bytes
    // Nothing was sent, so there is no time that says anything about a server.
    if (outcome.attempts > 0) this.#addTimings(outcome.timings)
  }

  /** An outcome that is ok after one attempt. */
  addPlain(status: number, bytes: number): void {
    this.ok++
    this.attempts++
    this.bytes += bytes
    this.#countStatus(status)
  }

  /** Of an outcome without other phases; 0 or NaN for one that did not happen. */
  addPhases(total: number, queue: number, limiter: number, firstByte: number, body: number): void {
    ;(this.#total ??= new Histogram()).add(total)
    if (queue > 0) (this.#queue ??= new Histogram()).add(queue)
    if (limiter > 0) (this.#limiter ??= new Histogram()).add(limiter)
    if (firstByte >= 0) (this.#firstByte ??= new Histogram()).add(firstByte)
    if (body >= 0) (this.#body ??= new Histogram()).add(body)
  }

  #addTimings({ queue, limiter, backoff, polling, dns, connect, tls, firstByte, body, total }: Timings): void {
    ;(this.#total ??= new Histogram()).add(total)
    if (firstByte !== undefined) (this.#firstByte ??= new Histogram()).add(firstByte)
    if (body !== undefined) (this.#body ??= new Histogram()).add(body)
    if (queue !== undefined) (this.#queue ??= new Histogram()).add(queue)
    if (limiter !== undefined) (this.#limiter ??= new Histogram()).add(limiter)
    if (backoff !== undefined) (this.#backoff ??= new Histogram()).add(backoff)
    if (polling !== undefined) (this.#polling ??= new Histogram()).add(polling)
    if (connect !== undefined) (this.#connect ??= new Histogram()).add(connect)
    if (dns !== undefined) (this.#dns ??= new Histogram()).add(dns)
    if (tls !== undefined) (this.#tls ??= new Histogram()).add(tls)
  }

  merge(other: HostTally): void {
    this.ok += other.ok
    this.failed += other.failed
    this.restored += other.restored
    this.restoredFailed += other.restoredFailed
    this.attempts += other.attempts
    this.retries += other.retries
    this.bytes += other.bytes
    for (const [code, count] of other.#codes) this.#countCode(code, count)
    for (const [status, count] of other.#allStatuses())
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + count)
    const merged = (own: Histogram | undefined, more: Histogram | undefined): Histogram | undefined => {
      if (more === undefined) return own
      const both = own ?? new Histogram()
      both.merge(more)
      return both
    }
    this.#queue = merged(this.#queue, other.#queue)
    this.#limiter = merged(this.#limiter, other.#limiter)
    this.#backoff = merged(this.#backoff, other.#backoff)
    this.#polling = merged(this.#polling, other.#polling)
    this.#dns = merged(this.#dns, other.#dns)
    this.#connect = merged(this.#connect, other.#connect)
    this.#tls = merged(this.#tls, other.#tls)
    this.#firstByte = merged(this.#firstByte, other.#firstByte)
    this.#body = merged(this.#body, other.#body)
    this.#total = merged(this.#total, other.#total)
  }

  snapshot(): Counted {
    const { ok, failed, restored, restoredFailed, attempts, retries, bytes } = this
    return {
      requests: ok + failed,
      ok,
      failed,
      restored,
      restoredFailed,
      attempts,
      retries,
      bytes,
      codes: byFrequency(this.#codes),
      statuses: byFrequency(this.#allStatuses()),
      timings: this.#timings(),
    }
  }

  #timings(): Counted['timings'] {
    const histograms: Readonly<Record<PhaseName, Histogram | undefined>> = {
      queue: this.#queue,
      limiter: this.#limiter,
      backoff: this.#backoff,
      polling: this.#polling,
      dns: this.#dns,
      connect: this.#connect,
      tls: this.#tls,
      firstByte: this.#firstByte,
      body: this.#body,
      total: this.#total,
    }
    const timings: Writable<{ [phase in PhaseName]?: PhaseStatistics }> = {}
    for (const phase of PHASE_NAMES) {
      const histogram = histograms[phase]
      if (histogram !== undefined) timings[phase] = phaseOf(histogram)
    }
    return timings
  }

  /** Nearly all responses of a host have the same status. */
  #countStatus(status: number): void {
    if (status === 200) this.#ok200++
    else this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
  }

  #allStatuses(): Map<number, number> {
    const all = new Map(this.#statuses)
    if (this.#ok200 > 0) all.set(200, (all.get(200) ?? 0) + this.#ok200)
    return all
  }

  #countCode(code: string, count: number): void {
    const before = this.#codes.get(code)
    const name = before === undefined && this.#codes.size >= MAX_CODES ? 'other' : code
    this.#codes.set(name, (this.#codes.get(name) ?? 0) + count)
  }
}

function phaseOf(histogram: Histogram): PhaseStatistics {
  const { count, min, mean, max } = histogram
  const [p50, p90, p95, p99] = [0.5, 0.9, 0.95, 0.99].map(q => histogram.quantile(q)) as [
    number,
    number,
    number,
    number,
  ]
  return { count, min, mean, p50, p90, p95, p99, max }
}

/** The most frequent first; the order of statuses is that of numbers in any object. */
function byFrequency(counts: ReadonlyMap<string | number, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a))
}
