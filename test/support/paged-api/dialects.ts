/**
 * How APIs page, each as its documentation says: which fields of a request it knows, how a page looks, how the last one
 * looks, and what it answers to a cursor that has expired.
 */
import { pageOf, tokenOf } from './book.ts'
import type { Book, Item } from './book.ts'

export interface Asked {
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
  /** Of the whole server: `http://127.0.0.1:1234`. */
  readonly origin: string
}

export interface Answered {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly value: unknown
}

export interface Dialect {
  readonly path: string
  /** The JSON body of the first request; without it, the request is a GET. */
  readonly body?: Readonly<Record<string, unknown>>
  readonly paginate: string | Readonly<Record<string, unknown>>
  readonly items: string
  /** Pages behind the first are asked for together. */
  readonly together?: true
  /** It names the next page itself, so that an empty page ends nothing. */
  readonly names?: true
  /** The number of the page that is asked for; undefined for a cursor that it does not know. */
  page(asked: Asked, size: number): number | undefined
  size(asked: Asked): unknown
  answer(page: number, size: number, book: Book, asked: Asked): Answered
  /** To a cursor that has expired or is unknown. */
  expired?: Answered
}

const first = (text: string | null | undefined): number | undefined =>
  text === null || text === undefined || text === '' ? 0 : pageOf(text)
const numbered = (text: string | null, from = 1): number => (text === null ? 0 : Number(text) - from)
const linkTo = (asked: Asked, path: string, fields: Readonly<Record<string, string>>, keep = true): string => {
  const url = new URL(path, asked.origin)
  if (keep) for (const [name, value] of asked.query) url.searchParams.set(name, value)
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
  return url.href
}
const lastOf = (book: Book, size: number): number => Math.max(1, Math.ceil(book.total / size))

const GITHUB = '/repos/o/r/issues'

function githubPage(page: number, size: number, book: Book, asked: Asked): Answered {
  const { items, next } = book.page(page, size)
  const to = (number: number, rel: string): string =>
    `<${linkTo(asked, GITHUB, { page: String(number) })}>; rel="${rel}"`
  const links = [
    ...(page > 0 ? [to(page, 'prev')] : []),
    ...(next === undefined ? [] : [to(next + 1, 'next'), to(lastOf(book, size), 'last')]),
    ...(page > 0 ? [to(1, 'first')] : []),
  ]
  return { value: items, headers: links.length === 0 ? {} : { link: links.join(', ') } }
}

