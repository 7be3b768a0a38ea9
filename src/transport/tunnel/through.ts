/**
 * A connection through a proxy: to the proxy, from there to the target, then TLS with the target if its URL says so.
 * Ends with a socket for the request or with a ProxyFailure; it never bypasses the proxy.
 */
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import type { Attempt } from '../../core/attempt.ts'
import type { TlsPlan } from '../../core/connection-plan.ts'
import type { Clock } from '../../core/ports.ts'
import type { Proxy } from '../../core/route.ts'
import type { Addresses } from '../addresses.ts'
import type { Connect, ConnectCallback, ConnectTarget } from '../connect.ts'
import { ProxyFailure } from './failure.ts'
import { httpConnect } from './http-connect.ts'
import { connected, proxySocket } from './proxy-socket.ts'
import { socks5 } from './socks5.ts'

export interface Passage {
  readonly proxy: Proxy
  readonly target: ConnectTarget
  /** The attempt that the connection is for; its phases are recorded. */
  readonly attempt: Attempt | undefined
  /** Called with the socket that stands for the connection by now: destroying it destroys all sockets below it. */
  readonly hold: (socket: Socket) => void
}

/** What all connections of a client share. */
export interface TunnelParts {
  readonly tls: TlsPlan
  /** Opens TLS with the target, over the tunnel. */
  readonly connect: Connect
  readonly addresses: Addresses
  readonly clock: Clock
}

export type Through = (passage: Passage, callback: ConnectCallback) => void

export function tunneller(parts: TunnelParts): Through {
  return (passage, callback) => {
    openTunnel(parts, passage).then(
      socket => callback(null, socket),
      (error: unknown) => callback(error as Error, null),
    )
  }
}

async function openTunnel({ tls, connect, addresses, clock }: TunnelParts, passage: Passage): Promise<Socket> {
  const { proxy, target, attempt, hold } = passage
  const { hostname, protocol } = target
  const isSecure = protocol === 'https:'
  const port = target.port === '' ? (isSecure ? 443 : 80) : Number(target.port)
  const link = proxySocket(proxy, tls, addresses)
  hold(link)
  const stamps = new Stamps(attempt, clock)
  if (isIP(proxy.hostname) === 0) link.once('lookup', () => stamps.lookedUp(link))
  try {
    await connected(link, proxy)
    if (proxy.protocol === 'socks5:') await socks5(link, proxy, hostname, port)
    else if (isSecure) await httpConnect(link, proxy, `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`)
    // Nothing has been sent to the target yet, so any further bytes are an error.
    if (!isSecure && link.readableLength > 0) {
      throw new ProxyFailure('protocol', `the proxy ${proxy.name} sent bytes after its answer and before the request`)
    }
  } catch (error) {
    link.destroy()
    throw error instanceof ProxyFailure
      ? error
      : new ProxyFailure('connect', `the connection to the proxy ${proxy.name} ended before it answered`, {
          cause: error,
        })
  }
  stamps.tunnelled(isSecure)
  if (!isSecure) return link
  return new Promise((resolve, reject) => {
    const secured = connect({ ...target, tunnel: link }, (error, socket) => {
      if (error !== null) return reject(error)
      stamps.secured()
      resolve(socket as Socket)
    })
    // Node closes the socket below a TLS socket together with it.
    hold(secured)
  })
}

/** The phases of an attempt. Everything that involves the proxy is one phase, which `timeout/proxy` names. */
class Stamps {
  readonly #attempt: Attempt | undefined
  readonly #clock: Clock
  #sinceMs: number

  constructor(attempt: Attempt | undefined, clock: Clock) {
    this.#attempt = attempt
    this.#clock = clock
    this.#sinceMs = clock.now()
    if (attempt !== undefined) attempt.phaseAtMs = this.#sinceMs
    this.#enter('proxy')
  }

  lookedUp(socket: Socket): void {
    // A lookup cannot be cancelled: it may end long after the attempt.
    if (this.#attempt !== undefined && !socket.destroyed) this.#attempt.trip.stopwatch.dnsMs = this.#enter('proxy')
  }

  tunnelled(isSecure: boolean): void {
    if (this.#attempt !== undefined) this.#attempt.trip.stopwatch.connectMs = this.#enter(isSecure ? 'tls' : 'headers')
  }

  secured(): void {
    if (this.#attempt !== undefined) this.#attempt.trip.stopwatch.tlsMs = this.#enter('headers')
  }

  #enter(phase: Attempt['phase']): number {
    const nowMs = this.#clock.now()
    const tookMs = nowMs - this.#sinceMs
    this.#sinceMs = nowMs
    if (this.#attempt !== undefined) this.#attempt.phase = phase
    return tookMs
  }
}
