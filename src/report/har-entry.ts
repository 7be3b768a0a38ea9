/**
 * Entries of HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/) of one request: one for each attempt, the last one
 * first, because a program that replays a HAR answers with the first entry of a URL.
 */
import type { Entry, PhaseTimes, Try } from './entry.ts'
import { REDACTED, isSecretName } from '../core/headers.ts'
import { printableHeader } from '../core/printable-headers.ts'
import { printableUrl } from '../core/url.ts'

interface Pair {
  readonly name: string
  readonly value: string
}

/** -1 means that the phase did not happen, or is not known. */
interface HarTimings {
  readonly blocked: number
  readonly dns: number
  readonly connect: number
  readonly ssl: number
  readonly send: number
  readonly wait: number
  readonly receive: number
}

export interface HarEntry {
  readonly startedDateTime: string
  readonly time: number
  readonly request: object
  readonly response: object
  readonly cache: object
  readonly timings: HarTimings
  readonly comment: string
}

/** What is known of the response besides the entry. */
export interface HarResponse {
  readonly headers?: readonly Pair[]
  /** `'http/1.1'` or `'h2'`. */
  readonly protocol?: string
  readonly body?: HarBody | undefined
  /** Ends the comment of the entry. */
  readonly note?: string
}

export interface HarBody {
  readonly text: string
  readonly mimeType: string
  readonly encoding?: 'base64'
}

interface One {
  readonly method: string
  readonly url: string
  readonly status: number | undefined
  readonly code: string | undefined
  readonly message: string | undefined
  readonly startMs: number
  readonly timings: HarTimings
  readonly redirectUrl: string
  readonly comment: string
}

/** Empty if nothing was sent, or if its URL is none. */
export function harEntries(entry: Entry, response: HarResponse): HarEntry[] {
  if (entry.attempts === 0 || harUrl(entry.url) === undefined) return []
  const { tries } = entry
  if (tries === undefined || tries.length < 2) return [entryOf(entry, single(entry), response)]
  const [last, ...others] = tries.map((one, at) => attempt(entry, tries, one, at)).toReversed()
  return [entryOf(entry, last as One, response), ...others.toReversed().map(one => entryOf(entry, one, {}, 'earlier'))]
}

function single(entry: Entry): One {
  const { url, finalUrl, status, code, message, timings, atMs = 0, attempts, location } = entry
  const all = harTimings(timings, true)
  return {
    method: entry.method,
    url: finalUrl ?? url,
    status,
    code,
    message,
    startMs: atMs - timeOf(all),
    timings: all,
    redirectUrl: location ?? '',
    comment: attempts > 1 ? `the last of ${attempts} attempts; those before it are in "blocked"` : '',
  }
}

function attempt(
  entry: Entry,
  tries: readonly Try[],
  { url, poll, status, code, delayMs, timings, atMs }: Try,
  at: number,
): One {
  const isLast = at === tries.length - 1
  const next = tries[at + 1]
  const isRedirected = next !== undefined && next.poll === poll && next.url !== url
  const all = harTimings(timings, false)
  return {
    method: poll === undefined ? entry.method : 'GET',
    url: url ?? entry.url,
    status,
    code: code ?? (isLast ? entry.code : undefined),
    message: isLast ? entry.message : undefined,
    startMs: atMs ?? (entry.atMs ?? 0) - timeOf(all),
    timings: all,
    redirectUrl: isRedirected ? (next.url ?? entry.url) : isLast ? (entry.location ?? '') : '',
    comment: `attempt ${at + 1} of ${tries.length}${delayMs > 0 ? `, ${Math.round(delayMs)} ms after the one before it` : ''}`,
  }
}

/**
 * `connect` includes `ssl`, as the format has it. What no phase tells is `blocked` for a whole request, whose waits are in
 * it, and `wait` for one attempt.
 */
