/** Invalid requests: each fails alone, before any of it is sent, and does not affect the others. */
import { describe, expect, it } from 'vitest'
import { ParallelRequests, isRequestError, parallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { FailedOutcome, Outcome } from '../../src/index.ts'
import { echoServer } from '../support/echo-server.ts'

/** Sends the item between two valid ones and returns its outcome; the valid ones must succeed. */
async function outcomeAmongGoodOnes(item: unknown, options: Record<string, unknown> = {}): Promise<FailedOutcome> {
  const server = await echoServer()
  const items = [`${server.url}/before`, item, `${server.url}/after`]
  const outcomes: Outcome[] = await parallelRequests(items as never, { ...options, onFailure: 'settle' })
  expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
  expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/after', '/before'])
  const [, failed] = outcomes
  if (failed?.ok !== false) throw new Error('expected a failed outcome')
  expect(failed.attempts).toBe(0)
  expect(failed.error.attempts).toBe(0)
  expect(failed.index).toBe(1)
  expect(isRequestError(failed.error)).toBe(true)
  // The message is one line and ends with what to do.
  expect(failed.error.message).toMatch(/^[^\r\n]+: expected .+ \S.*[.?]$/)
  return failed
}

const GOOD = 'http://127.0.0.1:9/x'

describe('an item that is not a request fails alone with invalid_request/url', () => {
  it.each([
    ['a number', 7, 'url: expected a URL or a request with a url, got 7.'],
    ['null', null, 'got null.'],
    ['undefined', undefined, 'got undefined.'],
    ['an array', [GOOD], 'got an array of 1.'],
    ['a function', () => GOOD, 'got a function.'],
    ['an object without url', {}, 'url: expected a string or a URL, got undefined.'],
    ['an object with a url of another type', { url: 7 }, 'got 7.'],
    ['an object with url null', { url: null }, 'got null.'],
    ['a promise', Promise.resolve(GOOD), 'got a promise. Await it first.'],
  ])('%s', async (_what, item, part) => {
    const { error, request } = await outcomeAmongGoodOnes(item)
    expect(error.code).toBe('invalid_request/url')
    expect(error.message).toContain(part)
    expect(error.message).toMatch(/Write 'https:\/\/…' or \{ url: 'https:\/\/…' \}\.$/)
    expect(request).toMatchObject({ method: 'GET', url: '' })
  })

  it('even if reading it throws', async () => {
    const server = await echoServer()
    const hostile = {
      get url(): string {
        throw new Error('from the getter')
      },
    }
    const outcomes = await parallelRequests([server.url, hostile, server.url], { onFailure: 'settle' })
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true])
    expect(outcomes[1]?.error?.code).toMatch(/^invalid_request\//)
    expect(outcomes[1]?.error?.message).toContain('from the getter')
  })
})

