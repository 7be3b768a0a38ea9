/**
 * Which connection an attempt uses where HTTP/2 is offered: a stream of an open session, a new connection, or HTTP/1.1.
 *
 * The protocol is known only once a connection is made. So the first attempt to an unknown origin makes one, and the
 * others wait for its result instead of opening connections in vain. They wait only for a short time, because a
 * connection may hang.
 */
import { classify } from './faults.ts'
import { connector, stampPhases, targetOf } from './connect.ts'
import type { Connect } from './connect.ts'
import type { CollectorParts } from './wire.ts'
import { Session } from './h2-session.ts'
import type { Keeper } from './h2-session.ts'
import { DROPPED, openSockets } from './open-sockets.ts'
import type { Room } from './open-sockets.ts'
import { tunneller } from './tunnel/through.ts'
import type { Through, TunnelParts } from './tunnel/through.ts'
import type { Measured } from './upload.ts'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { abortWork } from '../core/attempt.ts'
import type { Attempt } from '../core/attempt.ts'
import type { Done } from '../core/layer.ts'
import { fault, isShortage } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import { routeKey } from '../core/route.ts'

/** How long others wait for a connection that another attempt is making. */
const MAX_CONNECTION_WAIT_MS = 1_000
/** With more routes than this, the oldest idle one is forgotten. */
const MAX_ROUTES = 10_000

export interface Http2Parts extends CollectorParts {
  readonly connection: Omit<TunnelParts, 'connect'>
  readonly room: Room
  /** Sends an attempt over HTTP/1.1, on the connection `ready` if there is one. */
  readonly plain: (attempt: Attempt, done: Done, measured?: Measured, ready?: Socket) => void
}

interface RouteParts extends Http2Parts {
  readonly connect: Connect
  readonly through: Through
}

/** An attempt that waits for a connection. */
interface ConnectionWaiter {
  readonly attempt: Attempt
  readonly measured: Measured | undefined
  readonly done: Done
  /** The connection that it is making itself. */
  socket: Socket | undefined
}

export class Http2 {
  readonly #parts: RouteParts
  readonly #routes = new Map<string, Route>()

  constructor(parts: Http2Parts) {
    const { tls, addresses } = parts.connection
    // Offers both protocols.
    const connect = connector(tls, addresses, true)
    this.#parts = { ...parts, connect, through: tunneller({ ...parts.connection, connect }) }
  }

  send(attempt: Attempt, done: Done, measured?: Measured): void {
    this.#routeOf(attempt).send(attempt, done, measured)
  }

  #routeOf({ call, proxy }: Attempt): Route {
    const key = routeKey(call.origin, proxy)
    let route = this.#routes.get(key)
    if (route === undefined) {
      if (this.#routes.size >= MAX_ROUTES) this.#forget()
      this.#routes.set(key, (route = new Route(this.#parts)))
    }
    return route
  }

  #forget(): void {
    for (const [key, route] of this.#routes) {
      if (route.isIdle) return void this.#routes.delete(key)
    }
  }

  close(): void {
    for (const route of this.#routes.values()) route.close()
    this.#routes.clear()
  }
}

/** One origin, reached directly or through one proxy. */
class Route implements Keeper {
  readonly #parts: RouteParts
  #speaks: 'unknown' | 'http/1.1' | 'h2' = 'unknown'
  readonly #sessions = new Set<Session>()
  /** In the order of arrival. */
  readonly #waiting = new Set<ConnectionWaiter>()
  /** Streams that a new connection is expected to carry, judging by the last one. */
  #expected = Infinity
  #connecting = 0
  #isImpatient = false
  #patience: NodeJS.Timeout | undefined

  constructor(parts: RouteParts) {
    this.#parts = parts
  }

  get isIdle(): boolean {
    return this.#sessions.size === 0 && this.#waiting.size === 0
  }

  send(attempt: Attempt, done: Done, measured?: Measured): void {
    if (this.#speaks === 'http/1.1') return this.#parts.plain(attempt, done, measured)
    const session = this.#waiting.size === 0 ? this.#free() : undefined
    if (session === undefined) this.#wait(attempt, done, measured)
    else session.carry(attempt, done, measured)
  }

  #free(): Session | undefined {
    for (const session of this.#sessions) if (session.room > 0) return session
    return undefined
  }

  #wait(attempt: Attempt, done: Done, measured: Measured | undefined): void {
    const waiter: ConnectionWaiter = { attempt, measured, done, socket: undefined }
    attempt.abort = () => {
      this.#end(waiter, fault('aborted/in_flight', 'aborted while connecting'))
      // With an error, so that the code that is making the connection notices.
      waiter.socket?.destroy(DROPPED)
      this.#serve()
    }
    this.#waiting.add(waiter)
    this.#serve()
  }

  #end(waiter: ConnectionWaiter, failure: Fault): void {
    if (this.#waiting.delete(waiter)) waiter.done(failure)
  }

