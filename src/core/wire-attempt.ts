/** The part of an attempt that a transport sees: the request, and the fields that only the transport can fill in. */
import type { Attempt } from './attempt.ts'
import type { Body } from './body.ts'
import type { HeaderList } from './headers.ts'
import type { Phase } from './result.ts'

/**
 * One attempt of a request, as a `Transport` gets it. A transport writes the fields that are not readonly, and reads the
 * others.
 */
export interface WireAttempt {
  /** The method, in upper case. */
  readonly method: string
  /** Without userinfo and fragment. */
  readonly url: string
  /** Names and values in turn, names in lower case. */
  readonly headers: HeaderList
  /** The body of the request. Undefined without one. */
  readonly body: Body | undefined
  /** 1 for the first attempt of a request; also counts redirect hops. */
  readonly number: number
  /** The position of the request in its input, from 0, for display. */
  readonly index: number
  /** The current phase. `'headers'` when the transport is called. The timeouts depend on it. */
  phase: Phase
  /** When the phase began, or the last byte of the body came, by the clock of the transport. Timeouts count from here. */
  phaseAtMs: number
  /** Bytes of the body so far, for `minSpeed`. */
  bodyBytes: number
  /** Whether the server may have got a byte of it. True when the transport is called, which is safe for a POST. */
  sent: boolean
  /** Whether the head of the response is there. False when the transport is called. */
  headed: boolean
  /** Stops the work. Called at most once, when the request is abandoned; its result is not used after that. */
  abort: (() => void) | undefined
}

/** An Attempt as a transport of the caller sees it. @internal */
export class OutsideAttempt implements WireAttempt {
  readonly #attempt: Attempt

  constructor(attempt: Attempt) {
    this.#attempt = attempt
    attempt.sent = true
    attempt.phase = 'headers'
  }

  /** The Attempt behind it, for transports that wrap a built-in one. */
  static attemptOf(this: void, attempt: WireAttempt): Attempt {
    return (attempt as OutsideAttempt).#attempt
  }

  get method(): string {
    return this.#attempt.call.method
  }

  get url(): string {
    return this.#attempt.call.url
  }

  get headers(): HeaderList {
    return this.#attempt.headers
  }

  get body(): Body | undefined {
    return this.#attempt.call.body
  }

  get number(): number {
    return this.#attempt.number
  }

  get index(): number {
    return this.#attempt.call.index
  }

  get phase(): Phase {
    return this.#attempt.phase
  }

  set phase(phase: Phase) {
    this.#attempt.phase = phase
  }

  get phaseAtMs(): number {
    return this.#attempt.phaseAtMs
  }

  set phaseAtMs(atMs: number) {
    this.#attempt.phaseAtMs = atMs
  }

  get bodyBytes(): number {
    return this.#attempt.bodyBytes
  }

  set bodyBytes(bytes: number) {
    this.#attempt.bodyBytes = bytes
  }

  get sent(): boolean {
    return this.#attempt.sent
  }

  set sent(sent: boolean) {
    this.#attempt.sent = sent
  }

  get headed(): boolean {
    return this.#attempt.headed
  }

  set headed(headed: boolean) {
    this.#attempt.headed = headed
  }

  get abort(): (() => void) | undefined {
    const { abort } = this.#attempt
    return abort === undefined || typeof abort === 'function' ? abort : () => abort.giveUp()
  }

  set abort(abort: (() => void) | undefined) {
    this.#attempt.abort = abort
  }
}

/** @internal */
export const attemptOf: (attempt: WireAttempt) => Attempt = OutsideAttempt.attemptOf
