/**
 * Circuit breaker: stops sending to a host that only fails, then lets one probe find out whether it is back.
 *
 * It opens when the last `failures` failures lie within the window and outnumber the successes since the first of them.
 * Five failures in a row open it; one in a hundred never does, at any rate. Once it is open, results of attempts that
 * started earlier are ignored: a late success must not close it, and a late failure must not prolong it.
 */
import { Ring } from '../core/ring.ts'
import type { BreakerPlan } from '../core/breaker-plan.ts'

/** `unknown`: the result says nothing about the host, such as an abort or a throttled answer. */
export type BreakerVerdict = 'ok' | 'failed' | 'unknown'

export interface Breaker {
  /**
   * The time until which requests are refused, or undefined when one may go. While the probe is in flight: when the
   * next probe could go if this one failed, but never before `nowMs`. Changes nothing.
   */
  refusesUntilMs(nowMs: number): number | undefined
  /** Starts what `refusesUntilMs` has just allowed. After the cooldown this is the probe. */
  book(nowMs: number): void
  /** MUST be called for every attempt that was booked. Returns whether this result opened the breaker. */
  record(verdict: BreakerVerdict, startedAtMs: number, nowMs: number): boolean
  state(nowMs: number): 'closed' | 'open' | 'half_open'
  /** Whether it can be dropped: a new breaker would behave the same. */
  isIdle(nowMs: number): boolean
}

interface RecordedFailure {
  readonly atMs: number
  /** Successes recorded before this failure. */
  readonly successes: number
}

type BreakerState =
  | { readonly kind: 'closed' }
  /** From `untilMs` on, one probe may go. */
  | { readonly kind: 'open'; readonly untilMs: number }
  /** The probe is in flight. */
  | { readonly kind: 'half_open'; readonly probedAtMs: number }

const CLOSED: BreakerState = { kind: 'closed' }

export function breaker({ failures, windowMs, cooldownMs }: BreakerPlan): Breaker {
  let state: BreakerState = CLOSED
  /** Results of attempts that started earlier are ignored. Set when the breaker opens and when its probe starts. */
  let heardFromMs = -Infinity
  let successes = 0
  let lastFailureAtMs = -Infinity
  let last = new Ring<RecordedFailure>()

  /** Records a failure; returns whether it opens the breaker. */
  function fails(nowMs: number): boolean {
    lastFailureAtMs = nowMs
    last.push({ atMs: nowMs, successes })
    if (last.size < failures) return false
    const first = (last.size > failures ? (last.shift(), last.peek()) : last.peek()) as RecordedFailure
    return nowMs - first.atMs <= windowMs && failures > successes - first.successes
  }

  function open(nowMs: number): true {
    state = { kind: 'open', untilMs: nowMs + cooldownMs }
    heardFromMs = nowMs
    return true
  }

  function close(): void {
    state = CLOSED
    successes = 0
    lastFailureAtMs = -Infinity
    last = new Ring()
  }

  return {
    refusesUntilMs(nowMs) {
      if (state.kind === 'closed') return undefined
      if (state.kind === 'open') return nowMs < state.untilMs ? state.untilMs : undefined
      return Math.max(nowMs, state.probedAtMs + cooldownMs)
    },
    book(nowMs) {
      if (state.kind === 'closed') return
      state = { kind: 'half_open', probedAtMs: nowMs }
      heardFromMs = nowMs
    },
    record(verdict, startedAtMs, nowMs) {
      if (startedAtMs < heardFromMs || state.kind === 'open') return false
      if (state.kind === 'half_open') {
        if (verdict === 'failed') return open(nowMs)
        if (verdict === 'ok') close()
        else state = { kind: 'open', untilMs: nowMs }
        return false
      }
      if (verdict === 'ok') successes++
      return verdict === 'failed' && fails(nowMs) && open(nowMs)
    },
    state: nowMs => (state.kind === 'open' && nowMs >= state.untilMs ? 'half_open' : state.kind),
    isIdle(nowMs) {
      if (state.kind === 'closed') return nowMs - lastFailureAtMs > windowMs
      // No request since the cooldown. A new breaker costs a few failures; keeping this one costs a lane for ever.
      return state.kind === 'open' && nowMs - state.untilMs > windowMs
    },
  }
}
