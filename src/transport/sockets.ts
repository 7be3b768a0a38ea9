/**
 * Our own connections over HTTP/1.1. Idle ones are kept by route and reused last in, first out.
 *
 * A connection that was idle is used only after everything that has arrived so far was read: it may have ended, or the
 * server may have sent bytes without a request, which must never be read as the next response.
 */
import type { Socket } from 'node:net'
import { clearTimeout, setTimeout } from 'node:timers'
import type { Attempt } from '../core/attempt.ts'
import type { Clock } from '../core/ports.ts'
import { routeKey } from '../core/route.ts'
import { ConnectionEnded, stampPhases, targetOf } from './connect.ts'
import type { Connect } from './connect.ts'
import { Connection } from './h1/connection.ts'
import type { ConnectionKeeper, SeenHead } from './h1/connection.ts'
import type { Exchange } from './h1/exchange.ts'
import type { FieldLimits } from './h1/fields.ts'
import { KEEP_ALIVE_MS, openSockets } from './open-sockets.ts'
import type { Room } from './open-sockets.ts'
import { atEndOfTurn, endingTurn } from './turn.ts'
import type { Through } from './tunnel/through.ts'

/** How often connections are closed that have been idle for too long. */
const SWEEP_MS = 1_000
/** Servers that sent stray bytes. The oldest is forgotten when there are very many. */
const MAX_UNTIDY = 10_000

export interface SocketsParts {
  /** Connects directly to an origin. */
  readonly connect: Connect
  /** Connects through a proxy. */
  readonly through: Through
  readonly clock: Clock
  readonly room: Room
  /** Limits for the head of a response. */
  readonly limits: FieldLimits
}

/** An exchange that is to start over an idle connection. */
interface Start {
  readonly exchange: Exchange
  readonly idle: Connection
  /** It starts at the end of a later turn than this one. */
  readonly unreadInTurn: number
}

export class Sockets implements ConnectionKeeper {
  lastHead: SeenHead | undefined
  readonly #parts: SocketsParts
  readonly #idle = new Map<string, Connection[]>()
  readonly #open = new Set<Connection>()
  /** Number of retries that need a new connection, by route. */
  readonly #owed = new Map<string, number>()
  /** Routes whose servers have sent bytes without a request. */
  readonly #untidy = new Set<string>()
  /** Exchanges that start at the end of this turn. */
  #starts: Start[] = []
  /** Connections that became idle in this turn. */
  #resting: Connection[] = []
  #sweeper: NodeJS.Timeout | undefined

  constructor(parts: SocketsParts) {
    this.#parts = parts
  }

