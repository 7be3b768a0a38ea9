/**
 * Wrong values of every option that limits the flow of requests: refused at the call with a message that says what to
 * write; a failure of one request if a function returns a wrong value; ignored in response headers. Nothing ever hangs.
 */
import { describe, expect, test } from 'vitest'
import { ConfigError, ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { ClientOptions, Outcome } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockTransport } from '../../src/testing/index.ts'

const EPOCH_MS = Date.UTC(2026, 0, 1)
const URLS = ['http://a.test/0', 'http://a.test/1', 'http://b.test/2', 'http://b.test/3']

const codes = (outcomes: readonly Outcome[]): string[] =>
  outcomes.map(outcome => (outcome.ok ? 'ok' : outcome.error.code))

/** The ConfigError of a one-shot call, which must equal that of a constructor. Nothing may have been sent. */
async function refusal(options: Record<string, unknown>): Promise<ConfigError> {
  const transport = mockTransport(() => ({ json: {} }))
  const error = await parallelRequests(URLS, { ...options, transport } as never).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`)
  expect(() => new ParallelRequests({ ...options, transport })).toThrow(error.message)
  expect(transport.requests).toHaveLength(0)
  return error
}

describe('an invalid value of a limit option', () => {
  test.each<[Record<string, unknown>, RegExp]>([
    [{ rateLimit: 0 }, /^rateLimit: .*Leave it out for no limit\./],
    [{ rateLimit: -1 }, /^rateLimit: .*got -1/],
    [{ rateLimit: '10/fortnight' }, /^rateLimit: .*"10\/fortnight".*unit/],
    [{ rateLimit: '0/s' }, /^rateLimit: /],
    [{ rateLimit: '10/0s' }, /^rateLimit: /],
    [{ rateLimit: { limit: 5, interval: '1s', burst: 0 } }, /^rateLimit\.burst: .*from 1 to the limit \(5\).*got 0/],
    [{ rateLimit: { limit: 5, interval: '1s', burst: 6 } }, /^rateLimit\.burst: .*got 6/],
    [{ rateLimit: { limit: 5, intervall: '1s', interval: '1s' } }, /rateLimit\.intervall: .*Did you mean 'interval'\?/],
    [{ rateLimit: ['10/s', '0/m'] }, /^rateLimit\[1\]: /],
    [{ rateLimit: '10/s', rateLimitBurst: 0 }, /^rateLimitBurst: .*≥ 1/],
    [{ rateLimit: '10/s', rateLimitBurst: 11 }, /^rateLimitBurst: .*(?:10|limit)/],
    [{ rateLimitBurst: 3 }, /^rateLimitBurst: .*rateLimit/],
    [{ perHost: 3 }, /^perHost: .*got 3/],
    [{ perHost: { concurrency: 0 } }, /^perHost\.concurrency: .*≥ 1/],
    [{ perHost: { concurency: 3 } }, /^perHost\.concurency: .*Did you mean 'concurrency'\?/],
    [{ perHost: { rateLimit: '10/fortnight' } }, /^perHost\.rateLimit: /],
    [{ perHost: { rate: '10/s' } }, /^perHost\.rate: /],
    [{ hosts: [] }, /^hosts: .*limits by host/],
    [{ hosts: new Map([['a.test', { concurrency: 1 }]]) }, /^hosts: .*Object\.fromEntries/],
    [{ hosts: { 'https://a.test/': { concurrency: 1 } } }, /^hosts: .*"https:\/\/a\.test\/".*Leave out scheme/],
    [{ hosts: { 'a.*.test': { concurrency: 1 } } }, /^hosts: .*wildcard/],
    [{ hosts: { 'a.test': '10/s' } }, /^hosts\['a\.test'\]: /],
    [{ hosts: { 'a.test': { rateLimt: '10/s' } } }, /^hosts\['a\.test'\]\.rateLimt: .*Did you mean 'rateLimit'\?/],
    [{ hosts: { 'a.test': { concurrency: 'auto' } } }, /^hosts\['a\.test'\]\.concurrency: /],
    [{ budgets: '90000/m' }, /^budgets: .*\{ tokens: '90000\/m' \}/],
    [{ budgets: { tokens: 0 } }, /^budgets\.tokens: /],
    [{ budgets: { tokens: { limit: 10, interval: '1s', burst: 11 } } }, /^budgets\.tokens\.burst: /],
    [{ budgets: { tokens: '10/s', others: '10/x' } }, /^budgets\.others: /],
    [{ limitKey: 'account' }, /^limitKey: .*a function.*"account"/],
    [{ cost: -1 }, /^cost: .*≥ 0.*-1/],
    [{ cost: NaN }, /^cost: .*NaN/],
    [{ cost: '5' }, /^cost: /],
    [{ budgets: { tokens: '5/m' }, cost: { tokens: -1 } }, /^cost\.tokens: .*≥ 0/],
    [{ maxConcurrency: 50 }, /^maxConcurrency: .*'auto'/],
    [{ maxConcurrency: 50, concurrency: 10 }, /^maxConcurrency: .*'auto'/],
    [{ maxConcurrency: 0, concurrency: 'auto' }, /^maxConcurrency: .*≥ 1/],
    [{ concurrency: 'Auto' }, /^concurrency: .*'auto'/],
    [{ breaker: 'on' }, /^breaker: /],
    [{ breaker: { failures: 0 } }, /^breaker\.failures: .*≥ 1/],
    [{ breaker: { cooldown: 10 } }, /^breaker\.cooldown: .*'10s' or '10ms'/],
    [{ breaker: { fails: 3 } }, /^breaker\.fails: /],
    [{ respectServerLimits: 'true' }, /^respectServerLimits: .*without quotes/],
    [{ retry: { maxRetryAfter: -1 } }, /^retry\.maxRetryAfter: /],
  ])('is refused before anything is sent: %j', async (options, why) => {
    const { problems } = await refusal(options)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(why)
  })

  test('is reported together with all other invalid values', async () => {
    const { problems } = await refusal({
      rateLimit: 0,
      perHost: { concurrency: 0 },
      hosts: { 'a.test': { concurrency: 0 } },
      budgets: { tokens: 0 },
      breaker: { failures: 0 },
    })
    expect(problems.map(problem => problem.slice(0, problem.indexOf(':')))).toEqual([
      'rateLimit',
      'perHost.concurrency',
      "hosts['a.test'].concurrency",
      'budgets.tokens',
      'breaker.failures',
    ])
  })
})

test.each<[string, ClientOptions[keyof ClientOptions]]>([
  ['concurrency', 5],
  ['maxConcurrency', 5],
  ['rateLimit', '5/s'],
  ['rateLimitBurst', 2],
  ['perHost', { concurrency: 1 }],
  ['hosts', { 'a.test': { concurrency: 1 } }],
  ['limitKey', () => 'x'],
  ['budgets', { tokens: '5/m' }],
  ['respectServerLimits', false],
  ['breaker', true],
])("%s in a client's call is a ConfigError that says to move it to the constructor", async (name, value) => {
  const client = new ParallelRequests({ transport: mockTransport(() => ({ json: {} })) })
  for (const call of [
    () => client.request(URLS, { [name]: value } as never),
    async () => client.stream(URLS, { [name]: value }),
  ]) {
    const error = await call().then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).problems).toEqual([expect.stringMatching(new RegExp(`^${name}: .*constructor`))])
  }
  await client.close()
})

describe('a function of the caller that returns a wrong value', () => {
  async function settle(options: Record<string, unknown>): Promise<{ outcomes: Outcome[]; transport: MockTransport }> {
    const transport = mockTransport(() => ({ json: {} }))
    const outcomes = await parallelRequests(URLS, { transport, onFailure: 'settle', ...options })
    return { outcomes, transport }
  }

  /** Returns the wrong value for the second URL, and the right one for the others. */
  const only =
    <T>(wrong: () => unknown, right: T) =>
    ({ url }: { url: string }): T =>
      url.endsWith('/1') ? (wrong() as T) : right

  const fails = (): never => {
    throw new Error('boom')
  }

  test.each<[string, () => unknown, RegExp]>([
    ['throws', fails, /limitKey threw: boom/],
    ['answers with a number', () => 7, /limitKey: .*string.*got 7/],
    ['answers with null', () => null, /limitKey: .*got null/],
    ['answers with an object', () => ({}), /limitKey: .*got an object/],
    ['answers with a promise', () => Promise.resolve('x'), /limitKey: .*Promise/],
    ['answers with a promise that fails', () => Promise.reject(new Error('late')), /limitKey: .*Promise/],
  ])('fails only its own request when limitKey %s', async (_name, wrong, why) => {
    const { outcomes, transport } = await settle({ limitKey: only(wrong, 'key') })
    expect(codes(outcomes)).toEqual(['ok', 'callback/limit_key', 'ok', 'ok'])
    expect(outcomes[1]?.error?.message).toMatch(why)
    expect(transport.requests).toHaveLength(3)
  })

  test.each(['', ' ', 'https://b.test', '__proto__', 'x'.repeat(10_000), '\n'])(
    'is accepted when limitKey returns any text: %j is a key like any other',
    async key => {
      const transport = mockTransport(() => ({ json: {}, latencyMs: 100 }))
      const urls = Array.from({ length: 6 }, (_, n) => `http://h${n}.test/`)
      const options = { transport, perHost: { concurrency: 2 }, limitKey: () => key }
      expect(codes(await parallelRequests(urls, { ...options, onFailure: 'settle' }))).toEqual(urls.map(() => 'ok'))
      expect(transport.mostAtOnce).toBe(2)
    },
  )

  test.each<[string, () => unknown, string, RegExp]>([
    ['throws', fails, 'callback/cost', /cost threw: boom/],
    ['answers with a promise', () => Promise.resolve(1), 'callback/cost', /cost: .*promise/],
    ['answers with a promise that fails', () => Promise.reject(new Error('late')), 'callback/cost', /promise/],
    ['answers with NaN', () => NaN, 'invalid_request/cost', /cost: .*NaN/],
    ['answers with a negative', () => -1, 'invalid_request/cost', /cost: .*-1/],
    ['answers with Infinity', () => Infinity, 'invalid_request/cost', /cost: .*Infinity/],
    ['answers with nothing', () => undefined, 'invalid_request/cost', /cost: .*undefined/],
    ['answers with a text', () => '5', 'invalid_request/cost', /cost: .*string/],
    ['answers with more than the burst', () => 1e9, 'invalid_request/cost', /burst of tokens/],
    ['answers with a name that is none', () => ({ token: 1 }), 'invalid_request/cost', /Did you mean 'tokens'/],
  ])('fails only its own request when cost %s', async (_name, wrong, code, why) => {
    const { outcomes, transport } = await settle({ budgets: { tokens: '100/m' }, cost: only(wrong, 1) })
    expect(codes(outcomes)).toEqual(['ok', code, 'ok', 'ok'])
    expect(outcomes[1]?.error?.message).toMatch(why)
    expect(transport.requests).toHaveLength(3)
  })

  test.each(['limitKey', 'cost'])('fails every request, without hanging, when %s always throws', async name => {
    const { outcomes, transport } = await settle({ budgets: { tokens: '100/m' }, [name]: fails })
    expect(new Set(codes(outcomes))).toEqual(new Set([name === 'cost' ? 'callback/cost' : 'callback/limit_key']))
    expect(transport.requests).toHaveLength(0)
  })
})

