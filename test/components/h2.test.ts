/**
 * HTTP/2 with other implementations: nghttpd, and caddy, which has another TLS library, its own authority, zstd and
 * gzip.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TRUST, ask, clientOf, until, verdict, verdictOf } from '../support/ask.ts'
import { tlsFixture } from '../support/raw-server.ts'
import { freePort, isMissing, pathOf, start } from './component.ts'
import type { Component } from './component.ts'

const SETTLE = { onFailure: 'settle', returnType: 'text' } as const
const BODY = JSON.stringify(Array.from({ length: 5_000 }, (_, id) => ({ id, name: `item ${id}` })))

const FILES = {
  'cert.pem': tlsFixture('server'),
  'key.pem': tlsFixture('server-key'),
  'data.json': BODY,
  'small.txt': 'small',
}

describe.skipIf(isMissing('nghttpd'))('nghttpd', () => {
  const startIt = (...more: readonly string[]): Promise<Component> =>
    start({
      program: 'nghttpd',
      scheme: 'https',
      args: (folder, port) => [
        '--address=127.0.0.1',
        `--htdocs=${folder}`,
        ...more,
        `${port}`,
        `${folder}/key.pem`,
        `${folder}/cert.pem`,
      ],
      files: () => FILES,
    })

  it('delivers each stream its own answer, over few connections', async () => {
    await using server = await startIt('--trailer=x-sum: 7')
    await using client = clientOf({ ...TRUST, http2: true, concurrency: 40 })
    const paths = Array.from({ length: 200 }, (_, n) => (n % 3 === 0 ? '/data.json' : `/small.txt?n=${n}`))
    const outcomes = await client.request(
      paths.map(path => server.origin + path),
      SETTLE,
    )
    expect(outcomes.map(outcome => (outcome.ok ? outcome.value : verdictOf(outcome)))).toEqual(
      paths.map(path => (path === '/data.json' ? BODY : 'small')),
    )
    expect(new Set(outcomes.map(({ response }) => response?.protocol))).toEqual(new Set(['h2']))
  })

  it('gets one request at a time when it allows only one stream', async () => {
    await using server = await startIt('--max-concurrent-streams=1')
    await using client = clientOf({ ...TRUST, http2: true, concurrency: 12 })
    const urls = Array.from({ length: 40 }, (_, n) => `${server.origin}/small.txt?n=${n}`)
    const outcomes = await client.request(urls, SETTLE)
    expect(outcomes.map(outcome => (outcome.ok ? outcome.value : verdictOf(outcome)))).toEqual(urls.map(() => 'small'))
  })

  it('gives a named error for a missing page, an untrusted authority and HTTP/1.1', async () => {
    await using server = await startIt()
    expect(await verdict(`${server.origin}/none`, { ...TRUST, http2: true })).toBe('http/404')
    expect(await verdict(`${server.origin}/small.txt`, { http2: true })).toBe('tls/untrusted')
    // It supports only HTTP/2.
    expect(await verdict(`${server.origin}/small.txt`, TRUST)).not.toBe('ok')
  })
})

describe.skipIf(isMissing('caddy'))('caddy', () => {
  let caddy: Component
  let origin: string
  let trust: { readonly tls: { readonly ca: string } }
  beforeAll(async () => {
    const tlsPort = await freePort()
    const adminPort = await freePort()
    const conf = (folder: string, port: number, greeting: string): string => `
{
  admin 127.0.0.1:${adminPort}
  auto_https disable_redirects
  skip_install_trust
  storage file_system ${folder}/storage
}
http://127.0.0.1:${port} {
  respond "plain"
}
https://127.0.0.1:${tlsPort}, https://localhost:${tlsPort} {
  tls internal
  root * ${folder}
  encode zstd gzip
  respond /greeting "${greeting}"
  redir /moved /small.txt
  respond /refused 403
  file_server
}
`
    origin = `https://127.0.0.1:${tlsPort}`
    caddy = await start({
      program: 'caddy',
      env: { HOME: '/nonexistent', XDG_DATA_HOME: '/nonexistent', XDG_CONFIG_HOME: '/nonexistent' },
      args: folder => ['run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'],
      files: (folder, port) => ({
        Caddyfile: conf(folder, port, 'first'),
        Again: conf(folder, port, 'second'),
        ...FILES,
      }),
    })
    const root = join(caddy.folder, 'storage/pki/authorities/local/root.crt')
    await until(() => existsSync(root), 5_000)
    trust = { tls: { ca: readFileSync(root, 'utf8') } }
    // caddy creates its certificate after it starts to listen.
    for (let n = 0; n < 50 && (await verdict(`${origin}/greeting`, trust)) !== 'ok'; n++) {
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  })
  afterAll(() => caddy?.[Symbol.asyncDispose]())

  it.each([false, true])('is trusted only with its own authority (http2: %s)', async http2 => {
    const outcome = await ask(`${origin}/greeting`, { ...trust, http2 })
    expect([outcome.value, outcome.response?.protocol]).toEqual(['first', http2 ? 'h2' : 'http/1.1'])
    expect(await verdict(`${origin}/greeting`, { http2 })).toBe('tls/untrusted')
    expect(await verdict(`${origin}/greeting`, { ...TRUST, http2 })).toBe('tls/untrusted')
  })

  it.each([false, true])(
    'delivers bodies compressed with zstd or gzip as they are on disk (http2: %s)',
    async http2 => {
      for (const coding of ['zstd', 'gzip']) {
        const outcome = await ask(`${origin}/data.json`, { ...trust, http2, headers: { 'accept-encoding': coding } })
        expect([outcome.value, outcome.response?.headers.get('content-encoding')]).toEqual([BODY, coding])
      }
      const outcome = await ask(`${origin}/data.json`, { ...trust, http2 })
      expect(outcome.value).toBe(BODY)
      expect(outcome.response?.headers.get('content-encoding')).toMatch(/^(zstd|gzip)$/)
    },
  )

  it.each([false, true])('delivers each of many concurrent requests its own answer (http2: %s)', async http2 => {
    await using client = clientOf({ ...trust, http2, concurrency: 24 })
    const paths = Array.from({ length: 150 }, (_, n) => ['/small.txt', '/data.json', '/refused', '/moved'][n % 4] ?? '')
    const outcomes = await client.request(
      paths.map((path, n) => `${origin}${path}?n=${n}`),
      SETTLE,
    )
    const expected: Record<string, string> = { '/data.json': BODY, '/refused': 'http/403' }
    expect(outcomes.map(outcome => (outcome.ok ? outcome.value : verdictOf(outcome)))).toEqual(
      paths.map(path => expected[path] ?? 'small'),
    )
  })

  it.each([false, true])(
    'loses no request when its configuration is reloaded during a batch (http2: %s)',
    async http2 => {
      await using client = clientOf({ ...trust, http2, concurrency: 8, maxRetries: 3, rateLimit: '400/s' })
      const urls = Array.from({ length: 300 }, (_, n) => `${origin}/greeting?n=${n}`)
      const values: unknown[] = []
      for await (const { value, error } of client.stream(urls, { returnType: 'text' })) {
        values.push(value ?? error?.message)
        if (values.length === 100) {
          const config = http2 ? 'Caddyfile' : 'Again'
          execFileSync(
            pathOf('caddy') ?? '',
            ['reload', '--config', join(caddy.folder, config), '--adapter', 'caddyfile'],
            {
              stdio: 'ignore',
            },
          )
        }
      }
      expect(values).toHaveLength(300)
      expect(values.filter(value => value !== 'first' && value !== 'second')).toEqual([])
    },
  )
})
