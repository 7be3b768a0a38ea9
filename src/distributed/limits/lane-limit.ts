/** The shared rates of one lane, as a Limit of the gate: it may send when it has a slot whose time has come. */
import type { SharedRate } from './leases.ts'
import { Slots } from './slots.ts'
import type { Call } from '../../core/call.ts'
import type { SharedLimit } from '../../core/shared-limits.ts'

/** When a lane without slots is asked again at the latest; slots wake it earlier. */
const ASK_MS = 250

/** The most slots of one lease. */
export const MOST_SLOTS = 500

/** What a lane is doing about slots. */
export type LaneState =
  /** Nothing: it has enough, or nobody waits. */
  | { readonly kind: 'content' }
  /** It is in the queue of those that ask. */
  | { readonly kind: 'queued' }
  | { readonly kind: 'asking' }
  /** Its host has no slot before this time. */
  | { readonly kind: 'blocked'; readonly untilMs: number }

/** The rates of a lane as they are now. */
export interface LaneRates {
  /** Those of all lanes first. */
  readonly rates: readonly SharedRate[]
  readonly ofAll: number
  /** Nothing but a pause limits the lane. */
  readonly isFree: boolean
  /** Of the limits that were set for the name. */
  readonly revision: number
}

export interface LaneParts {
  readonly rates: () => LaneRates
  readonly label: () => string
  readonly startsOf: (call: Call) => number
  /** Until when a server has paused the lane, as other processes say. */
  readonly pausedUntilMs: () => number
  /** A start without a slot. */
  readonly started: (nowMs: number) => void
  /** The lane wants slots. */
  readonly wants: (lane: LaneLimit, nowMs: number) => void
}

export class LaneLimit implements SharedLimit {
  readonly waitsFor = 'rate'
  readonly slots = new Slots()
  state: LaneState = { kind: 'content' }
  /** Number of the period in which it last asked. */
  period = -1
  /** Half of one, so that the first lease is of one slot. */
  #wanted = 0.5
  readonly #parts: LaneParts

  constructor(parts: LaneParts) {
    this.#parts = parts
  }

  get rates(): LaneRates {
    return this.#parts.rates()
  }

  get label(): string {
    return this.#parts.label()
  }

  waitMs(nowMs: number): number {
    if (this.rates.isFree) return Math.max(0, this.#parts.pausedUntilMs() - nowMs)
    const waitMs = this.slots.waitMs(nowMs)
    if (waitMs !== Infinity) return waitMs
    return this.state.kind === 'blocked' ? Math.max(ASK_MS, this.state.untilMs - nowMs) : ASK_MS
  }

  book(nowMs: number, call: Call): void {
    if (this.rates.isFree) this.#parts.started(nowMs)
    else this.slots.take(nowMs, this.#parts.startsOf(call))
  }

  awaited(nowMs: number): void {
    if (!this.rates.isFree) this.#parts.wants(this, nowMs)
  }

  isIdle(nowMs: number): boolean {
    return this.state.kind === 'content' && this.slots.waitMs(nowMs) === Infinity
  }

  /**
   * How many slots to ask for: twice as many as last time, or half as many if some of them were missed, so that a lane
   * with few requests takes few slots from the others.
   */
  nextLease(nowMs: number, most: number): number {
    const missed = this.slots.missed(nowMs)
    this.#wanted = missed > 0 ? Math.max(1, this.#wanted / 2) : Math.min(this.#wanted * 2, MOST_SLOTS)
    return Math.max(1, Math.min(Math.round(this.#wanted) + this.slots.owed, Math.floor(most)))
  }
}
