/** Unknown option names: those of the original in Python, of other libraries, and typing errors. Nothing is sent. */
import { describe, expect, it } from 'vitest'
import { ConfigError, ParallelRequests, isConfigError, parallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const URLS = ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b']

/** The ConfigError for these options. Fails if the call accepts them or sends anything. */
async function refusalOf(options: Record<string, unknown>): Promise<ConfigError> {
  const transport = mockTransport(() => ({ json: 1 }))
  const error: unknown = await parallelRequests(URLS, { ...options, transport } as never).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(transport.requests).toHaveLength(0)
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`)
  return error
}

describe('an unknown option is refused with the right name in the message', () => {
  it.each([
    // Names of the original in Python.
    ['max_retries', 3, "Use 'maxRetries'."],
    ['parse_func', () => 1, "Use 'parseFunc'."],
    ['return_type', 'json', "Use 'returnType'."],
    ['rate_limit', 10, "Use 'rateLimit'."],
    ['rate_limit_burst', 10, "Use 'rateLimitBurst'."],
    ['return_none_on_failure', true, "Use 'onFailure': 'null'."],
    ['random_user_agent', true, "Use 'userAgent'."],
    ['follow_redirects', true, "Use 'followRedirects'."],
    ['verify_ssl', true, "Use 'verifySsl'."],
    ['progress_callback', () => 1, "Use 'onProgress'."],
    ['retry_on', [], "Use 'retry': { statuses, shouldRetry }."],
    // Names of other libraries.
    ['searchParams', {}, "Use 'params'."],
    ['query', {}, "Use 'params'."],
    ['retries', 3, "Use 'maxRetries'."],
    ['baseURL', 'http://x/', "Use 'baseUrl'."],
    ['prefixUrl', 'http://x/', "Use 'baseUrl'."],
    ['data', {}, "Use 'json', 'form' or 'body'."],
    ['throwHttpErrors', false, "Use 'acceptStatus' or 'onFailure'."],
    ['responseType', 'json', "Use 'returnType'."],
    ['dispatcher', {}, "Use 'transport'."],
    ['validateStatus', () => true, "Use 'acceptStatus'."],
    ['limit', 3, "Use 'concurrency'."],
    ['stopOnError', true, "Use 'maxFailures': 1."],
    ['rejectUnauthorized', false, "Use 'verifySsl'."],
    ['headersTimeout', 5_000, "Use 'timeouts': { headers }."],
    ['allow_redirects', true, "Use 'followRedirects'."],
    // Typing errors.
    ['concurency', 3, "Did you mean 'concurrency'?"],
    ['timout', '5s', "Did you mean 'timeout'?"],
    ['Timeout', '5s', "Use 'timeout'."],
    ['header', {}, "Did you mean 'headers'?"],
    ['onfailure', 'null', "Use 'onFailure'."],
  ])('%s', async (name, value, advice) => {
    const error = await refusalOf({ [name]: value })
    expect(error.problems).toEqual([`${name}: expected the name of an option, got an unknown one. ${advice}`])
    expect(isConfigError(error)).toBe(true)
  })

  it('or with the advice to leave it out if no option has a similar name, even for names of Object.prototype', async () => {
    for (const name of ['frobnicate', 'constructor', 'toString', 'hasOwnProperty']) {
      const { message } = await refusalOf({ [name]: 1 })
      expect(message).toBe(`${name}: expected the name of an option, got an unknown one. Leave it out.`)
    }
    const parsed = JSON.parse('{"__proto__": {"concurrency": 3}}') as Record<string, unknown>
    await expect(parallelRequests(URLS, parsed as never)).rejects.toThrow(/__proto__: expected the name of an option/)
  })

  it('even if its value is undefined', async () => {
    expect((await refusalOf({ max_retries: undefined })).problems).toHaveLength(1)
  })

  it('together with every other problem of the call, one sentence each', async () => {
    const error = await refusalOf({ max_retries: 3, timeout: 10, concurrency: 0, onFailure: 'none', keys: [1] })
    expect(error.problems).toHaveLength(5)
    expect(error.message.split('\n')).toEqual(['5 problems:', ...error.problems.map(line => `- ${line}`)])
  })

  it('and so is an unknown field of an option', async () => {
    const { problems } = await refusalOf({
      timeouts: { conect: '5s' },
      retry: { attempts: 3, backoff: { factor: 2 } },
      hooks: { beforeRequests: () => undefined },
      tls: { certificate: 'x' },
      rateLimit: { limit: 5, interval: '1s', brust: 3 },
    })
    expect(problems).toEqual([
      "timeouts.conect: expected one of connect, headers, idle, callback, total, got an unknown name. Did you mean 'connect'?",
      'retry.attempts: expected one of methods, statuses, backoff, maxRetryAfter, budget, shouldRetry, got an unknown name. Leave it out.',
      'retry.backoff.factor: expected one of base, max, got an unknown name. Leave it out.',
      "hooks.beforeRequests: expected one of beforeRequest, afterResponse, beforeRetry, afterAttempt, got an unknown name. Did you mean 'beforeRequest'?",
      'tls.certificate: expected one of ca, cert, key, passphrase, pfx, got an unknown name. Leave it out.',
      "rateLimit.brust: expected one of limit, interval, burst, got an unknown name. Did you mean 'burst'?",
    ])
  })
})

describe('an option in the wrong place is refused with the right place in the message', () => {
  const limits = {
    concurrency: 2,
    rateLimit: 5,
    rateLimitBurst: 1,
    cookies: {},
    verifySsl: true,
    tls: {},
    transport: mockTransport(() => ({})),
  }
  it.each(Object.entries(limits))('%s belongs to the constructor, not to a call of a client', async (name, value) => {
    const transport = mockTransport(() => ({ json: 1 }))
    await using client = new ParallelRequests({ transport })
    const expected = new RegExp(`^${name}: expected in the constructor, got it in a call. .*new ParallelRequests\\(`)
    await expect(client.request(URLS, { [name]: value } as never)).rejects.toThrow(expected)
    expect(() => client.stream(URLS, { [name]: value })).toThrow(expected)
    expect(transport.requests).toHaveLength(0)
  })

  it.each(
    Object.entries({
      keys: ['a'],
      onFailure: 'null',
      returnType: 'json',
      parseFunc: () => 1,
      schema: {},
      order: 'input',
    }),
  )('%s belongs to the call, not to the constructor', (name, value) => {
    expect(() => new ParallelRequests({ [name]: value })).toThrow(
      `${name}: expected in a call, got it in the constructor. It shapes one result: give it to request() or stream().`,
    )
  })

  it('an array of params belongs to a call with an array of URLs, not to the constructor or a stream', async () => {
    const expected = /^params: expected an object here, got an array\. Give one object per URL in request\(\)/
    expect(() => new ParallelRequests({ params: [{}] } as never)).toThrow(expected)
    await using client = new ParallelRequests()
    expect(() => client.stream(URLS, { params: [{}, {}] } as never)).toThrow(expected)
  })

  it('keys and onFailure do not belong to a stream, and order belongs only to a stream', async () => {
    await using client = new ParallelRequests()
    expect(() => client.stream(URLS, { keys: ['a', 'b'] } as never)).toThrow(
      /^keys: expected in request\(\), got it in stream\(\)/,
    )
    expect(() => client.stream(URLS, { onFailure: 'null' } as never)).toThrow(/^onFailure: expected in request\(\)/)
    const expected = /^order: expected in stream\(\), got it in a call whose results are in input order/
    await expect(client.request(URLS, { order: 'input' } as never)).rejects.toThrow(expected)
    await expect(parallelRequests(URLS, { order: 'input' } as never)).rejects.toThrow(expected)
  })

  it('the retry budget belongs to the client, not to a call or a spec', async () => {
    await using client = new ParallelRequests({
      retry: { budget: { reserve: 3 } },
      transport: mockTransport(() => ({ json: 1 })),
    })
    const expected = /retry\.budget: expected in the constructor, got it in a call/
    await expect(client.request(URLS, { retry: { budget: { reserve: 1 } } })).rejects.toThrow(expected)
    const spec = { url: URLS[0] as string, retry: { budget: { reserve: 1 } } }
    await expect(client.request(spec)).rejects.toThrow(expected)
  })
})
