import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bypassesOf, waysOfEnvironment } from '../../src/config/proxy-env.ts'
import { readProxy, readProxyFile } from '../../src/config/proxy-input.ts'
import { parseProxy } from '../../src/config/proxy-url.ts'
import { routeKey } from '../../src/core/route.ts'
import type { Proxy } from '../../src/core/route.ts'
import { proxiesFor } from '../../src/policy/bypass.ts'
import { sayProblem } from '../../src/core/problem.ts'
import type { Problem } from '../../src/core/problem.ts'

function shown(text: string): string {
  const proxy = parseProxy(text)
  if ('remedy' in proxy) return `no: ${proxy.shown}`
  const { credentials: given, name } = proxy
  return given === undefined ? name : `${name} as ${given.username}:${given.password}`
}

describe('A proxy', () => {
  it.each([
    ['http://proxy.test:3128', 'http://proxy.test:3128'],
    ['http://proxy.test', 'http://proxy.test:80'],
    ['https://proxy.test/', 'https://proxy.test:443'],
    ['socks5://proxy.test', 'socks5://proxy.test:1080'],
    ['socks5h://proxy.test:99', 'socks5://proxy.test:99'],
    ['SOCKS5://Proxy.Test:99', 'socks5://proxy.test:99'],
    ['http://[::1]:3128', 'http://[::1]:3128'],
    ['socks5://[0:0::1]:3128', 'socks5://[::1]:3128'],
    ['http://us%3fer:p%40ss%3aw@proxy.test:1', 'http://proxy.test:1 as us?er:p@ss:w'],
    ['http://user@proxy.test:1', 'http://proxy.test:1 as user:'],
    ['10.0.0.1:3128', 'http://10.0.0.1:3128'],
    ['[::1]:3128', 'http://[::1]:3128'],
    ['10.0.0.1:3128:user:pa:ss', 'http://10.0.0.1:3128 as user:pa:ss'],
    ['10.0.0.1:3128:user:', 'http://10.0.0.1:3128 as user:'],
    ['user:pass@10.0.0.1:3128', 'http://10.0.0.1:3128 as user:pass'],
    ['proxy.test', 'no: a text that is not a URL'],
    ['10.0.0.1:3128:user', 'no: a text that is not a URL'],
    ['socks4://proxy.test', 'no: one with socks4:'],
    ['http://proxy.test/x', 'no: one with a path'],
    ['http://proxy.test?x', 'no: one with a path'],
    ['http://a\tb:1', 'no: a text with blanks or control characters'],
    ['http://%0d%0a@proxy.test', 'no: credentials with control characters'],
    ['10.0.0.1:1:us\0er:pass', 'no: a text with blanks or control characters'],
  ])('%j is %s', (text, expected) => {
    expect(shown(text)).toBe(expected)
  })

  it('has a key of its own per credentials, and a name without credentials', () => {
    const texts = [
      'http://a:1',
      'http://a:2',
      'https://a:1',
      'socks5://a:1',
      'http://u:p@a:1',
      'http://u:q@a:1',
      'http://v:p@a:1',
    ]
    const proxies = texts.map(text => parseProxy(text) as Proxy)
    expect(new Set(proxies.map(proxy => routeKey('http://x.test', proxy))).size).toBe(texts.length)
    expect(routeKey('http://x.test', parseProxy('http://A:1/') as Proxy)).toBe(routeKey('http://x.test', proxies[0]))
    for (const { name } of proxies) expect(name).not.toContain('@')
  })
})

describe('A file of proxies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'proxies-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const read = (text: string): { ways: unknown; problems: string[] } => {
    const path = join(folder, 'list.txt')
    writeFileSync(path, text)
    const problems: Problem[] = []
    const ways = readProxyFile(path, 'proxyFile', problems)
    return { ways, problems: problems.map(one => sayProblem(one)) }
  }

  it('has one proxy per line, in every form; blanks, comments, CRLF and a byte-order mark are ignored', () => {
    const { ways, problems } = read(
      '\uFEFF# mine\r\n10.0.0.1:1\r\n\r\n  10.0.0.2:2:user:pass  \r\n#x\r\nsocks5://10.0.0.3\n',
    )
    expect(problems).toEqual([])
    expect((ways as { proxies: Proxy[] }).proxies.map(({ name }) => name)).toEqual([
      'http://10.0.0.1:1',
      'http://10.0.0.2:2',
      'socks5://10.0.0.3:1080',
    ])
  })

  it('with wrong lines gives a problem with the number of each line, and none of its text', () => {
    const { ways, problems } = read('10.0.0.1:1\n\nhunter2\n10.0.0.1:1:user\nftp://user:hunter2@x')
    expect(ways).toBeUndefined()
    expect(problems.map(problem => problem.split(':')[0])).toEqual([
      'proxyFile, line 3',
      'proxyFile, line 4',
      'proxyFile, line 5',
    ])
    expect(problems.join()).not.toMatch(/hunter2|10\.0\.0\.1/)
  })

  it.each(['', '\n# nothing\n'])('without any is a problem: %j', text => {
    expect(read(text).problems[0]).toMatch(/^proxyFile: expected a file with at least one proxy, got one without/)
  })
})

