/** A run as an async iterable: starts when asked, holds no more than its window, ends with its loop. */
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { Outcome, StreamCallOptions } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockHandler } from '../../src/testing/index.ts'
import { asAsync, countedUrls } from '../support/inputs.ts'
import { fc } from '../support/property.ts'

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

function open(
  handler: MockHandler,
  urls: Iterable<string> | AsyncIterable<string>,
  options: StreamCallOptions = {},
  concurrency = 4,
) {
  const transport = mockTransport(handler)
  const client = new ParallelRequests({ transport, concurrency })
  return { transport, client, stream: client.stream(urls, options) }
}

async function collect(stream: AsyncIterable<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for await (const outcome of stream) outcomes.push(outcome)
  return outcomes
}

describe('The window', () => {
  test('bounds the items that were pulled and not yet given back, however slow the consumer and the servers are', async () => {
    const plan = fc.record({
      window: fc.integer({ min: 1, max: 20 }),
      concurrency: fc.integer({ min: 1, max: 30 }),
      order: fc.constantFrom('completed' as const, 'input' as const),
      latenciesMs: fc.array(fc.nat(100), { minLength: 1, maxLength: 7 }),
      consumerTurns: fc.nat(4),
      lazy: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(plan, async ({ window, concurrency, order, latenciesMs, consumerTurns, lazy }) => {
        const urls = countedUrls(60)
        const handler: MockHandler = ({ index }) => ({
          json: index,
          latencyMs: latenciesMs[index % latenciesMs.length] as number,
        })
        const { stream, client } = open(handler, lazy ? asAsync(urls) : urls, { window, order }, concurrency)
        let taken = 0
        let most = 0
        for await (const outcome of stream) {
          taken++
          for (let i = 0; i < consumerTurns; i++) await turn()
          most = Math.max(most, urls.pulled - taken)
          if (order === 'input') expect(outcome.index).toBe(taken - 1)
        }
        await client.close()
        expect(taken).toBe(60)
        // A lazy input has one more in its hands than it has given us.
        expect(most).toBeLessThanOrEqual(window + (lazy ? 1 : 0))
      }),
      { numRuns: 40 },
    )
  })

  test('stops the pulls when the consumer takes nothing', async () => {
    const urls = countedUrls(1_000)
    const { stream, client } = open(() => ({ json: 1 }), urls, { window: 10 })
    await stream.next()
    for (let i = 0; i < 50; i++) await turn()
    expect(urls.pulled).toBeLessThanOrEqual(11)
    await client.close()
  })

  test("stops the pulls behind a slow first item with order 'input', and keeps the order", async () => {
    const urls = countedUrls(100)
    const { stream, client, transport } = open(
      ({ index }) => ({ json: index, latencyMs: index === 0 ? 10_000 : 1 }),
      urls,
      {
        order: 'input',
        window: 8,
      },
    )
    const first = await stream.next()
    expect((first.value as Outcome).index).toBe(0)
    expect(transport.requests.filter(({ atMs }) => atMs < 10_000)).toHaveLength(8)
    const rest = await collect(stream)
    expect(rest.map(({ index }) => index)).toEqual(Array.from({ length: 99 }, (_, i) => i + 1))
    await client.close()
  })
})

describe('The start', () => {
  test('comes with the first next(): a stream that is not read pulls and sends nothing', async () => {
    const urls = countedUrls(10)
    const { stream, client, transport } = open(() => ({ json: 1 }), urls)
    for (let i = 0; i < 20; i++) await turn()
    expect([urls.pulled, transport.requests.length]).toEqual([0, 0])
    await stream.next()
    expect(transport.requests.length).toBeGreaterThan(0)
    await client.close()
  })

  test('comes once: a second loop throws', async () => {
    const { stream, client } = open(() => ({ json: 1 }), countedUrls(3))
    await collect(stream)
    expect(() => stream[Symbol.asyncIterator]()).toThrow(/iterated once/)
    await expect(collect(stream)).rejects.toThrow(TypeError)
    await client.close()
  })

  test.each(['stop', 'abort'] as const)('never comes after %s()', async end => {
    const urls = countedUrls(10)
    const { stream, client, transport } = open(() => ({ json: 1 }), urls)
    stream[end]()
    await expect(collect(stream)).resolves.toEqual([])
    expect([urls.pulled, transport.requests.length]).toEqual([0, 0])
    await client.close()
  })

  test('serves several concurrent next() in turn', async () => {
    const { stream, client } = open(({ index }) => ({ json: index, latencyMs: index + 1 }), countedUrls(3))
    const nexts = await Promise.all(Array.from({ length: 5 }, () => stream.next()))
    expect(nexts.map(({ value }) => value?.index)).toEqual([0, 1, 2, undefined, undefined])
    expect(nexts.map(({ done }) => done)).toEqual([false, false, false, true, true])
    await client.close()
  })
})

describe('Leaving the loop', () => {
  test.each(['break', 'throw'])('by %s aborts requests in flight, pulls no more and closes the input', async how => {
    const urls = countedUrls(1_000_000)
    const { stream, client, transport } = open(({ index }) => ({ json: 1, latencyMs: index === 0 ? 0 : 1e6 }), urls, {
      timeout: Infinity,
      timeouts: { connect: Infinity, headers: Infinity, idle: Infinity },
    })
    const leave = async (): Promise<void> => {
      for await (const outcome of stream) {
        expect(outcome.ok).toBe(true)
        if (how === 'throw') throw new Error('enough')
        break
      }
    }
    const left = await leave().catch((error: unknown) => error)
    expect(left).toEqual(how === 'throw' ? new Error('enough') : undefined)
    const [{ pulled }, sent] = [urls, transport.requests.length]
    for (let i = 0; i < 20; i++) await turn()
    expect([urls.pulled, urls.closed, transport.requests.length]).toEqual([pulled, true, sent])
    // Nothing waits for the slow answers any more.
    expect(transport.clock.now()).toBeLessThan(1e6)
    expect(transport.clock.pending).toBe(0)
    await client.close()
  })

  test('calls return() of an async input, and does not wait for it', async () => {
    let returned = 0
    const input: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 'http://a.test/' }),
        return: () => {
          returned++
          return new Promise(() => undefined)
        },
      }),
    }
    const { stream, client } = open(() => ({ json: 1 }), input, { window: 4 })
    for await (const _ of stream) break
    expect(returned).toBe(1)
    await client.close()
  })

  test('leaves nothing to read: outcomes of requests that finish later are dropped', async () => {
    const { stream, client } = open(({ index }) => ({ json: 1, latencyMs: index }), countedUrls(10))
    for await (const _ of stream) break
    for (let i = 0; i < 20; i++) await turn()
    await expect(stream.next()).resolves.toEqual({ done: true, value: undefined })
    await client.close()
  })

  test('does not affect other runs of the client', async () => {
    const { stream, client } = open(({ index }) => ({ json: index, latencyMs: 10 }), countedUrls(100))
    const other = client.request(['http://b.test/'])
    for await (const _ of stream) break
    await expect(other).resolves.toEqual([0])
    await client.close()
  })
})

