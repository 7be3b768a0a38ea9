/**
 * Those who have more to send than they have put in line. They are told that a lane may have room when everything else
 * is done, because they come back in at once.
 */
import type { Queue } from './queue.ts'
import type { Standing } from '../core/standing.ts'

/** Who has more to send and waits to be told that there is room. */
export interface Guest {
  /** There may be room: in this lane, or in general only. */
  onRoom(lane: string | undefined, standing: Standing): void
  /** Whether it has something to send to a host of this standing, and would if there were a place. */
  wants(standing: Standing): boolean
  /** How many it keeps back that are meant for this lane; for any lane. */
  backlogOf(lane: string | undefined): number
}

export class Guests {
  readonly #guests = new Set<Guest>()
  /** Lanes in which nobody waits any more, or that have given a place back. */
  readonly #news: Queue[] = []
  readonly #settle: () => void
  #depth = 0

  /** `settle` lets those go who stepped back for guests that did not come, or for fewer than there are places. */
  constructor(settle: () => void) {
    this.#settle = settle
  }

  /** Answers with how to leave. */
  attach(guest: Guest): () => void {
    this.#guests.add(guest)
    return () => void this.#guests.delete(guest)
  }

  want(standing: Standing): boolean {
    for (const guest of this.#guests) if (guest.wants(standing)) return true
    return false
  }

  backlogOf(lane: string | undefined): number {
    let backlog = 0
    for (const guest of this.#guests) backlog += guest.backlogOf(lane)
    return backlog
  }

  /** To be told once the work that goes on is done. */
  note(queue: Queue): void {
    this.#news.push(queue)
  }

  /** Does the work, then tells the guests what came of it; what they set off in turn is told to them, too. */
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
      for (const guest of this.#guests) guest.onRoom(key, standing)
    }
  }
}
