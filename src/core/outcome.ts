/** What a caller gets for a request: exactly one Outcome per Spec, ok or not, and never thrown. */
import type { Call } from './call.ts'
import { makeError } from './error.ts'
import type { ErrorResponse, RequestError } from './error.ts'
import type { HeaderList } from './headers.ts'
import { toHeaders } from './printable-headers.ts'
import { fault as makeFault } from './result.ts'
import type { Fault, Integrity, Reply } from './result.ts'
import type { Trip } from './trip.ts'
import { printableUrl } from './url.ts'
import type { Writable } from './writable.ts'

/** Milliseconds spent in each part; a part that did not happen is absent. */
export interface Timings {
  /** Waiting for a free place under `concurrency`. */
  readonly queue?: number
  /** Waiting for a rate, a budget or a paused host. */
  readonly limiter?: number
  /** Waiting between attempts. */
  readonly backoff?: number
  readonly dns?: number
  readonly connect?: number
  readonly tls?: number
  /** From the request's first byte to the end of the response's head. */
  readonly firstByte?: number
  readonly body?: number
  /** From being taken from the input to the outcome. */
  readonly total: number
}

/** The request as it was asked for. `url` is fit to print: secrets are struck out. */
export interface RequestSummary<Meta = unknown> {
  readonly method: string
  readonly url: string
  readonly meta: Meta
}

export interface ResponseSummary {
  readonly status: number
  readonly headers: Headers
  /** The URL that answered, after redirects; fit to print. */
  readonly url: string
  /** Decoded bytes of the body. */
  readonly bytes: number
  readonly integrity: Integrity
  readonly protocol: string
  /** Hops followed to get here. */
  readonly redirects: number
}

export interface OkOutcome<Value, Meta = unknown> {
  readonly ok: true
  /**
   * What the request is called in every run of the same input: `k:<key>`, or `#<index>` where it has no key; the second
   * one with a key is `k:<key>~2`.
   */
  readonly id: string
  readonly index: number
  readonly key?: string
  readonly request: RequestSummary<Meta>
  readonly value: Value
  readonly response: ResponseSummary
  readonly attempts: number
  readonly timings: Timings
  readonly warnings: readonly string[]
  readonly source: 'network' | 'run-file'
  readonly error?: undefined
}

export interface FailedOutcome<Meta = unknown> {
  readonly ok: false
  /**
   * What the request is called in every run of the same input: `k:<key>`, or `#<index>` where it has no key; the second
   * one with a key is `k:<key>~2`.
   */
  readonly id: string
  readonly index: number
  readonly key?: string
  readonly request: RequestSummary<Meta>
  readonly error: RequestError
  readonly response?: ResponseSummary
  readonly attempts: number
  readonly timings: Timings
  readonly warnings: readonly string[]
  readonly source: 'network' | 'run-file'
  readonly value?: undefined
}

/** How one request ended. Narrow on `ok`. */
export type Outcome<Value = unknown, Meta = unknown> = OkOutcome<Value, Meta> | FailedOutcome<Meta>

/** Of a request of which nothing was sent, or that was turned away: the same run again sends it. */
export function isUnsentCode(code: string): boolean {
  return code === 'aborted/not_started' || code === 'circuit/open' || code.startsWith('paused/')
}

export const NO_WARNINGS: readonly string[] = Object.freeze([])
/** Of what was never sent. */
export const UNTIMED: Timings = Object.freeze({ total: 0 })

/** Keeps the usable URL out of sight of printing; `failedUrls()` is the way to it. */
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

export const usableUrl: (summary: RequestSummary) => string = CallSummary.usableUrl

export function summarize(
  method: string,
  url: string,
  meta: unknown,
  secretNames?: ReadonlySet<string>,
): RequestSummary {
  return new CallSummary(method, url, meta, secretNames)
}

/** A Reply without its body; the `Headers` object is made when asked for. */
class ReplySummary implements ResponseSummary {
  readonly status: number
  readonly url: string
  readonly bytes: number
  readonly integrity: Integrity
  readonly protocol: string
  readonly redirects: number
  readonly #headers: HeaderList
  readonly #secretNames: ReadonlySet<string> | undefined
  #made: Headers | undefined

  /** @param asked the request, whose URL is fit to print already and mostly the one that answered */
  constructor(reply: Reply, call: Call, asked: RequestSummary) {
    const { secretNames } = call.plan
    this.status = reply.status
    this.url = reply.url === call.url ? asked.url : printableUrl(reply.url, secretNames)
    this.bytes = reply.taken?.bytes ?? reply.body.byteLength
    this.integrity = reply.integrity
    this.protocol = reply.protocol
    this.redirects = call.trip.redirects
    this.#headers = reply.headers
    this.#secretNames = secretNames
  }

  get headers(): Headers {
    this.#made ??= toHeaders(this.#headers, this.#secretNames)
    return this.#made
  }
}

/** How much of a refused body an error keeps. */
const MAX_ERROR_BODY_BYTES = 65_536

class RefusedReply extends ReplySummary implements ErrorResponse {
  readonly #body: Uint8Array
  readonly #method: string

  constructor(reply: Reply, call: Call, asked: RequestSummary) {
    super(reply, call, asked)
    this.#method = call.method
    // A copy, so that an error kept for the report does not keep the whole body alive.
    this.#body = new Uint8Array(reply.body.subarray(0, MAX_ERROR_BODY_BYTES))
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

export function timingsOf(trip: Trip, nowMs: number): Timings {
  const timings: Writable<Timings> = { total: nowMs - trip.startedAtMs }
  if (trip.queueMs > 0) timings.queue = trip.queueMs
  if (trip.limiterMs > 0) timings.limiter = trip.limiterMs
  if (trip.backoffMs > 0) timings.backoff = trip.backoffMs
  if (trip.dnsMs !== undefined) timings.dns = trip.dnsMs
  if (trip.connectMs !== undefined) timings.connect = trip.connectMs
  if (trip.tlsMs !== undefined) timings.tls = trip.tlsMs
  if (trip.firstByteMs !== undefined) timings.firstByte = trip.firstByteMs
  if (trip.bodyMs !== undefined) timings.body = trip.bodyMs
  return timings
}

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
  // Written out twice, here and below: one literal is a third of the cost of spreading a shared part into it.
  const outcome: OkOutcome<unknown> = {
    ok: true,
    id: trip.id,
    index: call.index,
    request,
    value,
    response: new ReplySummary(reply, call, request),
    attempts: trip.attempts,
    timings: timingsOf(trip, nowMs),
    warnings: trip.warnings ?? NO_WARNINGS,
    source: 'network',
  }
  return key === undefined ? outcome : { ...outcome, key }
}

export function failedOutcome(
  call: Call,
  fault: Fault,
  nowMs: number,
  secretNames?: ReadonlySet<string>,
): FailedOutcome {
  const { index, key, method, trip } = call
  const { attempts } = trip
  const request = summarize(method, call.url, call.meta, secretNames)
  const timings = timingsOf(trip, nowMs)
  const response = fault.reply && new RefusedReply(fault.reply, call, request)
  const { notRetriedBecause } = trip
  const whole =
    notRetriedBecause === undefined ? fault : { ...fault, message: `${fault.message}; ${notRetriedBecause}` }
  return {
    ok: false,
    id: trip.id,
    index,
    ...(key !== undefined && { key }),
    request,
    error: makeError(whole, { index, key, method, url: request.url, attempts, timings, response }),
    ...(response && { response }),
    attempts,
    timings,
    warnings: trip.warnings ?? NO_WARNINGS,
    source: 'network',
  }
}

/** The outcome of a spec that never became a Call. */
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
