/** Who wants places: it decides whether hosts that have not proven themselves step back for others. */
import type { Guests } from './guests.ts'
import type { Queue } from './queue.ts'
import type { Turnstiles } from './turnstiles.ts'
import type { Limit } from '../policy/limit.ts'
import type { Shares } from '../policy/standing.ts'

export class Demand {
  readonly #places: Limit | undefined
  readonly #turnstiles: Turnstiles
  readonly #guests: Guests

  constructor(places: Limit | undefined, turnstiles: Turnstiles, guests: Guests) {
    this.#places = places
    this.#turnstiles = turnstiles
    this.#guests = guests
  }

  /** Somebody waits for a place whose host has proven itself. */
  isProven(): boolean {
    if (this.#places !== undefined && (this.#turnstiles.at(this.#places)?.proven ?? 0) > 0) return true
    return this.#guests.wantProven()
  }

  /** All places are taken, and somebody of another lane waits for one. */
  isOfOthers(key: string, queue: Queue | undefined, shares: Shares): boolean {
    if (this.#places?.isFull?.() !== true) return false
    for (const limit of [this.#places, shares.new, shares.silent]) {
      const line = this.#turnstiles.at(limit)
      if (line !== undefined && line.lanes.size > (line === queue?.parkedAt ? 1 : 0)) return true
    }
    return this.#guests.backlogOf(undefined) > this.#guests.backlogOf(key)
  }
}
