/**
 * Budgets and costs through the whole client: whatever requests cost, are retried, or turn out to have cost, in any
 * interval the costs that reach the transport add up to at most each limit.
 */
import { describe, expect, onTestFinished, test } from 'vitest'
import { ConfigError, ParallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { ClientOptions, Outcome, RequestSpec } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockRequest } from '../../src/testing/index.ts'
import { fc, randomFrom } from '../support/property.ts'
import { threadServer } from '../support/thread-server.ts'

const HOST = 'http://a.test'
const urlsOf = (count: number): string[] => Array.from({ length: count }, (_, n) => `${HOST}/${n}`)
const codes = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map(outcome => (outcome.ok ? 'ok' : outcome.error.code))
const startsOf = ({ requests }: { readonly requests: readonly MockRequest[] }): number[] =>
  requests.map(({ atMs }) => atMs)

async function send(options: ClientOptions, input: readonly (string | RequestSpec)[]): Promise<Outcome[]> {
  const client = new ParallelRequests({ maxRetries: 0, concurrency: 1_000, ...options })
  try {
    return await client.request(input, { onFailure: 'settle' })
  } finally {
    await client.close()
  }
}

interface Spent {
  readonly atMs: number
  readonly weight: number
}

interface Budget {
  readonly limit: number
  readonly intervalMs: number
}

/** A sentence on the first interval in which more was spent, or undefined. Tolerates the rounding of fractions. */
function overspent(spent: readonly Spent[], { limit, intervalMs }: Budget): string | undefined {
  for (let from = 0; from < spent.length; from++) {
    const sinceMs = (spent[from] as Spent).atMs
    let sum = 0
    for (let to = from; to < spent.length && (spent[to] as Spent).atMs - sinceMs < intervalMs - 1e-6; to++) {
      sum += (spent[to] as Spent).weight
    }
    if (sum > limit * (1 + 1e-9)) return `${sum} of ${limit} in the ${intervalMs} ms from ${sinceMs} on`
  }
  return undefined
}

