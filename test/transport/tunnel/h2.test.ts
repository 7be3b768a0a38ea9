/** HTTP/2 through proxies: the same tunnels, one per session. */
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ParallelRequests } from '../../../src/index.ts'
import { httpProxy, socksProxy } from '../../support/proxy-server.ts'
import type { TestProxy } from '../../support/proxy-server.ts'
import { tlsFixture } from '../../support/raw-server.ts'

const OPEN: readonly (readonly [string, () => Promise<TestProxy>])[] = [
  ['http', () => httpProxy({ wants: 'user:pass' })],
  ['https', () => httpProxy({ wants: 'user:pass', cert: 'server' })],
  ['socks5', () => socksProxy({ wants: 'user:pass' })],
]

describe('HTTP/2 through a proxy', () => {
  it.each(OPEN)('carries many requests in one tunnel of an %s proxy', async (_kind, open) => {
    const names: string[] = []
    const options = { cert: tlsFixture('server'), key: tlsFixture('server-key') }
    const server = createSecureServer(options, (request, response) => {
      names.push(...Object.keys(request.headers))
      response.end('"hello"')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    await using proxy = await open()
    const client = new ParallelRequests({
      http2: true,
      tls: { ca: tlsFixture('ca') },
      proxy: proxy.urlFor('user', 'pass'),
    })
    const urls = Array.from({ length: 40 }, (_, n) => `https://localhost:${port}/${n}`)
    const outcomes = await client.request(urls, { onFailure: 'settle' })
    expect(new Set(outcomes.map(({ response, error }) => response?.protocol ?? error?.code))).toEqual(new Set(['h2']))
    expect(proxy.tunnels).toEqual([`localhost:${port}`])
    expect(names.filter(name => name.startsWith('proxy-'))).toEqual([])
    await client.close()
    await new Promise(resolve => server.close(resolve))
  })
})
