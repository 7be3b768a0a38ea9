/** `returnType: 'stream'`: a body piece by piece, each awaited, and never started again. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ConfigError, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { AskOptions } from '../support/ask.ts'
import { HASTY, TRUST, clientOf, until, verdictOf } from '../support/ask.ts'
import { answering, rawServer, tlsFixture } from '../support/raw-server.ts'
import type { Script } from '../support/raw-server.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { expectFigure } from '../support/figure.ts'
import { longTest, sized } from '../support/size.ts'

const BYTES = randomBytes(1_000_000)
const CODERS = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync } as const
const PACKED = Object.fromEntries(Object.entries(CODERS).map(([name, pack]) => [name, pack(BYTES)]))
const OK = 'HTTP/1.1 200 OK\r\n'

/** Everything that `onChunk` got for one request, and how that ended. */
async function take(url: string, options: AskOptions & { onChunk?: (chunk: Uint8Array) => unknown } = {}) {
  const chunks: Uint8Array[] = []
  const client = clientOf({ onChunk: chunk => void chunks.push(chunk), ...options })
  const outcome = await client.request(url, { returnType: 'stream', onFailure: 'settle' })
  await client.close()
  return { outcome, chunks, bytes: Buffer.concat(chunks) }
}

const cutting =
  (bytes: string): Script =>
  async connection => {
    await connection.request()
    await connection.send(bytes)
    await connection.wait(20)
    connection.fin()
  }

/** Slow enough for the connection to read ahead of what was requested. */
const slowly = async (): Promise<void> => sleep(2)

describe('a slow onChunk', () => {
  it('gets a body of many chunks that arrived at once', async () => {
    const chunk = `${(40_000).toString(16)}\r\n${'x'.repeat(40_000)}\r\n`
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.send(`${OK}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(25)}0\r\n\r\n`)
      await connection.closed
    })
    const { outcome } = await take(server.origin, { onChunk: slowly })
    expect([verdictOf(outcome), outcome.value]).toEqual(['ok', 1_000_000])
  })

  it('gets every byte over HTTP/2, for small and large bodies', async () => {
    const server = createSecureServer({ key: tlsFixture('server-key'), cert: tlsFixture('server') })
    server.on('request', (request, response) => response.end(Buffer.alloc(Number(request.url.slice(1)))))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const client = clientOf({ ...TRUST, http2: true, concurrency: 16 })
    const sizes = Array.from({ length: sized(400, 60) }, (_, i) => [1, 100, 300_000][i % 3] as number)
    const urls = sizes.map(size => `https://127.0.0.1:${(server.address() as AddressInfo).port}/${size}`)
    let turn = 0
    const onChunk = (): unknown => (turn++ % 2 === 0 ? slowly() : undefined)
    const outcomes = await client.request(urls, { returnType: 'stream', onChunk, onFailure: 'settle' })
    await client.close()
    server.close()
    expect(outcomes.map(outcome => outcome.value ?? verdictOf(outcome))).toEqual(sizes)
  })
})

