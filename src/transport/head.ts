/** What the head of a response alone gives away: reasons to read nothing of its body. */
import { wrongProtocol } from './faults.ts'
import { getAllHeaders, getHeader } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'

const MAX_HEADERS = 2_000
/** A 103 or two are fine; hundreds are an attack on the deadline of the head. */
const MAX_INTERIM_RESPONSES = 100

/** @param firstRead what the connection read first, where that is known */
export function headProblem(headers: HeaderList, firstRead: Uint8Array | undefined): Fault | undefined {
  const sent = true
  const protocol = wrongProtocol(firstRead)
  if (protocol !== undefined) return protocol
  const count = headers.length / 2
  if (count > MAX_HEADERS) {
    return fault('too_large/headers', `expected at most ${MAX_HEADERS} headers, got ${count}`, { sent })
  }
  // The parser takes `chunked, identity` for no framing at all and hands out `gzip, chunked` still packed.
  if (getHeader(headers, 'transfer-encoding') === undefined) return undefined
  const given = getAllHeaders(headers, 'transfer-encoding').join(', ')
  // Not trim(): it takes a no-break space for a blank, and the parser does not.
  if (/^[ \t]*chunked[ \t]*$/i.test(given)) return undefined
  const shown = JSON.stringify(given.slice(0, 80))
  return fault('protocol/transfer_encoding', `expected the transfer encoding chunked, got ${shown}`, { sent })
}

/** @param count of interim responses, this one included */
export function interimProblem(status: number, count: number): Fault | undefined {
  const sent = true
  if (status < 100) return fault('protocol/status', `expected a status from 100 to 999, got ${status}`, { sent })
  if (status === 101) return fault('protocol/upgrade', 'the server changed the protocol unasked', { sent })
  if (count <= MAX_INTERIM_RESPONSES) return undefined
  const message = `expected at most ${MAX_INTERIM_RESPONSES} interim responses, got more`
  return fault('protocol/too_many_1xx', message, { sent })
}
