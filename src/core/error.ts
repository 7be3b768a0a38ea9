/**
 * The errors that callers see. Inside the library a failure is a Fault; at the public edge it becomes one of these.
 *
 * `code` (`class/detail`) is the stable part. There are subclasses only for the few cases that people catch. Guards
 * check a brand instead of the prototype, so that they also recognise errors of another copy of the package.
 */
import type { ErrorBody } from './error-body.ts'
import type { Outcome, ResponseSummary, Timings } from './outcome.ts'
import { printable } from './printable.ts'
import { sayProblem } from './problem.ts'
import type { Problem } from './problem.ts'
import { isFault } from './result.ts'
import type { Fault, FaultCode } from './result.ts'
import { say } from './words.ts'

export const BRAND: unique symbol = Symbol.for('parallel-requests.error')

/**
 * The response that made a request fail, with the first 64 KiB of its body as received. They may contain secrets that the
 * server echoes: show `error.body` instead.
 *
 * @example if (isHttpStatusError(error)) console.log(error.response.headers.get('retry-after'), error.response.text())
 */
export interface ErrorResponse extends ResponseSummary {
  /** The first 64 KiB of the body. */
  readonly body: Uint8Array
  /** `body` decoded as UTF-8. */
  text(): string
  /** `body` parsed as JSON. Throws a ParseError (`parse/json`) if it is not JSON, or was cut off at 64 KiB. */
  json(): unknown
}

/** The details of the request that failed. */
export interface ErrorDetails {
  readonly url?: string | undefined
  readonly method?: string | undefined
  readonly index?: number | undefined
  readonly key?: string | undefined
  readonly attempts: number
  readonly timings: Timings
  readonly response?: ErrorResponse | undefined
  /** Makes the body that the error shows. */
  readonly shown?: (() => ErrorBody | undefined) | undefined
}

/**
 * Why a request failed. `code` is stable under semantic versioning; secrets in `url` and `message` are redacted.
 *
 * @example
 * try {
 *   await client.request(url)
 * } catch (error) {
 *   if (!isRequestError(error)) throw error
 *   console.error(error.code, error.attempts)
 * }
 */
export class RequestError extends Error {
  static {
    this.prototype.name = 'RequestError'
    hide(this.prototype, BRAND, true)
  }
  /** `class/detail`: `http/404`, `timeout/headers`, `dns/not_found` … */
  readonly code: FaultCode
  /** The URL, with secrets redacted. Absent if no request is to blame. */
  declare readonly url?: string
  /** The method. Absent if no request is to blame. */
  declare readonly method?: string
  /** The position of the request in the input, from 0. */
  declare readonly index?: number
  /** The `key` of the request. Absent if it has none. */
  declare readonly key?: string
  // Private with getters, so that printing an error does not show them.
  readonly #timings: Timings
  readonly #response: ErrorResponse | undefined
  readonly #reason: string
  readonly #shown: ErrorDetails['shown']
  /** Attempts that were sent. */
  readonly attempts: number
  /** The time (epoch milliseconds) before which the server refuses another request. */
  declare readonly retryAt?: number

  /**
   * With follow-ups: the items (without `items`, the values) of the pages that arrived, in order. Printing an error does
   * not show them.
   */
  declare readonly items?: readonly unknown[]

  /** The message without method, URL and attempts. @internal */
  static reason(this: void, error: RequestError): string {
    // An error of another copy of the package has no private field that this copy can read.
    return #reason in (error as object) ? error.#reason : error.message
  }

