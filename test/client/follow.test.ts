/** What `follow` and `items` make of a request: its pages, their order, and how they end. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ParallelRequests, PartialFailureError, RequestError, parallelRequests } from '../../src/index.ts'
import type { Follow, FollowContext, OkOutcome, Outcome } from '../../src/index.ts'
import { echoServer } from '../support/echo-server.ts'
import type { Echo, EchoServer } from '../support/echo-server.ts'

interface Page {
  readonly items?: readonly unknown[]
  readonly next?: unknown
  readonly details?: readonly unknown[]
  readonly status?: number
}
type Site = Readonly<Record<string, Page>>

/** Serves the pages of a site by their path and query; what is not there is a 404. */
async function site(pages: Site | ((echo: Echo) => Page)): Promise<EchoServer> {
  return echoServer((echo, response) => {
    const page = typeof pages === 'function' ? pages(echo) : pages[echo.url]
    const { status = page === undefined ? 404 : 200, ...value } = page ?? {}
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  })
}

const followNext = ({ value }: OkOutcome<Page>): string | undefined => value.next as string | undefined
const itemsOf = ({ items }: Page): readonly unknown[] | undefined => items
const NEXT = { follow: followNext as Follow, items: itemsOf }
const TREE = {
  follow: (({ value }: OkOutcome<Page>) => value.details ?? value.next) as Follow,
  items: itemsOf,
}

const LETTERS: Site = {
  '/a': { items: ['a1', 'a2'], next: '/a?page=2' },
  '/a?page=2': { items: ['a3'], next: '/a?page=3' },
  '/a?page=3': { items: ['a4'] },
  '/b': { items: ['b1'], next: '/b?page=2' },
  '/b?page=2': { items: [] },
  '/c': { items: ['c1'] },
  '/broken': { items: ['x1', 'x2'], next: '/broken?page=2' },
  '/broken?page=2': { items: ['x3'], next: '/gone' },
}

function newClient(options: object = {}): ParallelRequests {
  const client = new ParallelRequests(options)
  onTestFinished(() => client.close())
  return client
}

async function streamed(
  urls: Iterable<unknown> | AsyncIterable<unknown>,
  { blockPrivateAddresses = false, ...options }: { readonly [name: string]: unknown },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for await (const outcome of newClient({ blockPrivateAddresses }).stream(urls as string[], options))
    outcomes.push(outcome)
  return outcomes
}

const failureOf = async (promise: Promise<unknown>): Promise<RequestError> => {
  const error: unknown = await promise.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(RequestError)
  return error as RequestError
}

/** The code of the failure that one URL ends with, or its items. */
async function endOf(url: string, options: object): Promise<unknown> {
  const outcome = await parallelRequests(url, { ...options, onFailure: 'settle' } as { onFailure: 'settle' })
  return outcome.ok
    ? outcome.value
    : { code: outcome.error.code, items: outcome.error.items, why: outcome.error.message }
}

