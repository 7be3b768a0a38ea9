/** The same requests in a local run and over workers: the same lines, apart from times and the number of attempts. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, lasting as stripped, linesOf, startQuickWorker } from './batch-kit.ts'
import type { CountingServer } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { collect, submit, work } from '../../src/distributed/index.ts'
import type { SubmitRequests } from '../../src/distributed/index.ts'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions } from '../../src/index.ts'
import type { DoneLine } from '../../src/core/journal.ts'

type Requests = (string | { readonly url: string })[]

interface Scenario {
  readonly requests: (base: string) => Requests
  readonly options: ClientOptions
  /** What every run must give, by index. */
  readonly expected: (lines: readonly DoneLine[]) => void
}

/** Redirects and retries have times, too. */
const lasting = (line: DoneLine): object => {
  const { tries = [], ...rest } = stripped(line) as { tries?: readonly Record<string, unknown>[] }
  return { ...rest, tries: tries.map(({ at: _at, delay: _delay, timings: _timings, ...one }) => one) }
}

const ok = (lines: readonly DoneLine[]): boolean[] => lines.map(line => line.ok)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

/** Answers by the first segment of the path. `flaky` and `busy` fail once per path and run. */
function answer(seen: Set<string>): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const path = request.url ?? ''
    const isFirst = !seen.has(path)
    seen.add(path)
    response.setHeader('content-type', 'application/json')
    switch (path.split('/')[1] ?? '') {
      case 'missing':
        return void response.writeHead(404).end('{"error":"none"}')
      case 'broken':
        return void response.writeHead(500).end('{}')
      case 'flaky':
        return void response.writeHead(isFirst ? 503 : 200).end('{"flaky":true}')
      case 'busy':
        if (isFirst) response.writeHead(429, { 'retry-after': '0' })
        return void response.end('{"busy":true}')
      case 'moved':
        return void response.writeHead(302, { location: path.replace('moved', 'ok') }).end()
      case 'text':
        return void response.end('no JSON')
      case 'hung':
        return
      case 'reset':
        return void request.socket.destroy()
      default: {
        let body = ''
        request.on('data', (piece: Buffer) => (body += piece.toString()))
        request.on('end', () => response.end(JSON.stringify([request.method, path, body, request.headers['x-team']])))
      }
    }
  }
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'statuses, redirects and values': {
    requests: base => ['ok/1', 'missing/2', 'moved/3', 'text/4', 'ok/ü?q=a b', 'broken/6', 'ok/7'].map(at => base + at),
    options: { concurrency: 3, maxRetries: 0 },
    expected: lines => expect(ok(lines)).toEqual([true, false, true, false, true, false, true]),
  },
  'requests that fail once': {
    requests: base => upTo(8).map(at => `${base}${at % 2 === 0 ? 'flaky' : 'busy'}/${at}`),
    options: { concurrency: 2, maxRetries: 2, retry: { backoff: { base: 1, max: 1 } } },
    expected: lines => expect(ok(lines)).toEqual(upTo(8).map(() => true)),
  },
  'requests that time out, are reset, refused or wrong': {
    requests: base => [
      `${base}hung/1`,
      `${base}reset/2`,
      'http://127.0.0.1:1/',
      'http://',
      `${base}ok/5`,
      'ftp://x.test/',
    ],
    options: { concurrency: 4, maxRetries: 0, timeout: 300 },
    expected: lines => expect(ok(lines)).toEqual([false, false, false, false, true, false]),
  },
  'methods, bodies, headers and keys': {
    requests: base => [
      { url: `${base}post/1`, method: 'POST', json: { a: [1, 'ü'] }, key: 'first' },
      { url: `${base}put/2`, method: 'PUT', body: 'text', key: 'second' },
      { url: `${base}form/3`, method: 'POST', form: { a: '1 2' } },
      { url: `${base}get/4`, params: { q: 'x&y' }, headers: { 'x-team': 'blue' } },
      { url: `${base}delete/5`, method: 'DELETE' },
    ],
    options: { concurrency: 2, headers: { 'x-team': 'red' } },
    expected: lines => {
      expect(ok(lines)).toEqual(upTo(5).map(() => true))
      expect(lines.map(({ id }) => id).slice(0, 2)).toEqual(['k:first', 'k:second'])
      expect(lines[3]).toMatchObject({ value: ['GET', '/get/4?q=x%26y', '', 'blue'] })
    },
  },
  'addresses of this machine with blockPrivateAddresses': {
    requests: base => [`${base}ok/1`, 'http://localhost:1/', 'http://169.254.169.254/latest/meta-data/'],
    options: { blockPrivateAddresses: true },
    expected: lines => {
      expect(lines.map(line => (line as { error?: { code: string } }).error?.code)).toEqual(
        upTo(3).map(() => 'blocked/address'),
      )
    },
  },
}

describe.skipIf(NO_REDIS).each(Object.entries(SCENARIOS))('%s', (_, { requests, options, expected }) => {
  it.concurrent('give the same lines in a local run and with a worker', async () => {
    await using redis = await redisServer()
    const seen = new Set<string>()
    await using server = await countingServer(0, answer(seen))
    using files = folder()
    const given = { broker: redis.url, batch: 'same', results: files.at('results') }
    const input = requests(server.base)
    await submit(input as SubmitRequests, { ...given, chunkRows: 3, options })
    await work({ broker: redis.url, batches: ['same'], untilEmpty: true })
    const output = files.at('out.jsonl')
    await collect({ ...given, output })
    seen.clear()
    const local = await localLines(input, options, output, files.at('local.jsonl'))
    const lines = linesOf(output)
    expected(local)
    expected(lines)
    expect(lines.map(lasting)).toEqual(local.map(lasting))
  })
})

describe.skipIf(NO_REDIS)('a batch of 10,000 requests', () => {
  it('gives the lines of a local run with two workers, and each request is sent once', async () => {
    await using redis = await redisServer()
    await using server: CountingServer = await countingServer(0, (request, response) => {
      if (request.url?.endsWith('7') === true) response.statusCode = 404
      response.end(`{"path":"${request.url}"}`)
    })
    using files = folder()
    const given = { broker: redis.url, batch: 'large', results: files.at('results') }
    const options = { concurrency: 32 }
    const urls = server.urls(10_000)
    await submit(urls, { ...given, options })
    const workers = [1, 2].map(() => startQuickWorker({ ...given, lockMs: 20_000, untilEmpty: true }))
    expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual([0, 0])
    expect(server.extra()).toBe(0)
    const output = files.at('out.jsonl')
    expect(await collect({ ...given, output })).toEqual({ batch: 'large', requests: 10_000, failed: 1_000, missing: 0 })
    const local = await localLines(urls, options, output, files.at('local.jsonl'))
    const lines = linesOf(output)
    expect(lines.map(({ index }) => index)).toEqual(upTo(10_000))
    // One comparison: with one per line, the report of the test takes longer than the batch.
    expect(JSON.stringify(lines.map(lasting)) === JSON.stringify(local.map(lasting))).toBe(true)
  })
})

/** A local run with the salt of the batch has the same fingerprints. */
async function localLines(input: Requests, options: ClientOptions, output: string, path: string): Promise<DoneLine[]> {
  writeFileSync(path, `${readFileSync(output, 'utf8').split('\n')[0]}\n`)
  const client = new ParallelRequests(options)
  for await (const _ of client.stream(input.values(), { resume: path }));
  await client.close()
  return linesOf(path).toSorted((a, b) => a.index - b.index)
}