  /** Sends the exchange over `ready` if given, otherwise over an idle connection, otherwise over a new one. */
  send(exchange: Exchange, ready?: Socket): void {
    const { attempt } = exchange
    const route = routeKey(attempt.call.origin, attempt.proxy)
    const idle = ready === undefined && !this.#isOwedFresh(attempt, route) ? this.#takeIdle(route) : undefined
    if (idle === undefined) return this.#make(exchange, route, ready)
    openSockets.use(idle)
    attempt.reused = true
    // The end of a connection is read one turn after its last bytes. Only a request that may be repeated takes that risk.
    const { drainedInTurn, unreadInTurn } = idle
    this.#startLater({
      exchange,
      idle,
      unreadInTurn: attempt.call.repeatable ? unreadInTurn : Math.max(drainedInTurn, unreadInTurn),
    })
  }

  #startLater(start: Start): void {
    this.#starts.push(start)
    this.#awaitEndOfTurn()
  }

  /** Called after each addition: the first one of a turn awaits its end. */
  #awaitEndOfTurn(): void {
    if (this.#starts.length + this.#resting.length === 1) atEndOfTurn(this.#endTurn)
  }

  readonly #endTurn = (): void => {
    const resting = this.#resting
    this.#resting = []
    this.#startAll()
    for (const connection of resting) connection.rest()
  }

  /** Starts the exchanges whose connections were read to the end. */
  #startAll(): void {
    const starts = this.#starts
    this.#starts = []
    const turn = endingTurn()
    for (const start of starts) {
      const { exchange, idle, unreadInTurn } = start
      if (idle.state !== 'idle') {
        if (!exchange.isOver) this.send(exchange)
      } else if (exchange.isOver) this.#keep(idle)
      else if (unreadInTurn >= turn) this.#startLater(start)
      else idle.start(exchange)
    }
  }

  #takeIdle(route: string): Connection | undefined {
    const idle = this.#idle.get(route)
    if (idle === undefined) return undefined
    const nowMs = this.#parts.clock.now()
    for (let connection = idle.pop(); connection !== undefined; connection = idle.pop()) {
      if (connection.socket?.destroyed === false && connection.idleUntilMs > nowMs) return connection
      connection.close()
    }
    return undefined
  }

  /**
   * A kept connection turned out to be closed, so the others probably are. The retry gets a fresh one.
   *
   * @param isRetried false if there will be none
   */
  dropIdle({ call, proxy }: Attempt, isRetried: boolean): void {
    const route = routeKey(call.origin, proxy)
    for (const connection of this.#idle.get(route)?.slice() ?? []) connection.close()
    if (isRetried) this.#owed.set(route, (this.#owed.get(route) ?? 0) + 1)
  }

  /**
   * Whether a retry needs a new connection. Until it is sent, other attempts may have returned connections that are
   * closing as well.
   */
  #isOwedFresh({ number }: Attempt, route: string): boolean {
    const owed = number > 1 ? this.#owed.get(route) : undefined
    if (owed === undefined) return false
    if (owed === 1) this.#owed.delete(route)
    else this.#owed.set(route, owed - 1)
    return true
  }

  free(connection: Connection): void {
    const { route, head, socket } = connection
    const keepAliveMs = head.keepAliveMs ?? KEEP_ALIVE_MS
    if (connection.isLast || keepAliveMs === 0 || socket?.destroyed !== false || this.#untidy.has(route)) {
      return connection.close()
    }
    connection.idleUntilMs = this.#parts.clock.now() + keepAliveMs
    this.#keep(connection)
    this.#resting.push(connection)
    this.#awaitEndOfTurn()
    this.#sweeper ??= setTimeout(this.#sweep, SWEEP_MS).unref()
  }

  #keep(connection: Connection): void {
    const { route } = connection
    openSockets.rest(connection)
    const idle = this.#idle.get(route)
    if (idle === undefined) this.#idle.set(route, [connection])
    else idle.push(connection)
  }

  /** Closes the connections that have been idle for too long. */
  readonly #sweep = (): void => {
    this.#sweeper = undefined
    const nowMs = this.#parts.clock.now()
    for (const idle of this.#idle.values()) {
      for (const connection of idle.slice()) if (connection.idleUntilMs <= nowMs) connection.close()
    }
    if (this.#idle.size > 0) this.#sweeper = setTimeout(this.#sweep, SWEEP_MS).unref()
  }

  gone(connection: Connection): void {
    this.#forget(connection)
    this.#open.delete(connection)
    openSockets.closed(connection)
  }

  #forget(connection: Connection): void {
    const idle = this.#idle.get(connection.route)
    if (idle === undefined) return
    const index = idle.indexOf(connection)
    if (index !== -1) idle.splice(index, 1)
    if (idle.length === 0) this.#idle.delete(connection.route)
  }

  surplus({ route }: Connection): void {
    if (this.#untidy.size >= MAX_UNTIDY) this.#untidy.delete(this.#untidy.values().next().value as string)
    this.#untidy.add(route)
  }

  close(): void {
    clearTimeout(this.#sweeper)
    for (const connection of this.#open) connection.ended(new ConnectionEnded())
  }

  #make(exchange: Exchange, route: string, ready: Socket | undefined): void {
    const { connect, through, clock, room, limits } = this.#parts
    const { attempt } = exchange
    openSockets.opening(room.max(clock.now()))
    const connection = new Connection({ route, isLast: this.#untidy.has(route), limits, keeper: this })
    this.#open.add(connection)
    connection.reserve(exchange)
    if (ready !== undefined) {
      connection.hold(ready)
      connection.opened(false)
      return connection.start(exchange)
    }
    attempt.reused = false
    const target = targetOf(attempt.call.origin)
    const opened = (error: Error | null, socket: Socket | null): void => {
      if (error !== null) return connection.ended(error)
      if (connection.state === 'gone') return void socket?.destroy()
      if (socket !== connection.socket) connection.hold(socket as Socket)
      connection.opened(attempt.proxy === undefined)
      connection.start(exchange)
    }
    if (attempt.proxy !== undefined) {
      return through({ proxy: attempt.proxy, target, attempt, hold: socket => connection.hold(socket) }, opened)
    }
    try {
      const socket = connect({ ...target, onRead: connection.onRead }, opened)
      connection.hold(socket)
      stampPhases(socket, attempt, target, clock)
    } catch (error) {
      // For example a certificate and a key that do not match, which Node reports at once.
      process.nextTick(opened, error, null)
    }
  }
}
