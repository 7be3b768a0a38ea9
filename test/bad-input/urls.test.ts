/** Unusual URLs: each is read as a browser reads it and shown in its canonical form, or it is refused. */
import { describe, expect, it } from 'vitest'
import { ask, clientOf, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'

describe('a URL', () => {
  it.each(['0x7f.1', '017700000001', '127.1', '2130706433', '①②⑦.0.0.1', '127.0.0.1.', '１２７。０。０。１'])(
    'with the host %s is sent to 127.0.0.1 and shown with that address',
    async host => {
      await using server = await rawServer(answering(connection => connection.reply('ok')))
      const outcome = await ask(`http://${host}:${server.port}/a`)
      expect(verdictOf(outcome)).toBe('ok')
      expect(outcome.request.url).toBe(`${server.origin}/a`)
      expect(outcome.response?.url).toBe(`${server.origin}/a`)
      expect(server.requests[0]?.headers.get('host')).toBe(`127.0.0.1:${server.port}`)
    },
  )

  it.each([
    ['http:127.0.0.1', ''],
    ['http:\\\\127.0.0.1', '\\a'],
    ['http:/127.0.0.1', '/a'],
    ['  http://127.0.0.1', '/a  '],
    ['HTTP://127.0.0.1', '/a'],
    ['http://0', '/a'],
  ])('written as %j is read like in a browser', async (beginning, path) => {
    await using server = await rawServer(answering(connection => connection.reply('ok')))
    const outcome = await ask(`${beginning}:${server.port}${path}`)
    expect(verdictOf(outcome)).toBe('ok')
    expect(outcome.request.url).toMatch(/^http:\/\/(?:127\.0\.0\.1|0\.0\.0\.0):\d+\/a?$/)
  })

  it('with an IPv4-mapped address is shown with its bytes', async () => {
    const outcome = await ask('http://[::ffff:7f00:1]:9/', { blockPrivateAddresses: true })
    expect(verdictOf(outcome)).toBe('blocked/address')
    expect(outcome.request.url).toBe('http://[::ffff:7f00:1]:9/')
  })

  it('with a Unicode host name is sent and shown in ASCII, and a trailing dot is kept', async () => {
    const client = clientOf({ lookup: async () => '127.0.0.1' })
    await using server = await rawServer(answering(connection => connection.reply('ok')))
    for (const [host, canonical] of [
      ['bücher.test', 'xn--bcher-kva.test'],
      ['ⓔⓧ.test', 'ex.test'],
      ['localhost.', 'localhost.'],
      ['EXAMPLE.test', 'example.test'],
    ] as const) {
      const outcome = await client.request(`http://${host}:${server.port}/`, {
        onFailure: 'settle',
        returnType: 'text',
      })
      expect(verdictOf(outcome)).toBe('ok')
      expect(outcome.request.url).toBe(`http://${canonical}:${server.port}/`)
      expect(server.requests.at(-1)?.headers.get('host')).toBe(`${canonical}:${server.port}`)
    }
    await client.close()
  })

  it.each([
    'http://127.0.0.1:99999/',
    'http://127.0.0.1:-1/',
    '//x',
    'http://',
    'http://a b/',
    'http://%zz/',
    'http://[::1/',
    'http://256.256.256.256/',
    'ftp://127.0.0.1/',
    'data:,x',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'unix:/run/x',
    'http://127.0.0.1/\0',
    'http://127.0.0.1/a\r\nb',
    '',
    '#',
  ])('%j is refused alone, and the others are sent', async url => {
    await using server = await rawServer(answering(connection => connection.reply('ok')))
    const client = clientOf()
    const outcomes = await client.request([server.origin, url, server.origin], {
      onFailure: 'settle',
      returnType: 'text',
    })
    await client.close()
    expect(outcomes.map(verdictOf)).toEqual(['ok', 'invalid_request/url', 'ok'])
  })

  it('with invalid escapes in its path is sent unchanged', async () => {
    await using server = await rawServer(answering(connection => connection.reply('ok')))
    expect(verdictOf(await ask(`${server.origin}/%zz?%`))).toBe('ok')
    expect(server.requests[0]?.path).toBe('/%zz?%')
  })

  it('with userinfo is sent as Basic authentication, and the secret is never shown', async () => {
    await using server = await rawServer(answering(connection => connection.reply('', { status: '500 X' })))
    const outcome = await ask(server.origin.replace('//', '//us%20er:s3cr%40t@'))
    expect(server.requests[0]?.headers.get('authorization')).toBe(`Basic ${btoa('us er:s3cr@t')}`)
    const { inspect } = await import('node:util')
    const shown = inspect(outcome, { depth: 9 }) + JSON.stringify(outcome) + String(outcome.error?.stack)
    for (const secret of ['s3cr', btoa('us er:s3cr@t')]) expect(shown).not.toContain(secret)
  })

  it('that is invalid, as the 17th of 100, does not affect the other 99', async () => {
    await using server = await rawServer(answering(connection => connection.reply('ok')))
    const client = clientOf()
    const urls = Array.from({ length: 100 }, (_, i) => (i === 16 ? 'http://[' : `${server.origin}/${i}`))
    const outcomes = await client.request(urls, { onFailure: 'settle', returnType: 'text' })
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(99)
    expect(verdictOf(outcomes[16] as (typeof outcomes)[number])).toBe('invalid_request/url')
    // Duplicate URLs are each requested.
    await client.request([server.origin, server.origin], { returnType: 'text' })
    expect(server.requests).toHaveLength(101)
    expect(await client.request([])).toEqual([])
    await client.close()
  })
})
