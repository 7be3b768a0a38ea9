import { describe, expect, it } from 'vitest'
import type { PageView } from '../../src/core/pagination.ts'
import { isFault } from '../../src/core/result.ts'
import { openPagination } from '../../src/paginate/open.ts'
import { headersOf, messageOf, planOf, readPages, stepsOf, told, viewOf } from './pages.ts'
import type { Server } from './pages.ts'

const PLAN = planOf({ style: 'auto' })
const QUERY = 'query ($after: String) { repos(after: $after) { pageInfo { hasNextPage endCursor } } }'
const numbers = (count: number): readonly { id: number }[] => Array.from({ length: count }, (_, id) => ({ id }))

describe('the style auto', () => {
  it.each<[string, PageView, string, string]>([
    [
      'a Link header',
      viewOf([1], { headers: headersOf({ link: '</2>; rel=next' }) }),
      'https://api.test/2',
      'the header Link has rel="next" (style \'link\')',
    ],
    [
      'OData',
      viewOf({ '@odata.nextLink': '/2' }),
      'https://api.test/2',
      "'@odata.nextLink' holds a URL (style 'odata')",
    ],
    [
      'JSON:API',
      viewOf({ links: { next: '/2' } }),
      'https://api.test/2',
      "'links.next' holds a URL (style 'json-api')",
    ],
    [
      'a GraphQL connection',
      viewOf({ data: { repos: { pageInfo: { hasNextPage: true, endCursor: 'c' } } } }, { body: { query: QUERY } }),
      JSON.stringify({ query: QUERY, variables: { after: 'c' } }),
      "'data.repos.pageInfo' is of a GraphQL connection (style 'relay')",
    ],
    [
      'MediaWiki',
      viewOf({ continue: { apcontinue: 'B' } }),
      '?apcontinue=B',
      "'continue' holds fields for the query (style 'mediawiki')",
    ],
    [
      'Elasticsearch',
      viewOf({ hits: { total: { value: 9 }, hits: [{ sort: [1] }] } }, { body: { sort: 'a' } }),
      '{"sort":"a","search_after":[1]}',
      "'hits.hits' are the sorted hits of a search (style 'elasticsearch')",
    ],
    [
      'Django REST',
      viewOf({ count: 3, next: 'https://api.test/?page=2', results: [1] }),
      'https://api.test/?page=2',
      "'next' holds a URL (style 'cursor')",
    ],
    [
      'Laravel',
      viewOf({ current_page: 1, last_page: 2, next_page_url: 'https://api.test/?page=2', data: [1] }),
      'https://api.test/?page=2',
      "'next_page_url' holds a URL (style 'cursor')",
    ],
    [
      'Facebook',
      viewOf({ data: [], paging: { next: 'https://f.test/2', cursors: { after: 'x' } } }),
      'https://f.test/2',
      "'paging.next' holds a URL (style 'cursor')",
    ],
    [
      'Twilio',
      viewOf({ next_page_uri: '/2010-04-01/Calls.json?Page=1' }),
      'https://api.test/2010-04-01/Calls.json?Page=1',
      "'next_page_uri' holds a URL (style 'cursor')",
    ],
    [
      'Salesforce',
      viewOf({ totalSize: 9, done: false, nextRecordsUrl: '/q/01-2000', records: [1] }),
      'https://api.test/q/01-2000',
      "'nextRecordsUrl' holds a URL (style 'cursor')",
    ],
    [
      'DigitalOcean',
      viewOf({ links: { pages: { next: 'https://d.test/2' } }, meta: { total: 9 }, droplets: [1] }),
      'https://d.test/2',
      "'links.pages.next' holds a URL (style 'cursor')",
    ],
    [
      'Slack',
      viewOf({ ok: true, response_metadata: { next_cursor: 'a' } }),
      '?cursor=a',
      "'response_metadata.next_cursor' holds a cursor, which is sent as 'cursor' (style 'cursor')",
    ],
    [
      'Google',
      viewOf({ nextPageToken: 'a' }),
      '?pageToken=a',
      "'nextPageToken' holds a cursor, which is sent as 'pageToken' (style 'cursor')",
    ],
    [
      'Notion',
      viewOf({ object: 'list', next_cursor: 'a', has_more: true }, { body: {} }),
      '{"start_cursor":"a"}',
      "'next_cursor' holds a cursor, which is sent as 'start_cursor' (style 'cursor')",
    ],
    [
      'Airtable',
      viewOf({ records: [1], offset: 'itr/rec' }),
      '?offset=itr%2Frec',
      "'offset' holds a cursor, which is sent as 'offset' (style 'cursor')",
    ],
    [
      'DynamoDB',
      viewOf({ Items: [], LastEvaluatedKey: { id: { S: 'a' } } }, { body: {} }),
      '{"ExclusiveStartKey":{"id":{"S":"a"}}}',
      "'LastEvaluatedKey' holds a cursor, which is sent as 'ExclusiveStartKey' (style 'cursor')",
    ],
    [
      'Stripe',
      viewOf({ object: 'list', has_more: true, data: [{ id: 'a' }] }),
      '?starting_after=a',
      "'has_more' is true; the id of the last item of 'data' is sent as 'starting_after' (style 'cursor')",
    ],
    [
      'a number of the next page',
      viewOf({ next_page: 2, items: [1] }),
      '?page=2',
      "'next_page' holds a page number, which is sent as 'page' (style 'cursor')",
    ],
    [
      'numbered pages',
      viewOf({ page: 1, total_pages: 3, items: [1] }),
      'rest of 2: ?page=2 ?page=3',
      "'total_pages' is the number of pages; the number of a page is sent as 'page' (style 'page')",
    ],
    [
      'pages of Spring',
      viewOf({ number: 0, totalPages: 2, totalElements: 9, content: [1] }),
      '?page=1',
      "'totalPages' is the number of pages; the number of a page is sent as 'page' (style 'page')",
    ],
    [
      'the old search of Jira',
      viewOf({ startAt: 0, maxResults: 2, total: 5, issues: [1, 2] }),
      'rest of 2: ?startAt=2 ?startAt=4',
      "'total' is the number of items; the offset of a page is sent as 'startAt' (style 'offset')",
    ],
    [
      'Contentful',
      viewOf({ sys: {}, skip: 0, limit: 2, total: 3, items: [1, 2] }),
      '?skip=2',
      "'total' is the number of items; the offset of a page is sent as 'skip' (style 'offset')",
    ],
    ['a page that is all', viewOf({ total: 2, items: [1, 2] }), 'end', 'no sign of further pages was found: one page'],
    [
      'a page that says it is the last',
      viewOf({ has_more: false, total: 5, data: [1] }),
      'end',
      'no sign of further pages was found: one page',
    ],
    ['a list', viewOf([1, 2]), 'end', 'no sign of further pages was found: one page'],
    ['a text', viewOf('hello'), 'end', 'no sign of further pages was found: one page'],
    [
      'the last of numbered pages',
      viewOf({ page: 3, total_pages: 3, total: 9, items: [1] }),
      'end',
      "'page' is the last of 'total_pages': one page",
    ],
    [
      'the last page by offset',
      viewOf({ startAt: 4, total: 5, issues: [1] }),
      'end',
      "the page reaches 'total': one page",
    ],
  ])('finds %s', async (_what, view, step, detected) => {
    const paginator = (await openPagination(PLAN, undefined)).start()
    expect(paginator.detected).toBeUndefined()
    expect(told(paginator.after(view))).toBe(step)
    expect(paginator.detected).toBe(detected)
  })

  it.each<[string, PageView, string]>([
    ['a greater total', viewOf({ total: 9, items: [1, 2] }), "the first page has 2 of 9 items ('total')"],
    [
      'a greater total in a header',
      viewOf([1, 2], { headers: headersOf({ 'x-total-count': '9' }) }),
      'the first page has 2 of 9 items (the header x-total-count)',
    ],
    ['has_more without a cursor', viewOf({ has_more: true, data: [] }), 'the first page says has_more: true'],
    [
      'a next cursor without a known name for it',
      viewOf({ next: 'abc' }),
      "the first page has 'next', which is not a URL",
    ],
  ])('refuses %s', async (_what, view, message) => {
    const paginator = (await openPagination(PLAN, undefined)).start()
    const step = paginator.after(view)
    expect(isFault(step) && step.code).toBe('follow/undetected')
    expect(messageOf(step)).toBe(`${message}, but nothing says where the next page is. Name the style with paginate`)
  })

  it('refuses an answer of Slack that says ok: false', async () => {
    expect(await stepsOf(PLAN, [viewOf({ ok: false, error: 'ratelimited' })])).toEqual(['follow/errors'])
  })

  it('compares the total with the items of the path', async () => {
    const page = viewOf({ total: 2, deep: { list: [1, 2] }, tags: [] })
    expect(await stepsOf(PLAN, [page], 'deep.list')).toEqual(['end'])
    expect(await stepsOf(PLAN, [page], 'tags')).toEqual(['follow/undetected'])
  })

  it('notices that the server does not know the field', async () => {
    const server: Server = () => ({ value: { page: 1, total_pages: 3, items: [1, 2] } })
    const { fault } = await readPages(PLAN, server, { items: 'items' })
    expect(fault?.code).toBe('follow/loop')
  })

  it('keeps the name of a page number that the first request has', async () => {
    const requestUrl = 'https://api.test/items?page[number]=1'
    const view = viewOf({ page: 1, total_pages: 2, items: [1] }, { requestUrl })
    expect(await stepsOf(PLAN, [view])).toEqual(['?page%5Bnumber%5D=2'])
  })

  it('reads all pages by the style of the first one', async () => {
    const server: Server = ({ url }) => {
      const skip = Number(url.searchParams.get('skip') ?? 0)
      return { value: { skip, limit: 10, total: 25, items: numbers(25).slice(skip, skip + 10) } }
    }
    const { items, detected } = await readPages(PLAN, server, { items: 'items' })
    expect(items).toEqual(numbers(25))
    expect(detected).toContain("(style 'offset')")
  })
})
