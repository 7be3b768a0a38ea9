/**
 * The errors that callers see. Inside, failures are Faults; here they get a name, a message and a place to catch them.
 *
 * `code` is the stable part (`class/detail`); the subclasses exist for the handful of cases that people catch. Guards
 * look at a brand and not at the prototype, so that two copies of the package agree.
 */
import type { Outcome, ResponseSummary, Timings } from './outcome.ts'
import { printable } from './printable.ts'
import { isFault } from './result.ts'
import type { Fault, FaultCode } from './result.ts'

export const BRAND: unique symbol = Symbol.for('parallel-requests.error')

/** The answer that made a request fail, with the beginning of its body (64 KiB). */
export interface ErrorResponse extends ResponseSummary {
  /** The body's first 64 KiB. */
  readonly body: Uint8Array
  /** `body` as UTF-8. */
  text(): string
  /** `body` as JSON. Throws a ParseError (`parse/json`) when it is none, also when it is longer than what is kept. */
  json(): unknown
}

/** What an error is told besides its Fault. */
export interface ErrorDetails {
  readonly url?: string | undefined
  readonly method?: string | undefined
  readonly index?: number | undefined
  readonly key?: string | undefined
  readonly attempts: number
  readonly timings: Timings
  readonly response?: ErrorResponse | undefined
}

/** Why a request failed. `code` is stable; `url` and `message` hold no secrets. */
export class RequestError extends Error {
  static {
    this.prototype.name = 'RequestError'
    hide(this.prototype, BRAND, true)
  }
  /** `class/detail`: `http/404`, `timeout/headers`, `dns/not_found` … */
  readonly code: FaultCode
  declare readonly url?: string
  declare readonly method?: string
  declare readonly index?: number
  declare readonly key?: string
  // Behind getters: code may read them, printing leaves them out.
  readonly #timings: Timings
  readonly #response: ErrorResponse | undefined
  readonly #reason: string
  /** Attempts that went out. */
  readonly attempts: number
  /** Epoch milliseconds before which asking again is useless. */
  declare readonly retryAt?: number

  /** The message without method, URL and attempts. @internal */
  static reason(this: void, error: RequestError): string {
    // Of another copy of the package, perhaps, which keeps its own.
    return #reason in (error as object) ? error.#reason : error.message
  }

  /** @internal */
  constructor(fault: Fault, details: ErrorDetails) {
    super(messageOf(fault, details), causeOf(fault, details))
    this.code = fault.code
    this.attempts = details.attempts
    this.#timings = details.timings
    this.#response = details.response
    this.#reason = printable(fault.message)
    const { url, method, index, key } = details
    if (url !== undefined) this.url = url
    if (method !== undefined) this.method = method
    if (index !== undefined) this.index = index
    if (key !== undefined) this.key = key
    if (fault.retryAt !== undefined) this.retryAt = fault.retryAt
  }

  /** Milliseconds by part. */
  get timings(): Timings {
    return this.#timings
  }

  /** The answer that was refused, when there was one. */
  get response(): ErrorResponse | undefined {
    return this.#response
  }

  toJSON(): Record<string, unknown> {
    const { name, code, message, url, method, index, key, attempts, retryAt } = this
    const status = this.response?.status
    return { name, code, message, url, method, index, key, attempts, status, retryAt }
  }
}

/** The server answered with a status that `acceptStatus` refuses. */
export class HttpStatusError extends RequestError {
  static {
    this.prototype.name = 'HttpStatusError'
  }
  override get response(): ErrorResponse {
    return super.response as ErrorResponse
  }

  get status(): number {
    return this.response.status
  }
}

/** A limit of time struck; the detail of `code` names the phase or the limit. */
export class TimeoutError extends RequestError {
  static {
    this.prototype.name = 'TimeoutError'
  }
}

/** The body is not what `returnType` says: `parse/json`, `parse/empty`, `parse/too_deep`. */
export class ParseError extends RequestError {
  static {
    this.prototype.name = 'ParseError'
  }
}

