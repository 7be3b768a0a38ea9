/**
 * Collects one response into one Result: records the phases, counts the bytes, settles once. Used by our own connections
 * over HTTP/1.1 and HTTP/2; it is also a handler for undici's `dispatch`.
 */
import { beginningOf } from './beginning.ts'
import { ConnectionEnded } from './connect.ts'
import { codingsOf } from './codings.ts'
import { decompress } from './decompress.ts'
import { classify, warnOfBody } from './faults.ts'
import { announcedBytes, headProblem, integrityOf, isAllOf, reasonPhrase, tooLargeProblem } from './head.ts'
import { Intake, behindCodings } from './intake.ts'
import type { Backpressure } from './intake.ts'
import { Pieces } from './pieces.ts'
import { Traffic } from './traffic.ts'
import { Unread, isWorthWaiting } from './unread.ts'
import type { CollectorParts } from './wire.ts'
import type { Attempt } from '../core/attempt.ts'
import type { BodySink } from '../core/body-sink.ts'
import { reasonOf } from '../core/callback.ts'
import type { HeaderList } from '../core/headers.ts'
import type { Soon } from '../core/layer.ts'
import { isFollowed } from '../core/redirect.ts'
import { KEPT_BYTES, isRefused } from '../core/refused.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, FaultCode, Integrity, Reply, Result, Taken } from '../core/result.ts'
import { say } from '../core/words.ts'
import { NO_BYTES } from './pieces.ts'

/** How a handler controls its request. */
interface Controller extends Backpressure {
  abort(reason: Error): void
}

const MAX_COLLECTED_BYTES = 64 * 2 ** 20
/** A refused body is read this far for its connection's sake. Beyond it, a new connection costs less. */
const MAX_DRAINED_BYTES = 2 ** 20

/** The class of a fault that a response can have after its head. */
const OF_THE_BODY = /^(?:truncated|decode|too_large|protocol|reset|timeout)\//

/** The reason for ending a request whose fault is already known. */
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

/** A class and not an object literal, for the reason that `TemplateCall` gives; so is the reply. */
class ReceivedHead {
  readonly status: number
  readonly statusText: string
  readonly headers: HeaderList
  readonly atMs: number

  constructor(status: number, statusText: string, headers: HeaderList, atMs: number) {
    this.status = status
    this.statusText = statusText
    this.headers = headers
    this.atMs = atMs
  }
}

class ReceivedReply implements Reply {
  readonly kind = 'reply'
  readonly status: number
  readonly statusText: string
  readonly headers: HeaderList
  readonly body: Uint8Array
  readonly url: string
  readonly integrity: Integrity
  readonly protocol: string

  constructor(
    { status, statusText, headers }: ReceivedHead,
    body: Uint8Array,
    url: string,
    integrity: Integrity,
    protocol: string,
  ) {
    this.status = status
    this.statusText = statusText
    this.headers = headers
    this.body = body
    this.url = url
    this.integrity = integrity
    this.protocol = protocol
  }
}

const NO_HEAD = new ReceivedHead(0, '', [], 0)

export class Collector {
  readonly #attempt: Attempt
  readonly #parts: CollectorParts
  readonly #settle: (result: Result) => void
  readonly #protocol: Reply['protocol']
  readonly #traffic = new Traffic()
  #stage: Stage = 'queued'
  #isUploaded = false
  #controller: Controller | undefined
  #head = NO_HEAD
  #receiver: Receiver | undefined

  constructor(
    attempt: Attempt,
    parts: CollectorParts,
    settle: (result: Result) => void,
    protocol: Reply['protocol'] = 'http/1.1',
  ) {
    this.#attempt = attempt
    this.#parts = parts
    this.#settle = settle
    this.#protocol = protocol
  }

