/**
 * Our own sockets: one undici Client per open connection. Idle ones are kept by route and reused last in, first out.
 *
 * One Client per socket, because a Client that cannot connect fails everything queued on it; here nothing is ever
 * queued. It also shows whether an attempt had a fresh or a reused socket.
 */
import type { Socket } from 'node:net'
import type { Attempt } from '../core/attempt.ts'
import type { Clock } from '../core/ports.ts'
import { routeKey } from '../core/route.ts'
import type { Proxy } from '../core/route.ts'
import { stampPhases } from './connect.ts'
import type { Connect } from './connect.ts'
import { DROPPED, KEEP_ALIVE_MS, openSockets } from './open-sockets.ts'
import { Client } from './undici-parts.ts'
import type { KeptConnection, Room } from './open-sockets.ts'
import type { Through } from './tunnel/through.ts'

export interface Connection extends KeptConnection {
  readonly client: Client
  /** Origin and proxy. */
  readonly route: string
  /** The connection, while there is one. */
  socket: Socket | undefined
  /** Number of requests that this connection has carried. */
  carried: number
  /** The attempt that a new connection is made for. */
  attempt: Attempt | undefined
  /** The attempt whose response it carries, or carried last. */
  reader: Reader | undefined
  state: 'busy' | 'idle' | 'gone'
}

/** Receives what undici does not report about the connection. */
export interface Reader {
  /** Returns false if the bytes must not be parsed. The first `returned` bytes were read before and given back. */
  onWireRead(bytes: Uint8Array, returned: number): boolean
  onWireError(error: Error): void
}

export interface SocketsParts {
  /** Connects directly to an origin. */
  readonly connect: Connect
  /** Connects through a proxy. */
  readonly through: Through
  readonly clock: Clock
  readonly room: Room
  /** Limit for the names and values of a response's head. */
  readonly maxHeaderBytes: number
}

export class Sockets {
  readonly #connect: Connect
  readonly #through: Through
  readonly #clock: Clock
  readonly #room: Room
  readonly #maxHeaderBytes: number
  readonly #idle = new Map<string, Connection[]>()
  readonly #open = new Set<Connection>()
  /** Fresh connections owed to retries, by route. */
  readonly #owed = new Map<string, number>()

  constructor({ connect, through, clock, room, maxHeaderBytes }: SocketsParts) {
    this.#connect = connect
    this.#through = through
    this.#clock = clock
    this.#room = room
    // undici accepts integers only.
    this.#maxHeaderBytes = Math.min(maxHeaderBytes, Number.MAX_SAFE_INTEGER)
  }

  /** A connection to the attempt's origin: `ready` if given, otherwise an idle one, otherwise a new one. */
  take(attempt: Attempt, ready?: Socket): Connection {
    const { origin } = attempt.call
    const route = routeKey(origin, attempt.proxy)
    const idle = ready === undefined && !this.#isOwedFresh(attempt, route) ? this.#takeIdle(route) : undefined
    const connection = idle ?? this.#make(origin, route, attempt.proxy, ready)
    connection.state = 'busy'
    openSockets.use(connection)
    connection.attempt = attempt
    attempt.reused = connection.carried > 0
    return connection
  }

