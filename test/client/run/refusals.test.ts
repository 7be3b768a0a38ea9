/** Requests that cannot be sent as they were written, in runs with a run file. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ParallelRequests, parallelRequests } from '../../../src/index.ts'
import type { CallOptions, Outcome } from '../../../src/index.ts'
import { lineProblem } from '../../../src/store/line-shape.ts'
import { asAsync } from '../../support/inputs.ts'
import { doneIn, echo, endsOf, indexesIn, intentsIn, newRun, sentIndexes, withoutDone } from '../../support/resumed.ts'

const GOOD = 'http://a.test/'
const BAD = 'no url'
const settle = { onFailure: 'settle' } as const

/** Every way in which an item may be refused before it is sent. */
const BAD_ITEMS: readonly unknown[] = [
  BAD,
  '',
  17,
  null,
  { url: `${GOOD}x`, headers: { 'x-bad': 'line\nend' } },
  { url: `${GOOD}x`, method: 'CONNECT' },
  { url: `${GOOD}x`, method: '' },
  { url: `${GOOD}x`, json: 1, body: 'two' },
  { url: `${GOOD}x`, key: 7 },
  { url: `${GOOD}x`, cost: -1 },
  { url: `${GOOD}x`, methd: 'GET' },
  { url: 'http://me:hidden-word@[/?token=hidden-word' },
]

const textOf = (path: string): string => readFileSync(path, 'utf8')

