/** Proxies in common use: squid, tinyproxy and microsocks, in front of servers that record who connected. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TRUST, ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { RawServer } from '../support/raw-server.ts'
import { freePort, isMissing, start } from './component.ts'
import type { Component } from './component.ts'

const SETTLE = { onFailure: 'settle', returnType: 'text' } as const

let plain: RawServer
let secure: RawServer
beforeAll(async () => {
  const telling = answering((connection, { path }) => connection.reply(path))
  plain = await rawServer(telling)
  secure = await rawServer(telling, { cert: 'server' })
})
afterAll(async () => {
  await plain?.close()
  await secure?.close()
})

/** Requests http and https targets through the proxy, and checks that each request gets its own answer. */
async function fetchesBoth(proxy: string): Promise<void> {
  // tinyproxy closes each connection without notice, which the free retry handles.
  await using client = clientOf({ ...TRUST, proxy, concurrency: 6 })
  const paths = Array.from({ length: 60 }, (_, n) => `/${n}`)
  const targets = paths.flatMap(path => [plain.origin + path, secure.origin + path])
  const values = await client.request(targets, { returnType: 'text' })
  expect(values).toEqual(paths.flatMap(path => [path, path]))
}

const squidConf = (folder: string, port: number, targets: readonly number[]): string => `
http_port 127.0.0.1:${port}
pid_filename ${folder}/squid.pid
cache_log ${folder}/cache.log
access_log stdio:${folder}/access.log
cache deny all
coredump_dir ${folder}
shutdown_lifetime 0 seconds
pinger_enable off
auth_param basic program /usr/lib/squid/basic_ncsa_auth ${folder}/passwords
auth_param basic children 2 startup=1
acl known proxy_auth REQUIRED
acl forbidden url_regex ^http://127.0.0.1:[0-9]+/forbidden
acl hidden port 9
acl ours port ${targets.join(' ')}
http_access deny forbidden
http_access deny hidden
http_access deny !known
http_access allow ours
http_access allow known
http_access deny all
`

describe.skipIf(isMissing('squid'))('squid', () => {
  const startSquid = (port?: number): Promise<Component> =>
    start({
      program: 'squid',
      // The name separates its shared memory from that of other instances, also of a killed one.
      args: (folder, its) => ['-N', '-n', `t${its}x${starts++}`, '-f', `${folder}/squid.conf`],
      files: (folder, its) => ({
        'squid.conf': squidConf(folder, its, [plain.port, secure.port]),
        // `openssl passwd -apr1 -salt saltsalt 'pass:word'`
        passwords: 'user:$apr1$saltsalt$GaPLaA2mGpATlR36ZaVM3/\n',
      }),
      ...(port !== undefined && { port }),
    })
  let starts = 0
  let squid: Component
  let proxy: string
  beforeAll(async () => {
    squid = await startSquid()
    proxy = `http://user:pass%3Aword@127.0.0.1:${squid.port}`
  })
  afterAll(() => squid?.[Symbol.asyncDispose]())

  it('forwards http and tunnels https for the right password', async () => {
    await fetchesBoth(proxy)
    // The password stays with the proxy.
    expect([...plain.requests, ...secure.requests].some(({ head }) => /proxy-authorization/i.test(head))).toBe(false)
  })

  it('refuses a wrong password with 407, and the request is not retried', async () => {
    for (const wrong of [squid.origin, squid.origin.replace('//', '//user:wrong@')]) {
      const seen = plain.requests.length + secure.requests.length
      expect(await verdict(`${secure.origin}/no`, { ...TRUST, proxy: wrong })).toBe('proxy/auth')
      expect(await verdict(`${plain.origin}/no`, { proxy: wrong })).toBe('proxy/auth')
      expect(plain.requests.length + secure.requests.length).toBe(seen)
    }
  })

  it('gives the expected code for a forbidden page, a forbidden port and a missing target', async () => {
    expect(await verdict(`${plain.origin}/forbidden`, { proxy })).toBe('http/403')
    const port = await ask('https://127.0.0.1:9/', { ...TRUST, proxy })
    expect([verdictOf(port), port.error?.response?.status]).toEqual(['proxy/refused', 403])
    const nobody = await freePort()
    expect(await verdict(`https://127.0.0.1:${nobody}/`, { ...TRUST, proxy })).toBe('proxy/refused')
    expect(await verdict(`http://127.0.0.1:${nobody}/`, { proxy })).toMatch(/^http\/50[34]$/)
  })

  it('is waited for, and never bypassed, when it restarts during a batch', async () => {
    const direct = plain.connections.length
    await using client = clientOf({
      proxy,
      concurrency: 4,
      maxRetries: 40,
      rateLimit: '200/s',
      retry: { backoff: { base: '50ms', max: '200ms' }, budget: { reserve: Infinity } },
    })
    const paths = Array.from({ length: 200 }, (_, n) => `/again/${n}`)
    const batch = client.request(
      paths.map(path => plain.origin + path),
      SETTLE,
    )
    await new Promise(resolve => setTimeout(resolve, 250))
    await squid.stop()
    expect(await verdict(`${plain.origin}/around`, { proxy })).toBe('proxy/connect')
    const { port } = squid
    squid = await startSquid(port)
    expect((await batch).map(outcome => (outcome.ok ? outcome.value : verdictOf(outcome)))).toEqual(paths)
    expect(plain.connections.length).toBeGreaterThan(direct)
    expect(plain.requests.some(({ path }) => path === '/around')).toBe(false)
    // Squid adds a Via header to each request.
    const again = plain.requests.filter(({ path }) => path.startsWith('/again/'))
    expect(again.every(({ headers }) => /squid/i.test(headers.get('via') ?? ''))).toBe(true)
  })
})

