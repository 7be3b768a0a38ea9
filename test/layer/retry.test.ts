/**
 * How often a request is sent, and what its caller gets in the end. The layer alone where the transport must fake its
 * sockets; the whole stack over the mock transport for hooks and limits together.
 */
import { describe, expect, test, vi } from 'vitest'
import { ParallelRequests, isRequestError, parallelRequests } from '../../src/index.ts'
import type { Outcome } from '../../src/index.ts'
import type { Attempt } from '../../src/core/attempt.ts'
import type { FaultCode, Result } from '../../src/core/result.ts'
import { fault } from '../../src/core/result.ts'
import { retry } from '../../src/layer/retry.ts'
import type { RetryParts } from '../../src/layer/retry.ts'
import { retryBudget } from '../../src/policy/budget.ts'
import { mockTransport, virtualClock } from '../../src/testing/index.ts'
import type { MockHandler, MockResponse } from '../../src/testing/index.ts'
import { makeCall, makeFault, makeReply } from '../support/calls.ts'
import type { CallParts } from '../support/calls.ts'
import { promised, sending } from '../support/sends.ts'
import { fc } from '../support/property.ts'

const URL_A = 'http://a.test/'
const quick = { backoff: () => 0 }

/** The layer alone, on a transport that gives these answers in turn, and the last one from then on. */
function alone(results: readonly ((attempt: Attempt) => Result)[], parts: CallParts = {}) {
  const clock = virtualClock()
  const call = makeCall(parts)
  const attempts: Attempt[] = []
  const none = {
    afterAttempt: async () => undefined,
    ofResponse: async () => undefined,
    ofRetry: async () => 'done' as const,
    beforeRetry: async () => undefined,
  }
  const layer = retry({
    budgetOf: () => retryBudget({ reserve: Infinity, ratio: 0 }),
    clock,
    random: () => 0,
    opinions: none,
  })
  const wire = sending((attempt: Attempt) => {
    attempts.push(attempt)
    attempt.trip.retry.attempts++
    return Promise.resolve((results[attempts.length - 1] ?? results.at(-1))?.(attempt) as Result)
  })
  const send = promised(layer(wire))
  return { clock, call, attempts, result: send(call) }
}

const stale = (sent: boolean) => (attempt: Attempt) => {
  attempt.reused = true
  return makeFault('reset/before_headers', sent)
}
const fresh = (): Result => makeFault('reset/before_headers', true)
const good = (): Result => makeReply(200)

async function one(handler: MockHandler, options: object = {}, spec: object = {}) {
  const transport = mockTransport(handler)
  const outcome = (await parallelRequests(
    { url: URL_A, ...spec },
    {
      onFailure: 'settle',
      retry: quick,
      transport,
      ...options,
    },
  )) as Outcome
  return { outcome, transport, sent: transport.requests.length }
}

