import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { Pieces } from '../../src/transport/pieces.ts'
import { clientOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'

/** All buffered bytes, in the buffers that hold them. */
function takenFrom(pieces: Pieces): Uint8Array[] {
  const taken: Uint8Array[] = []
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) taken.push(piece)
  return taken
}

const counted = (from: number, bytes: number): Uint8Array =>
  Uint8Array.from({ length: bytes }, (_, index) => (from + index) % 251)

test('a body in chunks of one byte is buffered in a few blocks', () => {
  const pieces = new Pieces()
  const body = counted(0, 200_000)
  for (let at = 0; at < body.byteLength; at++) pieces.add(body.subarray(at, at + 1))
  expect(pieces.bytes).toBe(200_000)
  const taken = takenFrom(pieces)
  expect(taken.length).toBeLessThan(20)
  expect(Buffer.compare(Buffer.concat(taken), body)).toBe(0)
  expect(pieces.bytes).toBe(0)
})

test('chunks of any size come out complete and in order', () => {
  const sizes = [1, 0, 5_000, 32_768, 1, 65_536, 3, 40_000, 0, 32_767, 4_096, 100_000, 1]
  const pieces = new Pieces()
  let at = 0
  for (const size of sizes) {
    pieces.add(counted(at, size))
    at += size
  }
  expect(Buffer.compare(pieces.join(), counted(0, at))).toBe(0)
  expect(Buffer.compare(Buffer.concat(takenFrom(pieces)), counted(0, at))).toBe(0)
})

test('alternating large and tiny chunks leave no block half empty', () => {
  const pieces = new Pieces()
  for (let round = 0; round < 50; round++) {
    pieces.add(counted(0, 1))
    pieces.add(counted(0, 40_000))
  }
  const held = takenFrom(pieces).reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
  expect(held).toBeLessThan(50 * 40_001 + 2 * 65_536)
})

test('a body in one chunk is not copied', () => {
  const pieces = new Pieces()
  const piece = counted(0, 10)
  pieces.add(piece)
  expect(pieces.join()).toBe(piece)
})

test('a buffer that was returned is not written to again', () => {
  const pieces = new Pieces()
  pieces.add(counted(0, 1))
  pieces.add(counted(1, 1))
  pieces.shift()
  const second = pieces.shift()
  pieces.add(counted(7, 1))
  pieces.add(counted(8, 1))
  expect([...(second ?? [])]).toEqual([1])
})

test('chunks of one byte that arrive while onChunk is busy are passed on together', async () => {
  const CHUNKS = 5_000
  await using server = await rawServer(
    answering(async connection => {
      await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      await connection.send(`${'1\r\nx\r\n'.repeat(CHUNKS)}0\r\n\r\n`)
    }),
  )
  const client = clientOf({})
  const taken: number[] = []
  const bytes = await client.request(server.origin, {
    returnType: 'stream',
    onChunk: async piece => {
      taken.push(piece.byteLength)
      await new Promise(resolve => setImmediate(resolve))
    },
  })
  expect(bytes).toBe(CHUNKS)
  expect(taken.reduce((sum, one) => sum + one, 0)).toBe(CHUNKS)
  expect(taken.length).toBeLessThan(100)
  await client.close()
})

test.each([
  ['plain', 10_000],
  ['plain', 300_000],
  ['gzip', 10_000],
  ['gzip', 300_000],
] as const)(
  'a body with a length is complete although its connection ends while onChunk is busy (%s, %i bytes)',
  async (coding, length) => {
    // Not compressible by gzip.
    const text = randomBytes(length)
    const body = coding === 'gzip' ? gzipSync(text) : text
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    await using server = await rawServer(
      answering(async connection => {
        const coded = coding === 'gzip' ? 'Content-Encoding: gzip\r\n' : ''
        await connection.send(`HTTP/1.1 200 OK\r\n${coded}Content-Length: ${body.byteLength}\r\n\r\n`)
        await connection.send(body)
        connection.fin()
        setTimeout(end, 30)
      }),
    )
    const client = clientOf({ maxRetries: 0 })
    const taken: Uint8Array[] = []
    await client.request(server.origin, {
      returnType: 'stream',
      onChunk: async piece => {
        taken.push(piece.slice())
        await ended
      },
    })
    expect(Buffer.compare(Buffer.concat(taken), text)).toBe(0)
    await client.close()
  },
)
