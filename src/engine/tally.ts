/** What a run has counted: the numbers of its progress, and how many outcomes are still held for the consumer. */
import type { Outcome } from '../core/outcome.ts'
import type { RetryState } from '../core/retry-state.ts'

export class RunTally {
  pulled = 0
  /** Pulled and not given back by the consumer yet. */
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

  /** A redirect hop is an attempt of its own, and no retry. */
  countRetries({ attempts, redirects }: RetryState): void {
    if (attempts > 1) this.retries += attempts - 1 - redirects
  }

  count(outcome: Outcome): void {
    if (!outcome.ok) return void this.failed++
    this.ok++
    this.bytes += outcome.response.bytes
  }
}
