import { describe, expect, it } from 'vitest'
import { HASTY, ask, clientOf, until, verdict, verdictOf } from '../support/ask.ts'
import { answering, rawServer, sending } from '../support/raw-server.ts'
import type { Script } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const CLOSE = 'Connection: close\r\n'

const ending =
  (how: 'fin' | 'rst', bytes: string): Script =>
  async connection => {
    await connection.request()
    await connection.send(bytes)
    await connection.wait(15)
    connection[how]()
  }

const endless =
  (first: string, more: string): Script =>
  async connection => {
    await connection.request()
    await connection.send(first)
    for (;;) await connection.send(more)
  }

const VERDICTS: readonly (readonly [what: string, script: Script, code: string])[] = [
  // truncated
  [
    'a body of known length, ended early by a FIN',
    ending('fin', `${OK}Content-Length: 100\r\n\r\nabc`),
    'truncated/length',
  ],
  [
    'a body of known length, ended early by a reset',
    ending('rst', `${OK}Content-Length: 100\r\n\r\nabc`),
    'truncated/reset',
  ],
  [
    'the last body of a connection, ended early by a FIN',
    ending('fin', `${OK}${CLOSE}Content-Length: 9\r\n\r\nabc`),
    'truncated/length',
  ],
  [
    'the last body of a connection, ended early by a reset',
    ending('rst', `${OK}${CLOSE}Content-Length: 9\r\n\r\nabc`),
    'truncated/reset',
  ],
  ['chunks that end between two chunks', ending('fin', `${CHUNKED}2\r\nok\r\n`), 'truncated/chunked'],
  ['chunks that end within a chunk', ending('fin', `${CHUNKED}9\r\nok`), 'truncated/chunked'],
  ['chunks that end before the last line', ending('fin', `${CHUNKED}2\r\nok\r\n0\r\n`), 'truncated/chunked'],
  ['chunks that are ended by a reset', ending('rst', `${CHUNKED}2\r\nok\r\n`), 'truncated/reset'],
  [
    'last chunks that the end cuts',
    ending('fin', `${OK}${CLOSE}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`),
    'truncated/chunked',
  ],
  [
    'last chunks that a reset cuts',
    ending('rst', `${OK}${CLOSE}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n`),
    'truncated/reset',
  ],
  ['no framing, ended by a FIN', ending('fin', `${OK}\r\nok`), 'ok'],
  ['no framing, ended by a reset', ending('rst', `${OK}\r\nok`), 'truncated/reset'],
  // lengths
  ['the length twice', sending(`${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`), 'protocol/content_length'],
  ['two lengths', sending(`${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`), 'protocol/content_length'],
  ['a list of lengths', sending(`${OK}Content-Length: 2, 2\r\n\r\nok`), 'protocol/content_length'],
  ['a length of 2^64', sending(`${OK}Content-Length: 18446744073709551616\r\n\r\nok`), 'protocol/content_length'],
  ['a negative length', sending(`${OK}Content-Length: -2\r\n\r\nok`), 'protocol/content_length'],
  ['a length with a sign', sending(`${OK}Content-Length: +2\r\n\r\nok`), 'protocol/content_length'],
  ['a length of letters', sending(`${OK}Content-Length: abc\r\n\r\nok`), 'protocol/content_length'],
  ['an empty length', sending(`${OK}Content-Length:\r\n\r\nok`), 'protocol/content_length'],
  [
    'a length and chunks',
    sending(`${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    'protocol/content_length',
  ],
  [
    'chunks and a length',
    sending(`${OK}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    'protocol/content_length',
  ],
  // chunks
  ['a chunk size of ZZ', sending(`${CHUNKED}ZZ\r\nok\r\n0\r\n\r\n`), 'protocol/chunk'],
  ['a chunk size of 2^72', sending(`${CHUNKED}1000000000000000000\r\nok`), 'protocol/chunk'],
  ['a chunk size of -5', sending(`${CHUNKED}-5\r\nok`), 'protocol/chunk'],
  ['a chunk without its end', sending(`${CHUNKED}2\r\nokXX0\r\n\r\n`), 'protocol/chunk'],
  ['a malformed trailer', sending(`${CHUNKED}2\r\nok\r\n0\r\nX T: a\r\n\r\n`), 'protocol/chunk'],
  ['a trailer', sending(`${CHUNKED}2\r\nok\r\n0\r\nX-T: a\r\n\r\n`), 'ok'],
  [
    'trailers of 80 kB',
    sending(`${CHUNKED}2\r\nok\r\n0\r\n${`X-T: ${'a'.repeat(1_000)}\r\n`.repeat(80)}\r\n`),
    'too_large/headers',
  ],
  [
    'trailers of 80 kB on a last response',
    sending(
      `${OK}${CLOSE}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${`X-T: ${'a'.repeat(1_000)}\r\n`.repeat(80)}\r\n`,
    ),
    'too_large/headers',
  ],
  ['an extension of 100 kB', sending(`${CHUNKED}2;${'x'.repeat(100_000)}\r\nok\r\n0\r\n\r\n`), 'too_large/wire'],
  ['an extension without end', endless(`${CHUNKED}2;`, 'x'.repeat(10_000)), 'too_large/wire'],
  // transfer encodings
  [
    'chunked, identity',
    ending('fin', `${OK}Transfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    'protocol/transfer_encoding',
  ],
  [
    'gzip, chunked',
    sending(`${OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    'protocol/transfer_encoding',
  ],
  [
    'chunked twice',
    sending(`${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    'protocol/transfer_encoding',
  ],
  ['identity', ending('fin', `${OK}Transfer-Encoding: identity\r\n\r\nok`), 'protocol/transfer_encoding'],
  // without a body
  ['204 with bytes', sending('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello'), 'ok'],
  ['304 with bytes', sending('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello'), 'http/304'],
  // sizes
  ['a body without end', endless(`${OK}\r\n`, 'x'.repeat(10_000)), 'too_large/body'],
  ['chunks without end', endless(CHUNKED, `3e8\r\n${'x'.repeat(1_000)}\r\n`), 'too_large/body'],
  ['a length above the limit', sending(`${OK}Content-Length: 1048577\r\n\r\n`), 'too_large/body'],
]

describe('the body of a response', () => {
  it.each(VERDICTS)('is judged correctly: %s', async (_what, script, code) => {
    await using server = await rawServer(script)
    expect(await verdict(server.origin, { maxResponseBytes: '1MiB' })).toBe(code)
  })

  it.each([
    ['length', sending(`${OK}Content-Length: 2\r\n\r\nok`)],
    ['chunked', sending(`${CHUNKED}2\r\nok\r\n0\r\n\r\n`)],
    ['unverified', ending('fin', `${OK}\r\nok`)],
  ] as const)('says how the end of the body was marked: %s', async (integrity, script) => {
    await using server = await rawServer(script)
    const outcome = await ask(server.origin)
    expect(outcome.value).toBe('ok')
    expect(outcome.response?.integrity).toBe(integrity)
  })

  it('may come in chunks of one byte each, although their frames are five times that size', async () => {
    const body = 'x'.repeat(60_000)
    await using server = await rawServer(sending(`${CHUNKED}${'1\r\nx\r\n'.repeat(body.length)}0\r\n\r\n`))
    expect((await ask(server.origin)).value).toBe(body)
  })

  it.each(['HEAD', 'GET'])('never gives bytes after the end of a response to %s to the next response', async method => {
    const length = method === 'HEAD' ? '' : 'Content-Length: 2\r\n'
    const poison = `${OK}Content-Length: 6\r\n\r\npoison`
    await using server = await rawServer(
      answering((connection, { path }) =>
        path === '/first'
          ? connection.send(`${OK}${length}\r\n${method === 'HEAD' ? '' : 'ok'}${poison}`)
          : connection.reply(path),
      ),
    )
    const client = clientOf()
    const first = await client.request(
      { url: `${server.origin}/first`, method, returnType: 'text' },
      { onFailure: 'settle' },
    )
    expect(verdictOf(first)).toBe('ok')
    if (method === 'GET') expect(first.warnings).toHaveLength(1)
    for (const path of ['/a', '/b']) {
      expect(await client.request(server.origin + path, { returnType: 'text' })).toBe(path)
    }
    await client.close()
  })

  it('closes an idle connection that sends bytes', async () => {
    await using server = await rawServer(
      answering(async (connection, { path }) => {
        await connection.reply(path)
        if (connection.index > 0) return
        await connection.wait(20)
        await connection.send(`${OK}Content-Length: 6\r\n\r\npoison`)
      }),
    )
    const client = clientOf()
    expect(await client.request(`${server.origin}/a`, { returnType: 'text' })).toBe('/a')
    await until(() => server.connections[0]?.isOpen === false)
    expect(await client.request(`${server.origin}/b`, { returnType: 'text' })).toBe('/b')
    await client.close()
    expect(server.connections).toHaveLength(2)
  })

  it('is read hardly beyond the limit if it never ends', async () => {
    let sent = 0
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.send(`${OK}\r\n`)
      for (;;) {
        await connection.send('x'.repeat(16_384))
        sent += 16_384
      }
    })
    const outcome = await ask(server.origin, { maxResponseBytes: '256KiB' })
    expect(outcome.error?.code).toBe('too_large/body')
    expect(outcome.error?.message).toContain('maxResponseBytes')
    await server.connections[0]?.closed
    // The kernels' buffers on both sides hold what was not read.
    expect(sent).toBeLessThan(8_388_608)
  })

  it('may have exactly the maximum size', async () => {
    await using server = await rawServer(sending(`${OK}Content-Length: 3\r\n\r\nabc`))
    expect(await verdict(server.origin, { maxResponseBytes: 3 })).toBe('ok')
    expect(await verdict(server.origin, { maxResponseBytes: 2 })).toBe('too_large/body')
  })

  it('ends with timeouts.idle when it stalls', async () => {
    await using server = await rawServer(sending(`${OK}Content-Length: 9\r\n\r\nabc`))
    const startedAtMs = performance.now()
    expect(await verdict(server.origin, { timeouts: { idle: '200ms' } })).toBe('timeout/body')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(300)
    await until(() => server.connections[0]?.isOpen === false, 200)
  })

  it('ends with timeouts.attempt when it only drips', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.send(`${OK}\r\n`)
      for (;;) {
        await connection.send('x')
        await connection.wait(20)
      }
    })
    const startedAtMs = performance.now()
    expect(await verdict(server.origin, { timeout: '300ms', timeouts: { idle: '200ms' } })).toBe('timeout/body')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(400)
  })

  it('is returned to an upload that the server does not want to read, and the upload stops', async () => {
    await using server = await rawServer(async connection => {
      await connection.expect('\r\n\r\n')
      await connection.reply('too big', { status: '413 Payload Too Large', headers: CLOSE })
      connection.fin()
    })
    const client = clientOf()
    const outcome = await client.request(
      { url: server.origin, method: 'PUT', body: Buffer.alloc(8_388_608) },
      { onFailure: 'settle' },
    )
    expect(verdictOf(outcome)).toBe('http/413')
    expect(outcome.error?.response?.text()).toBe('too big')
    await until(() => server.connections[0]?.isOpen === false, 300)
    await client.close()
  })

  it.each([
    ['PUT', 'reset/request_body'],
    ['POST', 'in_doubt/reset'],
  ])('a reset in the middle of an upload by %s gives %s', async (method, code) => {
    await using server = await rawServer(async connection => {
      await connection.expect(10_000)
      connection.pause()
      await connection.wait(20)
      connection.rst()
    })
    const outcome = await ask({ url: server.origin, method, body: Buffer.alloc(16_777_216) })
    expect(verdictOf(outcome)).toBe(code)
    if (code === 'in_doubt/reset') {
      expect((outcome.error?.cause as { code?: string } | undefined)?.code).toBe('reset/request_body')
    }
  })

  it('is requested again after a truncation if the method allows it', async () => {
    await using server = await rawServer([
      ending('fin', `${OK}Content-Length: 9\r\n\r\nabc`),
      answering(connection => connection.reply('whole')),
    ])
    const outcome = await ask(server.origin, { maxRetries: 1, retry: HASTY })
    expect(outcome.value).toBe('whole')
    expect(outcome.attempts).toBe(2)
  })

  it('blames the function that opens a request body for its failure, whatever code its error has', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const failing = async function* () {
      yield 'first'
      throw Object.assign(new Error('disk on fire'), { code: 'ECONNREFUSED' })
    }
    const outcome = await ask({ url: server.origin, method: 'PUT', body: failing }, { maxRetries: 2 })
    expect(verdictOf(outcome)).toBe('callback/body')
    expect(outcome.error?.message).toContain('disk on fire')
    expect(outcome.attempts).toBe(1)
    const numbers = async function* () {
      yield 7
    } as unknown as () => AsyncIterable<string>
    expect(await verdict({ url: server.origin, method: 'PUT', body: numbers })).toBe('callback/body')
    expect(server.requests).toHaveLength(0)
  })
})

describe('strictIntegrity', () => {
  const UNFRAMED = 'HTTP/1.1 200 OK\r\n\r\nabc'

  it('refuses, once, a body that is ended by the connection only', async () => {
    await using server = await rawServer(ending('fin', UNFRAMED))
    const outcome = await ask(server.origin, { strictIntegrity: true, maxRetries: 2, retry: HASTY })
    expect(verdictOf(outcome)).toBe('truncated/unverified')
    expect(outcome.response?.integrity).toBe('unverified')
    expect(outcome.attempts).toBe(1)
    expect(await verdict(server.origin)).toBe('ok')
  })

  it.each(['Content-Length: 3\r\n\r\nabc', 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'])(
    'accepts %j',
    async rest => {
      await using server = await rawServer(sending(OK + rest))
      expect(await verdict(server.origin, { strictIntegrity: true })).toBe('ok')
    },
  )

  it('keeps the status of a response that is refused for another reason', async () => {
    await using server = await rawServer(ending('fin', 'HTTP/1.1 404 Not Found\r\n\r\nabc'))
    expect(await verdict(server.origin, { strictIntegrity: true })).toBe('http/404')
  })
})
