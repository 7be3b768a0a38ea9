/** Whatever the pages of a server are, every item is read exactly once and in order. */
import { describe, expect, it } from 'vitest'
import type { PaginatePlan, Path } from '../../src/core/pagination.ts'
import { planOf, readPages } from '../paginate/pages.ts'
import type { Server } from '../paginate/pages.ts'
import { fc, randomFrom } from '../support/property.ts'
import { SEEDED, runs } from './runs.ts'

const idOf = (at: number): { id: string } => ({ id: `i${at}` })

/** A split of items into pages; pages may be empty. */
const splits = fc.array(fc.nat(4), { minLength: 1, maxLength: 12 })

function cut(sizes: readonly number[]): readonly (readonly { id: string }[])[] {
  let at = 0
  return sizes.map(size => Array.from({ length: size }, () => idOf(at++)))
}

interface Case {
  readonly plan: PaginatePlan
  readonly items: Path
  readonly url?: string
  readonly body?: unknown
  /** The answer for a page; the key of the first page is undefined. */
  readonly server: (pages: readonly (readonly { id: string }[])[]) => Server
}

const numberOf = (text: unknown): number => (typeof text === 'string' && text !== '' ? Number(text.slice(1)) : 0)
const keyed = (at: number, pages: readonly unknown[]): string | undefined => (at < pages.length ? `k${at}` : undefined)
const QUERY = 'query ($to: String) { list(after: $to) { nodes { id } pageInfo { hasNextPage endCursor } } }'

/** Servers that name the next page themselves, so that a page may have any size. */
const NAMED: Readonly<Record<string, Case>> = {
  link: {
    plan: planOf({ style: 'link' }),
    items: '@',
    server:
      pages =>
      ({ url }) => {
        const at = numberOf(url.searchParams.get('k'))
        const key = keyed(at + 1, pages)
        const link = '<https://api.test/first>; rel="first"' + (key === undefined ? '' : `, <?k=${key}>; rel="next"`)
        return { value: pages[at], headers: { link } }
      },
  },
  cursor: {
    plan: planOf({ style: 'cursor', next: 'meta.next', param: 'k' }),
    items: 'list',
    server:
      pages =>
      ({ url }) => {
        const at = numberOf(url.searchParams.get('k'))
        return { value: { list: pages[at], meta: { next: keyed(at + 1, pages) ?? '' } } }
      },
  },
  'cursor in a body': {
    plan: planOf({ style: 'cursor', next: 'next', param: 'page.k' }),
    items: 'list',
    body: { page: { size: 3 } },
    server:
      pages =>
      ({ body }) => {
        const at = numberOf((body as { page: { k?: string } }).page.k)
        return { value: { list: pages[at], next: keyed(at + 1, pages) ?? null } }
      },
  },
  odata: {
    plan: planOf({ style: 'odata' }),
    items: 'value',
    server:
      pages =>
      ({ url }) => {
        const at = numberOf(url.searchParams.get('$skiptoken'))
        const key = keyed(at + 1, pages)
        return { value: { value: pages[at], ...(key && { '@odata.nextLink': `items?$skiptoken=${key}` }) } }
      },
  },
  'json-api': {
    plan: planOf({ style: 'json-api' }),
    items: 'data',
    server:
      pages =>
      ({ url }) => {
        const at = numberOf(url.searchParams.get('page[k]'))
        const key = keyed(at + 1, pages)
        return { value: { data: pages[at], links: { next: key === undefined ? null : `/items?page[k]=${key}` } } }
      },
  },
  mediawiki: {
    plan: planOf({ style: 'mediawiki' }),
    items: 'query.list',
    server:
      pages =>
      ({ url }) => {
        const at = numberOf(url.searchParams.get('lcontinue'))
        const key = keyed(at + 1, pages)
        const more = key === undefined ? {} : { continue: { lcontinue: key, continue: '-||' } }
        return { value: { batchcomplete: '', query: { list: pages[at] }, ...more } }
      },
  },
  relay: {
    plan: planOf({ style: 'relay' }),
    items: 'data.list.nodes',
    body: { query: QUERY },
    server:
      pages =>
      ({ body }) => {
        const at = numberOf((body as { variables?: { to?: string } }).variables?.to)
        const key = keyed(at + 1, pages)
        const pageInfo = { hasNextPage: key !== undefined, endCursor: key ?? null }
        return { value: { data: { list: { nodes: pages[at], pageInfo } } } }
      },
  },
}

