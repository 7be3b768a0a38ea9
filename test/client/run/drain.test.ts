import { Readable } from 'node:stream'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RowError, SinkError } from '../../../src/core/sink.ts'
import type { Sink } from '../../../src/core/sink.ts'
import { ParallelRequests } from '../../../src/index.ts'
import type { ClientOptions } from '../../../src/index.ts'
import type { Outcome } from '../../../src/core/outcome.ts'
import { asAsync, countedUrls } from '../../support/inputs.ts'
import { doneIn, echo, newRun, sentIndexes, urlsTo } from '../../support/resumed.ts'

function open(options: ClientOptions): ParallelRequests {
  const client = new ParallelRequests(options)
  onTestFinished(() => client.close())
  return client
}

/** Records the outcomes that it was given, and how often it was closed. */
class Kept implements Sink {
  readonly indexes: number[] = []
  closed = 0
  readonly #write: (outcome: Outcome, nth: number) => void | Promise<void>

  constructor(write: (outcome: Outcome, nth: number) => void | Promise<void> = () => undefined) {
    this.#write = write
  }

  write(outcome: Outcome): void | Promise<void> {
    if (this.closed > 0) throw new Error('written to after it was closed')
    this.indexes.push(outcome.index)
    return this.#write(outcome, this.indexes.length)
  }

  close(): void {
    this.closed++
  }

