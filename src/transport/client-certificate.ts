/**
 * The fault if a server refuses the client's certificate, or requires one. In TLS 1.3 the client has finished its
 * handshake before the server checks the certificate (RFC 8446 §4.4.2.4). The alert may therefore arrive after a
 * request was written, which the server then never reads.
 */
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Words } from '../core/words.ts'

/** Node's names for the alerts of RFC 8446 §6.2. A server sends these only about the client's certificate. */
const CERTIFICATE_ALERT =
  /ALERT_(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:EXPIRED|REVOKED|UNKNOWN)|UNKNOWN_CA)$/

export function certificateFault(error: unknown): Fault | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  const alert = typeof code === 'string' ? CERTIFICATE_ALERT.exec(code)?.[0] : undefined
  if (alert === undefined) return undefined
  const message: Words =
    alert === 'ALERT_CERTIFICATE_REQUIRED'
      ? ['the server asks for a client certificate. Set ', { option: 'tls', fields: ['cert', 'key'] }]
      : `the server refused the client certificate (${alert.slice('ALERT_'.length).toLowerCase().replaceAll('_', ' ')})`
  return fault('tls/client_certificate', message, { cause: error })
}
