/**
 * Puts outcomes back into the order of the input. It holds the ones that finish early; the window bounds their number.
 */
import type { Outcome } from '../core/outcome.ts'

export class Reorder {
  readonly #early = new Map<number, Outcome>()
  #nextIndex = 0

  /** Takes an outcome, and calls `offer` for each outcome whose turn has come with it. */
  take(outcome: Outcome, offer: (outcome: Outcome) => void): void {
    this.#early.set(outcome.index, outcome)
    for (let next = this.#early.get(this.#nextIndex); next !== undefined; next = this.#early.get(this.#nextIndex)) {
      this.#early.delete(this.#nextIndex++)
      offer(next)
    }
  }
}