  get sorted(): number[] {
    return this.indexes.toSorted((a, b) => a - b)
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
const never = (): Promise<void> => new Promise<void>(() => undefined)

describe('drain()', () => {
  test('returns totals that add up: total, ok, failed, retries, bytes and time', async () => {
    const transport = echo(({ index, attempt }) =>
      index % 5 === 0
        ? { status: 404 }
        : index % 5 === 1 && attempt < 2
          ? { status: 500 }
          : { text: '"12345678"', latencyMs: 7 },
    )
    const client = open({ transport, concurrency: 4 })
    const { statistics, ...totals } = await client.drain(urlsTo(50), { maxRetries: 2 })
    expect(statistics).toMatchObject({ requests: 50, ok: 40, failed: 10, codes: { 'http/404': 10 } })
    expect(totals).toEqual({
      total: 50,
      ok: 40,
      failed: 10,
      retries: 10,
      bytes: 400,
      restored: 0,
      gone: 0,
      unwritten: 0,
      aborted: false,
      elapsedMs: transport.clock.now(),
    })
    expect(totals.elapsedMs).toBeGreaterThan(7)
    expect(transport.requests).toHaveLength(60)
    expect(await client.drain([])).toMatchObject({ total: 0, ok: 0, failed: 0, aborted: false })
  })

  test.each([
    ['an array', () => urlsTo(30)],
    ['a generator', () => countedUrls(30, 'http://h0.test')],
    ['an async generator', () => asAsync(urlsTo(30))],
    ['a Node stream', () => Readable.from(urlsTo(30))],
    [
      'a web stream',
      () => new ReadableStream<string>({ start: c => (urlsTo(30).forEach(url => c.enqueue(url)), c.close()) }),
    ],
  ])('gives the sink each outcome of %s once, and closes it once', async (_name, input) => {
    const transport = echo(({ index }) => ({ status: index % 7 === 0 ? 404 : 200, json: 1, latencyMs: index % 4 }))
    const sink = new Kept()
    expect(await open({ transport }).drain(input(), { sink })).toMatchObject({
      total: 30,
      ok: 25,
      failed: 5,
      unwritten: 0,
    })
    expect([sink.sorted, sink.closed]).toEqual([upTo(30), 1])
    expect(transport.requests.map(({ url }) => url).toSorted()).toEqual(urlsTo(30).toSorted())
  })

  test('with a slow sink pulls and sends no more than the window', async () => {
    const transport = echo()
    const input = countedUrls(500)
    let isOpen = false
    let written = 0
    let most = 0
    const doors: (() => void)[] = []
    const sink = new Kept(() => {
      most = Math.max(most, input.pulled - written)
      if (isOpen) return void written++
      return new Promise<void>(resolve => doors.push(() => (written++, resolve())))
    })
    const drained = open({ transport, concurrency: 4 }).drain(input, { sink, window: 10 })
    for (let n = 0; n < 50; n++) await turn()
    expect([input.pulled, transport.requests.length, doors.length]).toEqual([10, 10, 10])
    doors.shift()?.()
    for (let n = 0; n < 50; n++) await turn()
    expect([input.pulled, transport.requests.length]).toEqual([11, 11])
    isOpen = true
    for (const door of doors) door()
    expect(await drained).toMatchObject({ total: 500, ok: 500 })
    expect(most).toBeLessThanOrEqual(10)
  })

  test('waits for the last writes before it closes, and reports their errors', async () => {
    const log: string[] = []
    const sink: Sink = {
      write: async ({ index }) => {
        await wait(5 + index)
        log.push(`written ${index}`)
        if (index === 1) throw new RowError(index, 'cannot be kept')
      },
      close: () => void log.push('closed'),
    }
    expect(await open({ transport: echo() }).drain(urlsTo(3), { sink })).toMatchObject({
      total: 3,
      ok: 3,
      unwritten: 1,
    })
    expect(log).toEqual(['written 0', 'written 1', 'written 2', 'closed'])
    const late = new Kept(async ({ index }) => {
      await wait(5)
      if (index === 2) throw new Error('the last row was lost')
    })
    await expect(open({ transport: echo() }).drain(urlsTo(3), { sink: late })).rejects.toThrow('the last row was lost')
    expect(late.closed).toBe(1)
  })

  test.each([
    [
      'throws',
      (error: Error) => {
        throw error
      },
    ],
    [
      'rejects',
      async (error: Error) => {
        throw error
      },
    ],
  ])(
    'stops when the sink %s: nothing more is sent or written, the sink is closed, and its error is the result',
    async (_name, fail) => {
      const transport = echo(() => ({ json: 1, latencyMs: 5 }))
      const error = new SinkError('out.jsonl', 4, Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
      const sink = new Kept((_, nth) => (nth === 5 ? fail(error) : undefined))
      const input = countedUrls(1_000)
      await expect(open({ transport, concurrency: 3 }).drain(input, { sink, window: 8 })).rejects.toBe(error)
      expect(transport.requests.length).toBeLessThanOrEqual(13)
      expect(sink.indexes.length).toBeLessThanOrEqual(8)
      expect([sink.closed, input.closed]).toEqual([1, true])
    },
  )

  test.each([
    [
      'throws',
      (index: number) => {
        throw new RowError(index, 'cannot be kept')
      },
    ],
    ['rejects with', (index: number) => Promise.reject(new RowError(index, 'cannot be kept'))],
    [
      'of its own rejects with',
      (index: number) => Promise.reject(Object.assign(new Error('mine'), { name: 'RowError', index })),
    ],
  ])('counts the rows for which a sink %s a RowError, and continues', async (_name, fail) => {
    const sink = new Kept(({ index }) => (index % 4 === 0 ? fail(index) : undefined))
    const totals = await open({ transport: echo() }).drain(urlsTo(40), { sink, window: 5 })
    expect(totals).toMatchObject({ total: 40, ok: 40, failed: 0, unwritten: 10 })
    expect([sink.sorted, sink.closed]).toEqual([upTo(40), 1])
  })

  test('closes the sink when a signal ends the run, even if its writes never settle', async () => {
    const transport = echo()
    const controller = new AbortController()
    const sink = new Kept(never)
    const drained = open({ transport }).drain(countedUrls(100), { sink, window: 6, signal: controller.signal })
    for (let n = 0; n < 50; n++) await turn()
    expect([sink.indexes.length, sink.closed]).toEqual([6, 0])
    controller.abort(new Error('enough'))
    expect(await drained).toMatchObject({ total: 6, ok: 0, failed: 0, unwritten: 6, aborted: true })
    expect(sink.closed).toBe(1)
  })

  test('lets a signal end the wait for writes that never settle after everything was sent', async () => {
    const controller = new AbortController()
    const sink = new Kept(never)
    const drained = open({ transport: echo() }).drain(urlsTo(3), { sink, signal: controller.signal })
    let isOver = false
    void drained.then(() => (isOver = true))
    for (let n = 0; n < 50; n++) await turn()
    expect([isOver, sink.indexes.length, sink.closed]).toEqual([false, 3, 0])
    controller.abort()
    expect(await drained).toMatchObject({ total: 3, ok: 0, failed: 0, unwritten: 3, aborted: true })
    expect(sink.closed).toBe(1)
  })

  test('counts rows that the sink confirms while it is closed, and ends with the client', async () => {
    for (const isConfirmed of [false, true]) {
      const pending: (() => void)[] = []
      const sink: Sink = {
        write: () => new Promise<void>(resolve => pending.push(resolve)),
        close: () => void (isConfirmed && pending.forEach(confirm => confirm())),
      }
      const client = open({ transport: echo() })
      const drained = client.drain(urlsTo(3), { sink })
      for (let n = 0; n < 50; n++) await turn()
      expect(pending.length).toBe(3)
      await client.close()
      const [ok, unwritten] = isConfirmed ? [3, 0] : [0, 3]
      expect(await drained).toMatchObject({ total: 3, ok, failed: 0, unwritten, aborted: true })
    }
  })

  test('rejects with the error of close(), unless there was an error before', async () => {
    const closing = (write: () => void): Sink => ({ write, close: () => Promise.reject(new Error('not flushed')) })
    const client = open({ transport: echo() })
    await expect(client.drain(urlsTo(2), { sink: closing(() => undefined) })).rejects.toThrow('not flushed')
    const first = closing(() => expect.fail('not written'))
    await expect(client.drain(urlsTo(2), { sink: first })).rejects.toThrow('not written')
  })

  test('does not touch the sink if the options or the input are wrong', async () => {
    const sink = new Kept()
    const client = open({ transport: echo() })
    await expect(client.drain(urlsTo(1), { sink, window: -1 })).rejects.toThrow('window')
    await expect(client.drain('http://h0.test/' as never, { sink })).rejects.toThrow('urls')
    await expect(client.drain(urlsTo(1), { sink, order: 'input' } as never)).rejects.toThrow('order')
    expect(sink.closed).toBe(0)
    // But it closes the sink once the run has taken it over.
    await expect(client.drain(urlsTo(1), { sink, resume: '/' })).rejects.toThrow('it is a folder')
    expect([sink.closed, sink.indexes]).toEqual([1, []])
  })

  test.each([
    [
      'a generator',
      function* (): Generator<string> {
        yield* urlsTo(5)
        throw new Error('the list broke')
      },
    ],
    [
      'an async generator',
      async function* (): AsyncGenerator<string> {
        yield* urlsTo(5)
        throw new Error('the list broke')
      },
    ],
  ])('finishes and writes what was sent when %s throws, and rejects with its error', async (_name, input) => {
    const transport = echo(({ index }) => ({ json: 1, latencyMs: 10 * index }))
    const sink = new Kept(() => wait(2))
    await expect(open({ transport }).drain(input(), { sink })).rejects.toThrow('the list broke')
    expect([sentIndexes(transport), sink.sorted, sink.closed]).toEqual([upTo(5), upTo(5), 1])
  })

  test('gives the sink restored outcomes as well, and every line is in the run file before its write', async () => {
    const path = newRun()
    const client = open({ transport: echo() })
    await client.drain(urlsTo(10), { resume: path })
    const sources: string[] = []
    const sink = new Kept(({ index, source }) => {
      sources[index] = source
      expect(doneIn(path).some(line => line.index === index)).toBe(true)
    })
    expect(await client.drain(urlsTo(15), { resume: path, sink })).toMatchObject({ total: 15, ok: 15, restored: 10 })
    expect(sink.sorted).toEqual(upTo(15))
    expect(sources).toEqual(upTo(15).map(n => (n < 10 ? 'run-file' : 'network')))
  })
})

describe('a consumer', () => {
  test('that never reads a stream has nothing sent, and one that stops reading has only the window sent', async () => {
    const transport = echo()
    const client = open({ transport, concurrency: 2 })
    const unread = countedUrls(100)
    client.stream(unread, { resume: newRun() })
    const input = countedUrls(100)
    const stream = client.stream(input, { window: 5, resume: newRun() })
    await stream.next()
    await expect.poll(() => transport.requests.length).toBe(5)
    for (let n = 0; n < 50; n++) await turn()
    expect([unread.pulled, input.pulled, transport.requests.length]).toEqual([0, 5, 5])
    await stream.return?.()
  })

  test('that leaves the loop ends the requests in flight and the input, and releases the file at once', async () => {
    const path = newRun()
    const transport = echo(({ index }) => ({ json: 1, latencyMs: index < 3 ? 1 : 1e6 }))
    const client = open({ transport, concurrency: 4 })
    const input = countedUrls(100, 'http://h0.test')
    let seen = 0
    for await (const _ of client.stream(input, { resume: path, timeout: '1h' })) if (++seen === 3) break
    expect(input.closed).toBe(true)
    expect(transport.clock.now()).toBeLessThan(1_000)
    expect(doneIn(path)).toHaveLength(3)
    expect(await client.request(urlsTo(3), { resume: path })).toHaveLength(3)
  })
})
