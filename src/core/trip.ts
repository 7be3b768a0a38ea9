/**
 * What one request has used up and where it is now: the only mutable part of a Call, shared by its redirect hops and
 * attempts.
 *
 * A request is in one place at a time (a queue, a back-off, the wire, a caller's function), so there is one slot for
 * "who must hear of a cancel" instead of an AbortSignal per request: none has to be
 * derived, listened to and forgotten again for every one of them.
 */
import { printable } from './printable.ts'
import type { Fault } from './result.ts'
import { say } from './words.ts'
import type { Words } from './words.ts'

export type Place = 'queue' | 'backoff' | 'wire' | 'callback'

export class Trip {
  retriesLeft: number
  /** Where the run keeps this request; -1 when it does not, before and after. */
  slot = -1
  /** Attempts that went out, throttled ones and hops included. */
  attempts = 0
  /** Those of them that the server turned away, having done nothing: it was too busy. */
  refused = 0
  /** What the request is called: `Outcome.id`. */
  id = ''
  /** Its fingerprint in the run file; undefined where there is none. */
  print: string | undefined = undefined
  redirects = 0
  /**
   * When the present attempt's bytes were written (monotonic); Infinity while it has no connection, undefined where the
   * transport does not tell.
   */
  sentAtMs: number | undefined = undefined
  /** Whose cookies it uses: a hash of the credentials that it brought itself; undefined for the client's. */
  identity: string | undefined = undefined
  /** Key of the proxy at which the last attempt failed, where it was the proxy's fault: the repeat takes another one. */
  failedProxy: string | undefined = undefined
  /** When the first throttled answer came (monotonic); the patience of `retry.maxRetryAfter` counts from here. */
  throttledAtMs: number | undefined = undefined
  /** A piece of a body has been handed to `onChunk`: the request must not begin again. */
  delivered = false
  /** A 421 has been repeated on a new connection. */
  misdirected = false
  /** A 417 has been answered without `Expect`. */
  unexpecting = false
  readonly startedAtMs: number
  /** `timeouts.total` as a monotonic time; Infinity for none. */
  readonly deadlineMs: number

  queueMs = 0
  limiterMs = 0
  backoffMs = 0
  /** Spent in attempts that were not the last one. */
  dnsMs: number | undefined = undefined
  connectMs: number | undefined = undefined
  tlsMs: number | undefined = undefined
  firstByteMs: number | undefined = undefined
  bodyMs: number | undefined = undefined
  warnings: string[] | undefined = undefined
  /** Why its failure was not repeated although it might have been. */
  notRetriedBecause: Words | undefined = undefined

  /** Set once the request is over for good, whatever comes back. */
  cancelled: Fault | undefined = undefined
  /** No further attempt may start, but the one on the wire may finish. */
  stopping = false
  #place: Place = 'queue'
  #onCancel: ((fault: Fault) => void) | undefined = undefined

  constructor(retries: number, startedAtMs: number, deadlineMs: number) {
    this.retriesLeft = retries
    this.startedAtMs = startedAtMs
    this.deadlineMs = deadlineMs
  }

  /** Whoever holds the request now says how to get it back. Replaces the holder before; heard at once when it is too late. */
  hold(place: Place, onCancel: (fault: Fault) => void): void {
    if (this.cancelled !== undefined) return onCancel(this.cancelled)
    this.#place = place
    this.#onCancel = onCancel
  }

  /** No server has done anything for it. */
  get isUnsent(): boolean {
    return this.attempts === this.refused
  }

  get place(): Place {
    return this.#place
  }

  free(): void {
    this.#onCancel = undefined
  }

  /** Ends the present step only: an attempt's own limit struck, and a further attempt may follow. */
  interrupt(fault: Fault): void {
    const onCancel = this.#onCancel
    this.#onCancel = undefined
    onCancel?.(fault)
  }

  /** Ends the request: nothing may follow. The first fault stands. */
  cancel(fault: Fault): void {
    if (this.cancelled !== undefined) return
    this.cancelled = fault
    this.interrupt(fault)
  }

  /** Lets an attempt on the wire (or a caller's function) finish; everything else ends now. */
  stop(fault: Fault): void {
    this.stopping = true
    if (this.#place === 'queue' || this.#place === 'backoff') this.cancel(fault)
  }

  warn(warning: Words): void {
    this.warnings ??= []
    if (this.warnings.length < 20) this.warnings.push(printable(say(warning)))
  }
}