describe('a request', () => {
  test.each([0, 1, 3, 10])('with maxRetries %d is sent once, and at most that many times more', async maxRetries => {
    const { outcome, sent } = await one(() => ({ status: 500 }), { maxRetries })
    expect(sent).toBe(1 + maxRetries)
    expect(outcome).toMatchObject({ attempts: 1 + maxRetries, error: { code: 'http/500' } })
  })

  test('is never sent more than 1 + maxRetries times plus its throttled answers, whatever comes back', async () => {
    const response: fc.Arbitrary<MockResponse> = fc.oneof(
      fc.constantFrom(200, 404, 408, 425, 429, 500, 503).map(status => ({ status })),
      fc.constant({ status: 503, headers: { 'retry-after': '1' } }),
      fc
        .constantFrom('connect/refused', 'reset/before_headers', 'timeout/headers', 'dns/temporary', 'tls/untrusted')
        .map(code => ({ fault: code as `connect/${string}` })),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(response, { minLength: 1, maxLength: 12 }),
        fc.nat(4),
        fc.boolean(),
        async (script, maxRetries, post) => {
          const { sent, outcome } = await one(
            ({ attempt }) => script[attempt - 1] ?? { status: 500 },
            { maxRetries },
            post ? { method: 'POST', body: 'x' } : {},
          )
          const isThrottled = (answer: MockResponse | undefined): boolean =>
            answer?.status === 429 || answer?.headers !== undefined
          const throttled = script.slice(0, sent).filter(isThrottled).length
          expect(sent).toBeLessThanOrEqual(1 + maxRetries + throttled)
          expect(outcome.attempts).toBe(sent)
          if (!post) return
          // A POST is sent again only after a refusal, or if nothing was sent.
          for (const answer of script.slice(0, sent - 1)) {
            const unsent = answer.fault?.startsWith('connect/') === true || answer.fault?.startsWith('dns/') === true
            expect(isThrottled(answer) || answer.status === 425 || unsent).toBe(true)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  test('shares its retries with its redirect hops', async () => {
    const { outcome, sent } = await one(
      ({ url, attempt }) => {
        if (url === URL_A) return attempt <= 2 ? { status: 500 } : { status: 302, headers: { location: '/b' } }
        return { status: 500 }
      },
      { maxRetries: 3 },
    )
    // Two failures before the hop, two after it; three retries in all.
    expect(outcome).toMatchObject({ error: { code: 'http/500' }, response: { redirects: 1 } })
    expect(sent).toBe(3 + 2)
  })

  test('waits between attempts with full jitter under a ceiling that doubles', async () => {
    const random = vi.spyOn(Math, 'random')
    try {
      for (const [chance, gapsMs] of [
        [0, [0, 0, 0, 0]],
        [0.5, [250, 500, 1_000, 2_000]],
        [0.999, [499.5, 999, 1_998, 3_996]],
      ] as const) {
        random.mockReturnValue(chance)
        const { outcome, transport } = await one(() => ({ status: 500 }), { maxRetries: 4, retry: {} })
        const atMs = transport.requests.map(request => request.atMs)
        for (const [i, gapMs] of gapsMs.entries())
          expect((atMs[i + 1] as number) - (atMs[i] as number)).toBeCloseTo(gapMs)
        expect(outcome.timings.backoff ?? 0).toBeCloseTo((atMs.at(-1) as number) - (atMs[0] as number))
      }
    } finally {
      random.mockRestore()
    }
  })

  test('holds no slot while it backs off', async () => {
    const transport = mockTransport(({ index, attempt }) => (index === 0 && attempt === 1 ? { status: 500 } : {}))
    const urls = Array.from({ length: 5 }, (_, i) => `${URL_A}${i}`)
    await parallelRequests(urls, { transport, concurrency: 1, retry: { backoff: () => '1h' }, method: 'DELETE' })
    expect(transport.requests.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 0])
    expect(transport.requests.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 0, 0, 3_600_000])
  })
})

describe('a stale socket', () => {
  test('gives one free retry at once, even with maxRetries 0', async () => {
    const { result, attempts, clock } = alone([stale(true), good], { plan: { maxRetries: 0 } })
    await expect(result).resolves.toMatchObject({ status: 200 })
    expect(attempts).toHaveLength(2)
    expect(clock.now()).toBe(0)
  })

  test('gives it once; later failures count like any other', async () => {
    const { result, attempts } = alone([stale(true)], { plan: { maxRetries: 0 } })
    await expect(result).resolves.toMatchObject({ code: 'reset/before_headers' })
    expect(attempts).toHaveLength(2)
  })

  test('affects neither the retry budget nor the remaining retries', async () => {
    const { result, call } = alone([stale(true), good])
    await result
    expect(call.trip.retry.retriesLeft).toBe(3)
  })

  test('that was fresh is a failure', async () => {
    const { result, attempts } = alone([fresh, good], { plan: { maxRetries: 0 } })
    await expect(result).resolves.toMatchObject({ code: 'reset/before_headers' })
    expect(attempts).toHaveLength(1)
  })

  test('leaves a POST in doubt once a byte of it was written, and retries it otherwise', async () => {
    const written = alone([stale(true), good], { method: 'POST' })
    await expect(written.result).resolves.toMatchObject({ code: 'in_doubt/reset' })
    expect(written.attempts).toHaveLength(1)
    const unwritten = alone([stale(false), good], { method: 'POST', plan: { maxRetries: 0 } })
    await expect(unwritten.result).resolves.toMatchObject({ status: 200 })
  })
})

describe('a throttled request', () => {
  test('uses no retry, and is sent again when the host allows it', async () => {
    const { outcome, transport } = await one(
      ({ attempt }) => (attempt < 5 ? { status: 429, headers: { 'retry-after': '2' } } : { json: 'ok' }),
      { maxRetries: 0 },
    )
    expect(outcome).toMatchObject({ ok: true, value: 'ok', attempts: 5 })
    for (let i = 1; i < 5; i++) {
      const gapMs = (transport.requests[i]?.atMs as number) - (transport.requests[i - 1]?.atMs as number)
      expect(gapMs).toBeGreaterThanOrEqual(2_000)
      expect(gapMs).toBeLessThanOrEqual(3_000)
    }
    expect(outcome.timings.limiter).toBeGreaterThanOrEqual(8_000)
  })

  test.each(['GET', 'POST'])(
    '(%s) with maxRetryAfter 0 is not retried, and its error says when it could be',
    async method => {
      const { outcome, sent, transport } = await one(
        () => ({ status: 429, headers: { 'retry-after': '7' } }),
        { retry: { maxRetryAfter: 0 }, maxRetries: 5 },
        { method },
      )
      expect(sent).toBe(1)
      expect(outcome.error?.code).toBe('http/429')
      const waitMs = (outcome.error?.retryAt as number) - transport.clock.epochMs()
      expect(waitMs).toBeGreaterThanOrEqual(7_000)
      expect(waitMs).toBeLessThanOrEqual(8_000)
    },
  )

  test('with maxRetryAfter 0 is not retried even if the host asks for no wait at all', async () => {
    const { sent, outcome } = await one(() => ({ status: 429, headers: { 'retry-after': '0' } }), {
      retry: { maxRetryAfter: 0 },
    })
    expect([sent, outcome.error?.code]).toEqual([1, 'http/429'])
  })

  test('is not sent early when the wait is longer than maxRetryAfter', async () => {
    for (const value of ['121', '100000000000', '9'.repeat(30), 'Fri, 31 Dec 2099 23:59:59 GMT']) {
      const { outcome, sent, transport } = await one(() => ({ status: 429, headers: { 'retry-after': value } }), {
        retry: { maxRetryAfter: '119s' },
      })
      expect([sent, outcome.error?.code, transport.clock.now()]).toEqual([1, 'http/429', 0])
      expect(outcome.error?.retryAt).toBeGreaterThan(transport.clock.epochMs() + 120_000)
      expect(Number.isNaN(new Date(outcome.error?.retryAt as number).getTime())).toBe(false)
    }
  })

  test('ends once it has been throttled for longer than maxRetryAfter in total', async () => {
    const { outcome, sent, transport } = await one(() => ({ status: 429, headers: { 'retry-after': '10' } }), {
      retry: { maxRetryAfter: '60s' },
    })
    expect(outcome.error?.code).toBe('http/429')
    expect(transport.clock.now()).toBeGreaterThan(40_000)
    expect(transport.clock.now()).toBeLessThanOrEqual(61_000)
    expect(sent).toBeGreaterThanOrEqual(5)
  })

  test('without Retry-After uses our own back-off, and never retries in a tight loop', async () => {
    const { outcome, sent } = await one(() => ({ status: 429 }), { retry: { maxRetryAfter: '30s' } })
    expect(outcome.error?.code).toBe('http/429')
    expect(sent).toBeLessThan(60)
  })
})

describe('the retry budget', () => {
  test('of a host limits the retries of a total outage to its reserve and a fifth', async () => {
    const transport = mockTransport(() => ({ status: 503 }))
    const urls = Array.from({ length: 500 }, (_, i) => `${URL_A}${i}`)
    const outcomes = await parallelRequests(urls, { transport, onFailure: 'settle', retry: quick })
    expect(outcomes.every(({ error }) => error?.code === 'http/503')).toBe(true)
    expect(transport.requests.length).toBeLessThanOrEqual(500 + 10 + 100)
    expect(transport.requests.length).toBeGreaterThan(500 + 100)
  })

  test('is kept per host: an outage of one host does not affect another', async () => {
    const transport = mockTransport(({ url, attempt }) =>
      url.startsWith('http://b') && attempt > 2 ? {} : { status: 503 },
    )
    const urls = Array.from({ length: 200 }, (_, i) => `${URL_A}${i}`)
    const outcomes = await parallelRequests([...urls, 'http://b.test/'], {
      transport,
      onFailure: 'settle',
      retry: quick,
    })
    expect(outcomes.at(-1)).toMatchObject({ ok: false, error: { code: 'parse/empty' }, attempts: 3 })
  })

  test('is shared by the batches of a client, and set by its options', async () => {
    const transport = mockTransport(() => ({ status: 503 }))
    const client = new ParallelRequests({ transport, retry: { ...quick, budget: { reserve: 2, ratio: 0 } } })
    for (let i = 0; i < 5; i++) await client.request(URL_A, { onFailure: 'settle' })
    await client.close()
    expect(transport.requests).toHaveLength(5 + 2)
  })

  test('is not used by throttled answers', async () => {
    const { outcome } = await one(({ attempt }) => (attempt < 10 ? { status: 429 } : { json: 1 }), {
      retry: { budget: { reserve: 0, ratio: 0 } },
    })
    expect(outcome.ok).toBe(true)
  })
})

describe('an unsafe request', () => {
  test.each([
    ['reset/before_headers', 'in_doubt/reset'],
    ['timeout/headers', 'in_doubt/timeout'],
  ] as const)(
    'whose bytes were sent and that ends with %s is %s: sent once, with the real error as its cause',
    async (code, doubt) => {
      const { outcome, sent } = await one(() => ({ fault: code }), {}, { method: 'POST', body: 'x' })
      expect(sent).toBe(1)
      expect(outcome.error).toMatchObject({ code: doubt, cause: { code } })
      expect(isRequestError(outcome.error?.cause)).toBe(true)
    },
  )

  test('is in doubt when the total deadline or the signal ends it, and has an ordinary timeout if it was never sent', async () => {
    const post = { method: 'POST', body: 'x' }
    const late = await one(() => ({ latencyMs: 60_000 }), { timeouts: { total: '1s' } }, post)
    expect(late.outcome.error?.code).toBe('in_doubt/timeout')

    const controller = new AbortController()
    const aborted = await one(
      () => {
        setImmediate(() => controller.abort())
        return { latencyMs: 1e9 }
      },
      {
        signal: controller.signal,
        timeout: Infinity,
        timeouts: { headers: Infinity, idle: Infinity, connect: Infinity },
      },
      post,
    )
    expect(aborted.outcome.error?.code).toBe('in_doubt/aborted')

    const queued = await parallelRequests(
      [
        { url: URL_A, ...post },
        { url: URL_A, ...post },
      ],
      {
        transport: mockTransport(() => ({})),
        rateLimit: '1/h',
        timeouts: { total: '1s' },
        onFailure: 'settle',
      },
    )
    expect(queued.map(({ error }) => error?.code)).toEqual([undefined, 'timeout/total'])
  })

  test('that was never sent is not in doubt when it is aborted during its back-off', async () => {
    const { clock, result, call } = alone([() => makeFault('connect/refused', false)], {
      method: 'POST',
      retry: { backoff: () => 1_000 },
    })
    await clock.advance(500)
    call.trip.cancelSlot.cancel(fault('aborted/in_flight', 'enough'))
    await expect(result).resolves.toMatchObject({ code: 'aborted/in_flight', sent: false })
  })

  test('is sent again with the same key each time if it has an idempotency key', async () => {
    const { outcome, transport } = await one(
      ({ attempt }) => (attempt < 3 ? { fault: 'reset/before_headers' } : { json: 1 }),
      {},
      { method: 'POST', body: 'x', idempotencyKey: true },
    )
    expect(outcome.ok).toBe(true)
    const keys = transport.requests.map(({ headers }) => headers.get('idempotency-key'))
    expect(new Set(keys).size).toBe(1)
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('is sent again if the caller lists its method', async () => {
    const { sent } = await one(
      () => ({ status: 500 }),
      { retry: { ...quick, methods: ['POST'] } },
      { method: 'POST', body: 'x' },
    )
    expect(sent).toBe(4)
  })
})

describe('afterResponse', () => {
  test('may ask for a retry of a response that looks good', async () => {
    const { outcome, sent } = await one(({ attempt }) => ({ json: { state: attempt < 3 ? 'wait' : 'done' } }), {
      hooks: {
        afterResponse: (_: unknown, context: { json(): unknown; retry(): unknown }) =>
          (context.json() as { state: string }).state === 'wait' ? context.retry() : undefined,
      },
    })
    expect(outcome).toMatchObject({ ok: true, value: { state: 'done' } })
    expect(sent).toBe(3)
  })

  test('gets no more retries than maxRetries, and none for a POST that was carried out', async () => {
    const hooks = { afterResponse: (_: unknown, context: { retry(): unknown }) => context.retry() }
    expect((await one(() => ({ json: 1 }), { hooks, maxRetries: 2 })).sent).toBe(3)
    expect((await one(() => ({ json: 1 }), { hooks }, { method: 'POST', body: 'x' })).sent).toBe(1)
  })

  test.each([401, 407, 411, 413, 415, 417, 421, 425, 428, 429, 431])(
    'may retry a POST after %d, which means that nothing was done, so that a token can be renewed',
    async status => {
      const hooks = { afterResponse: (_: unknown, context: { retry(): unknown }) => context.retry() }
      const answer: MockHandler = ({ attempt }) => (attempt === 1 ? { status } : { json: 1 })
      const { outcome, sent } = await one(answer, { hooks, maxRetries: 1 }, { method: 'POST', body: 'x' })
      expect([outcome.ok, sent]).toEqual([true, 2])
    },
  )

  test.each([
    ['a POST that may have been carried out', {}, { method: 'POST', body: 'x' }, 'a POST may have been carried out'],
    ['a body that is gone', {}, { method: 'PUT', body: new Blob(['x']).stream() }, 'its body can be read once only'],
    ['no retries left', { maxRetries: 0 }, {}, 'its maxRetries are used up'],
  ])('gets a warning that says why there is no retry: %s', async (_why, options, spec, reason) => {
    const hooks = { afterResponse: (_: unknown, context: { retry(): unknown }) => context.retry() }
    const { outcome, sent } = await one(() => ({ json: 1 }), { hooks, ...options }, spec)
    expect(sent).toBe(1)
    expect(outcome.warnings).toEqual([expect.stringContaining(`context.retry(): not retried, since ${reason}`)])
  })

  test('may refuse a response, with its reason', async () => {
    const reason = new Error('not mine')
    const { outcome, sent } = await one(() => ({ json: 1 }), {
      hooks: { afterResponse: (_: unknown, context: { fail(reason: Error): unknown }) => context.fail(reason) },
    })
    expect(sent).toBe(1)
    expect(outcome.error).toMatchObject({ code: 'callback/rejected', cause: reason, response: { status: 200 } })
    expect(outcome.error?.message).toContain('not mine')
  })

  test('sees every response, whatever its status, and parses it once', async () => {
    const statuses: number[] = []
    await one(({ attempt }) => ({ status: attempt < 3 ? 500 : 200, json: {} }), {
      hooks: {
        afterResponse: (response: { status: number }, context: { json(): unknown }) => {
          statuses.push(response.status)
          expect(context.json()).toBe(context.json())
        },
      },
    })
    expect(statuses).toEqual([500, 500, 200])
  })
})

describe('beforeRetry', () => {
  test.each([
    ['false', () => false, 'http/500'],
    ['context.fail()', (context: { fail(reason: string): unknown }) => context.fail('enough'), 'callback/rejected'],
  ])('that returns %s stops the retries', async (_name, beforeRetry, code) => {
    const { outcome, sent } = await one(() => ({ status: 500 }), { hooks: { beforeRetry } })
    expect(sent).toBe(1)
    expect(outcome.error?.code).toBe(code)
  })

  test('gets the last result, and any other return value allows the retry', async () => {
    const seen: unknown[] = []
    const { sent } = await one(({ attempt }) => (attempt === 1 ? { status: 500 } : { fault: 'connect/refused' }), {
      maxRetries: 2,
      hooks: {
        beforeRetry: (context: { attempt: number; response?: { status: number }; error?: { code: string } }) => {
          seen.push([context.attempt, context.response?.status, context.error?.code])
          return true
        },
      },
    })
    expect(sent).toBe(3)
    expect(seen).toEqual([
      [1, 500, undefined],
      [2, undefined, 'connect/refused'],
    ])
  })
})

describe('shouldRetry', () => {
  const stateOf = (context: { json(): unknown }): unknown => (context.json() as { state?: string } | undefined)?.state

  test('decides on the parsed body, in both directions', async () => {
    const shouldRetry = (context: { json(): unknown }): boolean | undefined => {
      if (stateOf(context) === 'busy') return true
      return stateOf(context) === 'final' ? false : undefined
    }
    const busy = await one(({ attempt }) => ({ json: { state: attempt < 3 ? 'busy' : 'done' } }), {
      retry: { ...quick, shouldRetry },
    })
    expect([busy.sent, busy.outcome.ok]).toEqual([3, true])
    const final = await one(() => ({ status: 500, json: { state: 'final' } }), { retry: { ...quick, shouldRetry } })
    expect([final.sent, final.outcome.error?.code]).toEqual([1, 'http/500'])
    const undecided = await one(() => ({ status: 500, json: {} }), { retry: { ...quick, shouldRetry } })
    expect(undecided.sent).toBe(4)
  })

  test('gets no body if there is none, and no retry of a POST that may have been carried out', async () => {
    const bodies: unknown[] = []
    const shouldRetry = (context: { json(): unknown }): boolean => {
      bodies.push(context.json())
      return true
    }
    const { sent } = await one(
      () => ({ status: 500, text: 'no json' }),
      { retry: { ...quick, shouldRetry } },
      { method: 'POST', body: 'x' },
    )
    expect(sent).toBe(1)
    expect(bodies).toEqual([undefined])
  })
})

describe("a user's function", () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const names = ['beforeRequest', 'afterResponse', 'beforeRetry'] as const

  test.each(names)('(%s) that throws or rejects fails only its own request, with callback/hook', async name => {
    for (const broken of [boom, () => Promise.reject(new Error('boom'))]) {
      const transport = mockTransport(({ attempt, index }) => ({
        status: attempt === 1 && index < 2 ? 500 : 200,
        json: index,
      }))
      const hook = (...given: { meta?: unknown; request?: { meta?: unknown } }[]): unknown =>
        given.some(one_ => one_.meta === 'victim' || one_.request?.meta === 'victim') ? broken() : undefined
      const outcomes = await parallelRequests([{ url: URL_A, meta: 'victim' }, URL_A, URL_A], {
        transport,
        onFailure: 'settle',
        retry: quick,
        hooks: { [name]: hook },
        concurrency: 1,
      })
      expect(outcomes[0]?.error).toMatchObject({ code: 'callback/hook', message: expect.stringContaining('boom') })
      expect(outcomes.slice(1).map(({ ok }) => ok)).toEqual([true, true])
    }
  })

  test('(shouldRetry, backoff) that throws fails only its own request', async () => {
    const should = await one(() => ({ status: 500 }), { retry: { ...quick, shouldRetry: boom } })
    expect(should.outcome.error).toMatchObject({ code: 'callback/hook', message: expect.stringContaining('boom') })
    const backoff = await one(() => ({ status: 500 }), { retry: { backoff: boom } })
    expect(backoff.outcome.error?.message).toContain('boom')
    expect(backoff.outcome.error?.code).toBe('callback/hook')
  })

  test('(backoff) that throws on a throttled answer fails only its own request, and releases its slot', async () => {
    const transport = mockTransport(({ index }) => (index === 0 ? { status: 429 } : { json: index }))
    const outcomes = await parallelRequests(
      [{ url: URL_A, retry: { backoff: boom } }, 'http://b.test/', 'http://b.test/'],
      {
        transport,
        concurrency: 1,
        onFailure: 'settle',
      },
    )
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, true, true])
  })

  test.each([...names, 'shouldRetry'])(
    '(%s) that never settles ends exactly after timeouts.callback, and releases its slot',
    async name => {
      const never = (): Promise<never> => new Promise(() => undefined)
      const transport = mockTransport(({ url }) => (url === URL_A ? { status: 500 } : { json: 1 }))
      const options =
        name === 'shouldRetry' ? { retry: { backoff: () => 0, shouldRetry: never } } : { hooks: { [name]: never } }
      const client = new ParallelRequests({ transport, concurrency: 1, retry: quick, timeouts: { callback: '3s' } })
      const outcome = (await client.request(URL_A, { onFailure: 'settle', ...options })) as Outcome
      expect(outcome.error?.code).toBe('timeout/callback')
      expect(outcome.timings.total).toBe(3_000)
      await expect(client.request('http://b.test/')).resolves.toBe(1)
      await client.close()
    },
  )

  test('(beforeRequest) that never settles leaves no POST in doubt, because nothing was sent', async () => {
    const never = (): Promise<never> => new Promise(() => undefined)
    for (const options of [{ hooks: { beforeRequest: never } }, { auth: never }]) {
      const { outcome, sent } = await one(
        () => ({}),
        { timeouts: { callback: '3s' }, ...options },
        { method: 'POST', body: 'x' },
      )
      expect([sent, outcome.error?.code]).toEqual([0, 'timeout/callback'])
    }
  })

  test('that never settles ends with the total deadline too', async () => {
    const never = (): Promise<never> => new Promise(() => undefined)
    const { outcome } = await one(() => ({ json: 1 }), { timeouts: { total: '3s' }, hooks: { afterResponse: never } })
    expect(outcome.error?.code).toBe('timeout/total')
    expect(outcome.timings.total).toBe(3_000)
  })
})

describe('a machine without a free socket', () => {
  function short(codes: readonly FaultCode[], onShortage?: RetryParts['onShortage'], stepMs = 0) {
    const clock = virtualClock()
    const call = makeCall({})
    let sent = 0
    const layer = retry({
      budgetOf: () => retryBudget({ reserve: 0, ratio: 0 }),
      clock: { ...clock, now: () => sent * stepMs },
      random: () => 0,
      opinions: {
        afterAttempt: async () => undefined,
        ofResponse: async () => undefined,
        ofRetry: async () => 'done' as const,
        beforeRetry: async () => undefined,
      },
      onShortage,
    })
    const wire = sending(({ trip }: Attempt) => {
      trip.retry.attempts++
      const code = codes[Math.min(sent++, codes.length - 1)]
      return Promise.resolve(code === undefined ? makeReply(200) : fault(code, 'none left'))
    })
    return { call, result: promised(layer(wire))(call), sent: () => sent }
  }

  test('costs no attempt and no retry, however often it reports this', async () => {
    const heard: string[] = []
    const codes: FaultCode[] = ['resource/fd', 'resource/port', 'resource/memory', 'resource/fd']
    const { call, result } = short([...codes, undefined as never], ({ code }) => heard.push(code))
    expect((await result).kind).toBe('reply')
    expect(heard).toEqual(codes)
    expect(call.trip.retry.attempts).toBe(1)
    expect(call.trip.retry.retriesLeft).toBe(makeCall({}).trip.retry.retriesLeft)
    expect(call.trip.warnings).toEqual(['waited for a socket: this process or this machine had none left'])
  })

  test('ends the request after two minutes without success', async () => {
    const { call, result, sent } = short(['resource/port'], () => undefined, 30_000)
    expect(await result).toMatchObject({ code: 'resource/port' })
    expect(sent()).toBe(5)
    expect(call.trip.retry.attempts).toBe(1)
  })

  test('ends the request at once if sockets are not managed', async () => {
    const { result, sent } = short(['resource/fd'])
    expect(await result).toMatchObject({ code: 'resource/fd' })
    expect(sent()).toBe(1)
  })
})

test.each([
  [200, 1],
  [404, 1],
  [429, 2],
  [503, 3],
])(
  'acceptStatus is called once for each response that may be retried, and once for the last one: %i',
  async (status, asked) => {
    let times = 0
    const acceptStatus = (given: number): boolean => {
      times++
      return given === 200
    }
    const transport = mockTransport(() => ({ status }))
    const options = { maxRetries: 1, retry: { maxRetryAfter: 0 }, onFailure: 'settle' } as const
    await parallelRequests(['http://a.test/'], { transport, acceptStatus, ...options })
    expect(times).toBe(asked)
  },
)
