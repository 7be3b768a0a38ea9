/** Flags for redirects, bodies, proxies and TLS, tested against local servers. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endsOf, workplace } from './workplace.ts'
import type { Workplace } from './workplace.ts'
import { freePort } from '../support/dead-ends.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { echoServer } from '../support/echo-server.ts'
import { httpProxy } from '../support/proxy-server.ts'
import type { HttpProxyOptions, TestProxy } from '../support/proxy-server.ts'
import { answering, rawServer, tlsFixture } from '../support/raw-server.ts'
import type { RawServer, RawServerOptions, Script } from '../support/raw-server.ts'

async function raw(play: Script, options?: RawServerOptions): Promise<RawServer> {
  const server = await rawServer(play, options)
  onTestFinished(() => server.close())
  return server
}

async function proxy(options?: HttpProxyOptions): Promise<TestProxy> {
  const server = await httpProxy(options)
  onTestFinished(() => server.close())
  return server
}

const OK = answering(connection => connection.reply('{}'))

/** Writes the certificates of test/fixtures/tls into the folder. */
function withCertificates({ file }: Workplace): void {
  for (const name of ['ca', 'server', 'server-key']) writeFileSync(file(`${name}.pem`), tlsFixture(name))
  copyFileSync('test/fixtures/tls/server.p12', file('server.p12'))
}