describe('the value of a request with follow-ups', () => {
  test('one URL gives its items, over all pages', async () => {
    const { url } = await site(LETTERS)
    expect(await parallelRequests(`${url}/a`, NEXT)).toEqual(['a1', 'a2', 'a3', 'a4'])
  })

  test('without items it is the list of the values of all pages', async () => {
    const { url } = await site(LETTERS)
    expect(await parallelRequests(`${url}/b`, { follow: followNext })).toEqual([LETTERS['/b'], LETTERS['/b?page=2']])
    expect(await parallelRequests(`${url}/c`, { follow: followNext })).toEqual([LETTERS['/c']])
  })

  test('items without follow gives the items of the one page', async () => {
    const { url } = await site(LETTERS)
    expect(await parallelRequests([`${url}/a`, `${url}/c`], { items: itemsOf })).toEqual([['a1', 'a2'], ['c1']])
  })

  test('a page without items adds none', async () => {
    const { url } = await site({ '/': { next: '/2' }, '/2': { items: [1] } })
    expect(await parallelRequests(url, NEXT)).toEqual([1])
  })

  test('a list gives one list for each URL, in the order of the input', async () => {
    const { url } = await site(LETTERS)
    expect(
      await parallelRequests(
        ['/a', '/b', '/c'].map(path => url + path),
        NEXT,
      ),
    ).toEqual([['a1', 'a2', 'a3', 'a4'], ['b1'], ['c1']])
  })

  test('an empty list gives an empty list', async () => {
    expect(await parallelRequests([], NEXT)).toEqual([])
    expect(await parallelRequests([], { ...NEXT, flatten: true })).toEqual([])
  })

  test('keys give an object of lists', async () => {
    const { url } = await site(LETTERS)
    const byKey = await parallelRequests([`${url}/b`, `${url}/a`], { ...NEXT, keys: ['b', 'a'] })
    expect(byKey).toEqual({ b: ['b1'], a: ['a1', 'a2', 'a3', 'a4'] })
  })

  test('flatten gives one list, in the order of the input', async () => {
    const { url } = await site(LETTERS)
    const urls = ['/c', '/a', '/b'].map(path => url + path)
    expect(await parallelRequests(urls, { ...NEXT, flatten: true })).toEqual(['c1', 'a1', 'a2', 'a3', 'a4', 'b1'])
  })

  test('flatten joins values that are lists, without follow-ups too', async () => {
    const { url } = await echoServer(({ url: path }, response) => response.end(path === '/list' ? '[1,[2]]' : '{}'))
    expect(await parallelRequests([`${url}/list`, url], { flatten: true })).toEqual([1, [2], {}])
  })

  test('requests with follow-ups of their own are lists beside others that are none', async () => {
    const { url } = await site(LETTERS)
    const [own, plain] = await parallelRequests([{ url: `${url}/a`, ...NEXT }, `${url}/c`])
    expect(own).toEqual(['a1', 'a2', 'a3', 'a4'])
    expect(plain).toEqual(LETTERS['/c'])
  })

  test('what a request has of its own holds for its pages, unless they have their own', async () => {
    const { url } = await echoServer(({ url: path }, response) => response.end(JSON.stringify({ path })))
    const follow: Follow = (_outcome, { page }) =>
      page === 0 ? '/2' : page === 1 ? { url: '/3', returnType: 'json', maxRetries: 0 } : undefined
    const spec = { url: `${url}/1`, returnType: 'text', follow } as const
    expect(await parallelRequests([spec, url], { returnType: 'content', parseFunc: value => value })).toEqual([
      ['{"path":"/1"}', '{"path":"/2"}', { path: '/3' }],
      new TextEncoder().encode('{"path":"/"}'),
    ])
  })

  test('an outcome has the warnings of all that followed, those of a list included', async () => {
    const other = await site({ '/detail': { items: ['d'] } })
    const { url } = await site({ '/': { items: ['a'], details: [`${other.url}/detail`] } })
    const options = { ...TREE, onFailure: 'settle', auth: { bearer: 'x' } } as const
    const outcome = await parallelRequests(url, options)
    expect(outcome).toMatchObject({ ok: true, value: ['a', 'd'] })
    expect(outcome.warnings).toEqual([expect.stringContaining('is another origin')])
  })

  test('settle gives an outcome with the whole list, all attempts, and the response of the first page', async () => {
    const { url } = await site(LETTERS)
    const [a, broken] = await parallelRequests([`${url}/a`, `${url}/broken`], { ...NEXT, onFailure: 'settle' })
    expect(a).toMatchObject({ ok: true, id: '#0', index: 0, value: ['a1', 'a2', 'a3', 'a4'], attempts: 3 })
    expect(a?.response?.url).toBe(`${url}/a`)
    expect(a).not.toHaveProperty('items')
    expect(broken).toMatchObject({ ok: false, index: 1, error: { code: 'http/404', items: ['x1', 'x2', 'x3'] } })
  })

  test('null stands for a request of which a page failed', async () => {
    const { url } = await site(LETTERS)
    const urls = ['/broken', '/b'].map(path => url + path)
    expect(await parallelRequests(urls, { ...NEXT, onFailure: 'null' })).toEqual([null, ['b1']])
  })

  test('a page that fails fails its request, and the error has the items so far', async () => {
    const { url } = await site(LETTERS)
    const error = await failureOf(parallelRequests(`${url}/broken`, NEXT))
    expect(error).toMatchObject({ code: 'http/404', url: `${url}/gone`, index: 0, items: ['x1', 'x2', 'x3'] })
  })

  test('without items the error has the values of the pages so far', async () => {
    const { url } = await site(LETTERS)
    const error = await failureOf(parallelRequests(`${url}/broken`, { follow: followNext }))
    expect(error.items).toEqual([LETTERS['/broken'], LETTERS['/broken?page=2']])
  })

  test('a list of which one request fails rejects with an error that has every outcome', async () => {
    const { url } = await site(LETTERS)
    const error: unknown = await parallelRequests([`${url}/a`, `${url}/broken`, `${url}/c`], NEXT).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(PartialFailureError)
    const { values, outcomes, failures } = error as PartialFailureError
    expect(values).toEqual([['a1', 'a2', 'a3', 'a4'], undefined, ['c1']])
    expect(outcomes).toHaveLength(3)
    expect(failures).toHaveLength(1)
    expect(failures[0]?.error.items).toEqual(['x1', 'x2', 'x3'])
  })

  test('an error prints no items', async () => {
    const { url } = await site({ '/': { items: ['my secret item'], next: '/gone' } })
    const error = await failureOf(parallelRequests(url, NEXT))
    expect(error.items).toEqual(['my secret item'])
    expect(JSON.stringify(error)).not.toContain('my secret item')
    expect(String(error.stack)).not.toContain('my secret item')
  })
})

