/** Expressions of RFC 6570: the examples of the RFC, a comparison with url-template, and where preq differs from it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTemplate } from 'url-template'
import { RowProblem } from '../../../src/cli/template/row-problem.ts'
import type { Row } from '../../../src/cli/template/text.ts'
import { urlTemplate } from '../../../src/cli/template/url.ts'

/** Expands in the query, where segments are not checked. */
const expanded = (template: string, row: Row): string =>
  urlTemplate(`http://h/?${template}`, { names: Object.keys(row), from: 'row' }, false)(row).slice('http://h/?'.length)

/** The variables of RFC 6570, section 3.2. */
const ROW = {
  count: ['one', 'two', 'three'],
  dom: ['example', 'com'],
  dub: 'me/too',
  hello: 'Hello World!',
  half: '50%',
  var: 'value',
  who: 'fred',
  base: 'http://example.com/home/',
  path: '/foo/bar',
  list: ['red', 'green', 'blue'],
  keys: { semi: ';', dot: '.', comma: ',' },
  v: '6',
  x: '1024',
  y: '768',
  empty: '',
  empty_keys: [],
  undef: null,
}

describe('An example of RFC 6570', () => {
  test.each([
    ['{count}', 'one,two,three'],
    ['{/count}', '/one,two,three'],
    ['{/count*}', '/one/two/three'],
    ['{;count}', ';count=one,two,three'],
    ['{;count*}', ';count=one;count=two;count=three'],
    ['{?count*}', '?count=one&count=two&count=three'],
    ['{hello}', 'Hello%20World%21'],
    ['{half}', '50%25'],
    ['O{empty}X', 'OX'],
    ['O{undef}X', 'OX'],
    ['{x,hello,y}', '1024,Hello%20World%21,768'],
    ['?{x,undef}', '?1024'],
    ['{var:3}', 'val'],
    ['{keys}', 'semi,%3B,dot,.,comma,%2C'],
    ['{keys*}', 'semi=%3B,dot=.,comma=%2C'],
    ['{+hello}', 'Hello%20World!'],
    ['{+half}', '50%25'],
    ['{base}index', 'http%3A%2F%2Fexample.com%2Fhome%2Findex'],
    ['{+base}index', 'http://example.com/home/index'],
    ['{+path:6}/here', '/foo/b/here'],
    ['{+keys*}', 'semi=;,dot=.,comma=,'],
    ['{#x,hello,y}', '#1024,Hello%20World!,768'],
    ['{#path:6}here', '#/foo/bhere'],
    ['X{.who,who}', 'X.fred.fred'],
    ['X{.empty_keys}', 'X'],
    ['X{.keys*}', 'X.semi=%3B.dot=..comma=%2C'],
    ['{/var,x}/here', '/value/1024/here'],
    ['{/var:1,var}', '/v/value'],
    ['{/list*,path:4}', '/red/green/blue/%2Ffoo'],
    ['{/var,empty}', '/value/'],
    ['{/undef}', ''],
    ['{;v,empty,who}', ';v=6;empty;who=fred'],
    ['{;hello:5}', ';hello=Hello'],
    ['{?x,y,undef}', '?x=1024&y=768'],
    ['{?x,y,empty}', '?x=1024&y=768&empty='],
    ['{?keys*}', '?semi=%3B&dot=.&comma=%2C'],
    ['{&var:3}', '&var=val'],
  ])('%s is %s.', (template, text) => {
    expect(expanded(template, ROW)).toBe(text)
  })
})

describe('A URL template', () => {
  test('expands as url-template expands it, for random names, texts, lists and objects', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 6 }).filter(one => one.isWellFormed())
    // Lists have no numbers, because url-template throws for a number in a list of `{+l}`.
    const list = fc.array(fc.oneof(text, fc.constant(null)), { minLength: 1, maxLength: 4 })
    const value = fc.oneof(
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      list,
      fc.dictionary(fc.constantFrom('k', 'ä'), text, { minKeys: 1 }),
    )
    const row = fc.record({ a: value, 'b c': value, ü: value })
    const variable = fc
      .tuple(fc.constantFrom('a', 'b c', 'ü'), fc.constantFrom('', '*'))
      .map(([name, modifier]) => name + modifier)
    const expression = fc
      .tuple(fc.constantFrom('', '+', '#', '.', '/', ';', '?', '&'), fc.array(variable, { minLength: 1, maxLength: 3 }))
      .map(([operator, names]) => `{${operator}${names.join()}}`)
    fc.assert(
      fc.property(expression, row, (template, cells) => {
        // A list without values is undefined by section 2.3, but url-template writes its name.
        fc.pre(!Object.values(cells).some(cell => Array.isArray(cell) && cell.every(item => item === null)))
        expect(expanded(template, cells)).toBe(parseTemplate(template).expand(cells as never))
      }),
      { numRuns: 300 },
    )
  })

  test('follows RFC 6570 where url-template does not: empty lists, prefixes of emoji, names with a colon', () => {
    expect([expanded('{?l}', { l: [] }), parseTemplate('{?l}').expand({ l: [] })]).toEqual(['', '?l='])
    expect(expanded('{n:3}', { n: 'ab😀d' })).toBe('ab%F0%9F%98%80')
    expect(() => parseTemplate('{n:3}').expand({ n: 'ab😀d' })).toThrow(URIError)
    expect([expanded('{a:2}', { 'a:2': 'x' }), parseTemplate('{a:2}').expand({ 'a:2': 'x' })]).toEqual(['x', ''])
  })
})

describe('A column', () => {
  test.each([
    ['{a}', { a: 'simple', '{a}': 'x' }, 'simple'],
    ['{#id}', { '#id': 'n', id: 'x' }, 'n'],
    ['{?a:b}', { 'a:b': 'n' }, '?a%3Ab=n'],
    ['{?Customer ID,n}', { 'Customer ID': 'c', n: '1' }, '?Customer%20ID=c&n=1'],
    ['{?a,b}', { 'a,b': 'n', a: 'x', b: 'x' }, '?a%2Cb=n'],
    ['{a*}', { 'a*': 'n', a: ['x'] }, 'n'],
    ['{1..3}', { '1..3': 'n' }, 'n'],
    ['{a b*}', { 'a b': ['1', '2'] }, '1,2'],
    ['{__proto__}', Object.fromEntries([['__proto__', 'p']]), 'p'],
    ['{n}', { n: false }, 'false'],
  ])('is looked up by its whole name: %s', (template, row, text) => {
    expect(expanded(template, row as Row)).toBe(text)
  })

  test.each([
    ['an object in a list', '{l}', { l: [{ a: 1 }] }],
    ['a list in an object', '{l*}', { l: { a: [1] } }],
    ['a list to cut', '{l:3}', { l: ['abcdef'] }],
    ['half of a surrogate pair', '{l}', { l: '\ud83d' }],
  ])('fails its row if the value cannot be part of a URL: %s', (_what, template, row) => {
    expect(() => expanded(template, row)).toThrow(RowProblem)
  })
})
