/**
 * Those who wait in a lane, in their order. State and its bookkeeping; who may go is the gate's to decide.
 */
import type { WaitList } from './wait-lists.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Line, Link } from '../core/line.ts'
import type { Fault } from '../core/result.ts'
import { Ring } from '../core/ring.ts'
import type { Standing } from '../core/standing.ts'
import type { Lane } from '../policy/lane.ts'
import { patienceMsOf, patientUntilMs } from '../policy/patience.ts'
import { routeOf } from '../policy/quota-paths.ts'

/** Lets an attempt through, or refuses it. */
export type Admit = (refused: Fault | undefined) => void

export interface Waiter {
  readonly attempt: Attempt
  readonly enteredAtMs: number
  /** The lane's clock of limiter time when this one entered. */
  readonly limiterMs: number
  readonly admit: Admit
  /** Which quotas of its host it counts in; looked for only where a host has several. */
  route?: string
  gone: boolean
}

/** So many waiters are passed over at most, so that looking for another one stays cheap. */
const MAX_PASSED = 4_096
/** So many that have left are stepped over before the ring is cleared of them. */
const MAX_GONE = 512

/** A lane and those who wait in it. */
export class Queue implements Link<Queue> {
  readonly lane: Lane
  line: Line<Queue> | undefined = undefined
  before: Queue | undefined = undefined
  behind: Queue | undefined = undefined
  /** Drawn for each waiter that becomes the first of its lane: the lower one goes first wherever two lanes meet. */
  ticket = 0
  blockedAt: WaitList | undefined = undefined
  /** What its host was when it was blocked. */
  countedAs: Standing = 'new'
  /** No waiter has less patience or an earlier deadline: bounds, so that a pause within them looks at nobody. */
  leastPatienceMs = Infinity
  earliestDeadlineMs = Infinity
  readonly #waiters = new Ring<Waiter>()
  #waiting = 0
  #blockedAtMs = 0
  #limiterMs = 0

  constructor(lane: Lane) {
    this.lane = lane
  }

  /** How many wait; those who have left the line do not. */
  get waiting(): number {
    return this.#waiting
  }

  /** The first that still waits. */
  head(): Waiter | undefined {
    if (this.#waiting === 0) return undefined
    for (let head = this.#waiters.peek(); head !== undefined; head = this.#waiters.peek()) {
      if (!head.gone) return head
      this.#waiters.shift()
    }
    return undefined
  }

  /**
   * Who goes next: the first, or, where its quota is one of several of the host and used up, the first whose quota is
   * not. If all of them are, the one that has to wait least.
   */
  next(nowMs: number): Waiter | undefined {
    const head = this.head()
    const { quota } = this.lane
    if (head === undefined || quota?.isPartial !== true) return head
    let best = head
    let leastMs = quota.waitMs(nowMs, head.attempt.call)
    if (leastMs === 0) return head
    const waits = new Map([[routeOfWaiter(head), leastMs]])
    let [passed, gone] = [0, 0]
    for (let i = 1; leastMs > 0 && passed < MAX_PASSED; i++) {
      const waiter = this.#waiters.at(i)
      if (waiter === undefined) break
      if (waiter.gone) {
        gone++
        continue
      }
      passed++
      // Once per route: thousands may wait for one quota, and each answer looks past them.
      const route = routeOfWaiter(waiter)
      if (waits.has(route)) continue
      const waitMs = quota.waitMs(nowMs, waiter.attempt.call)
      waits.set(route, waitMs)
      if (waitMs < leastMs) [best, leastMs] = [waiter, waitMs]
    }
    // Waiters that overtook the head stay in the ring until they are taken out here.
    if (gone >= MAX_GONE) this.#waiters.filter(waiter => !waiter.gone)
    return best
  }

  /** Whether this newcomer waits less long than all before it, because it counts in another quota of the host. */
  mayOvertake({ call }: Attempt, nowMs: number): boolean {
    const { blockedAt } = this
    const { quota } = this.lane
    if (quota?.isPartial !== true || blockedAt?.limit !== quota) return false
    return nowMs + quota.waitMs(nowMs, call) < blockedAt.dueAtMs
  }

  /** A repeat keeps its place before those who have not been tried yet. */
  add(waiter: Waiter): void {
    const { call, number } = waiter.attempt
    if (this.#waiting++ === 0) this.resetBounds()
    this.leastPatienceMs = Math.min(this.leastPatienceMs, patienceMsOf(call))
    this.earliestDeadlineMs = Math.min(this.earliestDeadlineMs, patientUntilMs(call))
    if (number > 1) this.#waiters.unshift(waiter)
    else this.#waiters.push(waiter)
  }

  /** It waits no longer; the line forgets it when its turn comes. */
  leave(waiter: Waiter): void {
    if (waiter.gone) return
    waiter.gone = true
    if (--this.#waiting === 0) this.#waiters.filter(() => false)
  }

  /** Takes out those whom `refuse` has an answer for, and answers with both. */
  refuse(refuse: (attempt: Attempt) => Fault | undefined): [Waiter, Fault][] {
    const refused: [Waiter, Fault][] = []
    this.resetBounds()
    this.#waiters.filter(waiter => {
      if (waiter.gone) return false
      const fault = refuse(waiter.attempt)
      if (fault !== undefined) {
        refused.push([waiter, fault])
        return true
      }
      this.leastPatienceMs = Math.min(this.leastPatienceMs, patienceMsOf(waiter.attempt.call))
      this.earliestDeadlineMs = Math.min(this.earliestDeadlineMs, patientUntilMs(waiter.attempt.call))
      return true
    })
    return refused
  }

  /** Before the waiters are looked at one by one, or when there are none. */
  resetBounds(): void {
    this.leastPatienceMs = this.earliestDeadlineMs = Infinity
  }

  blocked(waitList: WaitList, nowMs: number): void {
    this.blockedAt = waitList
    this.countedAs = this.lane.standing
    this.#blockedAtMs = nowMs
  }

  unblocked(nowMs: number): void {
    this.#limiterMs = this.limiterMsAt(nowMs)
    this.blockedAt = undefined
  }

  /** Time that this lane has spent waiting for rates and pauses; what is left of a wait was for a place. */
  limiterMsAt(nowMs: number): number {
    const { blockedAt } = this
    return (
      this.#limiterMs +
      (blockedAt !== undefined && blockedAt.limit.waitsFor !== 'place' ? nowMs - this.#blockedAtMs : 0)
    )
  }
}

const routeOfWaiter = (waiter: Waiter): string => (waiter.route ??= routeOf(waiter.attempt.call))

/** Splits a wait into what was for a rate or a pause, and what was for a place. */
export function noteWait(queue: Queue, { attempt, enteredAtMs, limiterMs }: Waiter, nowMs: number): void {
  const waitedMs = nowMs - enteredAtMs
  const forLimiterMs = Math.min(waitedMs, queue.limiterMsAt(nowMs) - limiterMs)
  attempt.trip.limiterMs += forLimiterMs
  attempt.trip.queueMs += waitedMs - forLimiterMs
}
