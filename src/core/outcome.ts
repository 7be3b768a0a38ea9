/** The Outcome of a request: exactly one per spec, ok or failed, and never thrown. */
import type { Call } from './call.ts'
import { errorBodyOf } from './error-body.ts'
import type { ErrorBody } from './error-body.ts'
import { makeError } from './error.ts'
import type { ErrorDetails, ErrorResponse, RequestError } from './error.ts'
import { getAllHeaders, getHeader } from './headers.ts'
import type { HeaderList } from './headers.ts'
import { printableHeader, toHeaders } from './printable-headers.ts'
import { fault as makeFault } from './result.ts'
import type { Fault, Integrity, Origin, Reply } from './result.ts'
import { isCommonPhrase } from './reason-phrase.ts'
import { KEPT_BYTES } from './refused.ts'
import { constantOf, redacted, secretsOf, sentWith } from './secrets.ts'
import type { Trip } from './trip.ts'
import type { Try } from './tries.ts'
import { printableUrl } from './url.ts'
import type { Writable } from './writable.ts'
import { joined } from './words.ts'
import type { Words } from './words.ts'

/** Milliseconds spent in each phase. A phase that did not happen is absent. Waits add up over all attempts. */
export interface Timings {
  /** Waiting for a free slot of `concurrency`. */
  readonly queue?: number
  /** Waiting for a rate limit, a budget or a paused host. */
  readonly limiter?: number
  /** Waiting before retries. */
  readonly backoff?: number
  /** Waiting between the status requests of a job (`poll`). */
  readonly polling?: number
  /** DNS lookup of the last attempt. */
  readonly dns?: number
  /** TCP connection of the last attempt; absent if the connection was reused. */
  readonly connect?: number
  /** TLS handshake of the last attempt; absent if the connection was reused. */
  readonly tls?: number
  /** From the first byte of the request to the last response header. */
  readonly firstByte?: number
  /** From the last response header to the end of the body. */
  readonly body?: number
  /** From taking the request from the input to its outcome. */
  readonly total: number
}

/** The request as the caller asked for it. Secrets in `url` are redacted. */
export interface RequestSummary<Meta = unknown> {
  /** The method, in upper case. */
  readonly method: string
  /** The URL, with secrets redacted. */
  readonly url: string
  /** The value that the spec gave; undefined if it gave none. */
  readonly meta: Meta
}

/** A response without its body. */
export interface ResponseSummary {
  /** The status, such as 200. */
  readonly status: number
  /** The headers. Those with secrets are redacted where they are printed. */
  readonly headers: Headers
  /** The final URL, after redirects. Secrets are redacted. */
  readonly url: string
  /** The bytes of the decoded body; of a refused response those that were kept, at most 64 KiB. */
  readonly bytes: number
  /**
   * How the end of the body was known: `'length'`, `'chunked'`, or `'unverified'` (only by the end of the connection).
   */
  readonly integrity: Integrity
  /** `'http/1.1'` or `'h2'`. */
  readonly protocol: string
  /** The number of redirect hops. */
  readonly redirects: number
}

/** The outcome of a request that succeeded. */
export interface OkOutcome<Value, Meta = unknown, Item = unknown> {
  /** True for a request that succeeded. */
  readonly ok: true
  /**
   * The identity of the request, the same in every run of the same input: `k:<key>`, or `#<index>` without a key. If
   * two requests have the same key, the second one is `k:<key>~2`. A follow-up request has the id of its page and a
   * number: `<id>/<n>`.
   */
  readonly id: string
  /** The position in the input, from 0. */
  readonly index: number
  /** The `key` of the request. Absent if it has none. */
  readonly key?: string
  /** With follow-ups: the id of the page that led to this request. Absent for a request of the input. */
  readonly parent?: string
  /** The request as the caller asked for it. */
  readonly request: RequestSummary<Meta>
  /** The value that `returnType`, `schema` and `parseFunc` make of the response. */
  readonly value: Value
  /** The response, without its body. */
  readonly response: ResponseSummary
  /** Attempts that were sent, redirect hops and status requests included. */
  readonly attempts: number
  /**
   * What each attempt did, oldest first. Absent if there was only one. Of more than a hundred, the first ten and the
   * last ninety.
   */
  readonly tries?: readonly Try[]
  /** Milliseconds spent in each phase. */
  readonly timings: Timings
  /** Oddities that did not make the request fail, one sentence each. */
  readonly warnings: readonly string[]
  /** `'run-file'` if a resumed run restored the outcome, else `'network'`. */
  readonly source: 'network' | 'run-file'
  /** With `items`: the items of this page. Absent if the page has no list of items. */
  readonly items?: readonly Item[]
  /** Always undefined: `error` tells the two kinds of outcomes apart, too. */
  readonly error?: undefined
}

