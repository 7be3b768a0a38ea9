/** A refused response whose body is cut, too large or undecodable, over sockets: its status decides. */
import { gzipSync } from 'node:zlib'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parallelRequestsSync } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { HASTY, TRUST, ask, clientOf, until, verdictOf } from '../support/ask.ts'
import type { AskOptions } from '../support/ask.ts'
import { h2Server } from '../support/h2-server.ts'
import { answering, rawServer, sending } from '../support/raw-server.ts'
import type { Script } from '../support/raw-server.ts'
import { threadServer } from '../support/thread-server.ts'

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\n'
const WORDS = '{"error":"the database is down"}'
const TEXT = `${WORDS}${randomBytes(40_000).toString('hex')}`
const GZIP = gzipSync(TEXT)

const head = (length: number, more = ''): string => `${BUSY}${more}Content-Length: ${length}\r\n\r\n`
const CODED = 'Content-Encoding: gzip\r\n'

/** Sends this, and then ends the connection. */
const cut =
  (...parts: readonly (string | Uint8Array)[]): Script =>
  async connection => {
    await connection.request()
    for (const part of parts) await connection.send(part)
    connection.fin()
  }

/** Sends a head and an endless body. */
const endless =
  (start: string, piece: string): Script =>
  async connection => {
    await connection.request()
    await connection.send(start)
    while (connection.isOpen) await connection.send(piece)
  }

const CASES: readonly [
  name: string,
  script: Script,
  body: string | undefined,
  warning: RegExp,
  options?: AskOptions,
][] = [
  ['is cut by the end of the connection', cut(head(100), WORDS), WORDS, /ended before the announced length/],
  [
    'is cut between two chunks',
    cut(`${BUSY}Transfer-Encoding: chunked\r\n\r\n20\r\n${WORDS}\r\n`),
    WORDS,
    /before the last chunk/,
  ],
  [
    'has chunks that are malformed',
    cut(`${BUSY}Transfer-Encoding: chunked\r\n\r\n20\r\n${WORDS}\r\nZZ\r\n`),
    WORDS,
    /chunk/,
  ],
  ['is cut within gzip', cut(head(GZIP.length, CODED), GZIP.subarray(0, 20_000)), WORDS, /before the announced length/],
  [
    'is gzip that ends too early',
    sending(head(20_000, CODED), GZIP.subarray(0, 20_000)),
    WORDS,
    /gzip body ends too early/,
  ],
  ['is text that is declared as gzip', sending(head(32, CODED), WORDS), undefined, /not gzip/],
  [
    'has an unknown coding',
    sending(head(32, 'Content-Encoding: zip\r\n'), WORDS),
    undefined,
    /coding "zip" is unknown/,
  ],
  ['has six codings', sending(head(32, `Content-Encoding: ${'gzip,'.repeat(6)}\r\n`), WORDS), undefined, /at most 2/],
  [
    'announces too many bytes',
    endless(head(10_000_000), WORDS),
    WORDS,
    /larger than 131072 bytes/,
    { maxResponseBytes: '128KiB' },
  ],
  [
    'has no end',
    endless(`${BUSY}\r\n`, WORDS.repeat(100)),
    WORDS,
    /larger than 131072 bytes/,
    { maxResponseBytes: '128KiB' },
  ],
  [
    'is larger than a small limit',
    sending(head(32), WORDS),
    '{"error"',
    /larger than 8 bytes/,
    { maxResponseBytes: 8 },
  ],
  ['stalls', sending(head(100), WORDS), WORDS, /the body stalled/, { timeouts: { idle: '200ms' } }],
  [
    'stalls within gzip',
    sending(head(GZIP.length, CODED), GZIP.subarray(0, 20_000)),
    WORDS,
    /stalled/,
    { timeouts: { idle: '200ms' } },
  ],
]

