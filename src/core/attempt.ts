/**
 * One sending of a Call. The retry layer makes it, the session layer adds its last headers, the transport writes its
 * progress.
 */
import type { Call } from './call.ts'
import type { AttemptEvent } from './events.ts'
import { filterHeaders } from './headers.ts'
import type { HeaderList } from './headers.ts'
import type { Fault, Phase } from './result.ts'
import type { Proxy } from './route.ts'
import type { Trip } from './trip.ts'

/**
 * A function, or the object that does the work: a function per attempt would keep more of it in memory. The object settles
 * with `why`, and adds what has arrived of the response.
 */
export type Abort = (() => void) | { giveUp(why?: Fault): void }

export interface Attempt {
  readonly call: Call
  readonly trip: Trip
  /** 1 for the first attempt of a request; also counts redirect hops. */
  readonly number: number
  /** The proxy that it goes through; undefined for a direct connection. */
  proxy: Proxy | undefined
  /** When that proxy was chosen (monotonic ms). */
  routedAtMs: number
  /** The headers to send; the session layer completes them. */
  headers: HeaderList
  /** When the gate let it pass (monotonic ms). */
  admittedAtMs: number
  /** When its clocks started: at the gate, or after a caller's function has computed its headers (monotonic ms). */
  startedAtMs: number
  phase: Phase
  /** When the current phase began, or the last byte arrived (monotonic ms). */
  phaseAtMs: number
  /** Bytes of the body received so far, before decoding. */
  bodyBytes: number
  /**
   * When its clocks were paused, because received bytes are being processed (monotonic ms); undefined while they run.
   */
  heldAtMs: number | undefined
  /** How long its clocks were paused so far; `startedAtMs` has been moved by the same time. */
  heldMs: number
  /** A byte of the request may have reached the server. */
  sent: boolean
  /** The body of the request is being written: `phaseAtMs` is when a piece of it was written last. */
  uploading: boolean
  /** The head of a final response has arrived. */
  headed: boolean
  /** The connection had carried a request before. */
  reused: boolean
  /** The host asked for no requests before this time (monotonic ms); written by the gate. */
  pausedUntilMs: number | undefined
  /** How many of the slots were in use when it started; written by the gate. A word, because a fraction would be an object. */
  occupancy: 'few' | 'some' | 'most'
  /** Stops the work on the wire; set by the transport, used at most once. */
  abort: Abort | undefined
  /**
   * Asks a wire on another thread to return the attempt if it is still connecting, because `phase` and `sent` are not
   * up to date here. The attempt then ends as PREEMPTED.
   */
  preempt: (() => void) | undefined
  /** Its event; undefined without a listener. */
  event: AttemptEvent | undefined
  /** `hooks.beforeRequest` was called for it. */
  signed: boolean
}

export function attempt(call: Call, number: number, nowMs: number): Attempt {
  call.trip.stopwatch.sentAtMs = undefined
  return new NewAttempt(call, number, nowMs)
}

/** A class and not an object literal, for the reason that `TemplateCall` gives. */
class NewAttempt implements Attempt {
  readonly call: Call
  readonly trip: Trip
  readonly number: number
  proxy: Proxy | undefined = undefined
  routedAtMs = 0
  headers: HeaderList
  admittedAtMs: number
  startedAtMs: number
  phase: Phase = 'connect'
  phaseAtMs: number
  bodyBytes = 0
  heldAtMs: number | undefined = undefined
  heldMs = 0
  sent = false
  uploading = false
  headed = false
  reused = false
  pausedUntilMs: number | undefined = undefined
  occupancy: 'few' | 'some' | 'most' = 'some'
  abort: Abort | undefined = undefined
  preempt: (() => void) | undefined = undefined
  event: AttemptEvent | undefined = undefined
  signed = false

  constructor(call: Call, number: number, nowMs: number) {
    const { trip, headers } = call
    this.call = call
    this.trip = trip
    this.number = number
    this.headers = trip.retry.unexpecting ? filterHeaders(headers, name => name !== 'expect') : headers
    this.admittedAtMs = this.startedAtMs = this.phaseAtMs = nowMs
  }
}

/** Stops its work on the wire, if there is any. */
export function abortWork({ abort }: Attempt, why?: Fault): void {
  if (typeof abort === 'function') abort()
  else abort?.giveUp(why)
}

/** Pauses the clocks of an attempt while received bytes are processed and no more are asked for. */
export function pauseClocks(held: Attempt, nowMs: number): void {
  held.heldAtMs ??= nowMs
}

export function resumeClocks(held: Attempt, nowMs: number): void {
  if (held.heldAtMs === undefined) return
  const heldMs = nowMs - held.heldAtMs
  held.heldAtMs = undefined
  held.heldMs += heldMs
  held.startedAtMs += heldMs
  held.phaseAtMs = nowMs
}
