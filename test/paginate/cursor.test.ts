import { describe, expect, it } from 'vitest'
import type { PaginatePlan } from '../../src/core/pagination.ts'
import { parseAsWritten } from '../../src/core/exact-json.ts'
import { openPagination } from '../../src/paginate/open.ts'
import { messageOf, planOf, readPages, stepsOf, viewOf } from './pages.ts'

const by = (next: PaginatePlan['next'], param?: string): PaginatePlan => planOf({ style: 'cursor', next, param })
const STRIPE = by('data[-1].id', 'starting_after')
const SLACK = by('response_metadata.next_cursor', 'cursor')

describe('a page with the status 200 that is an error instead of items', () => {
  const NEXT = { next: 'b', links: { next: '/2' } }

  it.each<[PaginatePlan['style'], string | undefined]>([
    ['cursor', '?c=b'],
    ['link', 'end'],
    ['odata', 'end'],
    ['json-api', 'https://api.test/2'],
    ['offset', undefined],
    ['page', undefined],
  ])('is refused by %s', async (style, followed) => {
    const plan = planOf({ style, next: 'next', param: 'c' })
    for (const error of [{ error: 'busy' }, { error: { message: 'busy' } }, { errors: [{ detail: 'busy' }] }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const steps = await stepsOf(plan, [viewOf({ ...error, ...NEXT })], 'items')
      if (style !== 'json-api' || 'errors' in error) expect(steps).toEqual(['follow/errors'])
    }
    if (followed === undefined) return
    const harmless = { items: [1], error: 'none', ...NEXT }
    expect(await stepsOf(plan, [viewOf(harmless)], 'items')).toEqual([followed])
    expect(await stepsOf(plan, [viewOf({ error: null, errors: [], ...NEXT })], 'items')).toEqual([followed])
  })

  it('is no error if the caller does not say where the items are', async () => {
    expect(await stepsOf(by('next', 'c'), [viewOf({ error: 'rate', next: 'b' })])).toEqual(['?c=b'])
  })
})

describe('the style cursor', () => {
  it.each<[string, PaginatePlan, unknown, string]>([
    ['Stripe', STRIPE, { object: 'list', data: [{ id: 'a' }, { id: 'b' }], has_more: true }, '?starting_after=b'],
    ['the last page of Stripe', STRIPE, { object: 'list', data: [{ id: 'a' }], has_more: false }, 'end'],
    ['Slack', SLACK, { ok: true, response_metadata: { next_cursor: 'dXNlcjpVMDYx' } }, '?cursor=dXNlcjpVMDYx'],
    ['the last page of Slack', SLACK, { ok: true, response_metadata: { next_cursor: '' } }, 'end'],
    [
      'an empty page of Slack with a cursor',
      SLACK,
      { ok: true, channels: [], response_metadata: { next_cursor: 'b' } },
      '?cursor=b',
    ],
    ['an error of Slack', SLACK, { ok: false, error: 'invalid_cursor' }, 'follow/errors'],
    ['Google', by('nextPageToken', 'pageToken'), { items: [], nextPageToken: 't2' }, '?pageToken=t2'],
    ['the last page of Google', by('nextPageToken', 'pageToken'), { items: [] }, 'end'],
    [
      'the search of Jira',
      by('nextPageToken', 'nextPageToken'),
      { issues: [], isLast: false, nextPageToken: 'n' },
      '?nextPageToken=n',
    ],
    ['the last page of Jira', by('nextPageToken', 'nextPageToken'), { issues: [], isLast: true }, 'end'],
    ['Notion', by('next_cursor', 'start_cursor'), { next_cursor: 'n', has_more: true }, '?start_cursor=n'],
    [
      'Zendesk',
      by('meta.after_cursor', 'page[after]'),
      { meta: { has_more: true, after_cursor: 'z' } },
      '?page%5Bafter%5D=z',
    ],
    [
      'the last page of Zendesk, which has a cursor',
      by('links.next'),
      { meta: { has_more: false }, links: { next: 'https://z.test/2' } },
      'end',
    ],
    [
      'the last page of an export of Zendesk',
      by('after_url'),
      { after_url: 'https://z.test/2', end_of_stream: true },
      'end',
    ],
    [
      'HubSpot',
      by('paging.next.after', 'after'),
      { paging: { next: { after: 'NTI1', link: '?after=NTI1' } } },
      '?after=NTI1',
    ],
    ['Airtable', by('offset', 'offset'), { records: [], offset: 'itr1/rec1' }, '?offset=itr1%2Frec1'],
    [
      'Salesforce',
      by('nextRecordsUrl'),
      { done: false, nextRecordsUrl: '/services/data/query/01g-2000' },
      'https://api.test/services/data/query/01g-2000',
    ],
    ['Django REST', by('next'), { count: 3, next: 'https://api.test/items?page=2' }, 'https://api.test/items?page=2'],
    ['the last page of Django REST', by('next'), { count: 3, next: null }, 'end'],
    ['a URL that is only a query', by('next'), { next: '?page=2' }, 'https://api.test/items?page=2'],
    [
      'Confluence, whose links leave out a part of the path',
      by('_links.next'),
      { _links: { base: 'https://api.test/confluence', context: '', next: '/rest/api/content?start=5' } },
      'https://api.test/confluence/rest/api/content?start=5',
    ],
    [
      'the second version of Confluence',
      by('_links.next'),
      { _links: { base: 'https://api.test/wiki', next: '/wiki/api/v2/pages?cursor=a' } },
      'https://api.test/wiki/api/v2/pages?cursor=a',
    ],
    ['DigitalOcean', by('links.pages.next'), { links: { pages: { next: 'https://d.test/2' } } }, 'https://d.test/2'],
    ['a whole URL in spite of a name', by('next', 'cursor'), { next: 'https://a.test/2' }, 'https://a.test/2'],
    ['a cursor in base64 with a slash in front', by('next', 'cursor'), { next: '/w==' }, '?cursor=%2Fw%3D%3D'],
    ['a number', by('next', 'cursor'), { next: 12 }, '?cursor=12'],
    ['the number 0', by('next', 'cursor'), { next: 0 }, '?cursor=0'],
    ['a fraction', by('next', 'cursor'), { next: 1.5 }, '?cursor=1.5'],
    ['false', by('next', 'cursor'), { next: false }, 'end'],
    ['a condition in the path', by('more && next', 'cursor'), { more: false, next: 'x' }, 'end'],
    ['a function', by(value => (value as { to: string }).to, 'cursor'), { to: 'x' }, '?cursor=x'],
    ['a page that is null', by('next', 'cursor'), null, 'end'],
    ['a page that is a text', by('next', 'cursor'), 'oops', 'follow/next'],
    ['a page of bytes', by('next', 'cursor'), new Uint8Array(1), 'follow/next'],
    ['a page without a body', by('next', 'cursor'), '', 'end'],
    ['a page of OData that is a text', planOf({ style: 'odata' }), '<html>', 'follow/next'],
    ['a document of JSON:API that is a text', planOf({ style: 'json-api' }), '<html>', 'follow/next'],
    ['a page of MediaWiki that is a text', planOf({ style: 'mediawiki' }), '<html>', 'follow/next'],
    ['a text that a function reads', by(page => /next=(\w+)/.exec(String(page))?.[1], 'c'), 'next=b', '?c=b'],
    ['has_more without a cursor', by('wrong.path', 'cursor'), { has_more: true, next: 'x' }, 'follow/next'],
    ['a cursor without a name', by('next'), { next: 'abc' }, 'follow/param'],
    ['true', by('next', 'cursor'), { next: true }, 'follow/next'],
    ['an object', by('next', 'cursor'), { next: { a: 1 } }, 'follow/next'],
    ['a list', by('next', 'cursor'), { next: ['a'] }, 'follow/next'],
    ['an object that looks like a fault', by('next', 'cursor'), { next: { kind: 'fault', code: 'x' } }, 'follow/next'],
    ['a number without a name', by('next'), { next: 2 }, 'follow/next'],
    ['a URL of another scheme', by('next'), { next: 'ftp://a.test/2' }, 'redirect/scheme'],
    ['a number that was rounded', by('next', 'cursor'), { next: 2 ** 60 }, 'follow/next'],
    [
      'a path that throws',
      by(() => {
        throw new Error('no')
      }, 'cursor'),
      {},
      'follow/callback',
    ],
    ['a path that returns a promise', by(() => Promise.reject(new Error('no')), 'cursor'), {}, 'follow/callback'],
  ])('decides for %s', async (_what, plan, value, step) => {
    expect(await stepsOf(plan, [viewOf(value)])).toEqual([step])
  })

  it('puts the cursor into a JSON body if the first request has one', async () => {
    const body = { filter: { done: true }, page: { size: 2 } }
    expect(await stepsOf(by('next', 'page.cursor'), [viewOf({ next: 'b' }, { body })])).toEqual([
      '{"filter":{"done":true},"page":{"size":2,"cursor":"b"}}',
    ])
    const key = { id: { S: 'a' } }
    expect(
      await stepsOf(by('LastEvaluatedKey', 'ExclusiveStartKey'), [viewOf({ LastEvaluatedKey: key }, { body: {} })]),
    ).toEqual(['{"ExclusiveStartKey":{"id":{"S":"a"}}}'])
  })

  it('takes a member of the body by its whole name before it takes the name for a path', async () => {
    expect(await stepsOf(by('next', 'page.cursor'), [viewOf({ next: 'b' }, { body: { 'page.cursor': '' } })])).toEqual([
      '{"page.cursor":"b"}',
    ])
  })

  it('sets a member called __proto__ like any other', async () => {
    expect(await stepsOf(by('next', '__proto__.x'), [viewOf({ next: 'b' }, { body: {} })])).toEqual([
      '{"__proto__":{"x":"b"}}',
    ])
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  it.each([
    ['that got this page', ['a', 'a']],
    ['of an earlier page', ['a', 'b', 'c', 'a']],
    ['of 100 KiB', ['x'.repeat(100 << 10), 'b', 'x'.repeat(100 << 10)]],
  ])('refuses a cursor %s', async (_what, cursors) => {
    const steps = await stepsOf(
      SLACK,
      cursors.map(next_cursor => viewOf({ response_metadata: { next_cursor } })),
    )
    expect(steps.slice(0, -1)).not.toContain('follow/loop')
    expect(steps.at(-1)).toBe('follow/loop')
  })

  it('refuses the cursor that the first request had', async () => {
    const view = viewOf({ response_metadata: { next_cursor: 'a' } }, { requestUrl: 'https://api.test/items?cursor=a' })
    expect(await stepsOf(SLACK, [view])).toEqual(['follow/loop'])
    const posted = viewOf({ next_cursor: 'a' }, { body: { start_cursor: 'a' } })
    expect(await stepsOf(by('next_cursor', 'start_cursor'), [posted])).toEqual(['follow/loop'])
  })

  it('keeps apart the cursors of two roots', async () => {
    const view = viewOf({ response_metadata: { next_cursor: 'a' } })
    expect(await stepsOf(SLACK, [view])).toEqual(['?cursor=a'])
    expect(await stepsOf(SLACK, [view])).toEqual(['?cursor=a'])
  })

  it('sends a large integer with all of its digits', async () => {
    const value = parseAsWritten('{"next": 12345678901234567890}')
    expect(await stepsOf(by('next', 'cursor'), [viewOf(value)])).toEqual(['?cursor=12345678901234567890'])
  })

  it('says which part of the page is wrong', async () => {
    const paginator = (await openPagination(by('meta.next', 'cursor'), undefined)).start()
    expect(messageOf(paginator.after(viewOf({ meta: { next: {} } })))).toBe(
      "expected a cursor (a string or a number) at 'meta.next', got an object",
    )
  })

  it('fails a root whose value throws when it is read', async () => {
    const value = Object.defineProperty({}, 'has_more', {
      get: () => {
        throw new Error('closed')
      },
      enumerable: true,
    })
    expect(await stepsOf(SLACK, [viewOf(value)])).toEqual(['follow/next'])
  })

  it('reads to the end', async () => {
    const { items, requests } = await readPages(
      STRIPE,
      ({ url }) => {
        const from = Number(url.searchParams.get('starting_after') ?? 0)
        const data = [1, 2, 3].map(each => ({ id: String(from + each) })).filter(({ id }) => Number(id) <= 7)
        return { value: { object: 'list', data, has_more: from + 3 < 7 } }
      },
      { items: 'data[].id' },
    )
    expect(items).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(requests).toHaveLength(3)
  })
})
