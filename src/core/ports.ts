/**
 * The ports of the library: a wire, a clock, a cookie jar. Each is a contract; its MUSTs bind every implementation,
 * ours and the caller's.
 */
import type { Attempt } from './attempt.ts'
import type { WireAttempt } from './wire-attempt.ts'
import type { Journal } from './journal.ts'
import type { Outcome } from './outcome.ts'
import type { Result } from './result.ts'

/**
 * The wire.
 *
 * MUST settle exactly once per attempt, when the body is complete, and MUST NOT reject: a network error is a Fault.
 * MUST NOT interpret the status: a 500 is a Reply. MUST NOT follow redirects or retry anything. SHOULD set
 * `attempt.abort` and stop the work when it is called: the request has been given up and its result is not used.
 * SHOULD keep `attempt.phase` and `attempt.sent` true while it works: who
 * does not is taken to have sent the request from the start.
 */
export interface Transport {
  send(attempt: WireAttempt): Promise<Result>
  /** Time as this transport knows it, for tests; the system's otherwise. */
  readonly clock?: Clock
  /** Idempotent. Nothing may be left open afterwards. */
  close(): Promise<void>
}

/**
 * Opens the record of a run, by the name that the caller gave it. MUST reject with a ConfigError if the record cannot
 * serve, and MUST then leave it as it was.
 */
export type OpenJournal = (path: string, options: { readonly durability: 'process' | 'power' }) => Promise<Journal>

/**
 * A source of work that waits for acknowledgements, such as a queue that several processes share. It hands out again
 * what was not acknowledged when the process ended. MUST NOT throw from `acknowledge`.
 */
export interface AcknowledgedSource {
  readonly items: Iterable<unknown> | AsyncIterable<unknown>
  /** Called once for each item that was pulled, when its outcome is final and in the journal, if there is one. */
  acknowledge(outcome: Outcome): void
}

/** A wire of our own: under the same contract as a Transport, and with the whole attempt. */
export interface Wire {
  send(attempt: Attempt): Promise<Result>
  close(): Promise<void>
}

export interface Timer {
  cancel(): void
}

/**
 * Time, so that policies and layers are tested without waiting. `now` MUST be monotonic; `epochMs` is the wall clock
 * and serves HTTP dates only. A timer MUST call back once, never before its time and never inside `after` itself.
 */
export interface Clock {
  /** Monotonic milliseconds, with a fraction. */
  now(): number
  /** Milliseconds since 1970. */
  epochMs(): number
  after(delayMs: number, callback: () => void): Timer
}

/**
 * Cookies of RFC 6265. MUST be synchronous: a cookie set by one response must be in the next request. A jar of
 * tough-cookie has these methods.
 */
export interface CookieStore {
  /** The `Cookie` header for this URL, or `''`. */
  getCookieStringSync(url: string): string
  /** Takes one `Set-Cookie` value. What is not acceptable MUST be dropped or thrown, never stored. */
  setCookieSync(cookie: string, url: string, options?: { ignoreError?: boolean }): unknown
  removeAllCookiesSync(): void
}