describe('The environment', () => {
  const ask = (env: Record<string, string>, origin: string): string => {
    const problems: Problem[] = []
    const ways = waysOfEnvironment(env, 'proxy', problems)
    return ways === undefined
      ? problems.map(one => sayProblem(one)).join()
      : (proxiesFor(ways, origin)[0]?.name ?? 'direct')
  }

  it.each([
    [{}, 'http://x.test', 'direct'],
    [{ HTTP_PROXY: 'http://a:1' }, 'http://x.test', 'http://a:1'],
    [{ HTTP_PROXY: 'http://a:1' }, 'https://x.test', 'direct'],
    [{ HTTPS_PROXY: 'a:1' }, 'https://x.test', 'http://a:1'],
    [{ HTTPS_PROXY: 'a' }, 'https://x.test', 'http://a:80'],
    [{ HTTP_PROXY: 'http://a:1', http_proxy: 'http://b:1' }, 'http://x.test', 'http://b:1'],
    [{ HTTP_PROXY: 'http://a:1', http_proxy: '' }, 'http://x.test', 'direct'],
    [{ ALL_PROXY: 'socks5://a:1' }, 'http://x.test', 'socks5://a:1'],
    [{ ALL_PROXY: 'socks5://a:1' }, 'https://x.test', 'socks5://a:1'],
    [{ ALL_PROXY: 'socks5://a:1', https_proxy: 'http://b:1' }, 'https://x.test', 'http://b:1'],
    [{ HTTP_PROXY: 'http://evil:1', REQUEST_METHOD: 'GET' }, 'http://x.test', 'direct'],
    [{ http_proxy: 'http://a:1', REQUEST_METHOD: 'GET' }, 'http://x.test', 'http://a:1'],
    [{ HTTPS_PROXY: 'http://a:1', REQUEST_METHOD: 'GET' }, 'https://x.test', 'http://a:1'],
  ])('%j takes %s to %s', (env, origin, way) => {
    expect(ask(env as Record<string, string>, origin)).toBe(way)
  })

  it('with an invalid variable gives a problem with its name, and none of its value', () => {
    const problem = ask({ HTTPS_PROXY: 'ftp://user:hunter2@x' }, 'https://x.test')
    expect(problem).toMatch(/^proxy: expected the URL of a proxy in HTTPS_PROXY, got one with ftp:/)
    expect(problem).not.toContain('hunter2')
  })

  it.each([
    ['*', 'http://x.test', true],
    ['x.test', 'http://x.test', true],
    ['X.Test', 'http://x.test', true],
    ['x.test', 'http://x.test.', true],
    ['x.test', 'http://api.x.test', true],
    ['.x.test', 'http://api.x.test', true],
    ['.x.test', 'http://x.test', true],
    ['*.x.test', 'http://api.x.test', true],
    ['x.test', 'http://notx.test', false],
    ['x.test', 'http://x.test.evil', false],
    ['x.test:8080', 'http://x.test:8080', true],
    ['x.test:8080', 'http://x.test', false],
    ['x.test:80', 'http://x.test', true],
    ['x.test:443', 'https://x.test', true],
    ['a.test, b.test  c.test', 'http://c.test', true],
    ['10.0.0.0/8', 'http://10.1.2.3:99', true],
    ['10.0.0.0/8', 'http://11.1.2.3', false],
    ['10.0.0.0/8', 'http://10.x.test', false],
    ['10.0.0.7', 'http://10.0.0.7', true],
    ['::1', 'http://[::1]:99', true],
    ['[::1]', 'http://[::1]:99', true],
    ['[::1]:99', 'http://[::1]:99', true],
    ['[::1]:99', 'http://[::1]:98', false],
    ['fd00::/8', 'http://[fd00::7]', true],
    ['fd00::/8', 'http://[fe00::7]', false],
    ['10.0.0.0/33', 'http://10.0.0.0', false],
    ['.', 'http://x.test', false],
    ['bücher.test', 'http://xn--bcher-kva.test', true],
    ['', 'http://x.test', false],
  ])('with NO_PROXY=%j asks %s directly: %s', (list, origin, direct) => {
    const env = { ALL_PROXY: 'http://a:1', NO_PROXY: list }
    expect(ask(env, origin)).toBe(direct ? 'direct' : 'http://a:1')
  })

  it("is read only with 'env'", () => {
    const before = process.env.ALL_PROXY
    process.env.ALL_PROXY = 'http://user:pass@a:1'
    try {
      expect(readProxy('env', 'proxy', [])).toMatchObject({ kind: 'environment', http: [{ name: 'http://a:1' }] })
      expect(readProxy(false, 'proxy', [])).toEqual({ kind: 'direct' })
      expect(readProxy(null, 'proxy', [])).toEqual({ kind: 'direct' })
    } finally {
      if (before === undefined) delete process.env.ALL_PROXY
      else process.env.ALL_PROXY = before
    }
  })

  it('gives plain data, which can be sent to worker threads', () => {
    const ways = waysOfEnvironment({ ALL_PROXY: 'http://u:p@a:1', NO_PROXY: 'x,10.0.0.0/8' }, 'proxy', [])
    expect(structuredClone(ways)).toEqual(ways)
    expect(bypassesOf('a:1,b')).toEqual([
      { host: 'a', port: 1, bits: undefined },
      { host: 'b', port: undefined, bits: undefined },
    ])
  })
})
