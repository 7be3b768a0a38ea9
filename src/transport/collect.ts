/**
 * Collects one response from undici's dispatch into one Result: stamps the phases, counts the bytes, settles once.
 *
 * A handler of our own, because `fetch` and `request` cost two to five times as much for the same bytes.
 */
import { codingsOf, decompress } from './decompress.ts'
import { classify } from './faults.ts'
import type { Attempt } from '../core/attempt.ts'
import { getHeader } from '../core/headers.ts'
import type { Clock } from '../core/ports.ts'
import { fault } from '../core/result.ts'
import type { Fault, Integrity, Reply, Result } from '../core/result.ts'

/** What undici hands to a handler to steer its request. */
interface Controller {
  abort(reason: Error): void
}

/** A 103 or two are fine; hundreds are an attack on the deadline of the head. */
const MAX_INTERIM_RESPONSES = 100

/** The reason we give undici when the fault is already known. */
class Stopped extends Error {}

export class Collector {
  readonly #attempt: Attempt
  readonly #clock: Clock
  readonly #settle: (result: Result) => void
  #settled = false
  #started = false
  #controller: Controller | undefined
  #interims = 0
  #status = 0
  #statusText = ''
  #headers: string[] = []
  #chunks: Uint8Array[] = []
  #bytes = 0
  #sentAtMs = 0

  constructor(attempt: Attempt, clock: Clock, settle: (result: Result) => void) {
    this.#attempt = attempt
    this.#clock = clock
    this.#settle = settle
  }

  /** undici has the connection and writes the request next. */
  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#settled) return controller.abort(new Stopped('given up before it was sent'))
    this.#sentAtMs = this.#clock.now()
    const attempt = this.#attempt
    attempt.sent = true
    attempt.phase = 'headers'
    attempt.phaseAtMs = this.#sentAtMs
  }

  /** The first byte of a status line is there. */
  onResponseStarted(): void {
    this.#started = true
  }

  onResponseStart(
    _controller: Controller,
    status: number,
    headers: Record<string, string | string[]>,
    statusText = '',
  ): void {
    if (status < 200) return this.#onInterim(status)
    const nowMs = this.#clock.now()
    const attempt = this.#attempt
    attempt.headed = true
    attempt.phase = 'body'
    attempt.phaseAtMs = nowMs
    attempt.trip.firstByteMs = nowMs - this.#sentAtMs
    this.#status = status
    this.#statusText = statusText
    for (const name in headers) {
      const value = headers[name] as string | string[]
      if (typeof value === 'string') this.#headers.push(name, value)
      else for (const item of value) this.#headers.push(name, item)
    }
  }

  #onInterim(status: number): void {
    if (status < 100)
      this.#stop(fault('protocol/status', `expected a status from 100 to 999, got ${status}`, { sent: true }))
    else if (++this.#interims > MAX_INTERIM_RESPONSES) {
      this.#stop(
        fault('protocol/too_many_1xx', `expected at most ${MAX_INTERIM_RESPONSES} interim responses, got more`, {
          sent: true,
        }),
      )
    }
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    if (this.#settled) return
    this.#attempt.phaseAtMs = this.#clock.now()
    this.#bytes += chunk.byteLength
    const max = this.#attempt.call.plan.maxResponseBytes
    if (this.#bytes > max) {
      return this.#stop(
        fault('too_large/body', `the body is larger than ${max} bytes. Raise maxResponseBytes if that is meant`, {
          sent: true,
          reply: this.#reply(new Uint8Array(0)),
        }),
      )
    }
    this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#settled) return
    const attempt = this.#attempt
    attempt.trip.bodyMs = this.#clock.now() - attempt.phaseAtMs
    const reply = this.#reply(this.#body())
    const codings = codingsOf(reply)
    if (codings.length === 0) return this.#end(reply)
    this.#settled = true
    void decompress(reply, codings, attempt.call.plan.maxResponseBytes).then(this.#settle)
  }

  onResponseError(_controller: Controller, error: unknown): void {
    this.#end(classify(error, this.#attempt, { started: this.#started, framing: this.#integrity() }))
  }

  /** The request could not even be handed over. */
  onDispatchError(error: unknown): void {
    this.#end(classify(error, this.#attempt, { started: false, framing: 'unverified' }))
  }

  /** The request has been given up: what still comes is not for anybody. */
  giveUp(): void {
    this.#stop(fault('aborted/in_flight', 'given up while in flight', { sent: this.#attempt.sent }))
  }

  #stop(known: Fault): void {
    if (this.#settled) return
    this.#end(known)
    this.#controller?.abort(new Stopped(known.message))
  }

  #end(result: Result): void {
    if (this.#settled) return
    this.#settled = true
    this.#chunks = []
    this.#settle(result)
  }

  #body(): Uint8Array {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Uint8Array) : Buffer.concat(this.#chunks, this.#bytes)
  }

  #reply(body: Uint8Array): Reply {
    return {
      kind: 'reply',
      status: this.#status,
      statusText: this.#statusText,
      headers: this.#headers,
      body,
      url: this.#attempt.call.url,
      integrity: this.#integrity(),
      protocol: 'http/1.1',
    }
  }

  /** RFC 9112 §6.3. */
  #integrity(): Integrity {
    if (this.#status === 204 || this.#status === 304 || this.#attempt.call.method === 'HEAD') return 'length'
    if (getHeader(this.#headers, 'content-length') !== undefined) return 'length'
    return getHeader(this.#headers, 'transfer-encoding') === undefined ? 'unverified' : 'chunked'
  }
}
