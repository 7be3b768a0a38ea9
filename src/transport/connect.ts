/** Opens the connection of one attempt, and measures its lookup, connection and TLS handshake. */
import { connect as connectTcp, isIP } from 'node:net'
import type { OnReadOpts, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { Attempt } from '../core/attempt.ts'
import type { TlsPlan } from '../core/connection-plan.ts'
import type { Clock } from '../core/ports.ts'
import type { Phase } from '../core/result.ts'
import type { Addresses } from './addresses.ts'

/** Where to connect to. */
export interface ConnectTarget {
  readonly protocol: string
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  /** `''` for the default port of the protocol. */
  readonly port: string
  /** The tunnel over which TLS is spoken. */
  readonly tunnel?: Socket
  /** Called for each read with a buffer that is used again for the next one. Default: the socket emits `data`. */
  readonly onRead?: (bytes: Buffer, length: number) => void
}

export type ConnectCallback = (error: Error | null, socket: Socket | null) => void

/** Returns the socket at once, so that it can be closed before it is connected. */
export type Connect = (target: ConnectTarget, callback: ConnectCallback) => Socket

/** Detects a peer that is gone although its connection is still open. */
const KEEP_ALIVE_PROBE_MS = 60_000
const MAX_SESSIONS = 1_000

export function targetOf(origin: string): ConnectTarget {
  const { protocol, hostname, port } = new URL(origin)
  return { protocol, hostname: hostname.replace(/^\[|\]$/g, ''), port }
}

/** Returns a function that connects. It has no timer, because the timeouts of the attempt apply. */
export function connector(tls: TlsPlan, addresses: Addresses, http2 = false): Connect {
  const secure = secureOptions(tls, http2)
  const sessions = new Sessions()
  return (target, callback) =>
    settled(
      addresses.follow(() =>
        target.protocol === 'https:'
          ? connectSecure(target, secure, sessions, addresses)
          : connectTcp({
              host: target.hostname,
              port: portOf(target, 80),
              lookup: addresses.lookup,
              ...(target.onRead !== undefined && { onread: readInto(target.onRead) }),
            }),
      ),
      target.protocol === 'https:' ? 'secureConnect' : 'connect',
      callback,
    )
}

function secureOptions({ verify, ca, cert, key, passphrase, pfx }: TlsPlan, http2: boolean): ConnectionOptions {
  return {
    rejectUnauthorized: verify,
    ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    // A worker thread receives a plain Uint8Array, which `tls` does not accept here.
    ...(pfx !== undefined && { pfx: Buffer.from(pfx) }),
  }
}

function connectSecure(
  target: ConnectTarget,
  secure: ConnectionOptions,
  sessions: Sessions,
  addresses: Addresses,
): Socket {
  const { hostname, tunnel, onRead } = target
  const port = portOf(target, 443)
  const key = `${hostname}:${port}`
  const session = sessions.get(key)
  const socket = connectTls({
    ...secure,
    ...(isIP(hostname) === 0 && { servername: hostname }),
    ...(session !== undefined && { session }),
    ...(tunnel === undefined
      ? { host: hostname, port, lookup: addresses.lookup }
      : { host: hostname, port, socket: tunnel }),
    ...(onRead !== undefined && tunnel === undefined && { onread: readInto(onRead) }),
  })
  return socket.on('session', (fresh: Buffer) => sessions.set(key, fresh))
}

const portOf = ({ port }: ConnectTarget, standard: number): number => (port === '' ? standard : Number(port))

/** TLS sessions to resume (RFC 8446 §2.2), those used last. */
class Sessions {
  readonly #known = new Map<string, Buffer>()

  get(key: string): Buffer | undefined {
    return this.#known.get(key)
  }

  set(key: string, session: Buffer): void {
    this.#known.delete(key)
    this.#known.set(key, session)
    if (this.#known.size > MAX_SESSIONS) this.#known.delete(this.#known.keys().next().value as string)
  }
}

/**
 * The size of the one buffer for all sockets of this thread. Node reads into it and calls back at once, and no code
 * keeps a part of it. That saves a buffer for each read, and the objects of a stream.
 */
const READ_BYTES = 65_536
let sharedBuffer: Buffer | undefined

function readInto(onRead: (bytes: Buffer, length: number) => void): OnReadOpts {
  const buffer = (sharedBuffer ??= Buffer.allocUnsafeSlow(READ_BYTES))
  return {
    buffer,
    callback: length => {
      onRead(buffer, length)
      return true
    },
  }
}

function settled(socket: Socket, event: 'connect' | 'secureConnect', callback: ConnectCallback): Socket {
  // Forgotten once it was called: it knows the first request, which the socket must not keep in memory.
  let waiting: ConnectCallback | undefined = callback
  const settle: ConnectCallback = (error, made) => {
    const first = waiting
    waiting = undefined
    first?.(error, made)
  }
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
  socket.once(event, () => settle(null, socket))
  socket.on('error', error => settle(error, null))
  socket.once('close', () => settle(new ConnectionEnded(), null))
  return socket
}

/** The other side ended the connection in order. */
export class ConnectionEnded extends Error {
  readonly code = 'CONNECTION_ENDED'

  constructor() {
    super('the other side ended the connection')
  }
}

/** Follows a connection from its start; the socket's events mark the end of each phase. */
export function stampPhases(
  socket: Socket,
  attempt: Attempt,
  target: Pick<ConnectTarget, 'hostname' | 'protocol'>,
  clock: Clock,
): void {
  const { trip } = attempt
  const secure = target.protocol === 'https:'
  let startedAtMs = clock.now()
  const enter = (phase: Phase): number => {
    const nowMs = clock.now()
    const tookMs = nowMs - startedAtMs
    startedAtMs = nowMs
    attempt.phase = phase
    // `timeouts.connect` covers lookup, connection and TLS together, so it is not reset here.
    return tookMs
  }
  attempt.phaseAtMs = startedAtMs
  if (isIP(target.hostname) === 0) {
    attempt.phase = 'dns'
    socket.once('lookup', (error: Error | null) => {
      // A lookup cannot be cancelled: it may end long after the attempt.
      if (!socket.destroyed) trip.stopwatch.dnsMs = enter(error ? 'dns' : 'connect')
    })
  } else attempt.phase = 'connect'
  // Before the listener that writes the request, which is no part of connecting.
  socket.prependOnceListener('connect', () => void (trip.stopwatch.connectMs = enter(secure ? 'tls' : 'headers')))
  if (secure) socket.prependOnceListener('secureConnect', () => void (trip.stopwatch.tlsMs = enter('headers')))
}
