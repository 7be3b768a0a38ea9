/**
 * The failures of a run by code and host, with one example of each: ten thousand times the same 404 is one group. Memory
 * does not grow with the number of failures.
 */
import { placeOf } from './output/fields.ts'
import { record } from './records.ts'
import { serverBody, serverWords } from './server-words.ts'
import { OLD_CURSOR } from '../core/pagination.ts'
import { printable } from '../core/printable.ts'
import { printableUrl } from '../core/url.ts'
import { requestIdOf } from '../sinks/row.ts'
import { RequestError } from '../index.ts'
import type { FailedOutcome } from '../index.ts'

const SHOWN_GROUPS = 8
/** Failures of further hosts are counted together, and so are those of further codes. */
const MAX_GROUPS = 200
const MAX_CODES = 100
const SHOWN_RECORDS = 10

export interface FailureGroup {
  readonly code: string
  /** Undefined for several hosts, and for requests without one. */
  readonly host: string | undefined
  /** Pages whose cursor may have expired: to send them again would not help. */
  readonly isExpired: boolean
  count: number
  /** The latest time before which a server wants no further request, in epoch milliseconds; 0 if none said so. */
  retryAtMs: number
  readonly example: Example
}

interface Example {
  /** The position, the request and the reason, as one line. */
  readonly line: string
  /** What the server said. */
  readonly said: string | undefined
  readonly fields: object
}

export class Failures {
  #count = 0
  /** Every failure with `-v`; else the first ones, as records. */
  readonly #each: string[] = []
  readonly #groups = new Map<string, FailureGroup>()
  readonly #codes = new Map<string, number>()
  readonly #isVerbose: boolean
  readonly #asRecords: boolean

  constructor({ verbose, asRecords }: { readonly verbose: boolean; readonly asRecords: boolean }) {
    this.#isVerbose = verbose
    this.#asRecords = asRecords
  }

  note(outcome: FailedOutcome): void {
    this.#count++
    const { code, retryAt = 0 } = outcome.error
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1)
    const group = this.#groupOf(outcome)
    group.count++
    group.retryAtMs = Math.max(group.retryAtMs, retryAt)
    if (this.#asRecords && (this.#isVerbose || this.#each.length < SHOWN_RECORDS))
      this.#each.push(failureRecord(outcome))
    else if (this.#isVerbose && !this.#asRecords) this.#each.push(...verboseLines(outcome))
  }

  /** How many failed with each code. */
  get codes(): ReadonlyMap<string, number> {
    return this.#codes
  }

  /** The largest first. */
  get groups(): readonly FailureGroup[] {
    return [...this.#groups.values()].toSorted((a, b) => b.count - a.count)
  }

  /** Whether failures are only counted in what is shown. */
  get areHidden(): boolean {
    return !this.#isVerbose && this.#count > Math.min(this.#groups.size, SHOWN_GROUPS)
  }

  lines(): string[] {
    const { groups } = this
    if (this.#isVerbose) {
      const counts = this.#count > groups.length ? groups.map(group => `${countLine(group)}\n`) : []
      return [...this.#each.map(line => `${line}\n`), ...counts]
    }
    const shown = groups.slice(0, SHOWN_GROUPS)
    const more = groups.slice(SHOWN_GROUPS).reduce((sum, { count }) => sum + count, 0)
    return [
      ...shown.flatMap(linesOf),
      ...(more > 0 ? [`… and ${more} more: ${mostOf(groups.slice(SHOWN_GROUPS))}`] : []),
    ].map(line => `${line}\n`)
  }

  records(): string[] {
    const groups = this.groups.map(({ code, host, count, example: { fields, said } }) =>
      record('failures', { code, host, count, said, example: fields }),
    )
    return [...this.#each, ...groups]
  }

  #groupOf(outcome: FailedOutcome): FailureGroup {
    const { code } = outcome.error
    const host = URL.parse(outcome.request.url)?.host || undefined
    const isExpired = RequestError.reason(outcome.error).includes(OLD_CURSOR)
    const name = `${code} ${host ?? ''}${isExpired ? ' expired' : ''}`
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const isFull = this.#groups.size >= MAX_GROUPS
    const label = isFull && this.#groups.size >= MAX_GROUPS + MAX_CODES ? 'other codes' : code
    const shownHost = isFull ? undefined : host
    const key = isFull ? `${label} …` : name
    let group = this.#groups.get(key)
    if (group === undefined) {
      group = {
        code: label,
        host: shownHost,
        isExpired: isExpired && !isFull,
        count: 0,
        retryAtMs: 0,
        example: exampleOf(outcome),
      }
      this.#groups.set(key, group)
    }
    return group
  }
}

function linesOf(group: FailureGroup): string[] {
  const { line, said } = group.example
  const words = said === undefined ? [] : [`  the server said: ${said}`]
  return group.count === 1 ? [line, ...words] : [countLine(group), `  such as ${line}`, ...words]
}

function countLine({ code, count, host }: FailureGroup): string {
  return printable(`${count} × ${code}${host === undefined ? '' : ` from ${host}`}`)
}

function mostOf(groups: readonly FailureGroup[]): string {
  const counts = new Map<string, number>()
  for (const { code, count } of groups) counts.set(code, (counts.get(code) ?? 0) + count)
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 5)
    .map(([code, count]) => `${count} ${code}`)
    .join(', ')
}

function exampleOf(outcome: FailedOutcome): Example {
  return { line: failureLine(outcome), said: serverWords(outcome), fields: fieldsOf(outcome) }
}

function verboseLines(outcome: FailedOutcome): string[] {
  const body = serverBody(outcome)
  const { response, request } = outcome
  const final = response === undefined || response.url === request.url ? [] : [`  at ${printable(response.url)}`]
  return [failureLine(outcome), ...final, ...(body === undefined ? [] : [`  the server said: ${body}`])]
}

function failureRecord(outcome: FailedOutcome): string {
  return record('failure', { ...fieldsOf(outcome), said: serverWords(outcome) })
}

function fieldsOf(outcome: FailedOutcome): object {
  const { index, key, request, error, response } = outcome
  const { file, line } = placeOf(outcome) ?? {}
  const { method, url } = request
  const status = response?.status
  const message = RequestError.reason(error)
  return {
    index,
    // A request of the input is known by its place and key.
    id: outcome.parent === undefined ? undefined : requestIdOf(outcome),
    key,
    file,
    line,
    method,
    url: printableUrl(url),
    status,
    code: error.code,
    message,
  }
}

/** The position in the input, the request, and the reason of the failure. */
function failureLine(outcome: FailedOutcome): string {
  const { request, error } = outcome
  const place = placeOf(outcome)
  const where = place?.file === undefined ? '' : printable(`${place.file}:${place.line}: `)
  // The place is that of the request in the input, from which others may have followed.
  const id = outcome.parent === undefined ? '' : `${printable(requestIdOf(outcome))}: `
  const asked = request.url === '' ? '' : `${request.method} ${printableUrl(request.url)}: `
  const reason = RequestError.reason(error)
  const rest = reason.startsWith(where) ? reason.slice(where.length) : reason
  return printable(`${where}${id}${asked}${rest} (${error.code})`)
}