describe('onChunk', () => {
  it.each(['identity', 'gzip', 'br', 'zstd'])(
    'gets every byte of %s decoded and in order, and the value is their number',
    async coding => {
      await using server = await rawServer(
        answering(connection =>
          connection.reply(PACKED[coding] ?? BYTES, { headers: `Content-Encoding: ${coding}\r\n` }),
        ),
      )
      const { outcome, bytes } = await take(server.origin)
      expect(outcome.value).toBe(BYTES.length)
      expect(outcome.response?.bytes).toBe(BYTES.length)
      expect(bytes.equals(BYTES)).toBe(true)
      const slow = await take(server.origin, { timeout: '5s' })
      expect(slow.outcome.ok).toBe(true)
    },
  )

  longTest.each(['identity', 'gzip'])(
    'is awaited for each piece, and back-pressure stops the server of %s',
    async coding => {
      let sent = 0
      const packed = gzipSync(randomBytes(32_000_000))
      await using server = await rawServer(async connection => {
        await connection.request()
        await connection.send(`${OK}Content-Encoding: ${coding}\r\nContent-Length: ${packed.length}\r\n\r\n`)
        for (let at = 0; at < packed.length; at += 65_536) {
          await connection.send(packed.subarray(at, at + 65_536))
          sent += 65_536
        }
      })
      let atOnce = 0
      let most = 0
      let first: (() => void) | undefined
      const held = new Promise<void>(resolve => (first = resolve))
      let calls = 0
      const taking = take(server.origin, {
        timeout: '10s',
        minSpeed: { bytes: 100_000, over: '1s' },
        onChunk: async () => {
          most = Math.max(most, ++atOnce)
          if (++calls === 1) await held
          atOnce--
        },
      })
      await sleep(10_500)
      // The kernels and undici buffer some of it. No more comes while nothing is taken.
      const sentThen = sent
      expect(sentThen).toBeLessThan(16_000_000)
      await sleep(100)
      expect(sent).toBe(sentThen)
      expect(calls).toBe(1)
      first?.()
      expect(verdictOf((await taking).outcome)).toBe('ok')
      expect(most).toBe(1)
    },
  )

  it('gets nothing of a response that is retried, redirected or refused', async () => {
    let asked = 0
    await using server = await rawServer(
      answering((connection, { path }) => {
        if (path === '/gone') return connection.reply('error page', { status: '404 Not Found' })
        if (asked++ === 0) return connection.reply('busy', { status: '503 Busy' })
        if (asked === 2) return connection.reply('moved', { status: '302 Found', headers: 'Location: /there\r\n' })
        return connection.reply('whole')
      }),
    )
    const { outcome, bytes } = await take(server.origin, { maxRetries: 2 })
    expect(outcome.value).toBe(5)
    expect(bytes.toString()).toBe('whole')
    const refused = await take(`${server.origin}/gone`)
    expect(verdictOf(refused.outcome)).toBe('http/404')
    expect(refused.outcome.error?.response?.text()).toBe('error page')
    expect(refused.chunks).toEqual([])
  })

  it('prevents a retry once it has been given a piece', async () => {
    await using server = await rawServer([
      cutting(`${OK}Content-Length: 9\r\n\r\nabc`),
      answering(connection => connection.reply('whole')),
    ])
    const { outcome, bytes } = await take(server.origin, { maxRetries: 3, retry: HASTY })
    expect(verdictOf(outcome)).toBe('truncated/length')
    expect(outcome.attempts).toBe(1)
    expect(bytes.toString()).toBe('abc')
  })

  it('allows a retry as long as it was given nothing', async () => {
    await using server = await rawServer([
      cutting(`${OK}Content-Length: 9\r\n\r\n`),
      answering(connection => connection.reply('whole')),
    ])
    const { outcome, bytes } = await take(server.origin, { maxRetries: 3, retry: HASTY })
    expect(outcome.value).toBe(5)
    expect(outcome.attempts).toBe(2)
    expect(bytes.toString()).toBe('whole')
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('enough')
      },
    ],
    ['rejects', () => Promise.reject(new Error('enough'))],
  ])('that %s fails only its own request', async (_how, fail) => {
    await using server = await rawServer(
      answering((connection, { path }) => connection.reply(path === '/bad' ? BYTES : 'good')),
    )
    const client = clientOf({
      maxRetries: 3,
      onChunk: (_chunk, { url }) => (url.endsWith('/bad') ? fail() : undefined),
    })
    const outcomes = await client.request([`${server.origin}/a`, `${server.origin}/bad`, `${server.origin}/b`], {
      returnType: 'stream',
      onFailure: 'settle',
    })
    expect(outcomes.map(verdictOf)).toEqual(['ok', 'callback/on_chunk', 'ok'])
    expect(outcomes[1]?.error?.message).toContain('enough')
    expect(outcomes[1]?.attempts).toBe(1)
    await client.close()
  })

  it('that hangs delays neither an abort nor timeouts.callback', async () => {
    await using server = await rawServer(answering(connection => connection.reply(BYTES)))
    const hang = (): Promise<void> => new Promise(() => undefined)
    const late = await take(server.origin, { onChunk: hang, timeouts: { callback: '100ms' } })
    expect(verdictOf(late.outcome)).toBe('timeout/callback')
    const controller = new AbortController()
    let abortedAtMs = 0
    setTimeout(() => {
      abortedAtMs = performance.now()
      controller.abort()
    }, 100)
    const { outcome } = await take(server.origin, { onChunk: hang, signal: controller.signal })
    expectFigure(performance.now() - abortedAtMs).toBeLessThan(100)
    expect(verdictOf(outcome)).toBe('aborted/in_flight')
    await until(() => server.connections.every(({ isOpen }) => !isOpen))
  })

  it('runs in the async context of the caller', async () => {
    await using server = await rawServer(answering(connection => connection.reply('abc')))
    const storage = new AsyncLocalStorage<string>()
    let seen: string | undefined
    await storage.run('mine', () => take(server.origin, { onChunk: () => void (seen = storage.getStore()) }))
    expect(seen).toBe('mine')
  })

  const BOMB = sized(16, 4) * 2 ** 20
  it.each(['gzip', 'br', 'zstd'])('gets at most maxResponseBytes of a bomb of %s', async coding => {
    const bomb = CODERS[coding as keyof typeof CODERS](Buffer.alloc(BOMB))
    await using server = await rawServer(
      answering(connection => connection.reply(bomb, { headers: `Content-Encoding: ${coding}\r\n` })),
    )
    let bytes = 0
    const options = { maxResponseBytes: '1MiB', onChunk: (chunk: Uint8Array) => void (bytes += chunk.byteLength) }
    expect(verdictOf((await take(server.origin, options)).outcome)).toBe('too_large/decoded')
    expect(bytes).toBeLessThanOrEqual(2 ** 20)
    expect((await take(server.origin)).outcome.value).toBe(BOMB)
  })

  it.each([
    ['a cut coding', PACKED.gzip?.subarray(0, -9), 'gzip', 'decode/truncated'],
    ['an unknown coding', BYTES, 'compress', 'decode/unsupported'],
    ['three codings', BYTES, 'gzip, gzip, gzip', 'decode/chain'],
    ['plain text that says gzip', Buffer.from('plain'), 'gzip', 'decode/not_gzip'],
  ])('is followed by the failure of %s', async (_what, body = BYTES, coding, code) => {
    await using server = await rawServer(
      answering(connection => connection.reply(body, { headers: `Content-Encoding: ${coding}\r\n` })),
    )
    expect(verdictOf((await take(server.origin)).outcome)).toBe(code)
  })

  it('works with a transport without streaming, and with worker threads', async () => {
    const transport = mockTransport(() => ({ text: 'mocked' }))
    const mocked = await take('http://a.test/', { transport })
    expect(mocked.outcome.value).toBe(6)
    expect(mocked.bytes.toString()).toBe('mocked')
    await using server = await rawServer(answering(connection => connection.reply(BYTES)))
    const threaded = await take(server.origin, { workers: 1 })
    expect(threaded.bytes.equals(BYTES)).toBe(true)
  })
})

describe("returnType 'stream'", () => {
  const url = 'http://127.0.0.1:9/'
  it('requires onChunk', async () => {
    await expect(parallelRequests(url, { returnType: 'stream' })).rejects.toThrow(ConfigError)
    const [outcome] = await parallelRequests([{ url, returnType: 'stream' }], { onFailure: 'settle' })
    expect(outcome.error?.code).toBe('invalid_request/options')
  })

  it('cannot be combined with a schema, a run file or the sync call', async () => {
    const onChunk = (): void => undefined
    await expect(parallelRequests(url, { returnType: 'stream', onChunk, resume: '/tmp/none.jsonl' })).rejects.toThrow(
      /resume: .*'stream'/,
    )
    expect(() => parallelRequestsSync(url, { returnType: 'stream', onChunk })).toThrow(
      /onChunk: expected no returnType 'stream'/,
    )
  })
})
