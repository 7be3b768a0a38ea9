/** One HTTP/2 connection: carries many attempts at once, knows how many it may carry, and how it ended. */
import { connect } from 'node:http2'
import type { ClientHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { clearTimeout, setImmediate, setTimeout } from 'node:timers'
import { Collector } from './collect.ts'
import type { CollectorParts } from './wire.ts'
import { H2Exchange } from './h2-exchange.ts'
import type { Host } from './h2-exchange.ts'
import { asObject, h2RequestHead } from './h2-head.ts'
import { Flood } from './h2-codes.ts'
import type { Broken } from './h2-codes.ts'
import { KEEP_ALIVE_MS, openSockets } from './open-sockets.ts'
import type { KeptConnection } from './open-sockets.ts'
import type { Measured } from './upload.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Done } from '../core/layer.ts'
import type { LinkedList } from '../core/linked-list.ts'
import type { Fault, Result } from '../core/result.ts'
import { MAX_OVERHEAD_BYTES, MAX_OVERHEAD_RATIO } from './head.ts'

/** Windows of one stream and of the connection: a stream with a slow consumer must not hold up the others. */
const STREAM_WINDOW_BYTES = 262_144
const SESSION_WINDOW_BYTES = 2 ** 30
/** Above our own limits, which report what was too large. A reset by Node would look like one by the server. */
const MAX_HEADER_LIST_BYTES = 1_048_576
const MAX_HEADER_PAIRS = 20_000
// What the connection may cost beyond its bodies: frames, TLS records, heads, and the server's control frames.
const MAX_BYTES_PER_H2_FRAME = 64
const MAX_BYTES_PER_STREAM = 32_768

/** What a session reports to its route. */
export interface Keeper {
  /** The session can carry more streams now, or has ended. */
  changed(session: Session): void
  /** The server wants HTTP/1.1. */
  wantsHttp1(): void
  /** A kept connection turned out to be dead, so the others probably are. */
  stale(): void
}

/** Node takes a list since 22.17; other runtimes may not. */
const TAKES_LISTS = process.versions['bun'] === undefined && process.versions['deno'] === undefined

export class Session implements Host, KeptConnection {
  list: LinkedList<KeptConnection> | undefined
  before: KeptConnection | undefined
  behind: KeptConnection | undefined
  goaway: Broken['goaway']
  error: unknown
  /** One stream is tried until the server has said how many it accepts. */
  limit = 1
  isSettled = false
  readonly #http2: ClientHttp2Session
  readonly #socket: Socket
  readonly #parts: CollectorParts
  readonly #keeper: Keeper
  #load = 0
  #carried = 0
  #isRetired = false
  #isCounted = true
  #idleSinceMs = 0
  #idleTimer: NodeJS.Timeout | undefined
  #allowedBytes = MAX_OVERHEAD_BYTES

  /** The open socket has been counted by its opener; from now on the session counts it. */
  constructor(origin: string, socket: Socket, parts: CollectorParts, keeper: Keeper) {
    this.#socket = socket
    this.#parts = parts
    this.#keeper = keeper
    this.#http2 = connect(origin, {
      createConnection: () => socket,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW_BYTES,
        maxHeaderListSize: Math.min(2 ** 32 - 1, Math.max(MAX_HEADER_LIST_BYTES, 2 * parts.maxHeaderBytes)),
      },
      maxHeaderListPairs: MAX_HEADER_PAIRS,
    })
      .once('connect', session => {
        if (!session.destroyed) session.setLocalWindowSize(SESSION_WINDOW_BYTES)
      })
      .on('remoteSettings', ({ maxConcurrentStreams }) => {
        if (this.#isOverspent()) return this.#flooded()
        this.isSettled = true
        this.limit = maxConcurrentStreams ?? Infinity
        keeper.changed(this)
      })
      .on('goaway', (code: number, lastId: number) => {
        // A server may send it twice: first that it will end, then with the last stream (RFC 9113 §6.8).
        this.goaway = { code, lastId }
        this.retire()
      })
      // Node ends a flood that comes faster than it can answer; this check catches slower ones.
      .on('ping', () => this.#isOverspent() && this.#flooded())
      .on('error', (error: unknown) => (this.error ??= error))
      .on('close', () => this.#onClose())
    socket.on('error', (error: unknown) => (this.error ??= error))
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  get maxHeaderBytes(): number {
    return this.#parts.maxHeaderBytes
  }

  get gone(): boolean {
    return this.#http2.destroyed || this.#socket.destroyed
  }

  /** How many more streams it can carry. */
  get room(): number {
    if (!this.isUsable) return 0
    return Math.max(0, this.limit - this.#load)
  }

  get isUsable(): boolean {
    return !this.#isRetired && !this.gone && !this.#http2.closed
  }

  carry(attempt: Attempt, done: Done, measured: Measured | undefined): void {
    attempt.reused = this.#carried > 0
    if (this.#load++ === 0) {
      this.#socket.ref()
      openSockets.use(this)
    }
    this.#allowedBytes += MAX_BYTES_PER_STREAM + this.maxHeaderBytes
    const collector = new Collector(attempt, this.#parts, result => done(this.#learn(attempt, result)), 'h2')
    attempt.abort = new StreamAbort(this, collector, this.bytesRead)
    try {
      const fields = h2RequestHead(attempt, measured)
      const stream = this.#http2.request(TAKES_LISTS ? fields : asObject(fields), {
        endStream: attempt.call.body === undefined,
      })
      new H2Exchange(stream, attempt, collector, this).upload(measured)
    } catch (error) {
      this.over()
      collector.onDispatchError(error)
    }
  }

  #learn(attempt: Attempt, result: Result): Result {
    if (result.kind === 'reply') {
      // RFC 9110 §15.5.20: the request must be sent again over another connection.
      if (result.status === 421) this.retire()
      return result
    }
    if (result.code === 'reset/http_1_1_required') this.#keeper.wantsHttp1()
    if (attempt.reused && result.code === 'reset/before_headers') this.#keeper.stale()
    return result
  }

  arrived(bytes: number): void {
    this.#allowedBytes += bytes * MAX_OVERHEAD_RATIO + MAX_BYTES_PER_H2_FRAME
  }

  isHonest(): boolean {
    if (!this.#isOverspent()) return true
    this.retire()
    return false
  }

  #isOverspent(): boolean {
    return this.#socket.bytesRead > this.#allowedBytes
  }

  #flooded(): void {
    this.error ??= new Flood('it sent far more than its responses')
    this.#isRetired = true
    this.#http2.destroy()
  }

  over(): void {
    this.#carried++
    if (--this.#load === 0) this.#rest()
    this.#keeper.changed(this)
  }

  /** Takes no further streams; ends with its last one. */
  retire(): void {
    if (this.#isRetired) return
    this.#isRetired = true
    if (this.#load === 0) this.#endSoon()
  }

  /** Not in this turn, because Node is in the middle of a frame or of a stream's end. */
  #endSoon(): void {
    setImmediate(() => this.#load === 0 && this.end())
  }

  /** Ends at once, with all its streams. */
  end(): void {
    this.#isRetired = true
    if (!this.#http2.destroyed) this.#http2.destroy()
    this.#socket.destroy()
    this.#uncount()
  }

  /** Its socket is needed for another connection. */
  close(): void {
    this.end()
  }

  #uncount(): void {
    if (!this.#isCounted) return
    this.#isCounted = false
    openSockets.closed(this)
  }

  dropIdle(): void {
    if (this.#load === 0) this.end()
  }

  #rest(): void {
    if (this.#isRetired) return this.#endSoon()
    // Already closed, but the event has not arrived yet.
    if (this.#isCounted) openSockets.rest(this)
    this.#socket.unref()
    this.#idleSinceMs = performance.now()
    this.#idleTimer ??= this.#watch(KEEP_ALIVE_MS)
  }

  /** One timer per connection, not per request: when it fires, it checks how long the connection has been idle. */
  #watch(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#idleTimer = undefined
      if (this.#load > 0) return
      const leftMs = this.#idleSinceMs + KEEP_ALIVE_MS - performance.now()
      if (leftMs <= 0) this.end()
      else this.#idleTimer = this.#watch(leftMs)
    }, delayMs).unref()
  }

  #onClose(): void {
    this.#isRetired = true
    this.#uncount()
    clearTimeout(this.#idleTimer)
    this.#keeper.changed(this)
  }
}

class StreamAbort {
  readonly #session: Session
  readonly #collector: Collector
  readonly #readBefore: number

  constructor(session: Session, collector: Collector, readBefore: number) {
    this.#session = session
    this.#collector = collector
    this.#readBefore = readBefore
  }

  giveUp(why?: Fault): void {
    // Nothing was read since the request: the other side may be gone without notice, and later attempts must not wait
    // for it.
    if (this.#session.bytesRead === this.#readBefore) this.#session.retire()
    this.#collector.giveUp(why)
  }
}
