/**
 * Collects one response from undici's dispatch into one Result: stamps the phases, counts the bytes, settles once.
 *
 * A handler of our own, because `fetch` and `request` cost two to five times as much for the same bytes.
 */
import { certificateFault } from './client-certificate.ts'
import { codingsOf } from './codings.ts'
import { decompress } from './decompress.ts'
import { classify, headSoFar, warnOfBody } from './faults.ts'
import {
  announcedBytes,
  headProblem,
  integrityOf,
  interimProblem,
  isAllOf,
  overspentProblem,
  reasonPhrase,
  tooLargeProblem,
} from './head.ts'
import { Intake, behindCodings } from './intake.ts'
import type { Backpressure } from './intake.ts'
import { Pieces } from './pieces.ts'
import { Unread, isWorthWaiting } from './unread.ts'
import type { CollectorParts, Wire } from './wire.ts'
import type { Attempt } from '../core/attempt.ts'
import type { BodySink } from '../core/body-sink.ts'
import { reasonOf } from '../core/callback.ts'
import type { HeaderList } from '../core/headers.ts'
import { isFollowed } from '../core/redirect.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, FaultCode, Integrity, Reply, Result, Taken } from '../core/result.ts'
import { say } from '../core/words.ts'

/** What undici hands to a handler to steer its request. */
interface Controller extends Backpressure {
  abort(reason: Error): void
}

const NOTHING = new Uint8Array(0)
const MAX_COLLECTED_BYTES = 64 * 2 ** 20

/** The reason we give undici when the fault is already known. */
class Stopped extends Error {}

export class Collector {
  readonly #attempt: Attempt
  readonly #parts: CollectorParts
  readonly #settle: (result: Result) => void
  readonly #wire: Wire | undefined
  #settled = false
  /** The response came to its end on the wire, whatever became of it afterwards. */
  isComplete = false
  #started = false
  #uploaded = false
  #firstRead: Uint8Array | undefined
  #controller: Controller | undefined
  #interims = 0
  #status = 0
  #statusText = ''
  #headers: HeaderList = []
  readonly #held = new Pieces()
  #intake: Intake | undefined
  #unread: Unread | undefined
  #bytes = 0
  #pieces = 0
  #sentAtMs = 0
  #headAtMs = 0
  #wireBytes = 0

  constructor(attempt: Attempt, parts: CollectorParts, settle: (result: Result) => void, wire?: Wire) {
    this.#attempt = attempt
    this.#parts = parts
    this.#settle = settle
    this.#wire = wire
  }

