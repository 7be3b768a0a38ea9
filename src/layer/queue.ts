/**
 * The gate's lines: those who wait in a lane, and the lanes that wait at a limit. State and its bookkeeping; who may go
 * is the gate's to decide.
 */
import type { Alarm } from './alarms.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Fault } from '../core/result.ts'
import { Ring } from '../core/ring.ts'
import type { Lane } from '../policy/lane.ts'
import type { Limit } from '../policy/limit.ts'
import { patienceMsOf } from '../policy/patience.ts'

/** Lets an attempt through, or refuses it. */
export type Admit = (refused: Fault | undefined) => void

export interface Waiter {
  readonly attempt: Attempt
  readonly enteredAtMs: number
  /** The lane's clock of limiter time when this one entered. */
  readonly limiterMs: number
  readonly admit: Admit
  gone: boolean
}

/** A lane and those who wait in it. */
export class Queue {
  readonly lane: Lane
  readonly waiters = new Ring<Waiter>()
  parkedAt: Turnstile | undefined = undefined
  /** No waiter has less patience or an earlier deadline: bounds, so that a pause within them looks at nobody. */
  leastPatienceMs = Infinity
  earliestDeadlineMs = Infinity
  #parkedAtMs = 0
  #limiterMs = 0

  constructor(lane: Lane) {
    this.lane = lane
  }

  /** The first that still waits. */
  head(): Waiter | undefined {
    for (let head = this.waiters.peek(); head !== undefined; head = this.waiters.peek()) {
      if (!head.gone) return head
      this.waiters.shift()
    }
    return undefined
  }

  /** Before the waiters are looked at one by one, or when there are none. */
  resetBounds(): void {
    this.leastPatienceMs = this.earliestDeadlineMs = Infinity
  }

  bound({ call, trip }: Attempt): void {
    this.leastPatienceMs = Math.min(this.leastPatienceMs, patienceMsOf(call))
    this.earliestDeadlineMs = Math.min(this.earliestDeadlineMs, trip.deadlineMs)
  }

  park(turnstile: Turnstile, nowMs: number): void {
    this.parkedAt = turnstile
    this.#parkedAtMs = nowMs
    turnstile.lanes.push(this)
  }

  unpark(nowMs: number): void {
    this.#limiterMs = this.limiterMsAt(nowMs)
    this.parkedAt = undefined
  }

  /** Time that this lane has spent waiting for rates and pauses; what is left of a wait was for a place. */
  limiterMsAt(nowMs: number): number {
    const { parkedAt } = this
    return (
      this.#limiterMs + (parkedAt !== undefined && parkedAt.limit.waitsFor !== 'place' ? nowMs - this.#parkedAtMs : 0)
    )
  }
}

/** A limit and the lanes that wait for it, in their order. */
export interface Turnstile extends Alarm {
  readonly limit: Limit
  readonly lanes: Ring<Queue>
}

/** Splits a wait into what was for a rate or a pause, and what was for a place. */
export function noteWait(queue: Queue, { attempt, enteredAtMs, limiterMs }: Waiter, nowMs: number): void {
  const waitedMs = nowMs - enteredAtMs
  const forLimiterMs = Math.min(waitedMs, queue.limiterMsAt(nowMs) - limiterMs)
  attempt.trip.limiterMs += forLimiterMs
  attempt.trip.queueMs += waitedMs - forLimiterMs
}
