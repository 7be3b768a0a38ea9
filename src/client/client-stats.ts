/** The state of a client, lane by lane: for people, dashboards and tests. */
import type { Statistics } from '../core/statistics.ts'

/**
 * One host, or one `limitKey`.
 *
 * @example for (const { host, running, queued } of client.stats().lanes) console.log(host, running, queued)
 */
export interface LaneStats {
  /** The host, or the `limitKey` as it may be shown. */
  readonly host: string
  /** Attempts on the wire. */
  readonly running: number
  /**
   * Maximum of attempts on the wire: set by `perHost` or `hosts`, found by `'auto'`, or else the maximum of the client.
   */
  readonly concurrency: number
  /** Requests queued in this lane. */
  readonly queued: number
  /** Attempts so far. */
  readonly attempts: number
  /** Attempts that were answered with 429, or with 503 and `Retry-After`. */
  readonly throttled: number
  /** Milliseconds until the pause of the host is over; 0 if it is not paused. */
  readonly pausedMs: number
  /** With a `breaker` only. */
  readonly circuit?: 'closed' | 'open' | 'half_open'
  /** Requests left of the quota that the host publishes; absent if it publishes none. */
  readonly quotaLeft?: number
  /** `api.example.com 3/8 running, 12 queued, paused 1.2 s` */
  toString(): string
}

/**
 * A client at one moment. Of a closed one, only `statistics` and `unmatchedHosts` are left.
 *
 * @example
 * const { running, queued, statistics } = client.stats()
 * console.log(running, queued, statistics.failed)
 */
export interface ClientStats {
  /** Attempts on the wire, over all lanes. */
  readonly running: number
  /** Requests that are queued, over all lanes. */
  readonly queued: number
  /** Attempts so far. */
  readonly attempts: number
  /** Attempts that were answered with 429, or with 503 and `Retry-After`. */
  readonly throttled: number
  /** The lanes that the client remembers: all busy ones, and up to some thousand idle ones. */
  readonly lanes: readonly LaneStats[]
  /** Names in `hosts` that no request has matched so far, as they were written. Only with `hosts`. */
  readonly unmatchedHosts?: readonly string[]
  /**
   * All requests of the client since it was made, those of runs under way included: made when it is first read. The
   * lanes above say what their limits have seen; this says how the requests ended.
   */
  readonly statistics: Statistics
  /** One line per lane. */
  toString(): string
}
