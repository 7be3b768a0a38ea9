/**
 * Collects one response from undici's dispatch into one Result: records the phases, counts the bytes, settles once.
 *
 * Our own handler, because `fetch` and `request` cost two to five times as much for the same bytes.
 */
import { certificateFault } from './client-certificate.ts'
import { codingsOf } from './codings.ts'
import { decompress } from './decompress.ts'
import { classify, headSoFar, warnOfBody } from './faults.ts'
import { announcedBytes, headProblem, integrityOf, isAllOf, reasonPhrase, tooLargeProblem } from './head.ts'
import { Intake, behindCodings } from './intake.ts'
import type { Backpressure } from './intake.ts'
import { Pieces } from './pieces.ts'
import { Traffic } from './traffic.ts'
import { Unread, isWorthWaiting } from './unread.ts'
import type { CollectorParts, ConnectionFacts } from './wire.ts'
import type { Attempt } from '../core/attempt.ts'
import type { BodySink } from '../core/body-sink.ts'
import { reasonOf } from '../core/callback.ts'
import type { HeaderList } from '../core/headers.ts'
import { isFollowed } from '../core/redirect.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, FaultCode, Integrity, Reply, Result, Taken } from '../core/result.ts'
import { say } from '../core/words.ts'
import { NO_BYTES } from './pieces.ts'

/** How a handler controls its request. */
interface Controller extends Backpressure {
  abort(reason: Error): void
}

const MAX_COLLECTED_BYTES = 64 * 2 ** 20

/** The abort reason that we give undici when the fault is already known. */
class Stopped extends Error {}

/**
 * How far the response has come. `queued`: no connection yet. `sent`: the request is being written. `answering`: the
 * first byte of a status line has arrived. `body`: the head has arrived. `whole`: the response is complete on the wire
 * and is being decoded or delivered. After it has settled: `done` if it was complete, `over` if not.
 */
type Stage = 'queued' | 'sent' | 'answering' | 'body' | 'whole' | 'done' | 'over'

type StageEvent = 'send' | 'answer' | 'head' | 'end' | 'settle'

/** Nothing changes a settled response. A head may arrive without a notice of its first byte. */
function nextStage(stage: Stage, event: StageEvent): Stage {
  if (stage === 'done' || stage === 'over') return stage
  switch (event) {
    case 'send':
      return 'sent'
    case 'answer':
      return stage === 'sent' ? 'answering' : stage
    case 'head':
      return 'body'
    case 'end':
      return 'whole'
    case 'settle':
      return stage === 'whole' ? 'done' : 'over'
  }
}

/** Where the body goes: into memory, to a sink, or nowhere if the redirect is followed. */
type Receiver =
  | { readonly kind: 'memory'; readonly pieces: Pieces }
  | { readonly kind: 'sink'; readonly intake: Intake }
  | { readonly kind: 'nowhere'; readonly unread: Unread }

interface ReceivedHead {
  readonly status: number
  readonly statusText: string
  readonly headers: HeaderList
  readonly atMs: number
}

const NO_HEAD: ReceivedHead = { status: 0, statusText: '', headers: [], atMs: 0 }

export class Collector {
  readonly #attempt: Attempt
  readonly #parts: CollectorParts
  readonly #settle: (result: Result) => void
  readonly #wire: ConnectionFacts | undefined
  readonly #traffic = new Traffic()
  #stage: Stage = 'queued'
  #isUploaded = false
  /** What was read before the head was complete. */
  #firstRead: Uint8Array | undefined
  #controller: Controller | undefined
  #head = NO_HEAD
  #receiver: Receiver | undefined

  constructor(attempt: Attempt, parts: CollectorParts, settle: (result: Result) => void, wire?: ConnectionFacts) {
    this.#attempt = attempt
    this.#parts = parts
    this.#settle = settle
    this.#wire = wire
  }

  /** Whether the response was complete on the wire, whatever happened to it afterwards. */
  get isComplete(): boolean {
    return this.#stage === 'whole' || this.#stage === 'done'
  }

