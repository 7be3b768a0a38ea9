/**
 * The counts that a run itself needs at every outcome: for its progress, its window and `maxFailures`. The statistics
 * count each outcome at the same place.
 */
import type { Call } from '../core/call.ts'
import type { Outcome } from '../core/outcome.ts'
import { retriesOf } from '../core/tally.ts'
import type { Tally } from '../core/tally.ts'

export class RunTally {
  pulled = 0
  /** Items that were pulled and that the consumer has not given back yet. */
  held = 0
  ok = 0
  failed = 0
  /** Failures of this run: a restored one says nothing of how this run goes. */
  newlyFailed = 0
  retries = 0
  bytes = 0
  readonly #statistics: Tally | undefined

  /** @param statistics count the same outcomes; undefined if nobody can ask for them */
  constructor(statistics: Tally | undefined) {
    this.#statistics = statistics
  }

  pull(): void {
    this.pulled++
    this.held++
  }

  giveBack(): void {
    this.held--
  }

  /** @param call of the outcome; undefined if there was none */
  count(outcome: Outcome, call: Call | undefined): void {
    if (outcome.ok) this.ok++
    else this.failed++
    if (outcome.source === 'network') {
      if (call !== undefined) this.retries += retriesOf(call.trip.retry)
      this.bytes += outcome.response?.bytes ?? 0
      if (!outcome.ok) this.newlyFailed++
    }
    this.#statistics?.add(outcome, call)
  }
}
