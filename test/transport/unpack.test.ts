/** Decoding chunk by chunk: however the body is split, the result is the same as for the whole. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { codingsOf } from '../../src/transport/codings.ts'
import { decompress } from '../../src/transport/decompress.ts'
import { Undecodable, unpack } from '../../src/transport/unpack.ts'
import { makeReply } from '../support/calls.ts'
import { fc } from '../support/property.ts'

const TEXT = 'It was a bright cold day in April. '.repeat(40)
const noise = Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i * 7_919 * i) % 251))
const CODERS = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync, deflate: deflateSync } as const
const NAMES = Object.keys(CODERS) as (keyof typeof CODERS)[]

async function* inPieces(bytes: Uint8Array, sizes: readonly number[]) {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length
    yield bytes.subarray(at, at + size)
    at += size
  }
}

/** The text or the code, and the warnings. */
async function read(body: Uint8Array, coding: string, sizes: readonly number[], lenient = false) {
  const warnings: string[] = []
  const codings = codingsOf(['content-encoding', coding])
  const plan = { codings, maxBytes: 100_000, lenient, warn: (warning: string) => warnings.push(warning) }
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of unpack(inPieces(body, sizes), plan)) pieces.push(piece)
    return { text: Buffer.concat(pieces).toString('latin1'), warnings }
  } catch (error) {
    if (error instanceof Undecodable) return { code: error.problem[0], warnings }
    throw error
  }
}

async function readWhole(body: Uint8Array, coding: string, lenient = false) {
  const reply = { ...makeReply(), body, headers: ['content-encoding', coding] }
  const result = await decompress(reply, codingsOf(reply.headers), 100_000, lenient)
  if (result.kind === 'fault') return { code: result.code, warnings: [] }
  return { text: Buffer.from(result.body).toString('latin1'), warnings: result.warnings ?? [] }
}

const damaged = (body: Buffer, at: number): Buffer => {
  const copy = Buffer.from(body)
  copy[at] = (copy[at] as number) ^ 0xa5
  return copy
}

const BODIES: [string, Uint8Array, string][] = [
  ...NAMES.flatMap((name): [string, Uint8Array, string][] => [
    [name, CODERS[name](TEXT), name],
    [`empty ${name}`, CODERS[name](''), name],
    [`${name} of nothing`, Buffer.alloc(0), name],
    [`cut ${name}`, CODERS[name](noise).subarray(0, -3), name],
    [`${name} with bytes behind`, Buffer.concat([CODERS[name](TEXT), Buffer.from('TRAILING')]), name],
    [`${name} twice`, CODERS[name](CODERS[name](TEXT)), `${name}, ${name}`],
    [`plain text as ${name}`, Buffer.from('{"plain": "text"}'), name],
    [`a bomb of ${name}`, CODERS[name](Buffer.alloc(200_000)), name],
  ]),
  ['raw deflate', deflateRawSync(TEXT), 'deflate'],
  ['two members', Buffer.concat([gzipSync(TEXT), gzipSync('more')]), 'gzip'],
  ['two frames', Buffer.concat([zstdCompressSync(TEXT), zstdCompressSync('more')]), 'zstd'],
  ['a wrong checksum', damaged(gzipSync(TEXT), gzipSync(TEXT).length - 6), 'gzip'],
  ['a wrong length', damaged(gzipSync(TEXT), gzipSync(TEXT).length - 2), 'gzip'],
  ['an unknown coding', Buffer.from('abc'), 'compress'],
]

describe('a body in chunks', () => {
  test.each(BODIES)('(%s) decodes like the whole body', async (_name, body, coding) => {
    const whole = await readWhole(body, coding)
    for (const sizes of [[body.length || 1], [1], [7, 1, 30]]) {
      const made = await read(body, coding, sizes)
      // Of the bytes after a zstd frame, the engine may have consumed up to three before it notices.
      expect(coding === 'zstd' && sizes[0] === 1 ? { ...made, warnings: whole.warnings } : made).toEqual(whole)
    }
  })

  test('decodes to the same result however it is split', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...BODIES.filter(([name]) => !/behind|bomb/.test(name))),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
        async ([, body, coding], sizes) => {
          expect(await read(body, coding, sizes)).toEqual(await readWhole(body, coding))
        },
      ),
      { numRuns: 150 },
    )
  })
})

describe('lenient decoding', () => {
  test.each(BODIES.filter(([name]) => /^plain text|unknown/.test(name)))(
    'takes %s as it is, with a warning',
    async (_name, body, coding) => {
      const plain = Buffer.from(body).toString()
      expect(await read(body, coding, [5], true)).toMatchObject({ text: plain, warnings: [/taken as it is/] })
      expect(await readWhole(body, coding, true)).toMatchObject({ text: plain, warnings: [/taken as it is/] })
    },
  )

  test('still refuses what is truncated, too large, or has a wrong checksum', async () => {
    const long = Buffer.from(Array.from({ length: 90_000 }, (_, i) => (i * 7_919 * i) % 251))
    for (const [body, code] of [
      [gzipSync(long).subarray(0, -3), 'decode/truncated'],
      [gzipSync(Buffer.alloc(200_000)), 'too_large/decoded'],
      [damaged(gzipSync(long), gzipSync(long).length - 6), 'decode/corrupt'],
    ] as const) {
      expect(await read(body, 'gzip', [100], true)).toMatchObject({ code })
      expect(await readWhole(body, 'gzip', true)).toMatchObject({ code })
    }
  })
})