  get #isSettled(): boolean {
    return this.#stage === 'done' || this.#stage === 'over'
  }

  /** The connection is open, and the request is written next. */
  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#isSettled) return controller.abort(new Stopped('aborted before it was sent'))
    this.#stage = nextStage(this.#stage, 'send')
    const attempt = this.#attempt
    attempt.sent = true
    attempt.phase = 'headers'
    attempt.phaseAtMs = attempt.trip.stopwatch.sentAtMs = this.#parts.clock.now()
  }

  /** The body is being written: called at its start, and whenever a piece of it was written. */
  onUpload(): void {
    this.#attempt.uploading = true
    this.#moved()
  }

  /** The whole request has left this process. */
  onRequestSent(): void {
    this.#isUploaded = true
    if (!this.#attempt.uploading) return
    this.#attempt.uploading = false
    this.#moved()
  }

  /** Once a head has arrived, the clock of the response counts. */
  #moved(): void {
    const attempt = this.#attempt
    if (attempt.phase === 'headers') attempt.phaseAtMs = this.#parts.clock.now()
  }

  /** The first byte of a status line has arrived. */
  onResponseStarted(): void {
    this.#stage = nextStage(this.#stage, 'answer')
  }

  /** The head of a response, as undici reports it. */
  onResponseStart(
    _controller: Controller,
    status: number,
    headers: Record<string, string | string[]>,
    statusText = '',
  ): void {
    if (status < 200) return this.onInterim(status)
    this.#onList(status, reasonPhrase(statusText), this.#parts.memo.list(headers))
  }

  /** The head of a final response over HTTP/2: names in lower case and values in turn, pseudo fields included. */
  onFields(status: number, raw: readonly string[]): void {
    this.#onList(status, '', this.#parts.memo.fields(raw))
  }

  #onList(status: number, reason: string, list: HeaderList): void {
    const problem = headProblem(list)
    this.#headed(status, reason, list)
    if (problem === undefined) this.#receive()
    else this.#stop(problem)
  }

  /** The head of a final response, checked. */
  onHead(status: number, reason: string, headers: HeaderList): void {
    this.#headed(status, reason, headers)
    this.#receive()
  }

  #headed(status: number, statusText: string, headers: HeaderList): void {
    const nowMs = this.#parts.clock.now()
    const attempt = this.#attempt
    attempt.headed = true
    attempt.phase = 'body'
    attempt.phaseAtMs = nowMs
    const { stopwatch } = attempt.trip
    stopwatch.firstByteMs = nowMs - (stopwatch.sentAtMs ?? nowMs)
    this.#head = new ReceivedHead(status, statusText, headers, nowMs)
    this.#stage = nextStage(this.#stage, 'head')
    warnOfBody(attempt, status, headers)
  }

  /** Decides where the body goes. */
  #receive(): void {
    const { status, headers } = this.#head
    const { call } = this.#attempt
    if (isFollowed(status, headers, call.plan)) this.#passOver()
    else if (this.#announced > call.plan.maxResponseBytes && !this.#isRefused) this.#fail(this.#tooLarge())
    else if (call.sink !== undefined && this.#controller !== undefined) this.#open(call.sink, this.#controller)
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

  onInterim(status: number): void {
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
    if (receiver?.kind === 'sink') {
      if (bytes > this.#maxBytes) this.#stop(this.#tooLarge())
      else receiver.intake.take(chunk)
      return
    }
    if (receiver === undefined) this.#receiver = { kind: 'memory', pieces: new Pieces() }
    const { pieces } = (receiver ?? this.#receiver) as Receiver & { kind: 'memory' }
    if (bytes > Math.min(this.#maxBytes, KEPT_BYTES) && this.#isRefused) this.#takeBeginning(chunk, pieces)
    else if (bytes > this.#maxBytes) this.#fail(this.#tooLarge())
    else pieces.add(chunk)
  }

  /** More of a refused body than is kept has arrived. */
  #takeBeginning(chunk: Uint8Array, pieces: Pieces): void {
    const left = Math.min(this.#maxBytes, KEPT_BYTES) - pieces.bytes
    if (left > 0) pieces.add(chunk.subarray(0, left))
    const bytes = Math.max(this.#traffic.bytes, this.#announced)
    if (bytes > this.#maxBytes) this.#fail(this.#tooLarge())
    else if (bytes > MAX_DRAINED_BYTES) this.#cutOff()
  }

  /** Nothing more is needed of the response, although there is more. */
  #cutOff(): void {
    const controller = this.#controller
    this.#complete()
    controller?.abort(new Stopped('the rest of it is not read'))
  }

  /** Asks `acceptStatus`, which may run on another thread: not called for a body that is small and whole. */
  get #isRefused(): boolean {
    return isRefused(this.#head, this.#attempt.call.plan)
  }

  get #announced(): number {
    return announcedBytes(this.#head.status, this.#attempt.call.method, this.#head.headers)
  }

  #tooLarge(): Fault {
    return tooLargeProblem(this.#maxBytes, this.#reply(NO_BYTES))
  }

  /** The connection has read this many bytes. Returns false if they must not be parsed. */
  onWireRead(bytes: number): boolean {
    if (this.#isSettled) return false
    // Checks the bytes of earlier reads only: the chunks of this read are not parsed and counted yet.
    const overspent = this.#overspent()
    if (overspent !== undefined) this.#fail(overspent)
    this.#traffic.addWire(bytes)
    return !this.#isSettled
  }

  #overspent(): Fault | undefined {
    return this.#traffic.overspent(this.#attempt.headed ? this.#head.headers : this.#parts.maxHeaderBytes)
  }

  /** The bytes of the response, or of the request, are not acceptable. */
  onRefused(known: Fault): void {
    this.#fail(known)
  }

  /** The connection could not be opened, or ended before the end of the response, with or without an error. */
  onClosed(error: Error = new ConnectionEnded()): void {
    if (this.#receiver?.kind === 'nowhere') return this.#end(this.#receiver.unread.head)
    if (this.#isRefusal()) return this.#complete()
    this.#endWithin(this.#classified(error))
  }

  onResponseEnd(): void {
    if (this.#isSettled) return
    this.#stage = nextStage(this.#stage, 'end')
    this.#attempt.trip.stopwatch.bodyMs = this.#parts.clock.now() - this.#head.atMs
    // The connection may carry another request by now.
    this.#controller = undefined
    if (this.#receiver?.kind === 'nowhere') return this.#end(this.#receiver.unread.head)
    this.#complete()
  }

  #complete(): void {
    const attempt = this.#attempt
    const overspent = this.#overspent()
    if (overspent !== undefined) return this.#endWithin(overspent)
    const receiver = this.#receiver
    if (receiver?.kind === 'sink') return receiver.intake.end()
    const pieces = receiver?.kind === 'memory' ? receiver.pieces : undefined
    const isCut = pieces !== undefined && pieces.bytes < this.#traffic.bytes
    const whole = this.#reply(pieces?.join() ?? NO_BYTES)
    const reply = isCut ? { ...whole, isCut } : whole
    const codings = this.#codings
    if (codings.length === 0) return this.#end(reply)
    if (isCut || this.#isRefused) return this.#endDecoded(reply, codings)
    this.#finish()
    decompress(reply, codings, this.#maxBytes, attempt.call.plan.contentCoding === 'lenient')
      .then((result): Soon<Result> => (isFault(result) ? this.#withBeginning(result, reply, codings) : result))
      .then(this.#settle, error => this.#settleUnknown(error))
  }

  get #codings(): string[] {
    return this.#attempt.call.plan.contentCoding === 'raw' ? [] : codingsOf(this.#head.headers)
  }

  /** The body is refused: only its beginning is decoded. */
  #endDecoded(reply: Reply, codings: readonly string[]): void {
    if (this.#isSettled) return
    this.#finish()
    this.#beginning(reply, codings)
      .then(({ reply: begun, problem }) => {
        // The end of what was kept is not the end of the body.
        if (problem === undefined || (reply.isCut && problem[0] === 'decode/truncated')) return begun
        return fault(...problem, { sent: true, begun })
      })
      .then(this.#settle, error => this.#settleUnknown(error))
  }

  #beginning(reply: Reply, codings: readonly string[]): ReturnType<typeof beginningOf> {
    const { contentCoding, maxResponseBytes } = this.#attempt.call.plan
    const maxBytes = Math.min(maxResponseBytes, KEPT_BYTES)
    return beginningOf(reply, { codings, maxBytes, lenient: contentCoding === 'lenient' })
  }

  async #withBeginning(known: Fault, reply: Reply, codings: readonly string[]): Promise<Fault> {
    return { ...known, begun: (await this.#beginning(reply, codings)).reply }
  }

  #settleUnknown(error: unknown): void {
    this.#settle(fault('internal/unknown', `unexpected error: ${reasonOf(error)}`, { sent: true, cause: error }))
  }

  /** A server that refuses early may reset the connection after its response. The status then counts. */
  #isRefusal(): boolean {
    return this.#head.status >= 400 && this.#integrity() === 'unverified'
  }

  onResponseError(_controller: unknown, error: unknown): void {
    if (this.#receiver?.kind === 'nowhere') return this.#end(this.#receiver.unread.head)
    // A Dispatcher of undici reports the end of the connection while the body is paused, even if the last byte has
    // arrived.
    if (!this.#isSettled && isAllOf(this.#head.headers, this.#traffic.bytes)) return this.#complete()
    this.#endWithin(this.#classified(error))
  }

  #classified(error: unknown): Fault {
    return classify(error, this.#attempt, {
      started: this.#stage !== 'queued' && this.#stage !== 'sent',
      framing: this.#integrity(),
      uploading: this.#attempt.call.body !== undefined && !this.#isUploaded,
    })
  }

  /** The caller's own stream, or a file, failed. */
  onBodyError(message: string, cause?: unknown, code: FaultCode = 'callback/body'): void {
    this.#stop(fault(code, message, { sent: this.#attempt.sent, cause }))
  }

  /** The request could not be passed on. */
  onDispatchError(error: unknown): void {
    this.#end(classify(error, this.#attempt, { started: false, framing: 'unverified', uploading: false }))
  }

  /** The request was aborted, or a timeout passed: ignores everything that still arrives. */
  giveUp(why = fault('aborted/in_flight', 'aborted while in flight', { sent: this.#attempt.sent })): void {
    this.#fail(why)
  }

  /** Stops the response at this fault, and settles with what of it has arrived. */
  #fail(known: Fault): void {
    const controller = this.#controller
    this.#endWithin(known)
    controller?.abort(new Stopped(say(known.message)))
  }

  /** The response ended with this fault; perhaps within its body, whose beginning has arrived. */
  #endWithin(known: Fault): void {
    const receiver = this.#receiver
    const isWithin = (this.#stage === 'body' || this.#stage === 'whole') && OF_THE_BODY.test(known.code)
    if (!isWithin || receiver?.kind === 'sink' || receiver?.kind === 'nowhere') return this.#end(known)
    const bytes = receiver?.pieces.take(Math.min(this.#maxBytes, KEPT_BYTES)) ?? NO_BYTES
    const reply = this.#reply(bytes)
    const codings = this.#codings
    if (codings.length === 0 || bytes.byteLength === 0) return this.#end({ ...known, begun: reply })
    this.#finish()
    this.#withBeginning(known, reply, codings).then(this.#settle, error => this.#settleUnknown(error))
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
   * Releases the connection's side. Keeping the references made the garbage collector copy every request twice
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
    return new ReceivedReply(this.#head, body, this.#attempt.call.url, this.#integrity(), this.#protocol)
  }

  #integrity(): Integrity {
    return integrityOf(this.#head.status, this.#attempt.call.method, this.#head.headers, this.#protocol === 'h2')
  }
}
