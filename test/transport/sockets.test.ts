import { describe, expect, it } from 'vitest'
import type { Outcome, ParallelRequests, RequestSpec } from '../../src/index.ts'
import { HASTY, TRUST, clientOf, until, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { Connection, RawServer, Script } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const polite: Script = answering(connection => connection.reply())
const SETTLE = { onFailure: 'settle', returnType: 'text' } as const

/** Answers the first requests; when the next one comes, it has closed the connection. */
const closingAfterReply: Script = async connection => {
  await connection.request()
  await connection.reply('first')
  // Not before the client has sent the next request, so that it is surely sent on a closing connection.
  await connection.expect(1)
  connection.rst()
}

describe('kept-alive connections', () => {
  it.each([undefined, 'server'] as const)('carry requests one after another on one socket (TLS: %s)', async cert => {
    await using server = await rawServer(polite, cert && { cert })
    const client = clientOf(TRUST)
    for (let i = 0; i < 10; i++) expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('ok')
    expect(server.accepted).toBe(1)
    expect(server.requests).toHaveLength(10)
    await client.close()
  })

  it('are never more than concurrency', async () => {
    await using server = await rawServer(
      answering(async connection => {
        await connection.wait(1)
        await connection.reply()
      }),
    )
    const client = clientOf({ concurrency: 7 })
    await client.request(Array.from({ length: 300 }, () => server.origin))
    expect(server.accepted).toBe(7)
    expect(server.mostOpen).toBe(7)
    await client.close()
  })

  it.each(['close', 'Close', 'keep-alive, close'])('are not reused after Connection: %s', async value => {
    await using server = await rawServer(
      answering(connection => connection.reply('{}', { headers: `Connection: ${value}\r\n` })),
    )
    const client = clientOf()
    for (let i = 0; i < 4; i++) expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('ok')
    expect(server.connections.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1])
    await until(() => server.connections.every(({ isOpen }) => !isOpen))
    await client.close()
  })

  it('belong to their origin: servers that differ only in port or TLS get their own requests', async () => {
    const naming = (name: string): Script => answering(connection => connection.reply(name))
    await using first = await rawServer(naming('first'))
    await using second = await rawServer(naming('second'))
    await using secure = await rawServer(naming('secure'), { cert: 'server' })
    await using client = clientOf(TRUST)
    const origins = [first.origin, second.origin, secure.origin, first.origin, second.origin, secure.origin]
    const names: unknown[] = []
    for (const origin of origins) names.push(await client.request(origin, { returnType: 'text' }))
    expect(names).toEqual(['first', 'second', 'secure', 'first', 'second', 'secure'])
    expect([first.accepted, second.accepted, secure.accepted]).toEqual([1, 1, 1])
  })

  it('are not reused after HTTP/1.0, or after a body that was ended by the connection', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.send(
        connection.index % 2 === 0 ? 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok' : `${OK}\r\nok`,
      )
      connection.fin()
    })
    const client = clientOf()
    for (let i = 0; i < 4; i++) expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('ok')
    expect(server.connections).toHaveLength(4)
    await client.close()
  })

  it('end with client.close(), which also ends requests in flight', async () => {
    await using server = await rawServer(
      answering((connection, { path }) => (path === '/hang' ? undefined : connection.reply())),
    )
    const client = clientOf({ concurrency: 5 })
    await client.request(Array.from({ length: 5 }, () => server.origin))
    const hanging = client.request(`${server.origin}/hang`, SETTLE)
    await until(() => server.requests.some(({ path }) => path === '/hang'))
    const startedAtMs = performance.now()
    await client.close()
    expect(verdictOf(await hanging)).toBe('aborted/in_flight')
    await until(() => server.connections.every(({ isOpen }) => !isOpen), 200)
    expectFigure(performance.now() - startedAtMs).toBeLessThan(300)
  })

  it('drop a socket that the server closed while idle, without any event', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.reply()
      connection.fin()
    })
    const client = clientOf()
    for (let i = 0; i < 3; i++) {
      const outcome = await client.request({ url: server.origin, method: 'POST', json: i }, SETTLE)
      expect(verdictOf(outcome)).toBe('ok')
      expect(outcome.attempts).toBe(1)
      await until(() => server.connections[i]?.isOpen === false)
    }
    await client.close()
  })

  it('drop a 408 that arrives while idle', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.reply('ok')
      await connection.wait(10)
      await connection.send('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      connection.fin()
    })
    const client = clientOf()
    for (let i = 0; i < 3; i++) {
      expect(await client.request(server.origin, { returnType: 'text' })).toBe('ok')
      await until(() => server.connections[i]?.isOpen === false)
    }
    await client.close()
  })

  it('cost a GET one free retry on a new socket if the server closes one just as it is used', async () => {
    await using server = await rawServer([closingAfterReply, closingAfterReply, answering(c => c.reply('second'))])
    const client = clientOf({ concurrency: 2 })
    // Two connections, both about to be closed: the repeat must use neither.
    await client.request([server.origin, server.origin], { returnType: 'text' })
    expect(server.accepted).toBe(2)
    const outcome = await client.request(server.origin, SETTLE)
    expect(verdictOf(outcome)).toBe('ok')
    expect(outcome.value).toBe('second')
    expect(server.accepted).toBe(3)
    await client.close()
  })

  it('cost no more than the free retry with a server that silently closes each of them', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.reply('once')
      await connection.wait(connection.index % 3)
      connection.fin()
    })
    await using client = clientOf({ concurrency: 6, maxRetries: 0 })
    const outcomes = await client.request(
      Array.from({ length: 200 }, (_, n) => `${server.origin}/${n}`),
      SETTLE,
    )
    expect(new Set(outcomes.map(verdictOf))).toEqual(new Set(['ok']))
    expect(outcomes.some(({ attempts }) => attempts === 2)).toBe(true)
  })

  it('leave a POST in doubt if the server closes one just as it is used', async () => {
    await using server = await rawServer([closingAfterReply, answering(c => c.reply('second'))])
    const client = clientOf({ maxRetries: 3, retry: HASTY })
    await client.request(server.origin, { returnType: 'text' })
    const outcome = await client.request({ url: server.origin, method: 'POST', json: 1 }, SETTLE)
    expect(verdictOf(outcome)).toBe('in_doubt/reset')
    expect(outcome.attempts).toBe(1)
    expect(server.accepted).toBe(1)
    await client.close()
  })

  it('are used by later retries although a POST was left in doubt', async () => {
    let asked = 0
    await using server = await rawServer([
      async connection => {
        await connection.request()
        await connection.reply()
        await connection.request()
        connection.rst()
      },
      answering(connection => connection.reply('{}', asked++ === 0 ? { status: '503 Busy' } : {})),
    ])
    const client = clientOf({ maxRetries: 3, retry: HASTY })
    await client.request(server.origin)
    const post = await client.request({ url: server.origin, method: 'POST', json: 1 }, SETTLE)
    expect(verdictOf(post)).toBe('in_doubt/reset')
    expect((await client.request(server.origin, SETTLE)).attempts).toBe(2)
    expect(server.accepted).toBe(2)
    await client.close()
  })

  /** Ends the connection in the kernel, and sends again before the event loop has noticed. */
  const askOnEnded = (server: RawServer, client: ParallelRequests, spec: RequestSpec, how: 'rst' | 'destroy') =>
    new Promise<Outcome>((resolve, reject) =>
      setImmediate(() => {
        server.connections[0]?.[how]()
        client.request(spec, SETTLE).then(resolve, reject)
      }),
    )

  it.each(['destroy', 'rst'] as const)('cost nothing if they ended before a byte was sent (%s)', async how => {
    for (const method of ['GET', 'POST']) {
      await using server = await rawServer(polite)
      const client = clientOf()
      await client.request(server.origin)
      const outcome = await askOnEnded(server, client, { url: server.origin, method }, how)
      expect(verdictOf(outcome)).toBe('ok')
      await client.close()
    }
  })

  it('give no free retry if a closed one was replaced with a new one', async () => {
    await using server = await rawServer([
      polite,
      async connection => {
        await connection.request()
        connection.rst()
      },
      polite,
    ])
    const client = clientOf()
    await client.request(server.origin)
    const outcome = await askOnEnded(server, client, { url: server.origin }, 'destroy')
    expect(verdictOf(outcome)).toBe('reset/before_headers')
    expect(outcome.attempts).toBe(1)
    expect(outcome.timings.connect).toBeGreaterThanOrEqual(0)
    expect(server.accepted).toBe(2)
    await client.close()
  })

  it('give no free retry on a new socket', async () => {
    await using server = await rawServer(async connection => {
      await connection.request()
      connection.rst()
    })
    const client = clientOf()
    const outcome = await client.request(server.origin, SETTLE)
    expect(verdictOf(outcome)).toBe('reset/before_headers')
    expect(outcome.attempts).toBe(1)
    await client.close()
  })

  it.each([
    ['before the head', async (connection: Connection) => void (await connection.request())],
    [
      'within the body',
      async (connection: Connection) => {
        await connection.request()
        await connection.send(`${OK}Content-Length: 9\r\n\r\nabc`)
      },
    ],
  ])('are closed at once if their request is aborted %s, without harm to the next one', async (_when, script) => {
    await using server = await rawServer([script, answering(connection => connection.reply('next'))])
    const client = clientOf()
    const abort = new AbortController()
    const asked = client.request(server.origin, { ...SETTLE, signal: abort.signal })
    await until(() => server.connections[0]?.requests.length === 1)
    await new Promise(resolve => setTimeout(resolve, 20))
    const startedAtMs = performance.now()
    abort.abort(new Error('enough'))
    const outcome = await asked
    expectFigure(performance.now() - startedAtMs).toBeLessThan(100)
    expect(verdictOf(outcome)).toBe('aborted/in_flight')
    expect((outcome.error?.cause as Error | undefined)?.message).toBe('enough')
    await until(() => server.connections[0]?.isOpen === false, 100)
    expect(await client.request(server.origin, { returnType: 'text' })).toBe('next')
    await client.close()
  })
})