  /** The body in the form of a line of JSON. @internal */
  static shownBody(this: void, error: RequestError): ErrorBody | undefined {
    if (#shown in (error as object)) return error.#shown?.()
    return typeof error.body === 'string' ? { body: error.body } : undefined
  }

  /** @internal */
  static keepItems(this: void, error: RequestError, items: readonly unknown[]): void {
    hide(error, 'items', items)
  }

  /** @internal */
  constructor(fault: Fault, details: ErrorDetails) {
    super(messageOf(fault, details), causeOf(fault, details))
    this.code = fault.code
    this.attempts = details.attempts
    this.#timings = details.timings
    this.#response = details.response
    this.#reason = printable(say(fault.message))
    this.#shown = details.shown
    const { url, method, index, key } = details
    if (url !== undefined) this.url = url
    if (method !== undefined) this.method = method
    if (index !== undefined) this.index = index
    if (key !== undefined) this.key = key
    if (fault.retryAt !== undefined) this.retryAt = fault.retryAt
  }

  /** Milliseconds spent in each phase. */
  get timings(): Timings {
    return this.#timings
  }

  /** The response that made the request fail. Undefined if none came. */
  get response(): ErrorResponse | undefined {
    return this.#response
  }

  /**
   * What the server said: the beginning of its body, decoded by its charset and without secrets. `maxErrorBody` says how
   * much (default 2 KiB; 0 = none). Base64 if the bytes are not text. Undefined if no response came, or an empty one.
   * Printing an error does not show it; `JSON.stringify` does. It is text of the server: escape it before showing it.
   *
   * @example if (isRequestError(error)) console.error(error.code, error.body)
   */
  get body(): string | undefined {
    return this.#shown?.()?.body
  }

  /**
   * The fields of the error, and what the server said, without secrets. Never throws.
   *
   * @example console.error(JSON.stringify(error))
   */
  toJSON(): Record<string, unknown> {
    const { name, code, message, url, method, index, key, attempts, retryAt } = this
    const status = this.response?.status
    return { name, code, message, url, method, index, key, attempts, status, retryAt, ...RequestError.shownBody(this) }
  }
}

/**
 * The server answered with a status that `acceptStatus` does not accept: `http/<status>`.
 *
 * @example if (isHttpStatusError(error) && error.status === 404) console.log('gone:', error.url)
 */
export class HttpStatusError extends RequestError {
  static {
    this.prototype.name = 'HttpStatusError'
  }
  override get response(): ErrorResponse {
    return super.response as ErrorResponse
  }

  /** The status of the response. */
  get status(): number {
    return this.response.status
  }
}

/**
 * A time limit was exceeded. The second half of `code` names the phase or the limit: `timeout/connect`,
 * `timeout/total`.
 *
 * @example if (isTimeoutError(error)) console.log(error.code, error.timings)
 */
export class TimeoutError extends RequestError {
  static {
    this.prototype.name = 'TimeoutError'
  }
}

/**
 * The body does not fit the `returnType`: `parse/json`, `parse/empty` or `parse/too_deep`.
 *
 * @example if (isParseError(error)) console.log(error.response?.headers.get('content-type'), error.body)
 */
export class ParseError extends RequestError {
  static {
    this.prototype.name = 'ParseError'
  }
}

/**
 * The request succeeded, but the `schema` refused its value: `schema/mismatch`.
 *
 * @example if (isSchemaError(error)) for (const { path, message } of error.issues) console.log(path, message)
 */
export class SchemaError extends RequestError {
  static {
    this.prototype.name = 'SchemaError'
  }
  /** The issues that the schema reported, in the form of Standard Schema. */
  declare readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[]

  /** @internal */
  constructor(fault: Fault, details: ErrorDetails) {
    super(fault, details)
    hide(this, 'issues', fault.issues ?? [])
  }
}

/**
 * The request or the whole batch was aborted: `aborted/in_flight` or `aborted/not_started`. `cause` is the signal's
 * reason.
 *
 * @example if (isAbortError(error)) console.log(error.outcomes?.filter(({ ok }) => ok).length, 'were done')
 */
export class AbortError extends RequestError {
  static {
    this.prototype.name = 'AbortError'
  }
  /** If a batch was aborted: the outcome of each of its requests. */
  declare readonly outcomes?: readonly Outcome[]

