/**
 * One kind of limit for everything: places, tokens, pauses, global or per host.
 *
 * Asking is pure and booking is synchronous. That is why a place and a token can be taken in the same tick, or neither:
 * tokens spent while waiting for a place would come out in a bunch later.
 */
import type { Call, Costs } from '../core/call.ts'

export interface Limit {
  /** For humans and timings: what a request that waits here waits for. */
  readonly waitsFor: 'place' | 'rate' | 'pause'
  /** Milliseconds until this call may go; 0 = now; Infinity = ask again after a release. MUST change nothing. */
  waitMs(nowMs: number, call: Call): number
  /** Takes what a `waitMs` of 0 has just promised. */
  book(nowMs: number, call: Call): void
  /** Whether nothing is left to lend: only a release can help. */
  isFull?(): boolean
  /** What the call's last attempt has cost in truth, in the place of what was booked for it. */
  correct?(call: Call, costs: Costs): void
  /** Whether it takes anything from this call. Absent: from every call. */
  concerns?(call: Call): boolean
  /** Whether it remembers nothing that still matters, so that it may be forgotten and made anew. Absent: always. */
  isIdle?(nowMs: number): boolean
  /** The attempt is over: gives back what is only lent. */
  release?(call: Call, nowMs?: number): void
}