export const DIALECTS = {
  /** Pages by number, with links to the first, the next and the last. */
  github: {
    path: GITHUB,
    paginate: 'link',
    items: '@',
    names: true,
    page: ({ query }) => numbered(query.get('page')),
    size: ({ query }) => query.get('per_page'),
    answer: githubPage,
  },
  /** The same API read by its numbers: `rel="last"` says how many there are. */
  'github by number': {
    path: GITHUB,
    paginate: { style: 'page' },
    items: '@',
    together: true,
    page: ({ query }) => numbered(query.get('page')),
    size: ({ query }) => query.get('per_page'),
    answer: githubPage,
  },
  /** `id_after` of the last item; the header is missing on the last page. */
  'gitlab keyset': {
    path: '/api/v4/projects',
    paginate: 'link',
    items: '@',
    page: ({ query }, size) => Math.ceil((Number(query.get('id_after') ?? -1) + 1) / size),
    size: ({ query }) => query.get('per_page'),
    answer(page, size, book, asked) {
      const { items, next } = book.page(page, size)
      const last = items.at(-1)
      if (next === undefined || last === undefined) return { value: items }
      // A page that names itself is asked for again by the id before it.
      const after = next === page ? page * size - 1 : last.n
      const url = linkTo(asked, this.path, { id_after: String(after), pagination: 'keyset', order_by: 'id' })
      return { value: items, headers: { link: `<${url}>; rel="next"` } }
    },
  },
  /** Beside `page_info`, the server takes only `limit` and `fields`. */
  shopify: {
    path: '/admin/api/2024-01/products.json',
    paginate: { style: 'link', size: 10, sizeParam: 'limit' },
    items: 'products',
    names: true,
    page: ({ query }) => first(query.get('page_info')),
    size: ({ query }) => query.get('limit'),
    answer(page, size, book, asked) {
      const wrong = [...asked.query.keys()].find(name => !['page_info', 'limit', 'fields'].includes(name))
      if (asked.query.has('page_info') && wrong !== undefined) {
        return { status: 400, value: { errors: { [wrong]: 'cannot be passed when page_info is present' } } }
      }
      const { items, next } = book.page(page, size)
      const to = (at: number, rel: string): string =>
        `<${linkTo(asked, this.path, { limit: String(size), page_info: tokenOf(at) }, false)}>; rel="${rel}"`
      const links = [...(page > 0 ? [to(page - 1, 'previous')] : []), ...(next === undefined ? [] : [to(next, 'next')])]
      return { value: { products: items }, headers: links.length === 0 ? {} : { link: links.join(', ') } }
    },
    expired: { status: 400, value: { errors: { page_info: 'Invalid value.' } } },
  },
  stripe: {
    path: '/v1/customers',
    paginate: { style: 'cursor', next: 'data[-1].id', param: 'starting_after' },
    items: 'data',
    page({ query }, size) {
      const after = query.get('starting_after')
      const n = /^it_(\d+)$/.exec(after ?? '')?.[1]
      return after === null ? 0 : n === undefined ? undefined : Math.ceil((Number(n) + 1) / size)
    },
    size: ({ query }) => query.get('limit'),
    answer(page, size, book) {
      const { items, next } = book.page(page, size)
      // The id of an item that was read before makes the server repeat the page.
      const data =
        next === page
          ? items.map((item, at) => ({ ...item, id: at === items.length - 1 ? `it_${page * size - 1}` : item.id }))
          : items
      return { value: { object: 'list', url: this.path, data, has_more: next !== undefined } }
    },
    expired: {
      status: 400,
      value: { error: { type: 'invalid_request_error', code: 'resource_missing', param: 'starting_after' } },
    },
  },
  slack: {
    path: '/api/conversations.list',
    paginate: { style: 'cursor', next: 'response_metadata.next_cursor', param: 'cursor' },
    items: 'channels',
    names: true,
    page: ({ query }) => first(query.get('cursor')),
    size: ({ query }) => query.get('limit'),
    answer(page, size, book) {
      const { items, next } = book.page(page, size)
      return {
        value: {
          ok: true,
          channels: items,
          response_metadata: { next_cursor: next === undefined ? '' : tokenOf(next) },
        },
      }
    },
    expired: { value: { ok: false, error: 'invalid_cursor' } },
  },
  google: {
    path: '/drive/v3/files',
    paginate: { style: 'cursor', next: 'nextPageToken', param: 'pageToken' },
    items: 'files',
    names: true,
    page: ({ query }) => first(query.get('pageToken')),
    size: ({ query }) => query.get('pageSize'),
    answer(page, size, book) {
      const { items, next } = book.page(page, size)
      return {
        value: { kind: 'drive#fileList', ...(next !== undefined && { nextPageToken: tokenOf(next) }), files: items },
      }
    },
    expired: {
      status: 400,
      value: { error: { code: 400, message: 'Invalid Value', errors: [{ location: 'pageToken' }] } },
    },
  },
  /** Any place can be asked for, so the rest is asked for together. */
  'jira by offset': {
    path: '/rest/api/3/search',
    paginate: { style: 'offset', param: 'startAt', total: 'total', size: 50, sizeParam: 'maxResults' },
    items: 'issues',
    together: true,
    page: ({ query }, size) => Math.floor(Number(query.get('startAt') ?? 0) / size),
    size: ({ query }) => query.get('maxResults'),
    answer(_page, size, book, { query }) {
      const startAt = Number(query.get('startAt') ?? 0)
      return { value: { startAt, maxResults: size, total: book.total, issues: book.slice(startAt, size) } }
    },
  },
  'jira by token': {
    path: '/rest/api/3/search/jql',
    body: { jql: 'project = P', maxResults: 10 },
    paginate: { style: 'cursor', next: 'nextPageToken', param: 'nextPageToken' },
    items: 'issues',
    names: true,
    page: ({ body }) => first(body['nextPageToken'] as string | undefined),
    size: ({ body }) => body['maxResults'],
    answer(page, size, book) {
      const { items, next } = book.page(page, size)
      if (next === undefined) return { value: { issues: items, isLast: true } }
      return { value: { issues: items, isLast: false, nextPageToken: tokenOf(next) } }
    },
    expired: { status: 400, value: { errorMessages: ['The provided nextPageToken is invalid or expired.'] } },
  },
  notion: {
    path: '/v1/databases/d/query',
    body: { filter: { property: 'Status' }, page_size: 10 },
    paginate: { style: 'cursor', next: 'next_cursor', param: 'start_cursor' },
    items: 'results',
    names: true,
    page: ({ body }) => first(body['start_cursor'] as string | undefined),
    size: ({ body }) => body['page_size'],
    answer(page, size, book) {
      const { items, next } = book.page(page, size)
      return {
        value: {
          object: 'list',
          results: items,
          next_cursor: next === undefined ? null : tokenOf(next),
          has_more: next !== undefined,
        },
      }
    },
    expired: {
      status: 400,
      value: { object: 'error', status: 400, code: 'validation_error', message: 'start_cursor is invalid' },
    },
  },
  odata: {
    path: '/odata/People',
    paginate: 'odata',
    items: 'value',
    names: true,
    page: ({ query }) => first(query.get('$skiptoken')),
    size: () => undefined,
    answer(page, size, book, asked) {
      const { items, next } = book.page(page, size)
      const more =
        next === undefined ? {} : { '@odata.nextLink': `People?$skiptoken=${encodeURIComponent(tokenOf(next))}` }
      return { value: { '@odata.context': `${asked.origin}/odata/$metadata#People`, value: items, ...more } }
    },
    expired: { status: 410, value: { error: { code: 'Gone', message: 'The skip token has expired.' } } },
  },
  'json-api': {
    path: '/articles',
    paginate: 'json-api',
    items: 'data[].attributes',
    names: true,
    page: ({ query }) => first(query.get('page[after]')),
    size: ({ query }) => query.get('page[size]'),
    answer(page, size, book, asked) {
      const { items, next } = book.page(page, size)
      const data = items.map(({ id, n }) => ({ type: 'articles', id, attributes: { n } }))
      const href = next === undefined ? null : linkTo(asked, this.path, { 'page[after]': tokenOf(next) })
      return {
        headers: { 'content-type': 'application/vnd.api+json' },
        value: { data, links: { self: asked.origin, next: href } },
      }
    },
    expired: { status: 400, value: { errors: [{ status: '400', source: { parameter: 'page[after]' } }] } },
  },
  mediawiki: {
    path: '/w/api.php?action=query&list=categorymembers&format=json',
    paginate: 'mediawiki',
    items: 'query.categorymembers',
    names: true,
    page: ({ query }) => first(query.get('cmcontinue')),
    size: ({ query }) => query.get('cmlimit'),
    answer(page, size, book) {
      const { items, next } = book.page(page, size)
      const more = next === undefined ? {} : { continue: { cmcontinue: tokenOf(next), continue: '-||' } }
      return { value: { batchcomplete: '', ...more, query: { categorymembers: items } } }
    },
    expired: { value: { error: { code: 'badcontinue', info: 'Invalid continue param.' } } },
  },
  /** The id of the point in time changes with each response; the server wants the latest one. */
  elasticsearch: {
    path: '/_search',
    body: { size: 10, query: { match_all: {} }, sort: [{ n: 'asc' }], pit: { id: 'pit-0', keep_alive: '1m' } },
    paginate: 'elasticsearch',
    items: 'hits.hits[]._source',
    page({ body }, size) {
      const after = (body['search_after'] as readonly [number] | undefined)?.[0]
      const page = after === undefined ? 0 : Math.ceil((after + 1) / size)
      return (body['pit'] as { id: string }).id === `pit-${page}` ? page : undefined
    },
    size: ({ body }) => body['size'],
    answer(page, size, book) {
      const { items, next } = book.page(page, size)
      const sort = (item: Item, at: number): number =>
        next === page && at === items.length - 1 ? page * size - 1 : item.n
      const hits = items.map((item, at) => ({ _id: item.id, _source: item, sort: [sort(item, at)] }))
      const total = { value: book.total, relation: 'eq' }
      const pit_id = `pit-${next === page ? page : page + 1}`
      return { value: { pit_id, timed_out: false, _shards: { total: 1, failed: 0 }, hits: { total, hits } } }
    },
    expired: { status: 404, value: { error: { type: 'search_context_missing_exception' }, status: 404 } },
  },
  graphql: {
    path: '/graphql',
    body: {
      query:
        'query ($first: Int, $cursor: String) { repo { issues(first: $first, after: $cursor) { nodes { n } pageInfo { hasNextPage endCursor } } } }',
      variables: { first: 10 },
    },
    paginate: 'relay',
    items: 'data.repo.issues.nodes',
    names: true,
    page: ({ body }) => first((body['variables'] as { cursor?: string } | undefined)?.cursor),
    size: ({ body }) => (body['variables'] as { first?: number } | undefined)?.first,
    answer(page, size, book) {
      const { items, next } = book.page(page, size)
      const pageInfo = { hasNextPage: next !== undefined, endCursor: tokenOf(next ?? page + 1) }
      return { value: { data: { repo: { issues: { nodes: items, pageInfo } } } } }
    },
    expired: { value: { data: null, errors: [{ message: 'Invalid cursor.', path: ['repo', 'issues'] }] } },
  },
  'django rest': {
    path: '/api/items/',
    paginate: { style: 'cursor', next: 'next' },
    items: 'results',
    names: true,
    page: ({ query }) => numbered(query.get('page')),
    size: ({ query }) => query.get('page_size'),
    answer(page, size, book, asked) {
      const { items, next } = book.page(page, size)
      const to = (number: number): string => linkTo(asked, this.path, { page: String(number) })
      return {
        value: {
          count: book.total,
          next: next === undefined ? null : to(next + 1),
          previous: page === 0 ? null : to(page),
          results: items,
        },
      }
    },
    expired: { status: 404, value: { detail: 'Invalid page.' } },
  },
  'offset with a total': {
    path: '/entries',
    paginate: { style: 'offset', param: 'skip', total: 'total' },
    items: 'items',
    together: true,
    page: ({ query }, size) => Math.floor(Number(query.get('skip') ?? 0) / size),
    size: ({ query }) => query.get('limit'),
    answer(_page, size, book, { query }) {
      const skip = Number(query.get('skip') ?? 0)
      return { value: { total: book.total, skip, limit: size, items: book.slice(skip, size) } }
    },
  },
  'offset without a total': {
    path: '/rows',
    paginate: { style: 'offset' },
    items: '@',
    page: ({ query }, size) => Math.ceil(Number(query.get('offset') ?? 0) / size),
    size: ({ query }) => query.get('limit'),
    answer(_page, size, book, { query }) {
      return { value: book.slice(Number(query.get('offset') ?? 0), size) }
    },
  },
  'page numbers with a total': {
    path: '/posts',
    paginate: { style: 'page', total: 'meta.total_pages' },
    items: 'data',
    together: true,
    page: ({ query }) => numbered(query.get('page')),
    size: ({ query }) => query.get('per_page'),
    answer(page, size, book) {
      const meta = { current_page: page + 1, total_pages: lastOf(book, size), per_page: size, total: book.total }
      return { value: { data: book.slice(page * size, size), meta } }
    },
  },
} satisfies Record<string, Dialect>

export type DialectName = keyof typeof DIALECTS
