import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import * as v from 'valibot'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError } from '../../../src/core/error.ts'
import type { Outcome } from '../../../src/core/outcome.ts'
import { ParallelRequests, parallelRequests } from '../../../src/index.ts'
import type { ClientOptions } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'
import type { MockTransport } from '../../../src/testing/index.ts'
import { asAsync } from '../../support/inputs.ts'
import { fc, randomFrom } from '../../support/property.ts'
import {
  doneIn,
  echo,
  endsOf,
  indexesIn,
  intentsIn,
  newRun,
  saltIn,
  postsTo,
  sentIndexes,
  urlsTo,
  withoutDone,
} from '../../support/resumed.ts'
import { sized } from '../../support/size.ts'

const URL_A = 'http://a.test/'

function opened(options: ClientOptions): ParallelRequests {
  const client = new ParallelRequests(options)
  onTestFinished(() => client.close())
  return client
}

const refusal = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'not refused',
    (error: unknown) => {
      expect(error).toBeInstanceOf(ConfigError)
      return (error as ConfigError).message
    },
  )

/**
 * Sends requests, and crashes when `arrivals` of them have reached the transport. Returns a copy of the file at that
 * moment.
 */
async function crashed(items: readonly unknown[], arrivals: number, options: object = {}): Promise<string> {
  const path = newRun()
  const copy = `${path}.crashed.jsonl`
  const controller = new AbortController()
  const transport = echo(() => {
    if (transport.requests.length === arrivals) {
      // The next turn, because everything that belongs to this one is written by then.
      setImmediate(() => {
        copyFileSync(path, copy)
        controller.abort()
      })
    }
    return { json: 'too late', latencyMs: 1e7 }
  })
  await parallelRequests(items as string[], {
    transport,
    resume: path,
    signal: controller.signal,
    onFailure: 'settle',
    timeout: '10h',
    timeouts: { headers: '10h', idle: '10h' },
    ...options,
  })
  return copy
}

