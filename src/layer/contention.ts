/** Tracks which lanes want slots. Decides whether hosts that are not proven yield to others. */
import type { Demands } from './demands.ts'
import type { Queue } from './queue.ts'
import type { WaitLists } from './wait-lists.ts'
import type { Clock } from '../core/ports.ts'
import type { Standing } from '../core/standing.ts'
import type { Limit } from '../policy/limit.ts'
import { shares } from '../policy/standing.ts'
import type { Shares } from '../policy/standing.ts'

export class Contention {
  /** How many slots unproven hosts may hold while others want slots. */
  readonly shares: Shares
  readonly #slots: Limit | undefined
  readonly #waitLists: WaitLists
  readonly #demands: Demands
  /** Whether a lane may have yielded. Checked for every answer, and nearly always false. */
  #hasYielded = false

  constructor(slots: Limit | undefined, size: number, waitLists: WaitLists, demands: Demands) {
    this.#slots = slots
    this.#waitLists = waitLists
    this.#demands = demands
    this.shares = shares(
      size,
      () => this.#isWaiting('proven'),
      () => this.#isHopeful(),
    )
  }

  /** Whether all slots are taken and another lane waits for one. */
  isWantedByOthers(key: string, queue: Queue | undefined): boolean {
    if (this.#slots?.isFull?.() !== true) return false
    for (const limit of [this.#slots, this.shares.new, this.shares.silent]) {
      const line = this.#waitLists.at(limit)
      if (line !== undefined && line.lanes.size > (line === queue?.blockedAt ? 1 : 0)) return true
    }
    return this.#demands.backlogOf(undefined) > this.#demands.backlogOf(key)
  }

  /** Whether a lane that is blocked by this limit yields to others. MUST be called before it is blocked there. */
  yieldsAt(blocker: Limit): boolean {
    const is = blocker === this.shares.new || blocker === this.shares.silent
    if (is) this.#hasYielded = true
    return is
  }

  /** Called after the sources have taken the slots that they need: the remaining slots go to lanes that yielded. */
  settle(clock: Clock): void {
    if (this.#hasYielded) this.turnShares(clock.now())
  }

  /** Serves lanes that yielded and no longer have to. */
  turnShares(nowMs: number): void {
    if (!this.#hasYielded) return
    const { new: newcomers, silent } = this.shares
    this.#waitLists.turnAt(newcomers, nowMs)
    this.#waitLists.turnAt(silent, nowMs)
    this.#hasYielded = this.#waitLists.at(newcomers) !== undefined || this.#waitLists.at(silent) !== undefined
  }

  /** Whether a request waits for a slot whose host is not known to be silent. */
  #isHopeful(): boolean {
    return this.#isWaiting('proven') || this.#waitLists.at(this.shares.new) !== undefined || this.#isWaiting('new')
  }

  /** Whether a request waits for a slot whose host has this standing. */
  #isWaiting(standing: Standing): boolean {
    if (this.#slots !== undefined && (this.#waitLists.at(this.#slots)?.standings[standing] ?? 0) > 0) return true
    return this.#demands.want(standing)
  }
}
