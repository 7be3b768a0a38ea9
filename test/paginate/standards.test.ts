/** The styles that a standard or one product defines. */
import { describe, expect, it } from 'vitest'
import type { PageView, PaginatePlan } from '../../src/core/pagination.ts'
import { planOf, readPages, stepsOf, viewOf } from './pages.ts'

describe('the style odata', () => {
  const PLAN = planOf({ style: 'odata' })
  it.each<[string, unknown, string]>([
    ['version 4', { '@odata.nextLink': 'https://o.test/People?$skiptoken=8' }, 'https://o.test/People?$skiptoken=8'],
    ['version 4.01', { '@nextLink': 'https://o.test/People?$skiptoken=8' }, 'https://o.test/People?$skiptoken=8'],
    ['version 3', { 'odata.nextLink': 'https://o.test/People?$skiptoken=8' }, 'https://o.test/People?$skiptoken=8'],
    [
      'version 2',
      { d: { results: [], __next: 'https://o.test/People?$skiptoken=8' } },
      'https://o.test/People?$skiptoken=8',
    ],
    ['a relative link', { '@odata.nextLink': 'items?$skiptoken=8' }, 'https://api.test/items?$skiptoken=8'],
    [
      'a link relative to the context',
      { '@odata.context': 'https://o.test/svc/$metadata#People', '@odata.nextLink': 'People?$skip=2' },
      'https://o.test/svc/People?$skip=2',
    ],
    ['the last page', { value: [], '@odata.deltaLink': 'https://o.test/delta' }, 'end'],
    ['null', { '@odata.nextLink': null }, 'end'],
    ['the page itself', { '@odata.nextLink': 'https://api.test/items' }, 'follow/loop'],
    ['a link that is no text', { '@odata.nextLink': 5 }, 'follow/next'],
  ])('follows %s', async (_what, value, step) => {
    expect(await stepsOf(PLAN, [viewOf(value)])).toEqual([step])
  })
})

describe('the style json-api', () => {
  const PLAN = planOf({ style: 'json-api' })
  it.each<[string, unknown, string]>([
    ['a URL', { links: { next: 'https://j.test/a?page[number]=2' } }, 'https://j.test/a?page[number]=2'],
    ['an object', { links: { next: { href: '/a?page[number]=2', meta: {} } } }, 'https://api.test/a?page[number]=2'],
    ['null', { links: { next: null } }, 'end'],
    ['no links', { data: [] }, 'end'],
    ['a link of Zendesk on the last page', { links: { next: 'https://z.test/2' }, meta: { has_more: false } }, 'end'],
    ['an object without href', { links: { next: { meta: {} } } }, 'follow/next'],
    ['another scheme', { links: { next: 'data:text/plain,x' } }, 'redirect/scheme'],
  ])('follows %s', async (_what, value, step) => {
    expect(await stepsOf(PLAN, [viewOf(value)])).toEqual([step])
  })
})

describe('the style mediawiki', () => {
  const PLAN = planOf({ style: 'mediawiki' })
  it.each<[string, unknown, string]>([
    [
      'all fields',
      { batchcomplete: '', continue: { cmcontinue: 'page|61|2', continue: '-||' } },
      '?cmcontinue=page%7C61%7C2&continue=-%7C%7C',
    ],
    ['a number', { continue: { sroffset: 10, continue: '-||' } }, '?sroffset=10&continue=-%7C%7C'],
    ['the last page', { batchcomplete: true, query: {} }, 'end'],
    [
      'an error with the status 200',
      { error: { code: 'badcontinue', info: 'Invalid continue param.' } },
      'follow/errors',
    ],
    ['a field that is an object', { continue: { a: {} } }, 'follow/next'],
    ['a text instead of an object', { continue: 'x' }, 'follow/next'],
  ])('sends %s', async (_what, value, step) => {
    expect(await stepsOf(PLAN, [viewOf(value)])).toEqual([step])
  })

  it('sends the fields of the latest page only', async () => {
    const pages = [{ continue: { gapcontinue: 'B' } }, { batchcomplete: '', continue: { imcontinue: '7|x' } }, {}]
    expect(
      await stepsOf(
        PLAN,
        pages.map(value => viewOf(value)),
      ),
    ).toEqual(['?gapcontinue=B', '?imcontinue=7%7Cx', 'end'])
  })

  it('refuses the same fields twice', async () => {
    const page = viewOf({ continue: { apcontinue: 'B' } })
    expect(await stepsOf(PLAN, [page, page])).toEqual(['?apcontinue=B', 'follow/loop'])
  })
})

