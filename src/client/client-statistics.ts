/** The statistics of a client: those of its runs that are over, and those of its runs under way. */
import { Attribution } from './run/attribution.ts'
import type { RunReport } from './run/attribution.ts'
import type { Clock } from '../core/ports.ts'
import type { Statistics } from '../core/statistics.ts'
import { Tally } from '../core/tally.ts'

export class ClientStatistics {
  /** Runs whose own statistics cannot be read are counted here from the start. */
  readonly ofAll: Tally
  readonly #clock: Clock
  readonly #running = new Set<RunStatistics>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.ofAll = new Tally(clock)
  }

  /** Those of a new run. */
  begin(): RunStatistics {
    const statistics = new RunStatistics(this.#clock)
    this.#running.add(statistics)
    return statistics
  }

  /** The run is over. */
  end(statistics: RunStatistics): void {
    if (this.#running.delete(statistics)) this.ofAll.merge(statistics.tally)
  }

  /** Nothing new begins: the time does not go on. */
  close(): void {
    this.ofAll.end()
  }

  snapshot(): Statistics {
    if (this.#running.size === 0) return this.ofAll.snapshot()
    const all = new Tally(this.#clock, this.ofAll)
    all.merge(this.ofAll)
    for (const { tally } of this.#running) all.merge(tally)
    return all.snapshot()
  }
}

/** What a run counts, and what limited it. */
export class RunStatistics {
  readonly tally: Tally
  readonly attribution: Attribution
  #isTaken = false

  constructor(clock: Clock) {
    this.tally = new Tally(clock)
    this.attribution = new Attribution(clock)
  }

  /** The consumer has taken the last outcome, perhaps long after it came. */
  taken(): void {
    if (this.#isTaken) return
    this.#isTaken = true
    this.tally.end()
    this.attribution.taken()
  }

  snapshot(): Statistics {
    const statistics = this.tally.snapshot()
    return { ...statistics, ...this.attribution.verdict(statistics) }
  }

  /** For the run file. */
  report(): RunReport {
    return this.attribution.report(this.tally.snapshot())
  }
}

/** Of nothing. */
export const noStatistics = (clock: Clock): Statistics => new Tally(clock).snapshot()
