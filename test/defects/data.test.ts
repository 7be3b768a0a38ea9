/** Defects of other batch clients with data: results that are mixed up, thrown away, silently empty or mangled. */
import { describe, expect, it, vi } from 'vitest'
import { ParallelRequests, PartialFailureError, isParseError, parallelRequests } from '../../src/index.ts'
import type { FailedOutcome, Outcome } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { echoServer } from '../support/echo-server.ts'

async function failureOf(call: Promise<unknown>): Promise<PartialFailureError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof PartialFailureError)) throw new Error(`expected a PartialFailureError, got ${String(error)}`)
  return error
}

const nthFails = (...indexes: readonly number[]) =>
  mockTransport(({ index }) => (indexes.includes(index) ? { status: 404, text: `no ${index}` } : { json: index }))

describe('failures of the same URL stay separate', () => {
  const url = 'http://x.test/same'

  it('three failures of one URL among four requests are three failures, each with its index and response', async () => {
    const error = await failureOf(parallelRequests([url, url, url, url], { transport: nthFails(0, 1, 3) }))
    expect(error.failures.map(({ index }) => index)).toEqual([0, 1, 3])
    expect(error.errors).toHaveLength(3)
    expect(error.failures.map(failed => failed.error.response?.text())).toEqual(['no 0', 'no 1', 'no 3'])
    expect(error).toMatchObject({ successes: 1, total: 4 })
    expect(error.message).toMatch(/^3 of 4 requests failed: http\/404 \(3\)\./)
    expect(error.failedUrls()).toEqual([url, url, url])
  })

  it('each failure has its key when the batch has keys', async () => {
    const keys = ['a', 'b', 'c', 'd'] as const
    const error = await failureOf(parallelRequests([url, url, url, url], { keys, transport: nthFails(0, 1, 3) }))
    expect(error.failures.map(({ key }) => key)).toEqual(['a', 'b', 'd'])
    expect(error.failures.map(failed => failed.error.key)).toEqual(['a', 'b', 'd'])
    const values = await parallelRequests([url, url, url, url], {
      keys,
      transport: nthFails(0, 1, 3),
      onFailure: 'null',
    })
    expect(values).toEqual({ a: null, b: null, c: 2, d: null })
  })

  it('the same URL a hundred times is requested a hundred times, and every result is its own', async () => {
    const server = await echoServer()
    const urls = Array.from({ length: 100 }, () => server.url)
    const params = urls.map((_url, n) => ({ n }))
    const results = await parallelRequests<{ url: string }>(urls, { params })
    expect(results.map(result => result.url)).toEqual(urls.map((_url, n) => `/?n=${n}`))
    expect(server.requests).toHaveLength(100)
  })
})

describe('a failure does not lose a success', () => {
  it('the error of a batch has every outcome and every value, in input order', async () => {
    const urls = ['a', 'b', 'c'].map(name => `http://x.test/${name}`)
    const error = await failureOf(parallelRequests(urls, { transport: nthFails(1) }))
    expect(error.values).toEqual([0, undefined, 2])
    expect(error.outcomes.map(({ ok, index }) => [index, ok])).toEqual([
      [0, true],
      [1, false],
      [2, true],
    ])
    expect(await parallelRequests(urls, { transport: nthFails(1), onFailure: 'null' })).toEqual([0, null, 2])
  })

  it('the error is thrown only after every request has ended', async () => {
    const server = await echoServer()
    const urls = [`${server.url}/status/404`, `${server.url}/slow/80`]
    const error = await failureOf(parallelRequests(urls))
    expect(error.successes).toBe(1)
    expect(server.requests).toHaveLength(2)
  })
})

describe('JSON is parsed whatever the content type, and nothing else passes for it', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/problem+json',
    'application/vnd.api+json',
    'text/plain',
    'text/html',
    'application/octet-stream',
    '',
  ])('a JSON body of type %j is parsed', async type => {
    const server = await echoServer((_echo, response) => {
      response.writeHead(200, type === '' ? {} : { 'content-type': type }).end('{"a":1}')
    })
    expect(await parallelRequests(server.url)).toEqual({ a: 1 })
  })

  it('null, invalid JSON, no body and a failure can be distinguished', async () => {
    const server = await echoServer((echo, response) => {
      const [status, body] = {
        '/null': [200, 'null'],
        '/bad': [200, '{"a":'],
        '/none': [204, ''],
        '/empty': [200, ''],
      }[echo.url] ?? [500, 'null']
      response.writeHead(Number(status), { 'content-type': 'application/json' }).end(body)
    })
    const urls = ['/null', '/bad', '/none', '/empty', '/fails'].map(path => server.url + path)
    const outcomes: Outcome[] = await parallelRequests(urls, { onFailure: 'settle', maxRetries: 0 })
    expect(outcomes.map(outcome => (outcome.ok ? outcome.value : outcome.error.code))).toEqual([
      null,
      'parse/json',
      null,
      'parse/empty',
      'http/500',
    ])
    expect(outcomes.map(({ response }) => response?.status)).toEqual([200, 200, 204, 200, 500])
    const malformed = outcomes[1] as FailedOutcome
    expect(isParseError(malformed.error)).toBe(true)
    expect(malformed.error.message).toContain('at position 5')
    expect(malformed.error.response?.text()).toBe('{"a":')
  })
})

