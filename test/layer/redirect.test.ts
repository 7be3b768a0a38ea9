import { afterAll, describe, expect, it } from 'vitest'
import type { ParallelRequests } from '../../src/index.ts'
import { HASTY, TRUST, ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import type { AskOptions } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { RawRequest, RawServer } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'

type Answer = { readonly status?: string; readonly headers?: string; readonly body?: string } | undefined

/** Answers by path; other paths return their own name. */
function site(answers: Readonly<Record<string, Answer | ((request: RawRequest) => Answer)>> = {}, cert?: 'server') {
  return rawServer(
    answering((connection, request) => {
      const known = answers[request.path]
      const answer = typeof known === 'function' ? known(request) : known
      const { status = '200 OK', headers = '', body = request.path } = answer ?? {}
      return connection.reply(request.method === 'HEAD' ? '' : body, { status, headers })
    }),
    cert && { cert },
  )
}

const to = (location: string, status = '302 Found', more = ''): Answer => ({
  status,
  headers: `Location: ${location}\r\n${more}`,
})

const SECRETS: AskOptions = {
  headers: { 'x-api-key': 't0psecret', cookie: 'own=t0psecret', 'x-trace': 't0psecret', 'accept-language': 'fr' },
  auth: { bearer: 't0psecret' },
  cookies: { plain: 't0psecret' },
}
const GUARDED = ['authorization', 'cookie', 'x-api-key', 'x-trace']

const received = ({ requests }: RawServer, path: string): RawRequest =>
  requests.find(request => request.path === path) as RawRequest
const guardedOf = (request: RawRequest): string[] => GUARDED.filter(name => request.headers.has(name))

describe('a redirect', () => {
  it('is followed, and reported in the response', async () => {
    await using server = await site({ '/a': to('/b'), '/b': to('/c', '307 X') })
    const outcome = await ask(`${server.origin}/a`)
    expect(outcome.value).toBe('/c')
    expect(outcome.response?.url).toBe(`${server.origin}/c`)
    expect(outcome.response?.redirects).toBe(2)
    expect(outcome.request.url).toBe(`${server.origin}/a`)
  })

  it.each([
    ['301', 'POST'],
    ['302', 'PUT'],
    ['303', 'DELETE'],
  ])("keeps the method and drops the body on %s with followRedirects: 'keep_method'", async (status, method) => {
    await using server = await site({ '/a': to('/b', `${status} X`) })
    await ask({ url: `${server.origin}/a`, method, body: 'x' }, { followRedirects: 'keep_method' })
    const { method: second, body } = received(server, '/b')
    expect([second, body.length]).toEqual([method, 0])
  })

  it('is an ordinary response with followRedirects: false', async () => {
    await using server = await site({ '/a': to('/b') })
    expect(await verdict(`${server.origin}/a`, { followRedirects: false })).toBe('http/302')
  })

  describe('with secrets', () => {
    it('keeps them on its own origin', async () => {
      await using server = await site({ '/a': to('/b') })
      await ask(`${server.origin}/a`, SECRETS)
      expect(guardedOf(received(server, '/b'))).toEqual(GUARDED)
      expect(received(server, '/b').headers.get('authorization')).toBe('Bearer t0psecret')
    })

    it.each(['another host', 'another port', 'another scheme'])('sends none of them to %s', async where => {
      await using other = await site({}, where === 'another scheme' ? 'server' : undefined)
      const target = where === 'another host' ? `http://localhost:${other.port}` : other.origin
      await using server = await site({ '/a': to(`${target}/b`) })
      const outcome = await ask(`${server.origin}/a`, { ...SECRETS, ...TRUST })
      expect(verdictOf(outcome)).toBe('ok')
      const there = received(other, '/b')
      expect(there.head).not.toContain('t0psecret')
      expect(guardedOf(there)).toEqual([])
      expect(there.headers.get('accept-language')).toBe('fr')
      expect(there.headers.get('user-agent')).toMatch(/^parallel-requests\//)
      expect(there.headers.get('accept-encoding')).toContain('gzip')
    })

    it('does not restore them on the way back, or between two pages elsewhere', async () => {
      await using other = await site({ '/b': to('/b2'), '/b2': to('/b3') })
      await using home = await site({ '/a': to(`${other.origin}/b`) })
      await ask(`${home.origin}/a`, SECRETS)
      for (const path of ['/b', '/b2', '/b3']) expect(received(other, path).head).not.toContain('t0psecret')

      // a → b → a
      const visits: RawRequest[] = []
      await using away = await site({ '/x': request => (visits.push(request), to(`${start.origin}/end`)) })
      await using start = await site({ '/start': () => to(`${away.origin}/x`), '/end': () => to('/end2') })
      await ask(`${start.origin}/start`, SECRETS)
      expect(guardedOf(received(start, '/start'))).toEqual(GUARDED)
      for (const path of ['/end', '/end2']) expect(received(start, path).head).not.toContain('t0psecret')
      expect(visits).toHaveLength(1)
    })

    it('computes no credentials for a hop to another origin, and takes none from a Location', async () => {
      await using other = await site()
      await using server = await site({ '/a': to(other.origin.replace('//', '//user:t0psecret@')) })
      const asked: string[] = []
      const outcome = await ask(`${server.origin}/a`, {
        auth: ({ url }) => {
          asked.push(url)
          return 'Bearer computed'
        },
      })
      expect(verdictOf(outcome)).toBe('ok')
      expect(asked).toEqual([`${server.origin}/a`])
      expect(other.requests[0]?.headers.has('authorization')).toBe(false)
      expect(outcome.warnings).toEqual(['a redirect named a user or a password in its Location, which were not sent'])
      expect(JSON.stringify(outcome)).not.toContain('t0psecret')
    })

    it('sends no userinfo of the first URL to another origin', async () => {
      await using other = await site()
      await using server = await site({ '/a': to(`${other.origin}/b`) })
      await ask(`${server.origin.replace('//', '//user:t0psecret@')}/a`)
      expect(received(server, '/a').headers.get('authorization')).toMatch(/^Basic /)
      expect(received(other, '/b').headers.has('authorization')).toBe(false)
    })
  })

  describe('of a request with a body', () => {
    const POST = { method: 'POST', json: { n: 1 }, headers: { 'content-language': 'fr' } }

    it.each([
      ['301 X', 'POST', 'GET'],
      ['302 X', 'POST', 'GET'],
      ['303 X', 'POST', 'GET'],
      ['303 X', 'PUT', 'GET'],
      ['302 X', 'PUT', 'PUT'],
      ['307 X', 'POST', 'POST'],
      ['308 X', 'POST', 'POST'],
      ['307 X', 'PATCH', 'PATCH'],
    ])('with %s turns %s into %s', async (status, method, then) => {
      await using server = await site({ '/a': to('/b', status) })
      const outcome = await ask({ ...POST, method, url: `${server.origin}/a` })
      expect(verdictOf(outcome)).toBe('ok')
      const hop = received(server, '/b')
      expect(hop.method).toBe(then)
      expect(hop.body).toBe(then === 'GET' ? '' : '{"n":1}')
      const described = [...hop.headers.keys()].filter(name => name.startsWith('content-'))
      expect(described).toEqual(then === 'GET' ? [] : ['content-language', 'content-length', 'content-type'])
    })

    it('leaves HEAD a HEAD, even with 303', async () => {
      await using server = await site({ '/a': to('/b', '303 X') })
      await ask({ url: `${server.origin}/a`, method: 'HEAD' })
      expect(received(server, '/b').method).toBe('HEAD')
    })

    it.each(['307 X', '308 X'])(
      'with %s does not send the body to another origin unless that is allowed',
      async status => {
        await using other = await site()
        await using server = await site({ '/a': to(`${other.origin}/b`, status) })
        const spec = { ...POST, url: `${server.origin}/a` }
        const refused = await ask(spec)
        expect(verdictOf(refused)).toBe('redirect/body_cross_origin')
        expect(refused.error?.message).toContain('allowBodyAcrossOrigins')
        expect(refused.error?.response?.status).toBe(Number(status.slice(0, 3)))
        expect(other.accepted).toBe(0)
        expect(await verdict(spec, { allowBodyAcrossOrigins: true })).toBe('ok')
        expect(received(other, '/b').body).toBe('{"n":1}')
      },
    )

    it('sends the headers that describe the body along with it, if the body may cross origins', async () => {
      await using other = await site()
      await using server = await site({ '/a': to(`${other.origin}/b`, '307 X') })
      const described = {
        'content-encoding': 'gzip',
        'content-range': 'bytes 0-6/14',
        'content-digest': 'sha-256=:x:',
        'content-language': 'de',
        'content-type': 'application/json',
      }
      const spec = { ...POST, url: `${server.origin}/a`, headers: { ...described, 'x-trace': 'a' } }
      expect(await verdict(spec, { allowBodyAcrossOrigins: true })).toBe('ok')
      const { headers } = received(other, '/b')
      expect(Object.keys(described).map(name => [name, headers.get(name)])).toEqual(Object.entries(described))
      expect(headers.has('x-trace')).toBe(false)
    })

    it.each([
      ['PUT', 'if-match', 'redirect/precondition'],
      ['PUT', 'if-none-match', 'redirect/precondition'],
      ['PATCH', 'if-unmodified-since', 'redirect/precondition'],
      ['DELETE', 'if-match', 'redirect/precondition'],
      ['GET', 'if-none-match', 'ok'],
    ])('%s with %s ends at another origin with %s', async (method, condition, code) => {
      await using other = await site()
      await using server = await site({ '/a': to(`${other.origin}/b`, '307 X'), '/same': to('/b', '307 X') })
      const body = method === 'PUT' || method === 'PATCH' ? { json: { n: 1 } } : {}
      const spec = { method, ...body, headers: { [condition]: '"v1"' } }
      const outcome = await ask({ ...spec, url: `${server.origin}/a` }, { allowBodyAcrossOrigins: true })
      expect(verdictOf(outcome)).toBe(code)
      expect(other.accepted).toBe(code === 'ok' ? 1 : 0)
      expect(await verdict({ ...spec, url: `${server.origin}/same` })).toBe('ok')
      expect(received(server, '/b').headers.get(condition)).toBe('"v1"')
    })

    it('cannot send a consumed stream again, but follows if the body is dropped', async () => {
      const once = () =>
        (async function* () {
          yield 'once'
        })()
      await using server = await site({
        '/kept': to('/b', '307 X'),
        '/dropped': to('/flaky', '303 X'),
        '/flaky': () =>
          server.requests.filter(({ path }) => path === '/flaky').length === 1 ? { status: '503 X' } : {},
      })
      expect(await verdict({ url: `${server.origin}/kept`, method: 'POST', body: once() })).toBe(
        'redirect/body_not_replayable',
      )
      // The GET that it became may be retried like any other.
      const outcome = await ask(
        { url: `${server.origin}/dropped`, method: 'POST', body: once() },
        { maxRetries: 1, retry: HASTY },
      )
      expect(verdictOf(outcome)).toBe('ok')
    })

    it('is not retried at another origin because of an idempotency key that was not sent there', async () => {
      await using other = await rawServer(async connection => {
        await connection.request()
        connection.rst()
      })
      await using server = await site({ '/a': to(`${other.origin}/b`, '307 X') })
      const code = await verdict(
        { ...POST, url: `${server.origin}/a`, idempotencyKey: 'k' },
        { allowBodyAcrossOrigins: true, maxRetries: 3, retry: HASTY },
      )
      expect(code).toBe('in_doubt/reset')
      expect(other.accepted).toBe(1)
      expect(received(server, '/a').headers.get('idempotency-key')).toBe('k')
      expect(other.requests[0]?.headers.has('idempotency-key')).toBe(false)
    })
  })

  describe('that leads nowhere', () => {
    it('in a loop is redirect/loop after one round', async () => {
      await using server = await site({ '/a': to('/b'), '/b': to('/a') })
      expect(await verdict(`${server.origin}/a`)).toBe('redirect/loop')
      expect(server.requests).toHaveLength(2)
    })

    it('to itself is followed until it leads elsewhere', async () => {
      let asked = 0
      await using server = await site({ '/a': () => (++asked < 4 ? to('/a') : {}) })
      expect(await verdict(`${server.origin}/a`)).toBe('ok')
      expect(asked).toBe(4)
    })

    it('to itself without end is redirect/loop after maxRedirects hops', async () => {
      await using server = await site({ '/self': to('/self') })
      const outcome = await ask(`${server.origin}/self`, { maxRedirects: 3 })
      expect(verdictOf(outcome)).toBe('redirect/loop')
      expect(outcome.error?.message).toContain('more than 3 times')
      expect(server.requests).toHaveLength(4)
    })

    it('to itself with a cookie that changes the response is followed', async () => {
      await using server = await site({
        '/a': ({ headers }) => (headers.has('cookie') ? {} : to('/a', '302 X', 'Set-Cookie: seen=1\r\n')),
      })
      expect(await verdict(`${server.origin}/a`)).toBe('ok')
      expect(await verdict(`${server.origin}/a`, { cookies: false })).toBe('redirect/loop')
    })

    it('after maxRedirects hops is redirect/too_many', async () => {
      const chain = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`/${i}`, to(`/${i + 1}`)]))
      await using server = await site(chain)
      expect(await verdict(`${server.origin}/20`)).toBe('ok')
      const outcome = await ask(`${server.origin}/19`)
      expect(verdictOf(outcome)).toBe('redirect/too_many')
      expect(outcome.error?.message).toContain('maxRedirects')
      expect(outcome.error?.response?.status).toBe(302)
      expect(await verdict(`${server.origin}/29`, { maxRedirects: 1 })).toBe('ok')
      expect(await verdict(`${server.origin}/29`, { maxRedirects: 0 })).toBe('redirect/too_many')
    })

    it.each([
      ['', 'http/302'],
      ['   ', 'http/302'],
      ['http://[', 'redirect/invalid'],
      ['http://host:99999/', 'redirect/invalid'],
      ['http://', 'redirect/invalid'],
      ['file:///etc/passwd', 'redirect/scheme'],
      ['data:text/plain,hi', 'redirect/scheme'],
      ['unix:/run/x', 'redirect/scheme'],
      ['javascript:alert(1)', 'redirect/scheme'],
      [`/${'a'.repeat(10_000)}`, 'ok'],
      ['/b\r\nLocation: /b', 'ok'],
      ['/b\r\nLocation: /c', 'protocol/location'],
      ['\r\nLocation: /c', 'protocol/location'],
    ])('with the Location %j is %s', async (location, code) => {
      await using server = await site({ '/a': to(location) })
      expect(await verdict(`${server.origin}/a`)).toBe(code)
    })

    it('without a Location is an ordinary response', async () => {
      await using server = await site({ '/a': { status: '302 Found' }, '/304': { status: '304 X', body: '' } })
      expect(await verdict(`${server.origin}/a`)).toBe('http/302')
      expect(await verdict(`${server.origin}/304`)).toBe('http/304')
    })

    it('from https to http is redirect/downgrade unless that is allowed', async () => {
      await using plain = await site()
      await using secure = await site({ '/a': to(`${plain.origin}/b`) }, 'server')
      const refused = await ask(`${secure.origin}/a`, TRUST)
      expect(verdictOf(refused)).toBe('redirect/downgrade')
      expect(refused.error?.message).toContain('allowDowngrade')
      expect(plain.accepted).toBe(0)
      expect(await verdict(`${secure.origin}/a`, { ...TRUST, allowDowngrade: true })).toBe('ok')
    })
  })

  it.each([
    ['../up', '/up'],
    ['b', '/dir/b'],
    ['?q=1', '/dir/a?q=1'],
    ['/with space', '/with%20space'],
    ['/caf\xc3\xa9', '/caf%C3%A9'],
    ['/caf\xe9', '/caf%E9'],
    ['/b#fragment', '/b'],
  ])('to %j requests %s', async (location, path) => {
    await using server = await site({ '/dir/a': to(location) })
    expect((await ask(`${server.origin}/dir/a`)).value).toBe(path)
  })

  it('to a host without a scheme keeps its scheme', async () => {
    await using other = await site()
    await using server = await site({ '/a': to(`//127.0.0.1:${other.port}/b`) })
    expect(await verdict(`${server.origin}/a`)).toBe('ok')
    expect(other.requests).toHaveLength(1)
  })

  it('shares the remaining retries with its hops', async () => {
    let left = 3
    await using server = await site({
      '/a': () => (left-- === 3 ? { status: '503 X' } : to('/b')),
      '/b': () => (left-- > 0 ? { status: '503 X' } : {}),
    })
    const outcome = await ask(`${server.origin}/a`, { maxRetries: 1, retry: HASTY })
    expect(verdictOf(outcome)).toBe('http/503')
    expect(outcome.attempts).toBe(3)
  })

  it('is subject to the one deadline of its request', async () => {
    await using server = await rawServer(
      answering(async (connection, { path }) => {
        await connection.wait(60)
        await connection.reply('', { status: '302 X', headers: `Location: ${path}x\r\n` })
      }),
    )
    const client = clientOf()
    const startedAtMs = performance.now()
    const outcome = await client.request(`${server.origin}/`, { onFailure: 'settle', timeouts: { total: '200ms' } })
    expect(verdictOf(outcome)).toBe('timeout/total')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(300)
    await client.close()
  })
})

