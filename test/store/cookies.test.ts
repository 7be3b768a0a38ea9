import { CookieJar } from 'tough-cookie'
import { describe, expect, it } from 'vitest'
import { ConfigError, ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { TRUST, ask, clientOf, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { RawServer } from '../support/raw-server.ts'

const SETTLE = { onFailure: 'settle', returnType: 'text' } as const

/** Sets the cookies that the path names on a client's first request, and answers with the cookies that arrived. */
const setting = (...cookies: readonly string[]) =>
  rawServer(
    answering((connection, { headers, path }) =>
      connection.reply(headers.get('cookie') ?? '', {
        headers: path.includes('set') ? cookies.map(cookie => `Set-Cookie: ${cookie}\r\n`).join('') : '',
      }),
    ),
  )

/** The `Cookie` header of the request after one that set cookies. */
async function learned(server: RawServer, path = '/', options = {}): Promise<unknown> {
  const client = clientOf(options)
  try {
    await client.request(`${server.origin}/set`, SETTLE)
    return (await client.request(server.origin + path, SETTLE)).value
  } finally {
    await client.close()
  }
}

describe('cookies that servers set', () => {
  it('are sent back, each separately, whatever commas they contain', async () => {
    await using server = await setting('a=1; Expires=Wed, 21 Oct 2099 07:28:00 GMT', 'b=2,3; Path=/')
    expect(await learned(server)).toBe('a=1; b=2,3')
    const { response } = await ask(`${server.origin}/set`)
    expect(response?.headers.getSetCookie()).toHaveLength(2)
  })

  it('are kept per client, from the response that set them', async () => {
    await using server = await setting('a=1')
    const [one, two] = [clientOf({ concurrency: 1 }), clientOf()]
    const values = await one.request(
      ['/set', '/', '/'].map(path => server.origin + path),
      { returnType: 'text' },
    )
    expect(values).toEqual(['', 'a=1', 'a=1'])
    expect((await two.request(server.origin, SETTLE)).value).toBe('')
    one.resetCookies()
    expect((await one.request(server.origin, SETTLE)).value).toBe('')
    await one.close()
    await two.close()
  })

  it.each([
    ['another host', 'a=1; Domain=other.example'],
    ['a public suffix', 'a=1; Domain=com'],
    ['a domain that is part of an address', 'a=1; Domain=0.0.1'],
    ['control characters', 'a=1\x01; Path=/'],
    ['the past', 'a=1; Max-Age=0'],
    ['a path elsewhere', 'a=1; Path=/elsewhere'],
    ['a path that only shares a prefix', 'a=1; Path=/pag'],
    ['the prefix __Host- and a domain', '__Host-a=1; Secure; Path=/; Domain=127.0.0.1'],
    ['the prefix __Secure- over plain HTTP', '__Secure-a=1'],
    ['no name', '=1'],
    ['secure connections', 'a=1; Secure'],
  ])('for %s are not sent', async (_what, cookie) => {
    await using server = await setting(cookie)
    const value = await learned(server, '/page')
    expect(value === '' || value === undefined).toBe(true)
  })

  it.each([
    ['https://shop.example.com', 'other.com', false],
    ['https://shop.example.com', 'com', false],
    ['https://shop.example.com', 'com.', false],
    ['https://shop.example.com', 'xample.com', false],
    ['https://example.com', 'shop.example.com', false],
    ['https://shop.example.co.uk', 'co.UK', false],
    ['https://evil.github.io', 'github.io', false],
    ['http://127.0.0.1', '0.0.1', false],
    ['http://10.0.0.1', '10.0.0.2', false],
    ['http://localhost', 'localhost', true],
    ['http://127.0.0.1', '127.0.0.1', true],
    ['https://shop.example.com', '.EXAMPLE.com', true],
    ['https://shop.example.com', 'shop.example.com', true],
  ])('by %s for the domain %s are kept: %s', async (origin, domain, kept) => {
    const transport = mockTransport(() => ({ json: 1, headers: { 'set-cookie': `a=1; Domain=${domain}` } }))
    const client = clientOf({ transport })
    await client.request(`${origin}/set`)
    for (const host of [origin, `https://${domain}`, 'https://victim.github.io', 'https://bank.co.uk']) {
      if (URL.canParse(host)) await client.request(`${host}/`)
    }
    await client.close()
    const [, own, ...others] = transport.requests.map(({ headers }) => headers.get('cookie'))
    expect(own).toBe(kept ? 'a=1' : null)
    if (!kept) expect(others.filter(cookie => cookie !== null)).toEqual([])
  })

  it('are sent by their path', async () => {
    await using server = await setting('a=1; Path=/page', 'b=2; Path=/')
    expect(await learned(server, '/page/one')).toBe('a=1; b=2')
    expect(await learned(server, '/pages')).toBe('b=2')
  })

  it('that are Secure are not sent over plain HTTP', async () => {
    await using secure = await rawServer(
      answering((connection, { headers }) =>
        connection.reply(headers.get('cookie') ?? '', { headers: 'Set-Cookie: a=1; Secure\r\nSet-Cookie: b=2\r\n' }),
      ),
      { cert: 'server' },
    )
    await using plain = await setting()
    const client = clientOf(TRUST)
    const named = (server: RawServer): string => server.origin.replace('127.0.0.1', 'localhost')
    await client.request(named(secure), SETTLE)
    expect((await client.request(named(secure), SETTLE)).value).toBe('a=1; b=2')
    const inPlain = (await client.request(named(plain), SETTLE)).value
    expect(inPlain).toBe('b=2')
    await client.close()
  })

  it('are sent to every port of their host, as in the RFC, and to no other host', async () => {
    await using server = await setting('a=1')
    await using other = await setting()
    const client = clientOf()
    await client.request(`${server.origin}/set`, SETTLE)
    expect((await client.request(other.origin, SETTLE)).value).toBe('a=1')
    expect((await client.request(`http://localhost:${other.port}/`, SETTLE)).value).toBe('')
    await client.close()
  })

  it('are learnt from redirect hops, by the origin of the hop', async () => {
    await using other = await setting()
    await using server = await rawServer(
      answering((connection, { headers, path }) =>
        path === '/go'
          ? connection.reply('', {
              status: '302 X',
              headers: `Set-Cookie: a=1\r\nLocation: http://localhost:${other.port}/\r\n`,
            })
          : connection.reply(headers.get('cookie') ?? ''),
      ),
    )
    const client = clientOf()
    expect((await client.request(`${server.origin}/go`, SETTLE)).value).toBe('')
    expect((await client.request(server.origin, SETTLE)).value).toBe('a=1')
    await client.close()
  })

  it('are neither kept nor sent with cookies: false', async () => {
    await using server = await setting('a=1')
    expect(await learned(server, '/', { cookies: false })).toBe('')
  })

  it('are kept up to 50 per response, with a warning beyond that', async () => {
    await using server = await setting(...Array.from({ length: 60 }, (_, i) => `c${i}=1`))
    const outcome = await ask(`${server.origin}/set`)
    expect(outcome.warnings).toEqual(['of 60 cookies set by one response, 50 were kept'])
    expect(String(await learned(server)).split('; ')).toHaveLength(50)
  })

  it('longer than 4 kB are not kept', async () => {
    await using server = await setting(`long=${'x'.repeat(4_100)}`, 'short=1')
    expect(await learned(server)).toBe('short=1')
  })

  it('are sent up to 150 and 8 kB per request', async () => {
    let page = 0
    await using many = await rawServer(
      answering((connection, { headers }) =>
        connection.reply(headers.get('cookie') ?? '', {
          headers: Array.from({ length: 50 }, (_, i) => `Set-Cookie: c${page}-${i}=1\r\n`).join('') + (page++, ''),
        }),
      ),
    )
    const client = clientOf()
    for (let i = 0; i < 5; i++) await client.request(many.origin, SETTLE)
    const outcome = await client.request(many.origin, SETTLE)
    expect(String(outcome.value).split('; ')).toHaveLength(150)
    expect(outcome.warnings[0]).toBe('of 250 cookies for this request, 150 were sent')
    await client.close()

    await using large = await setting(...Array.from({ length: 12 }, (_, i) => `c${i}=${'x'.repeat(1_000)}`))
    const header = String(await learned(large))
    expect(header.length).toBeLessThanOrEqual(8_192)
    expect(header.split('; ')).toHaveLength(8)
    for (const pair of header.split('; ')) expect(pair).toMatch(/^c\d+=x{1000}$/)
  })

  it("cause a warning and no failure if the caller's jar throws", async () => {
    await using server = await setting('a=1')
    const jar = {
      getCookieStringSync: () => 'from=jar',
      setCookieSync() {
        throw new Error('full')
      },
      removeAllCookiesSync: () => undefined,
    }
    const outcome = await ask(`${server.origin}/set`, { cookies: jar })
    expect(outcome.value).toBe('from=jar')
    expect(outcome.warnings).toEqual(['a cookie was not kept: full'])
  })

  it('are found in a tough-cookie jar that the caller passed', async () => {
    await using server = await setting('a=1')
    const jar = new CookieJar()
    expect(await learned(server, '/', { cookies: jar })).toBe('a=1')
    expect(jar.getCookieStringSync(server.origin)).toBe('a=1')
  })
})

describe('cookies that the caller passes', () => {
  it('are sent to the origins of the input URLs, and yield to what the server sets', async () => {
    await using server = await setting('a=2')
    const client = clientOf({ cookies: { a: '1', b: '1' } })
    expect((await client.request(`${server.origin}/set`, SETTLE)).value).toBe('a=1; b=1')
    expect((await client.request(server.origin, SETTLE)).value).toBe('b=1; a=2')
    client.setCookies({ c: '3' })
    expect((await client.request(server.origin, SETTLE)).value).toBe('b=1; c=3; a=2')
    client.resetCookies()
    expect((await client.request(server.origin, SETTLE)).value).toBe('')
    await client.close()
  })

  it('are never sent to a redirect hop on another origin, such as another port, nor on its way back', async () => {
    await using start = await rawServer(
      answering((connection, { headers, path }) =>
        path === '/start'
          ? connection.reply('', { status: '302 X', headers: `Location: ${away.origin}/away\r\n` })
          : connection.reply(headers.get('cookie') ?? ''),
      ),
    )
    await using away = await rawServer(
      answering(connection => connection.reply('', { status: '302 X', headers: `Location: ${start.origin}/end\r\n` })),
    )
    const outcome = await ask(`${start.origin}/start`, { cookies: { a: 't0psecret' } })
    expect(outcome.value).toBe('')
    expect(start.requests[0]?.headers.get('cookie')).toBe('a=t0psecret')
    expect(away.requests[0]?.headers.has('cookie')).toBe(false)
    expect(start.requests[1]?.headers.has('cookie')).toBe(false)
  })

  it('for one origin are sent to that origin only', async () => {
    await using one = await setting()
    await using two = await setting()
    const client = clientOf({ cookies: { [one.origin]: { a: '1' } } })
    expect((await client.request(one.origin, SETTLE)).value).toBe('a=1')
    expect((await client.request(two.origin, SETTLE)).value).toBe('')
    await client.close()
  })

  it('that do not fit into one request are left out as a whole', async () => {
    await using server = await setting()
    const outcome = await ask(server.origin, { cookies: { long: 'x'.repeat(9_000), short: '1' } })
    expect(outcome.value).toBe('short=1')
    expect(outcome.warnings).toEqual(['of 2 cookies for this request, 1 were sent'])
  })

  it.each([
    ['a line break', { a: 'b\r\nEvil: 1' }],
    ['NUL', { a: 'b\0' }],
    ['a second pair', { a: 'b; c=d' }],
    ['a space', { a: 'b c' }],
    ['a space in a name', { 'a b': '1' }],
    ['an equals sign in a name', { 'a=b': '1' }],
    ['no name', { '': '1' }],
    ['letters beyond ASCII', { a: 'café ✓' }],
    ['a second pair for an origin', { 'https://api.example.com': { a: 'b; c=d' } }],
    ['a name that is not an origin', { 'api.example.com': { a: 'b' } }],
    ['an origin that is not http or https', { 'file:///etc': { a: 'b' } }],
  ])('with %s are refused before anything is sent', async (_what, cookies) => {
    expect(() => new ParallelRequests({ cookies })).toThrow(ConfigError)
    const client = new ParallelRequests()
    expect(() => client.setCookies(cookies)).toThrow(ConfigError)
    await client.close()
  })

  it('are refused without printing their values', () => {
    const make = () => new ParallelRequests({ cookies: { session: 't0psecret; b=c' } })
    expect(make).toThrow(/^cookies\.session: expected/)
    expect(make).not.toThrow(/t0psecret/)
  })

  it('are sent together with a Cookie header of the request', async () => {
    await using server = await setting()
    const outcome = await ask({ url: server.origin, headers: { cookie: 'own=1' } }, { cookies: { a: '1' } })
    expect(verdictOf(outcome)).toBe('ok')
    expect(outcome.value).toBe('own=1; a=1')
  })
})
