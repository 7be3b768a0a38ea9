/** A batch: one outcome per input whatever happens, pulled no faster than it is taken, ended when it is told to. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { ParallelRequests, isAbortError, parallelRequests } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockResponse } from '../../src/testing/index.ts'
import { asAsync, countedUrls } from '../support/inputs.ts'
import { fc } from '../support/property.ts'
import { sized } from '../support/size.ts'

const settleAll = { onFailure: 'settle' } as const
const urlsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `http://a.test/${i}`)
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const codesOf = (outcomes: readonly Outcome[]): (string | undefined)[] => outcomes.map(({ error }) => error?.code)

describe('Delivery', () => {
  const response: fc.Arbitrary<MockResponse> = fc.record(
    {
      status: fc.constantFrom(200, 200, 204, 301, 404, 408, 425, 429, 500, 503),
      headers: fc.constantFrom<Record<string, string>>(
        {},
        { 'retry-after': '1' },
        { 'retry-after': '9999' },
        { location: '/next' },
        { location: 'http://b.test/' },
        { 'set-cookie': 'a=1' },
      ),
      text: fc.constantFrom('1', '{', '', '"x"'),
      latencyMs: fc.nat(300),
      fault: fc.constantFrom(
        undefined,
        undefined,
        undefined,
        'connect/refused' as const,
        'reset/before_headers' as const,
        'timeout/headers' as const,
        'dns/not_found' as const,
        'truncated/length' as const,
      ),
    },
    { requiredKeys: [] },
  )
  const item = fc.constantFrom<unknown>(
    'http://a.test/',
    'http://b.test/x?y=1',
    { url: 'http://c.test/', method: 'POST', body: 'x' },
    { url: 'http://c.test/', method: 'POST', json: {}, idempotencyKey: true },
    { url: 'http://a.test/', timeouts: { total: '200ms' } },
    { url: 'http://a.test/', maxRetries: 0, timeout: '100ms' },
    {
      url: 'http://a.test/',
      parseFunc: () => {
        throw new Error('boom')
      },
    },
    { url: 'http://a.test/', parseFunc: () => Promise.reject(new Error('boom')) },
    { url: 'not a url' },
    { url: 'http://a.test/', method: 'GET', body: 'x' },
    null,
    7,
  )
  const scripts = fc.record({
    items: fc.array(item, { maxLength: 30, size: 'max' }),
    responses: fc.array(response, { minLength: 1, maxLength: 10 }),
    concurrency: fc.integer({ min: 1, max: 64 }),
    rateLimit: fc.option(fc.constantFrom('50/s', '3/s', '100/m'), { nil: undefined }),
    window: fc.integer({ min: 1, max: 40 }),
    endAtMs: fc.option(fc.nat(1_500), { nil: undefined }),
    end: fc.constantFrom('signal' as const, 'stop' as const, 'abort' as const, 'stop, then abort' as const),
    maxFailures: fc.constantFrom(Infinity, Infinity, 1, 3),
    input: fc.constantFrom('array' as const, 'lazy' as const, 'async' as const),
    order: fc.constantFrom('completed' as const, 'input' as const),
  })

  test('gives each request exactly one outcome, whatever the servers answer and whenever the run is ended', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, async script => {
        const { items, responses, concurrency, rateLimit, window, endAtMs, end, maxFailures, order } = script
        const transport = mockTransport(
          ({ index, attempt }) => responses[(index + attempt) % responses.length] as MockResponse,
        )
        const controller = new AbortController()
        const client = new ParallelRequests({ transport, concurrency, ...(rateLimit && { rateLimit }) })
        let pulled = 0
        const lazily = function* (): Generator {
          for (const one of items) {
            pulled++
            yield one
          }
        }
        const input = script.input === 'array' ? items : script.input === 'lazy' ? lazily() : asAsync(lazily())
        const stream = client.stream(input as string[], { window, maxFailures, order, signal: controller.signal })
        if (endAtMs !== undefined) {
          transport.clock.after(endAtMs, () => {
            if (end === 'signal') controller.abort()
            else if (end === 'abort') stream.abort()
            else stream.stop()
            if (end === 'stop, then abort') setImmediate(() => stream.abort())
          })
        }
        const outcomes: Outcome[] = []
        for await (const outcome of stream) outcomes.push(outcome)
        await client.close()

        const expected = script.input === 'array' ? items.length : outcomes.length
        expect(outcomes.map(({ index }) => index).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: expected }, (_, i) => i),
        )
        if (script.input !== 'array') {
          // What was asked for just as the run ended came to nobody; everything else that was pulled has its outcome.
          expect(pulled - outcomes.length).toBeLessThanOrEqual(
            endAtMs === undefined && maxFailures === Infinity ? 0 : 1,
          )
        }
        if (order === 'input') expect(outcomes.map(({ index }) => index)).toEqual(outcomes.map((_, i) => i))
        expect(transport.mostAtOnce).toBeLessThanOrEqual(concurrency)
        for (const outcome of outcomes) {
          expect(outcome.ok ? outcome.error : outcome.value).toBeUndefined()
          if (!outcome.ok) expect(outcome.error.code).not.toMatch(/^internal\//)
          // Unless it was turned away each time: then nothing was done for it.
          const isTurnedAway = responses.some(({ status }) => status === 429 || status === 503)
          if (outcome.error?.code === 'aborted/not_started' && !isTurnedAway) expect(outcome.attempts).toBe(0)
        }
      }),
      { numRuns: sized(300, 60) },
    )
  })

  test('returns an array of results in input order, in whatever order they finish', async () => {
    const transport = mockTransport(({ index }) => ({ json: index, latencyMs: (index * 7_919) % 101 }))
    await expect(parallelRequests(urlsOf(200), { transport })).resolves.toEqual(
      Array.from({ length: 200 }, (_, i) => i),
    )
  })

  test('returns an empty result for an empty input', async () => {
    const transport = mockTransport(() => ({}))
    await expect(parallelRequests([], { transport })).resolves.toEqual([])
    await expect(parallelRequests(countedUrls(0), { transport })).resolves.toEqual([])
    await expect(parallelRequests(asAsync<string>([]), { transport })).resolves.toEqual([])
  })
})

describe('Bad items', () => {
  const BAD = sized(100_000, 20_000)

  test.each([
    ['array', (): Iterable<string> => new Array<string>(BAD).fill('no url')],
    [
      'generator',
      function* (): Generator<string> {
        for (let i = 0; i < BAD; i++) yield 'no url'
      },
    ],
  ])('by the ten thousand in an %s do not overflow the stack.', async (_name, input) => {
    const transport = mockTransport(() => ({}))
    const outcomes = await parallelRequests(input(), { transport, ...settleAll })
    expect(outcomes).toHaveLength(BAD)
    expect(outcomes.every(({ error }) => error?.code === 'invalid_request/url')).toBe(true)
    expect(transport.requests).toHaveLength(0)
  })

  test('that throw when they are read fail alone, at any position', async () => {
    const trap = {
      get url(): string {
        throw new Error('trap')
      },
    }
    const urls = ['http://a.test/', trap, 'http://a.test/', trap, 'http://a.test/']
    for (const window of [1, 256]) {
      const outcomes = await parallelRequests(urls, {
        transport: mockTransport(() => ({ json: 1 })),
        window,
        ...settleAll,
      })
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true, false, true])
      expect(outcomes[1]?.error).toMatchObject({
        code: 'invalid_request/unreadable',
        index: 1,
        message: expect.stringContaining('trap'),
      })
    }
  })

  test('that throw when they are read also get an outcome after an abort', async () => {
    const trap = {
      get url(): string {
        throw new Error('trap')
      },
    }
    const outcomes = await parallelRequests(['http://a.test/', trap], {
      transport: mockTransport(() => ({})),
      signal: AbortSignal.abort(),
      ...settleAll,
    })
    expect(codesOf(outcomes)).toEqual(['aborted/not_started', 'aborted/not_started'])
  })
})

describe('parseFunc', () => {
  test('that throws, rejects or never settles affects only its own request', async () => {
    const parseFunc = (value: number): unknown => {
      if (value === 1) throw new Error('boom')
      if (value === 2) return Promise.reject(new Error('boom'))
      if (value === 3) return new Promise(() => undefined)
      return value
    }
    const outcomes = await parallelRequests(urlsOf(6), {
      transport: mockTransport(({ index }) => ({ json: index })),
      concurrency: 1,
      timeouts: { callback: '1s' },
      parseFunc,
      ...settleAll,
    })
    expect(codesOf(outcomes)).toEqual([
      undefined,
      'callback/parse',
      'callback/parse',
      'timeout/callback',
      undefined,
      undefined,
    ])
  })

  test('that never settles holds no slot, and ends with an abort', async () => {
    const controller = new AbortController()
    const transport = mockTransport(({ index }) => {
      if (index === 4) setImmediate(() => controller.abort())
      return { json: index }
    })
    const outcomes = await parallelRequests(urlsOf(5), {
      transport,
      concurrency: 1,
      signal: controller.signal,
      parseFunc: () => new Promise(() => undefined),
      ...settleAll,
    })
    expect(transport.requests).toHaveLength(5)
    expect(codesOf(outcomes)).toEqual(new Array(5).fill('aborted/in_flight'))
  })
})

describe('An abort', () => {
  test('before the start sends nothing, and gives every entry of an array an outcome', async () => {
    const transport = mockTransport(() => ({}))
    const outcomes = await parallelRequests(urlsOf(10), { transport, signal: AbortSignal.abort(), ...settleAll })
    expect(codesOf(outcomes)).toEqual(new Array(10).fill('aborted/not_started'))
    const lazy = countedUrls(10)
    await expect(parallelRequests(lazy, { transport, signal: AbortSignal.abort(), ...settleAll })).resolves.toEqual([])
    expect(transport.requests).toHaveLength(0)
    expect(lazy.pulled).toBe(0)
  })

  test('rejects with one AbortError that has the reason and every outcome', async () => {
    const reason = new Error('mine')
    const controller = new AbortController()
    const transport = mockTransport(({ index }) => {
      if (index === 5) setImmediate(() => controller.abort(reason))
      return index < 3 ? { json: index } : index === 3 ? { status: 404 } : { latencyMs: 1e6 }
    })
    for (const onFailure of ['throw', 'null'] as const) {
      const error: unknown = await parallelRequests(urlsOf(10), {
        transport,
        concurrency: 2,
        timeout: Infinity,
        timeouts: { headers: Infinity, connect: Infinity, idle: Infinity },
        signal: controller.signal,
        onFailure,
      }).catch((thrown: unknown) => thrown)
      expect(isAbortError(error)).toBe(true)
      expect(error).toMatchObject({ code: 'aborted/in_flight', cause: reason })
      for (const name of ['url', 'index', 'key']) expect(error).not.toHaveProperty(name)
      const { outcomes } = error as { outcomes: Outcome[] }
      expect(outcomes).toHaveLength(10)
      const counts = { ok: 0, failed: 0, inFlight: 0, notStarted: 0 }
      for (const { ok, error: found } of outcomes) {
        if (ok) counts.ok++
        else if (found?.code === 'aborted/in_flight') counts.inFlight++
        else if (found?.code === 'aborted/not_started') counts.notStarted++
        else counts.failed++
      }
      // The second time round the signal is aborted from the start.
      expect(counts).toEqual(
        onFailure === 'throw'
          ? { ok: 3, failed: 1, inFlight: 2, notStarted: 4 }
          : { ok: 0, failed: 0, inFlight: 0, notStarted: 10 },
      )
    }
  })

  test('ends requests that wait for a retry, a rate, a pause or a hook at once', async () => {
    const controller = new AbortController()
    const transport = mockTransport(({ url }) =>
      url.includes('throttled') ? { status: 429, headers: { 'retry-after': '60' } } : { status: 500 },
    )
    transport.clock.after(1_000, () => controller.abort())
    const outcomes = await parallelRequests(
      [
        'http://throttled.test/',
        'http://a.test/',
        {
          url: 'http://a.test/',
          parseFunc: () => new Promise(() => undefined),
          returnType: 'response' as const,
          maxRetries: 0,
        },
      ],
      { transport, retry: { backoff: () => '1h' }, signal: controller.signal, ...settleAll },
    )
    expect(codesOf(outcomes)).toEqual(new Array(3).fill('aborted/in_flight'))
    expect(transport.clock.now()).toBe(1_000)
  })

  test('needs one listener per batch on the signal, and removes it', async () => {
    const controller = new AbortController()
    let added = 0
    let removed = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal) as (...given: unknown[]) => void
    const remove = signal.removeEventListener.bind(signal) as (...given: unknown[]) => void
    signal.addEventListener = (...given: unknown[]) => (added++, add(...given))
    signal.removeEventListener = (...given: unknown[]) => (removed++, remove(...given))
    await parallelRequests(urlsOf(100), { transport: mockTransport(() => ({ json: 1 })), signal })
    expect([added, removed]).toEqual([1, 1])
  })

  test('by the input itself while it is pulled ends the run and sends nothing more', async () => {
    const controller = new AbortController()
    const transport = mockTransport(() => ({ json: 1 }))
    let closed = false
    const input = function* (): Generator<string> {
      try {
        yield 'http://a.test/0'
        controller.abort()
        yield 'http://a.test/1'
        yield 'http://a.test/2'
      } finally {
        closed = true
      }
    }
    const outcomes = await parallelRequests(input(), { transport, signal: controller.signal, ...settleAll })
    expect(codesOf(outcomes)).toEqual(['aborted/in_flight'])
    expect(transport.requests).toHaveLength(1)
    expect(closed).toBe(true)
  })

  test('keeps its reason if the clean-up of the input throws, or if the input fails because of the abort', async () => {
    const controller = new AbortController()
    const transport = mockTransport(() => ({ latencyMs: 1e9 }))
    const cleanUp = function* (): Generator<string> {
      try {
        for (let i = 0; ; i++) yield `http://a.test/${i}`
      } finally {
        // oxlint-disable-next-line no-unsafe-finally -- it is what is tested
        throw new Error('clean-up')
      }
    }
    const rejecting = async function* (): AsyncGenerator<string> {
      yield 'http://a.test/'
      await new Promise((_, reject) => controller.signal.addEventListener('abort', () => reject(new Error('mine'))))
    }
    const options = { transport, concurrency: 2, window: 5, timeout: Infinity, signal: controller.signal, ...settleAll }
    const runs = [parallelRequests(cleanUp(), options), parallelRequests(rejecting(), options)]
    setImmediate(() => controller.abort())
    const [first, second] = await Promise.all(runs)
    expect(codesOf(first as Outcome[]).length).toBeGreaterThan(0)
    for (const code of codesOf(first as Outcome[])) expect(code).toMatch(/^aborted\//)
    expect(codesOf(second as Outcome[])).toEqual(['aborted/in_flight'])
  })
})

describe('maxFailures', () => {
  test('stops after the n-th failure: requests in flight finish, the others are not started', async () => {
    const transport = mockTransport(({ index }) => ({
      status: index < 2 ? 404 : 200,
      json: index,
      latencyMs: 10 + index,
    }))
    const outcomes = await parallelRequests(urlsOf(10), { transport, concurrency: 4, maxFailures: 2, ...settleAll })
    // The places of the two failures may have gone to others before the second was known.
    const sent = transport.requests.length
    expect([5, 6]).toContain(sent)
    expect(codesOf(outcomes)).toEqual([
      'http/404',
      'http/404',
      ...new Array<undefined>(sent - 2).fill(undefined),
      ...new Array<string>(10 - sent).fill('aborted/not_started'),
    ])
  })

  test('stops pulling from a lazy input, and closes it', async () => {
    const urls = countedUrls(1_000_000)
    const transport = mockTransport(() => ({ status: 404 }))
    const outcomes = await parallelRequests(urls, {
      transport,
      concurrency: 2,
      window: 10,
      maxFailures: 5,
      ...settleAll,
    })
    expect(urls.pulled).toBeLessThan(30)
    expect(urls.closed).toBe(true)
    expect(outcomes).toHaveLength(urls.pulled)
  })

  test('counts invalid items as well', async () => {
    const outcomes = await parallelRequests(new Array<string>(10).fill('no url'), {
      transport: mockTransport(() => ({})),
      maxFailures: 3,
      ...settleAll,
    })
    expect(codesOf(outcomes)).toEqual([
      ...new Array<string>(3).fill('invalid_request/url'),
      ...new Array<string>(7).fill('aborted/not_started'),
    ])
  })
})

describe('An input that fails half-way', () => {
  const failing = function* (): Generator<string> {
    yield* urlsOf(3)
    throw new Error('the file ended badly')
  }

  test.each([
    ['a generator', failing],
    ['an async generator', () => asAsync(failing())],
    [
      'a broken iterator',
      (): Iterable<string> => {
        const urls = urlsOf(3)[Symbol.iterator]()
        return {
          [Symbol.iterator]: () => ({
            next: () => (urls.next().value === undefined ? (7 as never) : { done: false, value: 'http://a.test/' }),
          }),
        }
      },
    ],
  ])('(%s) has what was sent finished and reported; then its error is thrown.', async (_name, input) => {
    const transport = mockTransport(({ index }) => ({ json: index, latencyMs: 100 }))
    const client = new ParallelRequests({ transport })
    const outcomes: Outcome[] = []
    const reading = (async () => {
      for await (const outcome of client.stream(input())) outcomes.push(outcome)
    })()
    await expect(reading).rejects.toThrow(/the file ended badly|an iterator whose next\(\) returns objects/)
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true])
    await expect(client.request(input(), settleAll)).rejects.toThrow(
      /the file ended badly|an iterator whose next\(\) returns/,
    )
    await client.close()
  })
})

describe("The caller's async context", () => {
  test.each([['50/s'], [undefined]])(
    'is seen in every hook, rule and parseFunc, although sockets and limits (%s) are shared.',
    async rateLimit => {
      const storage = new AsyncLocalStorage<string>()
      const transport = mockTransport(({ attempt, index }) => ({
        status: attempt === 1 && index % 3 === 0 ? 429 : attempt < 3 ? 500 : 200,
        json: index,
        latencyMs: 5,
      }))
      const client = new ParallelRequests({
        transport,
        concurrency: 2,
        ...(rateLimit && { rateLimit }),
        retry: { budget: { reserve: Infinity } },
      })
      const seen = new Map<string, Set<string>>()
      const note = (owner: string, where: string): void => {
        const key = `${owner} ${where}`
        seen.set(key, (seen.get(key) ?? new Set()).add(storage.getStore() ?? 'nobody'))
      }
      const batch = (owner: string): Promise<unknown> =>
        storage.run(owner, () =>
          client.request(urlsOf(10), {
            ...settleAll,
            auth: () => {
              note(owner, 'auth')
              return 'x'
            },
            retry: {
              backoff: () => (note(owner, 'backoff'), 10),
              shouldRetry: () => (note(owner, 'shouldRetry'), undefined),
            },
            hooks: {
              beforeRequest: () => note(owner, 'beforeRequest'),
              afterResponse: () => note(owner, 'afterResponse'),
              beforeRetry: () => note(owner, 'beforeRetry'),
            },
            acceptStatus: status => (note(owner, 'acceptStatus'), status === 200),
            parseFunc: async value => {
              note(owner, 'parseFunc')
              await turn()
              note(owner, 'parseFunc later')
              return value
            },
          }),
        )
      await Promise.all(['ann', 'bob', 'eve'].map(batch))
      await client.close()
      expect(seen.size).toBe(3 * 9)
      for (const [key, stores] of seen) expect([...stores], key).toEqual([key.split(' ')[0]])
    },
  )
})
