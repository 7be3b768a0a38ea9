import { describe, expect, test } from 'vitest'
import { fingerprint, oldFingerprint } from '../../../src/client/run/fingerprint.ts'
import type { BodyPart, UploadStream } from '../../../src/core/body.ts'
import type { Call, Own } from '../../../src/core/call.ts'
import { makeCall } from '../../support/calls.ts'
import { fc } from '../../support/property.ts'

type Parts = Pick<Call, 'method' | 'url' | 'body' | 'key'>

const print = (parts: Partial<Parts>): string =>
  oldFingerprint(makeCall({ method: 'GET', url: 'http://a.test/', body: undefined, key: undefined, ...parts }))

describe('the fingerprint of version 1', () => {
  test('is the same in every version, because run files outlive a release', () => {
    expect(print({})).toBe('11bTB33X-kgJTQKE')
    expect(print({ method: 'POST', url: 'http://a.test/é?q=1', body: '{"a":"é"}', key: 'k' })).toBe('HnLOrQ4B-wI258_F')
    expect(print({ method: 'POST', body: Uint8Array.of(0, 255), key: '' })).toBe('aX3iNJm9JGUU6gCv')
  })

  test('has 16 characters that need no escaping', () => {
    fc.assert(
      fc.property(fc.string(), key => {
        expect(print({ key })).toMatch(/^[\w-]{16}$/)
      }),
    )
  })

  test('differs for another method, URL, body or key, and only then', () => {
    const part = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT'),
      url: fc.constantFrom('http://a.test/', 'http://a.test/1', 'http://a.test/11', 'http://a.test/1?k'),
      body: fc.option(fc.oneof(fc.constantFrom('', '1', 'k', 'n', 's', 'f'), fc.string()), { nil: undefined }),
      key: fc.option(fc.oneof(fc.constantFrom('', '1', 'k', 'n', 's', 'f'), fc.string()), { nil: undefined }),
    })
    const same = (a: Parts, b: Parts) =>
      a.method === b.method && a.url === b.url && a.body === b.body && a.key === b.key
    fc.assert(
      fc.property(part, part, (a, b) => {
        expect(print(a) === print(b)).toBe(same(a, b))
        expect(print({ ...a })).toBe(print(a))
      }),
      { numRuns: 2_000 },
    )
  })

  test('separates its parts', () => {
    const twins: [Partial<Parts>, Partial<Parts>][] = [
      [
        { url: 'http://a.test/x', key: 'y' },
        { url: 'http://a.test/', key: 'xy' },
      ],
      [
        { key: 'a', body: 'b' },
        { key: 'ab', body: '' },
      ],
      [{ key: '' }, { key: undefined }],
      [{ body: '' }, { body: undefined }],
      [{ body: 'f' }, { body: () => asyncNothing() }],
      [
        { method: 'PUT', url: 'http://a.test/' },
        { method: 'PU', url: 'Thttp://a.test/' },
      ],
      [{ url: 'http://a.test/', key: '0:n' }, { url: 'http://a.test/0:n' }],
    ]
    for (const [a, b] of twins) expect(print(a)).not.toBe(print(b))
  })

  test('is equal for text and its bytes, and for any two streams', () => {
    expect(print({ body: 'é' })).toBe(print({ body: new TextEncoder().encode('é') }))
    expect(print({ body: () => asyncNothing() })).toBe(print({ body: () => asyncNothing() }))
    expect(print({ body: () => asyncNothing() })).not.toBe(print({}))
  })

  test('ignores headers, credentials, options and the position in the input', () => {
    const more = {
      headers: ['a', '1'],
      credentials: 'Bearer x',
      index: 7,
      meta: {},
      costs: 9,
      lane: 'x',
      plan: { maxRetries: 9 },
    }
    expect(oldFingerprint(makeCall({ ...more, url: 'http://a.test/' }))).toBe(print({}))
  })

  test('covers the fields and paths of a multipart body, not its boundary, and of a stream only its presence', () => {
    const part = { name: 'a', filename: undefined, type: undefined }
    const parts = (content: BodyPart['content'], more: Partial<BodyPart> = {}): string =>
      print({ body: { boundary: String(Math.random()), parts: [{ ...part, ...more, content }] } })
    const stream = (): UploadStream => ({ open: async function* () {}, bytes: undefined })
    expect(parts('x')).toBe(parts('x'))
    expect(parts(stream())).toBe(parts(stream()))
    const contents: BodyPart['content'][] = ['x', 'y', Uint8Array.of(1), Uint8Array.of(2), { path: 'x' }, { path: 'y' }]
    const all = [...contents, stream(), new Blob(['x']), new Blob(['xy'])].map(content => parts(content))
    all.push(parts('x', { name: 'b' }), parts('x', { filename: 'b' }), print({}), print({ body: 'x' }))
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('the fingerprint of a request', () => {
  const SALT = 'abcdefghijklmnopqrstuv'
  const NOTHING: Own = { headers: [], unset: [], credentials: undefined, contentType: undefined }
  const of = (own: Partial<Own> | undefined, parts: Partial<Parts> = {}, salt = SALT): string =>
    fingerprint(makeCall({ url: 'http://a.test/', ...parts, own: own && { ...NOTHING, ...own } }), salt)

  test('is the same in every version, and differs with every salt', () => {
    expect(of(undefined)).toBe('UJ2iA_2OsPhNFdUY')
    const own = { headers: ['x-b', '2', 'x-a', '1'], unset: ['accept'], credentials: 'Bearer x' }
    expect(of(own, { method: 'POST', body: '{"a":"é"}' })).toBe('FgjZddwfG9WOwhAl')
    expect(of(own, {}, SALT.toUpperCase())).not.toBe(of(own))
  })

  test("covers headers in any order, credentials, and the content type of the request's own body", () => {
    const alike: Partial<Own>[] = [{ headers: ['a', '1', 'b', '2'] }, { headers: ['b', '2', 'a', '1'] }]
    expect(new Set(alike.map(own => of(own))).size).toBe(1)
    const all: (Partial<Own> | undefined)[] = [
      undefined,
      { headers: ['a', '1'] },
      { headers: ['a', '2'] },
      { headers: ['a1', ''] },
      { headers: ['a', '1', 'a', '2'] },
      { headers: ['a', '2', 'a', '1', 'b', ''] },
      { unset: ['a'] },
      { credentials: 'a' },
      { credentials: () => 'a' },
      { contentType: 'a' },
      { contentType: 'text/plain' },
    ]
    expect(new Set(all.map(own => of(own))).size).toBe(all.length)
    // The boundary of a multipart body is different each time.
    expect(of({ contentType: 'multipart/form-data; boundary=1' })).toBe(of(undefined))
  })

  test('ignores the key, which is the identity, and what all requests have in common', () => {
    const more = { headers: ['a', '1'], credentials: 'Bearer x', index: 7, key: 'k', costs: 9, plan: { maxRetries: 9 } }
    expect(fingerprint(makeCall({ ...more, url: 'http://a.test/' }), SALT)).toBe(of(undefined))
  })
})

async function* asyncNothing(): AsyncGenerator<Uint8Array> {
  // Yields nothing.
}
