/** Valid responses, and mutations that put one wrong byte into them. */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'

export interface Good {
  readonly what: string
  readonly bytes: Buffer
  /** The body that a client must get, unless it reports a failure. */
  readonly body: Buffer
  /** Whether a wrong byte at this position can be detected. A cut always can. */
  readonly isGuarded: (at: number) => boolean
}

export const BODY = Buffer.from(
  JSON.stringify(Array.from({ length: 40 }, (_, id) => ({ id, name: `item ${id * id}`, ok: id % 3 === 0 }))),
)

/** No size becomes another valid end of a chunk when one hex digit changes. */
const CHUNK_SIZES = [17, 35, 71, 29, 113]

function chunked(body: Uint8Array): Buffer {
  const parts: Buffer[] = []
  for (let at = 0, n = 0; at < body.byteLength; n++) {
    const chunk = body.subarray(at, at + (CHUNK_SIZES[n % CHUNK_SIZES.length] as number))
    parts.push(Buffer.from(`${chunk.byteLength.toString(16)}\r\n`), Buffer.from(chunk), Buffer.from('\r\n'))
    at += chunk.byteLength
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

/** gzip and zlib end with a checksum; br and zstd, as servers send them, do not. */
const CODERS = {
  gzip: { code: gzipSync, hasChecksum: true },
  deflate: { code: deflateSync, hasChecksum: true },
  br: { code: brotliCompressSync, hasChecksum: false },
  zstd: { code: zstdCompressSync, hasChecksum: false },
} as const

function goodOf(framing: 'length' | 'chunked', coding?: keyof typeof CODERS): Good {
  const coder = coding === undefined ? undefined : CODERS[coding]
  const packed = coder === undefined ? BODY : coder.code(BODY)
  const framed = framing === 'length' ? packed : chunked(packed)
  const says = coding === undefined ? '' : `Content-Encoding: ${coding}\r\n`
  const status = 'HTTP/1.1 200 OK\r\n'
  const frames = framing === 'length' ? `Content-Length: ${packed.byteLength}\r\n` : 'Transfer-Encoding: chunked\r\n'
  const head = `${status}${says}${frames}Content-Type: application/json\r\n\r\n`
  return {
    what: `${coding ?? 'plain'} with ${framing === 'length' ? 'a length' : 'chunks'}`,
    bytes: Buffer.concat([Buffer.from(head), framed]),
    body: BODY,
    isGuarded(at) {
      // The line that names the coding: without it, compressed bytes are a body like any other.
      if (at >= status.length && at < status.length + says.length) return false
      // In a body only a checksum detects it. Between chunks there are sizes, which are framing.
      return at < head.length || coder?.hasChecksum === true
    },
  }
}

export const GOOD: readonly Good[] = [
  goodOf('length'),
  goodOf('chunked'),
  goodOf('length', 'gzip'),
  goodOf('chunked', 'gzip'),
  goodOf('length', 'deflate'),
  goodOf('chunked', 'deflate'),
  goodOf('length', 'br'),
  goodOf('chunked', 'br'),
  goodOf('length', 'zstd'),
  goodOf('chunked', 'zstd'),
]

export interface Mutation {
  readonly how: 'flip' | 'replace' | 'insert' | 'delete' | 'cut'
  readonly at: number
  readonly byte: number
}

const HOW = ['flip', 'replace', 'insert', 'delete', 'cut'] as const
/** Bytes with a meaning in heads and framing, where they do more harm than others. */
const TELLING = Buffer.from('0123456789abcdef :;,\r\n\t\0HTTPchunkedgzip')

/** A mutation that can be detected; half of them are in the head. */
export function mutationOf({ bytes, isGuarded }: Good, random: () => number): Mutation {
  for (;;) {
    const how = HOW[Math.floor(random() * HOW.length)] as Mutation['how']
    const at = Math.floor(random() * (random() < 0.5 ? 110 : bytes.byteLength))
    const byte =
      random() < 0.5 ? Math.floor(random() * 256) : (TELLING[Math.floor(random() * TELLING.length)] as number)
    if (how === 'cut' || isGuarded(at)) return { how, at, byte }
  }
}

export function mutated(bytes: Buffer, { how, at, byte }: Mutation): Buffer {
  if (how === 'cut') return bytes.subarray(0, at)
  const before = bytes.subarray(0, at)
  if (how === 'delete') return Buffer.concat([before, bytes.subarray(at + 1)])
  if (how === 'insert') return Buffer.concat([before, Buffer.of(byte), bytes.subarray(at)])
  const now = how === 'flip' ? (bytes[at] as number) ^ (1 << (byte % 8)) : byte
  return Buffer.concat([before, Buffer.of(now), bytes.subarray(at + 1)])
}
