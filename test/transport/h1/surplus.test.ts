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
