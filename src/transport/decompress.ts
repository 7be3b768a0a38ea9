/**
 * Content codings → plain bytes (RFC 9110 §8.4), never more than the cap. At most two codings: more is an attack.
 */
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import type { InputType, ZlibOptions, ZstdOptions } from 'node:zlib'
import { getAllHeaders } from '../core/headers.ts'
import { fault } from '../core/result.ts'
import type { Fault, Reply, Result } from '../core/result.ts'

const MAX_CODINGS = 2

interface Opened {
  readonly plain: Uint8Array
  /** How many of the packed bytes it took; what follows is not of this coding. */
  readonly read: number
}
type ZlibError = Error & { readonly code?: string }
type Decoder = (packed: Uint8Array, maxBytes: number) => Promise<Opened | ZlibError>

/** The codings still on the body, in the order in which they were applied. */
export function codingsOf(reply: Reply): string[] {
  const header = getAllHeaders(reply.headers, 'content-encoding')
  if (header.length === 0) return []
  return header
    .join(',')
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
  const warnings: string[] = []
  for (const coding of codings.toReversed()) {
    const open = DECODERS[coding]
    if (open === undefined) {
      return refuse('decode/unsupported', `the content coding ${JSON.stringify(coding.slice(0, 80))} is unknown`, reply)
    }
    const opened = await open(body, maxBytes)
    if (opened instanceof Error) return refuse(...explain(opened, coding, maxBytes), reply)
    if (opened.plain.byteLength > maxBytes) return refuse('too_large/decoded', tooLarge(maxBytes), reply)
    const left = body.byteLength - opened.read
    if (left > 0) warnings.push(`${left} bytes after the end of the ${coding} body were ignored`)
    body = opened.plain
  }
  return { ...reply, body, ...(warnings.length > 0 && { warnings }) }
}

/** One of Node's decoders: asynchronous, bounded, and saying how much it read. */
function native(
  decode: (
    packed: InputType,
    options: ZlibOptions & ZstdOptions,
    done: (error: ZlibError | null, answer: Uint8Array) => void,
  ) => void,
): Decoder {
  return (packed, maxBytes) =>
    new Promise(resolve => {
      // Node takes no cap of 0; the caller compares again.
      const maxOutputLength = Math.min(Math.max(maxBytes, 1), 2 ** 32)
      decode(packed, { maxOutputLength, info: true }, (error, answer) => {
        if (error !== null) return resolve(error)
        const { buffer, engine } = answer as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } }
        resolve({ plain: buffer, read: engine.bytesWritten })
      })
    })
}

const gzipWhole = native(gunzip)
const zlib = native(inflate)
const raw = native(inflateRaw)
const zstdFrame = native(zstdDecompress)

const DECODERS: Readonly<Record<string, Decoder>> = Object.assign(Object.create(null) as Record<string, Decoder>, {
  gzip,
  'x-gzip': gzip,
  // RFC 9110 §8.4.1.2 means zlib, but some servers send the bare stream. The first two bytes tell.
  deflate: ((packed, maxBytes) => (hasZlibHeader(packed) ? zlib : raw)(packed, maxBytes)) satisfies Decoder,
  br: native(brotliDecompress),
  zstd,
})

/** RFC 1950 §2.2: method 8, and a check value that makes the pair a multiple of 31. */
function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
}

/** Node reads all members, but refuses the whole for bytes behind the last one, where browsers and curl do not. */
async function gzip(packed: Uint8Array, maxBytes: number): Promise<Opened | ZlibError> {
  const opened = await gzipWhole(packed, maxBytes)
  if (!(opened instanceof Error) || !/incorrect header check/.test(opened.message) || !hasGzipHeader(packed, 0)) {
    return opened
  }
  const members: Uint8Array[] = []
  let at = 0
  let bytes = 0
  while (hasGzipHeader(packed, at)) {
    const member = await gzipMember(packed.subarray(at), maxBytes - bytes)
    if (member instanceof Error) return member
    members.push(member.plain)
    bytes += member.plain.byteLength
    at += member.read
  }
  return { plain: Buffer.concat(members, bytes), read: at }
}

function hasGzipHeader(packed: Uint8Array, at: number): boolean {
  return packed[at] === 0x1f && packed[at + 1] === 0x8b && packed[at + 2] === 8
}

/** RFC 1952 §2.3. Its sum has been checked: Node came past it to the bytes behind. */
async function gzipMember(packed: Uint8Array, maxBytes: number): Promise<Opened | ZlibError> {
  const flags = packed[3] ?? 0
  let at = 10
  if (flags & 4) at += 2 + (packed[at] ?? 0) + (packed[at + 1] ?? 0) * 256
  for (const named of [8, 16]) if (flags & named) at = packed.indexOf(0, at) + 1 || packed.byteLength
  if (flags & 2) at += 2
  const opened = await raw(packed.subarray(at), maxBytes)
  if (opened instanceof Error) return opened
  return { plain: opened.plain, read: at + opened.read + 8 }
}

/** A body may be several frames (RFC 8878 §3.1), and Node stops after the first without a word. */
async function zstd(packed: Uint8Array, maxBytes: number): Promise<Opened | ZlibError> {
  const frames: Uint8Array[] = []
  let at = 0
  let bytes = 0
  do {
    const frame = await zstdFrame(packed.subarray(at), maxBytes - bytes)
    if (frame instanceof Error) return frame
    if (frame.read === 0) break
    frames.push(frame.plain)
    bytes += frame.plain.byteLength
    at += frame.read
  } while (hasZstdMagic(packed, at))
  return { plain: Buffer.concat(frames, bytes), read: at }
}

/** A frame, or one that carries no data and is to be skipped. */
function hasZstdMagic(packed: Uint8Array, at: number): boolean {
  const [a = 0, b, c, d] = packed.subarray(at, at + 4)
  return (
    (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) || (a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18)
  )
}

const tooLarge = (maxBytes: number): string =>
  `the decoded body is larger than ${maxBytes} bytes. Raise maxResponseBytes if that is meant`

function explain(error: ZlibError, coding: string, maxBytes: number): [Fault['code'], string] {
  const code = error.code ?? ''
  if (code === 'ERR_BUFFER_TOO_LARGE') return ['too_large/decoded', tooLarge(maxBytes)]
  if (code === 'Z_BUF_ERROR' || /unexpected end|srcSize_wrong/i.test(error.message))
    return ['decode/truncated', `the ${coding} body ends too early`]
  if (/incorrect header check|unknown.*frame|prefix/i.test(error.message))
    return [`decode/not_${coding}`, `the body is not ${coding}, although its head says so`]
  return ['decode/corrupt', `the ${coding} body is corrupt: ${error.message}`]
}

function refuse(code: Fault['code'], message: string, reply: Reply): Fault {
  return fault(code, message, { sent: true, reply: { ...reply, body: reply.body.subarray(0, 0) } })
}
