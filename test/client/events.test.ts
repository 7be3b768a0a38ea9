/** The tracing channels: each batch, request and attempt is reported once when it begins and once when it ends. */
import { AsyncLocalStorage } from 'node:async_hooks'
import diagnostics from 'node:diagnostics_channel'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Agent } from 'undici'
import { ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { AttemptEvent, Outcome } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { HASTY, TRUST, ask, until } from '../support/ask.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { observeChannels } from '../support/observed.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { folder } from '../support/run-lines.ts'
import { threadServer } from '../support/thread-server.ts'
import { troubleServer } from '../support/trouble-server.ts'

const hasty = { maxRetries: 4, retry: HASTY } as const
const again = { ...hasty, onFailure: 'settle' } as const
const brief = ({ attempt, status, code }: AttemptEvent): unknown => [attempt, code ?? status]
const total = (outcomes: readonly Outcome[]): number => outcomes.reduce((sum, { attempts }) => sum + attempts, 0)

describe('events of attempts', () => {
  test('are as many as the attempts of the outcome, each begun and ended once', async () => {
    const { url } = await troubleServer()
    const seen = observeChannels()
    const paths = ['/ok', '/flaky/2', '/cut/1', '/to/flaky/1', '/status/404', '/cut/9', '/to/to/ok']
    const outcomes = await parallelRequests(
      paths.map(path => url + path),
      { ...again, concurrency: 3 },
    )
    seen.expectBalance()
    expect(seen.attempts).toHaveLength(total(outcomes))
    for (const outcome of outcomes) {
      const own = seen.attempts.filter(({ index }) => index === outcome.index)
      expect(own.map(({ attempt }) => attempt)).toEqual(own.map((_, at) => at + 1))
      expect(own).toHaveLength(outcome.attempts)
      expect(own.at(-1)?.status).toBe(outcome.response?.status)
      expect(own.every(({ id, request }) => id === outcome.id && request?.id === id)).toBe(true)
      const { tries = [] } = outcome
      expect(own.slice(0, tries.length).map(({ status, code }) => code ?? status)).toEqual(
        tries.map(({ status, code }) => code ?? status),
      )
    }
    expect(seen.requests).toHaveLength(paths.length)
    expect(seen.batches).toMatchObject([{ total: 7, ok: 5, failed: 2 }])
    expect(new Set(seen.requests.map(({ batch }) => batch)).size).toBe(1)
  })

  test('have id, key, URL, host, delay, status, timings, bytes and protocol', async () => {
    const { url, port } = await troubleServer()
    const seen = observeChannels()
    await parallelRequests([{ url: `${url}/flaky/1?token=s3cret`, key: 'k', meta: { m: 1 } }], again)
    const [first, second] = seen.attempts
    const asked = `${url}/flaky/1?token=***`
    const same = { id: 'k:k', index: 0, key: 'k', method: 'GET', url: asked, host: `127.0.0.1:${port}` }
    expect(first).toMatchObject({ ...same, attempt: 1, delay: 0, status: 503, protocol: 'http/1.1', reused: false })
    expect(second).toMatchObject({ ...same, attempt: 2, status: 200, reused: true })
    expect(second?.delay).toBeGreaterThan(0)
    expect(second?.bytes).toBeGreaterThan(0)
    expect(Object.keys(first?.timings ?? {})).toEqual(expect.arrayContaining(['total', 'connect', 'firstByte']))
    expect(Math.abs(Date.now() - (first?.startedAt ?? 0))).toBeLessThan(60_000)
    expect(JSON.stringify(seen.attempts)).not.toMatch(/s3cret|batch|"request"/)
    expect(seen.requests[0]).toMatchObject({ ...same, meta: { m: 1 }, ok: true, status: 200, attempts: 2 })
    expect(seen.log).toEqual([
      'start batch',
      'start request',
      'start attempt',
      'error attempt',
      'end attempt',
      'start attempt',
      'end attempt',
      'end request',
      'end batch',
    ])
  })

  test('mark redirect hops and show their URL', async () => {
    const { url } = await troubleServer()
    const seen = observeChannels()
    await ask(`${url}/to/flaky/1?sig=s3cret`, hasty)
    expect(seen.attempts.map(({ url: at, hop }) => [at.slice(url.length), hop])).toEqual([
      ['/to/flaky/1?sig=***', undefined],
      ['/flaky/1?sig=***', true],
      ['/flaky/1?sig=***', true],
    ])
  })

  test('end with the code of an abort, a timeout and a hook that throws', async () => {
    const { url } = await troubleServer()
    const seen = observeChannels()
    const given = { ...hasty, maxRetries: 0 }
    await ask(`${url}/hang`, { ...given, timeouts: { headers: '120ms' } })
    const controller = new AbortController()
    const client = new ParallelRequests(given)
    const aborted = client.request([`${url}/hang`], { signal: controller.signal }).catch(() => undefined)
    await until(() => seen.log.filter(line => line === 'start attempt').length === 2)
    controller.abort()
    await aborted
    await client.close()
    const hooks = {
      beforeRequest: () => {
        throw new Error('no')
      },
    }
    await ask(`${url}/ok`, { ...given, hooks })
    await ask(`${url}/ok`, { ...given, auth: () => Promise.reject(new Error('no')) })
    seen.expectBalance()
    expect(seen.attempts.map(brief)).toEqual([
      [1, 'timeout/headers'],
      [1, 'aborted/in_flight'],
      [1, 'callback/hook'],
      [1, 'callback/hook'],
    ])
    expect(seen.requests.map(({ code }) => code)).toEqual([
      'timeout/headers',
      'aborted/in_flight',
      'callback/hook',
      'callback/hook',
    ])
    expect(seen.batches[1]?.error).toBeInstanceOf(Error)
  })

  test('are none for requests that were not sent, which begin and end all the same', async () => {
    const seen = observeChannels()
    const getter = Object.defineProperty({}, 'url', {
      enumerable: true,
      get() {
        throw new Error('unreadable')
      },
    })
    const urls = ['no url', 'http://a.test/\u001b[31m', getter as never, { url: 'http://u:pw@[bad/' }]
    const outcomes = await parallelRequests(urls as string[], again)
    seen.expectBalance()
    expect(seen.attempts).toEqual([])
    expect(seen.requests.map(({ id, code }) => [id, code])).toEqual(
      outcomes.map(outcome => [outcome.id, outcome.error?.code]),
    )
    expect(JSON.stringify(seen.requests)).not.toContain('pw')
    const transport = mockTransport(() => ({ json: 1 }))
    await parallelRequests(['http://a.test/', 'http://b.test/'], { ...again, transport, signal: AbortSignal.abort() })
    expect(seen.requests).toHaveLength(6)
    expect(seen.batches[1]).toMatchObject({ ok: 0, failed: 2 })
  })

  test('report an attempt that gave its slot back, with the number that its successor has, too', async () => {
    let answered = 0
    const transport = mockTransport(() => (++answered === 1 ? { fault: 'connect/preempted' } : { json: 1 }))
    const seen = observeChannels()
    const outcome = await ask('http://a.test/', { transport })
    expect(outcome.attempts).toBe(1)
    expect(seen.attempts.map(brief)).toEqual([
      [1, 'connect/preempted'],
      [1, 200],
    ])
  })

  test('report both attempts when a kept connection was stale', async () => {
    const server = await rawServer([
      async connection => {
        await connection.request()
        await connection.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')
        await connection.request()
        connection.rst()
      },
      answering(connection => connection.send('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')),
    ])
    const seen = observeChannels(['attempt'])
    const client = new ParallelRequests({ maxRetries: 0 })
    await client.request(`http://127.0.0.1:${server.port}/`)
    await client.request(`http://127.0.0.1:${server.port}/`)
    await client.close()
    await server.close()
    expect(seen.attempts.map(event => [...(brief(event) as unknown[]), event.reused])).toEqual([
      [1, 200, false],
      [1, 'reset/before_headers', true],
      [2, 200, false],
    ])
  })

  test('are the same over HTTP/2, with worker threads, a transport, a Dispatcher and in the blocking call', async () => {
    const { url } = await troubleServer()
    const wanted = [
      [1, 503],
      [2, 200],
    ]
    const of = async (run: () => Promise<unknown>): Promise<unknown> => {
      const seen = observeChannels()
      await run()
      seen.stop()
      seen.expectBalance()
      expect(seen.log.filter(line => line.endsWith('batch'))).toEqual(['start batch', 'end batch'])
      return seen.attempts.map(brief)
    }
    const h2 = await h2Server({ answers: [replying('{}', { ':status': '503' }), replying()] })
    const overH2 = { ...again, ...TRUST, http2: true }
    expect(await of(() => parallelRequests([`https://127.0.0.1:${h2.port}/`], overH2))).toEqual(wanted)
    await h2.close()
    expect(await of(() => parallelRequests([`${url}/flaky/1?w`], { ...again, workers: 1 }))).toEqual(wanted)
    const transport = mockTransport(({ attempt }) => ({ status: attempt === 1 ? 503 : 200, json: 1 }))
    expect(await of(() => parallelRequests(['http://a.test/'], { ...again, transport }))).toEqual(wanted)
    const agent = new Agent()
    expect(await of(() => parallelRequests([`${url}/flaky/1?u`], { ...again, transport: agent }))).toEqual(wanted)
    await agent.close()
    const server = await threadServer()
    const blocking = async (): Promise<unknown> =>
      parallelRequestsSync([`${server.url}/flaky?id=events&until=2`], { ...again, keys: ['k'] })
    expect(await of(blocking)).toEqual(wanted)
    await server.close()
  })

  test('of the blocking call have key, id and redacted URL, and requests that were refused have one, too', async () => {
    const server = await threadServer()
    const seen = observeChannels()
    const outcomes = parallelRequestsSync(
      [{ url: `${server.url}/status?is=404&mine=s3cret`, key: 'a' }, 'no url', `${server.url}/bytes?n=2`],
      { ...again, secretNames: ['mine'], returnType: 'content' },
    )
    await server.close()
    seen.expectBalance()
    expect(
      seen.attempts.map(({ id, index, key, url, bytes }) => [id, index, key, url.slice(server.url.length), bytes]),
    ).toEqual(
      expect.arrayContaining([
        ['k:a', 0, 'a', '/status?is=404&mine=***', expect.any(Number)],
        ['#2', 2, undefined, '/bytes?n=2', 2],
      ]),
    )
    expect(seen.attempts.every(({ request }) => request !== undefined)).toBe(true)
    expect(seen.requests.map(({ id, code }) => `${id} ${code}`).toSorted()).toEqual(
      outcomes.map(outcome => `${outcome.id} ${outcome.error?.code}`).toSorted(),
    )
    expect(seen.batches).toMatchObject([{ total: 3, ok: 1, failed: 2 }])
  })

  test('are there from the next attempt on for a listener that comes in the middle of a run', async () => {
    const attempts: AttemptEvent[] = []
    const channel = diagnostics.channel('tracing:parallel-requests:attempt:end')
    const listener = (event: unknown): void => void attempts.push(event as AttemptEvent)
    const transport = mockTransport(({ index, attempt }) => {
      if (index === 1 && attempt === 1) channel.subscribe(listener)
      return { status: attempt === 1 ? 503 : 200, json: 1 }
    })
    const urls = ['http://a.test/0', 'http://a.test/1', 'http://a.test/2']
    await parallelRequests(urls, { ...again, transport, concurrency: 1 })
    channel.unsubscribe(listener)
    expect(attempts.length).toBeGreaterThan(2)
    expect(attempts.some(({ index, attempt }) => index === 1 && attempt === 1)).toBe(false)
    // It came too late for the beginning of this request.
    expect(attempts.filter(({ index }) => index === 1).every(({ request }) => request === undefined)).toBe(true)
  })

  test('of a stream that is left end with it', async () => {
    const { url } = await troubleServer()
    const seen = observeChannels()
    const client = new ParallelRequests(hasty)
    for await (const outcome of client.stream([`${url}/ok`, `${url}/hang`, `${url}/hang?2`])) if (outcome.ok) break
    await client.close()
    seen.expectBalance()
    expect(seen.batches).toMatchObject([{ ok: 1, failed: 2 }])
  })

  test('report restored requests without an attempt', async () => {
    const { url } = await troubleServer()
    const resume = join(folder(), 'run.jsonl')
    await parallelRequests([`${url}/ok`, `${url}/flaky/1`], { ...again, resume })
    const seen = observeChannels()
    await parallelRequests([`${url}/ok`, `${url}/flaky/1`], { ...again, resume })
    seen.expectBalance()
    expect(seen.attempts).toEqual([])
    const restored = seen.requests.toSorted((a, b) => a.index - b.index)
    expect(restored.map(({ source, attempts }) => [source, attempts])).toEqual([
      ['run-file', 1],
      ['run-file', 2],
    ])
  })

  test('are published in the async context of their own call, also with one slot for two calls', async () => {
    const { url } = await troubleServer()
    const store = new AsyncLocalStorage<string>()
    const seen: string[] = []
    const wrong: unknown[] = []
    for (const kind of ['request', 'attempt'] as const) {
      for (const name of ['start', 'end'] as const) {
        const channel = diagnostics.channel(`tracing:parallel-requests:${kind}:${name}`)
        const listener = (event: unknown): void => {
          seen.push(`${name} ${kind}`)
          if (!(event as AttemptEvent).url.includes(`?${store.getStore()}`)) wrong.push(event)
        }
        channel.subscribe(listener)
        onTestFinished(() => {
          channel.unsubscribe(listener)
        })
      }
    }
    const client = new ParallelRequests({ ...hasty, concurrency: 1 })
    const calls = ['A', 'B'].map(name =>
      store.run(name, () => client.request([1, 2, 3].map(n => `${url}/flaky/1?${name}${n}`))),
    )
    await Promise.all(calls)
    await client.close()
    expect(seen).toHaveLength(36)
    expect(wrong).toEqual([])
  })

  test('report a batch whose input threw', async () => {
    const { url } = await troubleServer()
    const seen = observeChannels()
    const why = new Error('no more')
    function* urls() {
      yield `${url}/ok`
      throw why
    }
    await expect(parallelRequests(urls())).rejects.toThrow('no more')
    seen.expectBalance()
    expect(seen.batches).toMatchObject([{ ok: 1, failed: 0, error: { cause: why } }])
    expect(seen.log.slice(-2)).toEqual(['error batch', 'end batch'])
  })
})

describe('a listener', () => {
  test('of attempts alone gets their requests and batches', async () => {
    const { url } = await troubleServer()
    const seen: AttemptEvent[] = []
    const note = (event: unknown): void => void seen.push(event as AttemptEvent)
    const name = 'tracing:parallel-requests:attempt:end'
    diagnostics.subscribe(name, note)
    onTestFinished(() => void diagnostics.unsubscribe(name, note))
    await parallelRequests([{ url: `${url}/ok`, meta: 'm' }], again)
    expect(seen.map(({ request }) => [request?.meta, request?.batch?.total])).toEqual([['m', 1]])
  })

  test('that comes while an attempt is on its way gets no end without a start', async () => {
    const { url } = await troubleServer()
    const seen: string[] = []
    const names = ['attempt', 'request', 'batch'].map(kind => `tracing:parallel-requests:${kind}:end`)
    const note = (_event: unknown, name: string | symbol): void => void seen.push(String(name))
    onTestFinished(() => names.forEach(name => void diagnostics.unsubscribe(name, note)))
    const hooks = {
      beforeRequest: () => names.forEach(name => diagnostics.subscribe(name, note)),
      afterAttempt: () => undefined,
    }
    await parallelRequests([`${url}/ok`], { ...again, hooks, telemetry: { start() {}, end() {} } })
    expect(seen).toEqual([])
  })
})

test('the end of an event leaves out auth and beforeRequest, as tries do, in the blocking call, too', async () => {
  const server = await threadServer()
  const seen = observeChannels()
  const url = `${server.url}/flaky?id=times&until=2`
  const slow = () => new Promise<void>(resolve => setTimeout(resolve, 50))
  const hooks = { beforeRequest: slow }
  const outcomes = await parallelRequests([url], { ...again, hooks, auth: () => slow().then(() => 'Bearer x') })
  outcomes.push(...parallelRequestsSync([`${url}2`.replace('id=', 'id=b')], { ...again, auth: () => 'Bearer x' }))
  await server.close()
  const of = ({ tries = [] }: Outcome) => tries.map(({ at, delay, timings }) => [Date.parse(at), delay, timings])
  const expected = outcomes.flatMap(of)
  expect(expected.length).toBeGreaterThan(3)
  const shown = seen.attempts.map(({ startedAt, delay, timings }) => [startedAt, delay, timings])
  // Two readings of two clocks may round to neighbouring milliseconds.
  for (const [at, [startedAt, ...rest]] of shown.entries()) {
    expect(rest).toEqual(expected[at]?.slice(1))
    expect(Math.abs(Number(startedAt) - Number(expected[at]?.[0]))).toBeLessThanOrEqual(2)
  }
})
