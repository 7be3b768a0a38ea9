/** Statistics of the outcomes of a run: counts and distributions of durations. Their size does not grow with the run. */
import type { Attributed } from './attribution.ts'
import type { Timings } from './outcome.ts'

/**
 * The distribution of one phase in milliseconds. Quantiles are within 1.6 %; the other figures are exact.
 *
 * Source: the buckets of HdrHistogram (G. Tene), with the relative error of DDSketch (Masson, Rim, Lee, VLDB 2019).
 */
export interface PhaseStatistics {
  /** Requests that had this phase. */
  readonly count: number
  /** The shortest, in milliseconds. */
  readonly min: number
  /** The arithmetic mean, in milliseconds. */
  readonly mean: number
  /** The median: half of the requests took at most this long. */
  readonly p50: number
  /** Nine in ten requests took at most this long. */
  readonly p90: number
  /** 95 in 100 requests took at most this long. */
  readonly p95: number
  /** 99 in 100 requests took at most this long. */
  readonly p99: number
  /** The longest, in milliseconds. */
  readonly max: number
}

/** Counts and timings of several requests. */
export interface Counted {
  /** Requests that have an outcome: `ok` and `failed` together. */
  readonly requests: number
  /** Requests that succeeded. */
  readonly ok: number
  /** Requests that failed. */
  readonly failed: number
  /** Outcomes that were restored from the run file; part of `requests`. */
  readonly restored: number
  /** Restored outcomes that had failed; part of `failed`. */
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

/** The requests whose URL names this host. Redirect hops count for the host of the original URL. */
export interface HostStatistics extends Counted {
  /**
   * Host and port. `'other hosts'` stands for all hosts after the first 256, and `'no host'` for requests that were
   * refused before their URL was known.
   */
  readonly host: string
}

/**
 * Counts over time, in at most 240 intervals of equal length. Restored outcomes are not included. When all intervals are
 * in use, each two are merged.
 */
export interface StatisticsSeries {
  /** The start of the first interval, in epoch milliseconds. */
  readonly startedAt: number
  /** The length of an interval in milliseconds. */
  readonly stepMs: number
  /** Outcomes in each interval. */
  readonly done: readonly number[]
  /** Failed outcomes in each interval. */
  readonly failed: readonly number[]
  /** The bytes of the decoded bodies. */
  readonly bytes: readonly number[]
  /** The mean number of requests on the wire. A request counts once it is done, for the whole time that it took. */
  readonly concurrency: readonly number[]
}

/**
 * The statistics of a run or a client: exact counts, distributions within 1.6 %, in constant memory.
 *
 * @example
 * const { failed, timings, hosts } = client.stats().statistics
 * console.log(failed, timings.total?.p95, hosts[0]?.host)
 */
export interface Statistics extends Counted, Attributed {
  /** From the start until the last outcome was taken, or to now. Until then, the end of the last request stands for it. */
  readonly elapsedMs: number
  /** The counts over time. */
  readonly series: StatisticsSeries
  /** The most frequent host first. At most 256 hosts have an entry of their own. */
  readonly hosts: readonly HostStatistics[]
}
