/** URLs: parsed in one module, and never printed with a secret. */
import { describe, expect, test } from 'vitest'
import { parseUrl, printableUrl } from '../../src/core/url.ts'
import { anyText, fc } from '../support/property.ts'
import { figure } from '../support/figure.ts'
import { say } from '../../src/core/words.ts'

const wrongOf = (input: string, params: Parameters<typeof parseUrl>[2] = []): string => {
  const parsed = parseUrl(input, undefined, params)
  return 'wrong' in parsed ? say(parsed.wrong) : parsed.url
}

describe('parseUrl', () => {
  test('removes an empty fragment from the URL', () => {
    expect(parseUrl('http://a.test/x#', undefined, [])).toMatchObject({ url: 'http://a.test/x', path: '/x' })
    expect(parseUrl('http://a.test/?q#', undefined, [])).toMatchObject({ path: '/?q' })
  })

  test('removes userinfo and fragment from the URL', () => {
    expect(parseUrl('https://us%20er:p%40ss@h.test:8443/a?b=c#d', undefined, [])).toEqual({
      url: 'https://h.test:8443/a?b=c',
      origin: 'https://h.test:8443',
      path: '/a?b=c',
      username: 'us er',
      password: 'p@ss',
    })
  })

  test.each([
    [[{ b: 1 }], 'https://h.test/?a=0&b=1'],
    [[{ b: [1, 2] }], 'https://h.test/?a=0&b=1&b=2'],
    [[{ b: undefined, c: null, d: true }], 'https://h.test/?a=0&d=true'],
    [[{ b: 1, c: 1 }, { b: 2 }], 'https://h.test/?a=0&b=2&c=1'],
    [[{ 'ä&': '= +' }], 'https://h.test/?a=0&%C3%A4%26=%3D+%2B'],
    [[JSON.parse('{"__proto__": "x"}')], 'https://h.test/?a=0&__proto__=x'],
  ])('adds the params %j to the query', (params, url) => {
    expect(parseUrl('https://h.test/?a=0', undefined, params)).toMatchObject({ url })
  })

  test.each([
    ['', 'an empty string'],
    ['example.com', "Write 'https://…' or set baseUrl"],
    ['ftp://h/', 'expected an http: or https: URL'],
    ['https://h:99999/', 'expected an absolute'],
    ['https://a\nb/', 'no control characters'],
    [`https://h/${'a'.repeat(70_000)}`, 'at most 65536 characters'],
  ])('refuses %j and says why', (input, reason) => {
    expect(wrongOf(input)).toContain(reason)
  })

  test('refuses a query that makes the URL too long', () => {
    expect(wrongOf('https://h/', [{ a: 'x'.repeat(70_000) }])).toContain('with its query')
  })

  test('never repeats a password or a token in a message, even for an invalid URL', () => {
    const inputs = [
      'https://u:hunter2@h/a\nb',
      'ftp://u:hunter2@h/?token=hunter2',
      '//u:hunter2@h',
      'https://u:hunter2@h:99999/',
    ]
    for (const input of inputs) expect(wrongOf(input)).not.toContain('hunter2')
  })
})

describe('printableUrl', () => {
  test.each([
    ['https://h.test/a?b=c', 'https://h.test/a?b=c'],
    ['https://u:p@h.test/', 'https://h.test/'],
    ['https://u@h.test/', 'https://h.test/'],
    ['https://u:p@ss@h.test/', 'https://h.test/'],
    ['https:u:p@h.test/', 'https:h.test/'],
    ['https:\\\\u:p@h.test/', 'https:\\\\h.test/'],
    [' https://u:p@h.test/', ' https://h.test/'],
    ['//u:p@h.test/', '//h.test/'],
    ['https://h.test/@scope/pkg', 'https://h.test/@scope/pkg'],
    ['/@scope/pkg', '/@scope/pkg'],
    ['https://h.test/?token=a&b=c&api_key=d', 'https://h.test/?token=***&b=c&api_key=***'],
    ['https://h.test/?access%5Ftoken=a', 'https://h.test/?access%5Ftoken=***'],
    ['https://h.test/?%74oken=a', 'https://h.test/?%74oken=***'],
    ['https://h.test/?tok\nen=a', 'https://h.test/?tok\nen=***'],
    ['https://h.test/cb#access_token=a&state=1', 'https://h.test/cb#access_token=***&state=1'],
    ['https://h.test/?token', 'https://h.test/?token'],
    ['https://h.test/?a=b=c?token', 'https://h.test/?a=b=c?token'],
    ['no url at all', 'no url at all'],
  ])('prints %j as %j', (url, shown) => {
    expect(printableUrl(url)).toBe(shown)
  })

  test('redacts names that the caller listed', () => {
    expect(printableUrl('https://h.test/?Tenant=a&b=c', new Set(['tenant']))).toBe('https://h.test/?Tenant=***&b=c')
  })

  const loose = fc.constantFrom('', ' ', '\t', '\n', '\u0001')
  const slash = fc.constantFrom('//', '\\\\', '/\\', '///', '/\t/', '')
  const secret = fc.stringMatching(/^[A-Za-z0-9!$*()~%:@&=+,;.-]{0,8}$/).map(text => `CANARY${text}`)
  const name = fc.constantFrom(
    'token',
    '%73%69%64',
    'Api-Key',
    'api_key',
    'access%5Ftoken',
    'X-Amz-Signature',
    'password',
    'sid',
    'auth',
  )

  test('removes everything that a parser would read as userinfo, however the URL is written', () => {
    fc.assert(
      fc.property(loose, fc.constantFrom('http', 'HTTPS', 'ht\ttp'), slash, secret, (before, scheme, slashes, user) => {
        const url = `${before}${scheme}:${slashes}${user}@h.test/path?q=1`
        fc.pre(URL.parse(url)?.username !== '')
        expect(printableUrl(url)).not.toContain('CANARY')
      }),
      { numRuns: 500 },
    )
  })

  test('redacts values of secret names anywhere in the query and the fragment', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9!$*()~%:@=+,;.?/-]{0,8}$/).map(text => `CANARY${text}`)
    const pair = fc.oneof(
      fc.tuple(name, value).map(([secretName, text]) => `${secretName}=${text}`),
      fc.constantFrom('a=b', 'c', '', '=', 'd=?e'),
    )
    const query = fc.array(pair, { maxLength: 6 }).map(pairs => pairs.join('&'))
    fc.assert(
      fc.property(query, query, (search, hash) => {
        expect(printableUrl(`https://h.test/?${search}#${hash}`)).not.toContain('CANARY')
      }),
      { numRuns: 500 },
    )
  })

  figure('prints any text without a throw, and a megabyte in linear time', () => {
    fc.assert(fc.property(anyText(), text => typeof printableUrl(text) === 'string'))
    for (const piece of ['@', '?', '&a=', '=', 'a', '\t', '/', 'token=', 'a:@']) {
      const text = `https:${piece.repeat(1_000_000 / piece.length)}`
      const startedAtMs = performance.now()
      printableUrl(text)
      expect(performance.now() - startedAtMs, piece).toBeLessThan(500)
    }
  })
})
