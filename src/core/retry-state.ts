/** What a request has used up of its attempts, and what they have taught about it. Written by the retry, redirect and route layers. */
import type { Words } from './words.ts'

export class RetryState {
  retriesLeft: number
  /** Attempts that went out, throttled ones and redirect hops included. */
  attempts = 0
  /** Attempts that the server turned away before it did anything, because it was too busy. */
  refused = 0
  redirects = 0
  /** When the first throttled answer came (monotonic); the patience of `retry.maxRetryAfter` counts from here. */
  throttledAtMs: number | undefined = undefined
  /** A piece of a body has been handed to `onChunk`: the request must not begin again. */
  delivered = false
  /** A 421 has been repeated on a new connection. */
  misdirected = false
  /** A 417 has been answered without `Expect`. */
  unexpecting = false
  /** Key of the proxy that caused the last attempt to fail: the retry takes another one. */
  failedProxy: string | undefined = undefined
  /** Why a failure was not retried although its kind can be. */
  notRetriedBecause: Words | undefined = undefined

  constructor(retriesLeft: number) {
    this.retriesLeft = retriesLeft
  }

  /** No server has done anything for the request. */
  get isUnsent(): boolean {
    return this.attempts === this.refused
  }
}