  #takeIdle(route: string): Connection | undefined {
    const idle = this.#idle.get(route)
    for (let connection = idle?.pop(); connection !== undefined; connection = idle?.pop()) {
      // Already closed, but undici has not reported it yet.
      if (connection.socket?.destroyed === false) return connection
      this.drop(connection)
    }
    return undefined
  }

  /** A kept connection turned out to be closed, so the others probably are. The retry gets a fresh one. */
  dropIdle({ call, proxy }: Attempt): void {
    const route = routeKey(call.origin, proxy)
    for (const connection of this.#idle.get(route)?.slice() ?? []) this.drop(connection)
    this.#owed.set(route, (this.#owed.get(route) ?? 0) + 1)
  }

  /** Until the retry comes, other attempts may have returned connections that are closing as well. */
  #isOwedFresh({ number }: Attempt, route: string): boolean {
    const owed = number > 1 ? this.#owed.get(route) : undefined
    if (owed === undefined) return false
    if (owed === 1) this.#owed.delete(route)
    else this.#owed.set(route, owed - 1)
    return true
  }

  /** The response is complete: the connection may carry another request. */
  give(connection: Connection): void {
    if (connection.state !== 'busy') return
    if (connection.socket === undefined || connection.socket.destroyed) return this.drop(connection)
    connection.state = 'idle'
    connection.attempt = undefined
    connection.carried++
    openSockets.rest(connection)
    const idle = this.#idle.get(connection.route)
    if (idle === undefined) this.#idle.set(connection.route, [connection])
    else idle.push(connection)
  }

  /** Closes a connection that cannot be reused. */
  drop(connection: Connection): void {
    if (connection.state === 'gone') return
    this.#forget(connection)
    connection.state = 'gone'
    connection.attempt = undefined
    connection.reader = undefined
    this.#open.delete(connection)
    openSockets.closed(connection)
    // undici does not end a connection that is still being made, but the socket does. With an error: undici takes an
    // end without one for the end of a body without a length, and then fails an assertion.
    connection.socket?.destroy(DROPPED)
    void connection.client.destroy().catch(() => {})
  }

  close(): void {
    for (const connection of this.#open) this.drop(connection)
  }

  #forget(connection: Connection): void {
    const idle = this.#idle.get(connection.route)
    if (idle === undefined) return
    const index = idle.indexOf(connection)
    if (index !== -1) idle.splice(index, 1)
    if (idle.length === 0) this.#idle.delete(connection.route)
  }

  #make(origin: string, route: string, proxy: Proxy | undefined, ready: Socket | undefined): Connection {
    openSockets.opening(this.#room.max(this.#clock.now()))
    let made = ready
    const client = new Client(origin, {
      connect: (options, callback) => {
        connection.carried = 0
        if (made !== undefined) {
          adopt(made, connection)
          overhear(made, connection)
          process.nextTick(callback, null, made)
          made = undefined
          return
        }
        if (proxy !== undefined) {
          const { attempt } = connection
          if (attempt !== undefined) attempt.reused = false
          const passage = { proxy, target: options, attempt, hold: (socket: Socket) => adopt(socket, connection) }
          return this.#through(passage, (error, socket) => {
            if (socket !== null) overhear(socket, connection)
            ;(callback as (error: Error | null, socket: Socket | null) => void)(error, socket)
          })
        }
        // undici's type hides it, but its connector returns the socket at once.
        const socket = this.#connect(options, callback) as unknown as Socket
        adopt(socket, connection)
        overhear(socket, connection)
        if (connection.attempt === undefined) return
        // undici makes a new connection if a kept one ended just before its use.
        connection.attempt.reused = false
        stampPhases(socket, connection.attempt, options, this.#clock)
      },
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: this.#maxHeaderBytes,
      // The attempt's own timeouts apply, to the millisecond; undici's timers would add up to a second.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const connection: Connection = {
      client,
      route,
      socket: undefined,
      carried: 0,
      attempt: undefined,
      reader: undefined,
      state: 'busy',
      list: undefined,
      before: undefined,
      behind: undefined,
      close: () => this.drop(connection),
    }
    client.on('disconnect', () => {
      if (connection.state === 'idle') this.drop(connection)
    })
    this.#open.add(connection)
    return connection
  }
}

/** From now on this socket stands for the connection; the sockets below it close with it. */
function adopt(socket: Socket, connection: Connection): void {
  connection.socket = socket
  socket.on('error', error => connection.reader?.onWireError(error))
  // Aborted between two steps of connecting.
  if (connection.state === 'gone') socket.destroy(DROPPED)
}

/** Watches the raw bytes: undici counts only bodies, and has one error for several faults in a head. */
function overhear(socket: Socket, connection: Connection): void {
  const read = socket.read.bind(socket) as (size?: number) => Uint8Array | null
  socket.read = (size?: number): Uint8Array | null => {
    const bytes = read(size)
    if (bytes === null || connection.reader === undefined) return bytes
    const before = returned
    returned = Math.max(0, before - bytes.byteLength)
    return connection.reader.onWireRead(bytes, before) ? bytes : null
  }
  // undici gives back what it has not parsed while the reader of a body is busy.
  const unshift = socket.unshift.bind(socket)
  let returned = 0
  socket.unshift = (bytes: Uint8Array): void => {
    returned += bytes.byteLength
    unshift(bytes)
  }
}