describe('a Retry-After', () => {
  /** The server throttles each request five times, then answers. */
  async function throttledBy(retryAfter: string): Promise<{ outcomes: Outcome[]; transport: MockTransport }> {
    const transport = mockTransport(({ attempt }) =>
      attempt <= 5 ? { status: 429, headers: { 'retry-after': retryAfter } } : { json: {} },
    )
    const options: ClientOptions = { transport, concurrency: 1, maxRetries: 0 }
    const outcomes = await parallelRequests(['http://a.test/0', 'http://a.test/1'], { ...options, onFailure: 'settle' })
    return { outcomes, transport }
  }

  test.each(['-5', '0x2', '1e1', '10 kB', '', 'soon', '1e400', 'NaN', '-0', '١٠', '5 seconds', 'null'])(
    'without a meaning is ignored, and back-off is used instead: %j',
    async retryAfter => {
      const { outcomes, transport } = await throttledBy(retryAfter)
      expect(codes(outcomes)).toEqual(['ok', 'ok'])
      expect(transport.requests).toHaveLength(12)
      // Back-off is at most 0.5, 1, 2, 4 and 8 s, for each of the two requests.
      expect(transport.clock.now()).toBeLessThanOrEqual(2 * 15_500)
      // Full jitter waits, so the loop is not hot.
      expect(transport.clock.now()).toBeGreaterThan(0)
    },
  )

  test.each([
    ['Thu, 01 Jan 2099 00:00:00 GMT', Date.UTC(2099, 0, 1)],
    ['Thursday, 01-Jan-70 00:00:00 GMT', Date.UTC(2070, 0, 1)],
    ['Fri Jan  1 00:00:00 2099', Date.UTC(2099, 0, 1)],
    ['86400', EPOCH_MS + 86_400_000],
    ['99999999999999999999', EPOCH_MS + 1e15],
    ['9'.repeat(64), EPOCH_MS + 1e15],
  ])('that is too far in the future fails the request at once with retryAt: %s', async (retryAfter, atMs) => {
    const { outcomes, transport } = await throttledBy(retryAfter)
    expect(codes(outcomes)).toEqual(['http/429', 'paused/retry_after'])
    expect(transport.requests).toHaveLength(1)
    expect(transport.clock.now()).toBe(0)
    for (const { error } of outcomes) {
      expect(error?.retryAt).toBeGreaterThanOrEqual(atMs)
      expect(error?.retryAt).toBeLessThanOrEqual(atMs + 1_000)
    }
  })

  test.each(['0', '00', 'Thu, 01 Jan 1970 00:00:00 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT'])(
    'in the past lets the next attempt go after a jitter and not in a hot loop: %s',
    async retryAfter => {
      const { outcomes, transport } = await throttledBy(retryAfter)
      expect(codes(outcomes)).toEqual(['ok', 'ok'])
      expect(transport.clock.now()).toBeGreaterThan(0)
      expect(transport.clock.now()).toBeLessThanOrEqual(10 * 1_000)
    },
  )

  test('without end is given up after maxRetryAfter in total', async () => {
    const transport = mockTransport(() => ({ status: 429, headers: { 'retry-after': 'soon' } }))
    const options = { transport, maxRetries: 0, retry: { maxRetryAfter: '1m' } } as const
    const outcomes = await parallelRequests(['http://a.test/0', 'http://a.test/1'], { ...options, onFailure: 'settle' })
    for (const code of codes(outcomes)) expect(['http/429', 'paused/retry_after']).toContain(code)
    expect(transport.clock.now()).toBeLessThanOrEqual(2 * 61_000)
  })
})
