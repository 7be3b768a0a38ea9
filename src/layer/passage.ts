/**
 * One attempt on its way through the layers to the wire, and back. An explicit loop instead of nested functions: the
 * usual attempt waits nowhere but on the wire, and then costs one object for all layers together.
 */
import type { Attempt } from '../core/attempt.ts'
import { broken } from '../core/awaited.ts'
import { isThenable } from '../core/callback.ts'
import type { AttemptLayer, Done, Send } from '../core/layer.ts'
import type { Fault, Result } from '../core/result.ts'

/** Sends attempts through these layers, outermost first. */
export const through =
  (layers: readonly AttemptLayer[], wire: Send<Attempt>): Send<Attempt> =>
  (attempt, done) =>
    new Passage(layers, wire, attempt, done).forth()

class Passage {
  readonly #layers: readonly AttemptLayer[]
  readonly #wire: Send<Attempt>
  readonly #attempt: Attempt
  readonly #done: Done
  /** Number of layers that the attempt is in. */
  #depth = 0

  constructor(layers: readonly AttemptLayer[], wire: Send<Attempt>, attempt: Attempt, done: Done) {
    this.#layers = layers
    this.#wire = wire
    this.#attempt = attempt
    this.#done = done
  }

  forth(): void {
    while (this.#depth < this.#layers.length) {
      const refused = this.#before(this.#layers[this.#depth] as AttemptLayer)
      if (isThenable(refused)) {
        refused.then(
          later => this.#entered(later),
          (error: unknown) => this.#back(broken(error)),
        )
        return
      }
      if (refused !== undefined) return this.#back(refused)
      this.#depth++
    }
    this.#wire(this.#attempt, result => this.#back(result))
  }

  #entered(refused: Fault | undefined): void {
    if (refused !== undefined) return this.#back(refused)
    this.#depth++
    this.forth()
  }

  #back(given: Result): void {
    let result = given
    while (this.#depth > 0) {
      const next = this.#after(this.#layers[--this.#depth] as AttemptLayer, result)
      if (isThenable(next)) {
        next.then(
          later => this.#back(later),
          (error: unknown) => this.#back(broken(error)),
        )
        return
      }
      result = next
    }
    this.#done(result)
  }

  #before({ before }: AttemptLayer): ReturnType<NonNullable<AttemptLayer['before']>> {
    try {
      return before?.(this.#attempt)
    } catch (error) {
      return broken(error)
    }
  }

  #after({ after }: AttemptLayer, result: Result): ReturnType<NonNullable<AttemptLayer['after']>> {
    try {
      return after === undefined ? result : after(this.#attempt, result)
    } catch (error) {
      return broken(error)
    }
  }
}
