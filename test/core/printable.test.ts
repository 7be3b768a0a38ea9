import { describe, expect, test } from 'vitest'
import { printable, printableLines } from '../../src/core/printable.ts'

describe('Printable text', () => {
  test.each([
    ['\u001b[31mred\u0007', String.raw`\u001b[31mred\u0007`],
    ['a\nb\rc\td', String.raw`a\nb\rc\td`],
    ['\u007f\u009b2J', String.raw`\u007f\u009b2J`],
    ['\u202etxt.exe\u2066\u2069\u200e\u200f\u061c', String.raw`\u202etxt.exe\u2066\u2069\u200e\u200f\u061c`],
    ['a\u2028b\u2029c', String.raw`a\u2028b\u2029c`],
    ['Grüße, 漢字 😀 \\n', 'Grüße, 漢字 😀 \\n'],
  ])('escapes every character that a terminal acts on: %j', (text, shown) => {
    expect(printable(text)).toBe(shown)
  })

  test('stays equal when it is JSON', () => {
    const text = JSON.stringify({ a: 'x\u001b\u007f\u009b\u202e\u2028', '\u200f': 1 })
    expect(JSON.parse(printable(text))).toEqual(JSON.parse(text))
  })

  test('of several lines keeps its line feeds and no other control character', () => {
    expect(printableLines('a\nb\r\nc\u001b')).toBe('a\nb\\r\nc\\u001b')
  })
})
