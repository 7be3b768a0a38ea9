/**
 * How an HTTP/2 stream or its session broke → Fault (RFC 9113 §7). Pure: the caller passes the contents of the frames.
 *
 * A Fault with `sent: false` here means that the server provably did not process the request, although its bytes were
 * sent. Any method may then be retried (RFC 9113 §8.7).
 */
import { certificateFault } from './client-certificate.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'

const CODE_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const

/** One side broke the protocol; a retry would break it again. */
const VIOLATIONS: ReadonlySet<string> = new Set([
  'PROTOCOL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'COMPRESSION_ERROR',
  'INADEQUATE_SECURITY',
])

export interface Broken {
  /** The code of the RST_STREAM, sent or received. */
  readonly code: number
  /** The stream's number; undefined if it was never opened. */
  readonly id: number | undefined
  /** The server's GOAWAY, if there was one. */
  readonly goaway: { readonly code: number; readonly lastId: number } | undefined
  /** The whole connection is gone. */
  readonly gone: boolean
  /** The error that ended it. */
  readonly error: unknown
  readonly headed: boolean
  /** Fewer bytes arrived than content-length announced. */
  readonly short: boolean
}

export function brokenStream(broken: Broken): Fault {
  const { goaway, id, gone, error, headed } = broken
  const cause = error
  const certificate = headed ? undefined : certificateFault(error)
  if (certificate !== undefined) return certificate
  if (isViolation(error)) {
    const said = error instanceof Error ? error.message : ''
    return fault('protocol/h2', `the server broke the rules of HTTP/2: ${said}`, { sent: true, cause })
  }
  if (goaway !== undefined && (id === undefined || id > goaway.lastId)) return unprocessed(goaway.code, cause)
  if (headed) return withinBody(broken)
  if (id === undefined) {
    return fault('reset/goaway', 'the connection ended before the request was sent', { sent: false, cause })
  }
  if (codeName(broken.code) === 'REFUSED_STREAM') return resetStream('REFUSED_STREAM', cause)
  if (goaway !== undefined && gone) {
    if (codeName(goaway.code) === 'ENHANCE_YOUR_CALM') return calm(true, cause)
    const why = `the server ended the connection (GOAWAY ${codeName(goaway.code)}) before a response`
    return fault('reset/goaway', why, { sent: true, cause })
  }
  if (gone) return fault('reset/before_headers', 'the connection ended before a response', { sent: true, cause })
  return resetStream(codeName(broken.code), cause)
}

/** Not processed, as a GOAWAY says: the stream came after the last one that the server will process. */
function unprocessed(code: number, cause: unknown): Fault {
  const name = codeName(code)
  if (name === 'ENHANCE_YOUR_CALM') return calm(false, cause)
  if (name === 'HTTP_1_1_REQUIRED') return wantsHttp1(cause)
  return fault('reset/goaway', `the server ended the connection (GOAWAY ${name}) before it processed the request`, {
    sent: false,
    cause,
  })
}

function withinBody({ code, gone, error, short }: Broken): Fault {
  const extras = { sent: true, cause: error }
  // Our own side refuses a length that does not match, with PROTOCOL_ERROR (RFC 9113 §8.1.1).
  if (short && (gone ? error === undefined : codeName(code) === 'PROTOCOL_ERROR')) {
    return fault('truncated/length', 'the body ended before the announced length', extras)
  }
  if (gone) return fault('truncated/reset', 'the connection ended within the body', extras)
  return fault('truncated/reset', `the stream was reset within the body (${codeName(code)})`, extras)
}

function resetStream(name: string, cause: unknown): Fault {
  if (name === 'REFUSED_STREAM') {
    return fault('reset/refused', 'the server refused the stream without processing it', { sent: false, cause })
  }
  if (name === 'ENHANCE_YOUR_CALM') return calm(true, cause)
  if (name === 'HTTP_1_1_REQUIRED') return wantsHttp1(cause)
  if (VIOLATIONS.has(name)) {
    return fault('protocol/h2', `the exchange broke the rules of HTTP/2 (${name})`, { sent: true, cause })
  }
  return fault('reset/stream', `the server reset the stream before a response (${name})`, { sent: true, cause })
}

function calm(sent: boolean, cause: unknown): Fault {
  return fault('reset/enhance_your_calm', 'the server asks for fewer requests (ENHANCE_YOUR_CALM)', { sent, cause })
}

function wantsHttp1(cause: unknown): Fault {
  const why = 'the server wants HTTP/1.1 for this (HTTP_1_1_REQUIRED)'
  return fault('reset/http_1_1_required', why, { sent: false, cause })
}

function codeName(code: number): string {
  return CODE_NAMES[code] ?? `code ${code}`
}

/** The connection cost far more bytes than it delivered. */
export class Flood extends Error {}

/** Node's codec or our own check found the violation. Node's other codes repeat what the peer said. */
function isViolation(error: unknown): boolean {
  return error instanceof Flood || (error as { code?: unknown } | undefined)?.code === 'ERR_HTTP2_ERROR'
}