  /** The waiter waits no more: it has a session, or goes over HTTP/1.1. */
  #go(waiter: ConnectionWaiter, session?: Session): void {
    const { attempt, done, measured, socket } = waiter
    this.#waiting.delete(waiter)
    if (session !== undefined) session.carry(attempt, done, measured)
    else this.#parts.plain(attempt, done, measured, socket)
  }

  /** Starts waiters that can go, and makes connections for the others. */
  #serve(): void {
    for (const waiter of this.#waiting) {
      // A waiter that makes a connection waits for it, as with HTTP/1.1.
      if (waiter.socket !== undefined) continue
      if (this.#speaks === 'http/1.1') {
        this.#go(waiter)
        continue
      }
      const session = this.#free()
      if (session === undefined) break
      this.#go(waiter, session)
    }
    this.#connect()
    if (this.#waiting.size > this.#connecting) this.#patience ??= this.#wakeLater()
  }

  #wakeLater(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#patience = undefined
      this.#isImpatient = true
      this.#serve()
    }, MAX_CONNECTION_WAIT_MS)
  }

  /** Makes as many connections as the waiters will need, and no more. */
  #connect(): void {
    const missing = this.#missing()
    for (const waiter of this.#waiting) {
      if (this.#connecting >= missing) return
      if (waiter.socket === undefined) this.#make(waiter)
    }
  }

  #missing(): number {
    if (this.#waiting.size === 0) return 0
    const sessions = [...this.#sessions].filter(({ isUsable }) => isUsable)
    // A server may accept no streams for a time, and say so; another connection would get the same answer.
    if (sessions.some(({ isSettled, limit }) => isSettled && limit === 0)) return 0
    if (this.#isImpatient) return this.#waiting.size
    // A session that has not yet said how many streams it accepts may be enough.
    if (sessions.some(({ isSettled }) => !isSettled)) return 0
    return Math.ceil(this.#waiting.size / Math.min(this.#waiting.size, Math.max(1, this.#expected)))
  }

  #make(waiter: ConnectionWaiter): void {
    const { attempt } = waiter
    const options = targetOf(attempt.call.origin)
    this.#connecting++
    openSockets.opening(this.#parts.room.max(this.#parts.clock.now()))
    const done = (error: Error | null, made: Socket | null): void => {
      this.#connecting--
      // Aborted meanwhile.
      if (!this.#waiting.has(waiter)) {
        openSockets.closed()
        made?.destroy()
      } else if (error === null) this.#take(waiter, made as TLSSocket)
      else {
        openSockets.closed()
        this.#failed(waiter, error)
      }
      this.#serve()
    }
    const hold = (socket: Socket): void => {
      waiter.socket = socket
      socket.on('error', ignore)
      if (!this.#waiting.has(waiter)) socket.destroy(DROPPED)
    }
    attempt.reused = false
    if (attempt.proxy !== undefined) {
      return this.#parts.through({ proxy: attempt.proxy, target: options, attempt, hold }, done)
    }
    try {
      const socket = this.#parts.connect(options, done)
      hold(socket)
      stampPhases(socket, attempt, options, this.#parts.clock)
    } catch (error) {
      // For example a certificate and a key that do not match, which Node reports at once.
      process.nextTick(done, error, null)
    }
  }

  #failed(waiter: ConnectionWaiter, error: Error): void {
    const failure = classify(error, waiter.attempt, { started: false, framing: 'unverified', uploading: false })
    // As for HTTP/1.1: closing a connection frees no port.
    if (isShortage(failure) && failure.code !== 'resource/port') openSockets.closeIdle()
    this.#end(waiter, failure)
  }

  /** A connection is open, which shows what the server speaks. */
  #take(waiter: ConnectionWaiter, socket: TLSSocket): void {
    if (socket.alpnProtocol !== 'h2') {
      this.#speaks = 'http/1.1'
      // The code that uses it counts it again.
      openSockets.closed()
      waiter.socket = socket
      return this.#go(waiter)
    }
    this.#speaks = 'h2'
    const session = new Session(waiter.attempt.call.origin, socket, this.#parts, this)
    this.#sessions.add(session)
    this.#go(waiter, session)
  }

  changed(session: Session): void {
    if (!session.isUsable && session.gone) this.#sessions.delete(session)
    else if (session.isSettled) {
      this.#expected = session.limit
      this.#isImpatient = false
    }
    if (this.#waiting.size > 0) this.#serve()
    else if (this.#patience !== undefined) {
      clearTimeout(this.#patience)
      this.#patience = undefined
    }
  }

  wantsHttp1(): void {
    this.#speaks = 'http/1.1'
    if (this.#waiting.size > 0) this.#serve()
  }

  stale(): void {
    for (const session of this.#sessions) session.dropIdle()
  }

  close(): void {
    clearTimeout(this.#patience)
    for (const { attempt } of this.#waiting) abortWork(attempt)
    for (const session of this.#sessions) session.end()
  }
}

function ignore(): void {}
