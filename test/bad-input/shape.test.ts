/** The arguments of a call as a whole: its input, `keys`, the named form, and use after close. */
import { describe, expect, it } from 'vitest'
import { AbortError, ConfigError, ParallelRequests, isInputError, parallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { echoServer } from '../support/echo-server.ts'

const URLS = ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b']
const one = () => mockTransport(({ url }) => ({ json: new URL(url).pathname }))

function* generated(): Generator<string> {
  yield* URLS
}

async function* asynchronous(): AsyncGenerator<string> {
  yield* URLS
}

describe('keys', () => {
  it.each([
    [{ keys: ['a'] }, URLS, 'keys: expected one per URL (2), got 1. Name each URL once.'],
    [{ keys: ['a', 'b', 'c'] }, URLS, 'keys: expected one per URL (2), got 3. Name each URL once.'],
    [{ keys: [] }, URLS, 'keys: expected one per URL (2), got 0. Name each URL once.'],
    [{ keys: ['a', 'a'] }, URLS, 'keys: expected names that differ, got "a" twice. Give each request its own.'],
    [
      { keys: ['a', 'b'] },
      generated(),
      'keys: expected an array of URLs beside it, got an object (Generator). Collect the URLs first.',
    ],
    [
      { keys: ['a', 'b'] },
      asynchronous(),
      'keys: expected an array of URLs beside it, got an object (AsyncGenerator). Collect the URLs first.',
    ],
    [{ keys: ['a', 'b'] }, new Set(URLS), 'Collect the URLs first.'],
    [{ keys: ['a'] }, URLS[0], 'Put the one URL into an array, or leave it out.'],
    [
      { keys: ['a', 'b'] },
      [URLS[0], { url: URLS[1], key: 'b' }],
      'keys: expected requests without a key of their own, got one in urls[1]. Keep one of the two.',
    ],
    [{ keys: [1, 'b'] }, URLS, 'keys[0]: expected an entry in an array of strings, got 1. Turn each into a string.'],
  ])('is a ConfigError before anything is sent: %j (%#)', async (options, input, part) => {
    const transport = one()
    const call = parallelRequests(input as never, { ...options, transport } as never)
    await expect(call).rejects.toBeInstanceOf(ConfigError)
    await expect(call).rejects.toThrow(part)
    expect(transport.requests).toHaveLength(0)
  })

  it('may be names that every object has, and stay in the given order', async () => {
    const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'] as const
    const urls = keys.map(key => `http://127.0.0.1:9/${key}`)
    const result = await parallelRequests(urls, { keys, transport: one() })
    expect(Object.keys(result)).toEqual(keys)
    for (const key of keys) expect(Object.getOwnPropertyDescriptor(result, key)?.value).toBe(`/${key}`)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })

  it('may be an empty string or look like a number', async () => {
    const result = await parallelRequests(URLS, { keys: ['', '10'], transport: one() })
    expect(result).toEqual({ '': '/a', '10': '/b' })
  })
})

describe('params with one entry per URL', () => {
  it.each([
    [[{}], URLS, 'params: expected one per URL (2), got 1. Put {} where a URL has none.'],
    [[{}, {}, {}], URLS, 'params: expected one per URL (2), got 3.'],
    [[{}, {}], generated(), 'params: expected an array of URLs beside it, got an object (Generator).'],
    [[{}], URLS[0], 'Put the one URL into an array, or leave it out.'],
    [[{}, null], URLS, 'params[1]: expected an object of strings, numbers and booleans, got null.'],
    [[{}, { a: {} }], URLS, 'params[1].a: expected a string, number, boolean or an array of them'],
  ])('is a ConfigError before anything is sent: %j (%#)', async (params, input, part) => {
    const transport = one()
    await expect(parallelRequests(input as never, { params, transport } as never)).rejects.toThrow(part)
    expect(transport.requests).toHaveLength(0)
  })
})

describe('one body for several URLs', () => {
  it('is refused if it is a JSON array, in a list, a generator and a stream, but sent to one URL', async () => {
    const expected = /^json: expected one body for all URLs, got an array/
    await expect(parallelRequests(URLS, { json: [1, 2] })).rejects.toThrow(expected)
    await expect(parallelRequests(generated(), { json: [1, 2] })).rejects.toThrow(expected)
    await using client = new ParallelRequests({ json: [1, 2], transport: one() })
    await expect(client.request(URLS)).rejects.toThrow(expected)
    expect(() => client.stream(URLS)).toThrow(expected)
    expect(await client.request(URLS[0] as string)).toBe('/a')
    expect(await client.request([URLS[0] as string])).toEqual(['/a'])
  })

  it('is refused if it is an open stream, because only the first request would get it', async () => {
    const server = await echoServer()
    const body = async function* (): AsyncGenerator<string> {
      yield 'chunk'
    }
    const call = parallelRequests([server.url, server.url], { body: body() })
    await expect(call).rejects.toThrow(
      /^body: expected one for all URLs, got a stream.* Give a function that opens a new one/,
    )
    expect(server.requests).toHaveLength(0)
    await parallelRequests([server.url], { body: body() })
    await parallelRequests([server.url, server.url], { body })
    expect(server.requests.map(request => request.body)).toEqual(['chunk', 'chunk', 'chunk'])
  })

  it('is refused before anything is sent if the constructor sets GET', async () => {
    const transport = one()
    await using client = new ParallelRequests({ method: 'GET', transport })
    await expect(client.request(URLS, { json: 1 })).rejects.toThrow(
      /^method: expected one that takes a body, got 'GET'/,
    )
    expect(transport.requests).toHaveLength(0)
  })
})

describe('an empty input', () => {
  it('gives [] or {} and sends nothing, in every failure mode', async () => {
    const server = await echoServer()
    for (const onFailure of ['throw', 'null', 'settle'] as const) {
      expect(await parallelRequests([], { onFailure, baseUrl: `${server.url}/` })).toEqual([])
      expect(await parallelRequests([], { onFailure, keys: [] })).toEqual({})
      expect(await parallelRequests(new Set<string>(), { onFailure })).toEqual([])
    }
    expect(await parallelRequests({ urls: [] })).toEqual([])
    await using client = new ParallelRequests()
    expect(await client.stream([]).next()).toMatchObject({ done: true })
    expect(server.connections).toBe(0)
  })
})

describe('the input', () => {
  it('of a promise is a ConfigError that says to await it, and one of promises fails each request', async () => {
    const promise = Promise.resolve(URLS)
    await expect(parallelRequests(promise as never)).rejects.toThrow(/got a promise\. Await it first\.$/)
    const [outcome] = await parallelRequests([Promise.resolve(URLS[0])] as never[], { onFailure: 'settle' })
    expect(outcome).toMatchObject({ error: { code: 'invalid_request/url' } })
    expect(String(outcome?.error)).toContain('got a promise. Await it first.')
  })

  it.each([undefined, null, 7, true, () => 1, Symbol('x'), 10n])(
    '%s is a ConfigError that says what to give',
    async input => {
      const expected =
        /^urls: expected a URL, a request, or an iterable of them, got .+\. Write 'https:\/\/…' or an array of URLs\.$/
      const rejected = parallelRequests(input as never)
      await expect(rejected).rejects.toThrow(expected)
      await expect(parallelRequests({ urls: input } as never)).rejects.toThrow(expected)
    },
  )

  it('{} is a request without a URL', async () => {
    await expect(parallelRequests({} as never)).rejects.toMatchObject({ code: 'invalid_request/url' })
    await expect(parallelRequests({ concurrency: 3 } as never)).rejects.toThrow(
      /^concurrency: expected a field of a request, got an unknown one\. It applies to all requests: give it in the options\.$/,
    )
  })

  it('may be in the named form with every option, but then without a second argument', async () => {
    const transport = one()
    expect(await parallelRequests({ urls: URLS, keys: ['a', 'b'], transport })).toEqual({ a: '/a', b: '/b' })
    expect(await parallelRequests({ urls: URLS[0] as string, transport })).toBe('/a')
    await expect(parallelRequests({ urls: URLS } as never, { transport } as never)).rejects.toThrow(
      /^options: expected one object that holds urls and options, got a second one\. Put all options into one\.$/,
    )
    await using client = new ParallelRequests({ transport })
    expect(await client.request({ urls: URLS, onFailure: 'settle' })).toHaveLength(2)
    expect(transport.requests).toHaveLength(5)
  })

  it('of a stream may not be one URL, one request or undefined', async () => {
    await using client = new ParallelRequests()
    for (const input of [URLS[0], { url: URLS[0] }, undefined, 7]) {
      expect(() => client.stream(input as never)).toThrow(
        /^urls: expected an iterable or async iterable of requests, got .+\. Wrap one URL in an array\.$/,
      )
    }
  })

  it('that throws rejects the call with an InputError, after the requests in flight have finished', async () => {
    const transport = one()
    const broken = function* (): Generator<string> {
      yield URLS[0] as string
      throw new RangeError('from the input')
    }
    const error: unknown = await parallelRequests(broken(), { transport }).catch((thrown: unknown) => thrown)
    expect(isInputError(error) && error.cause).toEqual(new RangeError('from the input'))
    expect(isInputError(error) && error.outcomes).toMatchObject([{ ok: true }])
    expect(transport.requests).toHaveLength(1)
  })
})

describe('after close()', () => {
  it('request() rejects, every other method throws a ConfigError, and close() may be called again', async () => {
    const transport = one()
    const client = new ParallelRequests({ transport })
    await client.close()
    await client.close()
    const expected = /^client: expected an open client, got one that was closed\. Make a new ParallelRequests\.$/
    const pending = client.request(URLS)
    await expect(pending).rejects.toBeInstanceOf(ConfigError)
    await expect(pending).rejects.toThrow(expected)
    expect(() => client.stream(URLS)).toThrow(expected)
    expect(() => client.setCookies({ a: '1' })).toThrow(expected)
    expect(() => client.resetCookies()).toThrow(expected)
    expect(transport.requests).toHaveLength(0)
  })

  it('a stream that was created before sends nothing', async () => {
    const transport = one()
    const client = new ParallelRequests({ transport })
    const stream = client.stream(URLS)
    await client.close()
    await expect(stream.next()).rejects.toBeInstanceOf(ConfigError)
    expect(await stream.next()).toMatchObject({ done: true })
    expect(transport.requests).toHaveLength(0)
  })

  it('a call that was running is aborted', async () => {
    const server = await echoServer(() => undefined)
    const client = new ParallelRequests()
    const call = client.request([`${server.url}/hang`])
    const settled = call.catch((error: unknown) => error)
    while (server.requests.length === 0) await new Promise(resolve => setImmediate(resolve))
    await client.close()
    const error = (await settled) as { errors?: unknown[] }
    expect(error instanceof AbortError || error.errors?.[0] instanceof AbortError).toBe(true)
  })
})

describe('cookies given to a client', () => {
  it.each([
    ['a=1', 'got a string'],
    [{ a: '1; b=2' }, 'cookies.a: expected a value of ASCII'],
    [{ 'a;b': '1' }, 'cookies: expected cookie names that are tokens'],
    [
      { 'api.test': { a: '1' } },
      'cookies: expected an origin over each set of pairs, got "api.test". Write it as \'https://api.example.com\'.',
    ],
    [false, 'got a boolean'],
  ])('as %j are refused by setCookies() like by the constructor', async (cookies, part) => {
    await using client = new ParallelRequests()
    expect(() => client.setCookies(cookies as never)).toThrow(part)
    if (cookies !== false) expect(() => new ParallelRequests({ cookies } as never)).toThrow(part)
  })
})
