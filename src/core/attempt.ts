/** One trip on the wire. Made by the retry layer, dressed by the session layer, stamped by the transport. */
import type { Call } from './call.ts'
import { filterHeaders } from './headers.ts'
import type { HeaderList } from './headers.ts'
import type { Phase } from './result.ts'
import type { Proxy } from './route.ts'
import type { Trip } from './trip.ts'

export interface Attempt {
  readonly call: Call
  readonly trip: Trip
  /** 1 for the first; counts over redirect hops. */
  readonly number: number
  /** The way to its origin; undefined is the direct one. */
  proxy: Proxy | undefined
  /** What goes on the wire; the session layer completes it. */
  headers: HeaderList
  /** When it was let through the gate (monotonic ms). */
  admittedAtMs: number
  /** When its clock began to run: at the gate, or when a caller's function had dressed it (monotonic ms). */
  startedAtMs: number
  phase: Phase
  /** When the present phase began, or its last byte came (monotonic ms). */
  phaseAtMs: number
  /** Bytes of the body so far, as they came. */
  bodyBytes: number
  /** Since when what came is being worked on and its clocks stand still (monotonic ms); undefined while they run. */
  heldAtMs: number | undefined
  /** How long they have stood still so far; `startedAtMs` has been moved by as much. */
  heldMs: number
  /** A byte of the request may have reached the server. */
  sent: boolean
  /** The head of a final response has arrived. */
  headed: boolean
  /** The connection had carried a request before. */
  reused: boolean
  /** The host asked everybody to wait until then (monotonic ms); written by the gate. */
  pausedUntilMs: number | undefined
  /** How to stop the work on the wire; set by the transport, called at most once. */
  abort: (() => void) | undefined
  /**
   * Asks a wire that is far away to give the attempt back if it is still connecting: `phase` and `sent` do not tell
   * here. It then ends as PREEMPTED.
   */
  preempt: (() => void) | undefined
}

export function attempt(call: Call, number: number, nowMs: number): Attempt {
  call.trip.stopwatch.sentAtMs = undefined
  return {
    call,
    trip: call.trip,
    number,
    proxy: undefined,
    headers: call.trip.retry.unexpecting ? filterHeaders(call.headers, name => name !== 'expect') : call.headers,
    admittedAtMs: nowMs,
    startedAtMs: nowMs,
    phase: 'connect',
    phaseAtMs: nowMs,
    bodyBytes: 0,
    heldAtMs: undefined,
    heldMs: 0,
    sent: false,
    headed: false,
    reused: false,
    pausedUntilMs: undefined,
    abort: undefined,
    preempt: undefined,
  }
}

/** Stops the clocks of an attempt: what has come is being worked on, and more is not asked for. */
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
