/** The waiters of a lane, in order. State and bookkeeping only; the gate decides which one may go. */
import type { WaitList } from './wait-lists.ts'
import type { Attempt } from '../core/attempt.ts'
import type { LinkedList, Link } from '../core/linked-list.ts'
import type { Fault } from '../core/result.ts'
import { Ring } from '../core/ring.ts'
import type { Standing } from '../core/standing.ts'
import type { Lane } from '../policy/lane.ts'
import { patienceMsOf, patientUntilMs } from '../policy/patience.ts'
import { routeOf } from '../policy/quota-paths.ts'

/** Admits an attempt, or refuses it with a fault. */
export type Admit = (refused: Fault | undefined) => void

export interface Waiter {
  readonly attempt: Attempt
  readonly enteredAtMs: number
  /** The lane's clock of limiter time when this waiter entered. */
  readonly limiterMs: number
  readonly admit: Admit
  /** Which quotas of the host it counts towards. Computed only for a host with several. */
  route?: string
  gone: boolean
}

/** At most this many waiters are passed over, so that the search stays cheap. */
const MAX_PASSED = 4_096
/** Number of waiters that have left after which the ring is cleaned. */
const MAX_GONE = 512

/** A lane and its waiters. */
export class Queue implements Link<Queue> {
  readonly lane: Lane
  list: LinkedList<Queue> | undefined = undefined
  before: Queue | undefined = undefined
  behind: Queue | undefined = undefined
  /** Drawn for each waiter that becomes the head of its lane. Where two lanes meet, the lower ticket goes first. */
  ticket = 0
  blockedAt: WaitList | undefined = undefined
  /** The standing of its host when it was blocked. */
  countedAs: Standing = 'new'
  /** Lower bounds over all waiters: for a shorter pause, no waiter has to be checked. */
  leastPatienceMs = Infinity
  earliestDeadlineMs = Infinity
  readonly #waiters = new Ring<Waiter>()
  #waiting = 0
  #blockedAtMs = 0
  #limiterMs = 0

  constructor(lane: Lane) {
    this.lane = lane
  }

  /** Number of waiters that have not left. */
  get waiting(): number {
    return this.#waiting
  }

  /** The first waiter that has not left. */
  head(): Waiter | undefined {
    if (this.#waiting === 0) return undefined
    for (let head = this.#waiters.peek(); head !== undefined; head = this.#waiters.peek()) {
      if (!head.gone) return head
      this.#waiters.shift()
    }
    return undefined
  }

  /**
   * The next waiter to go: the first one, or, if its quota is one of several and used up, the first one whose quota is
   * not. If all are used up, the one with the shortest wait.
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
      // Once per route: thousands may wait for one quota, and each answer would check all of them.
      const route = routeOfWaiter(waiter)
      if (waits.has(route)) continue
      const waitMs = quota.waitMs(nowMs, waiter.attempt.call)
      waits.set(route, waitMs)
      if (waitMs < leastMs) [best, leastMs] = [waiter, waitMs]
    }
    // Waiters that overtook the head stay in the ring until they are removed here.
    if (gone >= MAX_GONE) this.#waiters.filter(waiter => !waiter.gone)
    return best
  }

  /** Whether this newcomer waits less than all before it, because it counts towards another quota of the host. */
  mayOvertake({ call }: Attempt, nowMs: number): boolean {
    const { blockedAt } = this
    const { quota } = this.lane
    if (quota?.isPartial !== true || blockedAt?.limit !== quota) return false
    return nowMs + quota.waitMs(nowMs, call) < blockedAt.dueAtMs
  }

  /** A retry goes before requests that have not been tried yet. */
  add(waiter: Waiter): void {
    const { call, number } = waiter.attempt
    if (this.#waiting++ === 0) this.resetBounds()
    this.leastPatienceMs = Math.min(this.leastPatienceMs, patienceMsOf(call))
    this.earliestDeadlineMs = Math.min(this.earliestDeadlineMs, patientUntilMs(call))
    if (number > 1) this.#waiters.unshift(waiter)
    else this.#waiters.push(waiter)
  }

  /** The waiter has left; the ring drops it when its turn comes. */
  leave(waiter: Waiter): void {
    if (waiter.gone) return
    waiter.gone = true
    if (--this.#waiting === 0) this.#waiters.filter(() => false)
  }

  /** Removes the waiters for which `refuse` returns a fault, and returns both. */
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

  /** Before the waiters are checked one by one, or when there are none. */
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

  /** Time that this lane has waited for rates and pauses. The rest of a wait was for a slot. */
  limiterMsAt(nowMs: number): number {
    const { blockedAt } = this
    return (
      this.#limiterMs + (blockedAt !== undefined && blockedAt.limit.waitsFor !== 'slot' ? nowMs - this.#blockedAtMs : 0)
    )
  }
}

const routeOfWaiter = (waiter: Waiter): string => (waiter.route ??= routeOf(waiter.attempt.call))

/** Splits a wait into the time for a rate or a pause, and the time for a slot. */
export function noteWait(queue: Queue, { attempt, enteredAtMs, limiterMs }: Waiter, nowMs: number): void {
  const waitedMs = nowMs - enteredAtMs
  const forLimiterMs = Math.min(waitedMs, queue.limiterMsAt(nowMs) - limiterMs)
  attempt.trip.stopwatch.limiterMs += forLimiterMs
  attempt.trip.stopwatch.queueMs += waitedMs - forLimiterMs
}
