/**
 * The known lanes, each with its queue. Idle lanes are kept for what they have learnt. Beyond a number, those are
 * dropped that a new lane could replace.
 */
import { Queue } from './queue.ts'
import type { Call } from '../core/call.ts'
import type { Clock } from '../core/ports.ts'
import type { Lane } from '../policy/lane.ts'

/**
 * Number of lanes at which idle ones are dropped. Doubles with the number of busy lanes, so that the search stays
 * cheap.
 */
const SWEEP_LANES_FROM = 1_000

export class Lanes implements Iterable<Queue> {
  readonly #queues = new Map<string, Queue>()
  readonly #make: (call: Call) => Lane
  #sweepAt = SWEEP_LANES_FROM

  constructor(make: (call: Call) => Lane) {
    this.#make = make
  }

  get(key: string): Queue | undefined {
    return this.#queues.get(key)
  }

  of(call: Call, clock: Clock): Queue {
    const known = this.#queues.get(call.lane)
    if (known !== undefined) return known
    if (this.#queues.size >= this.#sweepAt) this.#sweep(clock.now())
    const queue = new Queue(this.#make(call))
    this.#queues.set(call.lane, queue)
    return queue
  }

  [Symbol.iterator](): Iterator<Queue> {
    return this.#queues.values()
  }

  #sweep(nowMs: number): void {
    for (const queue of this.#queues.values()) {
      if (queue.waiting === 0 && queue.lane.isIdle(nowMs)) this.#queues.delete(queue.lane.key)
    }
    this.#sweepAt = Math.max(SWEEP_LANES_FROM, 2 * this.#queues.size)
  }
}
