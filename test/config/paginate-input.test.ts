import { describe, expect, it } from 'vitest'
import { readPaginate } from '../../src/config/paginate-input.ts'
import { sayProblem } from '../../src/core/problem.ts'
import type { Problem } from '../../src/core/problem.ts'
import { PAGE_STYLES } from '../../src/core/pagination.ts'

function read(value: unknown): unknown {
  const problems: Problem[] = []
  const input = readPaginate(value, 'paginate', problems)
  return problems.length === 0 ? input : problems.map(one => sayProblem(one))
}

const NONE = { next: undefined, param: undefined, total: undefined, size: undefined, sizeParam: undefined }

describe('readPaginate', () => {
  it.each(PAGE_STYLES.filter(style => style !== 'cursor'))('reads %s by its name alone', style => {
    expect(read(style)).toEqual({ plan: { style, ...NONE }, items: undefined })
    expect(read({ style })).toEqual({ plan: { style, ...NONE }, items: undefined })
  })

  it('reads all fields', () => {
    const given = {
      style: 'offset',
      param: 'startAt',
      total: 'total',
      size: 50,
      sizeParam: 'maxResults',
      items: 'issues',
    }
    const { items, ...plan } = given
    expect(read(given)).toEqual({ plan: { ...plan, next: undefined }, items })
  })

  it('reads functions', () => {
    const next = (): string => ''
    const items = (): unknown[] => []
    expect(read({ style: 'cursor', next, items })).toEqual({ plan: { style: 'cursor', ...NONE, next }, items })
  })

  it.each<[unknown, string]>([
    [
      'links',
      "paginate: expected one of 'link', 'cursor', 'offset', 'page', 'odata', 'json-api', 'mediawiki', 'elasticsearch', 'relay', 'auto', got \"links\". Did you mean 'link'?",
    ],
    [
      5,
      "paginate: expected a style such as 'link', or an object with style, got 5. Write 'link', or { style: 'cursor', next: …, param: … }.",
    ],
    [
      null,
      "paginate: expected a style such as 'link', or an object with style, got null. Write it as { name: value }.",
    ],
    [
      { style: 'cursor' },
      "paginate.next: expected a path to the cursor or to the next URL, got none. Set paginate.next to where the cursor is, and paginate.param to the field that takes it: { style: 'cursor', next: 'meta.next_cursor', param: 'cursor' }.",
    ],
    [
      { style: 'page', totals: 'x' },
      "paginate.totals: expected a field of paginate, got an unknown one. Did you mean 'total'?",
    ],
    [
      { style: 'link', next: 'x' },
      "paginate.next: expected a field that the style 'link' uses, got one that it does not. It uses paginate.size, paginate.sizeParam, items.",
    ],
    [
      { style: 'odata', size: 5 },
      "paginate.size: expected a field that the style 'odata' uses, got one that it does not. Leave it out.",
    ],
    [
      { style: 'page', size: 0 },
      'paginate.size: expected an integer ≥ 1, got 0. Leave it out for the default of the server.',
    ],
    [
      { style: 'page', size: Infinity },
      'paginate.size: expected an integer ≥ 1, got Infinity. Leave it out for the default of the server.',
    ],
    [
      { style: 'page', sizeParam: 'n' },
      'paginate.sizeParam: expected a size beside it, got none. Set paginate.size, or leave it out.',
    ],
    [
      { style: 'auto', size: 5 },
      "paginate.sizeParam: expected a name, since the style 'auto' has no usual one, got none. Name the field of the request that takes the size.",
    ],
    [
      { style: 'cursor', next: ' ' },
      'paginate.next: expected a path of JMESPath or a function, got " ". Write it as \'data.items\'.',
    ],
    [
      { style: 'link', items: 5 },
      "paginate.items: expected a path of JMESPath or a function, got 5. Write it as 'data.items'.",
    ],
    [
      { style: 'page', param: '' },
      'paginate.param: expected the name of a field of the request, got "". Write it as \'cursor\'.',
    ],
  ])('refuses %j', (value, problem) => {
    expect(read(value)).toEqual([problem])
  })

  it('lists every problem', () => {
    expect(read({ style: 'link', next: 5, size: 'x' })).toHaveLength(3)
  })

  it('looks for the cursor if nobody says where it is', () => {
    expect(readPaginate('cursor', 'paginate', [])?.plan).toEqual(readPaginate('auto', 'paginate', [])?.plan)
  })
})