describe('stop() and abort()', () => {
  async function endAt(end: 'stop' | 'abort', atMs: number, urls: string[] | ReturnType<typeof countedUrls>) {
    const { stream, client, transport } = open(
      ({ index }) => (index === 1 ? { status: 500 } : { json: index, latencyMs: 100 }),
      urls,
      { window: 8, retry: { backoff: () => '1h' } },
      2,
    )
    transport.clock.after(atMs, () => stream[end]())
    const outcomes = await collect(stream)
    await client.close()
    return outcomes.toSorted((a, b) => a.index - b.index).map(({ error }) => error?.code)
  }

  // At 50 ms: 0 and 2 are on the wire, 1 waits for its retry, the others wait for a place.
  test('stop() lets attempts on the wire finish; the other requests end as aborted', async () => {
    const codes = await endAt(
      'stop',
      50,
      Array.from({ length: 6 }, (_, i) => `http://a.test/${i}`),
    )
    expect(codes).toEqual([
      undefined,
      'aborted/in_flight',
      undefined,
      ...new Array<string>(3).fill('aborted/not_started'),
    ])
  })

  test('abort() ends all requests', async () => {
    const codes = await endAt(
      'abort',
      50,
      Array.from({ length: 6 }, (_, i) => `http://a.test/${i}`),
    )
    expect(codes).toEqual([
      ...new Array<string>(3).fill('aborted/in_flight'),
      ...new Array<string>(3).fill('aborted/not_started'),
    ])
  })

  test('a lazy input has an outcome for each pulled item, and is closed', async () => {
    const urls = countedUrls(1_000)
    const codes = await endAt('stop', 50, urls)
    expect(codes).toHaveLength(urls.pulled)
    expect(urls.pulled).toBeLessThanOrEqual(8)
    expect(urls.closed).toBe(true)
    expect(codes.slice(0, 3)).toEqual([undefined, 'aborted/in_flight', undefined])
  })

  test('abort() after stop() ends the requests that stop() let finish', async () => {
    const { stream, client, transport } = open(
      () => ({ json: 1, latencyMs: 1_000 }),
      countedUrls(100),
      { window: 4 },
      2,
    )
    transport.clock.after(50, () => stream.stop())
    transport.clock.after(100, () => stream.abort())
    const outcomes = await collect(stream)
    expect(outcomes.map(({ error }) => String(error?.code)).toSorted((a, b) => a.localeCompare(b))).toEqual([
      'aborted/in_flight',
      'aborted/in_flight',
      ...new Array<string>(outcomes.length - 2).fill('aborted/not_started'),
    ])
    await client.close()
  })

  test('closing the client ends its streams', async () => {
    const { stream, client, transport } = open(() => ({ json: 1, latencyMs: 1_000 }), countedUrls(100))
    transport.clock.after(50, () => void client.close())
    const outcomes = await collect(stream)
    expect(outcomes.length).toBeGreaterThan(0)
    expect(outcomes.every(({ error }) => error?.code.startsWith('aborted/'))).toBe(true)
  })
})
