/**
 * Reads one response with our own Connection and Exchange, without a socket and without a Collector, so that hundreds of
 * thousands of them can be read per second.
 */
import type { Socket } from 'node:net'
import type { Collector } from '../../src/transport/collect.ts'
import { interimProblem } from '../../src/transport/head.ts'
import { Connection } from '../../src/transport/h1/connection.ts'
import type { ConnectionKeeper, SeenHead } from '../../src/transport/h1/connection.ts'
import { Exchange } from '../../src/transport/h1/exchange.ts'
import type { Attempt } from '../../src/core/attempt.ts'
import type { HeaderList } from '../../src/core/headers.ts'
import type { Fault } from '../../src/core/result.ts'

/**
 * What a reader made of the bytes. `cut`: they ended before the response did. `upgrade`: 101. `refused`: `why` says so.
 */
export interface ReadResponse {
  readonly verdict: 'whole' | 'cut' | 'upgrade' | 'refused'
  /** Our code, or the other parser's; empty unless it refused. */
  readonly why: string
  /** Of the final response; 0 if its head did not come. */
  readonly status: number
  readonly headers: HeaderList
  readonly body: Buffer
  /** Whether bytes follow a whole response. */
  readonly isSurplus: boolean
}

const FIELDS = { maxBytes: 65_536, maxFields: 2_000 }
const LIMITS = { maxExtensionBytes: 65_536, trailers: FIELDS }
/** As in real connections, one buffer is used for every read. */
const BUFFER = Buffer.alloc(4 * 2 ** 20)
const SOCKET = {
  writableNeedDrain: false,
  writableLength: 0,
  isPaused: () => false,
  on: () => SOCKET,
  ref: () => SOCKET,
  unref: () => SOCKET,
  write: () => true,
  destroy: () => SOCKET,
} as unknown as Socket

export type Method = 'GET' | 'HEAD'

const attemptOf = (method: Method): Attempt => {
  const attempt: unknown = {
    call: { method, origin: 'http://a.test', path: '/', body: undefined },
    headers: [],
    trip: { warn: () => undefined },
  }
  return attempt as Attempt
}
const ATTEMPTS: Readonly<Record<Method, Attempt>> = { GET: attemptOf('GET'), HEAD: attemptOf('HEAD') }

/** What a Collector would be told. */
class Notes {
  verdict: ReadResponse['verdict'] | undefined
  why = ''
  status = 0
  headers: HeaderList = []
  isSurplus = false
  #interims = 0
  #controller: { abort(): void } | undefined
  readonly #pieces: Uint8Array[] = []

  onRequestStart(controller: { abort(): void }): void {
    this.#controller = controller
  }
  onRequestSent(): void {}
  onResponseStarted(): void {}
  onWireRead(): boolean {
    return this.verdict === undefined
  }
  onInterim(status: number): void {
    const problem = interimProblem(status, ++this.#interims)
    if (problem === undefined) return
    if (status === 101) this.verdict = 'upgrade'
    else this.onRefused(problem)
    this.#controller?.abort()
  }
  onHead(status: number, _reason: string, headers: HeaderList): void {
    this.status = status
    this.headers = headers
  }
  onResponseData(_controller: unknown, piece: Uint8Array): void {
    this.#pieces.push(piece)
  }
  onResponseEnd(): void {
    this.verdict ??= 'whole'
  }
  onRefused({ code }: Fault): void {
    if (this.verdict !== undefined) return
    this.verdict = 'refused'
    this.why = code
  }
  onClosed(): void {
    this.verdict ??= 'cut'
  }
  get body(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

/** A connection that carries one response after another, as long as it stays open. */
export class ReaderConnection implements ConnectionKeeper {
  lastHead: SeenHead | undefined
  #notes = new Notes()
  #connection = this.#fresh()

  /** Whether the last response left the connection open. */
  get isOpen(): boolean {
    return this.#connection.state === 'idle'
  }

  #fresh(): Connection {
    const connection = new Connection({ route: '', isLast: false, limits: FIELDS, keeper: this })
    connection.socket = SOCKET
    connection.opened(true)
    return connection
  }

  free(): void {}
  gone(): void {}
  surplus(): void {
    this.#notes.isSurplus = true
  }

  /** Feeds the bytes in pieces that end at the cuts, and then the end of the connection unless the response is whole. */
  read(bytes: Buffer, cuts: readonly number[] = [], method: Method = 'GET'): ReadResponse {
    if (!this.isOpen) this.#connection = this.#fresh()
    const connection = this.#connection
    const notes = (this.#notes = new Notes())
    const parts = { measured: undefined, clock: undefined as never, limits: LIMITS }
    const collector = notes as unknown as Collector
    const exchange = new Exchange({ attempt: ATTEMPTS[method], collector, ...parts })
    connection.start(exchange)
    let from = 0
    for (let i = 0; i <= cuts.length; i++) {
      const end = cuts[i] ?? bytes.byteLength
      if (end <= from) continue
      if (notes.verdict !== undefined) {
        notes.isSurplus = true
        break
      }
      bytes.copy(BUFFER, 0, from, end)
      connection.onBytes(BUFFER, end - from)
      from = end
    }
    if (notes.verdict === undefined) connection.ended(undefined)
    exchange.settled(!notes.isSurplus)
    const { verdict = 'cut', why, status, headers, body, isSurplus } = notes
    return { verdict, why, status, headers, body, isSurplus: isSurplus && verdict === 'whole' }
  }
}

export const readResponse = (bytes: Buffer, cuts: readonly number[] = [], method: Method = 'GET'): ReadResponse =>
  new ReaderConnection().read(bytes, cuts, method)

/** Whether two readers, or one of them twice, made the same of a response. Why it was refused does not count. */
export function isSameResponse(one: ReadResponse, other: ReadResponse): boolean {
  if (one.verdict !== other.verdict) return false
  if (one.verdict === 'refused' || one.verdict === 'upgrade') return true
  return (
    one.status === other.status && one.body.equals(other.body) && one.headers.join('\0') === other.headers.join('\0')
  )
}

/** Why it was refused counts, and whether something follows it. */
export const isSameRead = (one: ReadResponse, other: ReadResponse): boolean =>
  isSameResponse(one, other) && one.why === other.why && one.isSurplus === other.isSurplus
