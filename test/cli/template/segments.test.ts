/** Cells that would make the URL of another resource. */
import { describe, expect, test } from 'vitest'
import { RowProblem } from '../../../src/cli/template/row-problem.ts'
import type { Row } from '../../../src/cli/template/text.ts'
import { urlTemplate } from '../../../src/cli/template/url.ts'

/** The URL, or the detail of the code with which the row fails. */
function filled(template: string, row: Row, allowEmpty = false): string {
  try {
    return urlTemplate(template, { names: Object.keys(row), from: 'row' }, allowEmpty)(row)
  } catch (error) {
    if (error instanceof RowProblem) return error.detail
    throw error
  }
}

const EMPTY = ['', null, []] as const
const DOTS = ['.', '..', '%2e', '%2E%2e', '.%2e', '%2e.', '%252e%252E'] as const
const ANYWHERE = ['http://h/items/{id}', 'http://h/{id}/x', 'http://h/{id}?q=1', 'http://h/a/{id}#f', '{id}', 'a/{id}']

describe('A cell that would make an empty segment', () => {
  test.each(ANYWHERE.flatMap(template => EMPTY.map(id => [template, id] as const)))(
    'in %s fails its row, unless --allow-empty is set: %j',
    (template, id) => {
      expect(filled(template, { id })).toBe('url')
      expect(filled(template, { id }, true)).toBe(template.replace('{id}', ''))
    },
  )

  test.each([
    ['http://h/{a}{b}', { a: '', b: '' }, 'url'],
    ['http://h/{a}{b}', { a: '', b: 'x' }, 'http://h/x'],
    ['http://h/{a}.json', { a: '' }, 'http://h/.json'],
    ['http://h/{/a}', { a: '' }, 'url'],
    ['http://h{/a}', { a: '' }, 'url'],
    ['http://h{/a*}', { a: ['x', '', 'y'] }, 'url'],
    ['http://h{/a,b}', { a: '', b: 'x' }, 'url'],
    ['http://h/{+path}', { path: 'a//b' }, 'url'],
    ['http://h/{+path}', { path: '/a' }, 'url'],
    ['http://h/{+a}/{b}', { a: 'x/', b: 'y' }, 'url'],
    ['{+base}/{id}', { base: 'http://h/v1/', id: '1' }, 'url'],
    ['http://h{+path}', { path: '' }, 'url'],
    ['http://h/x{;p}/{a}', { p: '', a: '' }, 'url'],
  ])('is found wherever it stands in the path: %s with %j gives %s', (template, row, url) => {
    expect(filled(template, row)).toBe(url)
  })

  test('is reported with its column, the URL without secrets, and the flag that permits it', () => {
    const template = urlTemplate('http://h/items/{id}{?token}', { names: ['id', 'token'], from: 'header' }, false)
    expect(() => template({ id: '', token: 's3cr3t' })).toThrow(
      'URL: expected no empty segment in the path, got one by {id}: http://h/items/?token=***. ' +
        'Add --allow-empty if that is intended.',
    )
  })
})

describe('A cell at the beginning of a relative URL', () => {
  test.each([
    ['/{a}/x', { a: '' }],
    ['/{a}{b}/x', { a: '', b: '' }],
    ['/{+a}/x', { a: '/evil.example' }],
    ['//{host}/x', { host: '' }],
    ['{/a}/x', { a: '' }],
  ])(
    'fails its row if it turns the following text into a host, even with --allow-empty: %s with %j',
    (template, row) => {
      for (const allowEmpty of [false, true]) expect(filled(template, row, allowEmpty)).toBe('url')
    },
  )

  test.each([
    ['{a}/x', { a: '' }],
    ['{+a}/x', { a: null }],
    ['{a}{/b}', { a: '', b: 'x' }],
  ])('fails its row if the URL leaves the path of --base-url, even with --allow-empty: %s with %j', (template, row) => {
    for (const allowEmpty of [false, true]) expect(filled(template, row, allowEmpty)).toBe('url')
  })

  test.each([
    ['//{host}/x', { host: 'h' }, '//h/x'],
    ['//h/{a}', { a: 'x' }, '//h/x'],
    ['/{a}/x', { a: '1' }, '/1/x'],
    ['{/a}/x', { a: null }, '/x'],
    ['{+path}', { path: '/a' }, '/a'],
  ])('is filled in if the host stays the same: %s with %j gives %s', (template, row, url) => {
    expect(filled(template, row)).toBe(url)
  })
})

