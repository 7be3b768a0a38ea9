/**
 * One request on one HTTP/2 stream, reported to a Collector.
 *
 * Uses node:http2 directly, because undici's Client takes RST_STREAM for the end of a body and retries refused streams
 * on its own. Node also ends a stream in the same way for END_STREAM and for a reset without an error; only the order
 * in which it closes and ends the stream tells them apart.
 */
import { Duplex } from 'node:stream'
import type { ClientHttp2Stream } from 'node:http2'
import { brokenStream } from './h2-codes.ts'
import type { Broken } from './h2-codes.ts'
import { Pieces } from './pieces.ts'
import { SLICE_BYTES, slices } from './slices.ts'
import type { Measured } from './upload.ts'
import { watchedBody } from './watched.ts'
import type { Collector } from './collect.ts'
import type { Attempt } from '../core/attempt.ts'
import { isAtHand } from '../core/body.ts'
import { fault } from '../core/result.ts'
import type { Words } from '../core/words.ts'

const CANCEL = 8

/** What a stream needs from its session. */
export interface Host {
  /** Why the session ended, once it has. */
  readonly goaway: Broken['goaway']
  readonly gone: boolean
  readonly error: unknown
  /** Limit for the names and values of a head. */
  readonly maxHeaderBytes: number
  /** Bytes of a body have arrived in one frame, whether or not they are read now. */
  arrived(bytes: number): void
  /** False if the connection has cost too many bytes beyond its bodies. */
  isHonest(): boolean
  /** The stream has ended and frees its slot. */
  over(exchange: H2Exchange): void
}

/** Whether END_STREAM has arrived. */
const ENDED = Symbol('ended')

/**
 * The exchange of a stream, until it is over. The listeners find it here: as closures they would keep it, and with it the
 * request, for as long as Node keeps the stream.
 */
const EXCHANGE = Symbol('exchange')

/** What arrived while the stream was paused. */
const HELD = Symbol('held')

const HOST = Symbol('host')

type Marked = ClientHttp2Stream & {
  [ENDED]?: true
  [EXCHANGE]?: H2Exchange | undefined
  [HELD]?: Pieces
  [HOST]?: Host
}

function onError(this: Marked, error: unknown): void {
  const exchange = this[EXCHANGE]
  if (exchange !== undefined) exchange.streamError = error
}

function onClose(this: Marked): void {
  this[EXCHANGE]?.onClose()
}

function onInterim(this: Marked, head: Head): void {
  this[EXCHANGE]?.onInterim(Number(head[':status']))
}

function onResponse(this: Marked, head: Head, _flags: number, raw: readonly string[]): void {
  this[EXCHANGE]?.onHead(head, raw)
}

function onData(this: Marked, chunk: Uint8Array): void {
  this[EXCHANGE]?.onData(chunk)
}

function onTrailers(this: Marked, _head: unknown, _flags: number, raw: readonly string[] = []): void {
  this[EXCHANGE]?.onTrailers(raw)
}

function onEnd(this: Marked): void {
  this[EXCHANGE]?.onEnd()
}

/**
 * On END_STREAM Node ends the stream before it closes it; on a reset it closes it first.
 *
 * A paused stream receives what the flow-control window allows, one Buffer per frame. Frames of one byte would take 120
 * times the window, so they are packed.
 */
function push(this: Marked, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) this[ENDED] = true
  if (chunk instanceof Uint8Array) {
    this[HOST]?.arrived(chunk.byteLength)
    if (this[HOST] !== undefined && this.isPaused()) {
      const held = (this[HELD] ??= new Pieces())
      held.add(chunk)
      return held.bytes < this.readableHighWaterMark
    }
  }
  handBack(this)
  return Duplex.prototype.push.call(this, chunk, encoding)
}

/** Gives the held bytes to the stream, which asks its connection for more once they have been read. */
function handBack(stream: Marked): void {
  const held = stream[HELD]
  for (let piece = held?.shift(); piece !== undefined; piece = held?.shift()) Duplex.prototype.push.call(stream, piece)
}

export class H2Exchange {
  readonly attempt: Attempt
  readonly #stream: Marked
  readonly #collector: Collector
  readonly #host: Host
  /** What the stream has reported; its end follows. */
  streamError: unknown
  #isOver = false
  #announced: number | undefined
  #bytes = 0
  #isHeaded = false
  #early: Uint8Array[] | undefined