describe('a URL that cannot be fetched fails alone with invalid_request/url', () => {
  it.each([
    ['', 'got an empty string'],
    ['not a url', "Write 'https://…' or set baseUrl"],
    ['/relative', "Write 'https://…' or set baseUrl"],
    ['api.example.com/x', "Write 'https://…' or set baseUrl"],
    ['ftp://example.com/x', 'expected an http: or https: URL, got "ftp://example.com/x"'],
    ['file:///etc/passwd', 'expected an http: or https: URL'],
    ['data:text/plain,hello', 'expected an http: or https: URL'],
    ['javascript:alert(1)', 'expected an http: or https: URL'],
    ['blob:http://127.0.0.1/x', 'expected an http: or https: URL'],
    ['localhost:3000/x', 'expected an http: or https: URL'],
    ['http://', 'expected an absolute http: or https: URL'],
    ['http://127.0.0.1:99999/', 'expected an absolute http: or https: URL'],
    ['http://exa mple.com/', 'expected an absolute http: or https: URL'],
    ['http://127.0.0.1:9/a\r\nX-Evil: 1', 'expected no control characters'],
    ['http://127.0.0.1:9/a\tb', 'expected no control characters'],
    ['http://127.0.0.1:9/a\0b', 'expected no control characters'],
    ['http://127.0.0.1:9/a\n', 'expected no control characters'],
    ['http://127.0.0.1:9/\u007f', 'expected no control characters'],
  ])('%j', async (url, part) => {
    for (const item of [url, { url }]) {
      const { error } = await outcomeAmongGoodOnes(item)
      expect(error.code).toBe('invalid_request/url')
      expect(error.message).toContain(part)
    }
  })

  it('when it is a URL object of another scheme', async () => {
    const { error } = await outcomeAmongGoodOnes(new URL('ftp://example.com/'))
    expect(error.code).toBe('invalid_request/url')
  })

  it('and rejects a single request with its own error, a batch with a PartialFailureError', async () => {
    const server = await echoServer()
    await expect(parallelRequests('ftp://example.com/')).rejects.toMatchObject({ code: 'invalid_request/url' })
    await expect(parallelRequests([server.url, 'ftp://example.com/'])).rejects.toMatchObject({
      name: 'PartialFailureError',
      successes: 1,
      total: 2,
    })
    const values = await parallelRequests([server.url, 'ftp://example.com/'], { onFailure: 'null' })
    expect(values).toEqual([expect.objectContaining({ url: '/' }), null])
  })

  it('when it is longer than 64 KiB, by itself or with its query', async () => {
    const server = await echoServer((_echo, response) => response.end('1'))
    const base = `${server.url}/`
    const longest = base + 'a'.repeat(65_536 - base.length)
    const [sent, tooLong, withQuery] = await parallelRequests(
      [longest, `${longest}a`, { url: longest, params: { a: 1 } }],
      { onFailure: 'settle' },
    )
    expect(sent?.ok).toBe(true)
    expect(server.requests.map(({ url }) => url.length + server.url.length)).toEqual([65_536])
    for (const outcome of [tooLong, withQuery]) {
      expect(outcome?.error?.code).toBe('invalid_request/url')
      expect(outcome?.attempts).toBe(0)
      expect(outcome?.error?.message).toContain('expected at most 65536 characters')
    }
  })

  it('unless baseUrl makes it absolute', async () => {
    const server = await echoServer()
    const outcomes = await parallelRequests(['a', '/b', '../c', '?d=1', 'http://[', 'ftp://x.test/'], {
      baseUrl: `${server.url}/v1/`,
      onFailure: 'settle',
    })
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true, true, false, false])
    expect(server.requests.map(({ url }) => url).toSorted()).toEqual(['/b', '/c', '/v1/?d=1', '/v1/a'])
  })
})

