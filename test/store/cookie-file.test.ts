import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CookieJar } from 'tough-cookie'
import { ConfigError, ParallelRequests, parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import { parseNetscape } from '../../src/store/netscape.ts'
import { clientOf, until } from '../support/ask.ts'
import { anyText, fc } from '../support/property.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { covers } from '../support/hostile/record.ts'
import { expectFigure } from '../support/figure.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preq-cookies-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const server = (...cookies: readonly string[]) =>
  rawServer(
    answering((connection, { headers, path }) =>
      connection.reply(JSON.stringify(headers.get('cookie')), {
        headers: path === '/set' ? cookies.map(cookie => `Set-Cookie: ${cookie}\r\n`).join('') : '',
      }),
    ),
  )

const contents = (path: string): Promise<string> => readFile(path, 'utf8')

describe('a cookie file', () => {
  it.each(['cookies.json', 'cookies.txt'])('%s keeps the jar from one client to the next', async name => {
    const cookieFile = join(folder, name)
    await using site = await server(
      'a=1; Path=/; HttpOnly',
      'b=2; Max-Age=1000',
      'old=3; Max-Age=0',
      'x=y; Path=/other',
    )
    await parallelRequests(`${site.origin}/set`, { cookieFile })
    expect((await stat(cookieFile)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual([name])
    expect(await parallelRequests(site.origin, { cookieFile })).toBe('a=1; b=2')
    expect(await parallelRequests(`${site.origin}/other`, { cookieFile })).toMatch(/x=y/)
    expect(await parallelRequests(site.origin)).toBeNull()
    covers(import.meta.url, {
      row: 103,
      name: 'cookies that another run has saved',
      outcome: 'only those of its own file are sent; the file has mode 0600',
      retry: '–',
      socket: '–',
    })
  })

  it('is written soon after a change, and when all cookies are forgotten', async () => {
    const cookieFile = join(folder, 'cookies.json')
    await using site = await server('a=1')
    const client = clientOf({ cookieFile })
    await client.request(`${site.origin}/set`)
    expect(await readdir(folder)).toEqual([])
    let text = ''
    const read = async (): Promise<unknown> => (text = await contents(cookieFile).catch(() => ''))
    await until(() => (void read(), text.includes('"a"')), 3_000)
    client.resetCookies()
    await client.close()
    expect(JSON.parse(await contents(cookieFile))).toMatchObject({ cookies: [] })
  })

  it('is not written when nothing has changed', async () => {
    const cookieFile = join(folder, 'cookies.json')
    await using site = await server()
    await parallelRequests(site.origin, { cookieFile })
    expect(await readdir(folder)).toEqual([])
  })

  it('may have been written by tough-cookie, whose settings are ignored', async () => {
    const cookieFile = join(folder, 'cookies.json')
    await using site = await server('c=3; Secure')
    const jar = new CookieJar(undefined, { prefixSecurity: 'unsafe-disabled' })
    jar.setCookieSync('a=1', site.origin)
    await writeFile(cookieFile, JSON.stringify(jar))
    expect(await parallelRequests(`${site.origin}/set`, { cookieFile })).toBe('a=1')
    expect(await parallelRequests(site.origin, { cookieFile })).toBe('a=1')
  })

  it("in Netscape's format matches what curl writes and reads", async () => {
    const cookieFile = join(folder, 'cookies.txt')
    const lines = [
      '# Netscape HTTP Cookie File',
      '',
      '#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t1',
      '.example.com\tTRUE\t/x\tTRUE\t4102444800\tb\t2',
      '127.0.0.1\tFALSE\t/\tFALSE\t1\tlong\tgone',
    ]
    await writeFile(cookieFile, lines.join('\n'))
    await using site = await server('c=3')
    expect(await parallelRequests(`${site.origin}/set`, { cookieFile })).toBe('a=1')
    const written = (await contents(cookieFile)).split('\n').filter(line => line.includes('\t'))
    expect(new Set(written)).toEqual(new Set([lines[2], lines[3], '127.0.0.1\tFALSE\t/\tFALSE\t0\tc\t3']))
  })

  it.each([
    ['cookies.json', '{"cookies": ['],
    ['cookies.json', '[]'],
    ['cookies.json', 'null'],
    ['cookies.json', '{"cookies": [{"key": 1}]}'],
    ['cookies.json', '{"cookies": [{"key": "a", "value": "b\\r\\nEvil: 1", "domain": "127.0.0.1", "path": "/"}]}'],
    ['cookies.txt', 'a=1'],
    ['cookies.txt', '127.0.0.1\tFALSE\t/\tFALSE\tsoon\ta\t1'],
    ['cookies.txt', '127.0.0.1\tFALSE\t/\tFALSE\t0\ta\tb\0c'],
  ])('%s with the content %j is a ConfigError and is not changed', async (name, text) => {
    const cookieFile = join(folder, name)
    await writeFile(cookieFile, text)
    const make = () => new ParallelRequests({ cookieFile })
    expect(make).toThrow(ConfigError)
    expect(make).toThrow(/^cookieFile: expected .+ to be a .+, got .+\. Nothing was changed: repair it/)
    await expect(parallelRequests('http://127.0.0.1:9/', { cookieFile })).rejects.toThrow(ConfigError)
    expect(() => parallelRequestsSync('http://127.0.0.1:9/', { cookieFile })).toThrow(ConfigError)
    expect(await contents(cookieFile)).toBe(text)
    expect(await readdir(folder)).toEqual([name])
  })

  it.each([
    ['UTF-8', Buffer.from('café日本')],
    ['Latin-1', Buffer.from('caf\xe9', 'latin1')],
  ])("in Netscape's format holds bytes, as for curl: a value in %s is sent back unchanged", async (_name, value) => {
    const cookieFile = join(folder, 'cookies.txt')
    const line = Buffer.concat([Buffer.from('127.0.0.1\tFALSE\t/\tFALSE\t0\tn\t'), value])
    const held = value.toString('latin1')
    await using site = await server(`n=${held}`)
    await parallelRequests(`${site.origin}/set`, { cookieFile })
    expect((await readFile(cookieFile)).includes(line)).toBe(true)
    await writeFile(cookieFile, Buffer.concat([line, Buffer.from('\n')]))
    await parallelRequests(site.origin, { cookieFile })
    expect(site.requests.at(-1)?.headers.get('cookie')).toBe(`n=${held}`)
  })

  it("in Netscape's format drops malformed lines and names them", async () => {
    const cookieFile = join(folder, 'cookies.txt')
    const line = (name: string, end: string): string => `127.0.0.1\tFALSE\t/\tFALSE\t${end}\t${name}\tt0psecret`
    const lines = [
      '\ufeff# Netscape HTTP Cookie File',
      line('a', '0'),
      line('b', 'soon'),
      '',
      'c=t0psecret',
      line('d', '0'),
    ]
    await writeFile(cookieFile, lines.join('\r\n'))
    await using site = await server()
    const warnings: string[] = []
    const listen = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', listen)
    expect(await parallelRequests(site.origin, { cookieFile })).toBe('a=t0psecret; d=t0psecret')
    await new Promise(resolve => setImmediate(resolve))
    process.off('warning', listen)
    expect(warnings).toEqual([expect.stringMatching(/^cookieFile: .+ has 2 lines that are not cookies \(3, 5\)/)])
    expect(warnings.join()).not.toContain('t0psecret')
  })

  it.each(['a=1; Path=/x\ty', 'a=1; Max-Age=99999999999999', 'a=1; Max-Age=9999999999999999999999'])(
    "in Netscape's format can be read again, whatever a server sets: %j",
    async cookie => {
      const cookieFile = join(folder, 'cookies.txt')
      await using site = await server(cookie, 'b=2')
      await parallelRequests(`${site.origin}/set`, { cookieFile })
      expect(await parallelRequests(site.origin, { cookieFile })).toMatch(/b=2/)
    },
  )

  it('whose folder does not exist, or that is a folder, is a ConfigError', () => {
    for (const cookieFile of [join(folder, 'no', 'cookies.json'), folder]) {
      expect(() => new ParallelRequests({ cookieFile })).toThrow(/^cannot read and write cookieFile /)
    }
  })

  it('cannot be combined with cookies: false or with a jar', async () => {
    const cookieFile = join(folder, 'cookies.json')
    for (const cookies of [false, new CookieJar()] as const) {
      expect(() => new ParallelRequests({ cookieFile, cookies })).toThrow(/^cookieFile: expected cookies/)
    }
    const client = new ParallelRequests({ cookieFile, cookies: { a: '1' } })
    expect(() => client.setCookies(new CookieJar())).toThrow(/^setCookies: expected name and value pairs/)
    await client.close()
  })

  it('that is a link stays a link, and a failed write is a warning', async () => {
    await mkdir(join(folder, 'real'))
    await writeFile(join(folder, 'real', 'jar.json'), '')
    const cookieFile = join(folder, 'link.json')
    await symlink(join(folder, 'real', 'jar.json'), cookieFile)
    await using site = await server('a=1')
    await parallelRequests(`${site.origin}/set`, { cookieFile })
    expect((await stat(join(folder, 'real', 'jar.json'))).size).toBeGreaterThan(10)

    const warnings: string[] = []
    const listen = ({ message }: Error): void => void warnings.push(message)
    process.on('warning', listen)
    const client = clientOf({ cookieFile: join(folder, 'real', 'gone.json') })
    await client.request(`${site.origin}/set`)
    await rm(join(folder, 'real'), { recursive: true })
    await client.close()
    await new Promise(resolve => setImmediate(resolve))
    process.off('warning', listen)
    expect(warnings.join()).toMatch(/cookieFile: cannot write .+gone\.json/)
  })

  it('is updated by a sync call too', async () => {
    const cookieFile = join(folder, 'cookies.txt')
    await writeFile(cookieFile, '127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t1\n')
    await chmod(cookieFile, 0o644)
    expect(parallelRequestsSync([], { cookieFile })).toEqual([])
    expect(await contents(cookieFile)).toContain('\ta\t1')
  })
})

describe('parseNetscape', () => {
  it('reads an expiry that no Date can hold as the latest one', () => {
    for (const end of ['999999999999999', '9223372036854775807']) {
      const [cookie] = parseNetscape(`a.example\tFALSE\t/\tFALSE\t${end}\tk\tv`).cookies
      expect(new Date(cookie?.expiresAtMs ?? NaN).getUTCFullYear()).toBe(9999)
    }
  })

  it('reads any text in linear time', () => {
    fc.assert(
      fc.property(anyText(200), text => {
        const { cookies, badLines } = parseNetscape(text)
        expect(cookies.length + badLines.length).toBeLessThanOrEqual(text.split('\n').length)
      }),
    )
    const startedAtMs = performance.now()
    parseNetscape('\t'.repeat(1_000_000))
    parseNetscape('#HttpOnly_\n'.repeat(100_000))
    expectFigure(performance.now() - startedAtMs).toBeLessThan(500)
  })
})