describe('A redirect', () => {
  const hops = (left: number): string => (left === 0 ? '/end' : `/hop/${left - 1}`)
  const redirecting = () =>
    workplace(({ url }, response) => {
      const [, left] = /^\/hop\/(\d+)/.exec(url) ?? []
      if (left === undefined) response.end('{}')
      else response.writeHead(302, { location: hops(Number(left)) }).end()
    })

  test('is followed at most --max-redirects times, and never with --no-follow', async () => {
    const { run, server } = await redirecting()
    expect(endsOf((await run(['URL/hop/2'])).lines)).toEqual(['ok'])
    expect(endsOf((await run(['URL/hop/2', '--max-redirects', '3'])).lines)).toEqual(['ok'])
    expect(endsOf((await run(['URL/hop/2', '--max-redirects', '1'])).lines)).toEqual(['redirect/too_many'])
    expect(server.requests).toHaveLength(4 + 4 + 2)
    expect((await run(['URL/hop/2', '--no-follow'])).lines).toMatchObject([{ ok: false, status: 302 }])
    expect(server.requests).toHaveLength(4 + 4 + 2 + 1)
  })

  test('keeps the method and drops the body with --keep-method', async () => {
    const { run, server } = await redirecting()
    await run(['URL/hop/0', '-X', 'POST', '-d', 'x', '--keep-method'])
    expect(server.requests.map(({ method, body }) => [method, body])).toEqual([
      ['POST', 'x'],
      ['POST', ''],
    ])
  })

  test('from https to http is followed only with --allow-downgrade', async () => {
    const place = await workplace()
    withCertificates(place)
    const headers = `Location: ${place.server.url}/plain\r\n`
    const { origin } = await raw(
      answering(connection => connection.reply('', { status: '302 Found', headers })),
      { cert: 'server' },
    )
    const args = [`${origin}/`, '--tls-ca', 'ca.pem']
    expect(endsOf((await place.run(args)).lines)).toEqual([expect.stringMatching(/^redirect\//)])
    expect(endsOf((await place.run([...args, '--allow-downgrade'])).lines)).toEqual(['ok'])
    expect(place.server.requests.map(({ url }) => url)).toEqual(['/plain'])
  })

  test('that sends a body to another origin is followed only with --allow-body-across-origins', async () => {
    const other = await echoServer()
    const { run } = await workplace((_echo, response) => {
      response.writeHead(307, { location: `${other.url}/there` }).end()
    })
    const args = ['URL/a', '--json', '{"n":1}']
    expect(endsOf((await run(args)).lines)).toEqual([expect.stringMatching(/^redirect\//)])
    expect(other.requests).toEqual([])
    expect(endsOf((await run([...args, '--allow-body-across-origins'])).lines)).toEqual(['ok'])
    expect(other.requests).toMatchObject([{ url: '/there', body: '{"n":1}' }])
  })
})

describe('A body', () => {
  test('larger than --max-bytes fails its request', async () => {
    const { run } = await workplace((_echo, response) => void response.end('x'.repeat(2_000)))
    expect(endsOf((await run(['URL/a', '--max-bytes', '1kB'])).lines)).toEqual([expect.stringMatching(/^too_large\//)])
    expect(endsOf((await run(['URL/a', '--max-bytes', '2kB'])).lines)).toEqual(['ok'])
    expect((await run(['URL/a', '--max-bytes', '2000'])).stderr).toContain(
      "--max-bytes: expected a size such as '64MiB'",
    )
  })

  test('with a content coding is decoded strictly, decoded leniently or kept raw, as --content-coding says', async () => {
    const { run } = await workplace(({ url }, response) => {
      const bytes = url === '/good' ? gzipSync('"hello"') : Buffer.from('"plain"')
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes)
    })
    const coded = async (...more: string[]) => (await run(['URL/good', 'URL/bad', '--retries', '0', ...more])).lines
    expect(endsOf(await coded())).toEqual(['ok', expect.stringMatching(/^decode\//)])
    expect(await coded('--content-coding', 'lenient', '--as', 'json')).toMatchObject([
      { value: 'hello' },
      { ok: true, value: 'plain' },
    ])
    expect(await coded('--content-coding', 'raw', '--as', 'bytes')).toMatchObject([
      { value: gzipSync('"hello"').toString('base64') },
      { value: Buffer.from('"plain"').toString('base64') },
    ])
  })

  test('that ends with its connection fails its request with --strict-integrity', async () => {
    const { run } = await workplace()
    const { origin } = await raw(async connection => {
      await connection.request()
      await connection.send('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}')
      connection.fin()
    })
    expect(endsOf((await run([`${origin}/`])).lines)).toEqual(['ok'])
    expect(endsOf((await run([`${origin}/`, '--strict-integrity'])).lines)).toEqual(['truncated/unverified'])
  })
})

describe('A proxy', () => {
  test('of --proxy is used, and its password is not printed', async () => {
    const { run } = await workplace()
    const through = await proxy({ wants: 'me:hidden-word' })
    const good = await run(['URL/a', '-x', through.urlFor('me', 'hidden-word'), '-v'])
    expect([good.code, through.forwards.length, through.credentials]).toEqual([0, 1, ['me:hidden-word']])
    const bad = await run(['URL/a', '--proxy', through.urlFor('me', 'wrong-word'), '-v', '--retries', '0'])
    expect(endsOf(bad.lines)).toEqual([expect.stringMatching(/^proxy\//)])
    for (const { stdout, stderr } of [good, bad]) expect(stdout + stderr).not.toMatch(/(?:hidden|wrong)-word/)
    const none = await run(['URL/a', '--proxy', 'ftp://me:hidden-word@127.0.0.1:1'])
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('proxy: expected')])
    expect(none.stderr).not.toContain('hidden-word')
  })

  test('from the environment is used only with --proxy env', async () => {
    const { run } = await workplace()
    const through = await proxy()
    const env = { http_proxy: through.url, HTTP_PROXY: through.url, no_proxy: '', NO_PROXY: '' }
    await run(['URL/a'], { env })
    expect(through.forwards).toHaveLength(0)
    expect((await run(['URL/a', '--proxy', 'env'], { env })).code).toBe(0)
    expect(through.forwards).toHaveLength(1)
  })

  test.each(['flags', 'file'])(
    'from several given by %s is used in turn, or at random with --proxy-selection',
    async by => {
      const { run, write } = await workplace()
      const [one, two] = [await proxy(), await proxy()]
      write('proxies.txt', `${one.url}\n127.0.0.1:${two.port}\n`)
      const args = by === 'file' ? ['--proxy-file', 'proxies.txt'] : ['--proxy', one.url, '--proxy', two.url]
      expect((await run(['URL/{1..6}', '-c', '1', ...args])).code).toBe(0)
      expect([one.forwards.length, two.forwards.length]).toEqual([3, 3])
      expect((await run(['URL/{1..40}', '-c', '1', '--proxy-selection', 'random', ...args])).code).toBe(0)
      const paths = one.forwards.slice(3).map(line => Number(/\d+$/.exec(line)?.[0]))
      // In turn, every other request would use the same proxy. At random, the probability of that is 2 to the -39.
      expect(paths).not.toEqual(Array.from({ length: 20 }, (_, at) => 2 * at + (paths[0] ?? 0)))
      expect(one.forwards.length + two.forwards.length).toBe(46)
    },
  )

  test('that failed is skipped for the --proxy-cooldown', async () => {
    const { run } = await workplace()
    const good = await proxy()
    const args = [
      'URL/{1..6}',
      '-c',
      '1',
      '--backoff',
      '1ms',
      '-x',
      `http://127.0.0.1:${await freePort()}`,
      '-x',
      good.url,
    ]
    const attempts = async (cooldown: string): Promise<number> => {
      const { lines } = await run([...args, '--proxy-cooldown', cooldown])
      expect(endsOf(lines)).toEqual(Array.from({ length: 6 }, () => 'ok'))
      return lines.reduce((sum, line) => sum + line.attempts, 0)
    }
    expect(await attempts('1h')).toBe(7)
    expect(await attempts('0s')).toBeGreaterThan(8)
  })
})

describe('TLS', () => {
  test('verifies the certificate of the server against --tls-ca, and not at all with --insecure', async () => {
    const place = await workplace()
    withCertificates(place)
    const { origin } = await raw(OK, { cert: 'server' })
    const ends = async (...more: string[]) => endsOf((await place.run([`${origin}/`, '--retries', '0', ...more])).lines)
    expect(await ends()).toEqual([expect.stringMatching(/^tls\//)])
    expect(await ends('--tls-ca', 'ca.pem')).toEqual(['ok'])
    expect(await ends('-k')).toEqual(['ok'])
    expect(await ends('--insecure')).toEqual(['ok'])
    const missing = await place.run([`${origin}/`, '--tls-ca', 'none.pem'])
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringContaining('cannot read --tls-ca none.pem: no such file or directory (ENOENT).'),
    ])
  })

  test('presents the client certificate of --tls-cert and --tls-key, or of --tls-pfx', async () => {
    const place = await workplace()
    withCertificates(place)
    const { createServer } = await import('node:https')
    const seen: string[] = []
    const options = { cert: tlsFixture('server'), key: tlsFixture('server-key'), ca: tlsFixture('ca') }
    const server = createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (request, response) => {
      const { subject } = (request.socket as unknown as import('node:tls').TLSSocket).getPeerCertificate()
      seen.push(JSON.stringify(subject))
      response.end('{}')
    })
    server.on('tlsClientError', () => undefined)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `https://127.0.0.1:${(server.address() as import('node:net').AddressInfo).port}/`
    const args = [url, '--tls-ca', 'ca.pem', '--retries', '0']
    expect((await place.run(args)).code).toBe(1)
    const { code } = await place.run([...args, '--tls-cert', 'server.pem', '--tls-key', 'server-key.pem'])
    expect([code, seen.length]).toEqual([0, 1])
    const bundle = [...args, '--tls-pfx', 'server.p12']
    const opened = await place.run([...bundle, '--tls-passphrase', 'env:P12'], { env: { P12: 'only-for-tests' } })
    expect([opened.code, seen.length]).toEqual([0, 2])
    const wrong = await place.run([...bundle, '--tls-passphrase', 'guessed-wrongly'])
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('--tls-pfx: expected one that can be opened'),
    ])
    expect(wrong.stderr).not.toContain('guessed-wrongly')
    const path = await place.run([...args, '--tls-cert', 'server-key.none'])
    expect(path.stderr).toContain('cannot read --tls-cert ')
  })

  test('offers HTTP/2 with --http2', async () => {
    const place = await workplace()
    withCertificates(place)
    const server = await h2Server({ answers: [replying('{"two":true}')] })
    onTestFinished(() => server.close())
    const { code, lines } = await place.run([`${server.origin}/{1..3}`, '--http2', '--tls-ca', 'ca.pem'])
    expect([code, server.streams.length, server.connections.length]).toEqual([0, 3, 1])
    expect(lines[0]?.value).toEqual({ two: true })
  })
})

test('A response head larger than --max-header-bytes fails its request, and the message names the flag', async () => {
  const { run } = await workplace()
  const { lines, stderr } = await run(['URL/a', '--max-header-bytes', '20B', '--retries', '0'])
  expect(endsOf(lines)).toEqual(['too_large/headers'])
  expect(stderr).toContain('Raise --max-header-bytes')
  expect(endsOf((await run(['URL/a', '--max-header-bytes', '1KiB'])).lines)).toEqual(['ok'])
})

test('--block-private-addresses refuses an address that is not public before anything is sent', async () => {
  const { run, server } = await workplace()
  const { lines } = await run(['URL/a', '--block-private-addresses', '--retries', '0'])
  expect([endsOf(lines), server.requests]).toEqual([['blocked/address'], []])
})
