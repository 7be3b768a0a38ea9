/** The error of a batch in which some requests failed. It holds all outcomes, those that succeeded included. */
import { BRAND, branded } from '../core/error.ts'
import type { RequestError } from '../core/error.ts'
import type { FaultCode } from '../core/result.ts'
import { usableUrl } from '../core/outcome.ts'
import type { FailedOutcome, Outcome } from '../core/outcome.ts'

/**
 * Thrown when `onFailure` is `'throw'`, after every request has its outcome. `errors` holds one error per failure.
 *
 * @example
 * try {
 *   await client.request(urls)
 * } catch (error) {
 *   if (!isPartialFailureError(error)) throw error
 *   console.log(error.successes, 'of', error.total)
 *   await client.request(error.failedUrls())
 * }
 */
export class PartialFailureError<Value = unknown> extends AggregateError {
  static {
    this.prototype.name = 'PartialFailureError'
  }
  /** One per failure, in input order. */
  declare readonly errors: RequestError[]
  /** Every request's outcome, in input order. */
  declare readonly outcomes: readonly Outcome<Value>[]
  /** The values in input order, with undefined for each failure. */
  declare readonly values: readonly (Value | undefined)[]
  /** The outcomes of the requests that failed, in input order. */
  declare readonly failures: readonly FailedOutcome[]
  /** How many requests succeeded. */
  readonly successes: number
  /** How many requests there were. */
  readonly total: number

  constructor(outcomes: readonly Outcome<Value>[]) {
    const failures = outcomes.filter(outcome => !outcome.ok)
    super(
      failures.map(({ error }) => error),
      describe(failures, outcomes.length),
    )
    this.successes = outcomes.length - failures.length
    this.total = outcomes.length
    const values = outcomes.map(outcome => outcome.value)
    for (const [name, value] of [...Object.entries({ outcomes, values, failures }), [BRAND, true] as const]) {
      Object.defineProperty(this, name, { value, enumerable: false })
    }
  }

  /**
   * For logs: the message, the number of each code, and one entry per failure, the first hundred with `body`. Without
   * secrets. Never throws.
   *
   * @example console.error(JSON.stringify(error))
   */
  toJSON(): Record<string, unknown> {
    const { name, message, successes, total } = this
    const errors = this.errors.map((error, at) => (at < MAX_BODIES ? error : withoutBody(error.toJSON())))
    return { name, message, successes, total, codes: Object.fromEntries(countCodes(this.failures)), errors }
  }

  /**
   * The URLs that failed, as they were requested. They include secrets: fetch them again, do not print them. Never
   * throws.
   *
   * @example if (isPartialFailureError(error)) await client.request(error.failedUrls())
   */
  failedUrls(): string[] {
    return this.failures.map(({ request }) => usableUrl(request))
  }
}

/**
 * Whether this is a PartialFailureError, of this or another copy of the package.
 *
 * @example if (isPartialFailureError(error)) console.log(error.values)
 */
export function isPartialFailureError(value: unknown): value is PartialFailureError {
  return branded(value) && value.name === 'PartialFailureError'
}

/** A line of a log with the body of every failure would be as long as their file. */
const MAX_BODIES = 100

function withoutBody(json: Record<string, unknown>): Record<string, unknown> {
  const { body: _body, bodyTruncated: _bodyTruncated, bodyEncoding: _bodyEncoding, ...rest } = json
  return rest
}

const MAX_CODES_SHOWN = 5

/** `3 of 10 requests failed: http/404 (2), timeout/headers (1). First: GET https://…` */
function describe(failures: readonly FailedOutcome[], total: number): string {
  const sorted = countCodes(failures)
  const codes = sorted.slice(0, MAX_CODES_SHOWN).map(([code, count]) => `${code} (${count})`)
  if (sorted.length > MAX_CODES_SHOWN) codes.push('…')
  const first = failures[0]?.error.message ?? ''
  return `${failures.length} of ${total} requests failed: ${codes.join(', ')}. First: ${first}`
}

/** Each code and how often it came up, the most frequent first. */
function countCodes(failures: readonly FailedOutcome[]): [FaultCode, number][] {
  const counts = new Map<FaultCode, number>()
  for (const { error } of failures) counts.set(error.code, (counts.get(error.code) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)
}
