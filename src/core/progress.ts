/** The state of a run while it is going, and its totals at the end. */
import type { Statistics } from './statistics.ts'

/** The state of a run. */
export interface Progress {
  /** All requests of the input. Absent if the input has no length. */
  readonly total?: number
  /** Requests that have an outcome. */
  readonly done: number
  /** Requests that succeeded. */
  readonly ok: number
  /** Requests that failed. */
  readonly failed: number
  /** `done` of `total`, in percent. Absent if `total` is. */
  readonly percent?: number
  /** Requests on the wire: an attempt has been sent, and its answer is not complete. */
  readonly inFlight: number
  /** Requests that were taken from the input, and are neither done nor on the wire: they wait for a limit, a retry or a job. */
  readonly waiting: number
  /** Attempts after the first one of each request. */
  readonly retries: number
  /** The bytes of all decoded bodies so far. */
  readonly bytes: number
  /** Outcomes per second, over the last few seconds. */
  readonly rate: number
  /** The remaining milliseconds at that rate. Absent if `total` is. */
  readonly etaMs?: number
  /** Hosts that are paused because they asked for it. */
  readonly pausedHosts: readonly string[]
}

/** The totals of a run. */
export interface Totals {
  /** Requests that have an outcome. */
  readonly total: number
  /** Requests that succeeded. After an abort, `ok` and `failed` count only rows that the sink has confirmed. */
  readonly ok: number
  /** Requests that failed. */
  readonly failed: number
  /** Attempts after the first one of each request. */
  readonly retries: number
  /** The bytes of all decoded bodies. */
  readonly bytes: number
  /** Outcomes that were restored from the run file. */
  readonly restored: number
  /**
   * Requests with keys that the run file has and the input does not have any more. 0 without a run file, and for a run
   * that ended before its input did.
   */
  readonly gone: number
  /** Outcomes that the sink refused with a RowError; after an abort, also those that it has not confirmed. */
  readonly unwritten: number
  /** The duration of the run in milliseconds. */
  readonly elapsedMs: number
  /** True if `signal` or the end of the client stopped the run. */
  readonly aborted: boolean
  /** Counts by code and status, the distribution of each phase, and both over time and by host. */
  readonly statistics: Statistics
}

/** Rounded to a tenth. @internal */
export function percentOf(done: number, total: number): number {
  return total === 0 ? 100 : Math.floor((done / total) * 1_000) / 10
}