describe('data for one URL reaches that URL', () => {
  it('an array as json for several URLs is refused with the right way in the message, and nothing is sent', async () => {
    const server = await echoServer()
    const urls = [`${server.url}/a`, `${server.url}/b`]
    await expect(parallelRequests(urls, { json: [{ n: 1 }, { n: 2 }] })).rejects.toThrow(
      'Put each body into its own request: urls.map((url, i) => ({ url, json: bodies[i] })).',
    )
    expect(server.requests).toHaveLength(0)
    const bodies = [{ n: 1 }, { n: 2 }]
    await parallelRequests(urls.map((url, i) => ({ url, json: bodies[i] })))
    const sent = Object.fromEntries(server.requests.map(({ url, body }) => [url, body]))
    expect(sent).toEqual({ '/a': '{"n":1}', '/b': '{"n":2}' })
  })

  it('an array of params gives each URL its own, which override those of the client', async () => {
    const transport = mockTransport(({ url }) => ({ json: url }))
    await using client = new ParallelRequests({ transport, params: { all: 1, own: 0 } })
    const urls = ['http://x.test/a', 'http://x.test/b?q=1', 'http://x.test/c']
    expect(await client.request(urls, { params: [{ own: 1 }, { own: 2, tag: ['x', 'y'] }, {}] })).toEqual([
      'http://x.test/a?all=1&own=1',
      'http://x.test/b?q=1&all=1&own=2&tag=x&tag=y',
      'http://x.test/c?all=1&own=0',
    ])
  })

  it('an array of header sets is refused by name, and each spec may have its own headers', async () => {
    const server = await echoServer()
    const list = [{ 'x-n': '1' }, { 'x-n': '2' }]
    await expect(parallelRequests([server.url, server.url], { headers: list as never })).rejects.toThrow(
      /^headers\[0\]: expected a pair/,
    )
    await parallelRequests(list.map(headers => ({ url: server.url, headers })))
    expect(new Set(server.requests.map(({ headers }) => headers['x-n']))).toEqual(new Set(['1', '2']))
  })
})

describe('an async function of the caller is awaited', () => {
  const later = <T>(value: T): Promise<T> => new Promise(resolve => setImmediate(() => resolve(value)))

  it('parseFunc, schema, auth and every hook are awaited', async () => {
    const server = await echoServer((echo, response) => {
      response.writeHead(echo.headers['x-try'] === '1' ? 503 : 200).end('{"n":2}')
    })
    const called: string[] = []
    let tries = 0
    const value = await parallelRequests(server.url, {
      retry: { backoff: { base: 0 }, shouldRetry: async () => later(void called.push('shouldRetry')) },
      auth: async () => later('Custom token'),
      hooks: {
        beforeRequest: async request => {
          await later(called.push('beforeRequest'))
          request.headers.set('x-try', String(++tries))
        },
        afterResponse: async () => later(void called.push('afterResponse')),
        beforeRetry: async () => later(void called.push('beforeRetry')),
      },
      schema: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: async (input: unknown) => later({ value: input as { n: number } }),
        },
      },
      parseFunc: async ({ n }) => later(n * 10),
    })
    expect(value).toBe(20)
    expect(called).toEqual([
      'beforeRequest',
      'afterResponse',
      'shouldRetry',
      'beforeRetry',
      'beforeRequest',
      'afterResponse',
      'shouldRetry',
    ])
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Custom token', 'Custom token'])
  })

  it('an async body is read to its end', async () => {
    const server = await echoServer()
    await parallelRequests({
      url: server.url,
      body: async function* () {
        for (const chunk of ['one ', 'two ', 'three']) yield await later(chunk)
      },
    })
    expect(server.requests[0]?.body).toBe('one two three')
  })
})

