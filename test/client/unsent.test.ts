/** A request that was not sent is not done: it has no line and no row, and a rerun sends it. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Outcome } from '../../src/core/outcome.ts'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { ClientOptions } from '../../src/index.ts'
import { csv, jsonLines, sqlite } from '../../src/sinks/index.ts'
import { folder } from '../support/run-lines.ts'
import { doneIn, echo, endsOf, indexesIn, intentsIn, newRun, postsTo, sentIndexes, urlsTo } from '../support/resumed.ts'

const settle = { onFailure: 'settle' } as const
const AWAY = { status: 429, headers: { 'retry-after': '3600' } }

function opened(options: ClientOptions): ParallelRequests {
  const client = new ParallelRequests(options)
  onTestFinished(() => client.close())
  return client
}

describe('a request that was not sent', () => {
  test.each([
    ['its host is paused too long', AWAY, {}, 'http/429', 'paused/retry_after'],
    ['its circuit is open', { status: 500 }, { breaker: { failures: 1 } }, 'http/500', 'circuit/open'],
  ])('because %s has no line, and a rerun sends it', async (_why, answer, options, first, others) => {
    const path = newRun()
    const items = [...urlsTo(3), ...postsTo(2)]
    const away = echo(() => answer)
    const common = { ...settle, ...options, resume: path, concurrency: 1, maxRetries: 0 }
    const ends = endsOf(await parallelRequests(items, { ...common, transport: away }))
    expect(ends).toEqual([first, others, others, others, others].map(code => `network:${code}`))
    expect([indexesIn(path), intentsIn(path)]).toEqual([[0], []])
    const transport = echo()
    const again = endsOf(await parallelRequests(items, { ...settle, resume: path, transport }))
    expect(again).toEqual([`run-file:${first}`, ...Array.from({ length: 4 }, () => 'network:ok')])
    expect(sentIndexes(transport)).toEqual([1, 2, 3, 4])
  })

  test('because every attempt was throttled until the run was stopped is not in doubt, POST or GET', async () => {
    const path = newRun()
    const items = [...postsTo(2), ...urlsTo(1)]
    const transport = echo(() => {
      if (transport.requests.length === 3) transport.clock.after(1_000, end)
      return { status: 429, headers: { 'retry-after': '60' } }
    })
    const stream = opened({ transport }).stream(items, { resume: path })
    const end = (): void => {
      copyFileSync(path, `${path}.before`)
      stream.stop()
    }
    const outcomes: Outcome[] = []
    for await (const outcome of stream) outcomes.push(outcome)
    expect(transport.requests).toHaveLength(3)
    expect(endsOf(outcomes)).toEqual(Array.from({ length: 3 }, () => 'network:aborted/not_started'))
    expect(outcomes.map(({ attempts }) => attempts)).toEqual([1, 1, 1])
    expect(doneIn(path)).toEqual([])
    // Each intent is taken back.
    expect(intentsIn(path).map(({ sent }) => sent)).toEqual([undefined, undefined, false, false])
    const next = echo()
    expect(endsOf(await parallelRequests(items, { ...settle, resume: path, transport: next }))).toEqual(
      Array.from({ length: 3 }, () => 'network:ok'),
    )
    // A crash would have left it open.
    const crashed = await parallelRequests(items, { ...settle, resume: `${path}.before`, transport: echo() })
    expect(endsOf(crashed).slice(0, 2)).toEqual(['network:in_doubt/crash', 'network:in_doubt/crash'])
  })

  test('is sent even if an earlier release wrote a line for it', async () => {
    const path = newRun()
    await parallelRequests(urlsTo(3), { transport: echo(), resume: path })
    const text = readFileSync(path, 'utf8').replaceAll(/,"crc":"\w+"/g, '')
    const failed = '"ok":false,"error":{"code":"paused/retry_after","message":"not sent"}'
    writeFileSync(path, text.replace(/("index":1,.*)"ok":true/, `$1${failed}`))
    expect(doneIn(path).filter(({ ok }) => !ok)).toHaveLength(1)
    const transport = echo()
    await parallelRequests(urlsTo(3), { transport, resume: path })
    expect(sentIndexes(transport)).toEqual([1])
  })

  test('has no row in CSV, JSON lines and SQLite', async () => {
    const place = folder()
    const client = opened({ transport: echo(() => AWAY), concurrency: 1, maxRetries: 0 })
    const file = (name: string): string => join(place, name)
    await client.drain(urlsTo(3), { sink: csv(file('r.csv'), { columns: ['index', 'error'] }) })
    await client.drain(urlsTo(3, 3), { sink: jsonLines(file('r.jsonl')) })
    await client.drain(urlsTo(3), { sink: sqlite(file('r.sqlite')) })
    expect(readFileSync(file('r.csv'), 'utf8')).toMatch(/^index,error\r?\n0,[^\n]+\n$/)
    // One request of each host was sent; the first host was paused by then.
    expect(readFileSync(file('r.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(2)
    using database = new DatabaseSync(file('r.sqlite'))
    expect(database.prepare('SELECT count(*) AS n FROM results').get()).toEqual({ n: 0 })
  })
})

test('a write whose retry was not sent is in doubt, and does not count as unsent', async () => {
  let posts = 0
  const transport = mockTransport(({ method }) => {
    if (method === 'GET') return { status: 429, headers: { 'retry-after': '999' }, latencyMs: 12 }
    return posts++ === 0 ? { fault: 'reset/before_headers', latencyMs: 10 } : { json: 1 }
  })
  const post = { url: 'http://a.test/1', json: 1, idempotencyKey: true }
  const outcomes = await parallelRequests([post, 'http://a.test/2'], { transport, onFailure: 'settle' })
  expect(outcomes.map(outcome => outcome.error?.code)).toEqual(['in_doubt/reset', 'http/429'])
  expect(outcomes[0]?.error?.message).toContain('Its retry with the same key was not sent')
  expect(posts).toBe(1)
})

describe('a write that is in doubt', () => {
  test.each([
    ['aborted', 'in_doubt/aborted'],
    ['under way in a crash', 'in_doubt/crash'],
  ])('because it was %s has a line, and only unknownWrites sends it again', async (how, code) => {
    const path = newRun()
    const copy = `${path}.copy.jsonl`
    const controller = new AbortController()
    const transport = echo(() => {
      setImmediate(() => {
        copyFileSync(path, copy)
        controller.abort()
      })
      return { json: 1, latencyMs: 1e6 }
    })
    const items = postsTo(1)
    await parallelRequests(items, { ...settle, transport, resume: path, signal: controller.signal })
    const next = echo()
    const file = how === 'aborted' ? path : copy
    const run = async (options: object = {}): Promise<Outcome> => {
      const [outcome] = await parallelRequests(items, { ...settle, transport: next, resume: file, ...options })
      return outcome as Outcome
    }
    const first = await run()
    expect(endsOf([first])).toEqual([how === 'aborted' ? `run-file:${code}` : `network:${code}`])
    expect(doneIn(file).map(({ ok, error }) => [ok, error?.code])).toEqual([[false, code]])
    const again = await run({ retryFailed: true })
    expect(endsOf([again])).toEqual([`run-file:${code}`])
    expect(again.warnings).toEqual([expect.stringContaining("unknownWrites: 'resend' sends it again")])
    expect([doneIn(file).length, next.requests.length]).toEqual([1, 0])
    expect(endsOf([await run({ unknownWrites: 'resend' })])).toEqual(['network:ok'])
    expect(endsOf([await run()])).toEqual(['run-file:ok'])
  })

  test('says why retryFailed does not send it, also after a reset', async () => {
    const path = newRun()
    const transport = echo(() => ({ fault: 'reset/before_headers' }))
    const run = (options: object) =>
      parallelRequests(postsTo(1), { ...settle, transport, resume: path, ...options }) as Promise<Outcome[]>
    expect(endsOf(await run({}))).toEqual(['network:in_doubt/reset'])
    const [plain, retried] = [await run({}), await run({ retryFailed: true })]
    expect([plain[0]?.warnings, retried[0]?.warnings]).toEqual([
      [],
      [expect.stringContaining('not sent again by retryFailed')],
    ])
    expect(transport.requests).toHaveLength(1)
  })
})

describe('a value that does not fit into a line', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

  test('is refused when it is read, with parse/too_deep, for every way to read JSON', async () => {
    const transport = echo(() => ({ text: deep(1_500), headers: { 'content-type': 'application/json' } }))
    const path = newRun()
    for (const returnType of ['json', 'auto'] as const) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const outcomes = await parallelRequests(urlsTo(1), { ...settle, transport, returnType: returnType as 'json' })
      expect(endsOf(outcomes)).toEqual(['network:parse/too_deep'])
    }
    const response = await parallelRequests('http://a.test/', { transport, returnType: 'response' })
    expect(() => response.json()).toThrow('nested at most 1000 levels deep')
    const raised = { ...settle, transport, resume: path, maxJsonDepth: 1_500 }
    expect(endsOf(await parallelRequests(urlsTo(1), raised))).toEqual(['network:ok'])
    expect(endsOf(await parallelRequests(urlsTo(1), raised))).toEqual(['run-file:ok'])
  })

  test('fails its own request with a line, leaves no write in doubt, and does not affect the others', async () => {
    const path = newRun()
    const transport = echo(({ index }) => (index === 1 ? { text: deep(50_000) } : (undefined as never)))
    const items = postsTo(4)
    const run = () => parallelRequests(items, { ...settle, transport, resume: path, maxJsonDepth: Infinity })
    const ends = ['ok', 'too_large/run_file', 'ok', 'ok']
    expect(endsOf(await run())).toEqual(ends.map(end => `network:${end}`))
    expect(endsOf(await run())).toEqual(ends.map(end => `run-file:${end}`))
    expect(transport.requests).toHaveLength(4)
  })
})
