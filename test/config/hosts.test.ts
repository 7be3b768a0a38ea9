/** Patterns of hosts: which are one, what they match, and which of several counts. */
import { describe, expect, test } from 'vitest'
import { matchHost, normalHost } from '../../src/config/hosts.ts'

describe('A pattern', () => {
  test.each([
    ['api.example.com', 'api.example.com'],
    ['API.Example.COM', 'api.example.com'],
    ['*.example.com', '*.example.com'],
    ['*.EXAMPLE.com', '*.example.com'],
    ['*', '*'],
    ['localhost:8080', 'localhost:8080'],
    ['localhost:080', 'localhost:80'],
    // The port of a scheme means something here.
    ['example.com:80', 'example.com:80'],
    ['example.com:443', 'example.com:443'],
    ['*.example.com:8443', '*.example.com:8443'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1:3000', '127.0.0.1:3000'],
    ['127.1', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[::1]:8080', '[::1]:8080'],
    ['[0:0::1]', '[::1]'],
    ['bücher.example', 'xn--bcher-kva.example'],
  ])('%s is %s.', (pattern, normal) => {
    expect(normalHost(pattern)).toBe(normal)
  })

  test.each([
    '',
    ' ',
    'https://api.example.com',
    'api.example.com/v1',
    'user@example.com',
    'a.*.com',
    'api.*',
    '*example.com',
    '**',
    '*.',
    '*.*.com',
    'example.com?x',
    'example.com#x',
    'example.com\\x',
    'exa mple.com',
    'example.com:port',
    'example.com:99999',
    ':80',
    '::1',
    '[::1',
    '%',
    '1.2.3.4.5',
  ])('%j is none.', pattern => {
    expect(normalHost(pattern)).toBeUndefined()
  })
})

describe('An origin', () => {
  test.each([
    ['https://api.example.com', ['api.example.com'], 'api.example.com'],
    ['https://api.example.com', ['example.com'], undefined],
    ['https://example.com', ['*.example.com'], undefined],
    ['https://a.example.com', ['*.example.com'], '*.example.com'],
    ['https://a.b.example.com', ['*.example.com'], '*.example.com'],
    ['https://badexample.com', ['*.example.com'], undefined],
    ['https://example.com.evil.test', ['*.example.com', 'example.com'], undefined],
    ['http://localhost:8080', ['localhost:8080'], 'localhost:8080'],
    ['http://localhost:8081', ['localhost:8080'], undefined],
    ['http://localhost:8081', ['localhost'], 'localhost'],
    ['https://example.com', ['example.com:443'], 'example.com:443'],
    ['http://example.com', ['example.com:443'], undefined],
    ['http://example.com', ['example.com:80'], 'example.com:80'],
    ['https://a.example.com:8443', ['*.example.com:8443'], '*.example.com:8443'],
    ['https://a.example.com', ['*.example.com:8443'], undefined],
    ['http://[::1]:8080', ['[::1]'], '[::1]'],
    ['http://127.0.0.1:1', ['*'], '*'],
    ['http://127.0.0.1:1', [], undefined],
  ] as const)('%s under %j has the limits of %s.', (origin, patterns, match) => {
    expect(matchHost(patterns, origin)).toBe(match)
  })

  test.each([
    ['a name before a wildcard', 'http://a.b.test', ['a.b.test', '*.b.test', '*'], 'a.b.test'],
    ['a short name before a long wildcard', 'http://x.y', ['x.y', '*.y:80'], 'x.y'],
    ['a longer wildcard before a shorter one', 'http://c.a.b.test', ['*.a.b.test', '*.b.test', '*'], '*.a.b.test'],
    ['anything before *', 'http://c.test', ['*.test', '*'], '*.test'],
    ['with a port before without', 'http://a.test:81', ['a.test:81', 'a.test'], 'a.test:81'],
    ['a wildcard with a port before without', 'http://a.b.test:81', ['*.b.test:81', '*.b.test'], '*.b.test:81'],
  ])('has the limits of %s, in whatever order they stand.', (_name, origin, patterns, best) => {
    expect(matchHost(patterns, origin)).toBe(best)
    expect(matchHost(patterns.toReversed(), origin)).toBe(best)
  })
})