  /** undici has the connection and writes the request next. */
  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#settled) return controller.abort(new Stopped('given up before it was sent'))
    this.#sentAtMs = this.#parts.clock.now()
    const attempt = this.#attempt
    attempt.sent = true
    attempt.phase = 'headers'
    attempt.phaseAtMs = attempt.trip.stopwatch.sentAtMs = this.#sentAtMs
  }

  /** The whole request has been handed to the connection, which may still hold a good part of it. */
  onRequestSent(): void {
    const socket = this.#wire?.socket
    if (socket?.writableNeedDrain !== true) this.#uploaded = true
    else socket.once('drain', () => (this.#uploaded = true))
  }

  /** The first byte of a status line is there. */
  onResponseStarted(): void {
    this.#started = true
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: Record<string, string | string[]>,
    statusText = '',
  ): void {
    if (status < 200) return this.#onInterim(status)
    const nowMs = (this.#headAtMs = this.#parts.clock.now())
    const attempt = this.#attempt
    attempt.headed = true
    attempt.phase = 'body'
    attempt.phaseAtMs = nowMs
    attempt.trip.stopwatch.firstByteMs = nowMs - this.#sentAtMs
    this.#status = status
    this.#statusText = reasonPhrase(statusText)
    this.#headers = this.#parts.memo.list(headers)
    warnOfBody(attempt, status, this.#headers)
    const problem = headProblem(this.#headers, this.#firstRead)
    this.#firstRead = undefined
    if (problem !== undefined) this.#stop(problem)
    else if (isFollowed(status, this.#headers, attempt.call.plan)) this.#passOver()
    else if (announcedBytes(status, attempt.call.method, this.#headers) > attempt.call.plan.maxResponseBytes)
      this.#stop(this.#tooLarge())
    else if (attempt.call.sink !== undefined) this.#open(attempt.call.sink, controller)
  }

  #passOver(): void {
    const head = this.#reply(NOTHING)
    if (isWorthWaiting(head)) this.#unread = new Unread(head, this.#parts.clock, () => this.#stop(head))
    else this.#stop(head)
  }

  #open(sink: BodySink, backpressure: Controller): void {
    const head = this.#reply(NOTHING)
    const begun = sink.begin(head)
    if (begun === undefined) return
    const writer = isFault(begun) ? begun : behindCodings(begun, head, this.#attempt)
    if (isFault(writer)) return this.#stop(writer)
    const done = (ended: Fault | Taken): void => {
      if (isFault(ended)) this.#stop(ended)
      else this.#end({ ...head, taken: ended })
    }
    this.#intake = new Intake({ attempt: this.#attempt, writer, backpressure, clock: this.#parts.clock, done })
  }

  /** What is not for the sink is held in memory, whatever the sink may take. */
  get #maxBytes(): number {
    const { sink, plan } = this.#attempt.call
    return sink === undefined || this.#intake !== undefined
      ? plan.maxResponseBytes
      : Math.min(plan.maxResponseBytes, MAX_COLLECTED_BYTES)
  }

  #onInterim(status: number): void {
    const problem = interimProblem(status, ++this.#interims)
    if (problem !== undefined) this.#stop(problem)
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    if (this.#settled) return
    this.#attempt.phaseAtMs = this.#parts.clock.now()
    this.#attempt.bodyBytes = this.#bytes += chunk.byteLength
    this.#pieces++
    if (this.#unread !== undefined)
      return this.#unread.isTooLong(this.#bytes) ? this.#stop(this.#unread.head) : undefined
    if (this.#bytes > this.#maxBytes) return this.#stop(this.#tooLarge())
    if (this.#intake === undefined) this.#held.add(chunk)
    else this.#intake.take(chunk)
  }

  #tooLarge(): Fault {
    return tooLargeProblem(this.#maxBytes, this.#reply(NOTHING))
  }

  /** The connection has read more, which undici is about to parse. False: it must not. */
  onWireRead(bytes: Uint8Array, returned: number): boolean {
    if (this.#settled) return true
    const overspent = this.#overspent(returned)
    if (overspent !== undefined) this.#stop(overspent)
    this.#wireBytes += Math.max(0, bytes.byteLength - returned)
    if (!this.#attempt.headed) this.#firstRead = headSoFar(this.#firstRead, bytes)
    return !this.#settled
  }

  #overspent(returned = 0): Fault | undefined {
    const head = this.#attempt.headed ? this.#headers : this.#parts.maxHeaderBytes
    return overspentProblem(this.#wireBytes - returned, this.#bytes, this.#pieces, head)
  }

  /** The connection broke. */
  onWireError(error: Error): void {
    const certificate = this.#attempt.headed ? undefined : certificateFault(error)
    if (certificate !== undefined) return this.#stop(certificate)
    if (this.isComplete && error.message === 'bad response') {
      this.#attempt.trip.warn('bytes after the end of the response were dropped with the connection')
    }
  }

  onResponseEnd(): void {
    if (this.#settled) return
    this.isComplete = true
    this.#attempt.trip.stopwatch.bodyMs = this.#parts.clock.now() - this.#headAtMs
    if (this.#unread !== undefined) return this.#end(this.#unread.head)
    // undici takes a reset for the end of a body without a length, and passes over trailers that are too large.
    const broken = this.#wire?.socket?.errored
    if (broken && !this.#isRefusal()) return this.onResponseError(undefined, broken)
    this.#complete()
  }

  #complete(): void {
    const attempt = this.#attempt
    const overspent = this.#overspent()
    if (overspent !== undefined) return this.#end(overspent)
    if (this.#intake !== undefined) return this.#intake.end()
    const reply = this.#reply(this.#held.join())
    const { contentCoding } = attempt.call.plan
    const codings = contentCoding === 'raw' ? [] : codingsOf(reply.headers)
    if (codings.length === 0) return this.#end(reply)
    this.#finish()
    decompress(reply, codings, this.#maxBytes, contentCoding === 'lenient').then(this.#settle, error =>
      this.#settle(fault('internal/unknown', `unexpected error: ${reasonOf(error)}`, { sent: true, cause: error })),
    )
  }

  /** A server that refuses early may reset the connection behind its answer: the status is what counts then. */
  #isRefusal(): boolean {
    return this.#status >= 400 && this.#integrity() === 'unverified'
  }

  onResponseError(_controller: unknown, error: unknown): void {
    if (this.#unread !== undefined) return this.#end(this.#unread.head)
    // undici reports a closed connection while the body is paused, even if the last byte has arrived.
    if (!this.#settled && isAllOf(this.#headers, this.#bytes)) return this.#complete()
    this.#end(
      classify(error, this.#attempt, {
        started: this.#started,
        framing: this.#integrity(),
        brokenBy: this.#wire?.socket?.errored ?? undefined,
        firstRead: this.#firstRead,
        uploading: this.#attempt.call.body !== undefined && !this.#uploaded,
      }),
    )
  }

  /** The caller's own stream failed, or a file. */
  onBodyError(message: string, cause?: unknown, code: FaultCode = 'callback/body'): void {
    this.#stop(fault(code, message, { sent: this.#attempt.sent, cause }))
  }

  /** The request could not even be handed over. */
  onDispatchError(error: unknown): void {
    this.#end(classify(error, this.#attempt, { started: false, framing: 'unverified', uploading: false }))
  }

  /** The request has been given up: what still comes is not for anybody. */
  giveUp(): void {
    this.#stop(fault('aborted/in_flight', 'given up while in flight', { sent: this.#attempt.sent }))
  }

  #stop(known: Result): void {
    const controller = this.#controller
    this.#end(known)
    controller?.abort(new Stopped(known.kind === 'fault' ? say(known.message) : 'the rest of it is not read'))
  }

  #end(result: Result): void {
    if (this.#settled) return
    this.#finish()
    this.#settle(result)
  }

  /** Lets go of undici's side: holding on made the garbage collector copy every request twice (bench/overhead.ts). */
  #finish(): void {
    this.#settled = true
    this.#intake?.stop()
    this.#unread?.end()
    this.#intake = this.#unread = undefined
    this.#held.clear()
    this.#controller = undefined
    this.#attempt.abort = undefined
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
      protocol: this.#wire?.protocol ?? 'http/1.1',
    }
  }

  #integrity(): Integrity {
    return integrityOf(this.#status, this.#attempt.call.method, this.#headers, this.#wire?.protocol === 'h2')
  }
}
