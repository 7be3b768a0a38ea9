/** Section D of the catalogue: content codings, charsets and JSON. */
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  deflateRawSync,
  gzipSync,
} from 'node:zlib'
import { EVERYWHERE } from '../support/hostile/scenario.ts'
import type { Scenario } from '../support/hostile/scenario.ts'
import { reply } from '../support/hostile/steps.ts'

export const url = import.meta.url

const TEXT = 'It was a bright cold day in April. '.repeat(40)
const gzipped = gzipSync(TEXT)
const coded = (coding: string): string => `Content-Encoding: ${coding}\r\n`

/** 64 MiB of zeros, which are small on the wire. */
const BOMB_BYTES = 67_108_864
const BOMB_LIMIT = '1MiB'

async function bomb(coder: NodeJS.ReadWriteStream): Promise<Buffer> {
  const zeros = Buffer.alloc(1_048_576)
  const parts: Buffer[] = []
  coder.on('data', (part: Buffer) => parts.push(part))
  const ended = new Promise(resolve => coder.once('end', resolve))
  for (let written = 0; written < BOMB_BYTES; written += zeros.length) {
    if (!coder.write(zeros)) await new Promise(resolve => coder.once('drain', resolve))
  }
  coder.end()
  await ended
  return Buffer.concat(parts)
}

const [gzipBomb, brotliBomb, zstdBomb] = await Promise.all([
  bomb(createGzip()),
  bomb(createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })),
  bomb(createZstdCompress()),
])

/** Streamed bodies that are wrong from the start are given up before the rest of them arrives. */
const GIVEN_UP = { 'sliced, file': { socket: 'X' }, 'sliced, slow': { socket: 'X' } } as const
/** Once a consumer has a piece, the request is not retried. */
const BEGUN = { retry: 'N' } as const

const row = (
  number: number,
  name: string,
  outcome: string,
  body: string | Uint8Array,
  coding?: string,
  more: Partial<Scenario> = {},
): Scenario => ({
  row: number,
  name,
  plays: [[reply(body, coding === undefined ? '' : coded(coding))]],
  outcome,
  retry: outcome === 'ok' ? '–' : 'N',
  socket: 'K',
  ...(outcome === 'ok' && { look: ({ outcome: { value } }) => value, sees: TEXT }),
  ...more,
})

const exploding = (name: string, body: Uint8Array, coding: string, status = '200 OK'): Scenario => ({
  ...row(50, name, 'too_large/decoded', body, coding),
  ways: ['plain', 'tls', 'connect'],
  // The rest of the body is not worth reading.
  socket: 'X',
  plays: [[reply(body, `${coded(coding)}Location: /polite/next\r\n`, status)]],
  spec: { maxResponseBytes: BOMB_LIMIT },
})

const json = (name: string, outcome: string, body: string | Uint8Array, more: Partial<Scenario> = {}): Scenario => ({
  ...row(61, name, outcome, body, undefined, { look: () => undefined, sees: undefined }),
  ...more,
  spec: { returnType: 'json', ...more.spec },
})

