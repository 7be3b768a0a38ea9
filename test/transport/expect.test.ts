import { describe, expect, it } from 'vitest'
import { HASTY, ask, clientOf, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { Connection } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'
import { sized } from '../support/size.ts'

const headers = { expect: '100-continue' }
const BIG = 'x'.repeat(300_000)
const BODIES: readonly (readonly [string, () => object])[] = [
  ['text', () => ({ body: BIG })],
  ['a stream', () => ({ body: () => new Blob([BIG]).stream() })],
  ['a Blob', () => ({ body: new Blob([BIG]) })],
]

/** Reads a head, and answers how long nothing followed it. */
async function headOf(connection: Connection): Promise<string> {
  return (await connection.expect('\r\n\r\n')).toString('latin1')
}
const bytesAfterHead = ({ text }: Connection): number => text.length - text.indexOf('\r\n\r\n') - 4

describe('a request with Expect: 100-continue', () => {
  it.each(BODIES)('sends %s when the server answers 100, however that is split', async (_what, body) => {
    let before = -1
    await using server = await rawServer(async connection => {
      const head = await headOf(connection)
      expect(head.match(/^expect:.*$/gim)).toEqual(['expect: 100-continue'])
      await connection.wait(50)
      before = bytesAfterHead(connection)
      await connection.send('HTTP/1.1 100 Con')
      await connection.wait(10)
      await connection.send('tinue\r\nX: y\r\n\r\n')
      if (/content-length/i.test(head)) await connection.expect(BIG.length)
      else await connection.expect('\r\n0\r\n\r\n')
      await connection.reply('"done"')
      await connection.request()
      await connection.reply('"kept"')
    })
    const client = clientOf()
    expect(await client.request({ url: server.origin, headers, ...body() })).toBe('done')
    expect(before).toBe(0)
    // The connection can be reused.
    expect(await client.request(server.origin)).toBe('kept')
    await client.close()
    expect(server.connections[0]?.text.split('x').length).toBeGreaterThan(300_000)
  })

  it('sends its body after a second without an answer, and ignores a late 100', async () => {
    let waitedMs = 0
    await using server = await rawServer(async connection => {
      await headOf(connection)
      const startedAtMs = performance.now()
      await connection.expect(5)
      waitedMs = performance.now() - startedAtMs
      await connection.send('HTTP/1.1 100 Continue\r\n\r\n')
      await connection.reply('"done"')
    })
    const outcome = await ask({ url: server.origin, headers, body: 'hello' })
    expect(verdictOf(outcome)).toBe('ok')
    expectFigure(waitedMs).toBeGreaterThan(900)
    expectFigure(waitedMs).toBeLessThan(1_600)
  })

  it.each(['H', 'HTTP/1.1 100 is text\r\n\r\n, too'])('loses nothing of a response body that is %j', async text => {
    await using server = await rawServer(async connection => {
      await headOf(connection)
      await connection.send('HTTP/1.1 100 Continue\r\n\r\n')
      await connection.expect(5)
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n`)
      await connection.wait(50)
      await connection.send(text)
      await connection.closed
    })
    const outcome = await ask({ url: server.origin, headers, body: 'hello', timeout: '2s' })
    expect([verdictOf(outcome), outcome.value]).toEqual(['ok', text])
  })

  it.each(BODIES)('holds %s back when the first answer is final, and closes the connection', async (_what, body) => {
    await using server = await rawServer(async connection => {
      await headOf(connection)
      await connection.reply('no', { status: '401 Who' })
      await connection.closed
    })
    const client = clientOf()
    const outcome = await client.request({ url: server.origin, headers, ...body() }, { onFailure: 'settle' })
    expect(verdictOf(outcome)).toBe('http/401')
    const [connection] = server.connections
    await connection?.closed
    await client.close()
    expect(bytesAfterHead(connection as Connection)).toBe(0)
  })

  it('is sent once more without the header after a 417, whatever its method', async () => {
    await using server = await rawServer([
      async connection => {
        await headOf(connection)
        await connection.reply('', { status: '417 No' })
      },
      answering(connection => connection.reply('"done"')),
    ])
    const outcome = await ask({ url: server.origin, headers, json: 1 }, { maxRetries: 2, retry: HASTY })
    expect([verdictOf(outcome), outcome.attempts]).toEqual(['ok', 2])
    expect(server.requests[0]?.headers.has('expect')).toBe(false)
    expect(server.requests[0]?.body).toBe('1')

    await using stubborn = await rawServer(answering(connection => connection.reply('', { status: '417 No' })))
    const refused = await ask({ url: stubborn.origin, json: 1 }, { maxRetries: 2, retry: HASTY })
    expect([verdictOf(refused), refused.attempts]).toEqual(['http/417', 1])
  })

  it('does not send the header without a body, and refuses other expectations', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    expect(verdictOf(await ask({ url: server.origin, headers }))).toBe('ok')
    expect(server.requests[0]?.headers.has('expect')).toBe(false)
    const other = await ask({ url: server.origin, json: 1, headers: { expect: '200-ok' } })
    expect(verdictOf(other)).toBe('invalid_request/header')
  })
})

describe('an upload that is refused early', () => {
  it('is http/413, and stops within 100 ms, long before its end', async () => {
    const stoppedMs: number[] = []
    // The fastest of three runs: a busy machine is slow to read what the kernels hold.
    for (let i = 0; i < sized(3, 1); i++) {
      let refusedAtMs = 0
      await using server = await rawServer(async connection => {
        await headOf(connection)
        refusedAtMs = performance.now()
        await connection.reply('', { status: '413 Large', headers: 'Connection: close\r\n' })
        await connection.closed
      })
      const outcome = await ask({
        url: server.origin,
        body: () => new Blob([new Uint8Array(sized(64, 8) * 2 ** 20)]).stream(),
      })
      expect(verdictOf(outcome)).toBe('http/413')
      const [connection] = server.connections
      await connection?.closed
      stoppedMs.push((connection?.pieces.at(-1)?.atMs ?? Infinity) - refusedAtMs)
      expectFigure(bytesAfterHead(connection as Connection)).toBeLessThan(48 * 2 ** 20)
    }
    expectFigure(Math.min(...stoppedMs)).toBeLessThan(100)
  })
})