describe('headers and text arrive unchanged', () => {
  it('every Set-Cookie stays a separate value, and each cookie is sent back', async () => {
    const server = await echoServer((_echo, response) => {
      response.setHeader('set-cookie', ['a=1; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT', 'b=2; Path=/'])
      response.end('1')
    })
    await using client = new ParallelRequests()
    const { headers } = await client.request(server.url, { returnType: 'response' })
    expect(headers.getSetCookie()).toEqual(['a=1; Path=/; Expires=Wed, 21 Oct 2099 07:28:00 GMT', 'b=2; Path=/'])
    await client.request(server.url)
    expect(server.requests[1]?.headers.cookie).toBe('a=1; b=2')
  })

  it('text is decoded by its charset, or as UTF-8 without one', async () => {
    const server = await echoServer((echo, response) => {
      const latin1 = echo.url === '/latin1'
      response.setHeader('content-type', latin1 ? 'text/plain; charset=ISO-8859-1' : 'text/plain')
      response.end(Buffer.from('déjà vu', latin1 ? 'latin1' : 'utf8'))
    })
    const urls = [`${server.url}/latin1`, `${server.url}/utf8`]
    expect(await parallelRequests(urls, { returnType: 'text' })).toEqual(['déjà vu', 'déjà vu'])
  })

  it('a header with Latin-1 bytes arrives as those letters', async () => {
    const server = await echoServer((_echo, response) => {
      response.setHeader('x-name', 'déjà')
      // A Buffer: with a string, Node would also send the header in UTF-8.
      response.end(Buffer.from('1'))
    })
    const { headers } = await parallelRequests(server.url, { returnType: 'response' })
    expect(headers.get('x-name')).toBe('déjà')
  })
})

describe('a function of the caller that throws fails only its own request', () => {
  const urls = ['a', 'b', 'c'].map(name => `http://x.test/${name}`)
  const transport = () => mockTransport(({ index }) => ({ json: index }))

  it('a throw of parseFunc fails its request', async () => {
    const boom = new Error('boom')
    const outcomes = await parallelRequests(urls, {
      transport: transport(),
      parseFunc: (value, { index }) => {
        if (index === 1) throw boom
        return value
      },
      onFailure: 'settle',
    })
    expect(outcomes.map(outcome => (outcome.ok ? outcome.value : outcome.error.code))).toEqual([0, 'callback/parse', 2])
    expect(outcomes[1]?.error?.cause).toBe(boom)
    expect(outcomes[1]?.response?.status).toBe(200)
  })

  it('a throw of onProgress becomes one process warning, and every result is delivered', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    try {
      const onProgress = vi.fn<() => void>(() => {
        throw new Error('progress is broken')
      })
      const slow = mockTransport(({ index }) => ({ json: index, latencyMs: 500 * index }))
      expect(await parallelRequests(urls, { transport: slow, onProgress })).toEqual([0, 1, 2])
      expect(onProgress).toHaveBeenCalled()
      await new Promise(resolve => setImmediate(resolve))
      expect(warnings.filter(({ message }) => message.includes('progress is broken'))).toHaveLength(1)
    } finally {
      process.off('warning', onWarning)
    }
  })

  it.each(['beforeRequest', 'afterResponse'] as const)('a throw of hooks.%s fails its request', async name => {
    const hook = (first: { url: string }): void => {
      if (first.url.endsWith('/b')) throw new Error('boom')
    }
    const outcomes = await parallelRequests(urls, {
      transport: transport(),
      hooks: { [name]: hook },
      onFailure: 'settle',
    })
    expect(outcomes.map(({ ok, error }) => (ok ? 'ok' : error.code))).toEqual(['ok', 'callback/hook', 'ok'])
  })

  it('a throw of acceptStatus, shouldRetry, backoff, auth or a body function fails its request', async () => {
    const boom = (): never => {
      throw new Error('boom')
    }
    const server = await echoServer()
    const url = `${server.url}/status/503`
    const outcomes: Outcome[] = await parallelRequests(
      [
        server.url,
        { url, acceptStatus: boom, maxRetries: 0 },
        { url, retry: { shouldRetry: boom } },
        { url, auth: boom },
        { url, method: 'PUT', body: boom },
        server.url,
      ],
      { onFailure: 'settle' },
    )
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, false, false, false, true])
    for (const { error } of outcomes.slice(1, 5)) expect(error?.code).toMatch(/^callback\//)
  })
})