/** Servers whose pages end at an empty one, or that cannot name a page without items. */
const FILLED: Readonly<Record<string, Case>> = {
  'offset one by one': {
    plan: planOf({ style: 'offset' }),
    items: 'list',
    server:
      pages =>
      ({ url }) => ({ value: { list: blockAt(pages, Number(url.searchParams.get('offset') ?? 0)) } }),
  },
  'page one by one': {
    plan: planOf({ style: 'page' }),
    items: 'list',
    server:
      pages =>
      ({ url }) => ({ value: { list: pages[Number(url.searchParams.get('page') ?? 1) - 1] ?? [] } }),
  },
  'page from 0 with a number of pages': {
    plan: planOf({ style: 'page', total: 'pages' }),
    items: 'list',
    url: 'https://api.test/items?page=0',
    server:
      pages =>
      ({ url }) => ({
        value: { list: pages[Number(url.searchParams.get('page'))] ?? [], pages: pages.length },
      }),
  },
  stripe: {
    plan: planOf({ style: 'cursor', next: 'data[-1].id', param: 'starting_after' }),
    items: 'data',
    server:
      pages =>
      ({ url }) => {
        const after = url.searchParams.get('starting_after')
        const at = after === null ? 0 : pages.findIndex(page => page.at(-1)?.id === after) + 1
        return { value: { object: 'list', data: pages[at] ?? [], has_more: at + 1 < pages.length } }
      },
  },
  elasticsearch: {
    plan: planOf({ style: 'elasticsearch' }),
    items: 'hits.hits[]._source',
    body: { sort: 'id' },
    server:
      pages =>
      ({ body }) => {
        const after = (body as { search_after?: [string] }).search_after?.[0]
        const at = after === undefined ? 0 : pages.findIndex(page => page.at(-1)?.id === after) + 1
        return { value: { hits: { hits: (pages[at] ?? []).map(item => ({ _source: item, sort: [item.id] })) } } }
      },
  },
}

/** The rest of the page that holds the item at this place. */
function blockAt(pages: readonly (readonly { id: string }[])[], offset: number): readonly { id: string }[] {
  let end = 0
  for (const page of pages) {
    end += page.length
    if (offset < end) return page.slice(page.length - (end - offset))
  }
  return []
}

async function readsAll(
  { plan, items, url, body, server }: Case,
  sizes: readonly number[],
  seed: number,
): Promise<void> {
  const pages = cut(sizes)
  const random = randomFrom(seed)
  const read = await readPages(plan, server(pages), {
    items,
    ...(url !== undefined && { url }),
    body,
    pick: underWay => Math.floor(random() * underWay),
  })
  expect(read.fault).toBeUndefined()
  expect(read.items).toEqual(pages.flat())
}

