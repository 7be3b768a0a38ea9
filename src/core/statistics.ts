/** What the outcomes of a run have in common: counts, and where the time went. Its size does not grow with the run. */
import type { Attributed } from './attribution.ts'
import type { Timings } from './outcome.ts'

/** The distribution of one phase in milliseconds. Quantiles are within 1.6 %; the other figures are exact. */
export interface PhaseStatistics {
  /** Requests that had this phase. */
  readonly count: number
  readonly min: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Counts and timings of several requests. */
export interface Counted {
  /** Requests that have an outcome: `ok` and `failed` together. */
  readonly requests: number
  readonly ok: number
  readonly failed: number
  /** Outcomes that were restored from the run file; part of `requests`. */
  readonly restored: number
  /** Those of them that had failed; part of `failed`. */
  readonly restoredFailed: number
  /** Attempts that were sent in this run, redirect hops included. */
  readonly attempts: number
  /** Attempts after the first one of each request, without redirect hops. */
  readonly retries: number
  /** The bytes of all decoded bodies that were received in this run. */
  readonly bytes: number
  /** Failures by their code, restored ones included. */
  readonly codes: Readonly<Record<string, number>>
  /** Responses by their status, restored ones included. */
  readonly statuses: Readonly<Record<string, number>>
  /** Each phase of the requests of this run, by its name in `Timings`. A phase that never happened is absent. */
  readonly timings: { readonly [phase in keyof Timings]?: PhaseStatistics }
}

/** The requests whose URL named this host. Redirect hops count for the host that was asked first. */
export interface HostStatistics extends Counted {
  /**
   * Host and port. `'other hosts'` stands for all hosts after the first 256, and `'no host'` for requests that were
   * refused before their URL was known.
   */
  readonly host: string
}

/**
 * What happened over time, in slots of equal length. Restored outcomes are not in it. A run that outgrows its slots
 * halves their number, so there are at most 240.
 */
export interface StatisticsSeries {
  /** The start of the first slot, in milliseconds since 1970. */
  readonly startedAt: number
  /** The length of a slot in milliseconds. */
  readonly stepMs: number
  /** Outcomes in each slot. */
  readonly done: readonly number[]
  /** Those of them that failed. */
  readonly failed: readonly number[]
  /** The bytes of their decoded bodies. */
  readonly bytes: readonly number[]
  /** The mean number of requests on the wire. A request counts once it is done, for the whole time that it took. */
  readonly concurrency: readonly number[]
}

/**
 * The statistics of a run or a client: exact counts, distributions within 1.6 %, in constant memory.
 *
 * @example
 * const { failed, timings, hosts } = stream.statistics()
 * console.log(failed, timings.total?.p95, hosts[0]?.host)
 */
export interface Statistics extends Counted, Attributed {
  /** From the start to the end, or to now. */
  readonly elapsedMs: number
  readonly series: StatisticsSeries
  /** The most frequent host first. At most 256 hosts are kept apart. */
  readonly hosts: readonly HostStatistics[]
}
