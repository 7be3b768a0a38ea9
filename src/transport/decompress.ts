/**
 * Content codings → plain bytes (RFC 9110 §8.4), never more than the cap. At most two codings: more is an attack.
 */
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import { getHeader } from '../core/headers.ts'
import { fault } from '../core/result.ts'
import type { Fault, Reply, Result } from '../core/result.ts'

const MAX_CODINGS = 2

type Decompress = (
  bytes: Uint8Array,
  options: { maxOutputLength: number },
  done: (error: (Error & { code?: string }) | null, plain: Uint8Array) => void,
) => void

/** The codings still on the body, in the order in which they were applied. */
export function codingsOf(reply: Reply): string[] {
  const header = getHeader(reply.headers, 'content-encoding')
  if (header === undefined) return []
  return header
    .split(',')
    .map(coding => coding.trim().toLowerCase())
    .filter(coding => coding !== '' && coding !== 'identity')
}

/** The reply with its body decoded, or why that cannot be. */
export async function decompress(reply: Reply, codings: readonly string[], maxBytes: number): Promise<Result> {
  // Nothing to decode in an empty body, whatever its head says: HEAD, 204, 304.
  if (reply.body.byteLength === 0) return reply
  if (codings.length > MAX_CODINGS) {
    return refuse('decode/chain', `expected at most ${MAX_CODINGS} content codings, got ${codings.length}`, reply)
  }
  let body = reply.body
  for (const coding of codings.toReversed()) {
    const decoder = decoderFor(coding, body)
    if (decoder === undefined)
      return refuse('decode/unsupported', `the content coding ${JSON.stringify(coding)} is unknown`, reply)
    const plain = await run(decoder, body, maxBytes)
    if (plain instanceof Uint8Array) body = plain
    else return refuse(...explain(plain, coding, maxBytes), reply)
  }
  return { ...reply, body }
}

function decoderFor(coding: string, body: Uint8Array): Decompress | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return gunzip as Decompress
    case 'deflate':
      // RFC 9110 §8.4.1.2 means zlib, but some servers send the bare stream. The first two bytes tell.
      return (hasZlibHeader(body) ? inflate : inflateRaw) as Decompress
    case 'br':
      return brotliDecompress as Decompress
    case 'zstd':
      return zstdDecompress as Decompress
    default:
      return undefined
  }
}

/** RFC 1950 §2.2: method 8, and a check value that makes the pair a multiple of 31. */
function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
}

type ZlibError = Error & { code?: string }

function run(decoder: Decompress, body: Uint8Array, maxBytes: number): Promise<Uint8Array | ZlibError> {
  const maxOutputLength = Math.min(maxBytes, 2 ** 32)
  return new Promise(resolve => decoder(body, { maxOutputLength }, (error, plain) => resolve(error ?? plain)))
}

function explain(error: ZlibError, coding: string, maxBytes: number): [Fault['code'], string] {
  const code = error.code ?? ''
  if (code === 'ERR_BUFFER_TOO_LARGE')
    return [
      'too_large/decoded',
      `the decoded body is larger than ${maxBytes} bytes. Raise maxResponseBytes if that is meant`,
    ]
  if (code === 'Z_BUF_ERROR' || /unexpected end|srcSize_wrong/i.test(error.message))
    return ['decode/truncated', `the ${coding} body ends too early`]
  if (/incorrect header check|unknown.*frame|prefix/i.test(error.message))
    return [`decode/not_${coding}`, `the body is not ${coding}, although its head says so`]
  return ['decode/corrupt', `the ${coding} body is corrupt: ${error.message}`]
}

function refuse(code: Fault['code'], message: string, reply: Reply): Fault {
  return fault(code, message, { sent: true, reply: { ...reply, body: reply.body.subarray(0, 0) } })
}
