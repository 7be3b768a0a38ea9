/**
 * Foreign error → Fault: the only table. What it does not know is `internal/unknown`, never ok and never retried.
 */
import type { Attempt } from '../core/attempt.ts'
import { fault } from '../core/result.ts'
import type { Fault, FaultCode, Integrity } from '../core/result.ts'

/** Codes that mean the same wherever they come up. */
const ANYWHERE: Readonly<Record<string, readonly [FaultCode, string]>> = {
  ENOTFOUND: ['dns/not_found', 'the host name does not exist'],
  ENODATA: ['dns/empty', 'the host name has no address'],
  EAI_AGAIN: ['dns/temporary', 'the host name could not be looked up just now'],
  ESERVFAIL: ['dns/temporary', 'the host name could not be looked up just now'],
  ECONNREFUSED: ['connect/refused', 'the connection was refused'],
  EHOSTUNREACH: ['connect/unreachable', 'the host cannot be reached'],
  ENETUNREACH: ['connect/unreachable', 'the network cannot be reached'],
  EACCES: ['connect/denied', 'this machine does not allow the connection'],
  EPERM: ['connect/denied', 'this machine does not allow the connection'],
  EMFILE: ['resource/fd', 'this process has no file descriptor left'],
  ENFILE: ['resource/fd', 'this machine has no file descriptor left'],
  EADDRNOTAVAIL: ['resource/port', 'this machine has no port left for the connection'],
  ENOBUFS: ['resource/memory', 'this machine has no buffer left for the connection'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout/connect', 'no connection in time'],
  UND_ERR_HEADERS_TIMEOUT: ['timeout/headers', 'no head of a response in time'],
  UND_ERR_BODY_TIMEOUT: ['timeout/body', 'the body stalled'],
  UND_ERR_HEADERS_OVERFLOW: ['too_large/headers', 'the head of the response is too large'],
  UND_ERR_RES_EXCEEDED_MAX_SIZE: ['too_large/body', 'the body is too large'],
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: ['invalid_request/body', 'the body is not as long as its content-length says'],
  UND_ERR_INVALID_ARG: ['invalid_request/rejected', 'the request cannot be put on the wire'],
  UND_ERR_ABORTED: ['aborted/in_flight', 'given up while in flight'],
  CERT_HAS_EXPIRED: ['tls/expired', 'the certificate has expired'],
  CERT_NOT_YET_VALID: ['tls/expired', 'the certificate is not valid yet'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['tls/hostname', 'the certificate is for another host'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['tls/untrusted', 'the certificate is self-signed'],
  SELF_SIGNED_CERT_IN_CHAIN: ['tls/untrusted', 'the certificate chain ends in a self-signed one'],
  UNABLE_TO_GET_ISSUER_CERT: ['tls/untrusted', 'the issuer of the certificate is unknown'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['tls/untrusted', 'the issuer of the certificate is unknown'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['tls/untrusted', 'the certificate cannot be verified'],
  CERT_UNTRUSTED: ['tls/untrusted', 'the certificate is not trusted'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['tls/not_tls', 'the port does not speak TLS'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: ['tls/not_tls', 'the port does not speak TLS'],
}

/** The end of a connection, which means something else in each phase. */
const DISCONNECTS: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ESOCKETTIMEDOUT',
  'ETIMEDOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'UND_ERR_INFO',
])

/** llhttp's reasons; undici 8 gives its errors no code, only these words. */
const PARSER: readonly (readonly [RegExp, FaultCode])[] = [
  [/content-length/i, 'protocol/content_length'],
  [/transfer-encoding/i, 'protocol/transfer_encoding'],
  [/chunk/i, 'protocol/chunk'],
  [/http version/i, 'protocol/version'],
  [/status/i, 'protocol/status'],
  [/expected http\//i, 'protocol/not_http'],
]

interface ForeignError {
  readonly name?: string
  readonly code?: unknown
  readonly message?: string
  readonly errors?: readonly unknown[]
  readonly cause?: unknown
}

/** How far the response had come. */
export interface Received {
  /** Its first byte is there. */
  readonly started: boolean
  /** How its body was to end. */
  readonly framing: Integrity
}

/** What a wire error means at the point that this attempt had reached. */
export function classify(error: unknown, attempt: Attempt, received: Received): Fault {
  const foreign = (typeof error === 'object' && error !== null ? error : {}) as ForeignError
  const code = codeOf(foreign)
  const { sent } = attempt

  const known = ANYWHERE[code]
  if (known !== undefined && !(code === 'UND_ERR_INVALID_ARG' && sent)) {
    return fault(known[0], withDetail(known[1], foreign, code), { sent, cause: error })
  }
  if (DISCONNECTS.has(code)) return disconnected(error, code, attempt, received)
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return fault('truncated/length', 'the body is not as long as its content-length says', { sent, cause: error })
  }
  if (foreign.name === 'HTTPParserError') {
    const reason = foreign.message ?? ''
    const found = PARSER.find(([words]) => words.test(reason))
    return fault(found?.[1] ?? 'protocol/malformed_head', `the response is not valid HTTP: ${reason}`, {
      sent,
      cause: error,
    })
  }
  if (/^ERR_(?:SSL|TLS|OSSL)/.test(code) || code === 'EPROTO') {
    return fault('tls/handshake', `the TLS handshake failed: ${foreign.message ?? code}`, { sent, cause: error })
  }
  return fault('internal/unknown', `unexpected error ${foreign.message ?? String(error)}`, { sent, cause: error })
}

function codeOf(error: ForeignError): string {
  if (typeof error.code === 'string') return error.code
  // Connecting to several addresses fails with all of their errors; the first is the preferred family's.
  const first = error.errors?.[0] as ForeignError | undefined
  return typeof first?.code === 'string' ? first.code : ''
}

function withDetail(sentence: string, error: ForeignError, code: string): string {
  if (code === 'UND_ERR_INVALID_ARG') return `${sentence}: ${error.message}`
  return `${sentence} (${code})`
}

function disconnected(error: unknown, code: string, attempt: Attempt, { started, framing }: Received): Fault {
  const extras = { sent: attempt.sent, cause: error }
  if (attempt.headed) {
    if (code === 'UND_ERR_SOCKET' && framing === 'length')
      return fault('truncated/length', 'the connection ended before the length that was announced', extras)
    if (code === 'UND_ERR_SOCKET' && framing === 'chunked')
      return fault('truncated/chunked', 'the connection ended before the last chunk', extras)
    return fault('truncated/reset', 'the connection was reset within the body', extras)
  }
  if (attempt.phase === 'tls')
    return fault('connect/tls_reset', 'the connection ended within the TLS handshake', extras)
  if (!attempt.sent) {
    if (code === 'ETIMEDOUT') return fault('timeout/connect', 'no connection in time (ETIMEDOUT)', extras)
    return fault('connect/reset', `the connection was reset while connecting (${code})`, extras)
  }
  if (started) return fault('reset/mid_headers', 'the connection ended within the head of the response', extras)
  return fault('reset/before_headers', 'the connection ended before a response', extras)
}
