/**
 * One request and its response on one connection: writes the request, reads the response, reports to a Collector.
 *
 * Reading never goes back, and nothing is read ahead of the parser: what the connection delivers is parsed at once, and
 * a busy writer pauses the connection instead.
 */
import type { Socket } from 'node:net'
import { ChunkReader } from './chunked.ts'
import type { ChunkLimits } from './chunked.ts'
import type { Connection } from './connection.ts'
import type { Framing } from './framing.ts'
import { expectsBody, hasContent, requestHead } from './request-head.ts'
import type { RequestFraming } from './request-head.ts'
import type { KnownHead } from './known-head.ts'
import type { WireProblem } from './problem.ts'
import { WrongLength, sendBody } from './request-body.ts'
import type { Collector } from '../collect.ts'
import type { Measured } from '../upload.ts'
import { atEndOfTurn } from '../turn.ts'
import { watchedBody } from '../watched.ts'
import type { Attempt } from '../../core/attempt.ts'
import { isAtHand } from '../../core/body.ts'
import type { Chunks } from '../../core/body.ts'
import { reasonOf } from '../../core/callback.ts'
import { getHeader } from '../../core/headers.ts'
import type { Clock, Timer } from '../../core/ports.ts'
import { fault } from '../../core/result.ts'
import type { Fault } from '../../core/result.ts'

/** How long a body waits for `100 Continue`. RFC 9110 §10.1.1 gives no number; curl waits as long. */
const EXPECT_PATIENCE_MS = 1_000
/** Head and body of a request are joined up to this size, so that they take one write. */
const MAX_JOINED_BYTES = 65_536

/**
 * What is read next. `head`: a status line or fields. `length`, `chunked`, `close`: a body. `over`: nothing, because the
 * response is complete or not needed.
 */
type Reading = 'head' | 'length' | 'chunked' | 'close' | 'over'

/**
 * What has been sent. `held`: only the head, until the server asks for the body. `refused`: only the head, because the
 * server refused the body.
 */
type Sending = 'nothing' | 'held' | 'body' | 'all' | 'refused'

const NO_BODY: Framing = { kind: 'none' }

export interface ExchangeParts {
  readonly attempt: Attempt
  readonly collector: Collector
  readonly measured: Measured | undefined
  readonly clock: Clock
  readonly limits: ChunkLimits
}

export class Exchange {
  readonly attempt: Attempt
  readonly #collector: Collector
  readonly #measured: Measured | undefined
  readonly #clock: Clock
  readonly #limits: ChunkLimits
  #connection: Connection | undefined
  #reading: Reading = 'head'
  #sending: Sending = 'nothing'
  #left = 0
  #chunks: ChunkReader | undefined
  #isPersistent = true
  /** The response is complete, and its connection can carry another. */
  #isReusable = false
  #patience: Timer | undefined

  constructor({ attempt, collector, measured, clock, limits }: ExchangeParts) {
    this.attempt = attempt
    this.#collector = collector
    this.#measured = measured
    this.#clock = clock
    this.#limits = limits
  }

  get isOver(): boolean {
    return this.#reading === 'over'
  }

  /** The connection that carries it, from the moment it was chosen. */
  bind(connection: Connection): void {
    this.#connection = connection
  }

  /** Writes the request. The connection is open and carries nothing else. */
  start(socket: Socket): void {
    const { call } = this.attempt
    const framing = this.#framing()
    // A server that does not expect a body with this method may read it as the next request; one that sends a body
    // after a HEAD would have it read as the next response.
    const isLast = call.method === 'HEAD' || (this.#connection?.isLast ?? false)
    if (isLast || (framing !== 'none' && !expectsBody(call.method))) this.#isPersistent = false
    let head: string
    try {
      head = requestHead(this.attempt, framing, isLast)
    } catch (error) {
      return this.#fail('invalid_request/rejected', `the request cannot be put on the wire: ${String(error)}`, error)
    }
    this.#collector.onRequestStart(this)
    if (this.isOver) return
    const expects = hasContent(framing) && getHeader(this.attempt.headers, 'expect') !== undefined
    if (!expects) return this.#send(head, socket)
    this.#sending = 'held'
    socket.write(head, 'latin1')
    // After everything that has arrived was read: this process may have been busy for longer than that.
    this.#patience = this.#clock.after(EXPECT_PATIENCE_MS, () => atEndOfTurn(() => this.#sendHeld()))
  }

  #framing(): RequestFraming {
    const { body, method } = this.attempt.call
    if (this.#measured !== undefined) {
      return this.#measured.bytes === undefined ? 'chunked' : { bytes: this.#measured.bytes }
    }
    if (typeof body === 'function') return 'chunked'
    const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body instanceof Uint8Array ? body.byteLength : 0
    return bytes > 0 || expectsBody(method) ? { bytes } : 'none'
  }

