/** The whole response as a value: `returnType: 'response'`. The body has been read, so its methods are synchronous. */
import { parseJson } from './json.ts'
import { decodeText, textWarning } from './text.ts'
import type { Call } from '../core/call.ts'
import { isTextType } from '../core/charset.ts'
import { makeError } from '../core/error.ts'
import { toHeaders } from '../core/printable-headers.ts'
import { timingsOf } from '../core/outcome.ts'
import type { Timings } from '../core/outcome.ts'
import { isFault } from '../core/result.ts'
import type { Reply } from '../core/result.ts'
import { printableUrl } from '../core/url.ts'

/**
 * A response whose body has been read. Every status is accepted.
 *
 * @example
 * const response = await client.request(url, { returnType: 'response' })
 * if (response.status === 200) console.log(response.json())
 */
export interface FullResponse {
  /** The status, such as 200. */
  readonly status: number
  /** The reason phrase; empty with HTTP/2. */
  readonly statusText: string
  /** Whether the status is 2xx. */
  readonly ok: boolean
  /** The URL that answered, after redirects; without secrets. */
  readonly url: string
  /** The headers of the response. */
  readonly headers: Headers
  /** Milliseconds spent in each phase. */
  readonly timings: Timings
  /** Attempts that were sent, redirect hops included. */
  readonly attempts: number
  /** Number of redirect hops that were followed. */
  readonly redirects: number
  /** The body as JSON. Throws a ParseError if it is not valid JSON. */
  json(): unknown
  /** The body as text, decoded by its charset. */
  text(): string
  /** The body as bytes, after content decoding. */
  bytes(): Uint8Array
}

/** @internal */
export function fullResponse(reply: Reply, call: Call, nowMs: number): FullResponse {
  return new ReadResponse(reply, call, nowMs)
}

class ReadResponse implements FullResponse {
  readonly status: number
  readonly statusText: string
  readonly ok: boolean
  readonly url: string
  readonly timings: Timings
  readonly attempts: number
  readonly redirects: number
  readonly #reply: Reply
  readonly #method: string
  readonly #maxJsonDepth: number
  readonly #secretNames: ReadonlySet<string> | undefined
  #headers: Headers | undefined

  constructor(reply: Reply, call: Call, nowMs: number) {
    this.status = reply.status
    this.statusText = reply.statusText
    this.ok = reply.status >= 200 && reply.status < 300
    this.url = printableUrl(reply.url, call.plan.secretNames)
    this.timings = timingsOf(call.trip, nowMs)
    this.attempts = call.trip.retry.attempts
    this.redirects = call.trip.retry.redirects
    this.#reply = reply
    this.#method = call.method
    this.#maxJsonDepth = call.plan.maxJsonDepth
    this.#secretNames = call.plan.secretNames
    // Warns now: when the body is read later, the outcome exists already.
    const warning = isTextType(reply.headers) ? textWarning(reply) : undefined
    if (warning !== undefined) call.trip.warn(warning)
  }

  get headers(): Headers {
    this.#headers ??= toHeaders(this.#reply.headers, this.#secretNames)
    return this.#headers
  }

  json(): unknown {
    const parsed = parseJson(this.#reply, { method: this.#method }, this.#maxJsonDepth)
    if (!isFault(parsed)) return parsed.value
    const { url, attempts, timings } = this
    throw makeError(parsed, { url, method: this.#method, attempts, timings })
  }

  text(): string {
    return decodeText(this.#reply).text
  }

  bytes(): Uint8Array {
    return compactBytes(this.#reply.body)
  }
}

/**
 * A plain Uint8Array of exactly these bytes. Copied when they are a small part of a large buffer, so as not to keep it
 * alive.
 *
 * @internal
 */
export function compactBytes(body: Uint8Array): Uint8Array {
  if (body.buffer.byteLength > 2 * body.byteLength + 4_096) return new Uint8Array(body)
  return new Uint8Array(body.buffer, body.byteOffset, body.byteLength)
}