  constructor(stream: ClientHttp2Stream, attempt: Attempt, collector: Collector, host: Host) {
    this.attempt = attempt
    this.#stream = stream
    this.#collector = collector
    this.#host = host
    this.#stream[EXCHANGE] = this
    this.#stream[HOST] = host
    stream.push = push
    stream.on('error', onError).on('close', onClose)
    collector.onRequestStart(this)
    // Aborted at once.
    if (this.#isOver) return
    stream.on('headers', onInterim)
    stream.on('response', onResponse)
    stream.on('data', onData)
    stream.on('trailers', onTrailers)
    stream.on('end', onEnd)
  }

  /** Ends this stream only; the other streams of the connection go on. */
  abort(): void {
    this.#over()
    if (!this.#stream.closed) this.#stream.close(CANCEL)
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    handBack(this.#stream)
    this.#stream.resume()
  }

  upload(measured: Measured | undefined): void {
    if (this.#isOver) return
    const { body } = this.attempt.call
    const open = measured?.chunks ?? (typeof body === 'function' ? body : undefined)
    if (open !== undefined) return void this.#pour(watchedBody(open, this.#collector)).catch(() => this.abort())
    // Without a body, the head has ended the stream.
    if (!isAtHand(body) || body === undefined) return this.#collector.onRequestSent()
    if (body.length > SLICE_BYTES) return void this.#pour([body]).catch(() => this.abort())
    this.#collector.onUpload()
    this.#stream.end(body, () => this.#collector.onRequestSent())
  }

  async #pour(chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>): Promise<void> {
    const stream = this.#stream
    this.#collector.onUpload()
    for await (const chunk of chunks) {
      for (const slice of slices(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)) {
        // The response no longer needs the body: leaving the loop closes the caller's stream.
        if (this.#isOver || stream.closed) return
        if (!stream.write(slice)) await streamDrained(stream)
        this.#collector.onUpload()
      }
    }
    if (!this.#isOver) stream.end(() => this.#collector.onRequestSent())
  }

  onInterim(status: number): void {
    if (!this.#isOver) this.#collector.onInterim(status)
  }

  onHead(head: Head, raw: readonly string[]): void {
    if (this.#isOver) return
    if (isTooLong(raw, this.#host.maxHeaderBytes)) return this.#tooLong('head')
    const length = head['content-length']
    this.#announced = length === undefined ? undefined : Number(length)
    this.#isHeaded = true
    this.#collector.onFields(Number(head[':status']), raw)
    const early = this.#early ?? []
    this.#early = undefined
    for (const chunk of early) if (!this.#isOver) this.#collector.onResponseData(this, chunk)
  }

  onData(chunk: Uint8Array): void {
    if (this.#isOver) return
    this.#bytes += chunk.byteLength
    if (!this.#host.isHonest()) {
      return this.#fail(
        fault('too_large/wire', 'received far more bytes than the bodies contain: no honest framing is that large', {
          sent: true,
        }),
      )
    }
    // Node reports a head one tick later, and sometimes data in the same tick.
    if (this.#isHeaded) this.#collector.onResponseData(this, chunk)
    else (this.#early ??= []).push(chunk)
  }

  onTrailers(raw: readonly string[]): void {
    if (!this.#isOver && isTooLong(raw, this.#host.maxHeaderBytes)) this.#tooLong('trailers')
  }

  #tooLong(what: string): void {
    const message: Words = [
      `expected ${what} of at most ${this.#host.maxHeaderBytes} bytes, got more. Raise `,
      { option: 'maxHeaderBytes' },
      ' if that is intended',
    ]
    this.#fail(fault('too_large/headers', message, { sent: true }))
  }

  #fail(known: ReturnType<typeof fault>): void {
    this.#collector.onResponseError(this, known)
    this.abort()
  }

  onEnd(): void {
    // Without END_STREAM it was a reset; `close` follows and says which.
    if (this.#isOver || this.#stream[ENDED] !== true) return
    this.#over()
    this.#collector.onResponseEnd()
    // Answered before the upload was complete: the rest is not needed (RFC 9113 §8.1).
    if (!this.#stream.closed && !this.#stream.writableFinished) this.#stream.close(CANCEL)
  }

  onClose(): void {
    if (this.#isOver) return
    this.#over()
    const { rstCode, id } = this.#stream
    const { goaway, gone, error } = this.#host
    const { headed } = this.attempt
    const short = this.#announced !== undefined && this.#bytes < this.#announced
    const known = brokenStream({ code: rstCode, id, goaway, gone, error: error ?? this.streamError, headed, short })
    this.#collector.onResponseError(this, known)
  }

  #over(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#stream[EXCHANGE] = undefined
    this.#host.over(this)
  }
}

type Head = Readonly<Record<string, string | readonly string[] | number | undefined>>

function streamDrained(stream: ClientHttp2Stream): Promise<void> {
  return new Promise(resolve => {
    const go = (): void => {
      stream.off('drain', go).off('close', go)
      resolve()
    }
    stream.on('drain', go).on('close', go)
  })
}

function isTooLong(raw: readonly string[], maxBytes: number): boolean {
  let bytes = 0
  for (const text of raw) bytes += text.length + 2
  return bytes > maxBytes
}
