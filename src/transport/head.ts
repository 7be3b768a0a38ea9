/** Checks whether a response is fit to be read: its head, and what it costs on the wire. */
import { getAllHeaders, getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { fault } from '../core/result.ts'
import type { Fault, Integrity, Reply } from '../core/result.ts'
import { tooManyBytes } from '../core/result.ts'

export const MAX_HEADERS = 2_000
/** One or two 103s are fine; hundreds are an attack on the timeout of the head. */
const MAX_INTERIM_RESPONSES = 100

/** Why a head is refused that another parser has accepted. */
export function headProblem(headers: HeaderList): Fault | undefined {
  const sent = true
  const count = headers.length / 2
  if (count > MAX_HEADERS) {
    return fault('too_large/headers', `expected at most ${MAX_HEADERS} headers, got ${count}`, { sent })
  }
  // The parser treats `chunked, identity` as no framing at all, and passes on `gzip, chunked` still packed.
  if (getHeader(headers, 'transfer-encoding') === undefined) return undefined
  const given = getAllHeaders(headers, 'transfer-encoding').join(', ')
  // Not trim(): it removes no-break spaces, which the parser does not.
  if (/^[ \t]*chunked[ \t]*$/i.test(given)) return undefined
  const shown = JSON.stringify(given.slice(0, 80))
  return fault('protocol/transfer_encoding', `expected the transfer encoding chunked, got ${shown}`, { sent })
}

export const hasNoBody = (status: number, method: string): boolean =>
  status === 204 || status === 304 || method === 'HEAD'

/**
 * How the end of the body is marked (RFC 9112 §6.3).
 *
 * @param framed every body marks its own end, as HTTP/2 does (RFC 9113 §8.1)
 */
export function integrityOf(status: number, method: string, headers: HeaderList, framed: boolean): Integrity {
  if (hasNoBody(status, method) || getHeader(headers, 'content-length') !== undefined) return 'length'
  return framed || getHeader(headers, 'transfer-encoding') ? 'chunked' : 'unverified'
}

/** 0 without an announced length, and where there is no body. */
export function announcedBytes(status: number, method: string, headers: HeaderList): number {
  return hasNoBody(status, method) ? 0 : Number(getHeader(headers, 'content-length') ?? 0)
}

export function tooLargeProblem(maxBytes: number, reply: Reply): Fault {
  const message = tooManyBytes('the body', maxBytes)
  return fault('too_large/body', message, { sent: true, reply })
}

/** Whether this many bytes are the whole body by its announced length. */
export function isAllOf(headers: HeaderList, bytes: number): boolean {
  const announced = getHeader(headers, 'content-length')
  return announced !== undefined && Number(announced) === bytes
}

// RFC 9112 §4, as undici decodes it: tab, space, visible characters and everything above ASCII.
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\u{10ffff}]*$/u

/** The reason phrase of a status line; empty if it has characters that HTTP does not allow. */
export function reasonPhrase(text: string): string {
  return REASON_PHRASE.test(text) ? text : ''
}

/**
 * @param count number of interim responses, including this one
 */
export function interimProblem(status: number, count: number): Fault | undefined {
  const sent = true
  if (status < 100) return fault('protocol/status', `expected a status from 100 to 999, got ${status}`, { sent })
  if (status === 101) return fault('protocol/upgrade', 'the server changed the protocol without being asked', { sent })
  if (count <= MAX_INTERIM_RESPONSES) return undefined
  const message = `expected at most ${MAX_INTERIM_RESPONSES} interim responses, got more`
  return fault('protocol/too_many_1xx', message, { sent })
}

// What a response may cost on the wire beyond its body: its head, a tenth, and the frame of each chunk. The parser
// drops chunk extensions, so only the connection's own count shows them.
export const MAX_OVERHEAD_BYTES = 65_536
export const MAX_OVERHEAD_RATIO = 1.1
const MAX_BYTES_PER_CHUNK_FRAME = 12

/**
 * @param wireBytes what the connection has read for a body of `bytes` in `pieces` chunks
 * @param head the head, or how large it may be
 */
export function overspentProblem(
  wireBytes: number,
  bytes: number,
  pieces: number,
  head: HeaderList | number,
): Fault | undefined {
  const allowed = bytes * MAX_OVERHEAD_RATIO + pieces * MAX_BYTES_PER_CHUNK_FRAME + MAX_OVERHEAD_BYTES
  if (wireBytes <= allowed) return undefined
  if (wireBytes <= allowed + (typeof head === 'number' ? head : headersSize(head))) return undefined
  const message = `got ${wireBytes} bytes for a body of ${bytes}: no honest framing is that large`
  return fault('too_large/wire', message, { sent: true })
}

const headersSize = (headers: HeaderList): number => headers.reduce((bytes, text) => bytes + text.length + 2, 0)