describe('the order of pages', () => {
  const FOREST: Site = {
    '/': { items: ['r'], details: ['/1', '/2'] },
    '/1': { items: ['1'], details: ['/1/1', '/1/2'] },
    '/1/1': { items: ['1.1'], next: '/1/1?p=2' },
    '/1/1?p=2': { items: ['1.1b'] },
    '/1/2': { items: ['1.2'] },
    '/2': { items: ['2'], next: '/2?p=2' },
    '/2?p=2': { items: ['2b'], details: ['/2/1'] },
    '/2/1': { items: ['2.1'] },
  }
  const ORDER = ['r', '1', '1.1', '1.1b', '1.2', '2', '2b', '2.1']
  const slow = (pages: Site, delays: readonly number[]) => {
    let count = 0
    return echoServer(({ url }, response) => {
      setTimeout(() => response.end(JSON.stringify(pages[url])), delays[count++ % delays.length])
    })
  }

  test('each page is followed by what it leads to, whatever arrives first', async () => {
    const { url } = await slow(FOREST, [0, 20, 0, 0, 30, 5])
    expect(await parallelRequests(`${url}/`, TREE)).toEqual(ORDER)
    const stream = await streamed([`${url}/`, `${url}/2`], { ...TREE, order: 'input' })
    expect(stream.flatMap(outcome => (outcome.ok ? outcome.items : []))).toEqual([...ORDER, '2', '2b', '2.1'])
  })

  test('a stream gives each page once, with its id and that of the page before it', async () => {
    const { url } = await site(FOREST)
    const outcomes = await streamed([`${url}/`], { ...TREE, order: 'input' })
    expect(outcomes.map(({ id, parent, index }) => [id, parent, index])).toEqual([
      ['#0', undefined, 0],
      ['#0/1', '#0', 0],
      ['#0/1/1', '#0/1', 0],
      ['#0/1/1/1', '#0/1/1', 0],
      ['#0/1/2', '#0/1', 0],
      ['#0/2', '#0', 0],
      ['#0/2/1', '#0/2', 0],
      ['#0/2/1/1', '#0/2/1', 0],
    ])
  })

  test('follow knows where a page stands', async () => {
    const { url } = await site(FOREST)
    const seen: FollowContext[] = []
    const follow: Follow = (outcome, context) => (seen.push(context), TREE.follow(outcome, context))
    await parallelRequests([{ url: `${url}/`, key: 'k' }], { ...TREE, follow })
    const byId = new Map(seen.map(context => [context.id, context]))
    expect(byId.get('k:k')).toEqual({ id: 'k:k', index: 0, key: 'k', depth: 0, page: 0, items: 1 })
    expect(byId.get('k:k/2/1')).toMatchObject({ depth: 1, page: 1, key: 'k' })
    expect(byId.get('k:k/2/1/1')).toMatchObject({ depth: 2, page: 0, items: 8 })
    expect(seen).toHaveLength(8)
  })

  test('a single request is the next page, and a list of one is a level deeper', async () => {
    const { url } = await site({ '/': { items: [1], details: ['/d'], next: '/n' }, '/d': {}, '/n': {} })
    const depths: number[] = []
    const options = (pick: (page: Page) => unknown) => ({
      follow: (({ value }: OkOutcome<Page>, { depth }: FollowContext) => (depths.push(depth), pick(value))) as Follow,
    })
    await parallelRequests(
      `${url}/`,
      options(page => page.next),
    )
    await parallelRequests(
      `${url}/`,
      options(page => page.details),
    )
    expect(depths).toEqual([0, 0, 0, 1])
  })

  test('order: input with a window of one does not lock', async () => {
    const { url } = await slow(FOREST, [0, 5, 1])
    const outcomes = await streamed([`${url}/`, `${url}/1`, `${url}/2`], { ...TREE, order: 'input', window: 1 })
    expect(outcomes.flatMap(outcome => (outcome.ok ? outcome.items : []))).toEqual([
      ...ORDER,
      ...ORDER.slice(1, 5),
      ...ORDER.slice(5),
    ])
  })
})

