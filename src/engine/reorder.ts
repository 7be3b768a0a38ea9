/** Puts outcomes back into the order of the input. Holds those that finish before their turn; the window bounds how many. */
import type { Outcome } from '../core/outcome.ts'

export class Reorder {
  readonly #early = new Map<number, Outcome>()
  #nextIndex = 0

  /** Calls `offer` for every outcome whose turn has come, now that this one is there. */
  take(outcome: Outcome, offer: (outcome: Outcome) => void): void {
    this.#early.set(outcome.index, outcome)
    for (let next = this.#early.get(this.#nextIndex); next !== undefined; next = this.#early.get(this.#nextIndex)) {
      this.#early.delete(this.#nextIndex++)
      offer(next)
    }
  }
}
