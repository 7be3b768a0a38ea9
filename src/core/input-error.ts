/** The error of a batch whose input failed. It carries the outcomes of all requests that were taken before. */
import { BRAND, branded } from './error.ts'
import { reasonOf } from './callback.ts'
import type { Outcome } from './outcome.ts'

/**
 * The input itself (a generator, a stream, a cursor) threw or rejected. It is thrown after every request that was taken
 * from the input has its outcome. `cause` is the error of the input.
 *
 * @example
 * try {
 *   await parallelRequests(rowsOfADatabase(), { onFailure: 'settle' })
 * } catch (error) {
 *   if (!isInputError(error)) throw error
 *   console.log(error.outcomes.length, 'were sent before', error.cause)
 * }
 */
export class InputError<Value = unknown> extends Error {
  static {
    this.prototype.name = 'InputError'
  }
  /**
   * From `request` and `parallelRequests`: the outcome of every request, in input order. Empty from `stream` and
   * `drain`, which have delivered each outcome already.
   */
  declare readonly outcomes: readonly Outcome<Value>[]
  /** The number of requests that were taken from the input before it threw. */
  readonly total: number

  /** @internal */
  constructor(cause: unknown, total: number, outcomes: readonly Outcome<Value>[] = []) {
    super(`cannot read urls to its end: after ${total} requests it threw: ${reasonOf(cause)}`, { cause })
    this.total = total
    for (const [name, value] of [
      ['outcomes', outcomes],
      [BRAND, true],
    ] as const) {
      Object.defineProperty(this, name, { value, enumerable: false })
    }
  }
}

/**
 * Whether the value is an InputError of this or another copy of the package.
 *
 * @example if (isInputError(error)) console.log(error.total, 'were taken before', error.cause)
 */
export function isInputError(value: unknown): value is InputError {
  return branded(value) && value.name === 'InputError'
}