describe('the style elasticsearch', () => {
  const PLAN = planOf({ style: 'elasticsearch' })
  const BODY = { query: { match_all: {} }, sort: [{ at: 'asc' }] }
  const hits = (...sorts: readonly unknown[]): object => ({ hits: { hits: sorts.map(sort => ({ _id: 'x', sort })) } })

  it.each<[string, object, unknown, string]>([
    [
      'the values of the last hit',
      BODY,
      hits([1], [2, 'b']),
      '{"query":{"match_all":{}},"sort":[{"at":"asc"}],"search_after":[2,"b"]}',
    ],
    ['null among the values', { sort: 'a' }, hits([null]), '{"sort":"a","search_after":[null]}'],
    ['no offset', { sort: 'a', from: 0 }, hits([1]), '{"sort":"a","search_after":[1]}'],
    ['a page without hits', BODY, hits(), 'end'],
    ['a body without sort', { query: {} }, hits([1]), 'follow/param'],
    ['hits without values', BODY, { hits: { hits: [{ _id: 'x' }] } }, 'follow/next'],
    ['no hits at all', BODY, { error: 'x' }, 'follow/next'],
    ['a search that timed out', BODY, { timed_out: true, ...hits([1]) }, 'follow/errors'],
    [
      'failed shards',
      BODY,
      { _shards: { failed: 1, failures: [{ reason: { reason: 'gone' } }] }, ...hits([1]) },
      'follow/errors',
    ],
    ['a value that was rounded', BODY, hits([2 ** 63]), 'follow/next'],
  ])('sends %s', async (_what, body, value, step) => {
    expect(await stepsOf(PLAN, [viewOf(value, { body })])).toEqual([step])
  })

  it('needs a JSON body', async () => {
    expect(await stepsOf(PLAN, [viewOf(hits([1]))])).toEqual(['follow/param'])
  })

  it('goes on with the latest id of a point in time', async () => {
    const body = { sort: 'a', pit: { id: 'first', keep_alive: '1m' } }
    const pages = [
      viewOf({ ...hits([1]), pit_id: 'second' }, { body }),
      viewOf({ ...hits([2]), pit_id: 'third' }, { body }),
      viewOf(hits([3]), { body }),
    ]
    expect(await stepsOf(PLAN, pages)).toEqual([
      '{"sort":"a","pit":{"id":"second","keep_alive":"1m"},"search_after":[1]}',
      '{"sort":"a","pit":{"id":"third","keep_alive":"1m"},"search_after":[2]}',
      '{"sort":"a","pit":{"id":"third","keep_alive":"1m"},"search_after":[3]}',
    ])
  })

  it('refuses values that an earlier page ended with', async () => {
    const page = viewOf(hits([1]), { body: BODY })
    expect((await stepsOf(PLAN, [page, page])).at(-1)).toBe('follow/loop')
  })
})

