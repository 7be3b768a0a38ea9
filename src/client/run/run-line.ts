/**
 * Outcome → line of the run file, and back. A line holds the value before schema and `parseFunc`, which run again on a
 * restored value; so a restored line becomes a Reply and goes the same way as one from the network.
 */
import { isPlain } from '../../config/kinds.ts'
import { hasBody, isUnparsed } from './kept-body.ts'
import type { Call } from '../../core/call.ts'
import { RequestError } from '../../core/error.ts'
import type { ErrorBody } from '../../core/error-body.ts'
import { filterHeaders, headerProblem, isSecretName } from '../../core/headers.ts'
import type { HeaderList } from '../../core/headers.ts'
import { isoTime } from '../../core/iso-time.ts'
import type { DoneLine } from '../../core/journal.ts'
import { shownHeader, shownHeaders } from '../../core/outcome.ts'
import type { Outcome, ResponseSummary } from '../../core/outcome.ts'
import { fault } from '../../core/result.ts'
import type { Fault, FaultCode, Reply, Result } from '../../core/result.ts'
import type { SavedFile } from '../../core/spec.ts'
import type { Try } from '../../core/tries.ts'
import { printableUrl } from '../../core/url.ts'
import type { Writable } from '../../core/writable.ts'

/** The value of the body in the form of a line. */
export interface LineValue {
  readonly value?: unknown
  readonly encoding?: 'base64'
  /** Of a whole response. */
  readonly head?: Pick<Reply, 'statusText' | 'headers' | 'url'>
}

/**
 * Assigned field by field, because this runs for every request.
 *
 * @param more further fields
 * @param headers names of the response headers that a line holds
 */
export function doneLineOf(
  call: Call,
  print: string,
  outcome: Outcome,
  more: object,
  atMs: number,
  headers: readonly string[] = [],
): DoneLine {
  const { key, method } = call
  const { response } = outcome
  const line: Writable<Partial<DoneLine>> = { v: 2, index: call.index, id: call.trip.id, print }
  if (key !== undefined) line.key = key
  const { page } = call.trip
  if (page?.parent !== undefined) line.parent = page.parent
  line.method = method
  line.url = outcome.request.url
  line.ok = outcome.ok
  if (response !== undefined) line.status = response.status
  if (!outcome.ok) {
    const { code } = outcome.error
    line.error = { code, message: RequestError.reason(outcome.error), ...RequestError.shownBody(outcome.error) }
  }
  Object.assign(line, more)
  if (response !== undefined) addResponse(line, outcome, response, headers)
  if (outcome.tries !== undefined) line.tries = outcome.tries
  line.attempts = outcome.attempts
  line.bytes = response?.bytes ?? 0
  line.timings = timingsToMicroseconds(outcome.timings)
  line.at = isoTime(atMs)
  return line as DoneLine
}

function addResponse(
  line: Writable<Partial<DoneLine>>,
  { request }: Outcome,
  response: ResponseSummary,
  names: readonly string[],
): void {
  if (response.url !== request.url) line.finalUrl = response.url
  const location = shownHeader(response, 'location')
  if (location !== undefined) line.location = location
  const headers = names.length === 0 ? undefined : shownHeaders(response, names)
  if (headers !== undefined) line.headers = headers
}

/** To the microsecond: finer digits are noise and made a line a tenth longer. */
function timingsToMicroseconds(timings: Outcome['timings']): Record<string, number> {
  const line: Record<string, number> = {}
  for (const name in timings) line[name] = Math.round((timings[name as keyof typeof timings] as number) * 1_000) / 1_000
  return line
}

/** The value of a reply, by its return type, as the line holds it. */
export function lineValue({ plan }: Call, reply: Reply, decoded: unknown): LineValue {
  switch (plan.returnType) {
    case 'auto':
      if (decoded instanceof Uint8Array) return { value: base64(decoded), encoding: 'base64' }
      return { value: decoded }
    case 'json':
    case 'text':
    case 'file':
      return { value: decoded }
    case 'stream':
      return { value: reply.taken?.bytes ?? 0 }
    case 'ndjson':
    case 'sse':
      return { value: reply.taken?.items ?? 0 }
    case 'content':
      return { value: base64(reply.body), encoding: 'base64' }
    case 'response': {
      const { statusText } = reply
      const { secretNames } = plan
      const kept = filterHeaders(reply.headers, name => !isSecretName(name, secretNames))
      // A URL in a header may contain the same secrets as that of a request.
      const headers = kept.map((text, at) =>
        at % 2 === 1 && URL_HEADERS.has(kept[at - 1] as string) ? printableUrl(text, secretNames) : text,
      )
      const url = printableUrl(reply.url, secretNames)
      return { value: base64(reply.body), encoding: 'base64', head: { statusText, headers, url } }
    }
  }
}

