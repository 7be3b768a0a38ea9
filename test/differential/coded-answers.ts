/** Answers with content codings, complete and broken. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { bytesOf } from './answer.ts'
import type { Row } from './answer.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const TEXT = JSON.stringify(Array.from({ length: 60 }, (_, id) => ({ id, name: `item ${id * id}` })))
const GZIP = gzipSync(TEXT)

const packed = (coding: string, body: Uint8Array): Uint8Array =>
  bytesOf(`${OK}Content-Encoding: ${coding}\r\nContent-Length: ${body.byteLength}\r\n\r\n`, body)

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[at < 0 ? copy.length + at : at]! ^= 0x55
  return copy
}

export const CODED: readonly Row[] = [
  ['gzip', packed('gzip', GZIP), 'hold', 'ok', 0],
  ['deflate', packed('deflate', deflateSync(TEXT)), 'hold', 'ok', 0],
  ['bare deflate', packed('deflate', deflateRawSync(TEXT)), 'hold', 'ok', 0],
  ['br', packed('br', brotliCompressSync(TEXT)), 'hold', 'ok', 0],
  ['zstd', packed('zstd', zstdCompressSync(TEXT)), 'hold', 'ok', 0],
  [
    'gzip in chunks',
    bytesOf(
      `${OK}Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n${GZIP.byteLength.toString(16)}\r\n`,
      GZIP,
      '\r\n0\r\n\r\n',
    ),
    'hold',
    'ok',
    0,
  ],
  [
    'gzip of two members',
    packed('gzip', bytesOf(GZIP, gzipSync('more'))),
    'hold',
    'ok',
    23,
    'RFC 1952 §2.2: both members are the body; curl stops after the first one',
  ],
  [
    'gzip with bytes after its end',
    packed('gzip', bytesOf(GZIP, 'MORE')),
    'hold',
    'ok',
    23,
    'the body is complete: ok with a warning, like in browsers',
  ],
  ['gzip, 0 bytes', packed('gzip', new Uint8Array(0)), 'hold', 'ok', 0],
  [
    'gzip that is cut, with a matching length',
    packed('gzip', GZIP.subarray(0, -12)),
    'hold',
    'decode/truncated',
    0,
    'curl delivers half a body without an error; here it is never ok',
  ],
  [
    'deflate that is cut',
    packed('deflate', deflateSync(TEXT).subarray(0, -12)),
    'hold',
    'decode/truncated',
    0,
    'as for gzip',
  ],
  [
    'br that is cut',
    packed('br', brotliCompressSync(TEXT).subarray(0, -12)),
    'hold',
    'decode/truncated',
    0,
    'as for gzip',
  ],
  [
    'zstd that is cut',
    packed('zstd', zstdCompressSync(TEXT).subarray(0, -12)),
    'hold',
    'decode/truncated',
    0,
    'as for gzip',
  ],
  ['gzip with a wrong checksum', packed('gzip', flipped(GZIP, -6)), 'hold', 'decode/corrupt', 61],
  ['gzip with a wrong byte', packed('gzip', flipped(GZIP, 40)), 'hold', 'decode/corrupt', 61],
  ['plain text that says gzip', packed('gzip', Buffer.from('plain text')), 'hold', 'decode/not_gzip', 61],
  ['an unknown coding', packed('zip', Buffer.from('ok')), 'hold', 'decode/unsupported', 61],
  ['six codings', packed('gzip, gzip, gzip, gzip, gzip, gzip', GZIP), 'hold', 'decode/chain', 61],
  [
    'gzip on 500',
    bytesOf('HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\n', `Content-Length: ${GZIP.byteLength}\r\n\r\n`, GZIP),
    'hold',
    'http/500',
    0,
  ],
]