describe('a cost', () => {
  const budgets = { tokens: { limit: 100, interval: '1s' } } as const
  /** With a cost of 40 and a limit of 100 per second, two requests start at a time. */
  const TWO_AT_ONCE = [0, 0, 1_000, 1_000, 2_000, 2_000]

  test.each<[string, ClientOptions, (url: string) => string | RequestSpec]>([
    ['a number in the options', { cost: 40 }, url => url],
    ['a record in the options', { cost: { tokens: 40 } }, url => url],
    ['a function in the options', { cost: () => 40 }, url => url],
    ['a function that answers with a record', { cost: () => ({ tokens: 40 }) }, url => url],
    ['a number in the spec', {}, url => ({ url, cost: 40 })],
    ['a record in the spec', {}, url => ({ url, cost: { tokens: 40 } })],
    ['a function in the spec', {}, url => ({ url, cost: () => 40 })],
    ['the spec and not the options', { cost: 100 }, url => ({ url, cost: 40 })],
    ['a spec of a batch whose options differ', { cost: () => 1 }, url => ({ url, cost: { tokens: 40 } })],
  ])('may be %s', async (_name, options, specOf) => {
    const transport = mockTransport(() => ({ json: {} }))
    expect(codes(await send({ transport, budgets, ...options }, urlsOf(6).map(specOf)))).toEqual(
      urlsOf(6).map(() => 'ok'),
    )
    expect(startsOf(transport).map(Math.round)).toEqual(TWO_AT_ONCE)
  })

  test('may be given in a call, and overrides that of the client', async () => {
    const transport = mockTransport(() => ({ json: {} }))
    const client = new ParallelRequests({ transport, budgets, cost: 1 })
    await client.request(urlsOf(6), { cost: 40 })
    await client.close()
    expect(startsOf(transport).map(Math.round)).toEqual(TWO_AT_ONCE)
  })

  test('is 1 of each budget by default, and takes nothing from a budget that is not named', async () => {
    const transport = mockTransport(() => ({ json: {} }))
    const two = { tokens: { limit: 2, interval: '1s' }, others: { limit: 3, interval: '1s' } } as const
    await send({ transport, budgets: two }, urlsOf(4))
    expect(startsOf(transport).map(Math.round)).toEqual([0, 0, 1_000, 1_000])
    const second = mockTransport(() => ({ json: {} }))
    await send({ transport: second, budgets: two, cost: { others: 1 } }, urlsOf(4))
    expect(startsOf(second).map(Math.round)).toEqual([0, 0, 0, 1_000])
  })

  test('function is called once per request, not per retry, with the request as it is sent', async () => {
    const asked: unknown[] = []
    const transport = mockTransport(({ attempt }) => ({ status: attempt < 3 ? 500 : 200, json: {} }))
    const cost = (request: unknown): number => {
      asked.push(request)
      return 1
    }
    const input = [
      `${HOST}/a`,
      `${HOST}/a2`,
      { url: `${HOST}/b?x=1`, method: 'PUT', json: { n: 1 }, meta: { id: 7 } },
      { url: `${HOST}/c`, form: { a: 'b' }, idempotencyKey: 'k' },
    ]
    const options: ClientOptions = { transport, budgets, cost, maxRetries: 3, retry: { backoff: () => 1 } }
    expect(codes(await send(options, input))).toEqual(['ok', 'ok', 'ok', 'ok'])
    expect(transport.requests).toHaveLength(12)
    expect(asked).toHaveLength(4)
    expect(asked).toEqual(
      expect.arrayContaining([
        { method: 'GET', url: `${HOST}/a`, body: undefined, meta: undefined },
        { method: 'GET', url: `${HOST}/a2`, body: undefined, meta: undefined },
        { method: 'PUT', url: `${HOST}/b?x=1`, body: '{"n":1}', meta: { id: 7 } },
        { method: 'POST', url: `${HOST}/c`, body: 'a=b', meta: undefined },
      ]),
    )
  })

  test('of 0 passes a budget that is used up', async () => {
    const transport = mockTransport(() => ({ json: {} }))
    const hourly = { tokens: '100/h' }
    const specs = urlsOf(6).map((url, n) => ({ url, cost: n === 0 ? 100 : n < 4 ? 0 : { tokens: 0 } }))
    expect(codes(await send({ transport, budgets: hourly }, specs))).toEqual(urlsOf(6).map(() => 'ok'))
    expect(startsOf(transport)).toEqual([0, 0, 0, 0, 0, 0])
  })

  test('is charged for each attempt and each redirect hop', async () => {
    const transport = mockTransport(({ url, attempt }) => {
      if (url.endsWith('/hop')) return { json: {} }
      return attempt < 3 ? { status: 500 } : { status: 302, headers: { location: '/hop' } }
    })
    const options: ClientOptions = { transport, budgets, cost: 50, maxRetries: 3, retry: { backoff: () => 1 } }
    expect(codes(await send(options, urlsOf(1)))).toEqual(['ok'])
    expect(startsOf(transport).map(at => Math.floor(at / 1_000))).toEqual([0, 0, 1, 1])
  })

  test('without budgets is taken from rateLimit, at least 1 per start', async () => {
    const transport = mockTransport(() => ({ json: {} }))
    const options: ClientOptions = { transport, rateLimit: { limit: 10, interval: '1m', burst: 10 } }
    const specs = urlsOf(4).map((url, n) => ({ url, cost: [5, 4.2, 0, 5][n] as number }))
    await send(options, specs)
    // 5 + 5 use up the limit, so not even a request with a cost of 0 starts.
    expect(startsOf(transport).map(at => Math.floor(at / 60_000))).toEqual([0, 0, 1, 1])
  })

  test('named rateLimit is the same as a number', async () => {
    const transport = mockTransport(() => ({ json: {} }))
    const options: ClientOptions = { transport, rateLimit: { limit: 10, interval: '1m', burst: 10 } }
    const outcomes = await send(
      options,
      urlsOf(4).map(url => ({ url, cost: { rateLimit: 5 } })),
    )
    expect(codes(outcomes)).toEqual(urlsOf(4).map(() => 'ok'))
    expect(startsOf(transport).map(at => Math.floor(at / 60_000))).toEqual([0, 0, 1, 1])
  })

  test.each([
    ['above the burst', { budgets: { tokens: '100/m' } }, 101, /at most the burst of tokens \(100\), got 101/],
    ['above the burst of the strictest rate', { budgets: { tokens: ['100/m', '30/s'] } }, 31, /tokens \(30\)/],
    [
      'above a burst that was given',
      { budgets: { tokens: { limit: 9, interval: '1s', burst: 3 } } },
      4,
      /tokens \(3\)/,
    ],
    ['above the burst by name', { budgets: { tokens: '5/m', other: '9/m' } }, { other: 10 }, /other \(9\)/],
    ['above the burst of rateLimit', { rateLimit: '10/m' }, 11, /rateLimit \(10\)/],
    ['of an unknown budget', { budgets: { tokens: '5/m' } }, { token: 1 }, /Did you mean 'tokens'\?/],
    ['of a budget where there are none', {}, { tokens: 1 }, /budgets: \{ tokens: '1000\/m' \}/],
    ['below 0', { budgets: { tokens: '5/m' } }, -1, /≥ 0/],
    ['that is no number', { budgets: { tokens: '5/m' } }, NaN, /≥ 0/],
    ['that is a text', { budgets: { tokens: '5/m' } }, '5' as never, /≥ 0/],
  ] as const)(
    '%s fails with invalid_request/cost, is not sent and does not affect the others',
    async (_name, options, cost, why) => {
      const transport = mockTransport(() => ({ json: {} }))
      const specs = urlsOf(7).map((url, n) => (n === 3 ? { url, cost } : { url, cost: 0 }))
      const outcomes = await send({ transport, ...options }, specs)
      const { error } = outcomes[3] as Outcome
      expect(error?.code).toBe('invalid_request/cost')
      expect(error?.message).toMatch(why)
      expect(codes(outcomes).filter(code => code === 'ok')).toHaveLength(6)
      expect(transport.requests).toHaveLength(6)
    },
  )
})

