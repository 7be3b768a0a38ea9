/** HAR 1.2 of outcomes and of run files: valid for other programs, complete, bounded, and without secrets. */
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { at, done, failed, note, runFile, runStart } from './lines.ts'
import { harOfFile } from '../../src/report/har.ts'
import { har } from '../../src/report/index.ts'
import { dataOf } from '../../src/report/report.ts'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

interface Timings {
  readonly blocked: number
  readonly dns: number
  readonly connect: number
  readonly ssl: number
  readonly send: number
  readonly wait: number
  readonly receive: number
}
interface Pair {
  readonly name: string
  readonly value: string
}
interface Entry {
  readonly startedDateTime: string
  readonly time: number
  readonly comment: string
  readonly timings: Timings
  readonly request: { readonly method: string; readonly url: string; readonly queryString: readonly Pair[] }
  readonly response: {
    readonly status: number
    readonly headers: readonly Pair[]
    readonly redirectURL: string
    readonly content: {
      readonly size: number
      readonly mimeType: string
      readonly text?: string
      readonly encoding?: string
    }
    readonly _error?: string
  }
}
interface Log {
  readonly log: { readonly version: string; readonly comment: string; readonly entries: readonly Entry[] }
}

const { har: validate } = createRequire(import.meta.url)('har-validator') as { har: (log: Log) => Promise<Log> }