describe('limits of follow-ups', () => {
  const endless = () => site(({ url }) => ({ items: [url], next: `${url}x` }))

  test('one page more than maxPages fails, with the items so far', async () => {
    const { url } = await endless()
    const end = await endOf(`${url}/`, { ...NEXT, maxPages: 3 })
    expect(end).toMatchObject({ code: 'follow/too_many', items: ['/', '/x', '/xx'] })
    expect((end as { why: string }).why).toContain('more than 3 pages')
  })

  test('pages that are announced and are too many are not requested', async () => {
    const server = await echoServer(({ url }, response) => {
      response.end(JSON.stringify({ last: 100_000, rows: [new URL(url, 'http://x').searchParams.get('page') ?? '1'] }))
    })
    const paginate = { style: 'page', total: 'last', items: 'rows' } as const
    const error: unknown = await parallelRequests(server.url, { paginate, maxPages: 30 }).catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'follow/too_many', items: ['1'] })
    expect(server.requests).toHaveLength(1)
  })

  test('more pages than are kept ready are all requested, in order', async () => {
    const { url } = await site(({ url: asked }) => ({ items: [Number(asked.slice(7))], last: 2_500 }) as Page)
    const paginate = { style: 'page', total: 'last', items: 'items' } as const
    const items = await parallelRequests(`${url}/?page=1`, { paginate })
    expect(items).toEqual(Array.from({ length: 2_500 }, (_, at) => at + 1))
  })

  test('as many pages as maxPages are no failure', async () => {
    const { url } = await site(LETTERS)
    expect(await endOf(`${url}/a`, { ...NEXT, maxPages: 3 })).toEqual(['a1', 'a2', 'a3', 'a4'])
    expect(await endOf(`${url}/a`, { ...NEXT, maxPages: 2 })).toMatchObject({ code: 'follow/too_many' })
  })

  test('maxPages counts the pages of each request of the input on its own, lists included', async () => {
    const { url, requests } = await site(({ url: path }) => ({ details: path === '/' ? ['/1', '/2', '/3'] : [] }))
    const [one, two] = (await parallelRequests([`${url}/`, `${url}/`], {
      ...TREE,
      maxPages: 3,
      onFailure: 'settle',
    })) as Outcome[]
    expect(one?.error?.code).toBe('follow/too_many')
    expect(two?.error?.code).toBe('follow/too_many')
    expect(requests).toHaveLength(6)
  })

  test('maxItems ends a request without an error, in the middle of a page', async () => {
    const { url, requests } = await site(LETTERS)
    expect(await endOf(`${url}/a`, { ...NEXT, maxItems: 3 })).toEqual(['a1', 'a2', 'a3'])
    expect(await endOf(`${url}/a`, { ...NEXT, maxItems: 1 })).toEqual(['a1'])
    expect(requests.map(({ url: path }) => path)).toEqual(['/a', '/a?page=2', '/a'])
  })

  test('until ends a request before the item for which it is true', async () => {
    const { url, requests } = await site(LETTERS)
    expect(await endOf(`${url}/a`, { ...NEXT, until: (item: unknown) => item === 'a3' })).toEqual(['a1', 'a2'])
    expect(requests).toHaveLength(2)
    expect(await endOf(`${url}/a`, { ...NEXT, until: () => true })).toEqual([])
  })

  test('maxDepth levels may be followed, and one more fails', async () => {
    const { url } = await site(({ url: path }) => ({ items: [path], details: [`${path}x`] }))
    const end = await endOf(`${url}/`, { ...TREE, maxDepth: 2 })
    expect(end).toMatchObject({ code: 'follow/depth', items: ['/', '/x', '/xx'] })
  })

  test('a chain of next pages does not count as depth', async () => {
    const { url } = await site(LETTERS)
    expect(await endOf(`${url}/a`, { ...NEXT, maxDepth: 1 })).toEqual(['a1', 'a2', 'a3', 'a4'])
  })
})

