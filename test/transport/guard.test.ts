/** `blockPrivateAddresses` against names whose addresses change, redirects, reconnects and proxies. */
import { describe, expect, it } from 'vitest'
import { parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { LookupInput } from '../../src/index.ts'
import { TRUST, ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { httpProxy, socksProxy } from '../support/proxy-server.ts'
import type { TestProxy } from '../support/proxy-server.ts'
import { answering, rawServer } from '../support/raw-server.ts'

const BLOCK = { blockPrivateAddresses: true } as const
const SETTLE = { onFailure: 'settle', returnType: 'text' } as const
const PUBLIC = '93.184.215.14'

const KINDS: readonly (readonly [string, () => Promise<TestProxy>])[] = [
  ['http', () => httpProxy()],
  ['https', () => httpProxy({ cert: 'server' })],
  ['socks5', () => socksProxy()],
]

describe.each(KINDS)('through an %s proxy', (kind, open) => {
  /** Names as the outside world resolves them. The proxy resolves every name to this machine. */
  const lookup: LookupInput = async name => (/^(?:inside|localhost)/.test(name) ? '127.0.0.1' : PUBLIC)

  it.each(['http', 'https'] as const)('a private target is not requested (%s)', async scheme => {
    await using proxy = await open()
    const options = { ...BLOCK, ...TRUST, lookup, proxy: proxy.url, maxRetries: 2 }
    for (const host of ['127.0.0.1', '[::1]', '0x7f.1', '10.0.0.1', '169.254.169.254', 'inside.test', 'localhost']) {
      const outcome = await ask(`${scheme}://${host}/`, options)
      expect(`${host} ${verdictOf(outcome)} ${outcome.attempts}`).toBe(`${host} blocked/address 1`)
    }
    expect(proxy.accepted).toBe(0)
  })

  it.each(['http', 'https'] as const)(
    'a public target is requested, whatever the address of the proxy (%s)',
    async scheme => {
      await using target = await rawServer(
        answering(connection => connection.reply('"hello"')),
        scheme === 'https' ? { cert: 'server' } : {},
      )
      await using proxy = await open()
      for (const host of ['127.0.0.1', 'localhost']) {
        const options = { ...BLOCK, verifySsl: false, lookup, proxy: proxy.url.replace('127.0.0.1', host) }
        expect(await verdict(`${scheme}://public.test:${target.port}/`, options)).toBe('ok')
      }
      const seen = scheme === 'https' || kind === 'socks5' ? proxy.tunnels : proxy.forwards
      expect(seen).toHaveLength(2)
      expect(seen[0]).toContain(`public.test:${target.port}`)
    },
  )

  it('each hop and each attempt is checked, even on a kept connection', async () => {
    let asked = 0
    const turning: LookupInput = async name =>
      name === 'turning.public' ? (asked++ === 0 ? PUBLIC : '127.0.0.1') : name === 'public.test' ? PUBLIC : '127.0.0.1'
    await using target = await rawServer(
      answering((connection, { path }) =>
        path.endsWith('/moved')
          ? connection.reply('', { status: '302 Found', headers: 'Location: http://inside.test/\r\n' })
          : connection.reply(),
      ),
    )
    await using proxy = await open()
    await using client = clientOf({ ...BLOCK, ...TRUST, lookup: turning, proxy: proxy.url })
    const verdictFor = async (name: string): Promise<string> =>
      verdictOf(await client.request(`http://${name.replace('/', `:${target.port}/`)}`, SETTLE))
    expect(await verdictFor('public.test/moved')).toBe('blocked/address')
    expect(await verdictFor('turning.public/')).toBe('ok')
    expect(await verdictFor('turning.public/')).toBe('blocked/address')
    expect(target.requests).toHaveLength(2)
    expect(proxy.tunnels.concat(proxy.forwards).join(' ')).not.toContain('inside')
  })

  it('also holds on worker threads and in the sync call', async () => {
    await using proxy = await open()
    const urls = ['http://127.0.0.1/', 'https://localhost/']
    const options = { ...SETTLE, ...BLOCK, ...TRUST, proxy: proxy.url }
    const outcomes = [
      ...(await parallelRequests(urls, { ...options, workers: 1 })),
      ...parallelRequestsSync(urls, options),
    ]
    expect(outcomes.map(verdictOf)).toEqual(outcomes.map(() => 'blocked/address'))
    expect(proxy.accepted).toBe(0)
  })
})
