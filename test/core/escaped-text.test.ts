import { describe, expect, it } from 'vitest'
import { EscapedText } from '../../src/core/escaped-text.ts'

const SECRET = 'tok/S3cret+&<v>="\'ö\\ %2F.e'
const json = JSON.stringify(SECRET).slice(1, -1)
const ascii = json.replace(/[^\x20-\x7e]/g, letter => String.raw`\u00${letter.charCodeAt(0).toString(16)}`)
const entities = (text: string, of: (code: number) => string): string =>
  text.replace(/[^a-z0-9]/gi, letter => of(letter.codePointAt(0) as number))
const named = SECRET.replaceAll('&', '&amp;')
  .replaceAll('<', '&lt;')
  .replaceAll('>', '&gt;')
  .replaceAll('"', '&quot;')
  .replaceAll("'", '&#039;')
const encoded = encodeURIComponent(SECRET)

const WAYS: readonly (readonly [string, string])[] = [
  ['as it is', SECRET],
  ['percent-encoded', encoded],
  ['percent-encoded in lower case', encoded.replace(/%../g, escape => escape.toLowerCase())],
  ['percent-encoded, all of it', entities(SECRET, code => encodeURIComponent(String.fromCodePoint(code)))],
  ['percent-encoded but for its slashes', encoded.replaceAll('%2F', '/')],
  ['percent-encoded twice', encodeURIComponent(encoded)],
  ['in a form', new URLSearchParams({ a: SECRET }).toString().slice(2)],
  ['in JSON', json],
  ['in JSON of ASCII', ascii],
  ['in JSON with escaped slashes', ascii.replaceAll('/', String.raw`\/`)],
  ['in JSON for HTML', json.replace(/[<>&]/g, letter => String.raw`\u00${letter.charCodeAt(0).toString(16)}`)],
  ['in JSON in JSON', JSON.stringify(json).slice(1, -1)],
  ['in HTML', named],
  ['in HTML in HTML', named.replaceAll('&', '&amp;')],
  ['in HTML with numbers', entities(SECRET, code => `&#${code};`)],
  ['in HTML with hexadecimal numbers', entities(SECRET, code => `&#x${code.toString(16).toUpperCase()};`)],
  ['in quotes', SECRET.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)],
  ['as base64', Buffer.from(SECRET).toString('base64')],
  ['as base64 without its end', Buffer.from(SECRET).toString('base64').replaceAll('=', '')],
  ['as base64 for URLs', Buffer.from(SECRET).toString('base64url')],
]

describe('a text is found', () => {
  it.each(WAYS)('%s', (_, said) => {
    const escaped = new EscapedText(SECRET)
    expect(escaped.isIn(`so ${said}, no`)).toBe(true)
    const clean = escaped.replacedIn(`so ${said}, no`, '***')
    expect(clean).not.toMatch(/S3cret|c2|Y3Jld/)
    expect(clean).toMatch(/^so \*{3}.{0,2}, no$/)
  })

  it.each(WAYS)('%s, where the end of what was said cuts it off', (_, said) => {
    const escaped = new EscapedText(SECRET)
    for (let length = 1; length < said.length; length++) {
      const begun = `so: ${said.slice(0, length)}`
      const kept = begun.slice(0, escaped.begunIn(begun))
      // A part that is complete, as of base64, is replaced and not cut off.
      expect(escaped.replacedIn(kept, '***')).not.toMatch(/tok|S3c|dG9rL|9rL1/)
    }
  })

  it('in base64 of a longer text, at any byte', () => {
    const escaped = new EscapedText(SECRET)
    for (const before of ['', 'a', 'ab', 'abc']) {
      const said = Buffer.from(`${before}${SECRET}xyz`).toString('base64')
      expect(Buffer.from(escaped.replacedIn(said, ''), 'base64').toString()).not.toContain('S3c')
    }
  })

  it('if it is long', () => {
    const long = `a.${'b/c"d'.repeat(500)}`
    const escaped = new EscapedText(long)
    for (const said of [long, encodeURIComponent(long), JSON.stringify(long)]) {
      expect(escaped.replacedIn(said, '')).not.toContain('b')
    }
    const longer = Array.from({ length: 5_000 }, (_, at) => `b/${at}`).join('')
    expect(new EscapedText(longer).replacedIn(longer, '')).not.toContain('b')
    expect(escaped.replacedIn('x'.repeat(70_000), '')).toHaveLength(70_000)
    expect(new EscapedText('ö'.repeat(65_536)).isIn('ö')).toBe(false)
  })
})

describe('a text is not found', () => {
  it.each(['tok/S3cre', 'S3cret', 'tok S3cret', '', '%', '\\'])('in %j', said => {
    const escaped = new EscapedText(SECRET)
    expect(escaped.isIn(said)).toBe(false)
    expect(escaped.replacedIn(said, '***')).toBe(said)
  })
})

it.each(['\\', '%', '&', '+', '"', '%25', '&amp;', '\\"', ' ', '\\u005c', '\\\\"'])(
  'a text and a page of nothing but %j take no more than one pass',
  piece => {
    const escaped = new EscapedText(`a${piece.repeat(40)}b`)
    const said = `b${`a${piece.repeat(50)}`.repeat(65_536 / (50 * piece.length))}`
    expect(escaped.replacedIn(said, '***').length).toBeGreaterThan(0)
    expect(escaped.begunIn(said)).toBeGreaterThanOrEqual(0)
    const bare = new EscapedText(piece.repeat(40))
    expect(bare.replacedIn(piece.repeat(20_000), '*').length).toBeGreaterThanOrEqual(0)
    expect(bare.begunIn(piece.repeat(20_000))).toBeGreaterThanOrEqual(0)
  },
)
