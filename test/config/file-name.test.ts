import { dirname, join, relative, resolve, win32 } from 'node:path'
import { anyText, fc } from '../support/property.ts'
import { describe, expect, it } from 'vitest'
import { foldedName, numbered, safeName } from '../../src/config/file-name.ts'
import { sized } from '../support/size.ts'

describe('safeName', () => {
  it.each([
    ['report.json', 'report.json'],
    ['naïve 文.txt', 'naïve 文.txt'],
    ['', '_'],
    ['.', '%2E'],
    ['..', '%2E%2E'],
    ['../../etc/passwd', '%2E.%2F..%2Fetc%2Fpasswd'],
    ['/etc/passwd', '%2Fetc%2Fpasswd'],
    ['..\\..\\boot.ini', '%2E.%5C..%5Cboot.ini'],
    ['C:\\x', 'C%3A%5Cx'],
    ['\\\\server\\share', '%5C%5Cserver%5Cshare'],
    ['file.txt:stream', 'file.txt%3Astream'],
    ['~/.ssh/config', '~%2F.ssh%2Fconfig'],
    ['.bashrc', '%2Ebashrc'],
    ['a\0.png', 'a%00.png'],
    ['a\r\nb', 'a%0D%0Ab'],
    ['a?b*c|d<e>f"g', 'a%3Fb%2Ac%7Cd%3Ce%3Ef%22g'],
    ['%2e%2e%2f', '%252e%252e%252f'],
    ['CON', '_CON'],
    ['nul.txt', '_nul.txt'],
    ['com1', '_com1'],
    ['LPT¹.log', '_LPT¹.log'],
    ['console', 'console'],
    ['ends with a dot.', 'ends with a dot%2E'],
    ['ends with a space ', 'ends with a space%20'],
    ['gnp.\u202egpj', 'gnp.%E2%80%AEgpj'],
    ['zero\u200bwidth', 'zero%E2%80%8Bwidth'],
    ['half \ud83d', 'half \ufffd'],
    ['https://api.example.com/a?b=c', 'https%3A%2F%2Fapi.example.com%2Fa%3Fb=c'],
  ])('makes %j %j.', (given, name) => {
    expect(safeName(given)).toBe(name)
  })

  it('cuts a long name between characters, keeps its extension, and gives different long names different results', () => {
    const long = safeName(`${'é'.repeat(300)}.json`)
    expect(long).toMatch(/^é+~[0-9a-f]{16}\.json$/)
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200)
    expect(long).not.toBe(safeName(`${'é'.repeat(301)}.json`))
    expect(safeName('x'.repeat(200))).toBe('x'.repeat(200))
    // One of them is long only with its escapes, the other one has them in its own letters.
    expect(safeName(`${'x'.repeat(199)}/`)).not.toBe(safeName(`${'x'.repeat(199)}%2F`))
    expect(Buffer.byteLength(safeName('/'.repeat(5_000)))).toBeLessThanOrEqual(200)
  })

  it('always returns a single name inside the folder, valid on every system, and the same for the same text', () => {
    const parts = fc.constantFrom(
      '..',
      '.',
      '/',
      '\\',
      '\0',
      ':',
      'CON',
      'nul',
      '%',
      ' ',
      '~',
      'a',
      '文',
      '\u202e',
      'x'.repeat(90),
    )
    const hostile = fc.oneof(
      anyText(),
      fc.array(parts).map(all => all.join('')),
    )
    fc.assert(
      fc.property(hostile, given => {
        const name = safeName(given)
        const bytes = Buffer.byteLength(name)
        // One expect for all, because each would take longer than safeName.
        expect([
          relative('/folder', resolve('/folder', name)) === name,
          dirname(join('/folder', name)) === '/folder',
          win32.relative('C:\\folder', win32.resolve('C:\\folder', name)) === name,
          !/^\.|[. ]$|\p{Cc}/u.test(name),
          bytes > 0 && bytes <= 200,
          name.isWellFormed(),
          safeName(given) === name,
        ]).not.toContain(false)
      }),
      { numRuns: sized(2_000, 1_000) },
    )
  })
})

describe('numbered', () => {
  it.each([
    ['a.json', 'a~7.json'],
    ['a', 'a~7'],
    ['a.b.c', 'a.b~7.c'],
  ])('makes %s %s.', (name, expected) => expect(numbered(name, 7)).toBe(expected))
})

describe('foldedName', () => {
  it.each([
    ['README', 'readme'],
    ['ÉTÉ', 'e\u0301te\u0301'],
    ['straße', 'STRASSE'],
    ['ﬁle', 'file'],
  ])('takes %s and %s for one.', (a, b) => expect(foldedName(a)).toBe(foldedName(b)))
})
