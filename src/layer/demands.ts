/**
 * Those who have more to send than they have put in line. They are told that a lane may have room when everything else
 * is done, because they come back in at once.
 */
import type { Queue } from './queue.ts'
import type { Standing } from '../core/standing.ts'

/** Who has more to send and waits to be told that there is room. */
export interface Demand {
  /** There may be room: in this lane, or in general only. */
  onCapacity(lane: string | undefined, standing: Standing): void
  /** Whether it has something to send to a host of this standing, and would if there were a place. */
  wants(standing: Standing): boolean
  /** How many it keeps back that are meant for this lane; for any lane. */
  backlogOf(lane: string | undefined): number
}

export class Demands {
  readonly #demands = new Set<Demand>()
  /** Lanes in which nobody waits any more, or that have given a place back. */
  readonly #news: Queue[] = []
  readonly #settle: () => void
  #depth = 0

  /** `settle` lets those go who stepped back for demands that did not come, or for fewer than there are places. */
  constructor(settle: () => void) {
    this.#settle = settle
  }

  /** Answers with how to leave. */
  attach(demand: Demand): () => void {
    this.#demands.add(demand)
    return () => void this.#demands.delete(demand)
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

  /** To be told once the work that goes on is done. */
  note(queue: Queue): void {
    this.#news.push(queue)
  }

  /** Does the work, then tells the demands what came of it; what they set off in turn is told to them, too. */
  after(work: () => void): void {
    this.#depth++
    work()
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