/** One to three budgets, which a batch of some dozens keeps busy for some intervals. */
const someBudgets = fc.array(
  fc.record({ limit: fc.integer({ min: 20, max: 200 }), intervalMs: fc.integer({ min: 200, max: 5_000 }) }),
  { minLength: 1, maxLength: 3 },
)

const NAMES = ['a', 'b', 'c'] as const

describe('in any interval', () => {
  test('the costs of the sent requests, retries included, add up to at most each limit', async () => {
    let repeats = 0
    const property = fc.asyncProperty(
      someBudgets,
      fc.integer({ min: 1, max: 40 }),
      fc.nat(),
      async (given, concurrency, start) => {
        const chance = randomFrom(start)
        const budgets = Object.fromEntries(
          given.map(({ limit, intervalMs }, n) => [NAMES[n] as string, { limit, interval: intervalMs }]),
        )
        const specs = urlsOf(50).map(url => {
          const heavy = chance() < 0.1 ? 1 : 0.2
          const cost = Object.fromEntries(given.map(({ limit }, n) => [NAMES[n] as string, limit * heavy * chance()]))
          return { url, cost }
        })
        const transport = mockTransport(() => ({
          status: chance() < 0.3 ? 500 : 200,
          json: {},
          latencyMs: 50 * chance(),
        }))
        const retry = { backoff: () => 20, budget: { reserve: Infinity } }
        await send({ transport, budgets, concurrency, maxRetries: 3, retry }, specs)
        repeats += transport.requests.length - 50
        for (const [n, budget] of given.entries()) {
          const name = NAMES[n] as string
          const spent = transport.requests.map(({ atMs, index }) => ({ atMs, weight: specs[index]?.cost[name] ?? NaN }))
          expect(overspent(spent, budget)).toBeUndefined()
        }
      },
    )
    await fc.assert(property, { numRuns: 60 })
    expect(repeats).toBeGreaterThan(100)
  })

  test('this also holds if the true costs are known only after the response, and then less time is lost', async () => {
    let [toldMs, untoldMs] = [0, 0]
    const property = fc.asyncProperty(fc.integer({ min: 50, max: 200 }), fc.nat(), async (limit, start) => {
      const run = async (tells: boolean): Promise<number> => {
        const chance = randomFrom(start)
        const truth = urlsOf(60).map(() => Math.ceil(chance() * 20))
        const spent: { atMs: number; weight: number }[] = []
        const transport = mockTransport(({ index, atMs }) => {
          spent.push({ atMs, weight: truth[index] as number })
          return { json: {}, latencyMs: 100 * chance() }
        })
        const afterResponse = (_response: unknown, context: { index: number; setCost(cost: number): void }): void => {
          if (tells) context.setCost(truth[context.index] as number)
        }
        const budgets = { tokens: { limit, interval: '1s' } }
        await send({ transport, budgets, cost: 20, hooks: { afterResponse } }, urlsOf(60))
        // The true cost is never above the announced one, so what was booked was never too little.
        expect(overspent(spent, { limit, intervalMs: 1_000 })).toBeUndefined()
        return spent.at(-1)?.atMs ?? 0
      }
      toldMs += await run(true)
      untoldMs += await run(false)
    })
    await fc.assert(property, { numRuns: 30 })
    expect(toldMs).toBeLessThan(0.75 * untoldMs)
  })
})

