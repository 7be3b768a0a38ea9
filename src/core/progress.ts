/** How a run is going, and what it came to. */

/** How a run is going. */
export interface Progress {
  /** Requests in all, when the input has a length. */
  readonly total?: number
  /** Requests that have their outcome. */
  readonly done: number
  readonly ok: number
  readonly failed: number
  /** Pulled from the input and not done. */
  readonly inFlight: number
  /** Attempts beyond each request's first. */
  readonly retries: number
  /** Decoded bytes of the bodies so far. */
  readonly bytes: number
  /** Outcomes per second, over the last few seconds. */
  readonly rate: number
  /** Milliseconds to go at that rate, when `total` is known. */
  readonly etaMs?: number
  /** Hosts that have asked us to wait. */
  readonly pausedHosts: readonly string[]
}

/** What a run came to, when nobody keeps its outcomes. */
export interface Totals {
  /** Requests that have their outcome. */
  readonly total: number
  /** Of a run that was aborted, without those whose row the sink had not confirmed by then; so is `failed`. */
  readonly ok: number
  readonly failed: number
  /** Attempts beyond each request's first. */
  readonly retries: number
  /** Decoded bytes of the bodies. */
  readonly bytes: number
  /** Outcomes that were given back from the run file. */
  readonly restored: number
  /** Outcomes that the sink could not keep, and said so of them alone; of an aborted run also those it had not confirmed. */
  readonly unwritten: number
  readonly elapsedMs: number
  /** The run was ended before its time: by `signal`, or with the client. */
  readonly aborted: boolean
}
