/**
 * One connection that speaks HTTP/1.1: its socket, and the exchange that it carries. Between two exchanges the server
 * must not send a byte. Requests are never pipelined.
 */
import type { Socket } from 'node:net'
import type { Exchange } from './exchange.ts'
import { HeadReader } from './head-reader.ts'
import { knownHead } from './known-head.ts'
import type { KnownHead } from './known-head.ts'
import type { FieldLimits } from './fields.ts'
import type { WireProblem } from './problem.ts'
import { DROPPED } from '../open-sockets.ts'
import type { KeptConnection } from '../open-sockets.ts'
import { currentTurn } from '../turn.ts'
import type { LinkedList } from '../../core/linked-list.ts'

/**
 * Node reads again in the same turn while a read fills its buffer for encrypted bytes, but only 32 times. A response of
 * fewer bytes than these takes fewer reads, so its last one took all that had arrived.
 */
const MAX_SHORT_BYTES = 16_384

/** A longer head is not kept for comparison. */
const MAX_KNOWN_BYTES = 4_096

/** A head that was read, and its bytes, for comparison. */
export interface SeenHead {
  readonly bytes: Buffer
  readonly head: KnownHead
}

/** What the pool of connections does when one of them changes. */
export interface ConnectionKeeper {
  /** The head that one of its connections has parsed last: others mostly get the same. */
  lastHead: SeenHead | undefined
  /** The response is complete, and the connection may carry another request. */
  free(connection: Connection): void
  /** The connection has ended, or must not be used again. */
  gone(connection: Connection): void
  /** The server sent bytes that no request asked for. */
  surplus(connection: Connection): void
}

export interface ConnectionParts {
  /** Origin and proxy. */
  readonly route: string
  readonly isLast: boolean
  readonly limits: FieldLimits
  readonly keeper: ConnectionKeeper
}

/** `connecting`: no socket, or one that is not open. `idle`: open, and carries nothing. `gone`: never used again. */
export type ConnectionState = 'connecting' | 'idle' | 'busy' | 'gone'

export class Connection implements KeptConnection {
  list: LinkedList<KeptConnection> | undefined
  before: KeptConnection | undefined
  behind: KeptConnection | undefined
  readonly route: string
  socket: Socket | undefined
  /** Number of requests that it has carried. */
  carried = 0
  /** When it is closed unless it is used (monotonic ms). */
  idleUntilMs = 0
  /** The turn of the event loop in which its last response was complete and no byte was left to read after it. */
  drainedInTurn = -1
  /** The last turn of the event loop in which bytes that had arrived may have been left unread. */
  unreadInTurn = -1
  /** The head that was read last. */
  head!: KnownHead
  /** True if the server has sent stray bytes before. Each of its connections then carries one request only. */
  readonly isLast: boolean
  #state: ConnectionState = 'connecting'
  readonly #keeper: ConnectionKeeper
  readonly #heads: HeadReader
  /** The last head of a final response, if it was short. */
  #known: SeenHead | undefined
  #exchange: Exchange | undefined
  #isRef = true
  #isReading = false
  #isResuming = false
  #isEncrypted = false
  /** The socket passes its bytes on by itself, so each of its reads is one of the operating system. */
  #isPushed = false
  /** Whether the last read took all bytes that had arrived; of an encrypted socket it is not known. */
  #isShortRead = false
  /** Bytes that an encrypted socket had read before this exchange. */
  #readBefore = 0