/** Valid for har-validator, and what it does not look at. */
async function valid(text: string): Promise<Log['log']> {
  const log = JSON.parse(text) as Log
  await validate(log)
  for (const { time, timings, startedDateTime } of log.log.entries) {
    const { ssl, ...parts } = timings
    for (const ms of [ssl, ...Object.values(parts)]) expect(ms === -1 || ms >= 0, String(ms)).toBe(true)
    for (const ms of [timings.send, timings.wait, timings.receive]) expect(ms).toBeGreaterThanOrEqual(0)
    expect(Object.values(parts).reduce((sum, ms) => sum + Math.max(0, ms), 0)).toBeCloseTo(time, 6)
    expect(ssl).toBeLessThanOrEqual(Math.max(-1, timings.connect))
    expect(startedDateTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  }
  expect(text).not.toMatch(/"(?:connection|serverIPAddress)":/)
  return log.log
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'har-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function ofFile(lines: readonly string[], bodies = false): Promise<Log['log']> {
  const [path, target] = [runFile(onTestFinished, ...lines), join(folder(), 'run.har')]
  await harOfFile({ path, target, bodies, overwrite: false })
  return valid(readFileSync(target, 'utf8'))
}

const TRIES = [
  { at: at(0), status: 302, delay: 0, timings: { dns: 1, connect: 2, tls: 3, firstByte: 4, total: 12 } },
  { at: at(20), status: 503, delay: 8, timings: { firstByte: 5, body: 1, total: 6 }, url: 'https://api.example.com/b' },
  { at: at(100), code: 'network/reset', delay: 74, timings: { total: 9 }, url: 'https://api.example.com/b' },
  {
    at: at(300),
    status: 200,
    delay: 191,
    timings: { firstByte: 7, body: 3, total: 10 },
    url: 'https://api.example.com/b',
  },
]

describe('the HAR of a run file', () => {
  test('has one entry for each request with one attempt, and the totals of the run', async () => {
    const lines = [
      runStart(),
      ...Array.from({ length: 20 }, (_, index) => (index % 7 === 0 ? failed(index) : done(index))),
      note({ pause: 'https://api.example.com', from: at(0), to: at(1) }),
    ]
    const { entries, comment, version } = await ofFile(lines)
    const { counts } = await dataOf(runFile(onTestFinished, ...lines))
    expect([version, entries.length]).toEqual(['1.2', counts.requests])
    expect(entries.reduce((sum, { response }) => sum + response.content.size, 0)).toBe(counts.bytes)
    expect(entries.filter(({ response }) => response.status === 404).length).toBe(counts.failed)
    expect(comment).toBe('20 requests in 20 entries. Bodies are not recorded.')
  })

  test('takes apart the time of a request', async () => {
    const timings = { queue: 1, limiter: 10, dns: 2, connect: 3, tls: 4, firstByte: 50, body: 6, total: 80 }
    const { entries } = await ofFile([done(0, { timings, at: at(1_000) })])
    expect(entries[0]).toMatchObject({
      startedDateTime: at(920),
      time: 80,
      timings: { blocked: 15, dns: 2, connect: 7, ssl: 4, send: 0, wait: 50, receive: 6 },
    })
  })

  test('has the last attempt first, then the ones before it and redirect hops', async () => {
    const { entries } = await ofFile([done(0, { url: 'https://api.example.com/a', attempts: 4, tries: TRIES })])
    expect(entries.map(({ request, response }) => [request.url, response.status, response.redirectURL])).toEqual([
      ['https://api.example.com/b', 200, ''],
      ['https://api.example.com/a', 302, 'https://api.example.com/b'],
      ['https://api.example.com/b', 503, ''],
      ['https://api.example.com/b', 0, ''],
    ])
    expect(entries[3]?.response._error).toBe('network/reset')
    expect(entries[1]?.response.headers).toEqual([{ name: 'location', value: 'https://api.example.com/b' }])
    expect(entries[2]?.comment).toBe('request #0, attempt 2 of 4, 8 ms after the one before it')
    expect(entries.map(({ startedDateTime }) => startedDateTime)).toEqual([at(300), at(0), at(20), at(100)])
  })

  test('leaves out what was never sent, and earlier results of a request', async () => {
    const { entries, comment } = await ofFile([
      failed(0, 'http/500'),
      done(0),
      failed(1, 'config/url', { url: 'not a url', attempts: 0 }),
      failed(2, 'aborted/not_started', { attempts: 0 }),
    ])
    expect(entries.map(({ response }) => response.status)).toEqual([200])
    expect(comment).toContain('2 requests never sent, and left out. 1 earlier results of requests')
  })

  test('has bodies if asked for', async () => {
    const html = '<h1>Hello</h1>'
    const lines = [
      done(0, { value: { a: 1 } }),
      done(1, { value: html }),
      done(2, { value: 'AP8=', encoding: 'base64' }),
      done(3, { value: undefined }),
      failed(4, 'http/404', { error: { code: 'http/404', message: 'x', body: '{"error":"no"}' } }),
      failed(5, 'http/500', { error: { code: 'http/500', message: 'x', body: 'AP8=', bodyEncoding: 'base64' } }),
    ]
    const { entries } = await ofFile(lines, true)
    expect(entries.map(({ response: { content } }) => [content.mimeType, content.text, content.encoding])).toEqual([
      ['application/json', '{"a":1}', undefined],
      ['text/html', html, undefined],
      ['application/octet-stream', 'AP8=', 'base64'],
      ['application/octet-stream', undefined, undefined],
      ['application/json', '{"error":"no"}', undefined],
      ['application/octet-stream', 'AP8=', 'base64'],
    ])
    expect((await ofFile(lines)).entries.some(({ response }) => response.content.text !== undefined)).toBe(false)
  })

  test('is valid without any request', async () => {
    expect((await ofFile([])).entries).toEqual([])
  })

  test('is valid for any URL, time and text', async () => {
    const ms = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(-5))
    const timings = fc.record(
      { dns: ms, connect: ms, tls: ms, firstByte: ms, body: ms, total: ms },
      { requiredKeys: ['total'] },
    )
    const line = fc.record({
      url: fc.oneof(
        fc.webUrl({ withFragments: true, withQueryParameters: true }),
        fc.string({ unit: 'binary' }).map(text => `https://x.example/${text}`),
      ),
      timings,
      key: fc.string({ unit: 'binary' }),
      location: fc.string({ unit: 'binary' }),
      method: fc.constantFrom('GET', 'POST'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 5 }), async lines => {
        const { entries } = await ofFile(lines.map((fields, index) => done(index, fields)))
        expect(entries.length).toBe(lines.length)
        for (const { request } of entries) expect(request.url).not.toContain('#')
      }),
      { numRuns: 30 },
    )
  })

  test('shows no secret', async () => {
    const { entries, comment } = await ofFile(
      [
        done(0, {
          url: 'https://me:s3cr3t@api.example.com/?token=s3cr3t&code=s3cr3t#s3cr3t',
          finalUrl: 'https://me:s3cr3t@x.example.com/?api_key=s3cr3t',
          location: 'https://me:s3cr3t@x.example.com/?api_key=s3cr3t',
          headers: { 'set-cookie': 's3cr3t', 'x-auth-token': 's3cr3t', link: '<https://u:s3cr3t@x/>' },
          tries: TRIES.map(one => ({ ...one, url: 'https://me:s3cr3t@x.example.com/?sig=s3cr3t' })),
          attempts: 4,
        }),
      ],
      true,
    )
    expect(JSON.stringify([entries, comment])).not.toContain('s3cr3t')
  })
})

