/**
 * The failures and the slowest requests that a report shows: few, and from every code and host, so that a thousand failures
 * of one kind do not hide the only one of another.
 */
import { wireMsOf } from './entry.ts'
import type { Entry, Try } from './entry.ts'
import type { RequestReport, TryReport } from './data.ts'
import { printableUrl } from '../core/url.ts'

const MAX_FAILURES = 500
/** Of each code and host together. */
const MAX_OF_KIND = 12
/** Of a code whose failures are of one host. */
const MAX_OF_CODE = 60
/** So many of any code are shown, in the place of others. */
const RARE = 3
const MAX_SLOWEST = 10

const MAX_URL = 1_000
const MAX_MESSAGE = 600
const MAX_BODY = 2_048
const MAX_KEY = 200
const MAX_HEADERS = 20
const FIRST_TRIES = 5
const LAST_TRIES = 15

export class Samples {
  readonly #failures = new Map<string, RequestReport>()
  readonly #perKind = new Map<string, number>()
  #slowest: { readonly wireMs: number; readonly request: RequestReport }[] = []
  /** Fewer than these milliseconds on the wire are not among the slowest. */
  #slowMs = 0

  addFailure(entry: Entry, host: string): void {
    const { code = '', id } = entry
    const kind = `${code} ${host}`
    const [ofCode, ofKind] = [this.#perKind.get(code) ?? 0, this.#perKind.get(kind) ?? 0]
    if (ofKind >= MAX_OF_KIND && ofCode >= MAX_OF_CODE) return
    if (this.#failures.has(id)) return
    if (this.#failures.size >= MAX_FAILURES && (ofCode >= RARE || !this.#makeRoom())) return
    this.#failures.set(id, requestReport(entry))
    this.#perKind.set(code, ofCode + 1)
    this.#perKind.set(kind, ofKind + 1)
  }

  /** A later line of the request says something else. */
  removeFailure(id: string): void {
    this.#failures.delete(id)
  }

  /** Drops one of the code that has most. */
  #makeRoom(): boolean {
    const counts = new Map<string, string[]>()
    for (const [id, { code = '' }] of this.#failures) counts.set(code, [...(counts.get(code) ?? []), id])
    const most = [...counts.values()].toSorted((a, b) => b.length - a.length)[0] ?? []
    return most.length > RARE && this.#failures.delete(most.at(-1) as string)
  }

  addSlow(entry: Entry): void {
    const wireMs = wireMsOf(entry)
    if (wireMs <= this.#slowMs) return
    this.#slowest.push({ wireMs, request: requestReport(entry) })
    this.#slowest.sort((a, b) => b.wireMs - a.wireMs)
    this.#slowest = this.#slowest.slice(0, MAX_SLOWEST)
    if (this.#slowest.length === MAX_SLOWEST) this.#slowMs = this.#slowest.at(-1)?.wireMs ?? 0
  }

  failures(): RequestReport[] {
    return [...this.#failures.values()].toSorted((a, b) => a.index - b.index)
  }

  slowest(): RequestReport[] {
    return this.#slowest.map(({ request }) => request)
  }
}

/** Secrets in URLs are redacted again: a file may have been written by another program. */
export function requestReport(entry: Entry): RequestReport {
  const { id, index, key, method, url, status, code, message, body, bodyEncoding, tries } = entry
  const { finalUrl, location, headers, attempts, timings, atMs } = entry
  return {
    id: cut(id, MAX_KEY),
    index,
    ...(key !== undefined && { key: cut(key, MAX_KEY) }),
    method: cut(method, MAX_KEY),
    url: shownUrl(url),
    ...(status !== undefined && { status }),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message: cut(message, MAX_MESSAGE) }),
    ...(body !== undefined && { body: cut(body, MAX_BODY) }),
    ...(bodyEncoding !== undefined && { bodyEncoding }),
    ...(finalUrl !== undefined && { finalUrl: shownUrl(finalUrl) }),
    ...(location !== undefined && { location: shownUrl(location) }),
    ...(headers !== undefined && { headers: shownHeaders(headers) }),
    attempts,
    timings,
    ...(atMs !== undefined && { at: new Date(atMs).toISOString() }),
    ...(tries !== undefined && tries.length > 0 && { tries: triesReport(tries) }),
  }
}

function triesReport(tries: readonly Try[]): TryReport[] {
  const shown =
    tries.length <= FIRST_TRIES + LAST_TRIES ? tries : [...tries.slice(0, FIRST_TRIES), ...tries.slice(-LAST_TRIES)]
  const startMs = tries[0]?.atMs
  let nextMs = 0
  return shown.map(({ atMs, status, code, delayMs, timings, url, poll }) => {
    const at = atMs === undefined || startMs === undefined ? nextMs + delayMs : Math.max(0, atMs - startMs)
    nextMs = at + (timings['total'] ?? 0)
    return {
      startMs: at,
      delayMs,
      ...(status !== undefined && { status }),
      ...(code !== undefined && { code }),
      timings,
      ...(url !== undefined && { url: shownUrl(url) }),
      ...(poll !== undefined && { poll }),
    }
  })
}

function shownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const texts = Object.entries(headers).filter(([, value]) => typeof value === 'string')
  return Object.fromEntries(
    texts.slice(0, MAX_HEADERS).map(([name, value]) => [cut(name, MAX_KEY), cut(value, MAX_KEY)]),
  )
}

const shownUrl = (url: string): string => cut(printableUrl(url), MAX_URL)

/** Never half of a surrogate pair. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…`
}