/** The outcome of a request that failed. */
export interface FailedOutcome<Meta = unknown> {
  /** False for a request that failed. */
  readonly ok: false
  /**
   * The identity of the request, the same in every run of the same input: `k:<key>`, or `#<index>` without a key. If
   * two requests have the same key, the second one is `k:<key>~2`. A follow-up request has the id of its page and a
   * number: `<id>/<n>`.
   */
  readonly id: string
  /** The position in the input, from 0. */
  readonly index: number
  /** The `key` of the request. Absent if it has none. */
  readonly key?: string
  /** With follow-ups: the id of the page that led to this request. Absent for a request of the input. */
  readonly parent?: string
  /** The request as the caller asked for it. */
  readonly request: RequestSummary<Meta>
  /** Why the request failed. Its `code` is stable. */
  readonly error: RequestError
  /** Absent if no response came. */
  readonly response?: ResponseSummary
  /** Attempts that were sent. 0 if nothing was sent. */
  readonly attempts: number
  /**
   * What each attempt did, oldest first. Absent if there was only one. Of more than a hundred, the first ten and the
   * last ninety.
   */
  readonly tries?: readonly Try[]
  /** Milliseconds spent in each phase. */
  readonly timings: Timings
  /** Oddities, one sentence each. */
  readonly warnings: readonly string[]
  /** `'run-file'` if a resumed run restored the outcome, else `'network'`. */
  readonly source: 'network' | 'run-file'
  /** Always undefined, so that `outcome.value` can be read without a check. */
  readonly value?: undefined
}

/**
 * How one request ended. `ok` tells which of the two it is.
 *
 * @example console.log(outcome.ok ? outcome.value : outcome.error.code)
 */
export type Outcome<Value = unknown, Meta = unknown, Item = unknown> =
  | OkOutcome<Value, Meta, Item>
  | FailedOutcome<Meta>

/**
 * Codes of requests that the server never got, or turned away unprocessed. A rerun with the same input sends them.
 *
 * @internal
 */
export function isUnsentCode(code: string): boolean {
  return (
    code === 'aborted/not_started' || code === 'circuit/open' || code === 'auth/refresh' || code.startsWith('paused/')
  )
}

/** @internal */
export const NO_WARNINGS: readonly string[] = Object.freeze([])
/** The timings of a request that was never sent. @internal */
export const UNTIMED: Timings = Object.freeze({ total: 0 })

/** Prints the redacted URL and keeps the usable one private, so that only `failedUrls()` returns it. */
class CallSummary implements RequestSummary {
  readonly method: string
  readonly url: string
  readonly meta: unknown
  readonly #url: string

  constructor(method: string, url: string, meta: unknown, secretNames: ReadonlySet<string> | undefined) {
    this.method = method
    this.url = printableUrl(url, secretNames)
    this.meta = meta
    this.#url = url
  }

  static usableUrl(this: void, summary: RequestSummary): string {
    return summary instanceof CallSummary ? summary.#url : summary.url
  }
}

/** @internal */
export const usableUrl: (summary: RequestSummary) => string = CallSummary.usableUrl

/** @internal */
export function summarize(
  method: string,
  url: string,
  meta: unknown,
  secretNames?: ReadonlySet<string>,
): RequestSummary {
  return new CallSummary(method, url, meta, secretNames)
}

/** What requests of a batch mostly share. */
interface ReplyLists {
  readonly headers: HeaderList
  /** The headers of the request, and its credentials: a header of the response may repeat them. */
  readonly asked: HeaderList
  readonly credentials: Call['credentials']
}

/** What is known of a response besides its body. */
interface ReplyFacts extends Omit<ResponseSummary, 'headers'>, ReplyLists {
  readonly secretNames: ReadonlySet<string> | undefined
}