describe('the sink har', () => {
  const transport = mockTransport(({ url }) => {
    const headers = { 'content-type': 'application/json; charset=utf-8', 'set-cookie': 'a=s3cr3t', etag: '"1"' }
    return { status: url.includes('bad') ? 404 : 200, headers, body: Buffer.from('{"name":"Ann"}') }
  })

  test('writes the outcomes of a drain', async () => {
    const path = join(folder(), 'run.har')
    const client = new ParallelRequests({ transport })
    const urls = ['https://api.example.com/good?token=s3cr3t', 'https://api.example.com/bad']
    const totals = await client.drain(urls, { sink: har(path, { bodies: true }) })
    const text = readFileSync(path, 'utf8')
    const { entries } = await valid(text)
    expect(entries.length).toBe(totals.ok + totals.failed)
    const good = entries.find(({ response }) => response.status === 200)
    expect(good?.response.content).toEqual({
      size: 14,
      mimeType: 'application/json; charset=utf-8',
      text: '{"name":"Ann"}',
    })
    expect(good?.response.headers).toEqual(expect.arrayContaining([{ name: 'etag', value: '"1"' }]))
    expect(text).not.toContain('s3cr3t')
  })

  test('keeps to its bound, and says what it left out', async () => {
    const path = join(folder(), 'run.har')
    const client = new ParallelRequests({ transport: mockTransport(() => ({ json: 'x'.repeat(5_000) })) })
    const urls = Array.from({ length: 50 }, (_, index) => `https://api.example.com/${index}`)
    await client.drain(urls, { sink: har(path, { bodies: true, maxBytes: '20KiB' }) })
    const text = readFileSync(path, 'utf8')
    const { entries, comment } = await valid(text)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(20 * 1_024)
    expect(entries.some(({ response }) => response.content.text !== undefined)).toBe(true)
    expect(comment).toMatch(
      /^\d+ requests in \d+ entries\. \d+ further requests left out: the file has reached its bound of 20 KiB\. \d+ bodies left out/,
    )
  })

  test('says of restored outcomes that they were sent before', async () => {
    const place = folder()
    const run = async (name: string): Promise<Log['log']> => {
      await using client = new ParallelRequests({ transport })
      const options = { resume: join(place, 'run.jsonl'), sink: har(join(place, name)) }
      await client.drain(['https://api.example.com/good'], options)
      return valid(readFileSync(join(place, name), 'utf8'))
    }
    expect((await run('first.har')).entries[0]?.comment).toBe('request #0')
    expect((await run('second.har')).entries[0]?.comment).toMatch(/^request #0, restored from the run file/)
  })

  test('writes into a stream, and does not end it', async () => {
    let text = ''
    const stream = new Writable({
      write(chunk: Buffer, _, callback) {
        text += chunk.toString()
        callback()
      },
    })
    await new ParallelRequests({ transport }).drain(['https://api.example.com/'], { sink: har(stream) })
    expect((await valid(text)).entries.length).toBe(1)
    expect(stream.writableEnded).toBe(false)
  })

  test('records real connections: times, redirects and refusals', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/from') return void response.writeHead(302, { location: '/to' }).end()
      response.setHeader('content-type', 'text/plain').end('hello')
    })
    await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const path = join(folder(), 'run.har')
    const client = new ParallelRequests({ maxRetries: 0 })
    await client.drain([`${origin}/from`, 'http://127.0.0.1:1/closed'], { sink: har(path) })
    await client.close()
    const { entries } = await valid(readFileSync(path, 'utf8'))
    const statuses = entries.map(({ request, response }) => `${new URL(request.url).pathname} ${response.status}`)
    expect(statuses.toSorted()).toEqual(['/closed 0', '/from 302', '/to 200'])
    expect(entries.find(({ response }) => response.status === 0)?.response._error).toMatch(/^connect\/refused: /)
  })

  test.each([
    [{ maxBytes: -1 }, "har.maxBytes: expected a size such as '64MiB'"],
    [{ bodys: true }, 'har.bodys'],
    [{ overwrite: 'yes' }, 'har.overwrite: expected true or false'],
  ])('refuses %j', (options, message) => {
    expect(() => har(join(tmpdir(), 'never.har'), options as never)).toThrow(message)
  })

  test('refuses an existing file', () => {
    const path = join(folder(), 'run.har')
    writeFileSync(path, '')
    expect(() => har(path)).toThrow(`cannot write ${path}: it exists (EEXIST).`)
  })
})