describe('an invalid field of a request fails it alone', () => {
  const url = GOOD
  it.each([
    // Unknown fields.
    [{ url, retries: 3 }, 'field', "retries: expected a field of a request, got an unknown one. Use 'maxRetries'."],
    [{ url, searchParams: {} }, 'field', "Use 'params'."],
    [{ url, data: {} }, 'field', "Use 'json', 'form' or 'body'."],
    [{ url, max_retries: 3 }, 'field', "Use 'maxRetries'."],
    [{ url, timout: '5s' }, 'field', "Did you mean 'timeout'?"],
    [{ url, hedaers: {} }, 'field', "Did you mean 'headers'?"],
    [{ url, concurrency: 3 }, 'field', 'It applies to all requests: give it in the options.'],
    [{ url, signal: AbortSignal.timeout(1_000) }, 'field', 'give it in the options'],
    [{ url, session: {} }, 'field', "Use 'cookies' in the options."],
    [{ uri: url }, 'field', "Did you mean 'url'?"],
    // Methods.
    [
      { url, method: '' },
      'method',
      "method: expected a method of HTTP other than CONNECT, got \"\". Write it as 'GET' or 'POST'.",
    ],
    [{ url, method: 'GE T' }, 'method', 'expected a method'],
    [{ url, method: 'GET\r\nX: y' }, 'method', 'expected a method'],
    [{ url, method: 'CONNECT' }, 'method', 'expected a method'],
    [{ url, method: 7 }, 'method', 'got 7'],
    [{ url, method: null }, 'method', 'got null'],
    // Bodies.
    [
      { url, method: 'GET', json: 1 },
      'body',
      'GET: expected no body, got one. Leave method out for POST, or use QUERY.',
    ],
    [{ url, method: 'head', body: 'x' }, 'body', 'HEAD: expected no body, got one.'],
    [
      { url, json: 1, form: {} },
      'body',
      'body: expected one of json, form, multipart and body, got json and form. Keep one of them.',
    ],
    [{ url, json: 1, form: {}, body: 'x' }, 'body', 'got json and form and body'],
    [
      { url, json: 1n },
      'body',
      'json: expected a value that JSON can hold, got one it cannot (Do not know how to serialize a BigInt)',
    ],
    [{ url, json: circular() }, 'body', 'Converting circular structure to JSON'],
    [{ url, json: () => 1 }, 'body', 'got one it cannot (a function)'],
    [{ url, json: Promise.resolve(1) }, 'body', 'a promise: await it first'],
    [{ url, form: 5 }, 'body', 'form: expected an object'],
    [{ url, form: null }, 'body', 'got null'],
    [{ url, form: { a: {} } }, 'body', 'form.a: expected a string'],
    [{ url, body: 5 }, 'body', 'body: expected a string, bytes'],
    [{ url, body: null }, 'body', 'got null'],
    [{ url, body: { a: 1 } }, 'body', 'Give an object as json, form or multipart.'],
    [{ url, multipart: 'a=1' }, 'body', 'multipart: expected a FormData, an object or an array of pairs, got a string'],
    [{ url, multipart: { 'a\r\nX-Evil: 1': 'x' } }, 'body', 'expected names without control characters'],
    [{ url, multipart: { 'a\0': 'x' } }, 'body', 'expected names without control characters'],
    [{ url, multipart: { a: { data: 'x', filename: 'b"\r\nc' } } }, 'body', 'a name without control characters'],
    [{ url, multipart: { a: { data: 'x', type: 'a/b\r\nc: d' } } }, 'body', 'multipart.a.type: expected a media type'],
    [{ url, multipart: { a: { path: 'x', nmae: 'y' } } }, 'body', 'multipart.a.nmae: expected one of path, data'],
    [{ url, multipart: { a: new File(['x'], 'a\nb') } }, 'body', 'Add a filename.'],
    [{ url, multipart: {}, form: {} }, 'body', 'got form and multipart'],
    // Headers.
    [
      { url, headers: { 'x-a': 'a\r\nX-Evil: 1' } },
      'header',
      'header x-a: expected a value without control characters',
    ],
    [{ url, headers: { 'x-a': 'a\0b' } }, 'header', 'header x-a: expected a value without control characters'],
    [{ url, headers: { 'x-a': '日本' } }, 'header', 'Encode it first'],
    [{ url, headers: { 'x a': '1' } }, 'header', 'header name: expected a token'],
    [{ url, headers: { 'x-a\r\nx-b': '1' } }, 'header', 'header name: expected a token'],
    [
      { url, headers: { host: 'evil.test' } },
      'header',
      'headers: expected no host header, got one. Set allowHostHeader if that is intended, or leave it out.',
    ],
    [{ url, headers: { 'Content-Length': '1' } }, 'header', 'expected no content-length header'],
    [{ url, headers: { 'Transfer-Encoding': 'chunked' } }, 'header', 'expected no transfer-encoding header'],
    [{ url, headers: { 'x-a': null } }, 'header', 'headers.x-a: expected a string, got null'],
    [{ url, headers: 'x-a: 1' }, 'header', 'got a string'],
    [{ url, headers: ['x-a', '1'] }, 'header', 'headers[0]: expected a pair'],
    [
      { url, method: 'POST', idempotencyKey: 'a\nb' },
      'header',
      'idempotencyKey: header idempotency-key: expected a value without control',
    ],
    [
      { url, method: 'POST', idempotencyKey: '' },
      'header',
      'idempotencyKey: expected a boolean or a string that is not empty',
    ],
    [{ url, method: 'POST', idempotencyKey: 5 }, 'header', 'got 5. Use true for a new one.'],
    // Other fields.
    [{ url, params: 'a=1' }, 'params', 'params: expected an object of strings, numbers and booleans, got a string'],
    [{ url, params: null }, 'params', 'got null'],
    [{ url, params: [{}] }, 'params', 'got an array of 1'],
    [{ url, params: { a: { b: 1 } } }, 'params', 'params.a: expected a string, number, boolean or an array of them'],
    [
      { url, auth: null },
      'auth',
      'auth: expected { username, password }, { bearer }, { token, refresh }, { oauth } or a function, got null.',
    ],
    [{ url, auth: 'token' }, 'auth', 'Write a token as { bearer: token }.'],
    [{ url, auth: { username: 'a' } }, 'auth', 'got fields username'],
    [{ url, auth: { bearer: 'a\r\nb' } }, 'auth', 'auth.bearer: expected a token'],
    [{ url, key: 7 }, 'key', 'key: expected a string, got 7. Turn it into one.'],
    [{ url, timeout: 10 }, 'options', "Write '10s' or '10ms'."],
    [{ url, maxRetries: -1 }, 'options', 'maxRetries: expected an integer ≥ 0, got -1.'],
    [{ url, returnType: 'xml' }, 'options', "returnType: expected one of 'json'"],
    [{ url, parseFunc: 'x' }, 'options', 'parseFunc: expected a function'],
    [{ url, schema: {} }, 'options', 'schema: expected a Standard Schema'],
    [
      { url, returnType: 'content', schema: { '~standard': { validate: () => ({ value: 1 }) } } },
      'options',
      "schema: expected returnType 'json' or 'text' beside it, got 'content'.",
    ],
  ])('%o', async (spec, detail, part) => {
    const { error } = await outcomeAmongGoodOnes(spec)
    expect(error.code).toBe(`invalid_request/${detail}`)
    expect(error.message).toContain(part)
  })

  it('and all invalid options of one request are reported at once', async () => {
    const { error } = await outcomeAmongGoodOnes({ url, timeout: 10, maxRetries: -1, returnType: 'xml' })
    for (const name of ['timeout: ', 'maxRetries: ', 'returnType: ']) expect(error.message).toContain(name)
  })

  it('with its key and meta on the outcome', async () => {
    const meta = { row: 17 }
    const failed = await outcomeAmongGoodOnes({ url: 'ftp://x.test/', key: 'k', meta, method: 'put' })
    expect(failed.key).toBe('k')
    expect(failed.request.meta).toBe(meta)
    expect(failed.request.method).toBe('PUT')
    expect(failed.error.key).toBe('k')
  })

  it('such as an explicit GET when the options have a body', async () => {
    const server = await echoServer()
    const [post, get] = await parallelRequests([server.url, { url: server.url, method: 'GET' }], {
      json: { a: 1 },
      onFailure: 'settle',
    })
    expect(post?.ok).toBe(true)
    expect(get?.error?.code).toBe('invalid_request/body')
  })

  it('such as a body function that does not return a body', async () => {
    const server = await echoServer()
    const bad = { url: server.url, body: (() => 5) as never, maxRetries: 0 }
    const [ok, failed] = await parallelRequests([server.url, bad], { onFailure: 'settle' })
    expect(ok?.ok).toBe(true)
    expect(failed?.ok).toBe(false)
  })

  it('but Latin-1 in a header value is sent unchanged, and blanks around a value are removed', async () => {
    const server = await echoServer()
    await parallelRequests({ url: server.url, headers: { 'x-a': 'café', 'x-b': '  b\t' } })
    expect(server.requests[0]?.headers).toMatchObject({ 'x-a': 'café', 'x-b': 'b' })
  })
})

