/** What limited a run. */

/**
 * What kept a run from sending a further request:
 *
 * - `rate`: a rate, a budget or a quota was used up;
 * - `concurrency`: all slots were in use;
 * - `server`: all requests were on the wire or waited for a job, or the server was at its own limit;
 * - `retries`: retries and the back-off before them;
 * - `pause`: a host had asked for a pause;
 * - `cpu`: this process was busy;
 * - `consumer`: outcomes were not taken as fast as they came, or functions of the caller took long;
 * - `input`: the input did not give requests as fast as they could be sent.
 */
export type Limiting = 'rate' | 'concurrency' | 'server' | 'retries' | 'pause' | 'cpu' | 'consumer' | 'input'

/**
 * Absent for a run that was too short to tell, for `request()` without `resume`, in the statistics of a client, and with a
 * clock that is not the system's.
 */
export interface Attributed {
  /** The cause with the largest share. */
  readonly limitedBy?: Limiting
  /** The share of the run for which each cause was the limit, from 0 to 1; the sum is 1. */
  readonly shares?: Readonly<Partial<Record<Limiting, number>>>
  /** The same as one sentence, with the figures behind it. */
  readonly advice?: string
}
