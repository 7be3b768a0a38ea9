/**
 * Every limit that blocks somebody is a waitList with its own line of lanes. A lane is blocked at the limit that blocks
 * it and asked again when that limit has something to give, so that nobody scans all lanes.
 *
 * The line is in the order of the lanes' tickets. A lane keeps its ticket when it has to wait at a second limit after
 * the first, so that a heavy request that needs two of them at once is not passed by light ones for ever.
 */
import type { Alarm, Alarms } from './alarms.ts'
import type { Queue } from './queue.ts'
import { Line } from '../core/line.ts'
import type { Standing } from '../core/standing.ts'
import type { Limit } from '../policy/limit.ts'

/** A limit and the lanes that wait for it. */
export interface WaitList extends Alarm {
  readonly limit: Limit
  readonly lanes: Line<Queue>
  /** How many of them are of hosts of each standing. */
  readonly standings: Record<Standing, number>
}

/**
 * Waking up costs more than what is done then: at 5,000/s a millisecond each time takes half of all pacing
 * (bench/rates.ts). Well inside the lateness that a rate forgives.
 */
const MIN_NAP_MS = 2

const byTicket = ({ ticket }: Queue): number => ticket

export class WaitLists {
  readonly #waitLists = new Map<Limit, WaitList>()
  readonly #alarms: Alarms
  readonly #serve: (queue: Queue, nowMs: number) => void
  readonly #ring: (waitList: WaitList, nowMs: number) => void

  /** `serve` lets a lane's waiters go until it is blocked; `ring` hears of a limit whose time has come. */
  constructor(
    alarms: Alarms,
    serve: (queue: Queue, nowMs: number) => void,
    ring: (waitList: WaitList, nowMs: number) => void,
  ) {
    this.#alarms = alarms
    this.#serve = serve
    this.#ring = ring
  }

  /** Limits at which somebody waits. */
  get size(): number {
    return this.#waitLists.size
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

  /** Takes a lane out of its line, wherever it stands. */
  unpark(queue: Queue, nowMs: number): void {
    const waitList = queue.blockedAt
    if (waitList === undefined) return
    const wasFirst = waitList.lanes.peek() === queue
    this.#release(queue, waitList, nowMs)
    if (wasFirst) this.#schedule(waitList, nowMs)
  }

  /** Other limits may hold for the lane now. */
  again(queue: Queue, nowMs: number): void {
    this.unpark(queue, nowMs)
    this.#serve(queue, nowMs)
  }

  /** The first waiter of a blocked lane is another one now. */
  changed(queue: Queue, nowMs: number): void {
    const waitList = queue.blockedAt
    if (waitList?.lanes.peek() === queue) this.#schedule(waitList, nowMs)
  }

  /** Lets lanes through, in turn, for as long as the limit has something to give. */
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

  /** The same, where anybody waits for this limit. */
  turnAt(limit: Limit, nowMs: number): void {
    const waitList = this.#waitLists.get(limit)
    if (waitList !== undefined) this.turn(waitList, nowMs)
  }

  #release(queue: Queue, waitList: WaitList, nowMs: number): void {
    waitList.lanes.remove(queue)
    waitList.standings[queue.countedAs]--
    queue.unblocked(nowMs)
  }

  /** Sets the alarm for when the first in line may go; forgets a waitList at which nobody waits. */
  #schedule(waitList: WaitList, nowMs: number): void {
    this.#alarms.remove(waitList)
    const head = waitList.lanes.peek()?.next(nowMs)
    if (head === undefined) {
      if (this.#waitLists.get(waitList.limit) === waitList) this.#waitLists.delete(waitList.limit)
      return
    }
    const waitMs = waitList.limit.waitMs(nowMs, head.attempt.call)
    waitList.dueAtMs =
      nowMs + (waitMs > 0 && waitList.limit.waitsFor === 'rate' ? Math.max(waitMs, MIN_NAP_MS) : waitMs)
    this.#alarms.add(waitList)
  }

  #make(limit: Limit): WaitList {
    const waitList: WaitList = {
      limit,
      lanes: new Line(),
      standings: { new: 0, proven: 0, silent: 0 },
      dueAtMs: Infinity,
      heapIndex: -1,
      ring: nowMs => this.#ring(waitList, nowMs),
    }
    return waitList
  }
}