  #send(head: string, socket: Socket): void {
    const { body } = this.attempt.call
    if (body === undefined) {
      this.#sending = 'all'
      socket.write(head, 'latin1')
      return
    }
    if (isAtHand(body) && this.#measured === undefined) return this.#sendAtHand(head, body, socket)
    if (head !== '') socket.write(head, 'latin1')
    const open = this.#measured?.chunks ?? (body as () => Chunks)
    void this.#pour(watchedBody(open, this.#collector), this.#measured?.bytes, socket)
  }

  #sendAtHand(head: string, body: string | Uint8Array, socket: Socket): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    if (head.length + bytes.byteLength > MAX_JOINED_BYTES) {
      if (head !== '') socket.write(head, 'latin1')
      return void this.#pour([bytes], bytes.byteLength, socket)
    }
    this.#sending = 'all'
    const joined = Buffer.allocUnsafe(head.length + bytes.byteLength)
    joined.write(head, 'latin1')
    joined.set(bytes, head.length)
    socket.write(joined)
    this.#uploaded(socket)
  }

  async #pour(chunks: Parameters<typeof sendBody>[0], bytes: number | undefined, socket: Socket): Promise<void> {
    this.#sending = 'body'
    const onWritten = (): void => this.#collector.onUpload()
    onWritten()
    try {
      const isSent = await sendBody(chunks, { socket, bytes, isOver: () => this.isOver, onWritten })
      if (!isSent || this.isOver) return
      this.#sending = 'all'
      this.#uploaded(socket)
    } catch (error) {
      if (error instanceof WrongLength) {
        this.#fail('invalid_request/body', 'the body is not as long as its content-length says', error)
      } else this.abort()
    }
  }

  #uploaded(socket: Socket): void {
    if (!socket.writableNeedDrain) return this.#collector.onRequestSent()
    this.#collector.onUpload()
    socket.once('drain', () => this.#collector.onRequestSent())
  }

  /** The server has answered 100, or has been silent for long enough. */
  #sendHeld(): void {
    if (this.#sending !== 'held' || this.isOver) return
    this.#patience?.cancel()
    const socket = this.#connection?.socket
    if (socket === undefined || socket.destroyed) return
    this.#send('', socket)
  }

  /**
   * Bytes of the response have arrived.
   *
   * @returns the index after the last byte that belongs to the response
   */
  read(bytes: Buffer, from: number, end: number): number {
    if (!this.#collector.onWireRead(end - from)) return end
    let at = from
    while (at < end) {
      switch (this.#reading) {
        case 'head':
          at = this.#readHead(bytes, at, end)
          break
        case 'length': {
          const stop = Math.min(end, at + this.#left)
          this.#left -= stop - at
          this.#take(bytes, at, stop)
          at = stop
          if (this.#left === 0) this.#complete(at < end)
          break
        }
        case 'chunked':
          at = this.#readChunks(bytes, at, end)
          break
        case 'close':
          this.#take(bytes, at, end)
          return end
        case 'over':
          return at
      }
    }
    return at
  }

  #readHead(bytes: Buffer, from: number, end: number): number {
    const connection = this.#connection as Connection
    if (!connection.isHeadBegun) this.#collector.onResponseStarted()
    const stop = connection.readHead(bytes, from, end)
    if (typeof stop !== 'number') {
      this.#refuse(stop)
      return end
    }
    if (stop === -1) return end
    const { head } = connection
    if (head.status < 200) this.#onInterim(head.status)
    else this.#onHead(head, stop < end)
    return stop
  }

  #onInterim(status: number): void {
    if (status === 100) this.#sendHeld()
    this.#collector.onInterim(status)
  }

  #onHead(head: KnownHead, isMore: boolean): void {
    this.#patience?.cancel()
    if (this.#sending === 'held') this.#sending = 'refused'
    // RFC 9110 §15.5.20: the request must be repeated over another connection.
    if (!head.isPersistent || head.status === 421) this.#isPersistent = false
    this.#expectBody(this.attempt.call.method === 'HEAD' ? NO_BODY : head.framing)
    this.#collector.onHead(head.status, head.reason, head.headers)
    if (this.#reading === 'length' && this.#left === 0) this.#complete(isMore)
  }

  #expectBody(framing: Framing): void {
    this.#reading = framing.kind === 'none' ? 'length' : framing.kind
    this.#left = framing.kind === 'length' ? framing.bytes : 0
    if (framing.kind === 'chunked') this.#chunks = new ChunkReader(this.#limits)
  }

  #readChunks(bytes: Buffer, from: number, end: number): number {
    const chunks = this.#chunks as ChunkReader
    const read = chunks.read(bytes, from, end, (start, stop) => this.#take(bytes, start, stop))
    if (this.isOver) return end
    if (typeof read !== 'number') {
      this.#refuse(read)
      return end
    }
    if (chunks.isDone) this.#complete(read < end)
    return read
  }

  /** The connection reuses its buffer, so what is kept is copied. */
  #take(bytes: Buffer, from: number, end: number): void {
    const piece = Buffer.allocUnsafe(end - from)
    bytes.copy(piece, 0, from, end)
    this.#collector.onResponseData(this, piece)
  }

  #complete(isSurplus: boolean): void {
    if (this.isOver) return
    this.#reading = 'over'
    this.#connection?.completed()
    // A server that has answered without reading the request may never read it, nor the request after it.
    const isSent = this.#sending === 'all' && this.#connection?.socket?.writableNeedDrain === false
    this.#isReusable = this.#isPersistent && isSent && !isSurplus
    if (isSurplus) {
      this.attempt.trip.warn('bytes after the end of the response were dropped with the connection')
      this.#connection?.surplus()
    }
    this.#collector.onResponseEnd()
  }

  /**
   * The outcome is known. That may be some time after the end of the response, because the body is decoded first.
   *
   * @param isSound false if the response gave a reason not to use its connection again
   */
  settled(isSound: boolean): void {
    this.#connection?.release(this, this.#isReusable && isSound)
  }

  #refuse({ code, message }: WireProblem): void {
    this.#collector.onRefused(fault(code, message, { sent: true }))
    this.abort()
  }

  #fail(code: Parameters<typeof fault>[0], message: string, cause: unknown): void {
    this.#collector.onRefused(fault(code, message, { sent: this.attempt.sent, cause }))
    this.abort()
  }

  /** Our own code, or a function of the caller, threw. It fails this request, and no other one. */
  broke(error: unknown): void {
    this.#fail('internal/unknown', `unexpected error: ${reasonOf(error)}`, error)
    // It may have been thrown after the end of the response.
    this.settled(false)
  }

  /** The connection has ended, with or without an error. */
  ended(error?: Error): void {
    if (this.isOver) return
    const isWhole = error === undefined && this.#reading === 'close'
    this.#reading = 'over'
    this.#patience?.cancel()
    if (isWhole) this.#collector.onResponseEnd()
    else this.#collector.onClosed(error)
  }

  /** The request is over for its caller. */
  giveUp(why?: Fault): void {
    this.#collector.giveUp(why)
    this.abort()
  }

  /** Ends the request, and its connection. Does nothing after the response. */
  abort(): void {
    if (this.isOver) return
    this.#reading = 'over'
    this.#patience?.cancel()
    this.#connection?.close()
  }

  pause(): void {
    if (!this.isOver) this.#connection?.pause()
  }

  resume(): void {
    if (!this.isOver) this.#connection?.resume()
  }
}