describe(`every item is read once and in order (${SEEDED})`, () => {
  it.each(Object.entries(NAMED))('by the style %s, with pages of any size', async (_name, each) => {
    await fc.assert(
      fc.asyncProperty(splits, fc.integer(), (sizes, seed) => readsAll(each, sizes, seed)),
      { numRuns: runs(1_000) },
    )
  })

  it.each(Object.entries(FILLED))('by the style %s, with pages that have items', async (_name, each) => {
    const filled = splits.map(sizes => sizes.map(size => size + 1))
    await fc.assert(
      fc.asyncProperty(filled, fc.integer(), (sizes, seed) => readsAll(each, sizes, seed)),
      { numRuns: runs(1_000) },
    )
  })

  const sequences = fc.record({
    count: fc.nat(60),
    grown: fc.nat(30),
    size: fc.integer({ min: 1, max: 9 }),
    start: fc.nat(70),
    growAt: fc.nat(10),
    seed: fc.integer(),
  })

  it('by the style offset with a total that grows while pages are read, in any order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async ({ count, grown, size, start, growAt, seed }) => {
        const random = randomFrom(seed)
        let answered = 0
        let all = count
        const server: Server = ({ url }) => {
          if (answered++ === growAt) all = count + grown
          const from = Number(url.searchParams.get('skip') ?? 0)
          const list = Array.from({ length: Math.max(0, Math.min(size, all - from)) }, (_, at) => idOf(from + at))
          return { value: { list, total: all } }
        }
        const { items, fault, requests } = await readPages(
          planOf({ style: 'offset', param: 'skip', total: 'total' }),
          server,
          { items: 'list', url: `https://api.test/items?skip=${start}`, pick: open => Math.floor(random() * open) },
        )
        expect(fault).toBeUndefined()
        // What is added after the last page was read is not seen.
        const seen = requests.length > growAt ? count + grown : count
        expect(items.length).toBeLessThanOrEqual(Math.max(0, seen - start))
        expect(items.length).toBeGreaterThanOrEqual(Math.max(0, count - start))
        expect(items).toEqual(Array.from({ length: items.length }, (_, at) => idOf(start + at)))
        expect(new Set(requests.map(({ url }) => url.href)).size).toBe(requests.length)
      }),
      { numRuns: runs(2_000) },
    )
  })

  it('by the style offset, the same whatever the order in which pages arrive', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async ({ count, grown, size, seed }) => {
        const random = randomFrom(seed)
        // What each page says does not depend on when it is asked.
        const totals = Array.from({ length: 100 }, () => count + Math.floor(random() * (grown + 1)))
        const server: Server = ({ url }) => {
          const from = Number(url.searchParams.get('offset') ?? 0)
          const total = totals[Math.floor(from / size)] ?? count
          const list = Array.from({ length: Math.max(0, Math.min(size, total - from)) }, (_, at) => idOf(from + at))
          return { value: { list, total } }
        }
        const read = (pick: (open: number) => number): ReturnType<typeof readPages> =>
          readPages(planOf({ style: 'offset', total: 'total' }), server, { items: 'list', pick })
        const first = await read(() => 0)
        const again = await read(open => Math.floor(random() * open))
        expect([again.items, again.fault?.code]).toEqual([first.items, first.fault?.code])
      }),
      { numRuns: runs(2_000) },
    )
  })

  it('by the style page, the same whatever the order in which pages arrive', async () => {
    await fc.assert(
      fc.asyncProperty(sequences, async ({ grown, size, growAt, seed }) => {
        const random = randomFrom(seed)
        const totals = Array.from({ length: 60 }, () => growAt + Math.floor(random() * (grown + 1)))
        const server: Server = ({ url }) => {
          const page = Number(url.searchParams.get('page') ?? 1)
          const list = Array.from({ length: page <= (totals[page - 1] ?? 0) ? size : 0 }, (_, at) =>
            idOf(page * 10 + at),
          )
          return { value: { list, pages: totals[page - 1] ?? 0 } }
        }
        const read = (pick: (open: number) => number): ReturnType<typeof readPages> =>
          readPages(planOf({ style: 'page', total: 'pages' }), server, { items: 'list', pick })
        const first = await read(() => 0)
        const again = await read(open => Math.floor(random() * open))
        expect(again.fault).toBeUndefined()
        expect(again.items).toEqual(first.items)
      }),
      { numRuns: runs(2_000) },
    )
  })
})
