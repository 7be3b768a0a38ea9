/**
 * Our own sockets: one undici Client per open connection, idle ones kept by origin, last used first.
 *
 * One Client per socket, because a Client that cannot connect fails everything queued on it; here nothing ever queues.
 * It also tells which socket an attempt had, fresh or used, and costs no more than a Pool (bench/transport.ts).
 */
import { Client } from 'undici'
import type { Socket } from 'node:net'
import type { Attempt } from '../core/attempt.ts'
import type { Clock } from '../core/ports.ts'
import { stampPhases } from './connect.ts'
import type { Connect } from './connect.ts'

/** As browsers and Node's own agent do; servers close idle connections after five seconds or more. */
const KEEP_ALIVE_MS = 4_000
const MAX_HEAD_BYTES = 65_536

export interface Line {
  readonly client: Client
  readonly origin: string
  /** The connection, while there is one. */
  socket: Socket | undefined
  /** Requests that this connection has carried. */
  carried: number
  /** Whom a new connection is for. */
  attempt: Attempt | undefined
  state: 'busy' | 'idle' | 'gone'
}

export class Sockets {
  readonly #connect: Connect
  readonly #clock: Clock
  readonly #idle = new Map<string, Line[]>()
  readonly #open = new Set<Line>()

  constructor(connect: Connect, clock: Clock) {
    this.#connect = connect
    this.#clock = clock
  }

  /** A connection to the attempt's origin, an idle one if there is any. */
  take(attempt: Attempt): Line {
    const { origin } = attempt.call
    const line = this.#idle.get(origin)?.pop() ?? this.#make(origin)
    line.state = 'busy'
    line.attempt = attempt
    attempt.reused = line.carried > 0
    return line
  }

  /** The response is whole: the connection may carry another request. */
  give(line: Line): void {
    if (line.state !== 'busy') return
    if (line.socket === undefined || line.socket.destroyed) return this.drop(line)
    line.state = 'idle'
    line.attempt = undefined
    line.carried++
    const idle = this.#idle.get(line.origin)
    if (idle === undefined) this.#idle.set(line.origin, [line])
    else idle.push(line)
  }

  /** The connection is of no more use. */
  drop(line: Line): void {
    if (line.state === 'gone') return
    if (line.state === 'idle') this.#forget(line)
    line.state = 'gone'
    line.attempt = undefined
    this.#open.delete(line)
    // undici does not end a connection that is still being made; the socket itself does.
    line.socket?.destroy()
    void line.client.destroy().catch(ignore)
  }

  close(): void {
    for (const line of this.#open) this.drop(line)
  }

  #forget(line: Line): void {
    const idle = this.#idle.get(line.origin)
    const index = idle?.indexOf(line) ?? -1
    if (idle === undefined || index === -1) return
    idle.splice(index, 1)
    if (idle.length === 0) this.#idle.delete(line.origin)
  }

  #make(origin: string): Line {
    const secure = origin.startsWith('https:')
    const client = new Client(origin, {
      connect: (options, callback) => {
        line.carried = 0
        // undici's type hides it, but its connector answers with the socket at once.
        line.socket = this.#connect(options, callback) as unknown as Socket
        if (line.attempt !== undefined) stampPhases(line.socket, line.attempt, secure, this.#clock)
      },
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEAD_BYTES,
      // The attempt's own limits hold, to the millisecond; undici's timers would add up to a second.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const line: Line = { client, origin, socket: undefined, carried: 0, attempt: undefined, state: 'busy' }
    client.on('disconnect', () => {
      if (line.state === 'idle') this.drop(line)
    })
    this.#open.add(line)
    return line
  }
}

function ignore(): void {}
