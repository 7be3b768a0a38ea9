/** What came of a run, as it goes: counts, the first failures with their places, and the words for both. */
import { placeOf } from './output/fields.ts'
import { printableUrl } from '../core/url.ts'
import { RequestError } from '../index.ts'
import type { FailedOutcome, Outcome } from '../index.ts'

const SHOWN_FAILURES = 10

export class Tally {
  ok = 0
  failed = 0
  /** Given up, so that a later run sends it. */
  unfinished = 0
  restored = 0
  unwritten = 0
  bytes = 0
  /** The input ended before its end. */
  broken = false
  readonly #failures: string[] = []
  readonly #codes = new Map<string, number>()
  readonly #most: number
  readonly #startedAtMs = performance.now()

  /** @param all of the failures, not only the first ones */
  constructor(all: boolean) {
    this.#most = all ? Infinity : SHOWN_FAILURES
  }

  note(outcome: Outcome): void {
    if (outcome.source === 'run-file') this.restored++
    this.bytes += outcome.response?.bytes ?? 0
    if (outcome.ok) return void this.ok++
    const { code } = outcome.error
    if (code.startsWith('aborted/')) return void this.unfinished++
    this.failed++
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1)
    if (this.#failures.length < this.#most) this.#failures.push(failureLine(outcome))
  }

  get isWhole(): boolean {
    return !this.broken && this.failed + this.unfinished + this.unwritten === 0
  }

  /** For standard error. */
  text(): string {
    const lines = this.#failures.map(line => `${line}\n`)
    const more = this.failed - this.#failures.length
    if (more > 0) lines.push(`… and ${more} more: ${this.#byCode()}\n`)
    return `${lines.join('')}${this.#summary()}\n`
  }

  #byCode(): string {
    return [...this.#codes]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, 5)
      .map(([code, count]) => `${count} ${code}`)
      .join(', ')
  }

  #summary(): string {
    const seconds = (performance.now() - this.#startedAtMs) / 1_000
    const parts = [
      `${this.ok} ok`,
      `${this.failed} failed`,
      ...(this.unfinished > 0 ? [`${this.unfinished} not finished`] : []),
      ...(this.unwritten > 0 ? [`${this.unwritten} not written`] : []),
      ...(this.restored > 0 ? [`${this.restored} of them from before`] : []),
    ]
    return `${parts.join(', ')} in ${seconds.toFixed(1)} s`
  }
}

/** Where it stands in the input, what was asked, and why it failed. */
function failureLine(outcome: FailedOutcome): string {
  const { request, error } = outcome
  const place = placeOf(outcome)
  const where = place?.file === undefined ? '' : `${place.file}:${place.line}: `
  const asked = request.url === '' ? '' : `${request.method} ${printableUrl(request.url)}: `
  const reason = RequestError.reason(error)
  return `${where}${asked}${reason.startsWith(where) ? reason.slice(where.length) : reason} (${error.code})`
}
