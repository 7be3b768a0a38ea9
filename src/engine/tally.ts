/** The counts of a run: its progress, and the outcomes that it still holds for the consumer. */
import type { Outcome } from '../core/outcome.ts'
import type { RetryState } from '../core/retry-state.ts'

export class RunTally {
  pulled = 0
  /** Items that were pulled and that the consumer has not given back yet. */
  held = 0
  ok = 0
  failed = 0
  retries = 0
  bytes = 0

  pull(): void {
    this.pulled++
    this.held++
  }

  giveBack(): void {
    this.held--
  }

  /** A redirect hop counts as an attempt and not as a retry. */
  countRetries({ attempts, redirects }: RetryState): void {
    if (attempts > 1) this.retries += attempts - 1 - redirects
  }

  count(outcome: Outcome): void {
    if (!outcome.ok) return void this.failed++
    this.ok++
    this.bytes += outcome.response.bytes
  }
}
