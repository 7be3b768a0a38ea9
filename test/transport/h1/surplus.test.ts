/** Bytes that a server sends behind its response never become the response to the next request, wherever they are. */
import { describe, expect, it } from 'vitest'
import { TRUST, clientOf } from '../../support/ask.ts'
import { rawServer } from '../../support/raw-server.ts'
import type { RawServer } from '../../support/raw-server.ts'

const SETTLE = { onFailure: 'settle', returnType: 'text' } as const
const STRAY = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray'

/** A complete response of exactly this many bytes. */
function responseOf(bytes: number): string {
  const head = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`
  const length = bytes - head(bytes).length
  return head(length).length + length === bytes ? `${head(length)}${'m'.repeat(length)}` : responseOf(bytes - 1)
}

/** The path of the request, padded to a response of exactly this many bytes. */
function answerOf(path: string, bytes: number): string {
  const response = responseOf(bytes)
  const bodyAt = response.indexOf('\r\n\r\n') + 4
  return response.slice(0, bodyAt) + path + response.slice(bodyAt + path.length)
}

/** Answers each request, and sends a further response with the same write. */
const generous = (bytes: number, cert?: 'server'): Promise<RawServer> =>
  rawServer(async connection => {
    for (;;) {
      await connection.request()
      await connection.send(responseOf(bytes) + STRAY)
    }
  }, cert && { cert })

describe('a surplus response is not taken for the next one', () => {
  it.each([
    ['in the same read', 1_000, undefined],
    ['in the next read, when the first one filled the buffer', 65_536, undefined],
    ['in the next read, when many have filled the buffer', 8 * 65_536, undefined],
    ['in the same TLS record', 1_000, 'server'],
    ['in the next TLS record of the same segment', 16_384, 'server'],
    ['in a later TLS record of the same segment', 3 * 16_384, 'server'],
  ] as const)('%s', async (_where, bytes, cert) => {
    await using server = await generous(bytes, cert)
    const client = clientOf({ ...TRUST, concurrency: 1 })
    const outcomes = await client.request(Array<string>(6).fill(server.origin), SETTLE)
    expect(new Set(outcomes.map(outcome => (outcome.ok ? outcome.value[0] : outcome.error.code)))).toEqual(
      new Set(['m']),
    )
    await client.close()
  })

  it.each([undefined, 'server'] as const)('when a busy writer had paused the connection (TLS: %s)', async cert => {
    await using server = await generous(2 * 65_536, cert)
    const client = clientOf({ ...TRUST, concurrency: 1 })
    const seen = new Set<number | undefined>()
    const onChunk = async (chunk: Uint8Array): Promise<void> => {
      seen.add(chunk[0])
      await new Promise(resolve => setTimeout(resolve, 2))
    }
    await client.request(Array<string>(10).fill(server.origin), { returnType: 'stream', onChunk })
    expect(seen).toEqual(new Set(['m'.charCodeAt(0)]))
    await client.close()
  })
})

const RECORD_BYTES = 512
const LANES = 20

/**
 * Answers the first request of each connection as it should, and each later one with a second response right behind. The
 * first requests are answered once all lanes have asked, so that each has a connection of its own.
 */
const turningBad = (bytes: number, cert: 'server' | undefined): Promise<RawServer> => {
  let asked = 0
  let openGate: () => void
  const gate = new Promise<void>(resolve => (openGate = resolve))
  return rawServer(
    async connection => {
      const { path } = await connection.request()
      if (++asked === LANES) openGate()
      await gate
      await connection.send(answerOf(path, bytes))
      for (;;) {
        const later = await connection.request()
        await connection.send(answerOf(later.path, bytes) + STRAY)
      }
    },
    cert && { cert, maxRecordBytes: RECORD_BYTES },
  )
}

describe('many kept connections whose servers send a surplus response at the same time', () => {
  it.each([
    ['in the record behind a response of one record', RECORD_BYTES, 'server'],
    ['in the record behind a response of two records', 2 * RECORD_BYTES, 'server'],
    ['in the record behind one of almost 16 KiB', 31 * RECORD_BYTES, 'server'],
    ['in the record behind one of 16 KiB', 32 * RECORD_BYTES, 'server'],
    ['in the record behind one of 40 KiB', 80 * RECORD_BYTES, 'server'],
    ['in the record behind one of 256 KiB', 512 * RECORD_BYTES, 'server'],
    ['without TLS', RECORD_BYTES, undefined],
    ['without TLS, where the response fills the buffer', 65_536, undefined],
  ] as const)('give each request its own response: %s', async (_where, bytes, cert) => {
    for (const method of ['GET', 'POST']) {
      await using server = await turningBad(bytes, cert)
      await using client = clientOf({ ...TRUST, concurrency: LANES })
      const ask = async (name: string, count: number): Promise<void> => {
        const paths = Array.from({ length: count }, (_, nth) => `/${name}-${nth}.`)
        const specs = paths.map(path => ({ url: server.origin + path, method }))
        const outcomes = await client.request(specs, SETTLE)
        const seen = outcomes.map(outcome =>
          outcome.ok ? outcome.value.slice(0, outcome.value.indexOf('.') + 1) : outcome.error.code,
        )
        expect(seen).toEqual(paths)
      }
      await ask('tidy', LANES)
      expect(server.accepted).toBe(LANES)
      await ask('later', 4 * LANES)
      // Otherwise no kept connection was put to the test.
      expect(server.connections.some(({ requests }) => requests.length > 1)).toBe(true)
    }
  })
})
