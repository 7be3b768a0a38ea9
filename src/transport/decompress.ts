/**
 * Content codings → plain bytes (RFC 9110 §8.4) for a body in memory, never beyond the limit.
 *
 * Small bodies are decoded at once by Node's one-shot functions. A body that turns out to be large is decoded again
 * chunk by chunk, so that a decompression bomb is noticed before it fills the memory.
 */
// By its default export: see core/supported-node.ts.
import zlib from 'node:zlib'
import type { InputType, ZlibOptions, ZstdOptions } from 'node:zlib'
import { MAX_CODINGS, explain, hasZlibHeader, hasZstdMagic, tooLarge, tooManyCodings, unsupported } from './codings.ts'
import type { Coding, CodingProblem, ZlibError } from './codings.ts'
import { Undecodable, discard, unpack } from './unpack.ts'
import { fault } from '../core/result.ts'
import type { Reply, Result } from '../core/result.ts'

interface DecodedPart {
  readonly plain: Uint8Array
  /** How many packed bytes were read; the rest does not belong to this coding. */
  readonly read: number
}
type Decoder = (packed: Uint8Array, maxBytes: number) => Promise<DecodedPart | ZlibError>

/** A decoded body, or why it cannot be decoded. */
type Unpacked =
  | { readonly plain: Uint8Array; readonly warnings: readonly string[] }
  | { readonly problem: CodingProblem }

/** Up to this size a body is decoded at once and kept. */
const MAX_AT_ONCE_BYTES = 2 ** 19
/** What is kept of a body that may still be a bomb: this much, or MAX_TRUSTED_RATIO times its packed size. */
const MAX_TRUSTED_BYTES = 4 * 2 ** 20
const MAX_TRUSTED_RATIO = 50

/** The reply with its body decoded, or a fault. `lenient`: a body that does not match its coding is taken as it is. */
export async function decompress(
  reply: Reply,
  codings: readonly string[],
  maxBytes: number,
  lenient = false,
): Promise<Result> {
  // An empty body has nothing to decode, whatever its head says (HEAD, 204, 304).
  if (reply.body.byteLength === 0) return reply
  const unpacked = await unpackBody(reply.body, codings, maxBytes, lenient)
  if ('problem' in unpacked) {
    const [code, message] = unpacked.problem
    return fault(code, message, { sent: true, reply: { ...reply, body: reply.body.subarray(0, 0) } })
  }
  const { plain, warnings } = unpacked
  return { ...reply, body: plain, ...(warnings.length > 0 && { warnings }) }
}

/** Node also reports this for bytes after the last member, which browsers and curl accept. */
const NOT_GZIP = 'decode/not_gzip'

async function unpackBody(
  packed: Uint8Array,
  codings: readonly string[],
  maxBytes: number,
  lenient: boolean,
): Promise<Unpacked> {
  if (codings.length > MAX_CODINGS) return { problem: tooManyCodings(codings.length) }
  const atOnce = await unpackAtOnce(packed, codings, Math.min(maxBytes, MAX_AT_ONCE_BYTES))
  if (!('problem' in atOnce)) return atOnce
  const [code] = atOnce.problem
  if (code === 'too_large/decoded' ? maxBytes <= MAX_AT_ONCE_BYTES : !lenient && code !== NOT_GZIP) return atOnce
  return unpackInPieces(packed, codings, maxBytes, lenient)
}

async function unpackAtOnce(packed: Uint8Array, codings: readonly string[], maxBytes: number): Promise<Unpacked> {
  let body = packed
  const warnings: string[] = []
  for (const coding of codings.toReversed()) {
    const open = WHOLE_DECODERS[coding]
    if (open === undefined) return { problem: unsupported(coding) }
    const opened = await open(body, maxBytes)
    if (opened instanceof Error) return { problem: explain(opened, coding, maxBytes) }
    if (opened.plain.byteLength > maxBytes) return { problem: ['too_large/decoded', tooLarge(maxBytes)] }
    const left = body.byteLength - opened.read
    if (left > 0) warnings.push(`${left} bytes after the end of the ${coding} body were ignored`)
    body = opened.plain
  }
  return { plain: body, warnings }
}

async function unpackInPieces(
  packed: Uint8Array,
  codings: readonly string[],
  maxBytes: number,
  lenient: boolean,
): Promise<Unpacked> {
  const warnings: string[] = []
  const pieces = (warn: (warning: string) => void): AsyncIterable<Uint8Array> =>
    unpack(oneBuffer(packed), { codings, maxBytes, lenient, warn })
  try {
    let kept: Uint8Array[] | undefined = []
    let bytes = 0
    for await (const piece of pieces(warning => warnings.push(warning))) {
      bytes += piece.byteLength
      // Probably a bomb: the rest is only counted. If it turns out not to be one, it is decoded again.
      if (bytes > MAX_TRUSTED_BYTES && bytes > packed.byteLength * MAX_TRUSTED_RATIO) {
        kept?.forEach(discard)
        kept = undefined
      }
      if (kept === undefined) discard(piece)
      else kept.push(piece)
    }
    if (kept !== undefined) return { plain: Buffer.concat(kept, bytes), warnings }
    const plain = new Uint8Array(bytes)
    let at = 0
    for await (const piece of pieces(() => undefined)) {
      plain.set(piece, at)
      at += piece.byteLength
      discard(piece)
    }
    return { plain, warnings }
  } catch (error) {
    if (error instanceof Undecodable) return { problem: error.problem }
    throw error
  }
}

async function* oneBuffer(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield bytes
}

/** One of Node's decoders: asynchronous, bounded, and reporting how much it read. */
function native(
  decode: (
    packed: InputType,
    options: ZlibOptions & ZstdOptions,
    done: (error: ZlibError | null, answer: Uint8Array) => void,
  ) => void,
): Decoder {
  return (packed, maxBytes) =>
    new Promise(resolve => {
      // Node does not accept a limit of 0; the caller compares again.
      const maxOutputLength = Math.min(Math.max(maxBytes, 1), 2 ** 32)
      decode(packed, { maxOutputLength, info: true }, (error, answer) => {
        if (error !== null) return resolve(error)
        const { buffer, engine } = answer as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } }
        resolve({ plain: buffer, read: engine.bytesWritten })
      })
    })
}

const wrapped = native(zlib.inflate)
const raw = native(zlib.inflateRaw)
const zstdFrame = native(zlib.zstdDecompress)

const WHOLE_DECODERS: Readonly<Record<string, Decoder>> = Object.assign(
  Object.create(null) as Record<string, Decoder>,
  {
    gzip: native(zlib.gunzip),
    'x-gzip': native(zlib.gunzip),
    // RFC 9110 §8.4.1.2 means zlib, but some servers send the raw stream. The first two bytes tell them apart.
    deflate: ((packed, maxBytes) => (hasZlibHeader(packed) ? wrapped : raw)(packed, maxBytes)) satisfies Decoder,
    br: native(zlib.brotliDecompress),
    zstd,
  } satisfies Record<Coding, Decoder>,
)

/** A body may be several frames (RFC 8878 §3.1); Node silently stops after the first. */
async function zstd(packed: Uint8Array, maxBytes: number): Promise<DecodedPart | ZlibError> {
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