  get #isSettled(): boolean {
    return this.#stage === 'done' || this.#stage === 'over'
  }

  /** undici has a connection and writes the request next. */
  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#isSettled) return controller.abort(new Stopped('aborted before it was sent'))
    this.#stage = nextStage(this.#stage, 'send')
    const attempt = this.#attempt
    attempt.sent = true
    attempt.phase = 'headers'
    attempt.phaseAtMs = attempt.trip.stopwatch.sentAtMs = this.#parts.clock.now()
  }

  /** The whole request was passed to the connection, which may still buffer a large part of it. */
  onRequestSent(): void {
    const socket = this.#wire?.socket
    if (socket?.writableNeedDrain !== true) this.#isUploaded = true
    else socket.once('drain', () => (this.#isUploaded = true))
  }

  /** The first byte of a status line has arrived. */
  onResponseStarted(): void {
    this.#stage = nextStage(this.#stage, 'answer')
  }

  onResponseStart(
    controller: Controller,
    status: number,
    headers: Record<string, string | string[]>,
    statusText = '',
  ): void {
    if (status < 200) return this.#onInterim(status)
    const nowMs = this.#parts.clock.now()
    const attempt = this.#attempt
    attempt.headed = true
    attempt.phase = 'body'
    attempt.phaseAtMs = nowMs
    const { stopwatch } = attempt.trip
    stopwatch.firstByteMs = nowMs - (stopwatch.sentAtMs ?? nowMs)
    const list = this.#parts.memo.list(headers)
    this.#head = { status, statusText: reasonPhrase(statusText), headers: list, atMs: nowMs }
    this.#stage = nextStage(this.#stage, 'head')
    warnOfBody(attempt, status, list)
    const problem = headProblem(list, this.#firstRead)
    this.#firstRead = undefined
    if (problem !== undefined) this.#stop(problem)
    else if (isFollowed(status, list, attempt.call.plan)) this.#passOver()
    else if (announcedBytes(status, attempt.call.method, list) > attempt.call.plan.maxResponseBytes)
      this.#stop(this.#tooLarge())
    else if (attempt.call.sink !== undefined) this.#open(attempt.call.sink, controller)
  }

  #passOver(): void {
    const head = this.#reply(NO_BYTES)
    if (!isWorthWaiting(head)) return this.#stop(head)
    this.#receiver = { kind: 'nowhere', unread: new Unread(head, this.#parts.clock, () => this.#stop(head)) }
  }

  #open(sink: BodySink, backpressure: Controller): void {
    const head = this.#reply(NO_BYTES)
    const begun = sink.begin(head)
    if (begun === undefined) return
    const writer = isFault(begun) ? begun : behindCodings(begun, head, this.#attempt)
    if (isFault(writer)) return this.#stop(writer)
    const done = (ended: Fault | Taken): void => {
      if (isFault(ended)) this.#stop(ended)
      else this.#end({ ...head, taken: ended })
    }
    const intake = new Intake({ attempt: this.#attempt, writer, backpressure, clock: this.#parts.clock, done })
    this.#receiver = { kind: 'sink', intake }
  }

  /** A body that does not go to the sink is held in memory, so it is bounded even if the sink is not. */
  get #maxBytes(): number {
    const { sink, plan } = this.#attempt.call
    return sink === undefined || this.#receiver?.kind === 'sink'
      ? plan.maxResponseBytes
      : Math.min(plan.maxResponseBytes, MAX_COLLECTED_BYTES)
  }

  #onInterim(status: number): void {
    const problem = this.#traffic.addInterim(status)
    if (problem !== undefined) this.#stop(problem)
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    if (this.#isSettled) return
    this.#attempt.phaseAtMs = this.#parts.clock.now()
    this.#traffic.addPiece(chunk.byteLength)
    const { bytes } = this.#traffic
    this.#attempt.bodyBytes = bytes
    const receiver = this.#receiver
    if (receiver?.kind === 'nowhere')
      return receiver.unread.isTooLong(bytes) ? this.#stop(receiver.unread.head) : undefined
    if (bytes > this.#maxBytes) return this.#stop(this.#tooLarge())
    if (receiver?.kind === 'sink') return receiver.intake.take(chunk)
    if (receiver === undefined) this.#receiver = { kind: 'memory', pieces: new Pieces() }
    if (this.#receiver?.kind === 'memory') this.#receiver.pieces.add(chunk)
  }

  #tooLarge(): Fault {
    return tooLargeProblem(this.#maxBytes, this.#reply(NO_BYTES))
  }

  /** The connection has read bytes, which undici is about to parse. Returns false if it must not. */
  onWireRead(bytes: Uint8Array, returned: number): boolean {
    if (this.#isSettled) return true
    const overspent = this.#overspent(returned)
    if (overspent !== undefined) this.#stop(overspent)
    this.#traffic.addWire(bytes.byteLength, returned)
    if (!this.#attempt.headed) this.#firstRead = headSoFar(this.#firstRead, bytes)
    return !this.#isSettled
  }

  #overspent(returned?: number): Fault | undefined {
    return this.#traffic.overspent(this.#attempt.headed ? this.#head.headers : this.#parts.maxHeaderBytes, returned)
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
    if (this.#isSettled) return
    this.#stage = nextStage(this.#stage, 'end')
    this.#attempt.trip.stopwatch.bodyMs = this.#parts.clock.now() - this.#head.atMs
    if (this.#receiver?.kind === 'nowhere') return this.#end(this.#receiver.unread.head)
    // undici takes a reset for the end of a body without a length, and ignores trailers that are too large.
    const broken = this.#wire?.socket?.errored
    if (broken && !this.#isRefusal()) return this.onResponseError(undefined, broken)
    this.#complete()
  }

  #complete(): void {
    const attempt = this.#attempt
    const overspent = this.#overspent()
    if (overspent !== undefined) return this.#end(overspent)
    const receiver = this.#receiver
    if (receiver?.kind === 'sink') return receiver.intake.end()
    const reply = this.#reply(receiver?.kind === 'memory' ? receiver.pieces.join() : NO_BYTES)
    const { contentCoding } = attempt.call.plan
    const codings = contentCoding === 'raw' ? [] : codingsOf(reply.headers)
    if (codings.length === 0) return this.#end(reply)
    this.#finish()
    decompress(reply, codings, this.#maxBytes, contentCoding === 'lenient').then(this.#settle, error =>
      this.#settle(fault('internal/unknown', `unexpected error: ${reasonOf(error)}`, { sent: true, cause: error })),
    )
  }

  /** A server that refuses early may reset the connection after its response. The status then counts. */
  #isRefusal(): boolean {
    return this.#head.status >= 400 && this.#integrity() === 'unverified'
  }

  onResponseError(_controller: unknown, error: unknown): void {
    if (this.#receiver?.kind === 'nowhere') return this.#end(this.#receiver.unread.head)
    // undici reports a closed connection while the body is paused, even if the last byte has arrived.
    if (!this.#isSettled && isAllOf(this.#head.headers, this.#traffic.bytes)) return this.#complete()
    this.#end(
      classify(error, this.#attempt, {
        started: this.#stage !== 'queued' && this.#stage !== 'sent',
        framing: this.#integrity(),
        brokenBy: this.#wire?.socket?.errored ?? undefined,
        firstRead: this.#firstRead,
        uploading: this.#attempt.call.body !== undefined && !this.#isUploaded,
      }),
    )
  }

  /** The caller's own stream, or a file, failed. */
  onBodyError(message: string, cause?: unknown, code: FaultCode = 'callback/body'): void {
    this.#stop(fault(code, message, { sent: this.#attempt.sent, cause }))
  }

  /** The request could not be passed to undici. */
  onDispatchError(error: unknown): void {
    this.#end(classify(error, this.#attempt, { started: false, framing: 'unverified', uploading: false }))
  }

  /** The request was aborted: ignores everything that still arrives. */
  giveUp(): void {
    this.#stop(fault('aborted/in_flight', 'aborted while in flight', { sent: this.#attempt.sent }))
  }

  #stop(known: Result): void {
    const controller = this.#controller
    this.#end(known)
    controller?.abort(new Stopped(known.kind === 'fault' ? say(known.message) : 'the rest of it is not read'))
  }

  #end(result: Result): void {
    if (this.#isSettled) return
    this.#finish()
    this.#settle(result)
  }

  /**
   * Releases undici's side. Keeping the references made the garbage collector copy every request twice
   * (bench/overhead.ts).
   */
  #finish(): void {
    this.#stage = nextStage(this.#stage, 'settle')
    const receiver = this.#receiver
    this.#receiver = undefined
    if (receiver?.kind === 'sink') receiver.intake.stop()
    else if (receiver?.kind === 'nowhere') receiver.unread.end()
    this.#controller = undefined
    this.#attempt.abort = undefined
  }

  #reply(body: Uint8Array): Reply {
    return {
      kind: 'reply',
      status: this.#head.status,
      statusText: this.#head.statusText,
      headers: this.#head.headers,
      body,
      url: this.#attempt.call.url,
      integrity: this.#integrity(),
      protocol: this.#wire?.protocol ?? 'http/1.1',
    }
  }

  #integrity(): Integrity {
    return integrityOf(this.#head.status, this.#attempt.call.method, this.#head.headers, this.#wire?.protocol === 'h2')
  }
}