/** The request succeeded; the caller's schema refused its value. */
export class SchemaError extends RequestError {
  static {
    this.prototype.name = 'SchemaError'
  }
  /** What the schema had to say, as Standard Schema gives it. */
  declare readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[]

  /** @internal */
  constructor(fault: Fault, details: ErrorDetails) {
    super(fault, details)
    hide(this, 'issues', fault.issues ?? [])
  }
}

/** The request, or the whole batch, was given up: `cause` is the reason of the signal. */
export class AbortError extends RequestError {
  static {
    this.prototype.name = 'AbortError'
  }
  /** Of a batch: how far each request had come. */
  declare readonly outcomes?: readonly Outcome[]

  /** @internal */
  constructor(fault: Fault, details: ErrorDetails, outcomes?: readonly Outcome[]) {
    super(fault, details)
    if (outcomes) hide(this, 'outcomes', outcomes)
  }
}

/** A mistake in how the library is called. Names every problem at once; nothing has been sent. */
export class ConfigError extends Error {
  static {
    this.prototype.name = 'ConfigError'
  }
  /** One sentence per problem: subject, expectation, value, remedy. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    const shown = problems.map(printable)
    super(shown.length === 1 ? shown[0] : `${shown.length} problems:\n- ${shown.join('\n- ')}`)
    this.problems = shown
    hide(this, BRAND, true)
  }
}

/** The error of a Fault, of the class that its code calls for. */
export function makeError(fault: Fault, details: ErrorDetails): RequestError {
  // An expected failure needs no stack: it would show our loop, not the caller's line, and costs ten times the rest.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return new (classOf(fault))(fault, details)
  } finally {
    Error.stackTraceLimit = limit
  }
}

function classOf(fault: Fault): new (fault: Fault, details: ErrorDetails) => RequestError {
  switch (faultClass(fault.code)) {
    case 'http':
      return HttpStatusError
    case 'timeout':
      return TimeoutError
    case 'parse':
      return ParseError
    case 'schema':
      return SchemaError
    case 'aborted':
      return AbortError
    default:
      return RequestError
  }
}

function faultClass(code: string): string {
  return code.slice(0, code.indexOf('/'))
}

function causeOf({ cause }: Fault, details: ErrorDetails): { cause: unknown } | undefined {
  if (cause === undefined) return undefined
  return { cause: isFault(cause) ? makeError(cause, details) : cause }
}

function messageOf(fault: Fault, { method, url, attempts }: ErrorDetails): string {
  if (url === undefined || url === '') return printable(fault.message)
  // One line, whatever somebody's file held: what is no URL is shown, too.
  const shown = url.replace(/[\r\n]/g, '␤')
  return printable(`${method} ${shown}: ${fault.message}${attempts > 1 ? ` (${attempts} attempts)` : ''}`)
}

/** A field that code may read and printing leaves out. */
function hide(target: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false })
}

export function branded(value: unknown): value is { readonly code?: string; readonly name: string } {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true
}

function hasClass(value: unknown, wanted: string): boolean {
  return branded(value) && value.code !== undefined && faultClass(value.code) === wanted
}

/** Whether this is a RequestError, of this or another copy of the package. */
export function isRequestError(value: unknown): value is RequestError {
  return branded(value) && value.code !== undefined
}

export function isHttpStatusError(value: unknown): value is HttpStatusError {
  return hasClass(value, 'http')
}

export function isTimeoutError(value: unknown): value is TimeoutError {
  return hasClass(value, 'timeout')
}

export function isParseError(value: unknown): value is ParseError {
  return hasClass(value, 'parse')
}

export function isSchemaError(value: unknown): value is SchemaError {
  return hasClass(value, 'schema')
}

export function isAbortError(value: unknown): value is AbortError {
  return hasClass(value, 'aborted')
}

export function isConfigError(value: unknown): value is ConfigError {
  return branded(value) && value.name === 'ConfigError'
}
