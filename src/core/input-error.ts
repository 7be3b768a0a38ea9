/** The error of a batch whose input could not be read to its end: nothing of what was sent is lost in it. */
import { BRAND, branded } from './error.ts'
import { reasonOf } from './callback.ts'
import type { Outcome } from './outcome.ts'

/**
 * Thrown when the input itself (a generator, a stream, a cursor) throws or rejects, after every request that was taken
 * from it has its outcome. `cause` is what it threw.
 *
 * ```ts
 * try {
 *   await parallelRequests(rowsOfADatabase(), { onFailure: 'settle' })
 * } catch (error) {
 *   if (!isInputError(error)) throw error
 *   console.log(error.outcomes.length, 'were sent before', error.cause)
 * }
 * ```
 */
export class InputError<Value = unknown> extends Error {
  static {
    this.prototype.name = 'InputError'
  }
  /**
   * Of `request` and `parallelRequests`: every request's outcome, in input order. Empty of `stream` and `drain`, which
   * handed each of them out before.
   */
  declare readonly outcomes: readonly Outcome<Value>[]
  /** Requests that were taken from the input before it threw. */
  readonly total: number

  /** @internal */
  constructor(cause: unknown, total: number, outcomes: readonly Outcome<Value>[] = []) {
    super(
      `urls: expected an input that can be read to its end, got an error after ${total} requests: ${reasonOf(cause)}`,
      { cause },
    )
    this.total = total
    for (const [name, value] of [
      ['outcomes', outcomes],
      [BRAND, true],
    ] as const) {
      Object.defineProperty(this, name, { value, enumerable: false })
    }
  }
}

/** Whether this is an InputError, of this or another copy of the package. */
export function isInputError(value: unknown): value is InputError {
  return branded(value) && value.name === 'InputError'
}
