/** The connection to the proxy itself, with TLS if its URL says https:. */
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { TlsPlan } from '../../core/connection-plan.ts'
import type { Proxy } from '../../core/route.ts'
import type { Addresses } from '../addresses.ts'
import { ProxyFailure } from './failure.ts'

/** As for connections to origins. */
const KEEP_ALIVE_PROBE_MS = 60_000

/** Returns the socket at once, so that it can be closed before it is connected. */
export function proxySocket(proxy: Proxy, tls: TlsPlan, addresses: Addresses): Socket {
  // The caller chose the proxy, so it may have a private address.
  const where = { host: proxy.hostname, port: proxy.port, lookup: addresses.lookupAny }
  const socket = addresses.follow(() =>
    proxy.protocol === 'https:'
      ? connectTls({
          ...where,
          // The proxy's certificate is verified under its own name. The client certificate is for the target only.
          rejectUnauthorized: tls.verify,
          ...(tls.ca !== undefined && { ca: typeof tls.ca === 'string' ? tls.ca : [...tls.ca] }),
          ...(isIP(proxy.hostname) === 0 && { servername: proxy.hostname }),
          ALPNProtocols: ['http/1.1'],
        })
      : connect(where),
  )
  return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_PROBE_MS)
}

export function connected(socket: Socket, proxy: Proxy): Promise<void> {
  const isSecure = proxy.protocol === 'https:'
  return new Promise((resolve, reject) => {
    let isInHandshake = false
    const fail = (error: Error): void => {
      const code = (error as NodeJS.ErrnoException).code ?? ''
      const how = code === '' ? error.message : code
      if (isInHandshake && !PROXY_DISCONNECTS.has(code)) {
        reject(new ProxyFailure('tls', `no TLS with the proxy ${proxy.name} (${how})`, { cause: error }))
      } else reject(new ProxyFailure('connect', `no connection to the proxy ${proxy.name} (${how})`, { cause: error }))
    }
    socket.once('connect', () => (isInHandshake = isSecure))
    socket.once('error', fail)
    socket.once('close', () => fail(new Error('the connection ended')))
    socket.once(isSecure ? 'secureConnect' : 'connect', () => resolve())
  })
}

const PROXY_DISCONNECTS: ReadonlySet<string> = new Set(['', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'])