describe.skipIf(isMissing('tinyproxy'))('tinyproxy', () => {
  let tinyproxy: Component
  beforeAll(async () => {
    tinyproxy = await start({
      program: 'tinyproxy',
      args: folder => ['-d', '-c', `${folder}/tinyproxy.conf`],
      files: (_folder, port) => ({
        'tinyproxy.conf': `Port ${port}
Listen 127.0.0.1
Timeout 5
MaxClients 50
LogLevel Critical
BasicAuth user secret
ConnectPort ${secure.port}
ViaProxyName "tiny"
`,
      }),
    })
  })
  afterAll(() => tinyproxy?.[Symbol.asyncDispose]())

  it('forwards http and tunnels https', async () => {
    await fetchesBoth(tinyproxy.origin.replace('//', '//user:secret@'))
    expect(plain.requests.some(({ headers }) => headers.get('via')?.includes('tiny'))).toBe(true)
  })

  it('gives the expected code for a missing password, a forbidden port and a missing target', async () => {
    const proxy = tinyproxy.origin.replace('//', '//user:secret@')
    expect(await verdict(`${secure.origin}/no`, { ...TRUST, proxy: tinyproxy.origin })).toBe('proxy/auth')
    const port = await ask('https://127.0.0.1:9/', { ...TRUST, proxy })
    expect([verdictOf(port), port.error?.response?.status]).toEqual(['proxy/refused', 403])
    expect(await verdict(`http://127.0.0.1:${await freePort()}/`, { proxy })).toMatch(/^http\/50\d$/)
  })
})

describe.skipIf(isMissing('microsocks'))('microsocks', () => {
  let open: Component
  let closed: Component
  beforeAll(async () => {
    const args = (more: readonly string[]) => (_folder: string, port: number) => [
      '-i',
      '127.0.0.1',
      '-p',
      `${port}`,
      ...more,
    ]
    open = await start({ program: 'microsocks', args: args([]) })
    closed = await start({ program: 'microsocks', args: args(['-u', 'user', '-P', 'secret']) })
  })
  afterAll(async () => {
    await open?.[Symbol.asyncDispose]()
    await closed?.[Symbol.asyncDispose]()
  })
  const socks = ({ port }: Component, user = ''): string => `socks5://${user}127.0.0.1:${port}`

  it('works without a password, or with the right one', async () => {
    await fetchesBoth(socks(open))
    await fetchesBoth(socks(closed, 'user:secret@'))
    expect(await verdict(`${plain.origin}/a`, { proxy: socks(closed, 'user:wrong@') })).toBe('proxy/auth')
    expect(await verdict(`${plain.origin}/a`, { proxy: socks(closed) })).toBe('proxy/auth')
  })

  it('looks names up itself', async () => {
    const url = `http://localhost:${plain.port}/name`
    // A lookup in this process would fail.
    const lookup = (): never => {
      throw new Error('asked here')
    }
    expect((await ask(url, { proxy: socks(open), lookup })).value).toBe('/name')
    expect(await verdict('http://no-such-name.invalid/', { proxy: socks(open) })).toMatch(/^proxy\//)
    expect(await verdict(`http://127.0.0.1:${await freePort()}/`, { proxy: socks(open) })).toBe('proxy/unreachable')
  })
})
