/**
 * Every limit that blocks somebody is a turnstile with its own line of lanes. A lane is parked at the limit that blocks
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
export interface Turnstile extends Alarm {
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

export class Turnstiles {
  readonly #turnstiles = new Map<Limit, Turnstile>()
  readonly #alarms: Alarms
  readonly #serve: (queue: Queue, nowMs: number) => void
  readonly #ring: (turnstile: Turnstile, nowMs: number) => void

  /** `serve` lets a lane's waiters go until it is blocked; `ring` hears of a limit whose time has come. */
  constructor(
    alarms: Alarms,
    serve: (queue: Queue, nowMs: number) => void,
    ring: (turnstile: Turnstile, nowMs: number) => void,
  ) {
    this.#alarms = alarms
    this.#serve = serve
    this.#ring = ring
  }

  /** Limits at which somebody waits. */
  get size(): number {
    return this.#turnstiles.size
  }

  at(limit: Limit): Turnstile | undefined {
    return this.#turnstiles.get(limit)
  }

  park(queue: Queue, limit: Limit, nowMs: number): void {
    let turnstile = this.#turnstiles.get(limit)
    if (turnstile === undefined) this.#turnstiles.set(limit, (turnstile = this.#make(limit)))
    queue.parked(turnstile, nowMs)
    turnstile.standings[queue.countedAs]++
    turnstile.lanes.insert(queue, byTicket)
    if (turnstile.lanes.peek() === queue) this.#schedule(turnstile, nowMs)
  }

  /** Takes a lane out of its line, wherever it stands. */
  unpark(queue: Queue, nowMs: number): void {
    const turnstile = queue.parkedAt
    if (turnstile === undefined) return
    const wasFirst = turnstile.lanes.peek() === queue
    this.#release(queue, turnstile, nowMs)
    if (wasFirst) this.#schedule(turnstile, nowMs)
  }

  /** Other limits may hold for the lane now. */
  again(queue: Queue, nowMs: number): void {
    this.unpark(queue, nowMs)
    this.#serve(queue, nowMs)
  }

  /** The first waiter of a parked lane is another one now. */
  changed(queue: Queue, nowMs: number): void {
    const turnstile = queue.parkedAt
    if (turnstile?.lanes.peek() === queue) this.#schedule(turnstile, nowMs)
  }

  /** Lets lanes through, in turn, for as long as the limit has something to give. */
  turn(turnstile: Turnstile, nowMs: number): void {
    const { lanes, limit } = turnstile
    for (let queue = lanes.peek(); queue !== undefined; queue = lanes.peek()) {
      const head = queue.next(nowMs)
      if (head !== undefined && limit.waitMs(nowMs, head.attempt.call) > 0) break
      this.#release(queue, turnstile, nowMs)
      this.#serve(queue, nowMs)
    }
    this.#schedule(turnstile, nowMs)
  }

  /** The same, where anybody waits for this limit. */
  turnAt(limit: Limit, nowMs: number): void {
    const turnstile = this.#turnstiles.get(limit)
    if (turnstile !== undefined) this.turn(turnstile, nowMs)
  }

  #release(queue: Queue, turnstile: Turnstile, nowMs: number): void {
    turnstile.lanes.remove(queue)
    turnstile.standings[queue.countedAs]--
    queue.unparked(nowMs)
  }

  /** Sets the alarm for when the first in line may go; forgets a turnstile at which nobody waits. */
  #schedule(turnstile: Turnstile, nowMs: number): void {
    this.#alarms.remove(turnstile)
    const head = turnstile.lanes.peek()?.next(nowMs)
    if (head === undefined) {
      if (this.#turnstiles.get(turnstile.limit) === turnstile) this.#turnstiles.delete(turnstile.limit)
      return
    }
    const waitMs = turnstile.limit.waitMs(nowMs, head.attempt.call)
    turnstile.dueAtMs =
      nowMs + (waitMs > 0 && turnstile.limit.waitsFor === 'rate' ? Math.max(waitMs, MIN_NAP_MS) : waitMs)
    this.#alarms.add(turnstile)
  }

  #make(limit: Limit): Turnstile {
    const turnstile: Turnstile = {
      limit,
      lanes: new Line(),
      standings: { new: 0, proven: 0, silent: 0 },
      dueAtMs: Infinity,
      heapIndex: -1,
      ring: nowMs => this.#ring(turnstile, nowMs),
    }
    return turnstile
  }
}
