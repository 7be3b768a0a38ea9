/** Who wants places: it decides whether hosts that have not proven themselves step back for others. */
import type { Demands } from './demands.ts'
import type { Queue } from './queue.ts'
import type { WaitLists } from './wait-lists.ts'
import type { Clock } from '../core/ports.ts'
import type { Standing } from '../core/standing.ts'
import type { Limit } from '../policy/limit.ts'
import { shares } from '../policy/standing.ts'
import type { Shares } from '../policy/standing.ts'

export class Contention {
  /** What hosts that have not proven themselves may hold while others want places. */
  readonly shares: Shares
  readonly #places: Limit | undefined
  readonly #waitLists: WaitLists
  readonly #demands: Demands
  /** Perhaps: every answer asks, and nearly always there is nobody. */
  #isAnybodyBack = false

  constructor(places: Limit | undefined, size: number, waitLists: WaitLists, demands: Demands) {
    this.#places = places
    this.#waitLists = waitLists
    this.#demands = demands
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
      const line = this.#waitLists.at(limit)
      if (line !== undefined && line.lanes.size > (line === queue?.blockedAt ? 1 : 0)) return true
    }
    return this.#demands.backlogOf(undefined) > this.#demands.backlogOf(key)
  }

  /** Whether who is blocked by this limit steps back for others. To be asked before it is blocked there. */
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
    this.#waitLists.turnAt(newcomers, nowMs)
    this.#waitLists.turnAt(silent, nowMs)
    this.#isAnybodyBack = this.#waitLists.at(newcomers) !== undefined || this.#waitLists.at(silent) !== undefined
  }

  /** Somebody waits for a place whose host is not known to be silent. */
  #isHopeful(): boolean {
    return this.#isOf('proven') || this.#waitLists.at(this.shares.new) !== undefined || this.#isOf('new')
  }

  /** Somebody waits for a place whose host is of this standing. */
  #isOf(standing: Standing): boolean {
    if (this.#places !== undefined && (this.#waitLists.at(this.#places)?.standings[standing] ?? 0) > 0) return true
    return this.#demands.want(standing)
  }
}
