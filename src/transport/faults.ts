/**
 * Foreign error → Fault: the only table. An unknown error becomes `internal/unknown`, which is never ok and never
 * retried.
 */
import { networkInterfaces } from 'node:os'
import type { Attempt } from '../core/attempt.ts'
import { reasonOf } from '../core/callback.ts'
import { getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { fault, isFault } from '../core/result.ts'
import type { Fault, FaultCode, Integrity } from '../core/result.ts'
import { certificateFault } from './client-certificate.ts'
import { ProxyFailure } from './tunnel/failure.ts'
import { joined, say } from '../core/words.ts'
import type { Words } from '../core/words.ts'

/** Carries a Fault through code that only knows errors; `classify` returns the Fault unchanged. */
export class FaultError extends Error {
  readonly fault: Fault

  constructor(known: Fault) {
    super(say(known.message))
    this.fault = known
  }
}

/** What to do where the runtime forbids network access. */
export const NO_NETWORK = 'this process may not use the network. Start it with --allow-net'

/** Codes that mean the same in every phase. */
const ANYWHERE: Readonly<Record<string, readonly [FaultCode, Words]>> = {
  ENOTFOUND: ['dns/not_found', 'the host name does not exist'],
  ENODATA: ['dns/empty', 'the host name has no address'],
  EAI_AGAIN: ['dns/temporary', 'temporary failure while looking up the host name'],
  ESERVFAIL: ['dns/temporary', 'temporary failure while looking up the host name'],
  ECONNREFUSED: ['connect/refused', 'the connection was refused'],
  EHOSTUNREACH: ['connect/unreachable', 'the host cannot be reached'],
  ENETUNREACH: ['connect/unreachable', 'the network cannot be reached'],
  EACCES: ['connect/denied', 'this machine does not allow the connection'],
  EPERM: ['connect/denied', 'this machine does not allow the connection'],
  // Node's permission model, and Deno's, whose error has a name but no code.
  ERR_ACCESS_DENIED: ['blocked/permission', NO_NETWORK],
  NotCapable: ['blocked/permission', NO_NETWORK],
  EMFILE: ['resource/fd', 'this process has no file descriptor left'],
  ENFILE: ['resource/fd', 'this machine has no file descriptor left'],
  EADDRNOTAVAIL: ['resource/port', 'this machine has no port left for the connection'],
  ENOBUFS: ['resource/memory', 'this machine has no buffer left for the connection'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout/connect', 'no connection in time'],
  UND_ERR_HEADERS_TIMEOUT: ['timeout/headers', 'no response headers in time'],
  UND_ERR_BODY_TIMEOUT: ['timeout/body', 'the body stalled'],
  UND_ERR_HEADERS_OVERFLOW: [
    'too_large/headers',
    ['the head of the response is too large. Raise ', { option: 'maxHeaderBytes' }, ' if that is intended'],
  ],
  UND_ERR_RES_EXCEEDED_MAX_SIZE: ['too_large/body', 'the body is too large'],
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: ['invalid_request/body', 'the body is not as long as its content-length says'],
  UND_ERR_INVALID_ARG: ['invalid_request/rejected', 'the request cannot be put on the wire'],
  UND_ERR_ABORTED: ['aborted/in_flight', 'aborted while in flight'],
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

/** The end of a connection, which means something different in each phase. */
const DISCONNECTS: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ESOCKETTIMEDOUT',
  'ETIMEDOUT',
  'CONNECTION_ENDED',
  'UND_ERR_SOCKET',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
  'UND_ERR_INFO',
])

/** llhttp's reasons. undici 8 gives these errors no code, only these words. */
const PARSER: readonly (readonly [RegExp, FaultCode])[] = [
  [/content-length/i, 'protocol/content_length'],
  [/transfer-encoding/i, 'protocol/transfer_encoding'],
  [/chunk/i, 'protocol/chunk'],
  [/http version/i, 'protocol/version'],
  [/status/i, 'protocol/status'],
  [/expected http\//i, 'protocol/not_http'],
]

/** From a ProxyAgent that the caller passed. undici gives it the code of an abort. */
const PROXY_ANSWER = /^Proxy response \((\d{3})\)/

interface ForeignError {
  readonly name?: string
  readonly code?: unknown
  readonly message?: string
  /** The address that was connected to. */
  readonly address?: string
  readonly errors?: readonly unknown[]
  readonly cause?: unknown
}

/** How much of the response had arrived. */
export interface Received {
  /** Its first byte has arrived. */
  readonly started: boolean
  /** How the end of its body is marked. */
  readonly framing: Integrity
  /** The request's own body was still being sent. */
  readonly uploading: boolean
}

/** The Fault for an error of the wire, given how far the attempt had come. */
export function classify(error: unknown, attempt: Attempt, received: Received): Fault {
  if (error instanceof FaultError) return { ...error.fault, sent: attempt.sent }
  // HTTP/2 has already made a Fault of it.
  if (isFault(error)) return error
  const foreign = (typeof error === 'object' && error !== null ? error : {}) as ForeignError
  const code = foreignCode(foreign)
  const { sent } = attempt

  if (error instanceof ProxyFailure) return faultOfProxy(error, attempt.call.url)
  const proxied = PROXY_ANSWER.exec(foreign.message ?? '')?.[1]
  if (code === 'UND_ERR_ABORTED' && proxied !== undefined) {
    const proxyCode = proxied === '407' ? 'proxy/auth' : 'proxy/refused'
    return fault(proxyCode, `the proxy answered ${proxied}`, { sent, cause: error })
  }
  if (code === 'EADDRNOTAVAIL' && foreign.address?.includes(':') === true && !hasIPv6()) {
    return fault('connect/unreachable', 'this machine has no IPv6 address', { sent, cause: error })
  }
  const known = ANYWHERE[code]
  if (known !== undefined && !(code === 'UND_ERR_INVALID_ARG' && sent)) {
    return fault(known[0], withDetail(known[1], foreign, code), { sent, cause: error })
  }
  const extras = { sent, cause: error }
  const said = foreign.message ?? ''
  // undici identifies these two only by their text, and gives them the code of a broken connection.
  if (said === 'bad upgrade')
    return fault('protocol/upgrade', 'the server changed the protocol without being asked', extras)
  if (said === 'bad response')
    return fault('protocol/unexpected_100', 'the server answered 100 without being asked', extras)
  if (DISCONNECTS.has(code)) return disconnected(error, code, attempt, received)
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    if (attempt.headed) return disconnected(error, 'UND_ERR_SOCKET', attempt, received)
    return fault('protocol/content_length', 'expected one valid content-length, got several or an invalid one', extras)
  }
  if (foreign.name === 'HTTPParserError') {
    // `data` holds the server's bytes, perhaps a Set-Cookie, and the fields of an error are printed, hidden ones with
    // %o.
    Reflect.deleteProperty(foreign, 'data')
    if (attempt.headed && /eof state/i.test(said)) {
      return disconnected(error, 'UND_ERR_SOCKET', attempt, received)
    }
    const found = PARSER.find(([words]) => words.test(said))?.[1]
    // After the head, only the framing of chunks and the trailers are left to be invalid.
    const otherwise = attempt.headed ? 'protocol/chunk' : 'protocol/malformed_head'
    return fault(found ?? otherwise, `the response is not valid HTTP: ${said}`, extras)
  }
  const certificate = certificateFault(error)
  if (certificate !== undefined) return certificate
  if (/^ERR_(?:SSL|TLS|OSSL)/.test(code) || code === 'EPROTO') {
    return fault('tls/handshake', `the TLS handshake failed: ${foreign.message ?? code}`, { sent, cause: error })
  }
  return fault('internal/unknown', `unexpected error: ${reasonOf(error)}`, { sent, cause: error })
}

/**
 * A failure between us and the proxy: nothing has reached the target.
 *
 * @param url of the request: the proxy has none of its own that a response could be of
 */
export function faultOfProxy(failure: ProxyFailure, url: string): Fault {
  const { detail, message, reply, cause } = failure
  // This machine is short of a resource, or the caller's own lookup failed.
  if (cause instanceof FaultError && !cause.fault.code.startsWith('dns/')) return cause.fault
  const own = ANYWHERE[foreignCode(cause ?? {})]
  if (own?.[0].startsWith('resource/') === true) return fault(own[0], own[1], { cause })
  return fault(`proxy/${detail}`, message, { cause: cause ?? failure, ...(reply && { reply: { ...reply, url } }) })
}

/** RFC 9110 §8.6, RFC 9112 §6.1: a 204 that announces a body contradicts itself; the body is dropped. */
export function warnOfBody({ trip }: Attempt, status: number, headers: HeaderList): void {
  if (status !== 204) return
  const announced = getHeader(headers, 'transfer-encoding') ?? getHeader(headers, 'content-length') ?? '0'
  if (announced !== '0') trip.warn('the response is a 204, which has no body, but announces one')
}

const hasIPv6 = (): boolean =>
  Object.values(networkInterfaces()).some(addresses => addresses?.some(({ family }) => family === 'IPv6'))

/** Codes that say more about this machine than about the address. */
const OWN_SIDE: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'ENETUNREACH', 'EAFNOSUPPORT'])