function harTimings(times: PhaseTimes, isWhole: boolean): HarTimings {
  const { dns, connect, tls, firstByte, body, total = 0 } = times
  const known = [dns, connect, tls, firstByte, body].reduce<number>((sum, ms) => sum + Math.max(0, ms ?? 0), 0)
  const rest = Math.max(0, total - known)
  return {
    blocked: isWhole ? tenths(rest) : -1,
    dns: phase(dns),
    connect:
      connect === undefined && tls === undefined ? -1 : tenths(Math.max(0, connect ?? 0) + Math.max(0, tls ?? 0)),
    ssl: phase(tls),
    send: 0,
    wait: tenths(Math.max(0, firstByte ?? 0) + (isWhole ? 0 : rest)),
    receive: tenths(Math.max(0, body ?? 0)),
  }
}

const phase = (ms: number | undefined): number => (ms === undefined ? -1 : tenths(Math.max(0, ms)))
const tenths = (ms: number): number => Math.round(ms * 10) / 10

function timeOf({ blocked, dns, connect, send, wait, receive }: HarTimings): number {
  return tenths([blocked, dns, connect, send, wait, receive].reduce((sum, ms) => sum + Math.max(0, ms), 0))
}

function entryOf(entry: Entry, one: One, response: HarResponse, position: 'last' | 'earlier' = 'last'): HarEntry {
  const { status = 0, code, message, timings, comment } = one
  const url = harUrl(one.url) ?? harUrl(entry.url) ?? ''
  const redirectUrl = one.redirectUrl === '' ? '' : printableUrl(one.redirectUrl)
  const known = response.headers ?? headersOf(position === 'last' ? entry.headers : undefined)
  const hasLocation = redirectUrl === '' || known.some(({ name }) => name.toLowerCase() === 'location')
  const size = position === 'last' ? entry.bytes : 0
  const version = versionOf(response.protocol)
  return {
    startedDateTime: new Date(one.startMs).toISOString(),
    time: timeOf(timings),
    request: {
      method: one.method,
      url,
      httpVersion: version,
      cookies: [],
      headers: [],
      queryString: queryOf(url),
      headersSize: -1,
      bodySize: -1,
    },
    response: {
      status,
      statusText: '',
      httpVersion: version,
      cookies: [],
      headers: hasLocation ? known : [...known, { name: 'location', value: redirectUrl }],
      content: contentOf(size, status, known, position === 'last' ? response.body : undefined),
      redirectURL: redirectUrl,
      headersSize: -1,
      bodySize: -1,
      ...(code !== undefined && { _error: message === undefined ? code : `${code}: ${message}` }),
    },
    cache: {},
    timings,
    comment: [`request ${entry.key ?? entry.id}`, comment, response.note ?? ''].filter(text => text !== '').join(', '),
  }
}

function contentOf(size: number, status: number, headers: readonly Pair[], body: HarBody | undefined): object {
  const type = headers.find(({ name }) => name === 'content-type')?.value
  const mimeType = type ?? body?.mimeType ?? (status === 0 ? 'x-unknown' : 'application/octet-stream')
  if (body === undefined) return { size, mimeType }
  return { size, mimeType, text: body.text, ...(body.encoding !== undefined && { encoding: body.encoding }) }
}

const versionOf = (protocol: string | undefined): string =>
  protocol === undefined ? 'unknown' : protocol === 'h2' ? 'HTTP/2.0' : protocol.toUpperCase()

const headersOf = (headers: Entry['headers']): Pair[] =>
  Object.entries(headers ?? {}).flatMap(([name, value]) =>
    typeof value === 'string' ? [{ name, value: printableHeader(name, value) }] : [],
  )

/** Without a fragment, which no server sees and with which no replay finds the entry, and without secrets. */
function harUrl(text: string): string | undefined {
  const url = URL.parse(printableUrl(text))
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  url.hash = ''
  url.username = ''
  url.password = ''
  // A URL parser lets these pass, and readers of the format refuse them.
  return url.href.replace(/#$/, '').replaceAll(/[\s<>"\\^`{|}]/g, encodeURIComponent)
}

function queryOf(url: string): Pair[] {
  return [...new URL(url).searchParams].map(([name, value]) => ({ name, value: isSecretName(name) ? REDACTED : value }))
}