describe('loops', () => {
  test.each<[string, Site]>([
    ['a page that names itself', { '/': { items: [1], next: '/' } }],
    ['two pages that name one another', { '/': { items: [1], next: '/2' }, '/2': { items: [2], next: '/' } }],
    ['a detail that names its list', { '/': { items: [1], details: ['/d'] }, '/d': { items: [2], details: ['/'] } }],
  ])('%s fails', async (_what, pages) => {
    const { url, requests } = await site(pages)
    const end = await endOf(`${url}/`, TREE)
    expect(end).toMatchObject({ code: 'follow/loop' })
    expect((end as { why: string }).why).toContain('the page was requested before: GET')
    expect(requests).toHaveLength(Object.keys(pages).length)
  })

  test('the same URL in two requests of the input is none', async () => {
    const { url } = await site({ '/': { items: [1], next: '/2' }, '/2': { items: [2] } })
    expect(await parallelRequests([`${url}/`, `${url}/`, `${url}/2`], NEXT)).toEqual([[1, 2], [1, 2], [2]])
  })

  test('the same detail twice in one list is none', async () => {
    const { url } = await site({ '/': { items: [], details: ['/d', '/d'] }, '/d': { items: ['d'] } })
    expect(await parallelRequests(`${url}/`, TREE)).toEqual(['d', 'd'])
  })

  test('the same URL with another body is none', async () => {
    const { url } = await site(({ body }) => ({ items: [body], next: body === '"0"' ? '1' : undefined }))
    const follow = (({ value }: OkOutcome<Page>) =>
      value.next === undefined ? undefined : { url, method: 'POST', json: value.next }) as Follow
    expect(await parallelRequests({ url, method: 'POST', json: '0' }, { follow, items: itemsOf })).toEqual([
      '"0"',
      '"1"',
    ])
  })
})

