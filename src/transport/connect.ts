/** Opens the connection of one attempt, and measures its look-up, connection and TLS handshake. */
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import type { Attempt } from '../core/attempt.ts'
import type { TlsPlan } from '../core/connection-plan.ts'
import type { Clock } from '../core/ports.ts'
import type { Phase } from '../core/result.ts'
import type { Addresses } from './addresses.ts'
import { buildConnector } from './undici-parts.ts'

export type Connect = buildConnector.connector

/**
 * undici's connector, which resumes TLS sessions, but without its timer: the attempt's own timeouts apply here as well.
 */
export function connector(tls: TlsPlan, addresses: Addresses, http2 = false): Connect {
  const { verify, ca, cert, key, passphrase, pfx } = tls
  const connect = buildConnector({
    allowH2: http2,
    preferH2: http2,
    timeout: 0,
    rejectUnauthorized: verify,
    ...(ca !== undefined && { ca: typeof ca === 'string' ? ca : [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    // A worker thread receives a plain Uint8Array, which `tls` does not accept here.
    ...(pfx !== undefined && { pfx: Buffer.from(pfx) }),
    lookup: addresses.lookup,
  })
  // undici's type hides it, but its connector returns the socket at once.
  return (options, callback) => addresses.follow(() => connect(options, callback) as unknown as Socket)
}

/** Follows a connection from its start; the socket's events mark the end of each phase. */
export function stampPhases(
  socket: Socket,
  attempt: Attempt,
  options: Pick<buildConnector.Options, 'hostname' | 'protocol'>,
  clock: Clock,
): void {
  const { trip } = attempt
  const secure = options.protocol === 'https:'
  let startedAtMs = clock.now()
  const enter = (phase: Phase): number => {
    const nowMs = clock.now()
    const tookMs = nowMs - startedAtMs
    startedAtMs = nowMs
    attempt.phase = phase
    // `timeouts.connect` covers look-up, connection and TLS together, so it is not reset here.
    return tookMs
  }
  attempt.phaseAtMs = startedAtMs
  if (isIP(options.hostname) === 0) {
    attempt.phase = 'dns'
    socket.once('lookup', (error: Error | null) => {
      // A look-up cannot be cancelled: it may end long after the attempt.
      if (!socket.destroyed) trip.stopwatch.dnsMs = enter(error ? 'dns' : 'connect')
    })
  } else attempt.phase = 'connect'
  socket.once('connect', () => void (trip.stopwatch.connectMs = enter(secure ? 'tls' : 'headers')))
  if (secure) socket.once('secureConnect', () => void (trip.stopwatch.tlsMs = enter('headers')))
}