  constructor({ route, isLast, limits, keeper }: ConnectionParts) {
    this.route = route
    this.isLast = isLast
    this.#keeper = keeper
    this.#heads = new HeadReader(limits)
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** The exchange that a new connection is made for. */
  reserve(exchange: Exchange): void {
    this.#exchange = exchange
    exchange.bind(this)
  }

  /** Sets the socket of the connection, in place of an earlier one. Closing it closes the sockets below it as well. */
  hold(socket: Socket): void {
    this.socket = socket
    socket.on('error', error => this.#onError(error))
    // Aborted between two steps of connecting.
    if (this.#state === 'gone') socket.destroy(DROPPED)
  }

  /**
   * While connecting, the code that opens the socket reports the failure, because it may know more than the socket's
   * error says.
   */
  #onError(error: Error): void {
    if (this.#state !== 'connecting') this.ended(error)
  }

  /**
   * The socket is open: the connection reads everything that arrives from now on.
   *
   * @param isPushed whether the socket passes its bytes to `onBytes` by itself
   */
  opened(isPushed: boolean): void {
    const socket = this.socket as Socket
    this.#isEncrypted = 'encrypted' in socket
    this.#isPushed = isPushed
    if (!isPushed) socket.on('data', (bytes: Buffer) => this.onBytes(bytes, bytes.byteLength))
    socket.on('end', () => this.ended(undefined)).on('close', () => this.ended(undefined))
  }

  /** Carries this exchange: writes its request now. */
  start(exchange: Exchange): void {
    this.#state = 'busy'
    this.#exchange = exchange
    exchange.bind(this)
    if (!this.#isRef) this.#ref(true)
    if (this.#isEncrypted) this.#readBefore = this.socket?.bytesRead ?? 0
    try {
      exchange.start(this.socket as Socket)
    } catch (error) {
      exchange.broke(error)
    }
  }

  /** An idle connection does not keep the process alive. */
  rest(): void {
    if (this.#state === 'idle' && this.#isRef) this.#ref(false)
  }

  #ref(isRef: boolean): void {
    this.#isRef = isRef
    if (isRef) this.socket?.ref()
    else this.socket?.unref()
  }

  /** For the socket. A closure of the one who makes the connection would keep its first request in memory. */
  readonly onRead = (buffer: Buffer, length: number): void => this.onBytes(buffer, length)

  /** Called for each read. The buffer is used again for the next one. */
  onBytes(buffer: Buffer, length: number): void {
    const exchange = this.#exchange
    if (exchange === undefined || exchange.isOver || this.#state !== 'busy') return this.#onStray()
    // A full buffer may be followed by another read.
    this.#isShortRead = length < buffer.byteLength
    this.#isReading = true
    try {
      exchange.read(buffer, 0, length)
    } catch (error) {
      exchange.broke(error)
    }
    this.#isReading = false
    if (!this.#isResuming) return
    this.#isResuming = false
    this.socket?.resume()
  }

  /** Bytes arrived without a request: a fault of the server, or an attack that wants them read as the next response. */
  #onStray(): void {
    if (this.#state === 'gone') return
    this.surplus()
    this.close()
  }

  get isHeadBegun(): boolean {
    return this.#heads.isBegun
  }

  /**
   * Continues to read a head, which is then in `head`.
   *
   * @returns the index after it; -1 if more must follow; or why it is refused
   */
  readHead(bytes: Buffer, from: number, end: number): number | WireProblem {
    const isFirst = !this.#heads.isBegun
    if (isFirst && this.#knows(this.#known, bytes, from, end)) return from + this.#known.bytes.byteLength
    const { lastHead } = this.#keeper
    if (isFirst && this.#knows(lastHead, bytes, from, end)) {
      this.#known = lastHead
      this.head = lastHead.head
      return from + lastHead.bytes.byteLength
    }
    const stop = this.#heads.read(bytes, from, end)
    if (typeof stop !== 'number' || stop === -1) return stop
    const head = knownHead(this.#heads.take())
    if ('code' in head) return head
    this.head = head
    const isKept = isFirst && head.status >= 200 && stop - from <= MAX_KNOWN_BYTES
    this.#known = isKept ? { bytes: Buffer.from(bytes.subarray(from, stop)), head } : undefined
    if (isKept) this.#keeper.lastHead = this.#known
    return stop
  }

  /** Whether the next bytes are this head. */
  #knows(seen: SeenHead | undefined, bytes: Buffer, from: number, end: number): seen is SeenHead {
    if (seen === undefined) return false
    const { byteLength } = seen.bytes
    return byteLength <= end - from && bytes.compare(seen.bytes, 0, byteLength, from, from + byteLength) === 0
  }

  /** Called when the last read has completed the response. */
  completed(): void {
    if (this.#isEncrypted ? this.#isShortExchange() : this.#isShortRead) this.drainedInTurn = currentTurn()
    else this.unreadInTurn = currentTurn()
  }

  /**
   * Whether this exchange has read so little that nothing can be left. Another TLS record that arrived with the last one
   * is passed on within this turn.
   */
  #isShortExchange(): boolean {
    return this.#isPushed && (this.socket?.bytesRead ?? Infinity) - this.#readBefore < MAX_SHORT_BYTES
  }

  /** This exchange has ended. */
  release(exchange: Exchange, isReusable: boolean): void {
    if (this.#exchange !== exchange) return
    this.#exchange = undefined
    if (!isReusable || this.#state !== 'busy') return this.close()
    this.#state = 'idle'
    this.carried++
    this.resume()
    this.#keeper.free(this)
  }

  surplus(): void {
    this.#keeper.surplus(this)
  }

  pause(): void {
    this.#isResuming = false
    this.socket?.pause()
  }

  /**
   * Resumes after the current read, because a TLS socket may deliver bytes at once, into the buffer that is being read.
   */
  resume(): void {
    const { socket } = this
    if (socket === undefined || !socket.isPaused()) return
    this.unreadInTurn = currentTurn()
    if (this.#isReading) this.#isResuming = true
    else socket.resume()
  }

  /** Closes the connection. An exchange that it carries must have ended before. */
  close(): void {
    if (this.#state === 'gone') return
    const wasBusy = this.#state === 'busy'
    this.#state = 'gone'
    this.#exchange = undefined
    const { socket } = this
    // Otherwise the operating system would send the part of the request that it has buffered. With bytes left, the end of
    // the connection is not under way: Node does not reset one that is ending.
    if (wasBusy && !this.#isEncrypted && socket !== undefined && socket.writableLength > 0) socket.resetAndDestroy()
    else socket?.destroy(DROPPED)
    this.#keeper.gone(this)
  }

  /** The connection could not be opened, or has ended. */
  ended(error: Error | undefined): void {
    if (this.#state === 'gone') return
    const exchange = this.#exchange
    this.close()
    exchange?.ended(error)
  }
}
