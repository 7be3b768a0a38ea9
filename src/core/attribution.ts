/** What a run was waiting for. */

/**
 * What kept a further request from the wire: a `rate`, budget or quota; `concurrency`, all slots being in use; the
 * `server`, which had everything, or was at its own limit; `retries`, repeated attempts and the back-off before them; a
 * `pause` that a host asked for; the `cpu` of this process; the `consumer`, which did not take outcomes as fast as they
 * came; the `input`, which did not give requests as fast as they could be sent.
 */
export type Limiting = 'rate' | 'concurrency' | 'server' | 'retries' | 'pause' | 'cpu' | 'consumer' | 'input'

/** Absent for a run that was too short to tell, and with a clock that is not the system's. */
export interface Attributed {
  /** The cause with the largest share. */
  readonly limitedBy?: Limiting
  /** The part of the run for which each cause was the limit, from 0 to 1; their sum is 1. */
  readonly shares?: Readonly<Partial<Record<Limiting, number>>>
  /** The same as one sentence, with the figures behind it. */
  readonly advice?: string
}
