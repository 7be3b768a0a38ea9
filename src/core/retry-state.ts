/**
 * The attempts that a request has used up, and what they have shown. Written by the retry, redirect, poll and route layers.
 */
import type { Try } from './tries.ts'
import type { Words } from './words.ts'

export class RetryState {
  retriesLeft: number
  /** Attempts that were sent, throttled ones, redirect hops and polls included. */
  attempts = 0
  /** Attempts that the server refused unprocessed, because it was too busy. */
  refused = 0
  redirects = 0
  /** Requests for the status or the result of a job, after the first request; not their redirect hops or retries. */
  polls = 0
  /** When the first throttled answer came (monotonic ms); `retry.maxRetryAfter` counts from here. */
  throttledAtMs: number | undefined = undefined
  /** A piece of a body has been passed to `onChunk`, so the request must not start again. */
  delivered = false
  /** The request was retried on a new connection after a 421. */
  misdirected = false
  /** The request was retried without `Expect` after a 417. */
  unexpecting = false
  /** The number of the token that the last attempt was sent with; 0 if it has none that can be refreshed. */
  tokenVersion = 0
  /** The request was sent again with another token after a 401. */
  renewed = false
  /** Key of the proxy that made the last attempt fail: the retry uses another one. */
  failedProxy: string | undefined = undefined
  /** What each attempt did; undefined until one is followed by another. */
  tries: Try[] | undefined = undefined
  /** When the last of `tries` ended (monotonic ms). */
  triedAtMs = 0
  /** Why a failure was not retried, although its kind can be. */
  notRetriedBecause: Words | undefined = undefined

  constructor(retriesLeft: number) {
    this.retriesLeft = retriesLeft
  }

  /** A further request of the same job begins. It has retries, waits and a new token of its own. */
  beginPoll(retriesLeft: number): void {
    this.polls++
    this.retriesLeft = retriesLeft
    this.throttledAtMs = undefined
    this.misdirected = false
    this.renewed = false
    this.failedProxy = undefined
    this.notRetriedBecause = undefined
  }

  /** Whether no server has processed the request. */
  get isUnsent(): boolean {
    return this.attempts === this.refused
  }
}
