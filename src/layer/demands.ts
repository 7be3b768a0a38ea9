/**
 * Sources with more requests than they have queued. They are told that a lane may have room only after everything else
 * is done, because they enter the gate again at once.
 */
import type { Queue } from './queue.ts'
import type { Standing } from '../core/standing.ts'
import type { Demand } from '../core/demand.ts'

export class Demands {
  /** Replaced on each change: an iteration that is under way goes on over the old one. */
  #demands: readonly Demand[] = []
  /** Lanes whose queue is empty, or that have released a slot. */
  readonly #news: Queue[] = []
  readonly #settle: () => void
  #depth = 0

  /** `settle` serves lanes that yielded to requests that did not come, or to fewer than there are slots. */
  constructor(settle: () => void) {
    this.#settle = settle
  }

  /** Returns a function that detaches the demand. */
  attach(demand: Demand): () => void {
    this.#demands = [...this.#demands, demand]
    return () => {
      this.#demands = this.#demands.filter(other => other !== demand)
    }
  }

  want(standing: Standing): boolean {
    for (const demand of this.#demands) if (demand.wants(standing)) return true
    return false
  }

  backlogOf(lane: string | undefined): number {
    let backlog = 0
    for (const demand of this.#demands) backlog += demand.backlogOf(lane)
    return backlog
  }

  /** Reports the lane to the demands once the current work is done. */
  note(queue: Queue): void {
    this.#news.push(queue)
  }

  /** Does the work, then reports its lanes to the demands, and those of the work that they start in turn. */
  after(work: () => void): void {
    this.begin()
    work()
    this.end()
  }

  /** `after` for the path of every request, where a function would be made each time: the work comes before `end`. */
  begin(): void {
    this.#depth++
  }

  end(): void {
    while (this.#depth === 1) {
      this.#tell()
      this.#settle()
      if (this.#news.length === 0) break
    }
    this.#depth--
  }

  #tell(): void {
    for (let queue = this.#news.pop(); queue !== undefined; queue = this.#news.pop()) {
      const { key, standing } = queue.lane
      for (const demand of this.#demands) demand.onCapacity(key, standing)
    }
  }
}
