/**
 * Circuit breaker: a host that only fails is left alone for a while, then asked by one request whether it is back.
 *
 * It opens when the last `failures` failures lie within the window and outnumber the successes since the first of
 * them: five in a row open it, one in a hundred never does, at whatever rate. What began before it opened has no say
 * after that: a late success must not close it, and a late failure must not prolong it.
 */
import { Ring } from '../core/ring.ts'

export interface BreakerPlan {
  /** An integer ≥ 1. */
  readonly failures: number
  readonly windowMs: number
  /** Above 0. */
  readonly cooldownMs: number
}

/** `unknown`: says nothing about the host, such as an abort or a throttled answer. */
export type BreakerVerdict = 'ok' | 'failed' | 'unknown'

export interface Breaker {
  /**
   * The time until which requests are refused, or undefined when one may go. While the probe is out: when the next one
   * could go if it failed, but not before now. Changes nothing.
   */
  refusesUntilMs(nowMs: number): number | undefined
  /** Takes what `refusesUntilMs` has just promised: after the cooldown, the probe. */
  book(nowMs: number): void
  /** MUST be called for every attempt that was booked. Answers whether this one opened it. */
  record(verdict: BreakerVerdict, startedAtMs: number, nowMs: number): boolean
  state(nowMs: number): 'closed' | 'open' | 'half_open'
  /** Whether it remembers nothing that still matters. */
  isIdle(nowMs: number): boolean
}

interface Failure {
  readonly atMs: number
  /** Successes before it. */
  readonly successes: number
}

type State =
  | { readonly kind: 'closed' }
  /** From `untilMs` on a probe may go. */
  | { readonly kind: 'open'; readonly untilMs: number }
  /** The probe is out. */
  | { readonly kind: 'half_open'; readonly probedAtMs: number }

const CLOSED: State = { kind: 'closed' }

export function breaker({ failures, windowMs, cooldownMs }: BreakerPlan): Breaker {
  let state: State = CLOSED
  /** Attempts that began earlier have no say: its last opening, and after that its probe. */
  let heardFromMs = -Infinity
  let successes = 0
  let lastFailureAtMs = -Infinity
  let last = new Ring<Failure>()

  /** Whether this failure is one too many. */
  function fails(nowMs: number): boolean {
    lastFailureAtMs = nowMs
    last.push({ atMs: nowMs, successes })
    if (last.size < failures) return false
    const first = (last.size > failures ? (last.shift(), last.peek()) : last.peek()) as Failure
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
      // Nobody asked for it again: to begin anew costs a few failures, to remember costs a lane for ever.
      return state.kind === 'open' && nowMs - state.untilMs > windowMs
    },
  }
}
