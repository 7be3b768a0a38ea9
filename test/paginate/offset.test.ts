import { describe, expect, it } from 'vitest'
import type { PaginatePlan } from '../../src/core/pagination.ts'
import { parseAsWritten } from '../../src/core/exact-json.ts'
import { START, planOf, readPages, stepsOf, viewOf } from './pages.ts'
import type { Server } from './pages.ts'

const PLAN = planOf({ style: 'offset' })
const COUNTED = planOf({ style: 'offset', total: 'total' })

/** Items from the query's offset on; `cap` is the greatest page size. */
const listing = (
  all: readonly unknown[],
  cap: number,
  extra: (page: number) => object = () => ({}),
  param = 'offset',
): Server => {
  let page = 0
  return ({ url }) => {
    const from = Number(url.searchParams.get(param) ?? 0)
    const size = Math.min(cap, Number(url.searchParams.get('limit') ?? cap))
    return { value: { items: all.slice(from, from + size), ...extra(page++) } }
  }
}
const numbers = (count: number): readonly { id: number }[] => Array.from({ length: count }, (_, id) => ({ id }))
const asked = (requests: readonly { url: URL }[], param = 'offset'): readonly (string | null)[] =>
  requests.map(({ url }) => url.searchParams.get(param))

describe('the style offset', () => {
  it('goes on by the number of items received until a page is empty', async () => {
    const { items, requests } = await readPages(PLAN, listing(numbers(25), 10), { items: 'items' })
    expect(items).toEqual(numbers(25))
    expect(asked(requests)).toEqual([null, '10', '20', '25'])
  })

  it.each([0, 1])('refuses a total of %i if the first page has more items', async total => {
    expect(await stepsOf(COUNTED, [viewOf({ items: numbers(2), total })], 'items')).toEqual(['follow/total'])
    expect(await stepsOf(COUNTED, [viewOf({ items: numbers(total), total })], 'items')).toEqual(['end'])
  })

  describe('of an API that counts from 1, as SCIM does', () => {
    const SCIM = planOf({ style: 'offset', param: 'startIndex', total: 'totalResults' })
    const scim =
      (all: number, echoes: boolean): Server =>
      ({ url }) => {
        const startIndex = Number(url.searchParams.get('startIndex') ?? 1)
        const items = numbers(all).slice(startIndex - 1, startIndex + 2)
        return { value: { totalResults: all, items, ...(echoes && { startIndex }) } }
      }

    it.each([3, 6, 7, 8, 9])('reads all of %i items if the first request asks for 1', async all => {
      const { items, fault } = await readPages(SCIM, scim(all, false), { items: 'items', url: `${START}?startIndex=1` })
      expect([items, fault]).toEqual([numbers(all), undefined])
    })

    it.each([3, 6, 7, 8, 9])('reads all of %i items if the first page says that it begins at 1', async all => {
      const { items, fault } = await readPages(SCIM, scim(all, true), { items: 'items' })
      expect([items, fault]).toEqual([numbers(all), undefined])
    })

    it('takes an API that counts from 0 for what it is if it is asked for 1', async () => {
      const { items } = await readPages(
        COUNTED,
        listing(numbers(7), 3, () => ({ total: 7 })),
        {
          items: 'items',
          url: `${START}?offset=1`,
        },
      )
      expect(items).toEqual(numbers(7).slice(1))
    })
  })

  it('goes on behind a short page', async () => {
    const sizes = [10, 3, 10, 2, 0]
    let page = 0
    const server: Server = ({ url }) => {
      const from = Number(url.searchParams.get('offset') ?? 0)
      return { value: numbers(25).slice(from, from + (sizes[page++] ?? 0)) }
    }
    const { requests } = await readPages(PLAN, server, { items: '@' })
    expect(asked(requests)).toEqual([null, '10', '13', '23', '25'])
  })

  it('asks for all further pages together if the total is known', async () => {
    const server = listing(numbers(45), 10, () => ({ total: 45 }))
    const steps = await stepsOf(COUNTED, [viewOf({ items: numbers(10), total: 45 })], 'items')
    expect(steps).toEqual(['rest of 4: ?offset=10 ?offset=20 ?offset=30 ?offset=40'])
    const { items } = await readPages(COUNTED, server, { items: 'items', pick: underWay => underWay - 1 })
    expect(items).toEqual(numbers(45))
  })

  it('steps by the size of the first page, which the server may have capped', async () => {
    const plan = { ...COUNTED, size: 1_000 }
    const server = listing(numbers(25), 10, () => ({ total: 25 }))
    const { items, requests } = await readPages(plan, server, { items: 'items' })
    expect(items).toEqual(numbers(25))
    expect(asked(requests, 'limit')).toEqual(['1000', '1000', '1000'])
  })

  it.each([
    ['the query', 'https://api.test/items?startAt=5', undefined],
    ['the JSON body', undefined, { startAt: 5 }],
  ])('begins at the offset of the first request, in %s', async (_where, requestUrl, body) => {
    const plan = { ...COUNTED, param: 'startAt' }
    const view = viewOf({ items: numbers(10), total: 25 }, { ...(requestUrl && { requestUrl }), body })
    const expected = body === undefined ? '?startAt=15' : '{"startAt":15}'
    expect(await stepsOf(plan, [view], 'items')).toEqual([expected])
  })

  it('reads an offset of the body that is not written as a double would be', async () => {
    const view = viewOf([1, 2], { body: parseAsWritten('{"offset": 1e1}') })
    expect(await stepsOf(PLAN, [view])).toEqual(['{"offset":12}'])
  })

  it('needs no path to the items if the page is a list', async () => {
    expect(await stepsOf(PLAN, [viewOf([1, 2, 3])])).toEqual(['?offset=3'])
  })

  it('refuses a page whose items cannot be counted', async () => {
    expect(await stepsOf(PLAN, [viewOf({ items: [1] })])).toEqual(['follow/items'])
  })

  it('ends where the page says so', async () => {
    expect(await stepsOf(PLAN, [viewOf({ items: [1], has_more: false })], 'items')).toEqual(['end'])
  })

  it.each<[string, unknown, string]>([
    ['the number of items received', 3, 'end'],
    ['0, beside items', 0, 'follow/total'],
    ['as many as the items', 3, 'end'],
    ['more', 4, '?offset=3'],
    ['a text', '9', 'rest of 2: ?offset=3 ?offset=6'],
    ['null: unknown', null, '?offset=3'],
    ['missing: unknown', undefined, '?offset=3'],
    ['-1: unknown', -1, '?offset=3'],
    ['NaN', Number.NaN, 'follow/total'],
    ['Infinity', Infinity, 'follow/total'],
    ['a fraction', 7.5, 'follow/total'],
    ['an object', { value: 9 }, 'follow/total'],
    ['a word', 'many', 'follow/total'],
    ['a boolean', true, 'follow/total'],
    ['too large', 2 ** 60, 'follow/total'],
  ])('reads a total that is %s', async (_what, total, step) => {
    expect(await stepsOf(COUNTED, [viewOf({ items: [1, 2, 3], total })], 'items')).toEqual([step])
  })

  it('makes the pages of a huge total one at a time', async () => {
    const plan = planOf({ style: 'offset', total: page => (page as { total: number }).total })
    const { openPagination } = await import('../../src/paginate/open.ts')
    const paginator = (await openPagination(plan, undefined)).start()
    const step = paginator.after(viewOf({ total: 9e15 }, { items: [1] }))
    if (step.kind !== 'rest') throw new Error(step.kind)
    expect(step.count).toBe(9e15 - 1)
    const [first, second] = step.changes
    expect([first, second]).toEqual([{ query: { offset: '1' } }, { query: { offset: '2' } }])
  })

  it('refuses a total without items on the first page', async () => {
    expect(await stepsOf(COUNTED, [viewOf({ items: [], total: 5 })], 'items')).toEqual(['follow/total'])
  })

  it.each([[0], [1], [2], [3], [4], [5], [6], [7], [8]])(
    'reads items that are added while pages are read, whatever page arrives last (%i)',
    async pick => {
      const all = [...numbers(95)]
      let answered = 0
      const server: Server = request => {
        if (answered++ === 4) all.push(...numbers(108).slice(95))
        return listing(all, 10, () => ({ total: all.length }))(request)
      }
      const { items, fault } = await readPages(COUNTED, server, { items: 'items', pick: underWay => pick % underWay })
      expect(fault).toBeUndefined()
      expect(items).toEqual(numbers(108))
    },
  )

  it('ends with fewer items if the total shrinks', async () => {
    let answered = 0
    const server: Server = request => {
      const left = numbers(answered++ < 3 ? 60 : 34)
      return listing(left, 10, () => ({ total: left.length }))(request)
    }
    const { items, fault } = await readPages(COUNTED, server, { items: 'items' })
    expect(fault).toBeUndefined()
    expect(items).toEqual(numbers(34))
  })

  it('refuses pages of different sizes that were asked for together', async () => {
    const server: Server = ({ url }) => {
      const from = Number(url.searchParams.get('offset') ?? 0)
      return { value: { items: numbers(50).slice(from, from + (from === 20 ? 6 : 10)), total: 50 } }
    }
    const { fault } = await readPages(COUNTED, server, { items: 'items' })
    expect(fault?.code).toBe('follow/gap')
  })

  it('refuses the first page again: the server does not know the field', async () => {
    const server: Server = () => ({ value: numbers(10) })
    const { fault, requests } = await readPages(planOf({ style: 'offset', param: 'ofset' }), server, { items: '@' })
    expect(fault?.code).toBe('follow/loop')
    expect(requests).toHaveLength(2)
  })

  it('reads equal pages of plain values', async () => {
    let page = 0
    const { items } = await readPages(PLAN, () => ({ value: page++ < 3 ? [1, 1] : [] }), { items: '@' })
    expect(items).toHaveLength(6)
  })

  it.each<[string, Partial<PaginatePlan>, string | null]>([
    ['limit', { size: 5 }, '5'],
    ['a name of its own', { size: 5, sizeParam: 'maxResults' }, null],
  ])('asks for pages of a size as %s', async (_what, fields, limit) => {
    const { requests } = await readPages({ ...PLAN, ...fields }, listing(numbers(12), 100), { items: 'items' })
    expect(asked(requests, 'limit')[0]).toBe(limit)
    expect(asked(requests, 'maxResults')[0]).toBe(fields.sizeParam === undefined ? null : '5')
  })
})
