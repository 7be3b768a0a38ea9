/** What a client is doing and has found out, lane by lane: for people, dashboards and tests. */

/** One host, or one `limitKey`. */
export interface LaneStats {
  readonly host: string
  /** Attempts on the wire. */
  readonly running: number
  /** How many may be at once: its own limit, the one that was found for it, or that of the client. */
  readonly concurrency: number
  /** Requests that wait here for their turn. */
  readonly queued: number
  /** Attempts so far, and those of them that were answered with 429, or 503 and `Retry-After`. */
  readonly attempts: number
  readonly throttled: number
  /** Milliseconds until its pause is over; 0 when there is none. */
  readonly pausedMs: number
  /** With a `breaker` only. */
  readonly circuit?: 'closed' | 'open' | 'half_open'
  /** Requests that are left of the quota that the host publishes, where it does. */
  readonly quotaLeft?: number
  /** `api.example.com 3/8 running, 12 queued, paused 1.2 s` */
  toString(): string
}

/** A client at one moment. */
export interface ClientStats {
  readonly running: number
  readonly queued: number
  readonly attempts: number
  readonly throttled: number
  /** Those that are remembered: all busy ones, and up to some thousand idle ones. */
  readonly lanes: readonly LaneStats[]
  /** Names in `hosts` that no request has matched so far: as they were given. With `hosts` only. */
  readonly unmatchedHosts?: readonly string[]
  /** One line per lane. */
  toString(): string
}
