/**
 * `Expect: 100-continue` (RFC 9110 §10.1.1): sends the head alone, and the body once the server has answered 100 or has
 * been silent for a second. A final answer before that means that the server does not want the body.
 *
 * undici refuses the header, writes head and body together, and ends a connection that answers 100. This class
 * therefore sits between undici and the socket for the duration of one request.
 */
import type { Socket } from 'node:net'
import { Collector } from './collect.ts'
import type { Attempt } from '../core/attempt.ts'
import { getHeader } from '../core/headers.ts'
import type { Clock, Timer } from '../core/ports.ts'

/** RFC 9110 §10.1.1 gives no number; curl waits as long. */
const MAX_CONTINUE_WAIT_MS = 1_000
const MAX_INTERIM_BYTES = 16_384

type Write = Socket['write']

export const expectsContinue = ({ headers, call }: Attempt): boolean =>
  call.body !== undefined && getHeader(headers, 'expect') !== undefined

/** A Collector whose request holds its body back. */
export class ExpectingCollector extends Collector {
  readonly expectation: Expectation

  constructor(expectation: Expectation, ...rest: ConstructorParameters<typeof Collector>) {
    super(...rest)
    this.expectation = expectation
  }

  override onRequestStart(controller: Parameters<Collector['onRequestStart']>[0]): void {
    super.onRequestStart(controller)
    this.expectation.begin()
  }

  override onResponseStart(...head: Parameters<Collector['onResponseStart']>): void {
    super.onResponseStart(...head)
    if (head[1] >= 200) this.expectation.answered()
  }
}

export class Expectation {
  readonly #socketOf: () => Socket | undefined
  readonly #clock: Clock
  #state: 'head' | 'waiting' | 'sending' | 'refused' = 'head'
  #held: { readonly chunk: string | Uint8Array; readonly encoding: BufferEncoding | undefined }[] = []
  #isChunked = false
  #isAnswered = false
  #unread: Buffer = Buffer.alloc(0)
  #timer: Timer | undefined
  #restore: (() => void) | undefined

  constructor(socketOf: () => Socket | undefined, clock: Clock) {
    this.#socketOf = socketOf
    this.#clock = clock
  }

  /** Whether the whole request was sent. Otherwise the connection cannot be reused. */
  get isDone(): boolean {
    return this.#state === 'sending'
  }

  /** Called before undici writes. */
  begin(): void {
    const socket = this.#socketOf()
    if (socket === undefined) return
    const before = (['write', 'read'] as const).map(
      name => [name, Object.getOwnPropertyDescriptor(socket, name)] as const,
    )
    const realWrite = socket.write.bind(socket)
    const realRead = socket.read.bind(socket) as (size?: number) => Buffer | null
    socket.write = ((chunk: string | Uint8Array, encoding?: BufferEncoding) =>
      this.#write(realWrite, chunk, encoding)) as Write
    socket.read = (size?: number) => this.#read(realRead, size)
    this.#restore = () => {
      for (const [name, own] of before) {
        if (own === undefined) Reflect.deleteProperty(socket, name)
        else Object.defineProperty(socket, name, own)
      }
    }
    this.#timer = this.#clock.after(MAX_CONTINUE_WAIT_MS, () => this.#send())
  }

  /** The head of the final response has arrived; what follows is its body, even if it looks like a 100. */
  answered(): void {
    this.#isAnswered = true
  }

  /** The request has ended: restores the socket. */
  end(): void {
    this.#timer?.cancel()
    this.#restore?.()
    this.#restore = undefined
    this.#held = []
  }

  #write(write: Write, chunk: string | Uint8Array, encoding: BufferEncoding | undefined): boolean {
    if (this.#state === 'head') {
      const head = String(chunk)
      // After a chunked head, undici writes the line break together with the first chunk.
      this.#isChunked = !head.endsWith('\r\n\r\n')
      this.#state = 'waiting'
      return write(`${this.#isChunked ? head : head.slice(0, -2)}expect: 100-continue\r\n\r\n`, 'latin1')
    }
    const rest = this.#withoutBreak(chunk)
    if (this.#state === 'sending') return write(rest, encoding)
    this.#held.push({ chunk: rest, encoding })
    return false
  }

  #withoutBreak(chunk: string | Uint8Array): string | Uint8Array {
    if (!this.#isChunked || typeof chunk !== 'string') return chunk
    this.#isChunked = false
    return chunk.replace(/^\r\n/, '')
  }

  #send(): void {
    if (this.#state !== 'waiting') return
    this.#state = 'sending'
    this.#timer?.cancel()
    const socket = this.#socketOf()
    if (socket === undefined || socket.destroyed) return
    let isFree = true
    for (const { chunk, encoding } of this.#held) isFree = socket.write(chunk, encoding)
    this.#held = []
    // undici waits for `drain` after the held write. If the socket was full, the event comes by itself.
    if (isFree) socket.emit('drain')
  }

  /** Passes everything to undici except the 100. */
  #read(read: (size?: number) => Buffer | null, size?: number): Buffer | null {
    for (;;) {
      const bytes = read(size)
      if (bytes === null || this.#isAnswered || this.#restore === undefined) return bytes
      this.#unread = this.#unread.byteLength === 0 ? bytes : Buffer.concat([this.#unread, bytes])
      const start = this.#unread.subarray(0, 12).toString('latin1')
      const isWhole = start.length === 12
      if (!isWhole && 'HTTP/1.1 100'.startsWith(start)) continue
      if (!isWhole || !/^HTTP\/1\.\d 100/.test(start)) return this.#handOver(/^HTTP\/1\.\d 1/.test(start))
      const end = this.#unread.indexOf('\r\n\r\n')
      if (end === -1 && this.#unread.byteLength <= MAX_INTERIM_BYTES) continue
      if (end === -1) return this.#handOver(false)
      this.#unread = this.#unread.subarray(end + 4)
      this.#send()
      if (this.#unread.byteLength > 0) {
        const more = this.#unread
        this.#unread = Buffer.alloc(0)
        return more
      }
    }
  }

  #handOver(isInterim: boolean): Buffer {
    const bytes = this.#unread
    this.#unread = Buffer.alloc(0)
    if (!isInterim && this.#state === 'waiting') {
      this.#state = 'refused'
      this.#timer?.cancel()
    }
    return bytes
  }
}