describe('the true cost of a request', () => {
  const budgets = { tokens: { limit: 100, interval: '10s' } } as const

  test.each<[string, (weight: number | { tokens: number }) => ClientOptions]>([
    ['hooks.afterResponse', weight => ({ hooks: { afterResponse: (_response, context) => context.setCost(weight) } })],
    [
      'retry.shouldRetry',
      weight => ({
        retry: {
          shouldRetry: context => {
            context.setCost(weight)
            return undefined
          },
        },
      }),
    ],
  ])(
    'is refunded at once when %s says that it was less, and delays the next request when it was more',
    async (_name, told) => {
      const starts = async (options: ClientOptions): Promise<number[]> => {
        const transport = mockTransport(() => ({ json: {}, latencyMs: 100 }))
        expect(codes(await send({ transport, budgets, cost: 50, ...options }, urlsOf(4)))).toEqual([
          'ok',
          'ok',
          'ok',
          'ok',
        ])
        return startsOf(transport).map(at => Math.round(at / 100) * 100)
      }
      expect(await starts({})).toEqual([0, 0, 10_000, 10_000])
      // 20 of 100 are known to be used: one more request starts, and the next one when that one has reported its cost.
      expect(await starts(told(10))).toEqual([0, 0, 100, 200])
      expect(await starts(told({ tokens: 10 }))).toEqual([0, 0, 100, 200])
      expect(await starts(told(0))).toEqual([0, 0, 100, 100])
      // 200 in a window of 100: nothing of the second round starts before the bucket has paid for both.
      const late = await starts(told(100))
      expect(late.slice(0, 2)).toEqual([0, 0])
      expect(late[2]).toBeGreaterThanOrEqual(15_000)
    },
  )

  test('corrects the attempt that it was reported for, and no other', async () => {
    const transport = mockTransport(({ attempt }) => ({ status: attempt === 1 ? 500 : 200, json: {}, latencyMs: 10 }))
    const options: ClientOptions = {
      transport,
      budgets,
      cost: 50,
      maxRetries: 1,
      retry: { backoff: () => 10 },
      hooks: { afterResponse: (response, context) => context.setCost(response.status === 500 ? 0 : 50) },
    }
    expect(codes(await send(options, urlsOf(2)))).toEqual(['ok', 'ok'])
    // The failed attempts were free, so both retries fit.
    expect(startsOf(transport).every(at => at < 100)).toBe(true)
  })

  test.each([-1, NaN, Infinity, 'x', null, { token: 1 }, { tokens: -1 }])(
    'of %j from a hook fails the request',
    async cost => {
      const transport = mockTransport(() => ({ json: {} }))
      const hooks = {
        afterResponse: (_response: unknown, context: { setCost: (cost: never) => void }) =>
          context.setCost(cost as never),
      }
      expect(codes(await send({ transport, budgets, hooks }, urlsOf(2)))).toEqual(['callback/hook', 'callback/hook'])
    },
  )
})

describe('a sync call', () => {
  test("applies budgets, cost functions, limitKey and setCost, and calls the functions on the caller's thread", async () => {
    const server = await threadServer()
    onTestFinished(() => server.close())
    const asked: string[] = []
    const keys: string[] = []
    const specs = [0, 1, 2, 3, 4, 5].map(n => ({ url: `${server.url}/echo?n=${n}`, meta: { n } }))
    const run = (told: number): number => {
      asked.length = keys.length = 0
      const sinceMs = performance.now()
      const outcomes = parallelRequestsSync(specs, {
        budgets: { tokens: { limit: 100, interval: '1s' } },
        cost: ({ url, meta }) => {
          asked.push(`${new URL(url).search} ${JSON.stringify(meta)}`)
          return { tokens: 50 }
        },
        limitKey: ({ meta }) => {
          const key = `tenant ${(meta as { n: number }).n % 2}`
          keys.push(key)
          return key
        },
        hooks: { afterResponse: (_response, context) => context.setCost({ tokens: told }) },
        onFailure: 'settle',
      })
      const tookMs = performance.now() - sinceMs
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true, true, true, true])
      return tookMs
    }
    // Six times 50 of 100 per second: the last two wait two seconds.
    expect(run(50)).toBeGreaterThanOrEqual(1_990)
    expect(asked.toSorted()).toEqual(specs.map(({ meta: { n } }) => `?n=${n} {"n":${n}}`))
    expect(new Set(keys)).toEqual(new Set(['tenant 0', 'tenant 1']))
    // The hooks report that they were cheap, so no request waits.
    expect(run(5)).toBeLessThan(1_000)
  })

  test('refuses the same costs as an async call, with the same code', async () => {
    const server = await threadServer()
    onTestFinished(() => server.close())
    const budgets = { tokens: '100/m' }
    const [wrong, right] = parallelRequestsSync(
      [
        { url: `${server.url}/a`, cost: 101 },
        { url: `${server.url}/b`, cost: 100 },
      ],
      { budgets, onFailure: 'settle' },
    )
    expect(wrong?.error?.code).toBe('invalid_request/cost')
    expect(right?.ok).toBe(true)
    expect(() => parallelRequestsSync([`${server.url}/a`], { budgets: { tokens: 0 } })).toThrow(ConfigError)
  })
})