describe('the style relay', () => {
  const PLAN = planOf({ style: 'relay' })
  const QUERY =
    'query ($n: Int, $to: String) { viewer { repos(first: $n, after: $to) { pageInfo { hasNextPage endCursor } } } }'
  const data = (pageInfo: unknown): object => ({ data: { viewer: { repos: { nodes: [], pageInfo } } } })
  const MORE = { hasNextPage: true, endCursor: 'c' }
  const at = (value: unknown, body: unknown = { query: QUERY, variables: { n: 2 } }): PageView =>
    viewOf(value, { body })
  const sent = (variables: object, query = QUERY): string => JSON.stringify({ query, variables })

  it.each<[string, PaginatePlan, PageView, string]>([
    ['the variable that the query passes on as after', PLAN, at(data(MORE)), sent({ n: 2, to: 'c' })],
    ['the last page', PLAN, at(data({ hasNextPage: false, endCursor: 'c' })), 'end'],
    ['an empty last page', PLAN, at(data({ hasNextPage: false, endCursor: null })), 'end'],
    ['pageInfo without hasNextPage', PLAN, at(data({ endCursor: 'c' })), sent({ n: 2, to: 'c' })],
    ['pageInfo without hasNextPage, and no cursor', PLAN, at(data({ endCursor: null })), 'end'],
    ['a query that does not ask for endCursor', PLAN, at(data({ hasNextPage: true })), 'follow/next'],
    ['errors beside data', PLAN, at({ ...data(MORE), errors: [{ message: 'rate limited' }] }), 'follow/errors'],
    ['an empty list of errors', PLAN, at({ ...data(MORE), errors: [] }), sent({ n: 2, to: 'c' })],
    ['errors without data', PLAN, at({ data: null, errors: [{ message: 'no' }] }), 'follow/errors'],
    ['data without a connection', PLAN, at({ data: { viewer: null } }), 'follow/next'],
    ['two connections', PLAN, at({ data: { a: { pageInfo: MORE }, b: { pageInfo: MORE } } }), 'follow/next'],
    [
      'one of two connections',
      { ...PLAN, next: 'data.b' },
      at({ data: { a: { pageInfo: {} }, b: { pageInfo: MORE } } }),
      sent({ n: 2, to: 'c' }),
    ],
    [
      'pageInfo by its path',
      { ...PLAN, next: 'data.b.pageInfo' },
      at({ data: { b: { pageInfo: MORE } } }),
      sent({ n: 2, to: 'c' }),
    ],
    ['a path to nothing', { ...PLAN, next: 'data.c' }, at(data(MORE)), 'follow/next'],
    [
      'connections inside of the nodes',
      PLAN,
      at({ data: { repos: { nodes: [{ issues: { pageInfo: MORE } }], pageInfo: MORE } } }),
      sent({ n: 2, to: 'c' }),
    ],
    ['a named variable', { ...PLAN, param: 'n' }, at(data(MORE)), sent({ n: 'c' })],
    ['a variable that the query does not declare', { ...PLAN, param: 'after' }, at(data(MORE)), 'follow/param'],
    [
      'a query without a variable for the cursor',
      PLAN,
      at(data(MORE), { query: '{ a(first: 2) { x } }' }),
      'follow/param',
    ],
    [
      'two variables',
      PLAN,
      at(data(MORE), { query: 'query ($a: A, $b: B) { x(after: $a) y(after: $b) }' }),
      'follow/param',
    ],
    ['no variables yet', PLAN, at(data(MORE), { query: QUERY }), sent({ to: 'c' })],
    ['a stored query', PLAN, at(data(MORE), { id: '5' }), '{"id":"5","variables":{"after":"c"}}'],
    ['no JSON body', PLAN, viewOf(data(MORE)), 'follow/param'],
    ['a cursor that is no text', PLAN, at(data({ hasNextPage: true, endCursor: 5 })), 'follow/next'],
    ['the cursor of this page', PLAN, at(data(MORE), { query: QUERY, variables: { to: 'c' } }), 'follow/loop'],
  ])('decides for %s', async (_what, plan, view, step) => {
    expect(await stepsOf(plan, [view])).toEqual([step])
  })

  it('goes on behind an empty page', async () => {
    const page = (cursor: string): PageView => at(data({ hasNextPage: true, endCursor: cursor }))
    expect(await stepsOf(PLAN, [page('a'), page('b'), page('a')])).toEqual([
      sent({ n: 2, to: 'a' }),
      sent({ n: 2, to: 'b' }),
      'follow/loop',
    ])
  })

  it('asks for pages of a size', async () => {
    const { requests } = await readPages(
      { ...PLAN, size: 50, sizeParam: 'n' },
      () => ({ value: data({ hasNextPage: false, endCursor: null }) }),
      { body: { query: QUERY } },
    )
    expect(requests[0]?.body).toEqual({ query: QUERY, variables: { n: 50 } })
  })
})

describe('the size of a page', () => {
  it.each<[PaginatePlan['style'], unknown, string, unknown]>([
    ['link', undefined, '?per_page=7', undefined],
    ['json-api', undefined, '?page%5Bsize%5D=7', undefined],
    ['page', { q: 1 }, '', { q: 1, per_page: 7 }],
    ['elasticsearch', { sort: 'a' }, '', { sort: 'a', size: 7 }],
  ])('is set in the first request of the style %s', async (style, body, search, sent) => {
    const { requests } = await readPages(planOf({ style, size: 7 }), () => ({ value: { hits: { hits: [] } } }), {
      body,
    })
    expect(requests[0]?.url.search).toBe(search)
    expect(requests[0]?.body).toEqual(sent)
  })
})
