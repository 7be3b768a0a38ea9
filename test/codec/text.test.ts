/** Bytes → text, by byte-order mark, header or UTF-8. */
import { expect, test } from 'vitest'
import { decodeText, decodeUtf8 } from '../../src/codec/text.ts'
import { makeReply } from '../support/calls.ts'
import { anyText, fc } from '../support/property.ts'
import { figure } from '../support/figure.ts'

function text(body: readonly number[], contentType?: string) {
  const headers = contentType === undefined ? {} : { 'content-type': contentType }
  return decodeText({ ...makeReply(200, headers), body: new Uint8Array(body) })
}

test.each<[string, number[], string | undefined, string]>([
  ['UTF-8 that is not declared', [0xc3, 0xa4], undefined, 'ä'],
  ['UTF-8 by its header', [0xc3, 0xa4], 'text/plain; charset=utf-8', 'ä'],
  ['UTF-8 by its byte-order mark, which is removed', [0xef, 0xbb, 0xbf, 0x61], undefined, 'a'],
  ['latin-1', [0xe4, 0xff], 'text/plain; charset=ISO-8859-1', 'äÿ'],
  ['latin-1, which on the web is windows-1252', [0x80], 'text/plain; charset=latin1', '€'],
  ['a charset in quotes', [0xe4], 'text/plain;charset="windows-1252"', 'ä'],
  ['a charset in odd case after another parameter', [0xe4], 'text/html; x=y; Charset = Latin1', 'ä'],
  ['UTF-16 by its byte-order mark', [0xff, 0xfe, 0x61, 0x00], undefined, 'a'],
  ['UTF-16, high byte first', [0xfe, 0xff, 0x00, 0x61], undefined, 'a'],
  ['a byte-order mark that overrides the header', [0xef, 0xbb, 0xbf, 0xc3, 0xa4], 'text/plain; charset=latin1', 'ä'],
  ['Shift JIS', [0x82, 0xa0], 'text/plain; charset=shift_jis', 'あ'],
  ['an empty body', [], 'text/plain; charset=latin1', ''],
])('decodes a body in %s', (_name, body, contentType, expected) => {
  expect(text(body, contentType)).toEqual({ text: expected })
})

test('bytes that are not UTF-8 are decoded all the same, with a warning', () => {
  const read = text([0x61, 0xff, 0x62])
  expect(read.text).toBe('a\ufffdb')
  expect(read.warning).toContain('not utf-8')
})

test('an unknown charset is read as UTF-8, with a warning that names it', () => {
  expect(text([0xc3, 0xa4], 'text/plain; charset=klingon')).toEqual({
    text: 'ä',
    warning: expect.stringContaining('"klingon"'),
  })
})

test('every text survives encoding and decoding, on the fast path and on the slow one', () => {
  fc.assert(
    fc.property(anyText(), given => {
      const body = new TextEncoder().encode(given)
      const expected = new TextDecoder().decode(body)
      expect(decodeUtf8(body)).toBe(expected)
      expect(decodeText({ ...makeReply(), body }).text).toBe(expected)
    }),
  )
})

test('any bytes with any content type give a text, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ maxLength: 40 }), (body, charset) => {
      const reply = { ...makeReply(200, { 'content-type': `text/plain; charset=${charset}` }), body }
      expect(typeof decodeText(reply).text).toBe('string')
      expect(typeof decodeUtf8(body)).toBe('string')
    }),
  )
})

figure('A megabyte of content type is read in linear time.', () => {
  for (const piece of [';', ' ', '; charset', ';charset=', '"']) {
    const startedAtMs = performance.now()
    text([0x61], `text/plain${piece.repeat(1_000_000 / piece.length)}`)
    expect(performance.now() - startedAtMs, piece).toBeLessThan(100)
  }
})