const ROWS: readonly Scenario[] = [
  exploding('a gzip bomb', gzipBomb, 'gzip'),
  exploding('a brotli bomb', brotliBomb, 'br'),
  exploding('a zstd bomb', zstdBomb, 'zstd'),
  // Only the beginning of a refused body is decoded, and all of its packed bytes have been read.
  { ...exploding('a gzip bomb on status 404', gzipBomb, 'gzip', '404 Not Found'), outcome: 'http/404', socket: 'K' },
  row(51, 'six content codings', 'decode/chain', TEXT, 'gzip, gzip, gzip, gzip, gzip, gzip', { socket: 'X' }),
  row(52, 'corrupt gzip', 'decode/corrupt', Buffer.concat([gzipped.subarray(0, 20), gzipped.subarray(22)]), 'gzip', {
    retry: 'I',
  }),
  row(52, 'corrupt gzip on status 503', 'http/503', '', undefined, {
    plays: [[reply(Buffer.from('no gzip'), coded('gzip'), '503 Service Unavailable')]],
    retry: 'I',
  }),
  row(52, 'gzip with a wrong checksum', 'decode/corrupt', wrongChecksum(gzipped), 'gzip', {
    retry: 'I',
    over: { slow: BEGUN },
  }),
  row(
    53,
    'gzip that is cut short, with a matching Content-Length',
    'decode/truncated',
    gzipped.subarray(0, -10),
    'gzip',
    {
      retry: 'I',
      over: { slow: BEGUN },
    },
  ),
  row(54, 'plain text that is declared as gzip', 'decode/not_gzip', TEXT, 'gzip', { over: GIVEN_UP }),
  row(55, 'gzip with bytes after its end', 'ok', Buffer.concat([gzipped, Buffer.from('MORE')]), 'gzip', {
    look: ({ outcome }) => [outcome.value, outcome.warnings.length],
    sees: [TEXT, 1],
  }),
  row(55, 'gzip of two members', 'ok', Buffer.concat([gzipSync(TEXT.slice(0, 9)), gzipSync(TEXT.slice(9))]), 'gzip'),
  row(56, '0 bytes that are declared as gzip', 'ok', '', 'gzip', { look: ({ outcome }) => outcome.value, sees: '' }),
  row(57, 'deflate without its zlib header', 'ok', deflateRawSync(TEXT), 'deflate'),
  row(57, 'two content codings (gzip, br)', 'ok', brotliCompressSync(gzipped), 'gzip, br'),
  row(58, 'an unknown content coding', 'decode/unsupported', TEXT, 'lzma', { over: GIVEN_UP }),
  {
    ...row(59, 'gzip on status 500', 'http/500', gzipped, 'gzip'),
    plays: [[reply(gzipped, coded('gzip'), '500 Internal Server Error')]],
    retry: 'I',
    look: ({ outcome }) => outcome.error?.response?.text(),
    sees: TEXT,
  },
  row(60, 'text that is not UTF-8', 'ok', Buffer.from('caf\xe9', 'latin1'), undefined, {
    look: ({ outcome }) => [outcome.value, outcome.warnings.length],
    sees: ['caf\ufffd', 1],
  }),
  { ...json('JSON in UTF-16', 'parse/json', Buffer.from('{"a":1}', 'utf16le')), row: 60 },
  json('JSON after a byte-order mark', 'ok', '\xef\xbb\xbf{"a":1}', {
    plays: [[reply(Buffer.from('\ufeff{"a":1}'))]],
    look: ({ outcome }) => outcome.value,
    sees: { a: 1 },
  }),
  json('a body that is not JSON', 'parse/json', '<html>', {
    look: ({ outcome: { error } }) => [error?.message.includes('<html>'), error?.response?.status],
    sees: [true, 200],
  }),
  // An empty answer to a POST is null, so the POST of the retry trial is ok.
  json('an empty response to GET', 'parse/empty', '', { post: 'ok' }),
  json('204 where JSON is expected', 'ok', '', {
    plays: [[reply('', '', '204 No Content')]],
    look: ({ outcome }) => outcome.value,
    sees: null,
  }),
  { ...json('JSON 200,000 levels deep, not closed', 'parse/json', '['.repeat(200_000)), row: 62 },
  {
    ...json('JSON with the key __proto__', 'ok', '{"__proto__":{"polluted":1}}'),
    row: 62,
    look: ({ outcome }) => [Object.hasOwn(outcome.value as object, '__proto__'), 'polluted' in {}],
    sees: [true, false],
  },
]

function wrongChecksum(bytes: Uint8Array): Buffer {
  const copy = Buffer.from(bytes)
  const at = copy.length - 8
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

// Bodies for files and consumers are not parsed, so charsets and JSON are tested only in memory.
export const CODINGS: readonly Scenario[] = ROWS.map(each => (each.row < 60 ? { into: EVERYWHERE, ...each } : each))
