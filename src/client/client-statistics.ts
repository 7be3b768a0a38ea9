/** The statistics of a client: those of its runs that are over, and those of its runs under way. */
import type { Clock } from '../core/ports.ts'
import type { Statistics } from '../core/statistics.ts'
import { Tally } from '../core/tally.ts'

export class ClientStatistics {
  /** Runs whose own statistics nobody can ask for are counted here from the start. */
  readonly ofAll: Tally
  readonly #clock: Clock
  readonly #running = new Set<Tally>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.ofAll = new Tally(clock)
  }

  /** The tally of a new run. */
  begin(): Tally {
    const tally = new Tally(this.#clock)
    this.#running.add(tally)
    return tally
  }

  /** The run of this tally is over. */
  end(tally: Tally | undefined): void {
    if (tally !== undefined && this.#running.delete(tally)) this.ofAll.merge(tally)
  }

  snapshot(): Statistics {
    if (this.#running.size === 0) return this.ofAll.snapshot()
    const all = new Tally(this.#clock, this.ofAll)
    for (const tally of [this.ofAll, ...this.#running]) all.merge(tally)
    return all.snapshot()
  }
}

/** @param tally undefined if nothing was counted */
export function snapshotOf(tally: Tally | undefined, clock: Clock): Statistics {
  return (tally ?? new Tally(clock)).snapshot()
}