describe('userinfo in a URL', () => {
  const basicOf = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

  it('becomes Basic authentication, percent-decoded, and does not appear in the path or host', async () => {
    const server = await echoServer()
    await parallelRequests(`http://us%40er:p%3Ass%C3%A9@127.0.0.1:${server.port}/x`)
    expect(server.requests[0]?.headers.authorization).toBe(basicOf('us@er:p:ssé'))
    expect(server.requests[0]?.headers.host).toBe(`127.0.0.1:${server.port}`)
    expect(server.requests[0]?.url).toBe('/x')
  })

  it('is overridden by auth of the request, auth of the options, and an Authorization header of the request', async () => {
    const server = await echoServer()
    const url = `http://user:pass@127.0.0.1:${server.port}/`
    await parallelRequests({ url, auth: { bearer: 'own' } })
    await parallelRequests(url, { auth: { bearer: 'all' } })
    await parallelRequests({ url, headers: { Authorization: 'Custom x' } }, { auth: { bearer: 'all' } })
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer own',
      'Bearer all',
      'Custom x',
    ])
  })

  it.each(['http://a.test', new URL('http://a.test')])(
    'is optional: the bare origin %s is a valid baseUrl',
    async baseUrl => {
      const transport = mockTransport(({ url }) => ({ json: url }))
      expect(await parallelRequests(['x/y'], { baseUrl, transport })).toEqual(['http://a.test/x/y'])
    },
  )

  it('applies to relative URLs when it is in baseUrl', async () => {
    const server = await echoServer()
    await parallelRequests(['a', 'b'], { baseUrl: `http://user:pass@127.0.0.1:${server.port}/` })
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      basicOf('user:pass'),
      basicOf('user:pass'),
    ])
  })
})

describe('a header that is given as undefined', () => {
  it("removes the header of the client, of the call and the library's default", async () => {
    const server = await echoServer()
    await using client = new ParallelRequests({ headers: { 'x-a': '1', 'x-b': '2' } })
    await client.request([server.url, { url: server.url, headers: { 'x-b': undefined } }], {
      headers: { 'X-A': undefined, 'user-agent': undefined },
    })
    const [first, second] = server.requests.toSorted((a, b) => b.lines.length - a.lines.length)
    expect(first?.headers).not.toHaveProperty('x-a')
    expect(first?.headers).not.toHaveProperty('user-agent')
    expect(first?.headers).toMatchObject({ 'x-b': '2' })
    expect(second?.headers).not.toHaveProperty('x-b')
  })
})

function circular(): unknown {
  const value: Record<string, unknown> = {}
  value.self = value
  return value
}
