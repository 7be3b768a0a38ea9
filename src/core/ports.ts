/**
 * The ports of the library: a wire, a clock, a cookie jar. Each is a contract; its MUSTs bind every implementation,
 * ours and the caller's.
 */
import type { WireAttempt } from './wire-attempt.ts'
import type { Journal } from './journal.ts'
import type { Outcome } from './outcome.ts'
import type { Result } from './result.ts'

/**
 * The wire.
 *
 * MUST settle exactly once per attempt, when the body is complete, and MUST NOT reject: a network error is a Fault.
 * MUST NOT interpret the status: a 500 is a Reply, and if its body fails, a Fault with `begun`. MUST NOT follow redirects or retry anything. SHOULD set
 * `attempt.abort` and stop the work when it is called: the request has been given up and its result is not used. SHOULD
 * keep `attempt.phase` and `attempt.sent` up to date while it works; otherwise the request counts as sent from the
 * start.
 *
 * @example
 * const transport: Transport = {
 *   send: async attempt => ({ kind: 'fault', code: 'connect/refused', message: `no way to ${attempt.url}`, sent: false }),
 *   close: async () => {},
 * }
 * const client = new ParallelRequests({ transport })
 */
export interface Transport {
  /** Sends an attempt, and resolves with its response or its fault. MUST NOT reject. */
  send(attempt: WireAttempt): Promise<Result>
  /** The clock of this transport, for tests. Default: the system's clock. */
  readonly clock?: Clock
  /** Closes everything that the transport opened. MUST be idempotent. */
  close(): Promise<void>
}

/**
 * Opens the record of a run, by the name that the caller gave it. MUST reject with a ConfigError if the record cannot
 * serve, and MUST then leave it as it was.
 *
 * @internal
 */
export type OpenJournal = (path: string, options: { readonly durability: 'process' | 'power' }) => Promise<Journal>

/**
 * A source of work that waits for acknowledgements, such as a queue that several processes share. After the end of a
 * process it hands out the items again that the process did not acknowledge. `acknowledge` MUST NOT throw.
 *
 * @internal
 */
export interface AcknowledgedSource {
  readonly items: Iterable<unknown> | AsyncIterable<unknown>
  /** Called once for each item that was pulled, when its outcome is final and in the journal, if there is one. */
  acknowledge(outcome: Outcome): void
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
 *
 * @example const client = new ParallelRequests({ cookies: new CookieJar() })
 */
export interface CookieStore {
  /** The `Cookie` header for this URL, or `''`. */
  getCookieStringSync(url: string): string
  /** Stores one `Set-Cookie` value. MUST drop an invalid one or throw, and never store it. */
  setCookieSync(cookie: string, url: string, options?: { ignoreError?: boolean }): unknown
  /** Forgets every cookie. */
  removeAllCookiesSync(): void
}