it('connections to an origin that sent surplus bytes are no longer kept', async () => {
  let asked = 0
  await using server = await rawServer(async connection => {
    for (;;) {
      await connection.request()
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok${asked++ === 0 ? 'surplus' : ''}`)
    }
  })
  const client = clientOf()
  for (let i = 0; i < 4; i++) await client.request(server.origin, { returnType: 'text' })
  await client.close()
  expect(server.accepted).toBe(4)
})

it('a connection is not used again while a part of its last request is unsent', async () => {
  await using server = await rawServer([
    async connection => {
      await connection.head()
      connection.pause()
      await connection.reply('early')
      await connection.closed
    },
    polite,
  ])
  const client = clientOf({ timeout: '20s' })
  const body = 'x'.repeat(20_000_000)
  const early = await client.request({ url: server.origin, method: 'POST', body }, { ...SETTLE, returnType: 'text' })
  expect([verdictOf(early), early.value]).toEqual(['ok', 'early'])
  expect(verdictOf(await client.request(server.origin, SETTLE))).toBe('ok')
  expect(server.accepted).toBe(2)
  await client.close()
})

it.each([undefined, 'server'] as const)(
  'no POST is in doubt because the server ended its connection right behind the last response (TLS: %s)',
  async cert => {
    await using server = await rawServer(async connection => {
      await connection.request()
      const sent = connection.reply('ok')
      connection.fin()
      await sent
    }, cert && { cert })
    const client = clientOf({ ...TRUST, concurrency: 1 })
    const spec = { url: server.origin, method: 'POST', body: 'x' } as const
    const outcomes = await client.request(
      Array.from({ length: 20 }, () => ({ ...spec })),
      SETTLE,
    )
    expect(outcomes.map(verdictOf)).toEqual(Array<string>(20).fill('ok'))
    await client.close()
  },
)