describe('a request that cannot be sent', () => {
  test('has a line before its outcome is delivered, whatever is wrong with it, and is checked again in a rerun', async () => {
    const path = newRun()
    const client = new ParallelRequests({ transport: echo() })
    onTestFinished(() => client.close())
    const first: Outcome[] = []
    for await (const outcome of client.stream(BAD_ITEMS as string[], { resume: path })) {
      expect(indexesIn(path)).toContain(outcome.index)
      first.push(outcome)
    }
    const lines = doneIn(path)
    expect(lines.map(line => lineProblem(line))).toEqual(BAD_ITEMS.map(() => undefined))
    expect(lines.map(({ index, error, attempts, ok }) => [index, error?.code, attempts, ok])).toEqual(
      first.map(({ index, error }) => [index, error?.code, 0, false]),
    )
    expect(lines.every(({ error }) => error?.code.startsWith('invalid_request/'))).toBe(true)
    const text = textOf(path)
    expect(text).not.toContain('hidden-word')
    // A rerun reports the same, and the file does not grow.
    const again = (await parallelRequests(BAD_ITEMS as string[], {
      ...settle,
      transport: echo(),
      resume: path,
    })) as Outcome[]
    const byIndex = first.toSorted((a, b) => a.index - b.index)
    expect(again.map(({ error }) => error?.message)).toEqual(byIndex.map(({ error }) => error?.message))
    expect(endsOf(again)).toEqual(endsOf(byIndex))
    expect(textOf(path)).toBe(text)
  })

  test.each([
    ['array', (items: readonly string[]) => items as string[]],
    ['lazy input', (items: readonly string[]) => asAsync(items)],
  ])('is sent once it is corrected, with and without retryFailed: %s', async (_what, inputOf) => {
    for (const retryFailed of [false, true]) {
      const path = newRun()
      const run = async (...items: string[]): Promise<[ends: string[], sent: number[]]> => {
        const transport = echo()
        const options = { ...settle, transport, resume: path, retryFailed }
        const outcomes = (await parallelRequests(inputOf(items) as string[], options)) as Outcome[]
        return [endsOf(outcomes), sentIndexes(transport)]
      }
      expect(await run(BAD, `${GOOD}1`, BAD)).toEqual([
        ['network:invalid_request/url', 'network:ok', 'network:invalid_request/url'],
        [1],
      ])
      expect(await run(`${GOOD}0`, `${GOOD}1`, 'bad in another way')).toEqual([
        ['network:ok', 'run-file:ok', 'network:invalid_request/url'],
        [0],
      ])
      // A request that was never sent commits nothing: it may be left out again, and its position need not exist.
      expect(await run(`${GOOD}0`, `${GOOD}1`)).toEqual([['run-file:ok', 'run-file:ok'], []])
      expect(await run(`${GOOD}0`, `${GOOD}1`, `${GOOD}2`, `${GOOD}3`)).toEqual([
        ['run-file:ok', 'run-file:ok', 'network:ok', 'network:ok'],
        [2, 3],
      ])
      expect(indexesIn(path)).toEqual([0, 0, 1, 2, 2, 2, 3])
    }
  })

  test('does not hide a result or a doubt that was recorded for its position', async () => {
    const path = newRun()
    const options = { ...settle, resume: path }
    const post = { url: GOOD, json: {} }
    await parallelRequests([GOOD, post], { ...options, transport: echo() })
    const whole = textOf(path)
    await parallelRequests([BAD, BAD], { ...options, transport: echo() })
    expect(textOf(path)).toBe(whole)
    // The file after a crash while the POST was in flight.
    writeFileSync(path, withoutDone(whole, 1))
    expect(intentsIn(path)).toHaveLength(1)
    await parallelRequests([GOOD, BAD], { ...options, transport: echo() })
    const transport = echo()
    const mended = (await parallelRequests([GOOD, post], { ...options, transport })) as Outcome[]
    expect([endsOf(mended), transport.requests]).toEqual([['run-file:ok', 'network:in_doubt/crash'], []])
  })

  test('is known only by its own line: once corrected and in flight in a crash, it is in doubt', async () => {
    const path = newRun()
    const options = { ...settle, resume: path }
    await parallelRequests([BAD], { ...options, transport: echo() })
    const refused = textOf(path)
    await parallelRequests([{ url: GOOD, json: {} }], { ...options, transport: echo() })
    // The file after a crash while the POST was in flight.
    writeFileSync(path, textOf(path).replace(/.*"ok":true.*\n/, ''))
    expect(textOf(path).length).toBeGreaterThan(refused.length)
    const ends = (await parallelRequests([{ url: GOOD, json: {} }], { ...options, transport: echo() })) as Outcome[]
    expect(endsOf(ends)).toEqual(['network:in_doubt/crash'])
  })

  test('counts towards maxFailures, like without a run file', async () => {
    for (const resume of [undefined, newRun()]) {
      const transport = echo()
      const items = [BAD, BAD, ...Array.from({ length: 50 }, (_, n) => `${GOOD}${n}`)]
      const options = { ...settle, transport, maxFailures: 2, concurrency: 1, ...(resume && { resume }) }
      const outcomes = (await parallelRequests(items, { ...options })) as Outcome[]
      expect(transport.requests.length).toBeLessThanOrEqual(1)
      expect(outcomes.filter(({ error }) => error?.code === 'aborted/not_started').length).toBeGreaterThanOrEqual(49)
    }
  })

  test('is written when it is pulled, and not all of them at once', async () => {
    const items = Array.from({ length: 100_000 }, () => BAD)
    const client = new ParallelRequests({ transport: echo() })
    onTestFinished(() => client.close())
    let count = 0
    const path = newRun()
    for await (const { error } of client.stream(items, { resume: path, window: 16 })) {
      expect(error?.code).toBe('invalid_request/url')
      if (++count === 1_000) break
    }
    // A consumer that leaves is not waited for, and no more is written than was requested.
    expect(indexesIn(path).length).toBeLessThan(1_100)
  })
})

describe('a request that was never sent is reported with the method that it would have had', () => {
  const URLS = { bad: 'http://a.test:x/', good: GOOD }

  test.each<[string, Pick<CallOptions, 'method' | 'json'>, unknown, string]>([
    ['of the options', { method: 'DELETE' }, URLS.bad, 'DELETE'],
    ['of a body', {}, { url: URLS.bad, json: {} }, 'POST'],
    ['of a body of the options', { json: {} }, URLS.bad, 'POST'],
    ['of its own', { method: 'PUT' }, { url: URLS.bad, method: 'patch' }, 'PATCH'],
    ['of a fetch Request', {}, new Request(GOOD, { method: 'QUERY', headers: { te: 'x' } }), 'QUERY'],
    ['of nothing', {}, URLS.bad, 'GET'],
  ])('which is that %s', async (_what, options, item, method) => {
    for (const signal of [undefined, AbortSignal.abort()]) {
      const client = new ParallelRequests({ transport: echo() })
      const outcomes = await client.request([item] as string[], { ...options, ...settle, signal })
      await client.close()
      expect(outcomes.map(({ request, error }) => [request.method, error?.method])).toEqual([[method, method]])
    }
  })
})
