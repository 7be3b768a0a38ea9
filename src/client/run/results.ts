/**
 * The outcomes of a call, in input order. A call that returns values needs only those, unless a request fails: its error
 * then has all outcomes. So a plain success is kept as its value and a few numbers, and its outcome is made again when it
 * is needed. Kept as objects, the outcomes of a large batch were a third of its memory, and most of the garbage
 * collector's work.
 */
import { plainFactsOf, plainOutcome } from '../../core/outcome.ts'
import type { FailedOutcome, OkOutcome, Outcome, PlainFacts, Timings } from '../../core/outcome.ts'
import type { Writable } from '../../core/writable.ts'

export interface Results {
  add(outcome: Outcome): void
  /** The values in input order, with null for a failure. */
  readonly values: readonly unknown[]
  outcomes(): readonly Outcome[]
  /** Undefined if none failed. */
  readonly firstFailure: FailedOutcome | undefined
}

/** Results that are outcomes already. */
export function wholeResults(outcomes: Outcome[]): Results {
  return {
    add: outcome => void (outcomes[outcome.index] = outcome),
    get values() {
      return outcomes.map(outcome => (outcome.ok ? outcome.value : null))
    },
    outcomes: () => outcomes,
    get firstFailure() {
      return outcomes.find(outcome => !outcome.ok)
    },
  }
}

/** The numbers of a plain success: bytes, and timings as below. 0 for a wait that did not happen, NaN for a phase. */
const COLUMNS = 6
type Row = [number, number, number, number, number, number]
const MIN_ROWS = 64

/** What several plain successes share, or a whole outcome. */
type Kept = PlainFacts | Outcome

export class ValueResults implements Results {
  readonly values: unknown[]
  firstFailure: FailedOutcome | undefined
  readonly #kept: Kept[]
  readonly #urls: string[]
  readonly #secretNames: ReadonlySet<string> | undefined
  #numbers: Float64Array
  #facts: PlainFacts | undefined

  /** @param length of the input if it is known, otherwise 0 */
  constructor(length: number, secretNames: ReadonlySet<string> | undefined) {
    // Created at their full length: outcomes come in any order, and filling an array from its end is slow.
    this.values = new Array<unknown>(length)
    this.#kept = new Array<Kept>(length)
    this.#urls = new Array<string>(length)
    this.#numbers = new Float64Array(COLUMNS * Math.max(MIN_ROWS, length))
    this.#secretNames = secretNames
  }

  add(outcome: Outcome): void {
    const { index } = outcome
    this.values[index] = outcome.ok ? outcome.value : null
    if (!outcome.ok && index < (this.firstFailure?.index ?? Infinity)) this.firstFailure = outcome
    const facts = outcome.ok ? plainFactsOf(outcome, this.#facts) : undefined
    this.#kept[index] = facts ?? outcome
    if (facts === undefined) return
    this.#facts = facts
    this.#keepNumbers(outcome as OkOutcome<unknown>)
  }

  #keepNumbers({ index, request, response, timings }: OkOutcome<unknown>): void {
    const from = COLUMNS * index
    if (from >= this.#numbers.length) this.#grow(index)
    const numbers = this.#numbers
    this.#urls[index] = request.url
    numbers[from] = response.bytes
    numbers[from + 1] = timings.total
    numbers[from + 2] = timings.queue ?? 0
    numbers[from + 3] = timings.limiter ?? 0
    numbers[from + 4] = timings.firstByte ?? NaN
    numbers[from + 5] = timings.body ?? NaN
  }

  #grow(index: number): void {
    const grown = new Float64Array(COLUMNS * 2 * (index + 1))
    grown.set(this.#numbers)
    this.#numbers = grown
  }

  outcomes(): readonly Outcome[] {
    // An input that failed may have left holes, which `map` keeps.
    return this.#kept.map((kept, index) => ('ok' in kept ? kept : this.#outcomeOf(kept, index)))
  }

  #outcomeOf(facts: PlainFacts, index: number): Outcome {
    const row = this.#numbers.subarray(COLUMNS * index, COLUMNS * (index + 1))
    const [bytes, total, queue, limiter, firstByte, body] = [...row] as Row
    const timings: Writable<Timings> = { total }
    if (queue > 0) timings.queue = queue
    if (limiter > 0) timings.limiter = limiter
    if (!Number.isNaN(firstByte)) timings.firstByte = firstByte
    if (!Number.isNaN(body)) timings.body = body
    const details = { index, url: this.#urls[index] as string, bytes, timings }
    return plainOutcome(facts, details, this.values[index], this.#secretNames)
  }
}
