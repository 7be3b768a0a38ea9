/**
 * A cookie that was set for one credential is never sent with another. Like most servers, the test server makes a
 * session for each new credential, and trusts the session more than the credential.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CookieJar } from 'tough-cookie'
import { describe, expect, it } from 'vitest'
import { ConfigError, ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { Auth, ClientOptions, RequestSpec } from '../../src/index.ts'
import { Trip } from '../../src/core/trip.ts'
import { Jars } from '../../src/store/jars.ts'
import { threadServer } from '../support/thread-server.ts'
import type { Echo } from '../support/thread-server.ts'

interface Site extends AsyncDisposable {
  readonly origin: string
  /** The `Cookie` headers that arrived, in order. */
  readonly cookies: (string | undefined)[]
}

type Answer = (request: IncomingMessage, response: ServerResponse, site: Site) => void

async function site(answer: Answer): Promise<Site> {
  const cookies: (string | undefined)[] = []
  const server = createServer((request, response) => {
    cookies.push(request.headers.cookie)
    answer(request, response, made)
  })
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  const made: Site = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cookies,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise(resolve => void server.close(resolve))
    },
  }
  return made
}

const sessionIn = (request: IncomingMessage): string | undefined =>
  /\bsid=(\w+)/.exec(request.headers.cookie ?? '')?.[1]

/** The user, by everything in a request that may identify one. */
function userIn({ url = '', headers }: IncomingMessage): string {
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1]
  if (basic !== undefined) return Buffer.from(basic, 'base64').toString().split(':')[0] ?? ''
  const said =
    /[?&](?:\w*token|api_key|appid|code|ticket|tenant)=(\w+)/.exec(url)?.[1] ??
    headers.authorization?.replace('Bearer ', '') ??
    headers['x-api-key'] ??
    headers['x-tenant'] ??
    /\buser=(\w+)/.exec(headers.cookie ?? '')?.[1]
  return String(said ?? 'nobody')
}

const SESSIONS: Answer = (request, response) => {
  const session = sessionIn(request)
  const user = session ?? userIn(request)
  if (session === undefined) response.setHeader('set-cookie', `sid=${user}; Path=/`)
  response.end(JSON.stringify(user))
}

const USERS = Array.from({ length: 20 }, (_, at) => `u${at % 7}`)

/** How many of 20 requests got another user's answer. */
async function mixedUp(request: (user: string, origin: string) => RequestSpec | string, options: ClientOptions = {}) {
  await using server = await site(SESSIONS)
  const values = await parallelRequests(
    USERS.map(user => request(user, server.origin)),
    { concurrency: 4, ...options },
  )
  return values.filter((value, at) => value !== USERS[at]).length
}

