import { describe, expect, it, test } from 'vitest'
import { reasonPhrase } from '../../src/transport/head.ts'
import { TRUST, ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { answering, rawServer, sending } from '../support/raw-server.ts'
import type { Connection, Script } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const REST = 'Content-Length: 2\r\n\r\nok'

/** Sends each part in a packet of its own, then ends. */
const ending =
  (how: 'fin' | 'rst', ...parts: readonly string[]): Script =>
  async connection => {
    await connection.request()
    for (const part of parts) {
      await connection.send(part)
      await connection.wait(15)
    }
    connection[how]()
  }

const repeating =
  (first: string, more: string, everyMs = 0): Script =>
  async connection => {
    await connection.request()
    await connection.send(first)
    for (;;) {
      await connection.send(more)
      if (everyMs > 0) await connection.wait(everyMs)
    }
  }

const numbered = (count: number): string => Array.from({ length: count }, (_, i) => `X${i}: a\r\n`).join('')

const VERDICTS: readonly (readonly [what: string, script: Script, code: string])[] = [
  // a server of another protocol
  ['an SSH banner', connection => connection.send('SSH-2.0-OpenSSH_9.9\r\n'), 'protocol/not_http'],
  ['binary junk', sending('\x00\x01\x02\xff\xfe\x80 junk'), 'protocol/not_http'],
  ['a response of RTSP', sending(`RTSP/1.0 200 OK\r\n${REST}`), 'protocol/not_http'],
  ['a document without a head', ending('fin', '<html>hello</html>'), 'protocol/version'],
  ['HTTP/0.9', sending(`HTTP/0.9 200 OK\r\n${REST}`), 'protocol/version'],
  ['HTTP/3.7', sending(`HTTP/3.7 200 OK\r\n${REST}`), 'protocol/version'],
  ['HTTP/2.0 on an HTTP/1 connection', sending(`HTTP/2.0 200 OK\r\n${REST}`), 'ok'],
  ['HTTP/1.0 that ends with the connection', ending('fin', 'HTTP/1.0 200 OK\r\n\r\nok'), 'ok'],
  // the end of the connection
  ['a reset before the head', ending('rst'), 'reset/before_headers'],
  ['an end before the head', ending('fin'), 'reset/before_headers'],
  ['a reset within the status line', ending('rst', 'HTTP/1.1 20'), 'reset/mid_headers'],
  ['an end within the status line', ending('fin', 'HTTP/1.1 20'), 'reset/mid_headers'],
  ['a reset within the head', ending('rst', `${OK}Content-Length: 2\r\nX-A:`), 'reset/mid_headers'],
  ['an end within the head', ending('fin', `${OK}Content-Length: 2\r\nX-A:`), 'reset/mid_headers'],
  // interim responses
  ['103 before the response', sending(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}${REST}`), 'ok'],
  ['an unexpected 100', sending(`HTTP/1.1 100 Continue\r\n\r\n${OK}${REST}`), 'ok'],
  ['an unexpected 101', sending('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'), 'protocol/upgrade'],
  ['101 without an upgrade', sending('HTTP/1.1 101 X\r\n\r\n'), 'protocol/upgrade'],
  ['100 times 102', sending('HTTP/1.1 102 X\r\n\r\n'.repeat(100) + OK + REST), 'ok'],
  ['101 times 102', sending('HTTP/1.1 102 X\r\n\r\n'.repeat(101) + OK + REST), 'protocol/too_many_1xx'],
  ['102 for ever', repeating('', 'HTTP/1.1 102 X\r\n\r\n', 1), 'protocol/too_many_1xx'],
  // sizes
  ['a head of 60 kB', sending(`${OK}X-Big: ${'a'.repeat(60_000)}\r\n${REST}`), 'ok'],
  ['a head of 70 kB', sending(`${OK}X-Big: ${'a'.repeat(70_000)}\r\n${REST}`), 'too_large/headers'],
  ['headers without end', repeating(OK, `X-A: ${'b'.repeat(1_000)}\r\n`), 'too_large/headers'],
  ['a status line without end', repeating('HTTP/1.1 200 ', 'b'.repeat(1_000)), 'too_large/headers'],
  ['2000 headers', sending(OK + numbered(1_999) + REST), 'ok'],
  ['2001 headers', sending(OK + numbered(2_000) + REST), 'too_large/headers'],
  // not a head
  ['a folded header', sending(`${OK}X-A: a\r\n b\r\n${REST}`), 'protocol/malformed_head'],
  ['a space before the colon', sending(`${OK}X-A : a\r\n${REST}`), 'protocol/malformed_head'],
  ['NUL in a header', sending(`${OK}X-A: a\0b\r\n${REST}`), 'protocol/malformed_head'],
  ['bare line feeds', sending('HTTP/1.1 200 OK\nX-A: a\nContent-Length: 2\n\nok'), 'protocol/malformed_head'],
  ['NUL after the length', sending(`${OK}Content-Length: 2\r\nX-A: a\0b\r\n\r\nok`), 'protocol/malformed_head'],
  ['bytes of Latin-1', sending(`${OK}X-A: caf\xe9\r\n${REST}`), 'ok'],
  // statuses
  ['status 099', sending(`HTTP/1.1 099 X\r\n${REST}`), 'protocol/status'],
  ['status 1000', sending(`HTTP/1.1 1000 X\r\n${REST}`), 'protocol/status'],
  ['status abc', sending(`HTTP/1.1 abc X\r\n${REST}`), 'protocol/status'],
  ['status 999', sending(`HTTP/1.1 999 X\r\n${REST}`), 'http/999'],
  ['408 on a connection in use', ending('fin', 'HTTP/1.1 408 X\r\nContent-Length: 0\r\n\r\n'), 'http/408'],
]

describe('the head of a response', () => {
  it.each(VERDICTS)('is judged correctly: %s', async (_what, script, code) => {
    await using server = await rawServer(script)
    expect(await verdict(server.origin)).toBe(code)
  })

  it('keeps the connection after a 103, and closes it after everything that is refused', async () => {
    await using server = await rawServer([
      answering(connection => connection.send(`HTTP/1.1 103 X\r\n\r\n${OK}${REST}`)),
      answering(connection => connection.reply()),
    ])
    const client = clientOf()
    await client.request([server.origin, server.origin], { onFailure: 'settle', returnType: 'text' })
    await client.request(server.origin, { onFailure: 'settle', returnType: 'text' })
    await client.close()
    expect(server.connections).toHaveLength(2)
    expect(server.requests).toHaveLength(3)
  })

  it('gives headers unchanged, as Latin-1', async () => {
    await using server = await rawServer(sending(`${OK}X-A: caf\xe9\r\nX-B: 1\r\nX-B: 2\r\n__proto__: p\r\n${REST}`))
    const { response } = await ask(server.origin)
    expect(response?.headers.get('x-a')).toBe('caf\xe9')
    expect(response?.headers.get('x-b')).toBe('1, 2')
    expect(response?.headers.get('__proto__')).toBe('p')
  })

  it('shows none of the bytes that could not be parsed', async () => {
    await using server = await rawServer(sending(`${OK}Set-Cookie: a=t0psecret\r\nX-A : t0psecret\r\n${REST}`))
    const outcome = await ask(server.origin)
    expect(outcome.error?.code).toBe('protocol/malformed_head')
    const { inspect } = await import('node:util')
    expect(inspect(outcome, { depth: 9 })).not.toContain('t0psecret')
  })

  it('handles thousands of interim responses in one packet within one turn of the event loop', async () => {
    await using server = await rawServer(sending('HTTP/1.1 102 X\r\n\r\n'.repeat(5_000) + OK + REST))
    let last = performance.now()
    let lagMs = 0
    const timer = setInterval(() => {
      lagMs = Math.max(lagMs, performance.now() - last - 5)
      last = performance.now()
    }, 5)
    expect(await verdict(server.origin)).toBe('protocol/too_many_1xx')
    clearInterval(timer)
    expectFigure(lagMs).toBeLessThan(100)
  })

  const slowly = async (script: Script, limit: object): Promise<[code: string, tookMs: number, Connection]> => {
    await using server = await rawServer(script)
    const client = clientOf()
    const startedAtMs = performance.now()
    const outcome = await client.request(server.origin, { onFailure: 'settle', ...limit })
    const tookMs = performance.now() - startedAtMs
    const [connection] = server.connections
    await connection?.closed
    await client.close()
    return [outcome.ok ? 'ok' : outcome.error.code, tookMs, connection as Connection]
  }

  it.each([
    ['a head that never comes', sending()],
    ['a head byte by byte', repeating('H', 'T', 20)],
    ['interim responses without end', repeating('', 'HTTP/1.1 102 X\r\n\r\n', 50)],
  ])('ends after timeouts.headers for %s, and closes the connection', async (_what, script) => {
    const [code, tookMs] = await slowly(script, { timeouts: { headers: '250ms' } })
    // An invalid head may be refused earlier.
    expect(['timeout/headers', 'protocol/not_http']).toContain(code)
    expectFigure(tookMs).toBeLessThan(350)
  })

  it('ends after timeouts.headers when it comes byte by byte, even if each byte is valid', async () => {
    const head = `${OK}X-A: ${'a'.repeat(1_000)}`
    const drip: Script = async connection => {
      await connection.request()
      for (const byte of head) {
        await connection.send(byte)
        await connection.wait(20)
      }
    }
    const [code, tookMs] = await slowly(drip, { timeouts: { headers: '250ms' } })
    expect(code).toBe('timeout/headers')
    expectFigure(tookMs).toBeGreaterThanOrEqual(250)
    expectFigure(tookMs).toBeLessThan(350)
  })
})

test.each([
  ['Not Found', 'Not Found'],
  ['tab\tand Grüße', 'tab\tand Grüße'],
  ['\u001b[2J', ''],
  ['a\u007f', ''],
  ['', ''],
])('a reason phrase outside RFC 9112 §4 is dropped: %j', (text, kept) => {
  expect(reasonPhrase(text)).toBe(kept)
})

describe('maxHeaderBytes', () => {
  const LARGE = sending(`${OK}X-Big: ${'a'.repeat(150_000)}\r\n${REST}`)

  it.each([0, 1])('allows larger heads, with %i workers', async workers => {
    await using server = await rawServer(LARGE)
    expect(await verdict(server.origin, { workers, maxHeaderBytes: '200KiB' })).toBe('ok')
    const outcome = await ask(server.origin, { workers })
    expect(verdictOf(outcome)).toBe('too_large/headers')
    expect(outcome.error?.message).toContain('Raise maxHeaderBytes')
  })

  it('may be Infinity', async () => {
    await using server = await rawServer(LARGE)
    expect(await verdict(server.origin, { maxHeaderBytes: Infinity })).toBe('ok')
  })

  it('also bounds smaller heads', async () => {
    await using server = await rawServer(sending(`${OK}X-Big: ${'a'.repeat(1_000)}\r\n${REST}`))
    expect(await verdict(server.origin, { maxHeaderBytes: 500 })).toBe('too_large/headers')
  })

  it('also applies to HTTP/2', async () => {
    const big = { 'x-a': 'a'.repeat(8_000), 'x-b': 'b'.repeat(8_000) }
    await using server = await h2Server({ answers: [replying('{}', big)] })
    expect(await verdict(server.origin, { ...TRUST, http2: true })).toBe('ok')
    expect(await verdict(server.origin, { ...TRUST, http2: true, maxHeaderBytes: 10_000 })).toBe('too_large/headers')
  })
})

it('a blank after the content-length is accepted', async () => {
  await using server = await rawServer(sending(`${OK}Content-Length: 2 \r\n\r\nok`))
  expect(await verdict(server.origin)).toBe('ok')
})

describe('a valid head', () => {
  it.each([
    ['a tab after the content-length', `${OK}Content-Length: 2\t\r\n\r\nok`],
    ['an unexpected 100', `HTTP/1.1 100 Continue\r\n\r\n${OK}${REST}`],
  ])('is read with %s', async (_what, bytes) => {
    await using server = await rawServer(sending(bytes))
    expect(await verdict(server.origin)).toBe('ok')
  })
})

it('a head with a bare CR after the status line is refused', async () => {
  await using server = await rawServer(ending('fin', `HTTP/1.1 200 OK\r\r${REST}`))
  expect(await verdict(server.origin)).toBe('protocol/malformed_head')
})