  /** @internal */
  constructor(fault: Fault, details: ErrorDetails, outcomes?: readonly Outcome[]) {
    super(fault, details)
    if (outcomes) hide(this, 'outcomes', outcomes)
  }
}

/**
 * The library was called with wrong options or input. Lists every problem at once; nothing has been sent.
 *
 * @example
 * try {
 *   new ParallelRequests({ concurrency: 0 })
 * } catch (error) {
 *   if (isConfigError(error)) console.error(error.problems)
 * }
 */
export class ConfigError extends Error {
  static {
    this.prototype.name = 'ConfigError'
  }
  /** One sentence per problem: subject, expectation, value, remedy. */
  readonly problems: readonly string[]

  constructor(problems: readonly Problem[]) {
    const shown = problems.map(problem => printable(sayProblem(problem)))
    super(shown.length === 1 ? shown[0] : `${shown.length} problems:\n- ${shown.join('\n- ')}`)
    this.problems = shown
    hide(this, BRAND, true)
  }
}

/** Makes the error of a Fault. Its code decides the class. */
export function makeError(fault: Fault, details: ErrorDetails): RequestError {
  // No stack: it would show the engine's loop instead of the caller's line, and costs ten times the rest.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  try {
    return new (errorClassOf(fault))(fault, details)
  } finally {
    Error.stackTraceLimit = limit
  }
}

function errorClassOf(fault: Fault): new (fault: Fault, details: ErrorDetails) => RequestError {
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
  if (url === undefined || url === '') return printable(say(fault.message))
  // Text that is not a URL is shown as well, and may contain line breaks: keep the message on one line.
  const shown = url.replace(/[\r\n]/g, '␤')
  return printable(`${method} ${shown}: ${say(fault.message)}${attempts > 1 ? ` (${attempts} attempts)` : ''}`)
}

/** Defines a field that code can read and printing does not show. */
export function hide(target: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false })
}

export function branded(value: unknown): value is { readonly code?: string; readonly name: string } {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true
}

function hasClass(value: unknown, wanted: string): boolean {
  return branded(value) && value.code !== undefined && faultClass(value.code) === wanted
}

/**
 * Whether the value is a RequestError of this or another copy of the package.
 *
 * @example if (isRequestError(error)) console.log(error.code, error.url)
 */
export function isRequestError(value: unknown): value is RequestError {
  return branded(value) && value.code !== undefined
}

/**
 * Whether the value is an HttpStatusError (`http/<status>`) of this or another copy of the package.
 *
 * @example if (isHttpStatusError(error)) console.log(error.status)
 */
export function isHttpStatusError(value: unknown): value is HttpStatusError {
  return hasClass(value, 'http')
}

/**
 * Whether the value is a TimeoutError (`timeout/…`) of this or another copy of the package.
 *
 * @example if (isTimeoutError(error)) console.log(error.code)
 */
export function isTimeoutError(value: unknown): value is TimeoutError {
  return hasClass(value, 'timeout')
}

/**
 * Whether the value is a ParseError (`parse/…`) of this or another copy of the package.
 *
 * @example if (isParseError(error)) console.log(error.body)
 */
export function isParseError(value: unknown): value is ParseError {
  return hasClass(value, 'parse')
}

/**
 * Whether the value is a SchemaError (`schema/…`) of this or another copy of the package.
 *
 * @example if (isSchemaError(error)) console.log(error.issues)
 */
export function isSchemaError(value: unknown): value is SchemaError {
  return hasClass(value, 'schema')
}

/**
 * Whether the value is an AbortError (`aborted/…`) of this or another copy of the package.
 *
 * @example if (isAbortError(error)) console.log(error.cause)
 */
export function isAbortError(value: unknown): value is AbortError {
  return hasClass(value, 'aborted')
}

/**
 * Whether the value is a ConfigError of this or another copy of the package.
 *
 * @example if (isConfigError(error)) console.error(error.problems)
 */
export function isConfigError(value: unknown): value is ConfigError {
  return branded(value) && value.name === 'ConfigError'
}
