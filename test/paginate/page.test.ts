import { describe, expect, it } from 'vitest'
import type { PageView } from '../../src/core/pagination.ts'
import { headersOf, planOf, readPages, stepsOf, viewOf } from './pages.ts'
import type { Server } from './pages.ts'

const PLAN = planOf({ style: 'page' })
const COUNTED = planOf({ style: 'page', total: 'total_pages' })
const numbers = (count: number): readonly { id: number }[] => Array.from({ length: count }, (_, id) => ({ id }))
const asked = (requests: readonly { url: URL }[]): readonly (string | null)[] =>
  requests.map(({ url }) => url.searchParams.get('page'))

const listing =
  (all: readonly unknown[], size: number, first = 1, extra: object = {}): Server =>
  ({ url }) => {
    const page = Number(url.searchParams.get('page') ?? first) - first
    return { value: { items: all.slice(page * size, (page + 1) * size), ...extra } }
  }
const at = (url: string): Partial<PageView> => ({ requestUrl: url, url })

describe('the style page', () => {
  it('refuses a number of pages that is 0 although there are items', async () => {
    const plan = planOf({ style: 'page', total: 'pages' })
    expect(await stepsOf(plan, [viewOf({ items: [1], pages: 0 })], 'items')).toEqual(['follow/total'])
    expect(await stepsOf(plan, [viewOf({ items: [], pages: 0 })], 'items')).toEqual(['end'])
  })

  it('reads one page after the other until one is empty', async () => {
    const { items, requests } = await readPages(PLAN, listing(numbers(25), 10), { items: 'items' })
    expect(items).toEqual(numbers(25))
    expect(asked(requests)).toEqual([null, '2', '3', '4'])
  })

  it.each<[string, string, object, string]>([
    ['1 without a number', 'https://api.test/items', {}, '?page=2'],
    ['the number in the URL', 'https://api.test/items?page=4', {}, '?page=5'],
    ['0 if the URL says so', 'https://api.test/items?page=0', {}, '?page=1'],
    ['0 if the page of Spring says so', 'https://api.test/items', { number: 0 }, '?page=1'],
    ['0 if the page repeats it', 'https://api.test/items', { page: 0 }, '?page=1'],
  ])('counts from %s', async (_what, url, extra, step) => {
    expect(await stepsOf(PLAN, [viewOf({ items: [1], ...extra }, at(url))], 'items')).toEqual([step])
  })

  it.each<[string, string, number, string]>([
    ['1', 'https://api.test/items', 4, 'rest of 3: ?page=2 ?page=3 ?page=4'],
    ['0', 'https://api.test/items?page=0', 4, 'rest of 3: ?page=1 ?page=2 ?page=3'],
    ['3', 'https://api.test/items?page=3', 4, '?page=4'],
    ['the last', 'https://api.test/items?page=4', 4, 'end'],
    ['none', 'https://api.test/items', 0, 'end'],
  ])('asks for all further pages together if their number is known, from page %s', async (_what, url, total, step) => {
    expect(await stepsOf(COUNTED, [viewOf({ total_pages: total }, at(url))])).toEqual([step])
  })

  it('reads the number of pages from the number of items', async () => {
    const plan = planOf({ style: 'page', total: 'ceil(total / per_page)' })
    expect(await stepsOf(plan, [viewOf({ total: 31, per_page: 10 })])).toEqual(['rest of 3: ?page=2 ?page=3 ?page=4'])
  })

  it.each([
    [
      'GitHub',
      '<https://api.test/items?page=2>; rel="next", <https://api.test/items?page=4>; rel="last"',
      'rest of 3: ?page=2 ?page=3 ?page=4',
    ],
    [
      'a link to another field',
      '<https://api.test/items?p=2>; rel="next", <https://api.test/items?p=4>; rel="last"',
      '?page=2',
    ],
    ['a last page without a number', '<https://api.test/items?page=last>; rel="last"', '?page=2'],
  ])('reads the last page from the header Link: %s', async (_what, link, step) => {
    expect(await stepsOf(PLAN, [viewOf([1], { headers: headersOf({ link }) })])).toEqual([step])
  })

  it('ends at the page that has no link to the next one, if the first had one', async () => {
    const linked = viewOf([1], { headers: headersOf({ link: '</items?page=2>; rel="next"' }) })
    const last = viewOf([2], { headers: headersOf({ link: '</items?page=1>; rel="prev"' }) })
    expect(await stepsOf(PLAN, [linked, last])).toEqual(['?page=2', 'end'])
  })

  it('reads on past an empty page if the number of pages is known', async () => {
    const server: Server = ({ url }) => {
      const page = Number(url.searchParams.get('page') ?? 1)
      return { value: { items: page === 2 ? [] : [page], total_pages: 4 } }
    }
    const { items } = await readPages(COUNTED, server, { items: 'items' })
    expect(items).toEqual([1, 3, 4])
  })

  it.each([0, 1, 2, 3])(
    'reads pages that are added while others are read, whatever page arrives last (%i)',
    async pick => {
      let answered = 0
      const server: Server = request => {
        const pages = answered++ < 2 ? 4 : 6
        return listing(numbers(pages * 10), 10, 1, { total_pages: pages })(request)
      }
      const { items, requests } = await readPages(COUNTED, server, {
        items: 'items',
        pick: underWay => pick % underWay,
      })
      expect(items).toEqual(numbers(60))
      expect(requests).toHaveLength(6)
    },
  )

  it('ends with fewer items if the number of pages shrinks', async () => {
    let answered = 0
    const server: Server = request => {
      const pages = answered++ < 2 ? 6 : 3
      return listing(numbers(pages * 10), 10, 1, { total_pages: pages })(request)
    }
    const { items, fault } = await readPages(COUNTED, server, { items: 'items' })
    expect(fault).toBeUndefined()
    expect(items).toEqual(numbers(30))
  })

  it('sends the number in a JSON body', async () => {
    const view = viewOf([1], { body: { query: 'x', paging: { page: 0 } } })
    expect(await stepsOf(planOf({ style: 'page', param: 'paging.page' }), [view])).toEqual([
      '{"query":"x","paging":{"page":1}}',
    ])
  })

  it('refuses the first page again: the server does not know the field', async () => {
    const { fault, requests } = await readPages(PLAN, () => ({ value: numbers(3) }), { items: '@' })
    expect(fault?.code).toBe('follow/loop')
    expect(requests).toHaveLength(2)
  })

  it('refuses a page whose items cannot be counted if nothing else says where the end is', async () => {
    expect(await stepsOf(PLAN, [viewOf({ items: [1] })])).toEqual(['follow/items'])
  })
})