describe('A cell that would make a dot segment', () => {
  test.each(ANYWHERE.flatMap(template => DOTS.map(id => [template, id] as const)))(
    'in %s fails its row, even with --allow-empty: %s',
    (template, id) => {
      expect(filled(template, { id })).toBe('url')
      expect(filled(template, { id }, true)).toBe('url')
      expect(filled(template.replace('{', '{+'), { id }, true)).toBe('url')
    },
  )

  test.each([
    ['http://h/{+path}', { path: 'a/../b' }],
    ['http://h/{+path}', { path: '..' }],
    ['http://h/{+path}', { path: 'a/%2E./' }],
    ['http://h/.{id}', { id: '.' }],
    ['http://h/.{id}', { id: '' }],
    ['http://h/{.ext}', { ext: '' }],
    ['http://h/{a}{b}', { a: '.', b: '.' }],
    ['http://h{/a*}', { a: ['x', '..'] }],
    ['{+path}', { path: '../admin' }],
  ])('fails its row, even with --allow-empty: %s with %j', (template, row) => {
    for (const allowEmpty of [false, true]) expect(filled(template, row, allowEmpty)).toBe('url')
  })
})

describe('A cell that would name another host', () => {
  test.each([
    ['http://{host}/admin', { host: '' }],
    ['http://{host}/admin', { host: null }],
    ['{+path}', { path: '//other.example/x' }],
    ['{a}//other.example/x', { a: '' }],
    ['http://{+tenant}.h.example/x', { tenant: 'other.example/' }],
    ['http://{+tenant}.h.example/x', { tenant: 'other.example#' }],
    ['http://h:{port}/x', { port: '' }],
  ])('fails its row, even with --allow-empty: %s with %j', (template, row) => {
    for (const allowEmpty of [false, true]) expect(filled(template, row, allowEmpty)).toBe('url')
  })
})

describe('A URL that keeps the resource of its template', () => {
  test.each([
    ['http://h/a//b/../{id}/', { id: '1' }, 'http://h/a//b/../1/'],
    ['http://h/items{/id}', { id: null }, 'http://h/items'],
    ['http://h/items{/id}', { id: [] }, 'http://h/items'],
    ['http://h/items/{?q}', { q: '' }, 'http://h/items/?q='],
    ['http://h/items/{?q}', { q: null }, 'http://h/items/'],
    ['http://h/items/{#q}', { q: '..' }, 'http://h/items/#..'],
    ['http://h/x?a={a}&b={b}/../{b}//', { a: '', b: '..' }, 'http://h/x?a=&b=../../..//'],
    ['http://h/{id}', { id: 'a/../b' }, 'http://h/a%2F..%2Fb'],
    ['http://h/{id}', { id: '...' }, 'http://h/...'],
    ['http://h/{id}', { id: 'a.' }, 'http://h/a.'],
    ['http://h/{id}', { id: ' ' }, 'http://h/%20'],
    ['http://h/{id}', { id: 0 }, 'http://h/0'],
    ['http://h/{id}', { id: false }, 'http://h/false'],
    ['http://h/{+path}', { path: 'docs/' }, 'http://h/docs/'],
    ['http://h{+path}', { path: '/docs/' }, 'http://h/docs/'],
    ['http://h{+path}', { path: '/' }, 'http://h/'],
    ['{+url}', { url: 'http://h/a//../b/' }, 'http://h/a//../b/'],
    ['{+url}', { url: 'http://h' }, 'http://h'],
    ['{+url}{?q}', { url: 'http://h/a/', q: '1' }, 'http://h/a/?q=1'],
    ['{+base}/x/{id}', { base: 'http://h', id: '1' }, 'http://h/x/1'],
    ['http://{host}', { host: 'h' }, 'http://h'],
    ['http://{+rest}', { rest: 'h/a/b' }, 'http://h/a/b'],
    ['http://{+rest}/{id}', { rest: 'h/a', id: '1' }, 'http://h/a/1'],
    ['http://h:{port}/x', { port: '81' }, 'http://h:81/x'],
    ['http://{host}{+path}', { host: 'h', path: '/a' }, 'http://h/a'],
    ['{+path}', { path: '/about' }, '/about'],
    ['{+path}', { path: 'a/b/' }, 'a/b/'],
    ['http://h/{1..3}/{id}', { id: '1' }, 'http://h/{1..3}/1'],
  ])('is sent: %s with %j gives %s', (template, row, url) => {
    expect(filled(template, row)).toBe(url)
  })
})