describe('a 503 whose body is unusable', () => {
  it.each(CASES)('is http/503 if it %s, with what came of the body', async (_name, script, body, warning, options) => {
    await using server = await rawServer(script)
    const outcome = await ask(server.origin, options)
    expect(verdictOf(outcome)).toBe('http/503')
    expect(outcome.error?.body?.slice(0, body?.length)).toBe(body)
    expect(outcome.warnings.join()).toMatch(warning)
    expect(outcome.warnings.join()).toMatch(/^the body of the 503 is incomplete: /)
  })

  it('is retried as a 503', async () => {
    await using server = await rawServer([cut(head(32, CODED), WORDS), answering(each => each.reply('"up"'))])
    const outcome = await ask(server.origin, { maxRetries: 1, retry: HASTY })
    expect([outcome.value, outcome.attempts]).toEqual(['"up"', 2])
    expect(outcome.tries?.[0]).toMatchObject({ status: 503 })
    expect(outcome.tries?.[0]).not.toHaveProperty('code')
  })

  it('pauses its host if it announces a wait', async () => {
    const busy = cut(head(100, 'Retry-After: 1\r\n'), WORDS)
    await using server = await rawServer([busy, answering(each => each.reply('"up"'))])
    const outcome = await ask({ url: server.origin, method: 'POST', json: 1 }, { maxRetries: 1 })
    expect([outcome.value, outcome.attempts]).toEqual(['"up"', 2])
    expect(outcome.timings.limiter).toBeGreaterThan(900)
  })

  it('is known to have refused a POST, which is not sent again', async () => {
    await using server = await rawServer(cut(head(100), WORDS))
    const outcome = await ask({ url: server.origin, method: 'POST', json: 1 }, { maxRetries: 1, retry: HASTY })
    expect([verdictOf(outcome), server.requests.length]).toEqual(['http/503', 1])
  })

  it('is http/503 for every destination of a body, and leaves no file', async () => {
    await using server = await rawServer(cut(head(100), WORDS))
    const client = clientOf()
    const folder = await mkdtemp(join(tmpdir(), 'refused-'))
    const chunks: unknown[] = []
    const onChunk = (chunk: unknown): unknown => chunks.push(chunk)
    const onItem = onChunk
    for (const destination of [
      { returnType: 'file', saveTo: folder },
      { returnType: 'stream', onChunk },
      { returnType: 'ndjson', onItem },
      { returnType: 'json' },
      { returnType: 'content' },
    ] as const) {
      const outcome = await client.request(server.origin, { ...destination, onFailure: 'settle' })
      expect([outcome.error?.code, outcome.error?.body]).toEqual(['http/503', WORDS])
    }
    expect([chunks, await readdir(folder)]).toEqual([[], []])
    await client.close()
  })

  it.each(['response', 'accepted'])('stays what it is if its status is %s', async how => {
    await using server = await rawServer(cut(head(100), WORDS))
    const accepting = { acceptStatus: (status: number) => status === 503 }
    const options = how === 'response' ? ({ returnType: 'response' } as const) : accepting
    const client = clientOf()
    const outcome = await client.request(server.origin, { ...options, onFailure: 'settle' })
    await client.close()
    expect([outcome.error?.code, outcome.error?.body]).toEqual(['truncated/length', undefined])
  })

  it('stays timeout/total if its time is up', async () => {
    await using server = await rawServer(sending(head(100), WORDS))
    expect(verdictOf(await ask(server.origin, { timeouts: { total: '200ms' } }))).toBe('timeout/total')
  })

  it.each([
    ['cut', { rst: 'INTERNAL_ERROR' }],
    ['shorter than announced', { data: '', end: true }],
  ] as const)('is http/503 over HTTP/2 if it is %s', async (_name, end) => {
    const begun = { head: { ':status': '503', 'content-length': '100' } }
    await using server = await h2Server({ answers: [[begun, { data: WORDS }, end]] })
    const outcome = await ask(server.origin, { http2: true, ...TRUST })
    expect([verdictOf(outcome), outcome.error?.body]).toEqual(['http/503', WORDS])
    expect(outcome.warnings).toHaveLength(1)
  })

  it.each([undefined, (status: number) => status === 200])(
    'is http/503 on a worker thread (acceptStatus %s)',
    async acceptStatus => {
      await using server = await rawServer(cut(head(100), WORDS))
      const outcome = await ask(server.origin, { workers: 1, acceptStatus })
      expect([verdictOf(outcome), outcome.error?.body]).toEqual(['http/503', WORDS])
      expect(outcome.warnings).toHaveLength(1)
    },
  )

  it('is http/503 in a blocking call, whose acceptStatus runs on the calling thread', async () => {
    const server = await threadServer()
    const acceptStatus = (status: number): boolean => status === 200
    const outcome = parallelRequestsSync(`${server.url}/not-gzip`, { onFailure: 'settle', maxRetries: 0, acceptStatus })
    expect([outcome.error?.code, outcome.warnings.length]).toEqual(['http/503', 1])
    await server.close()
  })

  it('can be mocked', async () => {
    const transport = mockTransport(() => ({ status: 503, text: WORDS, fault: 'truncated/length' }))
    const outcome = await ask('http://a.test', { transport })
    expect([verdictOf(outcome), outcome.error?.body]).toEqual(['http/503', WORDS])
    expect(outcome.warnings).toEqual(['the body of the 503 is incomplete: mocked truncated/length'])
  })
})

describe('the body of a refused response', () => {
  const page = (bytes: number): Script =>
    answering(each => each.reply(Buffer.alloc(bytes, 'x'), { status: '404 Not Found' }))

  it.each([
    ['kept, and its connection with it,', 1_000_000, 1],
    ['not read to its end,', 3_000_000, 2],
  ])('is %s if it has %d bytes', async (_name, bytes, connections) => {
    await using server = await rawServer(page(bytes))
    const client = clientOf()
    for (let n = 0; n < 2; n++) {
      const outcome = await client.request(server.origin, { onFailure: 'settle' })
      expect(outcome.error).toMatchObject({ code: 'http/404' })
      expect(outcome.error?.response?.body.length).toBe(65_536)
      expect(outcome.error?.toJSON().bodyTruncated).toBe(true)
      expect(outcome.warnings).toEqual([])
    }
    await client.close()
    expect(server.connections.length).toBe(connections)
  })

  it('is complete on a worker thread that cannot judge its status', async () => {
    await using server = await rawServer(page(200_000))
    const outcome = await ask(server.origin, { workers: 1, acceptStatus: status => status === 404 })
    expect((outcome.value as string).length).toBe(200_000)
  })

  it('of HEAD is empty, whatever length is announced', async () => {
    await using server = await rawServer(sending(head(10_000_000)))
    const outcome = await ask({ url: server.origin, method: 'HEAD' }, { maxResponseBytes: 1_000 })
    expect([verdictOf(outcome), outcome.warnings]).toEqual(['http/503', []])
  })

  it('ends its connection if no more of it is needed', async () => {
    await using server = await rawServer(endless(head(10_000_000), WORDS))
    const client = clientOf()
    await client.request(server.origin, { onFailure: 'settle' })
    await until(() => server.connections[0]?.isOpen === false)
    expect(server.connections.length).toBe(1)
    await client.close()
  })
})