describe('a follow that misbehaves', () => {
  const one = () => site({ '/': { items: ['first'], next: '/2' }, '/2': { items: ['second'] } })

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('a mistake')
      },
    ],
    ['rejects', () => Promise.reject(new Error('a mistake'))],
  ])('fails the page when it %s, with the items of that page', async (_what, follow) => {
    const { url } = await one()
    const end = await endOf(`${url}/`, { ...NEXT, follow })
    expect(end).toMatchObject({ code: 'follow/callback', items: ['first'] })
    expect((end as { why: string }).why).toContain('follow threw: a mistake')
  })

  test.each<[string, object]>([
    ['items', { items: () => JSON.parse('{') as never }],
    ['until', { until: () => JSON.parse('{') as never }],
  ])('fails the page when %s throws', async (_what, options) => {
    const { url } = await one()
    expect(await endOf(`${url}/`, { ...NEXT, ...options })).toMatchObject({ code: 'follow/callback' })
  })

  test('items that are no list fail the page', async () => {
    const { url } = await one()
    expect(await endOf(`${url}/`, { ...NEXT, items: () => 'abc' })).toMatchObject({
      code: 'follow/items',
      why: expect.stringContaining('expected a list from the function items, got a string') as string,
    })
  })

  test('a request that throws when it is read fails alone', async () => {
    const server = await echoServer((_request, response) => response.end('1'))
    const follow: Follow = (_outcome, { depth }) =>
      depth > 0
        ? undefined
        : [
            {
              get url(): string {
                throw new Error('no url')
              },
            },
            '/other',
          ]
    const client = newClient()
    const outcome = await client.request(server.url, { follow, onFailure: 'settle' })
    expect(outcome.error).toMatchObject({ code: 'invalid_request/unreadable', items: [1, 1] })
  })

  test('an object of a server is no failure of this library, whatever it looks like', async () => {
    const next = { kind: 'fault', code: 'timeout/total', message: 'said the server' }
    const server = await echoServer((_request, response) => response.end(JSON.stringify({ next })))
    const sync = ({ value }: OkOutcome<{ next: object }>): never => value.next as never
    for (const follow of [sync, async (outcome: OkOutcome<{ next: object }>) => Promise.resolve(sync(outcome))]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const outcome = await newClient().request(server.url, { follow, onFailure: 'settle' })
      expect(outcome.error?.code).toMatch(/^invalid_request\//)
    }
  })

  test('an empty text is the end, as in many APIs', async () => {
    const server = await echoServer((_request, response) => response.end('{"next":""}'))
    const follow = ({ value }: OkOutcome<{ next: string }>): string => value.next
    expect(await newClient().request(server.url, { follow })).toEqual([{ next: '' }])
  })

  test('a path of one request that does not compile fails that request', async () => {
    const server = await echoServer((_request, response) => response.end('[1]'))
    const client = newClient()
    const outcomes = await client.request(
      [
        { url: server.url, items: '[[' },
        { url: server.url, items: '@' },
      ],
      {
        onFailure: 'settle',
      },
    )
    expect(outcomes.map(({ value, error }) => error?.code ?? value)).toEqual(['invalid_request/options', [1]])
  })

  test('a promise that never settles ends with timeouts.callback', async () => {
    const { url } = await one()
    const follow = (): Promise<never> => new Promise(() => undefined)
    expect(await endOf(`${url}/`, { ...NEXT, follow, timeouts: { callback: '20ms' } })).toMatchObject({
      code: 'timeout/callback',
      items: ['first'],
    })
  })

  test.each<[string, unknown, string, RegExp]>([
    ['a number', 7, 'invalid_request/url', /expected/],
    ['true', true, 'invalid_request/url', /expected/],
    ['a list with null', [null], 'invalid_request/url', /expected/],
    ['a list in a list', [['/2']], 'invalid_request/url', /expected/],
    ['an empty object', {}, 'invalid_request/url', /url/],
    ['an unknown field', { url: '/2', metod: 'POST' }, 'invalid_request/field', /metod/],
    ['a key', { url: '/2', key: 'x' }, 'invalid_request/key', /key: expected none in a follow-up/],
    ['another scheme', 'ftp://127.0.0.1/2', 'redirect/scheme', /ftp:/],
    ['a script', 'javascript:alert(1)', 'redirect/scheme', /javascript:/],
    ['an invalid URL', 'http://[', 'invalid_request/url', /./],
  ])('%s fails as a request of its own', async (_what, returned, code, why) => {
    const { url, requests } = await one()
    const end = await endOf(`${url}/`, { ...NEXT, follow: (() => returned) as Follow })
    expect(end).toMatchObject({ code, items: ['first'], why: expect.stringMatching(why) as string })
    expect(requests).toHaveLength(1)
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['an empty list', []],
    ['a promise of nothing', Promise.resolve()],
  ])('%s ends the chain', async (_what, returned) => {
    const { url } = await one()
    expect(await endOf(`${url}/`, { ...NEXT, follow: (() => returned) as Follow })).toEqual(['first'])
  })

  test('a relative URL is resolved against the page, after redirects', async () => {
    const { url, requests } = await echoServer(({ url: path }, response) => {
      if (path === '/start') return void response.writeHead(302, { location: '/deep/er/page' }).end()
      response.end(JSON.stringify({ next: path === '/deep/er/page' ? '../next?x=1' : null }))
    })
    await parallelRequests(`${url}/start`, { follow: followNext })
    expect(requests.map(({ url: path }) => path)).toEqual(['/start', '/deep/er/page', '/deep/next?x=1'])
  })

  test('URL objects, requests and fetch Requests are taken', async () => {
    const { url, requests } = await site(({ url: path }) => ({ items: [path] }))
    const follow: Follow = ({ request }) =>
      request.url === `${url}/`
        ? [new URL('/u', url), { url: '/spec', method: 'PUT', json: 1 }, new Request(`${url}/fetch`)]
        : undefined
    expect(await parallelRequests(`${url}/`, { follow, items: itemsOf })).toEqual(['/', '/u', '/spec', '/fetch'])
    expect(requests.find(({ url: path }) => path === '/spec')).toMatchObject({ method: 'PUT', body: '1' })
  })

  test('a private address is refused with blockPrivateAddresses', async () => {
    const { url, requests } = await one()
    const resume = join(mkdtempSync(join(tmpdir(), 'follow-')), 'run.jsonl')
    // Every server of the tests has a private address, so the first page comes from a run file.
    await parallelRequests([`${url}/`], { items: itemsOf, resume })
    const [outcome] = await streamed([`${url}/`], { ...NEXT, resume, blockPrivateAddresses: true }).then(all =>
      all.filter(({ ok }) => !ok),
    )
    expect(outcome).toMatchObject({ id: '#0/1', error: { code: 'blocked/address' } })
    expect(requests).toHaveLength(1)
  })
})