function foreignCode(error: ForeignError): string {
  if (typeof error.code === 'string' && error.errors === undefined) return error.code
  if (error.name === 'NotCapable') return error.name
  // Connecting to several addresses fails with all of their errors. The first is that of the preferred family, which
  // this machine may not even have.
  const codes = (error.errors ?? []).map(one => (one as ForeignError | undefined)?.code)
  return (codes.find(code => typeof code === 'string' && !OWN_SIDE.has(code)) ?? codes[0] ?? '') as string
}

function withDetail(sentence: Words, error: ForeignError, code: string): Words {
  return joined(sentence, code === 'UND_ERR_INVALID_ARG' ? `: ${error.message}` : ` (${code})`)
}

function disconnected(error: unknown, code: string, attempt: Attempt, received: Received): Fault {
  const { started, framing, uploading } = received
  const extras = { sent: attempt.sent, cause: error }
  if (attempt.headed) {
    const isOrderly = code === 'CONNECTION_ENDED' || code === 'UND_ERR_SOCKET'
    if (isOrderly && framing === 'length')
      return fault('truncated/length', 'the connection ended before the announced length', extras)
    if (isOrderly && framing === 'chunked')
      return fault('truncated/chunked', 'the connection ended before the last chunk', extras)
    return fault('truncated/reset', 'the connection was reset within the body', extras)
  }
  if (attempt.phase === 'tls')
    return fault('connect/tls_reset', 'the connection ended within the TLS handshake', extras)
  if (!attempt.sent) {
    if (attempt.reused) return fault('reset/before_headers', 'the kept connection had ended before it was used', extras)
    if (code === 'ETIMEDOUT') return fault('timeout/connect', 'no connection in time (ETIMEDOUT)', extras)
    return fault('connect/reset', `the connection was reset while connecting (${code})`, extras)
  }
  if (started) return fault('reset/mid_headers', 'the connection ended within the head of the response', extras)
  if (uploading) return fault('reset/request_body', 'the connection ended while the body was being sent', extras)
  return fault('reset/before_headers', 'the connection ended before a response', extras)
}
