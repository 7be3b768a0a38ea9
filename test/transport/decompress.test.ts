import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'

const TEXT = 'It was a bright cold day in April. '.repeat(40)
const noise = Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i * 7_919 * i) % 251))

const CODERS = {
  gzip: gzipSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
  deflate: deflateSync,
} as const
const NAMES = Object.keys(CODERS) as (keyof typeof CODERS)[]

const packed = (body: Uint8Array, coding: string, status = '200 OK') =>
  rawServer(answering(connection => connection.reply(body, { status, headers: `Content-Encoding: ${coding}\r\n` })))

describe('content codings', () => {
  it.each(NAMES)('decodes %s', async coding => {
    await using server = await packed(CODERS[coding](TEXT), coding)
    const outcome = await ask(server.origin)
    expect(outcome.value).toBe(TEXT)
    expect(outcome.response?.bytes).toBe(TEXT.length)
    expect(outcome.warnings).toEqual([])
  })

  it('asks for exactly the codings that it can decode', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    await ask(server.origin)
    expect(server.requests[0]?.headers.get('accept-encoding')?.split(', ').toSorted()).toEqual(NAMES.toSorted())
  })

  it.each([
    ['deflate without its zlib header', deflateRawSync(TEXT), 'deflate'],
    ['x-gzip', gzipSync(TEXT), 'x-gzip'],
    ['a coding in capitals', gzipSync(TEXT), ' GZIP '],
    ['identity', Buffer.from(TEXT), 'identity'],
    ['one coding after another', brotliCompressSync(gzipSync(TEXT)), 'gzip, br'],
    ['codings in two headers', brotliCompressSync(gzipSync(TEXT)), 'gzip\r\nContent-Encoding: br'],
    ['gzip of two members', Buffer.concat([gzipSync(TEXT.slice(0, 9)), gzipSync(TEXT.slice(9))]), 'gzip'],
    [
      'zstd of two frames',
      Buffer.concat([zstdCompressSync(TEXT.slice(0, 9)), zstdCompressSync(TEXT.slice(9))]),
      'zstd',
    ],
  ])('reads %s', async (_what, body, coding) => {
    await using server = await packed(body, coding)
    const outcome = await ask(server.origin)
    expect(outcome.value).toBe(TEXT)
    expect(outcome.warnings).toEqual([])
  })

  it.each(NAMES)('reads an empty body that is declared as %s', async coding => {
    await using server = await packed(new Uint8Array(0), coding)
    expect((await ask(server.origin)).value).toBe('')
  })

  it.each(NAMES)('reads a %s body without content', async coding => {
    await using server = await packed(CODERS[coding](''), coding)
    expect((await ask(server.origin)).value).toBe('')
  })

  it('decodes the body of an error too', async () => {
    await using server = await packed(gzipSync('out of order'), 'gzip', '500 Internal Server Error')
    const outcome = await ask(server.origin)
    expect(verdictOf(outcome)).toBe('http/500')
    expect(outcome.error?.response?.text()).toBe('out of order')
  })

  it.each([...NAMES, 'raw deflate'] as const)('accepts %s followed by more bytes, with a warning', async name => {
    const coding = name === 'raw deflate' ? 'deflate' : name
    const body = name === 'raw deflate' ? deflateRawSync(TEXT) : CODERS[name](TEXT)
    await using server = await packed(Buffer.concat([body, Buffer.from('TRAILING')]), coding)
    const outcome = await ask(server.origin)
    expect(outcome.value).toBe(TEXT)
    expect(outcome.warnings).toEqual([`8 bytes after the end of the ${coding} body were ignored`])
  })

  it('accepts gzip members with every header field, followed by more bytes', async () => {
    const plain = gzipSync(TEXT)
    // FEXTRA, FNAME and FCOMMENT of RFC 1952.
    const flags = Buffer.from([4 | 8 | 16])
    const fields = Buffer.from('\x03\0abcname\0comment\0', 'latin1')
    const full = Buffer.concat([plain.subarray(0, 3), flags, plain.subarray(4, 10), fields, plain.subarray(10)])
    await using server = await packed(Buffer.concat([full, plain, Buffer.from('TRAILING')]), 'gzip')
    const outcome = await ask(server.origin)
    expect(outcome.value).toBe(TEXT + TEXT)
    expect(outcome.warnings).toHaveLength(1)
  })

  describe.each(NAMES)('a truncated %s body', coding => {
    const whole = CODERS[coding](noise)

    it.each([1, 3, whole.length >> 1, whole.length - 1])('is decode/truncated after %d bytes', async length => {
      await using server = await packed(whole.subarray(0, length), coding)
      expect(await verdict(server.origin)).toBe('decode/truncated')
    })
  })

  it('detects a wrong checksum', async () => {
    const body = gzipSync(noise)
    body[body.length - 6] = (body[body.length - 6] as number) ^ 0xff
    await using server = await packed(body, 'gzip')
    expect(await verdict(server.origin)).toBe('decode/corrupt')
    await using behind = await packed(Buffer.concat([gzipSync(TEXT), body, Buffer.from('TRAILING')]), 'gzip')
    expect(await verdict(behind.origin)).toBe('decode/corrupt')
  })

  it.each(['gzip', 'br', 'deflate'] as const)('detects damage within %s', async coding => {
    const body = CODERS[coding](noise)
    for (const at of [0, 1, 2]) body[(body.length >> 1) + at] = (body[(body.length >> 1) + at] as number) ^ 0xa5
    await using server = await packed(body, coding)
    expect(await verdict(server.origin)).toMatch(/^decode\/(?:corrupt|truncated)$/)
  })

  it.each([
    ['gzip', 'decode/not_gzip'],
    ['zstd', 'decode/not_zstd'],
    ['br', 'decode/corrupt'],
    ['deflate', 'decode/corrupt'],
    ['compress', 'decode/unsupported'],
    ['__proto__', 'decode/unsupported'],
    ['constructor', 'decode/unsupported'],
    ['gzip, gzip, gzip, gzip, gzip, gzip', 'decode/chain'],
    ['gzip, gzip, gzip', 'decode/chain'],
  ])('refuses plain text that is declared as %s with %s', async (coding, code) => {
    await using server = await packed(Buffer.from('{"plain": "text"}'), coding)
    expect(await verdict(server.origin)).toBe(code)
  })

  it.each(NAMES)('stops a %s bomb at maxResponseBytes', async coding => {
    await using server = await packed(CODERS[coding](Buffer.alloc(16_777_216)), coding)
    const outcome = await ask(server.origin, { maxResponseBytes: '1MiB' })
    expect(verdictOf(outcome)).toBe('too_large/decoded')
    expect(outcome.error?.message).toContain('maxResponseBytes')
    expect(outcome.error?.response?.status).toBe(200)
  })

  it.each(NAMES)('decodes the first 64 KiB of a %s bomb with a status that is refused', async coding => {
    const bomb = CODERS[coding](Buffer.alloc(16_777_216))
    // The body of a redirect that is followed does not count. A 300 without a Location is not a redirect.
    for (const status of ['404 Not Found', '300 Multiple Choices']) {
      await using server = await packed(bomb, coding, status)
      const outcome = await ask(server.origin, { maxResponseBytes: '1MiB' })
      expect(verdictOf(outcome)).toBe(`http/${status.slice(0, 3)}`)
      expect(outcome.error?.response?.body).toEqual(new Uint8Array(65_536))
    }
  })

  it("leaves a body packed with contentCoding: 'raw'", async () => {
    const body = gzipSync(TEXT)
    await using server = await packed(body, 'gzip')
    const client = clientOf({ contentCoding: 'raw' })
    expect(Buffer.from(await client.request(server.origin, { returnType: 'content' }))).toEqual(body)
    await client.close()
    expect(server.requests[0]?.headers.get('accept-encoding')).toContain('gzip')
    await using unknown = await packed(Buffer.from('as it is'), 'compress')
    expect((await ask(unknown.origin, { contentCoding: 'raw' })).value).toBe('as it is')
  })

  it.each(['gzip', 'br', 'zstd', 'deflate', 'compress'])(
    "takes plain text that is declared as %s as it is with contentCoding: 'lenient', and warns",
    async coding => {
      await using server = await packed(Buffer.from('{"plain": "text"}'), coding)
      const outcome = await ask(server.origin, { contentCoding: 'lenient' })
      expect(outcome.value).toBe('{"plain": "text"}')
      expect(outcome.warnings).toEqual([expect.stringContaining('used as it is')])
    },
  )

  it('counts all frames, members and layers together', async () => {
    const half = Buffer.alloc(700_000)
    for (const [coding, body] of [
      ['zstd', Buffer.concat([zstdCompressSync(half), zstdCompressSync(half)])],
      ['gzip', Buffer.concat([gzipSync(half), gzipSync(half), Buffer.from('TRAILING')])],
      ['gzip, br', brotliCompressSync(gzipSync(Buffer.alloc(16_777_216)))],
    ] as const) {
      await using server = await packed(body, coding)
      expect(await verdict(server.origin, { maxResponseBytes: '1MB' })).toBe('too_large/decoded')
    }
  })

  it('decodes up to exactly the limit', async () => {
    await using server = await packed(gzipSync(Buffer.alloc(5_000)), 'gzip')
    expect(await verdict(server.origin, { maxResponseBytes: 5_000 })).toBe('ok')
    expect(await verdict(server.origin, { maxResponseBytes: 4_999 })).toBe('too_large/decoded')
  })
})
