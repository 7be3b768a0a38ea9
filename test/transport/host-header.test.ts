import { describe, expect, it } from 'vitest'
import { ConfigError, ParallelRequests } from '../../src/index.ts'
import { TRUST, ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'

const headers = { host: 'shop.example.com:81' }

describe('a Host header of the caller', () => {
  it('is refused without allowHostHeader, and nothing is sent', async () => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const outcome = await ask({ url: server.origin, headers })
    expect(verdictOf(outcome)).toBe('invalid_request/header')
    expect(outcome.error?.message).toContain('Set allowHostHeader if that is intended')
    expect(() => new ParallelRequests({ headers })).toThrow(/no host header/)
    const client = clientOf()
    await expect(client.request(server.origin, { headers })).rejects.toBeInstanceOf(ConfigError)
    await client.close()
    expect(server.accepted).toBe(0)
  })

  it.each(['spec', 'client', 'call'])('of the %s replaces the host of the URL, once', async where => {
    await using server = await rawServer(answering(connection => connection.reply()))
    const client = clientOf({ allowHostHeader: true, ...(where === 'client' && { headers }) })
    await client.request(
      { url: server.origin, ...(where === 'spec' && { headers }) },
      where === 'call' ? { headers, hooks: { beforeRequest: () => undefined } } : {},
    )
    await client.close()
    expect(server.requests[0]?.head.match(/^host:.*$/gim)).toEqual(['host: shop.example.com:81'])
  })

  it.each(['a b', 'a\r\nb', '', 'a/b', 'user@a', 'a,b', 'é', 'a:b'])('is refused with the value %j', async host => {
    expect(await verdict({ url: 'http://127.0.0.1:9/', headers: { host } }, { allowHostHeader: true })).toBe(
      'invalid_request/header',
    )
  })

  it('is refused if it is given twice', async () => {
    const twice = [
      ['Host', 'a'],
      ['host', 'b'],
    ] as const
    expect(await verdict({ url: 'http://127.0.0.1:9/', headers: twice }, { allowHostHeader: true })).toBe(
      'invalid_request/header',
    )
  })

  it('stays on its own origin when that redirects', async () => {
    await using other = await rawServer(answering(connection => connection.reply()))
    await using server = await rawServer(
      answering((connection, { path }) =>
        connection.reply('', { status: '302 X', headers: `Location: ${path === '/' ? '/own' : other.origin}\r\n` }),
      ),
    )
    await ask({ url: server.origin, headers }, { allowHostHeader: true })
    const hosts = [...server.requests, ...other.requests].map(request => request.headers.get('host'))
    expect(hosts).toEqual(['shop.example.com:81', 'shop.example.com:81', `127.0.0.1:${other.port}`])
  })

  it('does not change which certificate is verified', async () => {
    await using server = await rawServer(
      answering(connection => connection.reply()),
      { cert: 'server' },
    )
    const url = server.origin.replace('127.0.0.1', 'localhost')
    expect(await verdict({ url, headers }, { allowHostHeader: true, ...TRUST })).toBe('ok')
  })
})
