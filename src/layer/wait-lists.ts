/**
 * Every limit that blocks a lane has a wait list of lanes. A lane is parked at the limit that blocks it, and asked
 * again when that limit has capacity, so that no answer has to scan all lanes.
 *
 * A wait list is ordered by the lanes' tickets. A lane keeps its ticket when it has to wait at a second limit after the
 * first. Otherwise light requests would for ever overtake a heavy one that needs both limits at once.
 */
import type { Alarm, Alarms } from './alarms.ts'
import type { Queue } from './queue.ts'
import { LinkedList } from '../core/linked-list.ts'
import type { Standing } from '../core/standing.ts'
import type { Limit } from '../policy/limit.ts'

/** A limit, and the lanes that wait for it. */
export interface WaitList extends Alarm {
  readonly limit: Limit
  readonly lanes: LinkedList<Queue>
  /** Number of these lanes by the standing of their host. */
  readonly standings: Record<Standing, number>
}

/**
 * Waking up costs more than the work that follows: at 5,000/s, waking every millisecond takes half of all pacing
 * (bench/rates.ts). Well within the lateness that a rate allows.
 */
const MIN_NAP_MS = 2

/** So that a look at the gate takes the same time for any number of hosts. */
const MOST_COUNTED = 1_000

const byTicket = ({ ticket }: Queue): number => ticket

export class WaitLists {
  readonly #waitLists = new Map<Limit, WaitList>()
  readonly #alarms: Alarms
  readonly #serve: (queue: Queue, nowMs: number) => void
  readonly #ring: (waitList: WaitList, nowMs: number) => void

  /** `serve` admits a lane's waiters until it is blocked. `ring` is called when a limit's time has come. */
  constructor(
    alarms: Alarms,
    serve: (queue: Queue, nowMs: number) => void,
    ring: (waitList: WaitList, nowMs: number) => void,
  ) {
    this.#alarms = alarms
    this.#serve = serve
    this.#ring = ring
  }

  /** Number of limits at which lanes wait. */
  get size(): number {
    return this.#waitLists.size
  }

  /** The limits at which attempts wait now, and how many at each; of very many lanes, only the first are counted. */
  *waiting(): Generator<{ readonly limit: Limit; readonly attempts: number; readonly first: Queue }> {
    for (const { limit, lanes } of this.#waitLists.values()) {
      const first = lanes.peek()
      if (first === undefined) continue
      let attempts = 0
      let left = MOST_COUNTED
      for (let queue: Queue | undefined = first; queue !== undefined && left-- > 0; queue = queue.behind)
        attempts += queue.waiting
      yield { limit, attempts, first }
    }
  }

  at(limit: Limit): WaitList | undefined {
    return this.#waitLists.get(limit)
  }

  block(queue: Queue, limit: Limit, nowMs: number): void {
    let waitList = this.#waitLists.get(limit)
    if (waitList === undefined) this.#waitLists.set(limit, (waitList = this.#make(limit)))
    queue.blocked(waitList, nowMs)
    waitList.standings[queue.countedAs]++
    waitList.lanes.insert(queue, byTicket)
    if (waitList.lanes.peek() === queue) this.#schedule(waitList, nowMs)
  }

  /** Removes a lane from its wait list, whatever its position. */
  unpark(queue: Queue, nowMs: number): void {
    const waitList = queue.blockedAt
    if (waitList === undefined) return
    const wasFirst = waitList.lanes.peek() === queue
    this.#release(queue, waitList, nowMs)
    if (wasFirst) this.#schedule(waitList, nowMs)
  }

  /** Other limits may apply to the lane now. */
  again(queue: Queue, nowMs: number): void {
    this.unpark(queue, nowMs)
    this.#serve(queue, nowMs)
  }

  /** A blocked lane has another first waiter now. */
  changed(queue: Queue, nowMs: number): void {
    const waitList = queue.blockedAt
    if (waitList?.lanes.peek() === queue) this.#schedule(waitList, nowMs)
  }

  /** Serves lanes in order while the limit has capacity. */
  turn(waitList: WaitList, nowMs: number): void {
    const { lanes, limit } = waitList
    for (let queue = lanes.peek(); queue !== undefined; queue = lanes.peek()) {
      const head = queue.next(nowMs)
      if (head !== undefined && limit.waitMs(nowMs, head.attempt.call) > 0) break
      this.#release(queue, waitList, nowMs)
      this.#serve(queue, nowMs)
    }
    this.#schedule(waitList, nowMs)
  }

  /** The same for a limit, if any lane waits for it. */
  turnAt(limit: Limit, nowMs: number): void {
    const waitList = this.#waitLists.get(limit)
    if (waitList !== undefined) this.turn(waitList, nowMs)
  }

  #release(queue: Queue, waitList: WaitList, nowMs: number): void {
    waitList.lanes.remove(queue)
    waitList.standings[queue.countedAs]--
    queue.unblocked(nowMs)
  }

  /** Sets the alarm for when the first lane may go; removes an empty wait list. */
  #schedule(waitList: WaitList, nowMs: number): void {
    this.#alarms.remove(waitList)
    const head = waitList.lanes.peek()?.next(nowMs)
    if (head === undefined) {
      if (this.#waitLists.get(waitList.limit) === waitList) this.#waitLists.delete(waitList.limit)
      return
    }
    waitList.limit.awaited?.(nowMs)
    const waitMs = waitList.limit.waitMs(nowMs, head.attempt.call)
    waitList.dueAtMs =
      nowMs + (waitMs > 0 && waitList.limit.waitsFor === 'rate' ? Math.max(waitMs, MIN_NAP_MS) : waitMs)
    this.#alarms.add(waitList)
  }

  #make(limit: Limit): WaitList {
    const waitList: WaitList = {
      limit,
      lanes: new LinkedList(),
      standings: { new: 0, proven: 0, silent: 0 },
      dueAtMs: Infinity,
      heapIndex: -1,
      ring: nowMs => this.#ring(waitList, nowMs),
    }
    return waitList
  }
}