/** A Reply without its body. Creates the `Headers` object on first use. */
class ReplySummary implements ResponseSummary {
  readonly status: number
  readonly url: string
  readonly bytes: number
  readonly integrity: Integrity
  readonly protocol: string
  readonly redirects: number
  readonly #headers: HeaderList
  readonly #asked: HeaderList
  readonly #credentials: Call['credentials']
  readonly #secretNames: ReadonlySet<string> | undefined
  #made: Headers | undefined

  constructor(facts: ReplyFacts) {
    this.status = facts.status
    this.url = facts.url
    this.bytes = facts.bytes
    this.integrity = facts.integrity
    this.protocol = facts.protocol
    this.redirects = facts.redirects
    this.#headers = facts.headers
    this.#asked = facts.asked
    this.#credentials = facts.credentials
    this.#secretNames = facts.secretNames
  }

  get headers(): Headers {
    this.#made ??= toHeaders(this.#headers, this.#secretNames)
    return this.#made
  }

  #withoutSecrets(text: string): string {
    const secrets = secretsOf({
      headers: [this.#asked],
      ...constantOf(this.#credentials),
      url: '',
      finalUrl: '',
      secretNames: this.#secretNames,
    })
    return redacted(text, secrets, this.#secretNames)
  }

  static shownHeader(this: void, response: ResponseSummary, name: string): string | undefined {
    const isOurs = response instanceof ReplySummary
    const value = isOurs ? joinedHeader(response.#headers, name) : (response.headers.get(name) ?? undefined)
    if (value === undefined) return undefined
    const shown = printableHeader(name, value, isOurs ? response.#secretNames : undefined)
    return isOurs ? response.#withoutSecrets(shown) : shown
  }

  /** Undefined for a response that another module has made. Returns the last ones again if they are the same. */
  static listsOf(this: void, summary: ResponseSummary, last: ReplyLists | undefined): ReplyLists | undefined {
    if (!(summary instanceof ReplySummary)) return undefined
    const isSame =
      last !== undefined &&
      last.headers === summary.#headers &&
      last.asked === summary.#asked &&
      last.credentials === summary.#credentials
    return isSame ? last : { headers: summary.#headers, asked: summary.#asked, credentials: summary.#credentials }
  }
}

/**
 * A header of the response as outputs show it: all of its values, with secrets redacted. Undefined if it has none.
 *
 * @param name in lower case
 *
 * @internal
 */
export const shownHeader: (response: ResponseSummary, name: string) => string | undefined = ReplySummary.shownHeader

/** The named headers that the response has; undefined if it has none of them. @internal */
export function shownHeaders(
  response: ResponseSummary | undefined,
  names: readonly string[],
): Record<string, string> | undefined {
  const shown: Record<string, string> = {}
  for (const name of names) {
    const value = response && shownHeader(response, name)
    if (value !== undefined) shown[name] = value
  }
  return Object.keys(shown).length === 0 ? undefined : shown
}

function joinedHeader(list: HeaderList, name: string): string | undefined {
  return getHeader(list, name) === undefined ? undefined : getAllHeaders(list, name).join(', ')
}

/** @param asked the request. Its URL is redacted already, and is usually the final URL as well */
function factsOf(reply: Reply, call: Call, asked: RequestSummary, origin = reply.origin): ReplyFacts {
  const { secretNames } = call.plan
  return {
    status: reply.status,
    url: reply.url === call.url ? asked.url : printableUrl(reply.url, secretNames),
    bytes: origin?.kind === 'run-file' ? origin.bytes : (reply.taken?.bytes ?? reply.body.byteLength),
    integrity: reply.integrity,
    protocol: reply.protocol,
    redirects: call.trip.retry.redirects,
    headers: (origin?.kind === 'run-file' ? origin.headers : undefined) ?? reply.headers,
    asked: call.headers,
    credentials: call.credentials,
    secretNames,
  }
}

class RefusedReply extends ReplySummary implements ErrorResponse {
  readonly #body: Uint8Array
  readonly #method: string

  constructor(reply: Reply, call: Call, asked: RequestSummary, origin?: Origin) {
    super(factsOf(reply, call, asked, origin))
    this.#method = call.method
    // A copy, so that an error kept for the report does not keep the whole body alive.
    this.#body = new Uint8Array(reply.body.subarray(0, KEPT_BYTES))
  }

  get body(): Uint8Array {
    return this.#body
  }

  text(): string {
    return new TextDecoder().decode(this.#body)
  }

  json(): unknown {
    try {
      return JSON.parse(this.text()) as unknown
    } catch (cause) {
      const known = makeFault('parse/json', 'the body of this error response is not JSON', { cause })
      throw makeError(known, { url: this.url, method: this.#method, attempts: 1, timings: { total: 0 } })
    }
  }
}

/** @internal */
export function timingsOf({ stopwatch }: Trip, nowMs: number): Timings {
  const timings: Writable<Timings> = { total: nowMs - stopwatch.startedAtMs }
  if (stopwatch.queueMs > 0) timings.queue = stopwatch.queueMs
  if (stopwatch.limiterMs > 0) timings.limiter = stopwatch.limiterMs
  if (stopwatch.backoffMs > 0) timings.backoff = stopwatch.backoffMs
  if (stopwatch.pollingMs > 0) timings.polling = stopwatch.pollingMs
  if (stopwatch.dnsMs !== undefined) timings.dns = stopwatch.dnsMs
  if (stopwatch.connectMs !== undefined) timings.connect = stopwatch.connectMs
  if (stopwatch.tlsMs !== undefined) timings.tls = stopwatch.tlsMs
  if (stopwatch.firstByteMs !== undefined) timings.firstByte = stopwatch.firstByteMs
  if (stopwatch.bodyMs !== undefined) timings.body = stopwatch.bodyMs
  return timings
}

/** @internal */
export function okOutcome(
  call: Call,
  reply: Reply,
  value: unknown,
  nowMs: number,
  secretNames?: ReadonlySet<string>,
): OkOutcome<unknown> {
  const { trip, key } = call
  if (reply.warnings !== undefined) for (const warning of reply.warnings) trip.warn(warning)
  const request = summarize(call.method, call.url, call.meta, secretNames)
  // Written out here and in failedOutcome: one literal costs a third of spreading a shared part into it.
  const outcome: OkOutcome<unknown> = {
    ok: true,
    id: trip.id,
    index: call.index,
    request,
    value,
    response: new ReplySummary(factsOf(reply, call, request)),
    attempts: trip.retry.attempts,
    timings: timingsFrom(reply.origin, trip, nowMs),
    warnings: trip.warnings ?? NO_WARNINGS,
    source: reply.origin?.kind ?? 'network',
  }
  const { tries } = trip.retry
  return key === undefined && tries === undefined ? outcome : { ...outcome, ...extrasOf(key, tries) }
}

function extrasOf(
  key: string | undefined,
  tries: readonly Try[] | undefined,
): { key?: string; tries?: readonly Try[] } {
  return {
    ...(key !== undefined && { key }),
    ...(tries !== undefined && tries.length > 1 && { tries }),
  }
}

/** What consecutive outcomes of one server have in common if nothing unusual happened. @internal */
export interface PlainFacts {
  readonly method: string
  readonly meta: unknown
  readonly status: number
  readonly lists: ReplyLists
  readonly integrity: Integrity
  readonly protocol: string
}

/** What differs between such outcomes, besides the value. @internal */
export interface PlainDetails {
  readonly index: number
  readonly url: string
  readonly bytes: number
  readonly timings: Timings
}

/**
 * The facts of an outcome that these and its details describe completely. Undefined for any other outcome: one with a
 * key, warnings, redirects, retries, or a URL that is redacted.
 *
 * @param last facts, which are returned again if they apply
 *
 * @internal
 */
export function plainFactsOf(outcome: OkOutcome<unknown>, last: PlainFacts | undefined): PlainFacts | undefined {
  const { request, response, timings } = outcome
  const isPlain =
    outcome.attempts === 1 &&
    outcome.source === 'network' &&
    outcome.warnings === NO_WARNINGS &&
    response.redirects === 0 &&
    response.url === request.url &&
    timings.connect === undefined &&
    timings.dns === undefined &&
    timings.tls === undefined &&
    timings.backoff === undefined &&
    !('key' in outcome) &&
    usableUrl(request) === request.url &&
    outcome.id === `#${outcome.index}`
  const lists = isPlain ? ReplySummary.listsOf(response, last?.lists) : undefined
  if (lists === undefined) return undefined
  const { method, meta } = request
  const { status, integrity, protocol } = response
  const isSame =
    last !== undefined &&
    last.lists === lists &&
    last.status === status &&
    last.meta === meta &&
    last.method === method &&
    last.integrity === integrity &&
    last.protocol === protocol
  return isSame ? last : { method, meta, status, lists, integrity, protocol }
}

/** The outcome again. @internal */
export function plainOutcome(
  facts: PlainFacts,
  { index, url, bytes, timings }: PlainDetails,
  value: unknown,
  secretNames: ReadonlySet<string> | undefined,
): OkOutcome<unknown> {
  return {
    ok: true,
    id: `#${index}`,
    index,
    request: summarize(facts.method, url, facts.meta, secretNames),
    value,
    response: new ReplySummary({ ...facts, ...facts.lists, url, bytes, redirects: 0, secretNames }),
    attempts: 1,
    timings,
    warnings: NO_WARNINGS,
    source: 'network',
  }
}

/** The timings at the moment when the result came. */
function timingsFrom(origin: Origin | undefined, trip: Trip, nowMs: number): Timings {
  return origin?.kind === 'run-file' ? { total: 0, ...origin.timings } : timingsOf(trip, nowMs)
}

/** @internal */
export function failedOutcome(
  call: Call,
  fault: Fault,
  nowMs: number,
  secretNames?: ReadonlySet<string>,
): FailedOutcome {
  const { index, key, method, trip } = call
  const { attempts, notRetriedBecause } = trip.retry
  const request = summarize(method, call.url, call.meta, secretNames)
  const { origin } = fault
  const timings = timingsFrom(origin, trip, nowMs)
  const response = fault.reply && new RefusedReply(fault.reply, call, request, origin)
  const said = messageOf(fault, call)
  const message = notRetriedBecause === undefined ? said : joined(said, '; ', notRetriedBecause)
  const whole = message === fault.message ? fault : { ...fault, message }
  const shown = laterShown(fault, response?.body, call)
  return {
    ok: false,
    id: trip.id,
    index,
    ...extrasOf(key, trip.retry.tries),
    request,
    error: makeError(whole, { index, key, method, url: request.url, attempts, timings, response, shown }),
    ...(response && { response }),
    attempts,
    timings,
    warnings: trip.warnings ?? NO_WARNINGS,
    source: origin?.kind ?? 'network',
  }
}

/** The message may quote the server: its reason phrase, the beginning of its body, a value of it. */
function messageOf({ code, message, reply }: Fault, call: Call): Words {
  if (reply === undefined || (code.startsWith('http/') && isCommonPhrase(reply.statusText))) return message
  const { secretNames } = call.plan
  const secrets = secretsOf(sentWith(call, reply))
  const clean = (text: string): string => redacted(text, secrets, secretNames)
  if (typeof message === 'string') return clean(message)
  return message.map(part => (typeof part === 'string' ? clean(part) : part))
}

/** Makes the body that the error shows, when it is first asked for. */
function laterShown({ origin, reply }: Fault, kept: Uint8Array | undefined, call: Call): ErrorDetails['shown'] {
  // A restored body was made in the run that recorded it.
  if (origin?.kind === 'run-file') return () => origin.shown
  if (reply === undefined || kept === undefined || kept.byteLength === 0) return undefined
  const { maxErrorBody } = call.plan
  const isCut = reply.isCut === true || reply.body.byteLength > kept.byteLength
  const refused = { kept, isCut, headers: reply.headers, sent: sentWith(call, reply) }
  let shown: ErrorBody | undefined
  return () => (shown ??= errorBodyOf(refused, maxErrorBody))
}

/** The outcome of a spec that never became a Call. @internal */
export function refusedOutcome(
  spec: { id: string; index: number; key: string | undefined; method: string; url: string; meta: unknown },
  fault: Fault,
  secretNames?: ReadonlySet<string>,
): FailedOutcome {
  const { id, index, key, method } = spec
  const request = summarize(method, spec.url, spec.meta, secretNames)
  const outcome: FailedOutcome = {
    ok: false,
    id,
    index,
    request,
    error: makeError(fault, { index, key, method, url: request.url, attempts: 0, timings: UNTIMED }),
    attempts: 0,
    timings: UNTIMED,
    warnings: NO_WARNINGS,
    source: 'network',
  }
  return key === undefined ? outcome : { ...outcome, key }
}