describe('a cookie set for one credential is never sent with another', () => {
  it.each<[string, (user: string, origin: string) => RequestSpec | string, ClientOptions?]>([
    ['auth with a bearer token', (bearer, url) => ({ url, auth: { bearer } })],
    ['auth with a password', (username, url) => ({ url, auth: { username, password: 'x' } })],
    ['auth as a function', (user, url) => ({ url, auth: async () => `Bearer ${user}` })],
    ['userinfo', (user, origin) => `${origin.replace('//', `//${user}:x@`)}/`],
    ['an Authorization header', (user, url) => ({ url, headers: { authorization: `Bearer ${user}` } })],
    ['a Cookie header', (user, url) => ({ url, headers: { cookie: `user=${user}` } })],
    ['a header with a key', (user, url) => ({ url, headers: { 'X-API-Key': user } })],
    ['a header of secretNames', (user, url) => ({ url, headers: { 'x-tenant': user } }), { secretNames: ['X-Tenant'] }],
    ['a token in the query', (user, origin) => `${origin}/?access_token=${user}`],
    ['a token in a query with other fields', (user, url) => ({ url: `${url}/?a=1`, params: { api_key: user, b: 2 } })],
    ['a code in the query', (user, origin) => `${origin}/?code=${user}`],
    ['an appid in the query', (user, origin) => ({ url: `${origin}/?appid=${user}` })],
    ['a query field of secretNames', (user, origin) => `${origin}/?tenant=${user}`, { secretNames: ['tenant'] }],
    ['POST and a header', (user, url) => ({ url, json: {}, headers: { authorization: `Bearer ${user}` } })],
    ['auth beside params of the options', (bearer, url) => ({ url, auth: { bearer } }), { params: { a: 1 } }],
  ])('given by %s', async (_how, request, options) => {
    expect(await mixedUp(request, options)).toBe(0)
  })

  it('given by one set of params per URL', async () => {
    await using server = await site(SESSIONS)
    const values = await parallelRequests(
      USERS.map(() => server.origin),
      { params: USERS.map(user => ({ access_token: user })), concurrency: 4 },
    )
    expect(values).toEqual(USERS)
  })

  it('given by a token and by a function, in a sync call', async () => {
    const server = await threadServer()
    const as = (path: string, auth: Auth): RequestSpec => ({ url: server.url + path, auth })
    const [ann, bob] = [{ bearer: 'ann' }, () => 'Bearer bob']
    const requests = [as('/cookie', ann), as('/', ann), as('/', bob), as('/cookie', bob), as('/', bob), server.url]
    const echoes = parallelRequestsSync<Echo>(requests, { concurrency: 1 })
    await server.close()
    const sent = echoes.map(({ headers }) => headers['cookie'])
    expect(sent).toEqual([undefined, 'learned=1', undefined, undefined, 'learned=1', undefined])
  })

  it('or with none, or the other way round', async () => {
    await using server = await site(SESSIONS)
    const client = new ParallelRequests({ concurrency: 1 })
    const url = server.origin
    expect(await client.request([url, { url, auth: { bearer: 'ann' } }, url])).toEqual(['nobody', 'ann', 'nobody'])
    await client.close()
    expect(server.cookies).toEqual([undefined, undefined, 'sid=nobody'])
  })

  it('on the redirect hops of its request, across origins too', async () => {
    // A cookie ignores ports: another origin that shares none needs another host name.
    await using away = await site(({ url }, response, { cookies }) => {
      const back = new URL(url ?? '', 'http://x').searchParams.get('back')
      if (back === null) return void response.end(JSON.stringify(cookies.at(-1) ?? null))
      response.writeHead(302, { location: back, 'set-cookie': `sso=of${cookies.length}; Path=/` }).end()
    })
    await using server = await site((request, response, { origin }) => {
      const session = sessionIn(request)
      if (request.url === '/end') return void response.end(JSON.stringify(session ?? null))
      const location = `${elsewhere}/?back=${encodeURIComponent(`${origin}/end`)}`
      response.writeHead(302, { location, 'set-cookie': `sid=${userIn(request)}; Path=/` }).end()
    })
    const elsewhere = away.origin.replace('127.0.0.1', 'localhost')
    const client = new ParallelRequests({ concurrency: 1 })
    const as = (bearer: string): RequestSpec => ({ url: `${server.origin}/in`, auth: () => `Bearer ${bearer}` })
    expect(await client.request([as('ann'), as('bob'), as('ann')])).toEqual(['ann', 'bob', 'ann'])
    expect(away.cookies).toEqual([undefined, undefined, 'sso=of1'])
    // A request without a credential gets none of them.
    expect(await client.request(`${elsewhere}/`)).toBeNull()
    await client.close()
  })

  it('in the retries of its request, by what its auth function returns for each', async () => {
    let count = 0
    await using server = await site((request, response) => {
      response.setHeader('set-cookie', `sid=${userIn(request)}; Path=/`)
      response.writeHead(++count === 1 ? 503 : 200).end('1')
    })
    const url = server.origin
    const auth = ({ attempt }: { attempt: number }): string => `Bearer key${attempt}`
    await parallelRequests(
      [
        { url, auth },
        { url, auth: { bearer: 'key2' } },
        { url, auth: { bearer: 'key1' } },
      ],
      {
        concurrency: 1,
        retry: { backoff: () => 0 },
      },
    )
    expect(server.cookies).toEqual([undefined, undefined, 'sid=key2', 'sid=key1'])
  })
})

describe('requests share cookies', () => {
  it('if they carry the same credential, however it is written', async () => {
    await using server = await site(SESSIONS)
    const url = server.origin
    await parallelRequests(
      [
        { url, auth: { username: 'ann', password: 'x' } },
        url.replace('//', '//ann:x@'),
        { url, headers: { Authorization: `Basic ${btoa('ann:x')}` } },
        { url, auth: () => `Basic ${btoa('ann:x')}` },
      ],
      { concurrency: 1 },
    )
    expect(server.cookies).toEqual([undefined, 'sid=ann', 'sid=ann', 'sid=ann'])
  })

  it('if headers, auth and params come from the options, so a renewed token keeps its session', async () => {
    await using server = await site(SESSIONS)
    let token = 0
    const client = new ParallelRequests({
      auth: () => `Bearer t${++token}`,
      headers: { 'x-api-key': 'k' },
      params: { api_key: 'p' },
      concurrency: 1,
    })
    await client.request([server.origin, server.origin])
    await client.request(server.origin, { auth: { bearer: 'other' }, headers: { 'x-api-key': 'l' } })
    await client.close()
    expect(server.cookies).toEqual([undefined, 'sid=p', 'sid=p'])
  })

  it.each([
    { 'idempotency-key': 'one' },
    { 'x-csrf-token': 'one' },
    { 'X-XSRF-TOKEN': 'one' },
    { accept: 'text/plain' },
  ])('if one of them carries only %j, which does not identify a user', async headers => {
    await using server = await site(SESSIONS)
    const url = `${server.origin}/?pageToken=a`
    await parallelRequests([server.origin, { url, headers }], { concurrency: 1 })
    expect(server.cookies).toEqual([undefined, 'sid=nobody'])
  })

  it('with shareCookies: false only with their own hops and retries', async () => {
    await using server = await site((request, response) => {
      const session = sessionIn(request)
      if (session !== undefined) return void response.end(JSON.stringify(session))
      response.writeHead(302, { location: '/', 'set-cookie': `sid=s${request.url?.slice(1)}; Path=/` }).end()
    })
    const client = new ParallelRequests({ shareCookies: false, cookies: { pair: '1' }, concurrency: 1 })
    expect(await client.request(['1', '2'].map(path => `${server.origin}/${path}`))).toEqual(['s1', 's2'])
    expect(server.cookies).toEqual(['pair=1', 'pair=1', 'pair=1; sid=s1', 'pair=1; sid=s2'])
    await client.close()
  })

  it('with shareCookies: false never: a shared jar or cookie file is refused', async () => {
    const refused = (options: ClientOptions) => () => new ParallelRequests(options)
    expect(refused({ shareCookies: false, cookieFile: 'jar.txt' })).toThrow(/^shareCookies: .*cookieFile/)
    expect(refused({ shareCookies: false, cookies: new CookieJar() })).toThrow(/^shareCookies: .*jar/)
    const client = new ParallelRequests({ shareCookies: false })
    expect(() => client.setCookies(new CookieJar())).toThrow(ConfigError)
    await client.close()
  })
})

describe('besides the jars of credentials', () => {
  it("pairs of the caller are sent with every request, and the caller's jar serves requests without a credential", async () => {
    await using server = await site(SESSIONS)
    const jar = new CookieJar()
    const client = new ParallelRequests({ cookies: jar, concurrency: 1 })
    const url = server.origin
    await client.request([url, { url, auth: { bearer: 'ann' } }])
    client.setCookies({ lang: 'fr' })
    await client.request([url, { url, auth: { bearer: 'ann' } }, { url, auth: { bearer: 'bob' } }])
    expect(server.cookies).toEqual([undefined, undefined, 'lang=fr; sid=nobody', 'lang=fr; sid=ann', 'lang=fr'])
    expect(jar.getCookieStringSync(url)).toBe('sid=nobody')
    client.resetCookies()
    await client.request([{ url, auth: { bearer: 'ann' } }])
    expect(server.cookies.at(-1)).toBeUndefined()
    await client.close()
  })

  it('cookies: false keeps no cookies at all', async () => {
    await using server = await site(SESSIONS)
    const request = { url: server.origin, auth: { bearer: 'ann' } }
    await parallelRequests([request, request], { cookies: false, concurrency: 1 })
    expect(server.cookies).toEqual([undefined, undefined])
  })

  it('the 1,000 most recently used jars are kept, and that of a request while it runs', () => {
    const jars = new Jars(true)
    const tripOf = (identity: string): Trip => Object.assign(new Trip(0, 0, Infinity), { identity })
    const running = tripOf('1')
    for (let at = 0; at < 1_000; at++) jars.add(at === 1 ? running : tripOf(String(at)), new CookieJar())
    expect(jars.of(tripOf('0'))).toBeDefined()
    jars.add(tripOf('1000'), new CookieJar())
    expect(['0', '1', '2', '1000'].map(identity => jars.of(tripOf(identity)) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
    expect(jars.of(running)).toBeDefined()
    jars.clear()
    expect([jars.of(running), jars.of(tripOf('0'))]).toEqual([undefined, undefined])
  })
})

describe('a Cookie header of the caller', () => {
  it("wins over the jar's cookie with the same name, and only one of them is sent", async () => {
    await using server = await site((_request, response) => {
      response.setHeader('set-cookie', ['sid=rolled; Path=/', 'other=1; Path=/']).end('1')
    })
    const request = { url: server.origin, headers: { cookie: 'a=0; sid=mine;b = 2' } }
    await parallelRequests([request, request], { cookies: { sid: 'pair', a: 'pair', c: '3' }, concurrency: 1 })
    expect(server.cookies).toEqual(['a=0; sid=mine;b = 2; c=3', 'a=0; sid=mine;b = 2; c=3; other=1'])
  })

  it("given twice is sent completely, together with the jar's cookies", async () => {
    await using server = await site(SESSIONS)
    const headers = [
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
    ] as [string, string][]
    await parallelRequests({ url: server.origin, headers }, { cookies: { c: '3' } })
    expect(server.cookies).toEqual(['a=1; b=2; c=3'])
  })
})
