/** `returnType: 'ndjson'` and `'sse'`: items of a body one by one while it arrives, each awaited. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Agent } from 'undici'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { ConfigError, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { ServerEvent } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { AskOptions } from '../support/ask.ts'
import { HASTY, TRUST, clientOf, until, verdictOf } from '../support/ask.ts'
import { answering, rawServer, tlsFixture } from '../support/raw-server.ts'
import type { Connection, Script } from '../support/raw-server.ts'

const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

/** Everything that `onItem` got for one request, and how that ended. */
async function take(
  url: string,
  returnType: 'ndjson' | 'sse',
  { onItem, schema, ...options }: AskOptions & { onItem?: (item: unknown) => unknown; schema?: v.GenericSchema } = {},
) {
  const items: unknown[] = []
  const client = clientOf(options)
  const outcome = await client.request(url, {
    returnType,
    schema,
    onItem: item => (items.push(item), onItem?.(item)),
    onFailure: 'settle',
  })
  await client.close()
  return { outcome, items }
}

/** Sends each piece of a chunked body and waits a moment. */
const pieces =
  (parts: readonly string[], end: (connection: Connection) => unknown): Script =>
  async connection => {
    await connection.request()
    await connection.send(CHUNKED)
    for (const part of parts) {
      await connection.send(chunk(part))
      await connection.wait(5)
    }
    await end(connection)
  }
/** The same for a body that was packed. */
const packed =
  (body: Buffer, size: number): Script =>
  async connection => {
    await connection.request()
    await connection.send(`${OK}Content-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`)
    for (let at = 0; at < body.length; at += size) {
      await connection.send(body.subarray(at, at + size))
      await connection.wait(1)
    }
    await connection.closed
  }
const whole = async (connection: Connection): Promise<void> => {
  await connection.send('0\r\n\r\n')
  await connection.closed
}