describe('the body of a redirect', () => {
  const HEAD = 'HTTP/1.1 302 Found\r\nLocation: /next\r\n'
  const NEXT = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext'
  const [here, threaded] = [0, 1].map(workers => clientOf({ maxRetries: 0, maxResponseBytes: 100, workers })) as [
    ParallelRequests,
    ParallelRequests,
  ]
  afterAll(async () => void (await Promise.all([here.close(), threaded.close()])))

  it.each([
    ['never ends', `${HEAD}Content-Length: 100\r\n\r\nabc`, 'open'],
    ['has no end, on a connection that stays open', `${HEAD}Connection: close\r\n\r\nmoved`, 'open'],
    ['is truncated', `${HEAD}Content-Length: 100\r\n\r\nabc`, 'fin'],
    ['is truncated within a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\nabc`, 'fin'],
    ['is reset', `${HEAD}Content-Length: 100\r\n\r\nabc`, 'rst'],
    ['has an unknown coding', `${HEAD}Content-Encoding: foo\r\nContent-Length: 3\r\n\r\nabc`, 'open'],
    ['is declared as gzip but is not', `${HEAD}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc`, 'open'],
    ['is larger than maxResponseBytes', `${HEAD}Content-Length: 150\r\n\r\n${'x'.repeat(150)}`, 'open'],
    ['announces more than any limit', `${HEAD}Content-Length: 99999999999\r\n\r\nabc`, 'open'],
    [
      'is longer than is worth reading',
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n20000\r\n${'x'.repeat(131_072)}`,
      'open',
    ],
  ] as const)('does not matter when it %s', async (_what, redirect, then) => {
    await using server = await rawServer(async connection => {
      for (;;) {
        const { path } = await connection.request()
        await connection.send(path === '/next' ? NEXT : redirect)
        if (path === '/next' || then === 'open') continue
        await connection.wait(5)
        connection[then]()
      }
    })
    for (const client of [here, threaded]) {
      const outcome = await client.request(`${server.origin}/a`, { onFailure: 'settle', returnType: 'text' })
      expect([verdictOf(outcome), outcome.value]).toEqual(['ok', 'next'])
    }
    expect(server.requests.map(({ path }) => path)).toEqual(['/a', '/next', '/a', '/next'])
  })

  it('is read to its end if it is short, so that the next hop reuses the connection', async () => {
    await using server = await site({ '/a': { ...to('/b'), body: 'x'.repeat(1_000) } as Answer })
    expect((await ask(`${server.origin}/a`)).value).toBe('/b')
    expect(server.accepted).toBe(1)
  })

  it('is the value if redirects are not followed, with workers too', async () => {
    await using server = await site({ '/a': { ...to('/b'), body: 'moved' } as Answer })
    const options = { followRedirects: false, acceptStatus: () => true, returnType: 'text' } as const
    for (const client of [here, threaded]) expect(await client.request(`${server.origin}/a`, options)).toBe('moved')
  })
})