describe('an outcome that is restored from a run file', () => {
  const body = '{"name":"Zoë 💡","list":[1,"two",null,{"__proto__":3}],"n":-1.5e-7}'
  test.each(['json', 'text', 'content'] as const)(
    'equals the outcome from the network, with returnType %s',
    async returnType => {
      const path = newRun()
      const transport = echo(() => ({ text: body, headers: { 'content-type': 'application/json' } }))
      const ask = () => parallelRequests([URL_A], { transport, returnType, resume: path, onFailure: 'settle' })
      const [first] = (await ask()) as [Outcome]
      const [second] = (await ask()) as [Outcome]
      expect([first.source, second.source, transport.requests.length]).toEqual(['network', 'run-file', 1])
      expect(second.value).toStrictEqual(first.value)
      expect(second.request).toEqual(first.request)
      expect([second.attempts, second.timings, second.response?.status, second.response?.bytes]).toEqual([
        first.attempts,
        first.timings,
        200,
        Buffer.byteLength(body),
      ])
    },
  )

  test('equals the outcome from the network, as a whole response with any status', async () => {
    const path = newRun()
    const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
    const transport = echo(() => ({ status: 404, body: bytes, headers: { 'x-a': ['1', '2'], etag: '"é"' } }))
    const ask = () => parallelRequests(URL_A, { transport, returnType: 'response', resume: path })
    const first = await ask()
    const second = await ask()
    expect(transport.requests).toHaveLength(1)
    expect(second.bytes()).toStrictEqual(first.bytes())
    expect([...second.headers]).toEqual([...first.headers])
    const { status, statusText, ok, url, attempts, timings, redirects } = first
    expect(second).toMatchObject({ status, statusText, ok, url, attempts, timings, redirects })
  })

  test.each([
    ['null of an empty 204', { status: 204 }, 'json', null],
    ['a JSON string', { json: 'text' }, 'json', 'text'],
    ['an empty text', { text: '' }, 'text', ''],
    ['a text that begins with a byte-order mark', { text: '\uFEFF\uFEFFmarked' }, 'text', '\uFEFFmarked'],
    [
      'a text in another charset',
      { body: Uint8Array.of(0xe9), headers: { 'content-type': 'text/plain; charset=latin1' } },
      'text',
      'é',
    ],
    ['a lone surrogate', { text: String.raw`"\ud800"` }, 'json', '\ud800'],
    ['no bytes', { text: '' }, 'content', new Uint8Array()],
  ] as const)('is %s, unchanged', async (_name, answer, returnType, value) => {
    const path = newRun()
    const transport = echo(() => answer)
    const ask = () => parallelRequests(URL_A, { transport, returnType, resume: path })
    expect([await ask(), await ask()]).toStrictEqual([value, value])
    expect(transport.requests).toHaveLength(1)
  })

  test('passes through the schema and parseFunc of this run, not of the previous one', async () => {
    const path = newRun()
    const transport = echo(() => ({ json: { id: 7, extra: true } }))
    const schema = v.object({ id: v.number() })
    const seen: unknown[] = []
    const parseFunc = (value: { id: number }) => (seen.push(value), value.id)
    expect(await parallelRequests(URL_A, { transport, schema, parseFunc, resume: path })).toBe(7)
    expect(doneIn(path)).toMatchObject([{ value: { id: 7, extra: true } }])
    expect(await parallelRequests(URL_A, { transport, resume: path })).toEqual({ id: 7, extra: true })
    const asText = (value: { id: number }) => Promise.resolve(`number ${value.id}`)
    expect(await parallelRequests(URL_A, { transport, schema, parseFunc: asText, resume: path })).toBe('number 7')
    expect([seen, transport.requests.length]).toEqual([[{ id: 7 }], 1])
  })

  test('fails if it does not fit the current schema or parseFunc, and is still restored without them', async () => {
    const path = newRun()
    const transport = echo(() => ({ json: { id: 7 } }))
    const run = (options: object) =>
      parallelRequests([URL_A], { transport, resume: path, onFailure: 'settle', ...options })
    await run({})
    const failing = [{ schema: v.object({ id: v.string() }) }, { parseFunc: () => expect.fail('no') }]
    expect(endsOf(await run(failing[0] as object))).toEqual(['run-file:schema/mismatch'])
    expect(endsOf(await run(failing[1] as object))).toEqual(['run-file:callback/parse'])
    expect(endsOf(await run({}))).toEqual(['run-file:ok'])
    expect(transport.requests).toHaveLength(1)
  })

  test.each([
    ['a status', { status: 404 }, 'http/404'],
    ['a status after retries', { status: 500 }, 'http/500'],
    ['a broken connection', { fault: 'reset/before_headers' }, 'reset/before_headers'],
    ['a timeout', { fault: 'timeout/headers' }, 'timeout/headers'],
    ['a body that is no JSON', { text: '{"a": nope}' }, 'parse/json'],
  ] as const)('is a failure with its code, message, attempts and status: %s', async (_name, answer, code) => {
    const path = newRun()
    const transport = echo(() => answer)
    const ask = () => parallelRequests([URL_A], { transport, resume: path, maxRetries: 2, onFailure: 'settle' })
    const [first] = (await ask()) as [Outcome]
    const sent = transport.requests.length
    const [second] = (await ask()) as [Outcome]
    expect([endsOf([first, second]), transport.requests.length]).toEqual([
      [`network:${code}`, `run-file:${code}`],
      sent,
    ])
    expect(second.error?.constructor).toBe(first.error?.constructor)
    expect(second.error?.message).toBe(first.error?.message)
    expect([
      second.attempts,
      second.error?.attempts,
      second.error?.url,
      second.error?.method,
      second.error?.index,
    ]).toEqual([first.attempts, sent, URL_A, 'GET', 0])
    expect(second.response?.status).toBe(first.response?.status)
    expect(second.error?.response?.status).toBe(first.error?.response?.status)
  })

  test('is a success if it was one, whatever acceptStatus says now', async () => {
    const path = newRun()
    const transport = echo(() => ({ status: 404, json: 'a page' }))
    const run = (options: object) => parallelRequests(URL_A, { transport, resume: path, ...options })
    expect([await run({ acceptStatus: () => true }), await run({})]).toEqual(['a page', 'a page'])
    expect(transport.requests).toHaveLength(1)
  })

  test('has the requested shape, with keys and for one request', async () => {
    const path = newRun()
    const transport = echo()
    const keyed = () => parallelRequests(urlsTo(2), { transport, keys: ['__proto__', 'b'], resume: path })
    expect(Object.entries(await keyed())).toEqual(Object.entries(await keyed()))
    expect(
      await parallelRequests(
        urlsTo(2).map((url, n) => ({ url, key: n === 0 ? '__proto__' : 'b' })),
        {
          transport,
          resume: path,
        },
      ),
    ).toEqual([{ path: '/0' }, { path: '/1' }])
    expect(transport.requests).toHaveLength(2)
    const failing = newRun()
    const broken = echo(() => ({ status: 410 }))
    const one = (onFailure: 'throw' | 'null') =>
      parallelRequests(URL_A, { transport: broken, onFailure, resume: failing })
    await expect(one('throw')).rejects.toMatchObject({ code: 'http/410', index: 0 })
    await expect(one('throw')).rejects.toMatchObject({ code: 'http/410', index: 0 })
    expect([await one('null'), broken.requests.length]).toEqual([null, 1])
  })

  test('is the same from request(), parallelRequests(), stream() in both orders and drain()', async () => {
    const path = newRun()
    const transport = echo(({ index }) => (index === 3 ? { status: 404 } : (undefined as never)))
    const client = opened({ transport, concurrency: 3 })
    const items = urlsTo(9, 3)
    await client.drain(items.slice(0, 5), { resume: path })
    const collect = async (order: 'completed' | 'input') => {
      const outcomes: Outcome[] = []
      for await (const outcome of client.stream(asAsync(items), { resume: path, order })) outcomes.push(outcome)
      return outcomes
    }
    const ordered = await collect('input')
    expect(ordered.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(endsOf(ordered)).toEqual([
      'run-file:ok',
      'run-file:ok',
      'run-file:ok',
      'run-file:http/404',
      'run-file:ok',
      'network:ok',
      'network:ok',
      'network:ok',
      'network:ok',
    ])
    const completed = await collect('completed')
    const values = completed.toSorted((a, b) => a.index - b.index).map(({ value }) => value)
    expect(values).toEqual(ordered.map(({ value }) => value))
    const [asBatch, asFunction] = [
      await client.request(items, { resume: path, onFailure: 'null' }),
      await parallelRequests(items, { transport, resume: path, onFailure: 'null' }),
    ]
    expect([asBatch, asFunction]).toEqual([values.map(value => value ?? null), values.map(value => value ?? null)])
    expect(await client.drain(items, { resume: path })).toMatchObject({
      total: 9,
      ok: 8,
      failed: 1,
      restored: 9,
      gone: 0,
      retries: 0,
    })
    expect(sentIndexes(transport)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })
})

describe('with a run file', () => {
  test('finished requests are never sent again, over many hosts and with few slots', async () => {
    const path = newRun()
    const items = urlsTo(1_500, 50)
    await parallelRequests(items.slice(0, 1_000), { transport: echo(), resume: path })
    const transport = echo(() => ({ json: 1, latencyMs: 1 }))
    expect(await parallelRequests(items, { transport, resume: path, concurrency: 2 })).toHaveLength(1_500)
    expect(sentIndexes(transport)).toEqual(Array.from({ length: 500 }, (_, n) => 1_000 + n))
  })

  test('retryFailed sends only the recorded failures, and the later line counts', async () => {
    const path = newRun()
    let isBroken = true
    const transport = echo(({ index }) => (isBroken && index % 3 === 0 ? { status: 404 } : { json: index }))
    const run = (retryFailed: boolean) =>
      parallelRequests(urlsTo(9), { transport, resume: path, retryFailed, onFailure: 'settle' })
    await run(false)
    isBroken = false
    expect(endsOf(await run(true)).filter(end => end === 'network:ok')).toHaveLength(3)
    expect(sentIndexes(transport).slice(-12)).toEqual([0, 0, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8])
    expect(endsOf(await run(true))).toEqual(Array.from({ length: 9 }, () => 'run-file:ok'))
    expect(transport.requests).toHaveLength(12)
  })

  test.each([
    [['5xx'], [0, 1]],
    [
      ['503', 'http/404'],
      [1, 2],
    ],
    [['http'], [0, 1, 2]],
    [['timeout'], [3]],
    [['timeout/body', 'dns'], []],
  ] as const)('retryFailed %j sends only the failures of these codes, and restores the others', async (codes, sent) => {
    const path = newRun()
    const answers = [
      { status: 500 },
      { status: 503 },
      { status: 404 },
      { fault: 'timeout/headers' },
      { json: 4 },
    ] as const
    const first = echo(({ index }) => answers[index] ?? { json: index })
    const options = { resume: path, maxRetries: 0, onFailure: 'settle' } as const
    await parallelRequests(urlsTo(5), { ...options, transport: first })
    const transport = echo(({ index }) => ({ json: index }))
    const ends = endsOf(await parallelRequests(urlsTo(5), { ...options, transport, retryFailed: codes }))
    expect(sentIndexes(transport)).toEqual(sent)
    const recorded = ['http/500', 'http/503', 'http/404', 'timeout/headers', 'ok']
    const expected = recorded.map((end, at) =>
      (sent as readonly number[]).includes(at) ? 'network:ok' : `run-file:${end}`,
    )
    expect(ends).toEqual(expected)
  })

  test('an aborted request has no line; a refused item has one, and is refused again', async () => {
    const path = newRun()
    const controller = new AbortController()
    const items = [
      URL_A,
      'no url at all',
      `${URL_A}1`,
      { url: `${URL_A}2`, headers: { 'x-bad': 'line\nend' } },
      `${URL_A}3`,
    ]
    const transport = echo(({ index }) => {
      if (index === 2) setImmediate(() => controller.abort())
      return { json: index, latencyMs: index === 0 ? 0 : 1e6 }
    })
    const options = { transport, resume: path, onFailure: 'settle' } as const
    const first = await parallelRequests(items, { ...options, signal: controller.signal, concurrency: 2 })
    expect(endsOf(first)).toEqual([
      'network:ok',
      'network:invalid_request/url',
      'network:aborted/in_flight',
      'network:invalid_request/header',
      expect.stringContaining('network:aborted/') as string,
    ])
    expect(indexesIn(path)).toEqual([0, 1, 3])
    const second = await parallelRequests(items, { ...options, transport: echo() })
    expect(endsOf(second)).toEqual(
      ['run-file:ok', first[1], 'network:ok', first[3], 'network:ok'].map(end =>
        typeof end === 'string' ? end : `network:${end?.error?.code}`,
      ),
    )
    expect(indexesIn(path)).toEqual([0, 1, 2, 3, 4])
  })

  test.each(['stop', 'abort', 'signal', 'return'] as const)(
    'the requests that %s left out are sent by the next run, and the two runs cover each request once',
    async how => {
      const path = newRun()
      const transport = echo(() => ({ json: 1, latencyMs: 10 }))
      const client = opened({ transport, concurrency: 4 })
      const controller = new AbortController()
      const stream = client.stream(urlsTo(60, 3), { resume: path, signal: controller.signal })
      let seen = 0
      for await (const _ of stream) {
        if (++seen !== 17) continue
        if (how === 'stop') stream.stop()
        if (how === 'abort') stream.abort()
        if (how === 'signal') controller.abort()
        if (how === 'return') break
      }
      const done = indexesIn(path)
      expect(done.length).toBeGreaterThanOrEqual(17)
      expect(done.length).toBeLessThan(60)
      const next = echo()
      expect(await parallelRequests(urlsTo(60, 3), { transport: next, resume: path })).toHaveLength(60)
      expect([...sentIndexes(next), ...done].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n))
    },
  )

  test('a run that was stopped or had maxFailures is not mistaken for one with a shorter input', async () => {
    const path = newRun()
    const transport = echo(() => ({ status: 404 }))
    const lazily = function* () {
      yield* urlsTo(600)
    }
    await parallelRequests(urlsTo(600), { transport, resume: path, onFailure: 'null' })
    const options = { transport, resume: path, maxFailures: 3, onFailure: 'settle' } as const
    expect(await parallelRequests(lazily(), options)).toHaveLength(600)
    const failed = await parallelRequests(lazily(), { ...options, retryFailed: true })
    expect(failed.length).toBeLessThan(600)
    const stream = opened({ transport, concurrency: 2 }).stream(lazily(), { resume: path, window: 3 })
    let seen = 0
    for await (const _ of stream) if (++seen === 3) stream.stop()
    expect(seen).toBeLessThan(10)
  })

  test('a stream that is stopped or left before its file is open sends nothing and releases the file', async () => {
    const path = newRun()
    const transport = echo()
    const client = opened({ transport })
    const stopped = client.stream(urlsTo(5), { resume: path })
    const first = stopped.next()
    stopped.stop()
    const outcomes = [(await first).value as Outcome]
    for await (const outcome of stopped) outcomes.push(outcome)
    expect(endsOf(outcomes)).toEqual(Array.from({ length: 5 }, () => 'network:aborted/not_started'))
    const left = client.stream(urlsTo(5), { resume: path })
    const pending = left.next()
    await left.return?.()
    expect(existsSync(`${path}.lock`)).toBe(false)
    expect(await pending).toMatchObject({ done: true })
    expect(transport.requests).toEqual([])
  })

  test.each(['request', 'drain', 'stream'] as const)(
    'closing the client while the file is being opened aborts its %s and releases the file',
    async how => {
      const path = newRun()
      const transport = echo()
      const client = new ParallelRequests({ transport })
      const ended =
        how === 'stream'
          ? (async () => {
              const outcomes: Outcome[] = []
              for await (const outcome of client.stream(urlsTo(2), { resume: path })) outcomes.push(outcome)
              return endsOf(outcomes).join()
            })()
          : (how === 'drain'
              ? client.drain(urlsTo(2), { resume: path })
              : (client.request(urlsTo(2), { resume: path }) as Promise<object>)
            ).then(
              totals => ('aborted' in totals ? `aborted: ${String(totals.aborted)}` : ''),
              (error: { code?: unknown }) => String(error.code),
            )
      await client.close()
      expect(await ended).toBe(
        {
          request: 'aborted/in_flight',
          drain: 'aborted: true',
          stream: 'network:aborted/not_started,network:aborted/not_started',
        }[how],
      )
      expect(transport.requests).toEqual([])
      expect(await parallelRequests(urlsTo(2), { transport, resume: path })).toHaveLength(2)
    },
  )

  test("durability 'power' gives the same file and the same results", async () => {
    const path = newRun()
    const transport = echo()
    const run = () => parallelRequests([...urlsTo(50), ...postsTo(5)], { transport, resume: path, durability: 'power' })
    expect(await run()).toEqual(await run())
    expect([doneIn(path).length, intentsIn(path).length, transport.requests.length]).toEqual([55, 5, 55])
  })

  test('a second run on the file is refused while the first one has it, with the same client or another', async () => {
    const path = newRun()
    const second = echo()
    let refused = ''
    const transport = echo(async () => {
      refused ||= await refusal(parallelRequests(urlsTo(3), { transport: second, resume: path }))
      return { json: 1 }
    })
    expect(await parallelRequests(urlsTo(3), { transport, resume: path })).toEqual([1, 1, 1])
    expect(refused).toMatch(/is locked by another run \(process \d+\)/)
    expect(refused).toContain(path)
    expect(second.requests).toEqual([])
    expect(await parallelRequests(urlsTo(3), { transport: second, resume: path })).toEqual([1, 1, 1])
  })

  test.each([
    ['a folder', (path: string) => mkdirSync(path), 'it is a folder'],
    ['not a run file', (path: string) => writeFileSync(path, 'a,b\n1,2\n'), 'is not a run file'],
    ['of a newer version', (path: string) => writeFileSync(path, '{"v":3,"index":0}\n'), 'newer version'],
  ])('a path that is %s is a ConfigError for every kind of call, and nothing is sent', async (_name, make, message) => {
    const path = newRun()
    make(path)
    const transport = echo()
    const client = opened({ transport })
    for (const run of [
      () => parallelRequests([URL_A], { transport, resume: path }),
      () => client.request([URL_A], { resume: path, onFailure: 'settle' }),
      () => client.drain([URL_A], { resume: path }),
      () => client.stream([URL_A], { resume: path }).next(),
    ]) {
      expect(await refusal(run())).toContain(message)
    }
    const missing = refusal(client.request([URL_A], { resume: join(dirname(path), 'none', 'run.jsonl') }))
    expect(await missing).toContain('Its folder must exist')
    expect(transport.requests).toEqual([])
  })
})

describe('an input that does not match the run file', () => {
  const made = async (items: readonly unknown[]): Promise<string> => {
    const path = newRun()
    await parallelRequests(items as string[], { transport: echo(), resume: path })
    return path
  }
  const token = 's3cr3t-canary'
  test.each([
    [
      'a URL',
      [...urlsTo(2), 'http://h0.test/2'],
      [...urlsTo(2), `http://u:${token}@h0.test/x?token=${token}&a=1`],
      /request 2 was GET http:\/\/h0\.test\/2 and is GET http:\/\/h0\.test\/x\?token=\*\*\*&a=1/,
    ],
    [
      'a method',
      [URL_A],
      [{ url: URL_A, method: 'PUT' }],
      /request 0 was GET http:\/\/a\.test\/ and is PUT http:\/\/a\.test\//,
    ],
    [
      'a key',
      [{ url: URL_A, key: 'one' }],
      [{ url: URL_A, key: 'two' }],
      /was GET \S+ \(key one\) and is GET \S+ \(key two\)/,
    ],
    ['a key that was none', [URL_A], [{ url: URL_A, key: 'two' }], /was GET \S+ and is GET \S+ \(key two\)/],
    [
      'a body',
      [{ url: URL_A, json: 1 }],
      [{ url: URL_A, json: 2 }],
      /was POST \S+ and is POST \S+ \(they differ in what is not shown: the body/,
    ],
    [
      'a secret',
      [`${URL_A}?token=1`],
      [`${URL_A}?token=2`],
      /was GET \S+ and is GET \S+ \(they differ in what is not shown: the body, or secrets/,
    ],
  ])('is refused with the first difference: %s', async (_name, before, after, expected) => {
    const path = await made(before)
    const text = readFileSync(path, 'utf8')
    const transport = echo()
    const message = await refusal(parallelRequests([...after, ...urlsTo(9)] as string[], { transport, resume: path }))
    expect(message).toMatch(expected)
    expect(message).not.toContain(token)
    expect(message).toContain(path)
    expect(transport.requests).toEqual([])
    // A lazy input is compared while it is read.
    const lazily = parallelRequests(
      (function* () {
        yield* after as string[]
      })(),
      { transport, resume: path },
    )
    expect(await refusal(lazily)).toMatch(expected)
    expect(transport.requests).toEqual([])
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('may be longer, and the rest is sent; a shorter array is refused before anything is sent', async () => {
    const path = await made(urlsTo(5))
    const whole = readFileSync(path, 'utf8')
    writeFileSync(path, withoutDone(whole, 2, 3))
    const transport = echo()
    const shorter = refusal(parallelRequests(urlsTo(4), { transport, resume: path, retryFailed: true }))
    expect(await shorter).toContain('had at least 5 requests, got a shorter one')
    // Requests before the first difference are not sent either.
    const other = refusal(parallelRequests([...urlsTo(4), URL_A], { transport, resume: path }))
    expect(await other).toContain('request 4 was GET http://h0.test/4 and is GET http://a.test/')
    expect(transport.requests).toEqual([])
    writeFileSync(path, whole)
    expect(await parallelRequests(urlsTo(7), { transport, resume: path })).toHaveLength(7)
    expect(sentIndexes(transport)).toEqual([5, 6])
  })

  test('ends a lazy run after the requests in flight have finished, and their results are recorded', async () => {
    const path = await made([...urlsTo(2), 'http://h0.test/other'])
    const file = readFileSync(path, 'utf8')
    writeFileSync(path, withoutDone(file, 0, 1))
    const transport = echo(({ index }) => ({ json: index, latencyMs: 50 }))
    const outcomes: Outcome[] = []
    const stream = opened({ transport }).stream(
      (function* () {
        yield* urlsTo(20)
      })(),
      { resume: path },
    )
    const message = await refusal(
      (async () => {
        for await (const outcome of stream) outcomes.push(outcome)
      })(),
    )
    expect(message).toContain('request 2 was GET http://h0.test/other and is GET http://h0.test/2')
    expect(sentIndexes(transport)).toEqual([0, 1])
    expect(outcomes.filter(({ ok }) => ok).map(({ index }) => index)).toEqual([0, 1])
    expect(indexesIn(path)).toEqual([0, 1, 2])
  })

  test('ends a lazy run at its end if it is too short, with its outcomes delivered', async () => {
    const path = await made(urlsTo(5))
    const outcomes: Outcome[] = []
    const stream = opened({ transport: echo() }).stream(
      (function* () {
        yield* urlsTo(3)
      })(),
      { resume: path },
    )
    const message = await refusal(
      (async () => {
        for await (const outcome of stream) outcomes.push(outcome)
      })(),
    )
    expect(message).toContain('had at least 5 requests, got a shorter one')
    expect(endsOf(outcomes)).toEqual(['run-file:ok', 'run-file:ok', 'run-file:ok'])
  })

  test('is allowed if only headers, credentials and cookies of all requests have changed', async () => {
    const path = newRun()
    const before = { headers: { a: '1', 'x-api-key': 'old' }, auth: { bearer: 'old' }, cookies: { sid: 'old' } }
    await parallelRequests([URL_A], { transport: echo(), resume: path, ...before })
    const transport = echo()
    const after = { headers: { b: '2' }, auth: { bearer: 'new' }, cookies: { sid: 'new' }, userAgent: 'another' }
    const options = { transport, resume: path, maxRetries: 9, ...after }
    expect(await parallelRequests([URL_A], options)).toEqual([{ path: '/' }])
    expect(transport.requests).toEqual([])
  })

  test('and throws half-way ends the run with its error, and the sent requests have their lines', async () => {
    const path = newRun()
    const broken = function* () {
      yield* urlsTo(3)
      throw new Error('the list broke')
    }
    await expect(parallelRequests(broken(), { transport: echo(), resume: path })).rejects.toThrow('the list broke')
    expect(indexesIn(path)).toEqual([0, 1, 2])
    const transport = echo()
    expect(await parallelRequests(urlsTo(4), { transport, resume: path })).toHaveLength(4)
    expect(sentIndexes(transport)).toEqual([3])
  })
})

describe('an unsafe request', () => {
  test('has its intent in the file when it reaches the transport; a safe one has none', async () => {
    const path = newRun()
    const seen: boolean[] = []
    const transport = echo(({ index, method }) => {
      seen[index] = intentsIn(path).some(intent => intent.index === index && intent.method === method)
      return { json: 1 }
    })
    const items = [
      ...postsTo(3),
      { url: URL_A, method: 'PATCH', json: 1 },
      URL_A,
      { url: URL_A, method: 'PUT', json: 1 },
      { url: URL_A, method: 'DELETE' },
      { url: URL_A, json: 1, retry: { methods: ['POST'] } },
    ]
    await parallelRequests(items, { transport, resume: path })
    expect(seen).toEqual([true, true, true, true, false, false, false, false])
    expect(intentsIn(path).map(({ index, id }) => [index, id])).toEqual(
      intentsIn(path).map(({ index }) => [index, doneIn(path).find(line => line.index === index)?.id]),
    )
  })

  test("that was in flight in a crash is in doubt and not sent, in every later run without unknownWrites: 'resend'", async () => {
    const path = await crashed([...postsTo(2), URL_A], 3)
    expect(intentsIn(path).map(({ index }) => index)).toEqual([0, 1])
    const transport = echo()
    const run = (options: object = {}) =>
      parallelRequests([...postsTo(2), URL_A, `${URL_A}more`], {
        transport,
        resume: path,
        onFailure: 'settle',
        ...options,
      })
    const inDoubt = await run()
    expect(endsOf(inDoubt)).toEqual(['network:in_doubt/crash', 'network:in_doubt/crash', 'network:ok', 'network:ok'])
    expect(inDoubt[0]?.error?.message).toContain("unknownWrites: 'resend' sends it again")
    expect(endsOf(await run())).toEqual([
      'run-file:in_doubt/crash',
      'run-file:in_doubt/crash',
      'run-file:ok',
      'run-file:ok',
    ])
    expect(endsOf(await run({ retryFailed: true })).slice(0, 2)).toEqual([
      'run-file:in_doubt/crash',
      'run-file:in_doubt/crash',
    ])
    expect(sentIndexes(transport)).toEqual([2, 3])
    expect(endsOf(await run({ unknownWrites: 'resend' }))).toEqual([
      'network:ok',
      'network:ok',
      'run-file:ok',
      'run-file:ok',
    ])
    expect(endsOf(await run())).toEqual(['run-file:ok', 'run-file:ok', 'run-file:ok', 'run-file:ok'])
    expect(sentIndexes(transport)).toEqual([0, 1, 2, 3])
  })

  test.each([
    ['made by the library', postsTo(1), { idempotencyKey: true }],
    ['of the caller', [{ url: URL_A, json: 1, idempotencyKey: 'mine' }], {}],
    ['in a header', [{ url: URL_A, json: 1, headers: { 'Idempotency-Key': 'mine' } }], {}],
  ])(
    "is sent again after a crash with the same idempotency key, one %s, even with 'fail'",
    async (_name, items, options) => {
      const path = await crashed(items, 1, options)
      const [before] = intentsIn(path)
      expect(before?.idempotencyKey).toBeTypeOf('string')
      for (const unknownWrites of ['fail', 'resend'] as const) {
        const copy = `${path}.${unknownWrites}.jsonl`
        copyFileSync(path, copy)
        const transport = echo()
        await parallelRequests(items, { transport, resume: copy, unknownWrites, ...options })
        expect(transport.requests.map(({ headers }) => headers.get('idempotency-key'))).toEqual([
          before?.idempotencyKey,
        ])
        expect(intentsIn(copy).map(({ idempotencyKey }) => idempotencyKey)).toEqual([
          before?.idempotencyKey,
          before?.idempotencyKey,
        ])
      }
    },
  )

  test('that had no key before the crash is in doubt even if it has one now', async () => {
    const path = await crashed(postsTo(1), 1)
    const transport = echo()
    const options = { transport, resume: path, onFailure: 'settle', idempotencyKey: true } as const
    expect(endsOf(await parallelRequests(postsTo(1), options))).toEqual(['network:in_doubt/crash'])
    expect(transport.requests).toEqual([])
  })

  test('that failed is retried in a rerun with the key that it was sent with', async () => {
    const path = newRun()
    let isBroken = true
    const transport = echo(() => (isBroken ? { fault: 'reset/before_headers' } : { json: 1 }))
    const options = { transport, resume: path, onFailure: 'settle', idempotencyKey: true, maxRetries: 1 } as const
    const run = () => parallelRequests(postsTo(1), { ...options, retryFailed: true })
    expect(endsOf(await run())).toEqual(['network:reset/before_headers'])
    expect(endsOf(await run())).toEqual(['network:reset/before_headers'])
    isBroken = false
    expect(endsOf(await run())).toEqual(['network:ok'])
    expect(transport.requests).toHaveLength(5)
    expect(new Set(transport.requests.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
  })

  test("that ended in doubt is sent again by retryFailed only with 'resend', even if it has a key now", async () => {
    const path = newRun()
    let isBroken = true
    const transport = echo(() => (isBroken ? { fault: 'reset/before_headers' } : { json: 1 }))
    const run = (options: object) =>
      parallelRequests(postsTo(1), { transport, resume: path, onFailure: 'settle', retryFailed: true, ...options })
    expect(endsOf(await run({}))).toEqual(['network:in_doubt/reset'])
    isBroken = false
    expect(endsOf(await run({}))).toEqual(['run-file:in_doubt/reset'])
    expect(endsOf(await run({ idempotencyKey: true }))).toEqual(['run-file:in_doubt/reset'])
    expect(transport.requests).toHaveLength(1)
    expect(endsOf(await run({ unknownWrites: 'resend' }))).toEqual(['network:ok'])
    expect(transport.requests).toHaveLength(2)
  })

  test('that had failed and was in flight again in the crash is in doubt, not failed', async () => {
    const path = newRun()
    await parallelRequests(postsTo(1), { transport: echo(() => ({ status: 404 })), resume: path, onFailure: 'null' })
    const [failed] = doneIn(path)
    const [intent] = intentsIn(path)
    // The file after the second intent. Lines written by hand have no checksum.
    writeFileSync(
      path,
      [saltIn(path), { intent }, failed, { intent }]
        .map(line => `${JSON.stringify({ ...line, crc: undefined })}\n`)
        .join(''),
    )
    const transport = echo()
    const ends = endsOf(await parallelRequests(postsTo(1), { transport, resume: path, onFailure: 'settle' }))
    expect([ends, transport.requests]).toEqual([['network:in_doubt/crash'], []])
  })

  test('that was aborted after a byte was written is also in doubt in the next run', async () => {
    const path = newRun()
    const controller = new AbortController()
    const hanging = echo(() => {
      setImmediate(() => controller.abort())
      return { json: 1, latencyMs: 1e6 }
    })
    const options = { resume: path, onFailure: 'settle' } as const
    const first = await parallelRequests(postsTo(1), { ...options, transport: hanging, signal: controller.signal })
    expect(endsOf(first)).toEqual(['network:in_doubt/aborted'])
    const transport = echo()
    expect(endsOf(await parallelRequests(postsTo(1), { ...options, transport }))).toEqual(['run-file:in_doubt/aborted'])
    expect([doneIn(path).map(({ ok }) => ok), transport.requests]).toEqual([[false], []])
  })

  test('that was not sent when the run was stopped is sent by the next run', async () => {
    const path = newRun()
    const transport = echo(() => ({ json: 1, latencyMs: 50 }))
    const stream = opened({ transport, concurrency: 4, rateLimit: '1/s' }).stream(postsTo(4), { resume: path })
    const outcomes: Outcome[] = []
    for await (const outcome of stream) {
      outcomes.push(outcome)
      stream.stop()
    }
    expect(endsOf(outcomes).toSorted()).toEqual([
      'network:aborted/not_started',
      'network:aborted/not_started',
      'network:aborted/not_started',
      'network:ok',
    ])
    const next = await parallelRequests(postsTo(4), { transport, resume: path, onFailure: 'settle' })
    expect(endsOf(next)).toEqual(['run-file:ok', 'network:ok', 'network:ok', 'network:ok'])
  })

  test('of another batch is refused because of its intent alone', async () => {
    const path = await crashed(postsTo(1), 1)
    const transport = echo()
    const message = await refusal(parallelRequests([{ url: URL_A, json: 2 }], { transport, resume: path }))
    expect(message).toContain('request 0 was another request and is POST http://a.test/')
    expect(transport.requests).toEqual([])
  })
})

test('a run file contains no secret of the URL, the request, the response or the errors', async () => {
  const path = newRun()
  const canary = (name: string) => `canary-${name}-42`
  const transport = echo(({ index }) => ({
    ...(index % 2 === 0 ? { json: 1 } : { status: 403, json: { message: 'no' } }),
    headers: {
      'set-cookie': `sid=${canary('set-cookie')}; Path=/`,
      'x-auth-token': canary('response-token'),
      'x-own': canary('own'),
    },
  }))
  const url = `http://${canary('user')}:${canary('password')}@a.test/p?token=${canary('query')}&api_key=${canary('apikey')}&mine=${canary('mine')}&page=2`
  const headers = {
    authorization: `Bearer ${canary('authorization')}`,
    cookie: `a=${canary('cookie')}`,
    'x-api-key': canary('header'),
  }
  const items = ['json', 'json', 'response', 'response', 'text', 'content'].map((returnType, n) => ({
    url: `${url}&n=${n}`,
    headers,
    returnType: returnType as 'json',
  }))
  const posts = items.slice(0, 2).map(item => ({ ...item, method: 'POST', body: 'x' }))
  const failing = mockTransport(request =>
    request.index < 6 ? transportAnswer(request.index) : { fault: 'connect/refused' },
  )
  function transportAnswer(index: number) {
    return index % 2 === 0 ? { json: 1, headers: { 'set-cookie': canary('set-cookie') } } : { status: 403 }
  }
  const options = {
    resume: path,
    cookies: { plain: canary('jar') },
    secretNames: ['mine', 'x-own'],
    onFailure: 'settle',
    maxRetries: 0,
  } as const
  const outcomes = await parallelRequests([...items, ...posts], { ...options, transport })
  expect(transport.requests).toHaveLength(8)
  expect(transport.requests[0]?.url).toContain(canary('query'))
  expect(readFileSync(path, 'utf8')).not.toContain('canary')
  const second = newRun()
  await parallelRequests([...items, ...posts], { ...options, resume: second, transport: failing })
  expect(readFileSync(second, 'utf8')).not.toContain('canary')
  expect(doneIn(second)).toHaveLength(8)
  const restored = await parallelRequests([...items, ...posts], { ...options, transport })
  expect(endsOf(restored)).toEqual(endsOf(outcomes).map(end => end.replace('network', 'run-file')))
  expect(inspect(restored, { depth: 9, showHidden: false })).not.toContain('canary')
})

describe('from every state that a crash can leave', () => {
  /** Records a run with every kind of request. Each prefix of its file is a state after a crash. */
  const record = async (items: readonly object[], random: () => number) => {
    const path = newRun()
    const transport = answering(random)
    const values = await parallelRequests(items as { url: string }[], {
      transport,
      resume: path,
      onFailure: 'settle',
      concurrency: 7,
    })
    return { path, values, file: readFileSync(path) }
  }
  const answering = (random: () => number): MockTransport =>
    echo(({ url, index }) => ({
      ...(index % 11 === 5 ? { status: 410 } : { json: { url, index } }),
      latencyMs: Math.floor(random() * 20),
    }))
  const itemsFrom = (random: () => number) =>
    Array.from({ length: 40 }, (_, n) => {
      const url = `http://h${Math.floor(random() * 4)}.test/${n}`
      const kind = random()
      if (kind < 0.6) return { url }
      if (kind < 0.8) return { url, json: { n } }
      return { url, json: { n }, idempotencyKey: true }
    })

  test('a rerun completes with the same values, and sends exactly the requests without a finished line', async () => {
    let prefixes = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 8 }),
        async (start, cuts) => {
          const random = randomFrom(start)
          const items = itemsFrom(random)
          const { path, values, file } = await record(items, random)
          for (const cut of [...cuts, 0, 1]) {
            prefixes++
            const prefix = file.subarray(0, Math.round(cut * file.length))
            const copy = `${path}.${prefixes}.jsonl`
            writeFileSync(copy, prefix)
            const whole = `${path}.${prefixes}.whole.jsonl`
            writeFileSync(whole, prefix.subarray(0, prefix.lastIndexOf('\n') + 1))
            const done = new Set(doneIn(whole).map(({ index }) => index))
            const open = intentsIn(whole).filter(({ index }) => !done.has(index))
            const lost = new Set(
              open.filter(({ idempotencyKey }) => idempotencyKey === undefined).map(({ index }) => index),
            )
            const transport = answering(random)
            const run = (options: object) =>
              parallelRequests(items, { transport, resume: copy, onFailure: 'settle', concurrency: 5, ...options })
            const toSend = items.map((_, index) => index).filter(index => !done.has(index))
            const first = await run({})
            expect(sentIndexes(transport)).toEqual(toSend.filter(index => !lost.has(index)))
            expect(endsOf(first).map(end => end.includes('in_doubt/crash'))).toEqual(
              items.map((_, index) => lost.has(index)),
            )
            for (const { index, idempotencyKey } of open) {
              if (idempotencyKey === undefined) continue
              const again = transport.requests.find(request => request.index === index)
              expect(again?.headers.get('idempotency-key')).toBe(idempotencyKey)
            }
            const second = await run({ unknownWrites: 'resend' })
            expect(sentIndexes(transport)).toEqual(toSend)
            expect(second.map(({ value, error }) => value ?? error?.code)).toEqual(
              values.map(({ value, error }) => value ?? error?.code),
            )
          }
        },
      ),
      { numRuns: sized(12, 3) },
    )
    expect(prefixes).toBeGreaterThanOrEqual(sized(12, 3) * 6)
  })
})