describe('onItem', () => {
  it('gets lines and events in order from a body that is cut anywhere', async () => {
    await using server = await rawServer([
      pieces(['{"a"', ':1}\n{"a":2}\r', '\n\nnul', 'l'], whole),
      pieces(['id: 1\nda', 'ta: x\n', '\n: ping\n\ndata: y\n\n'], whole),
    ])
    const lines = await take(server.origin, 'ndjson')
    expect([lines.outcome.value, lines.items]).toEqual([3, [{ a: 1 }, { a: 2 }, null]])
    const events = await take(server.origin, 'sse')
    expect(events.outcome.value).toBe(2)
    expect(events.items).toEqual([
      { event: 'message', data: 'x', id: '1' },
      { event: 'message', data: 'y', id: '1' },
    ])
  })

  it('gets events of gzip that arrives byte by byte, and none after the cut of a coding', async () => {
    const body = gzipSync('data: é\n\ndata: 😀\n\n')
    await using server = await rawServer([
      packed(body, 1),
      answering(connection => connection.reply(body.subarray(0, -8), { headers: 'Content-Encoding: gzip\r\n' })),
    ])
    const { items } = await take(server.origin, 'sse')
    expect(items.map(item => (item as ServerEvent).data)).toEqual(['é', '😀'])
    expect(verdictOf((await take(server.origin, 'sse')).outcome)).toBe('decode/truncated')
  })

  it('gets an item before the body has ended, and no other one meanwhile', async () => {
    let isEnded = false
    let seen = 0
    let running = 0
    let most = 0
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.send(CHUNKED + chunk('1\n2\n3\n'))
      await until(() => seen === 3)
      isEnded = true
      await whole(connection)
    })
    const endedBefore: boolean[] = []
    const { outcome } = await take(server.origin, 'ndjson', {
      async onItem() {
        most = Math.max(most, ++running)
        endedBefore.push(isEnded)
        await new Promise(resolve => setTimeout(resolve, 2))
        running--
        seen++
      },
    })
    expect([outcome.value, most, endedBefore]).toEqual([3, 1, [false, false, false]])
  })

  it('stops the server while it waits, without a time limit', async () => {
    let sent = 0
    const line = chunk(`"${'x'.repeat(65_536)}"\n`)
    await using server = await rawServer(async connection => {
      await connection.request()
      await connection.send(CHUNKED)
      for (; sent < 500; sent++) await connection.send(line)
      await whole(connection)
    })
    let free: (() => void) | undefined
    const held = new Promise<void>(resolve => (free = resolve))
    const taking = take(server.origin, 'ndjson', { timeouts: { idle: '1s' }, onItem: () => held })
    await until(() => sent > 0)
    await new Promise(resolve => setTimeout(resolve, 1_500))
    expect(sent).toBeLessThan(500)
    free?.()
    const { outcome } = await taking
    expect([verdictOf(outcome), outcome.value]).toEqual(['ok', 500])
  })

  it('gets items of gzip, of HTTP/2, of worker threads, of a Dispatcher and of a mock', async () => {
    const body = Array.from({ length: 2_000 }, (_, n) => `${JSON.stringify({ n })}\n`).join('')
    await using server = await rawServer(
      answering(connection => connection.reply(gzipSync(body), { headers: 'Content-Encoding: gzip\r\n' })),
    )
    const mock = mockTransport(() => ({ text: body }))
    const dispatcher = new Agent()
    for (const options of [{}, { workers: 1 }, { transport: mock }, { transport: dispatcher }]) {
      const { outcome, items } = await take(server.origin, 'ndjson', options)
      expect([verdictOf(outcome), outcome.value, items.at(-1)]).toEqual(['ok', 2_000, { n: 1_999 }])
    }
    await dispatcher.close()
    const h2 = createSecureServer({ key: tlsFixture('server-key'), cert: tlsFixture('server') })
    h2.on('request', (_request, response) => response.end(body))
    await new Promise<void>(resolve => h2.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(h2.address() as AddressInfo).port}/`
    expect((await take(url, 'ndjson', { ...TRUST, http2: true })).outcome.value).toBe(2_000)
    h2.close()
  })

  it('gets nothing of a response that is refused or retried', async () => {
    let asked = 0
    await using server = await rawServer(
      answering((connection, { path }) => {
        if (path === '/gone') return connection.reply('{"error":1}\n', { status: '404 Not Found' })
        return asked++ === 0 ? connection.reply('1\n', { status: '503 Busy' }) : connection.reply('2\n')
      }),
    )
    expect((await take(server.origin, 'ndjson', { maxRetries: 1, retry: HASTY })).items).toEqual([2])
    const gone = await take(`${server.origin}/gone`, 'ndjson')
    expect([verdictOf(gone.outcome), gone.items]).toEqual(['http/404', []])
  })

  it('prevents a retry once it has been given an item, and the failure says how many', async () => {
    await using server = await rawServer([
      pieces(['1\n2\n3'], connection => connection.rst()),
      answering(connection => connection.reply('9\n')),
    ])
    const { outcome, items } = await take(server.origin, 'ndjson', { maxRetries: 3, retry: HASTY })
    expect(items).toEqual([1, 2])
    expect(outcome.attempts).toBe(1)
    expect(outcome.error?.code).toMatch(/^(?:reset|truncated)\//)
    expect(outcome.error?.message).toContain('2 items were delivered')
  })

  it('allows a retry as long as no item was complete', async () => {
    await using server = await rawServer([
      pieces(['data: 1\n'], whole),
      answering(connection => connection.reply('data: 2\n\n')),
    ])
    const { outcome, items } = await take(server.origin, 'sse', { maxRetries: 3, retry: HASTY })
    expect([outcome.attempts, items.map(item => (item as ServerEvent).data)]).toEqual([2, ['2']])
  })

  it('gets what was complete before an event that was cut', async () => {
    await using server = await rawServer(pieces(['data: 1\n\ndata: 2\n'], whole))
    const { outcome, items } = await take(server.origin, 'sse')
    expect([verdictOf(outcome), items.length]).toEqual(['truncated/event', 1])
    expect(outcome.error?.message).toContain('1 item was delivered')
  })

  it('gets the same over TLS, where the connection ends within an event', async () => {
    const server = createServer({ key: tlsFixture('server-key'), cert: tlsFixture('server') }, (_request, response) => {
      response.shouldKeepAlive = false
      response.useChunkedEncodingByDefault = false
      response.removeHeader('transfer-encoding')
      response.write('data: 1\n\nda')
      setTimeout(() => response.end('ta: 2\n\ndata: 3'), 5)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const { outcome, items } = await take(url, 'sse', TRUST)
    server.close()
    expect([verdictOf(outcome), items.length]).toEqual(['truncated/event', 2])
  })

  it('that throws or rejects fails only its own request', async () => {
    await using server = await rawServer(answering(connection => connection.reply('1\n2\n')))
    const client = clientOf({ maxRetries: 3 })
    const outcomes = await client.request([`${server.origin}/a`, `${server.origin}/b`, `${server.origin}/c`], {
      returnType: 'ndjson',
      onItem(item, { url }) {
        if (item !== 2 || url.endsWith('/a')) return undefined
        const error = new Error('enough')
        if (url.endsWith('/b')) throw error
        return Promise.reject(error)
      },
      onFailure: 'settle',
    })
    await client.close()
    expect(outcomes.map(verdictOf)).toEqual(['ok', 'callback/on_item', 'callback/on_item'])
    expect(outcomes[1]?.error?.message).toContain('onItem threw at item 2 (line 2): enough')
    expect(outcomes[2]?.attempts).toBe(1)
  })

  it('that returns a thenable whose then throws fails only its own request', async () => {
    await using server = await rawServer(answering(connection => connection.reply('1\n')))
    const thenable = {
      // oxlint-disable-next-line unicorn/no-thenable -- as a caller might
      then() {
        throw new Error('no promise')
      },
    }
    const { outcome } = await take(server.origin, 'ndjson', { onItem: () => thenable })
    expect(outcome.error?.message).toContain('onItem threw at item 1 (line 1): no promise')
    const parsed = await parallelRequests(server.origin, {
      returnType: 'text',
      parseFunc: () => thenable,
      onFailure: 'settle',
    })
    expect(verdictOf(parsed)).toBe('callback/parse')
    const client = clientOf({ onChunk: () => thenable })
    const chunks = await client.request(server.origin, { returnType: 'stream', onFailure: 'settle' })
    expect(verdictOf(chunks)).toBe('callback/on_chunk')
    await client.close()
  })

  it('that hangs delays neither an abort nor timeouts.callback', async () => {
    await using server = await rawServer(answering(connection => connection.reply('1\n')))
    const onItem = (): Promise<void> => new Promise(() => undefined)
    const late = await take(server.origin, 'ndjson', { onItem, timeouts: { callback: '50ms' } })
    expect(verdictOf(late.outcome)).toBe('timeout/callback')
    const controller = new AbortController()
    const aborted = take(server.origin, 'ndjson', {
      onItem: () => (setTimeout(() => controller.abort(), 10), onItem()),
      signal: controller.signal,
    })
    expect(verdictOf((await aborted).outcome)).toBe('aborted/in_flight')
  })

  it('gets no item after an abort', async () => {
    await using server = await rawServer(answering(connection => connection.reply('1\n2\n3\n')))
    const controller = new AbortController()
    const { outcome, items } = await take(server.origin, 'ndjson', {
      onItem: item => (item === 2 ? controller.abort() : undefined),
      signal: controller.signal,
    })
    expect([verdictOf(outcome), items]).toEqual(['aborted/in_flight', [1, 2]])
  })

  it('runs in the async context of the caller', async () => {
    await using server = await rawServer(answering(connection => connection.reply('1\n')))
    const storage = new AsyncLocalStorage<string>()
    let seen: string | undefined
    await storage.run('mine', () => take(server.origin, 'ndjson', { onItem: () => void (seen = storage.getStore()) }))
    expect(seen).toBe('mine')
  })
})

describe('a schema of items', () => {
  const Row = v.object({ n: v.pipe(v.number(), v.transform(String)) })
  const Slow = v.pipeAsync(
    v.object({ n: v.number() }),
    v.transformAsync(async row => row.n),
  )

  it('makes each item, and the first one that does not fit ends the request', async () => {
    await using server = await rawServer(answering(connection => connection.reply('{"n":1}\n\n{"n":2}\n{"n":"x"}\n')))
    const { outcome, items } = await take(server.origin, 'ndjson', { schema: Row, maxRetries: 2 })
    expect(items).toEqual([{ n: '1' }, { n: '2' }])
    expect([verdictOf(outcome), outcome.attempts]).toEqual(['schema/mismatch', 1])
    expect(outcome.error?.message).toContain('item 3 (line 4) does not fit the schema at n: ')
    expect(outcome.error?.message).toContain('2 items were delivered')
  })

  it('may be async, and parseFunc gets the number of items', async () => {
    await using server = await rawServer(answering(connection => connection.reply('{"n":1}\n{"n":2}\n')))
    const items: number[] = []
    const value = await parallelRequests(server.origin, {
      returnType: 'ndjson',
      schema: Slow,
      onItem: item => void items.push(item),
      parseFunc: count => `${count} rows`,
    })
    expect([value, items]).toEqual(['2 rows', [1, 2]])
  })

  it('gets the JSON of each event, and no [DONE]', async () => {
    const body = 'event: delta\ndata: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n'
    await using server = await rawServer(answering(connection => connection.reply(body)))
    const { outcome, items } = await take(server.origin, 'sse', { schema: Row })
    expect(outcome.value).toBe(2)
    expect(items).toEqual([
      { event: 'delta', data: { n: '1' }, id: '' },
      { event: 'message', data: { n: '2' }, id: '' },
    ])
  })
})

describe("returnType 'ndjson' and 'sse'", () => {
  const url = 'http://127.0.0.1:9/'
  const onItem = (): void => undefined

  it.each(['ndjson', 'sse'] as const)('%s requires onItem, and cannot be resumed or sync', async returnType => {
    await expect(parallelRequests(url, { returnType })).rejects.toThrow(ConfigError)
    const [outcome] = await parallelRequests([{ url, returnType }], { onFailure: 'settle' })
    expect(outcome.error?.code).toBe('invalid_request/options')
    const resumed = parallelRequests(url, { returnType, onItem, resume: '/tmp/none.jsonl' })
    await expect(resumed).rejects.toThrow(
      `resume: expected a return type whose values can be kept, got '${returnType}'`,
    )
    expect(() => parallelRequestsSync(url, { returnType, onItem })).toThrow(/expected no returnType 'ndjson' or 'sse'/)
  })

  it.each([undefined, 'json', 'stream'] as const)(
    'are required beside onItem, which nothing would call with %s',
    async returnType => {
      const onChunk = onItem
      const options = { returnType, onItem, ...(returnType === 'stream' && { onChunk }) }
      await expect(parallelRequests(url, options)).rejects.toThrow(/^onItem: expected returnType 'ndjson' or 'sse'/)
    },
  )

  it('take no schema of one request, and no other kind of items', async () => {
    const [schema, kind] = await parallelRequests(
      [
        { url, schema: v.string() },
        { url, returnType: 'sse' },
      ],
      { returnType: 'ndjson', onItem, onFailure: 'settle' },
    )
    expect(schema.error?.message).toContain('schema: expected the schema of items in the options')
    expect(kind.error?.message).toContain("returnType: expected 'ndjson', as in the options")
  })

  it('ask for what they read', async () => {
    const accepts: unknown[] = []
    const transport = mockTransport(request => {
      accepts.push(request.headers.get('accept'))
      return { text: '' }
    })
    await take('http://a.test/', 'ndjson', { transport })
    await take('http://a.test/', 'sse', { transport })
    expect(accepts).toEqual([expect.stringContaining('application/x-ndjson'), 'text/event-stream'])
  })
})
