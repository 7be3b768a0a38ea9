/**
 * One interface for every limit: slots, rates and pauses, global or per host.
 *
 * Asking is pure and booking is synchronous, so the gate takes a slot and a token in the same tick or takes neither. If
 * it took tokens while it waited for a slot, the requests would later start in a bunch.
 */
import type { Call, Costs } from '../core/call.ts'

export interface Limit {
  /** What a request that is blocked here waits for; shown in timings and messages. */
  readonly waitsFor: 'slot' | 'rate' | 'pause'
  /** What it is called in advice: `rate 10/s`. Absent: it needs no name of its own. */
  readonly label?: string
  /** The option that raises it, for advice. */
  readonly option?: string
  /** Milliseconds until this call may go; 0 = now; Infinity = ask again after a release. MUST change nothing. */
  waitMs(nowMs: number, call: Call): number
  /** Takes what a `waitMs` of 0 has just promised. */
  book(nowMs: number, call: Call): void
  /** A lane waits here. Called again whenever it still does after it was served. MUST change nothing at once. */
  awaited?(nowMs: number): void
  /** Whether it is exhausted, so that only a release can help. */
  isFull?(): boolean
  /** Replaces what was booked for the call's last attempt by what it really cost. */
  correct?(call: Call, costs: Costs): void
  /** Whether it applies to this call. Absent: it applies to every call. */
  concerns?(call: Call): boolean
  /** Whether it can be dropped: a new one would behave the same. Absent: always. */
  isIdle?(nowMs: number): boolean
  /** The attempt has ended: returns what was borrowed, such as a slot. */
  release?(call: Call, nowMs?: number): void
}