const URL_HEADERS: ReadonlySet<string> = new Set(['location', 'content-location', 'refresh', 'link'])

/** The attempts that the line records, for a restored outcome; undefined if another program changed them. */
export function recordedTries({ tries }: DoneLine): Try[] | undefined {
  return Array.isArray(tries) && tries.every(isTry) ? [...tries] : undefined
}

function isTry(one: Partial<Try> | null): one is Try {
  const isRecorded = typeof one?.at === 'string' && typeof one.delay === 'number'
  return (
    isRecorded && typeof one.timings === 'object' && typeof (one.timings as Try['timings'] | null)?.total === 'number'
  )
}

/** The result that the line records. */
export function recordedResult(line: DoneLine, call: Call): Result {
  return line.ok || hasBody(line) ? recordedReply(line, call) : recordedFault(line, call)
}

function recordedReply(line: DoneLine, call: Call): Reply {
  const head = line.head as Pick<Reply, 'statusText' | 'headers' | 'url'> | undefined
  return {
    kind: 'reply',
    status: line.status ?? 200,
    statusText: '',
    headers: call.plan.returnType === 'auto' ? ['content-type', recordedType(line)] : [],
    url: finalUrlIn(line) ?? call.url,
    ...head,
    body: recordedBody(line, call),
    integrity: 'length',
    protocol: 'http/1.1',
    ...(call.plan.returnType === 'file' && { taken: line.value as SavedFile }),
  }
}

/** The content type from which `'auto'` makes the same kind of value again. */
function recordedType({ value, encoding }: DoneLine): string {
  if (encoding === 'base64') return 'application/octet-stream'
  return typeof value === 'string' ? 'text/plain' : 'application/json'
}

function recordedBody({ value, encoding }: DoneLine, { plan }: Call): Uint8Array {
  if (encoding === 'base64' && typeof value === 'string') return Buffer.from(value, 'base64')
  // The return type may have changed: a string is kept as text, any other value as JSON.
  const text = typeof value === 'string' && plan.returnType !== 'json' ? value : JSON.stringify(value ?? null)
  // A text that begins with a byte-order mark had two of them, because reading removes one.
  const mark = (plan.returnType === 'text' || plan.returnType === 'auto') && text.startsWith('\uFEFF') ? '\uFEFF' : ''
  return new TextEncoder().encode(mark + text)
}

function finalUrlIn({ finalUrl }: DoneLine): string | undefined {
  return typeof finalUrl === 'string' && URL.canParse(finalUrl) ? finalUrl : undefined
}

/** The headers that the line holds, by their names; undefined if it has none. Of a whole response, `head` has all. */
export function recordedHeaders({ headers, head, location, error }: DoneLine): HeaderList | undefined {
  if (head !== undefined && !isUnparsed(error?.code ?? '')) return undefined
  const list = Object.entries(isPlain(headers) ? headers : {}).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string' && headerProblem(pair[0], pair[1]) === undefined,
  )
  const hasLocation = list.some(([name]) => name === 'location')
  if (typeof location === 'string' && !hasLocation && headerProblem('location', location) === undefined) {
    list.push(['location', location])
  }
  return list.length === 0 ? undefined : list.flat()
}

/** The body that the error of the line showed. */
export function recordedBodyOf({ error }: DoneLine): ErrorBody | undefined {
  if (typeof error?.body !== 'string') return undefined
  const { body, bodyTruncated, bodyEncoding } = error
  return {
    body,
    ...(bodyTruncated === true && { bodyTruncated }),
    ...(bodyEncoding === 'base64' && { bodyEncoding }),
  }
}

/** The failure that the line records. */
export function recordedFault(line: DoneLine, call: Call): Fault {
  const { error, status } = line
  const code = (error?.code ?? 'internal/unknown') as FaultCode
  const reply: Reply | undefined =
    status === undefined
      ? undefined
      : {
          kind: 'reply',
          status,
          statusText: '',
          headers: [],
          body: new Uint8Array(),
          url: finalUrlIn(line) ?? call.url,
          integrity: 'unverified',
          protocol: 'http/1.1',
        }
  return fault(code, error?.message ?? 'failed', { sent: true, ...(reply && { reply }) })
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
