import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import type { RequestSpec } from '../../src/index.ts'
import { clientOf, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (const text of ['a', 'b', 'c']) {
    await new Promise(resolve => setImmediate(resolve))
    yield Buffer.from(text)
  }
}

const WHOLE = '1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n'

/** The verdicts on the requests, and the bodies that the server got completely. */
async function sent(specsOf: (url: string) => readonly RequestSpec[], statuses: readonly string[] = []) {
  const bodies: string[] = []
  await using server = await rawServer(
    answering((connection, { body }) => {
      const status = statuses[bodies.push(body) - 1] ?? '200 OK'
      const [code] = status.split(' ')
      return connection.reply('{}', { status, headers: code === '307' ? 'Location: /next\r\n' : '' })
    }),
  )
  const client = clientOf({ maxRetries: 2 })
  const outcomes = await client.request(specsOf(server.origin), { onFailure: 'settle' })
  await client.close()
  return { verdicts: outcomes.map(verdictOf), bodies }
}

const put =
  (...bodies: readonly unknown[]) =>
  (url: string): readonly RequestSpec[] =>
    bodies.map(body => ({ url, method: 'PUT', body }) as RequestSpec)

const once = async (stream: AsyncIterable<unknown>): Promise<AsyncIterable<unknown>> => {
  for await (const _ of stream) continue
  return stream
}

describe('a stream that can be read only once', () => {
  test.each([
    ['a generator', () => pieces()],
    ['a stream of Node', () => Readable.from(pieces())],
    ['a web stream', () => Readable.toWeb(Readable.from(pieces()))],
  ])('is sent by the first of two requests and refused in the second: %s', async (_what, make) => {
    const stream = make()
    const { verdicts, bodies } = await sent(put(stream, stream))
    expect(verdicts).toEqual(['ok', 'invalid_request/body'])
    expect(bodies).toEqual([WHOLE])
  })

  test('is sent by the first of two multiparts and refused in the second', async () => {
    const data = pieces()
    const { verdicts, bodies } = await sent(url =>
      [1, 2].map(() => ({ url, multipart: { file: { data, filename: 'a.txt' } } })),
    )
    expect(verdicts).toEqual(['ok', 'invalid_request/body'])
    expect(bodies).toHaveLength(1)
  })

  test('is refused twice in one multipart', async () => {
    const data = pieces()
    const { verdicts, bodies } = await sent(url => [{ url, multipart: { a: { data }, b: { data } } }])
    expect(verdicts).toEqual(['invalid_request/body'])
    expect(bodies).toEqual([])
  })

  test.each([
    ['to its end', () => once(Readable.from(['abc']))],
    [
      'in part',
      async () => {
        const stream = Readable.from(['abc', 'def'])
        await new Promise(resolve => stream.once('readable', resolve))
        stream.read()
        return stream
      },
    ],
    [
      'by a reader that has released it',
      async () => {
        const stream = new Blob(['abc']).stream()
        const reader = stream.getReader()
        await reader.read()
        reader.releaseLock()
        return stream
      },
    ],
    [
      'by a reader that holds it',
      async () => {
        const stream = new Blob(['abc']).stream()
        stream.getReader()
        return stream
      },
    ],
  ])('is refused if it was read before: %s', async (_how, make) => {
    const { verdicts, bodies } = await sent(put(await make()))
    expect(verdicts).toEqual(['invalid_request/body'])
    expect(bodies).toEqual([])
  })

  test('is sent by one of two requests whose functions return it', async () => {
    const stream = Readable.from(pieces())
    const { verdicts, bodies } = await sent(
      put(
        () => stream,
        () => stream,
      ),
    )
    expect(verdicts.toSorted()).toEqual(['invalid_request/body', 'ok'])
    expect(bodies).toEqual([WHOLE])
  })

  test.each([
    ['a retry', '503 Busy'],
    ['a redirect hop', '307 There'],
  ])('is not sent again when its function returns it again: %s', async (_what, status) => {
    const stream = Readable.from(pieces())
    const { verdicts, bodies } = await sent(
      put(() => stream),
      [status],
    )
    expect(verdicts).toEqual(['invalid_request/body'])
    expect(bodies).toEqual([WHOLE])
  })

  test('is sent with each attempt when its function opens a new one', async () => {
    const { verdicts, bodies } = await sent(
      put(() => pieces()),
      ['503 Busy', '307 There'],
    )
    expect(verdicts).toEqual(['ok'])
    expect(bodies).toEqual([WHOLE, WHOLE, WHOLE])
  })

  test('may be used by a later request if the first one ended without reading it', async () => {
    const stream = Readable.from(pieces())
    const client = clientOf()
    const refused = await client.request({ url: 'http://127.0.0.1:1/', body: stream }, { onFailure: 'settle' })
    expect(verdictOf(refused)).toBe('connect/refused')
    await client.close()
    const { verdicts, bodies } = await sent(put(stream))
    expect(verdicts).toEqual(['ok'])
    expect(bodies).toEqual([WHOLE])
  })
})

test('an iterable that starts anew each time may be in any number of requests', async () => {
  const iterable = { [Symbol.asyncIterator]: pieces }
  const { verdicts, bodies } = await sent(put(iterable, iterable))
  expect(verdicts).toEqual(['ok', 'ok'])
  expect(bodies).toEqual([WHOLE, WHOLE])
})

test('an iterable that returns the same iterator again is sent by one request and refused in the other', async () => {
  const iterator = pieces()
  const iterable = { [Symbol.asyncIterator]: () => iterator }
  const { verdicts, bodies } = await sent(put(iterable, iterable))
  expect(verdicts.toSorted()).toEqual(['invalid_request/body', 'ok'])
  expect(bodies).toEqual([WHOLE])
})
