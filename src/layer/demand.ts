/** Who wants places: it decides whether hosts that have not proven themselves step back for others. */
import type { Guests } from './guests.ts'
import type { Queue } from './queue.ts'
import type { Turnstiles } from './turnstiles.ts'
import type { Clock } from '../core/ports.ts'
import type { Standing } from '../core/standing.ts'
import type { Limit } from '../policy/limit.ts'
import { shares } from '../policy/standing.ts'
import type { Shares } from '../policy/standing.ts'

export class Demand {
  /** What hosts that have not proven themselves may hold while others want places. */
  readonly shares: Shares
  readonly #places: Limit | undefined
  readonly #turnstiles: Turnstiles
  readonly #guests: Guests
  /** Perhaps: every answer asks, and nearly always there is nobody. */
  #isAnybodyBack = false

  constructor(places: Limit | undefined, size: number, turnstiles: Turnstiles, guests: Guests) {
    this.#places = places
    this.#turnstiles = turnstiles
    this.#guests = guests
    this.shares = shares(
      size,
      () => this.#isOf('proven'),
      () => this.#isHopeful(),
    )
  }

  /** All places are taken, and somebody of another lane waits for one. */
  isOfOthers(key: string, queue: Queue | undefined): boolean {
    if (this.#places?.isFull?.() !== true) return false
    for (const limit of [this.#places, this.shares.new, this.shares.silent]) {
      const line = this.#turnstiles.at(limit)
      if (line !== undefined && line.lanes.size > (line === queue?.parkedAt ? 1 : 0)) return true
    }
    return this.#guests.backlogOf(undefined) > this.#guests.backlogOf(key)
  }

  /** Whether who is blocked by this limit steps back for others. To be asked before it is parked there. */
  isStepBack(blocker: Limit): boolean {
    const is = blocker === this.shares.new || blocker === this.shares.silent
    if (is) this.#isAnybodyBack = true
    return is
  }

  /** Those who have more to send have come for their places: what they left is for who stepped back. */
  settle(clock: Clock): void {
    if (this.#isAnybodyBack) this.turnShares(clock.now())
  }

  /** Lets those go who stepped back and need not any more. */
  turnShares(nowMs: number): void {
    if (!this.#isAnybodyBack) return
    const { new: newcomers, silent } = this.shares
    this.#turnstiles.turnAt(newcomers, nowMs)
    this.#turnstiles.turnAt(silent, nowMs)
    this.#isAnybodyBack = this.#turnstiles.at(newcomers) !== undefined || this.#turnstiles.at(silent) !== undefined
  }

  /** Somebody waits for a place whose host is not known to be silent. */
  #isHopeful(): boolean {
    return this.#isOf('proven') || this.#turnstiles.at(this.shares.new) !== undefined || this.#isOf('new')
  }

  /** Somebody waits for a place whose host is of this standing. */
  #isOf(standing: Standing): boolean {
    if (this.#places !== undefined && (this.#turnstiles.at(this.#places)?.standings[standing] ?? 0) > 0) return true
    return this.#guests.want(standing)
  }
}
