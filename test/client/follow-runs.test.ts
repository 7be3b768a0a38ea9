/** Follow-ups are requests of the run like those of the input: the same limits, credentials, events and ends. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ParallelRequests, PartialFailureError, parallelRequests } from '../../src/index.ts'
import type { Follow, OkOutcome, Outcome, Progress } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { echoServer } from '../support/echo-server.ts'
import type { Respond } from '../support/echo-server.ts'
import { nodeServer } from '../support/node-h2-server.ts'
import { sized } from '../support/size.ts'
import { tlsFixture } from '../support/raw-server.ts'

interface Numbered {
  readonly n: number
  readonly last: number
}

const numberIn = (url: string): number => Number(new URL(url, 'http://x').searchParams.get('n'))
const pageOf = (url: string): Numbered => {
  const last = Number(new URL(url, 'http://x').searchParams.get('last') ?? 3)
  return { n: numberIn(url), last }
}
/** Answers `?n=1&last=3` with its number and that of the last page. */
const numbered: Respond = ({ url }, response) => void response.end(JSON.stringify(pageOf(url)))

/** The next page is named as most servers do: as the URL of this one with another number. */
const CHAIN = {
  follow: (({ value: { n, last }, request }: OkOutcome<Numbered>) =>
    n < last ? request.url.replace(/n=\d+/, `n=${n + 1}`) : undefined) as Follow,
  items: ({ n }: Numbered) => [n],
}

/** `last` requests from the first one, all at once. */
const FAN = {
  follow: (({ value: { n, last }, request: { url } }: OkOutcome<Numbered>) =>
    n === 0 ? Array.from({ length: last }, (_, at) => url.replace('n=0', `n=${at + 1}`)) : undefined) as Follow,
  items: ({ n }: Numbered) => [n],
}

function newClient(options: object = {}): ParallelRequests {
  const client = new ParallelRequests(options)
  onTestFinished(() => client.close())
  return client
}

async function collected(stream: AsyncIterable<Outcome>): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for await (const outcome of stream) outcomes.push(outcome)
  return outcomes
}

const countTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1)

describe('what a follow-up inherits', () => {
  test('headers and credentials of its row, and those of the options, at the same origin', async () => {
    const server = await echoServer(numbered)
    const spec = {
      url: `${server.url}/?n=1`,
      headers: { 'x-row': 'mine', 'x-common': 'replaced' },
      auth: { bearer: 'row-token' },
    }
    await parallelRequests([spec], { ...CHAIN, headers: { 'x-common': 'a', 'x-all': 'b' }, auth: { bearer: 'other' } })
    expect(server.requests).toHaveLength(3)
    for (const { headers } of server.requests) {
      expect(headers).toMatchObject({
        authorization: 'Bearer row-token',
        'x-row': 'mine',
        'x-common': 'replaced',
        'x-all': 'b',
      })
    }
  })

  test('what it brings itself replaces what it would inherit', async () => {
    const server = await echoServer(numbered)
    const follow: Follow = (_outcome, { page }) =>
      page === 0 ? { url: '/2', headers: { 'x-row': 'own' }, auth: { bearer: 'own-token' } } : undefined
    const spec = { url: `${server.url}/?n=1`, headers: { 'x-row': 'mine' }, auth: { bearer: 'row-token' } }
    await parallelRequests([spec], { follow })
    expect(server.requests[1]?.headers).toMatchObject({ authorization: 'Bearer own-token', 'x-row': 'own' })
  })

  test('nothing secret at another origin, and a warning says so', async () => {
    const home = await echoServer(numbered)
    const other = await echoServer(numbered)
    const follow: Follow = (_outcome, { page }) => (page === 0 ? `${other.url}/?n=2` : undefined)
    const client = newClient({ auth: { bearer: 'secret' }, headers: { 'x-api-key': 'k', 'x-trace': 't' } })
    const specs = [{ url: `${home.url}/?n=1`, headers: { cookie: 'sid=1' } }]
    const [first, second] = await collected(client.stream(specs, { follow, order: 'input' }))
    expect(first?.warnings).toEqual([])
    expect(second?.warnings).toEqual([`${other.url} is another origin, so it did not get the headers and credentials`])
    expect(home.requests[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'x-api-key': 'k' })
    const sent = JSON.stringify(other.requests[0]?.headers)
    for (const secret of ['secret', 'sid', 'x-api-key']) expect(sent).not.toContain(secret)
  })

  test('back at the first origin it gets them no more, since a stranger named it', async () => {
    const home = await echoServer(numbered)
    const other = await echoServer(numbered)
    const follow: Follow = (_outcome, { page }) => [`${other.url}/`, `${home.url}/back`][page]
    await parallelRequests([{ url: `${home.url}/?n=1`, auth: { bearer: 'secret' } }], { follow })
    expect(home.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer secret', undefined])
  })

  test('nothing secret on any page after the first one at another origin', async () => {
    const home = await echoServer(numbered)
    const other = await echoServer(numbered)
    const urls = [`${other.url}/?n=2`, `${other.url}/?n=3`, `${home.url}/?n=4`, `${home.url}/?n=5`]
    const chain: Follow = (_outcome, { page }) => urls[page]
    const lists: Follow = (_outcome, { depth }) => urls.slice(depth, depth + 1)
    const named = { style: 'cursor', next: () => urls.shift() } as const
    const client = newClient({
      auth: { bearer: 'secret' },
      headers: { 'x-api-key': 'secret' },
      cookies: { sid: 'secret' },
      params: { key: 'secret' },
    })
    const specs = [{ url: `${home.url}/?n=1`, headers: { 'x-row': 'secret' } }]
    for (const options of [{ follow: chain }, { follow: lists }, { paginate: named }]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await client.request(specs, options)
    }
    const sent = [...home.requests, ...other.requests].map(request => JSON.stringify(request))
    const [first, later] = [sent.filter(text => text.includes('n=1')), sent.filter(text => !text.includes('n=1'))]
    expect([first.length, later.length]).toEqual([3, 12])
    for (const text of first) expect(text).toContain('secret')
    for (const text of later) expect(text).not.toContain('secret')
  })

  test('nothing secret on a page that was named where a redirect had led to', async () => {
    const other = await echoServer(numbered)
    const home = await echoServer(({ url }, response) => {
      if (url === '/moved') response.writeHead(302, { location: `${other.url}/` })
      response.end('{}')
    })
    const follow: Follow = (_outcome, { page }) => (page === 0 ? `${home.url}/followed` : undefined)
    const next = (): string | null => (home.requests.some(({ url }) => url === '/paged') ? null : `${home.url}/paged`)
    const client = newClient({ auth: { bearer: 'secret' } })
    await client.request(`${home.url}/moved`, { follow })
    await client.request(`${home.url}/moved`, { paginate: { style: 'cursor', next } })
    expect(home.requests.map(({ url, headers }) => [url, headers['authorization']])).toEqual([
      ['/moved', 'Bearer secret'],
      ['/followed', undefined],
      ['/moved', 'Bearer secret'],
      ['/paged', undefined],
    ])
  })

  test('the pages of another origin inherit what the first one there was given, and nothing of the options', async () => {
    const home = await echoServer(numbered)
    const other = await echoServer(numbered)
    const follow: Follow = (_outcome, { page }) =>
      [{ url: `${other.url}/?n=2`, auth: { bearer: 'theirs' } }, `${other.url}/?n=3`][page]
    const client = newClient({ auth: { bearer: 'secret' }, headers: { 'x-api-key': 'secret' } })
    await client.request(`${home.url}/?n=1`, { follow })
    expect(other.requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer theirs', 'Bearer theirs'])
    expect(JSON.stringify(other.requests)).not.toContain('secret')
  })

  test('params of the options, once', async () => {
    const server = await echoServer(numbered)
    const follow: Follow = (_outcome, { page }) => [`${server.url}/?n=2&api_key=k&lang=fr`, `${server.url}/?n=3`][page]
    await parallelRequests(`${server.url}/?n=1`, { follow, params: { api_key: 'k', lang: 'en' } })
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/?n=1&api_key=k&lang=en',
      '/?n=2&api_key=k&lang=fr',
      '/?n=3&api_key=k&lang=en',
    ])
  })

  test('the cookies of its own user, and of no other', async () => {
    const server = await echoServer(({ url, headers }, response) => {
      const user = headers['authorization']?.slice('Bearer '.length)
      if (numberIn(url) === 1) response.setHeader('set-cookie', `sid=${user}`)
      response.end(JSON.stringify(pageOf(url)))
    })
    const users = ['ann', 'bob'].map(user => ({ url: `${server.url}/?n=1`, auth: { bearer: user } }))
    await parallelRequests(users, { ...CHAIN, concurrency: 1 })
    expect(server.requests).toHaveLength(6)
    for (const { url, headers } of server.requests) {
      const expected = numberIn(url) === 1 ? undefined : headers['authorization']?.replace('Bearer ', 'sid=')
      expect(headers['cookie']).toBe(expected)
    }
  })

  test('a redirect from https to http is no way around: such a page is refused', async () => {
    const transport = mockTransport(() => ({ json: { n: 1, last: 1 } }))
    const follow = (): string => 'http://api.test/'
    const outcome = await parallelRequests('https://api.test/', { transport, follow, onFailure: 'settle' })
    expect(outcome.error?.code).toBe('redirect/downgrade')
    expect(transport.requests).toHaveLength(1)
  })
})

describe('limits hold over follow-ups', () => {
  test('concurrency', async () => {
    const server = await echoServer(
      (echo, response) => void setTimeout(() => numbered(echo, response, null as never), 2),
    )
    const urls = countTo(5).map(row => `${server.url}/?n=0&last=20&row=${row}`)
    const rows = await parallelRequests(urls, { ...FAN, concurrency: 3 })
    expect(rows.flat()).toHaveLength(5 * 21)
    expect(server.mostAtOnce).toBeLessThanOrEqual(3)
  })

  test('rates, in virtual time', async () => {
    const transport = mockTransport(({ url }) => ({ json: pageOf(url), latencyMs: 1 }))
    const urls = countTo(4).map(row => `https://api.test/?n=0&last=9&row=${row}`)
    await parallelRequests(urls, { ...FAN, transport, rateLimit: { limit: 10, interval: '1s' }, rateLimitBurst: 10 })
    const starts = transport.requests.map(({ atMs }) => atMs)
    expect(starts).toHaveLength(40)
    for (const [at, startMs] of starts.entries()) {
      const tenth = starts[at - 10]
      if (tenth !== undefined) expect(startMs - tenth).toBeGreaterThanOrEqual(990)
    }
  })

  test('those of a host, for a page at another one', async () => {
    const transport = mockTransport(({ url }) => ({ json: pageOf(url), latencyMs: 10 }))
    const follow: Follow = ({ request: { url } }) =>
      url.includes('lists') ? countTo(12).map(n => `https://details.test/?n=${n}`) : undefined
    await parallelRequests('https://lists.test/', { follow, transport, hosts: { 'details.test': { concurrency: 2 } } })
    expect(transport.requests).toHaveLength(13)
    expect(transport.mostAtOnce).toBe(2)
  })

  test('a follow-up is retried like any other request', async () => {
    const transport = mockTransport(({ url, attempt }) =>
      url.includes('n=2') && attempt < 3 ? { status: 503 } : { json: pageOf(url) },
    )
    expect(await parallelRequests('https://api.test/?n=1', { ...CHAIN, transport, maxRetries: 3 })).toEqual([1, 2, 3])
    expect(transport.requests).toHaveLength(5)
  })

  test('timeouts.total counts for each page', async () => {
    const transport = mockTransport(({ url }) => ({ json: pageOf(url), latencyMs: 800 }))
    const options = { ...CHAIN, transport, timeouts: { total: '1s' } }
    expect(await parallelRequests('https://api.test/?n=1', options)).toEqual([1, 2, 3])
  })
})

describe('a run that ends early', () => {
  const hanging: Respond = (echo, response, request) =>
    numberIn(echo.url) === 3 ? undefined : numbered(echo, response, request)

  test('an aborted call rejects, and no request looks complete', async () => {
    const server = await echoServer(hanging)
    const aborting = new AbortController()
    const urls = [`${server.url}/?n=1&last=2`, `${server.url}/?n=1&last=9`]
    const waiting = parallelRequests(urls, { ...CHAIN, signal: aborting.signal }).catch((error: unknown) => error)
    while (server.requests.length < 5) await sleep(1)
    aborting.abort(new Error('enough'))
    const { outcomes } = (await waiting) as { outcomes: readonly Outcome[] }
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false])
    expect(outcomes[0]?.value).toEqual([1, 2])
    expect(outcomes[1]?.error).toMatchObject({ code: 'aborted/in_flight', items: [1, 2] })
  })

  test('a stopped stream ends what is open, and each root that was not read to its end fails', async () => {
    const server = await echoServer(
      (echo, response) => void setTimeout(() => numbered(echo, response, null as never), 1),
    )
    const client = newClient({ concurrency: 2 })
    const stream = client.stream(
      countTo(4).map(row => `${server.url}/?n=0&last=50&row=${row}`),
      FAN,
    )
    const outcomes: Outcome[] = []
    for await (const outcome of stream) {
      outcomes.push(outcome)
      if (outcomes.length === 30) stream.stop()
    }
    const failed = outcomes.filter(({ ok }) => !ok)
    expect(new Set(failed.map(({ error }) => error?.code))).toEqual(new Set(['aborted/not_started']))
    expect(new Set(outcomes.map(({ id }) => id)).size).toBe(outcomes.length)
    for (const root of countTo(4).map(row => row - 1)) {
      const pages = outcomes.filter(({ index }) => index === root)
      const isWhole = pages.filter(({ ok }) => ok).length === 51
      expect(isWhole || pages.some(({ ok }) => !ok)).toBe(true)
    }
  })

  test('maxFailures ends all requests, and none of them looks complete', async () => {
    const server = await echoServer((echo, response, request) => {
      if (numberIn(echo.url) === 4) response.statusCode = 404
      numbered(echo, response, request)
    })
    const urls = countTo(20).map(row => `${server.url}/?n=1&last=6&row=${row}`)
    const error: unknown = await parallelRequests(urls, { ...CHAIN, maxFailures: 1, concurrency: 4 }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(PartialFailureError)
    const { outcomes } = error as PartialFailureError
    expect(outcomes).toHaveLength(20)
    expect(outcomes.filter(({ ok }) => ok)).toEqual([])
    expect(new Set(outcomes.map(outcome => outcome.error?.code))).toEqual(new Set(['http/404', 'aborted/not_started']))
  })

  test('an abort ends a page whose follow is under way', async () => {
    const server = await echoServer(numbered)
    const stream = newClient().stream([`${server.url}/?n=1`], {
      items: CHAIN.items,
      follow: () => {
        setImmediate(() => stream.abort())
        return new Promise<undefined>(() => undefined)
      },
    })
    const [outcome, ...others] = await collected(stream)
    expect(others).toEqual([])
    expect(outcome?.error).toMatchObject({ code: 'aborted/in_flight', items: [1] })
  })

  test('closing the client in the middle ends a call and a stream', async () => {
    const server = await echoServer(hanging)
    const client = newClient()
    const call = client.request(`${server.url}/?n=1&last=9`, { ...CHAIN, onFailure: 'settle' })
    const reading = collected(client.stream([`${server.url}/?n=2&last=9`], CHAIN))
    while (server.requests.length < 5) await sleep(1)
    await client.close()
    expect(await call).toMatchObject({ ok: false, error: { code: 'aborted/in_flight', items: [1, 2] } })
    expect((await reading).map(({ id, error }) => [id, error?.code])).toEqual([
      ['#0', undefined],
      ['#0/1', 'aborted/in_flight'],
    ])
  })

  test('leaving the loop of a stream sends no further page', async () => {
    const server = await echoServer(numbered)
    const client = newClient()
    for await (const outcome of client.stream([`${server.url}/?n=1&last=1000`], { ...CHAIN, window: 1 })) {
      if (outcome.id === '#0/2') break
    }
    const sent = server.requests.length
    await sleep(20)
    expect(server.requests.length).toBe(sent)
    expect(sent).toBeLessThan(10)
  })

  test('an input that throws keeps the outcomes of what was begun', async () => {
    const server = await echoServer(numbered)
    async function* input(): AsyncGenerator<string> {
      yield `${server.url}/?n=1`
      throw new Error('the database is gone')
    }
    const error: unknown = await parallelRequests(input(), CHAIN).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'InputError', outcomes: [{ ok: true, value: [1, 2, 3] }] })
  })
})

describe('lazy inputs', () => {
  test('an input that waits long does not hold up the follow-ups', async () => {
    const server = await echoServer(numbered)
    let goOn = (): void => undefined
    const waits = new Promise<void>(resolve => (goOn = resolve))
    async function* input(): AsyncGenerator<string> {
      yield `${server.url}/?n=1&last=5`
      await waits
      yield `${server.url}/?n=1&last=1`
    }
    const ids: string[] = []
    for await (const { id } of newClient().stream(input(), CHAIN)) {
      ids.push(id)
      // The input goes on only when all pages of its first request are there.
      if (ids.length === 5) goOn()
    }
    expect(ids).toEqual(['#0', '#0/1', '#0/2', '#0/3', '#0/4', '#1'])
  })

  test('an input that ends before the last page arrives loses none', async () => {
    const server = await echoServer(numbered)
    function* input(): Generator<string> {
      yield `${server.url}/?n=1&last=7`
    }
    expect(await parallelRequests(input(), CHAIN)).toEqual([countTo(7)])
  })

  test.each(['completed', 'input'] as const)('a window of one reads everything, order: %s', async order => {
    const server = await echoServer(numbered)
    async function* input(): AsyncGenerator<string> {
      for (const row of countTo(3)) yield `${server.url}/?n=0&last=4&row=${row}`
    }
    const outcomes = await collected(newClient({ concurrency: 1 }).stream(input(), { ...FAN, window: 1, order }))
    expect(outcomes).toHaveLength(15)
    if (order === 'input')
      expect(outcomes.map(({ index }) => index)).toEqual(outcomes.map((_, at) => Math.floor(at / 5)))
  })

  test('requests that were begun are read to their end before more of the input is begun', async () => {
    const server = await echoServer(numbered)
    function* input(): Generator<string> {
      for (const row of countTo(50)) yield `${server.url}/?n=1&last=4&row=${row}`
    }
    await collected(newClient({ concurrency: 1 }).stream(input(), CHAIN))
    const rows = server.requests.map(({ url }) => Number(new URL(url, 'http://x').searchParams.get('row')))
    expect(rows.toSorted((a, b) => a - b)).toEqual(countTo(50).flatMap(row => [row, row, row, row]))
    // A slot is free while an outcome is being made, so one row more may be begun each time.
    const atOnce = rows.map(
      (_, at) => new Set(rows.slice(0, at + 1).filter(row => rows.indexOf(row, at + 1) !== -1)).size,
    )
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(4)
  })
})

describe('what is reported', () => {
  test('hooks and events tell of every page', async () => {
    const server = await echoServer(numbered)
    const seen: string[] = []
    const ended: unknown[] = []
    await parallelRequests(`${server.url}/?n=1`, {
      ...CHAIN,
      hooks: { beforeRequest: ({ url }) => void seen.push(url.slice(server.url.length)) },
      telemetry: {
        start() {},
        end: (kind, event) => void (kind === 'request' && ended.push((event as { id?: string }).id)),
      },
    })
    expect(seen).toEqual(['/?n=1', '/?n=2', '/?n=3'])
    expect(ended).toHaveLength(3)
  })

  test('statistics and progress count pages, and the total is unknown', async () => {
    const server = await echoServer(numbered)
    const client = newClient()
    const progress: Progress[] = []
    const onProgress = (now: Progress): void => void progress.push(now)
    const stream = client.stream([`${server.url}/?n=0&last=9`], { ...FAN, onProgress })
    await collected(stream)
    expect(stream.statistics()).toMatchObject({ ok: 10, failed: 0 })
    expect(progress.at(-1)).toMatchObject({ done: 10, ok: 10, failed: 0 })
    expect(progress.at(-1)).not.toHaveProperty('total')
    expect(await client.drain([`${server.url}/?n=0&last=9`], FAN)).toMatchObject({ ok: 10, failed: 0 })
  })

  test('a sink gets every page with its id, parent and items', async () => {
    const server = await echoServer(numbered)
    const rows: unknown[] = []
    const sink = {
      write: (outcome: Outcome) => void rows.push([outcome.id, outcome.parent, outcome.ok ? outcome.items : undefined]),
      close: () => undefined,
    }
    await newClient().drain([`${server.url}/?n=1`], { ...CHAIN, sink })
    expect(rows).toEqual([
      ['#0', undefined, [1]],
      ['#0/1', '#0', [2]],
      ['#0/2', '#0', [3]],
    ])
  })
})

describe('many follow-ups, and other transports', () => {
  const MANY = sized(100_000, 2_000)
  const LONG = sized(20_000, 2_000)
  const DEEP = sized(2_000, 200)

  test('any number of requests follow from one list', async () => {
    const transport = mockTransport(({ url }) => ({ json: pageOf(url) }))
    const options = { ...FAN, transport, maxPages: Infinity }
    const items = await parallelRequests(`https://api.test/?n=0&last=${MANY}`, options)
    expect(items).toHaveLength(MANY + 1)
    expect(items.every((item, at) => item === at)).toBe(true)
  })

  test('a long chain of pages is followed', async () => {
    const transport = mockTransport(({ url }) => ({ json: pageOf(url) }))
    const options = { ...CHAIN, transport, maxPages: Infinity }
    expect(await parallelRequests(`https://api.test/?n=1&last=${LONG}`, options)).toEqual(countTo(LONG))
  })

  test('lists of any depth are followed', async () => {
    const transport = mockTransport(({ url }) => ({ json: pageOf(url) }))
    const follow: Follow = (outcome, context) => {
      const next = CHAIN.follow(outcome, context)
      return next === undefined ? undefined : [next as string]
    }
    const options = { ...CHAIN, follow, transport, maxPages: Infinity, maxDepth: Infinity }
    expect(await parallelRequests(`https://api.test/?n=1&last=${DEEP}`, options)).toEqual(countTo(DEEP))
  })

  test('other threads send follow-ups, too', async () => {
    const server = await echoServer(numbered)
    expect(await parallelRequests([`${server.url}/?n=1`, `${server.url}/?n=3`], { ...CHAIN, workers: 1 })).toEqual([
      [1, 2, 3],
      [3],
    ])
  })

  test('follow-ups share the connections of HTTP/2', async () => {
    await using server = await nodeServer()
    const options = { http2: true, tls: { ca: tlsFixture('ca') }, concurrency: 8 }
    const follow: Follow = (_outcome, { page, depth }) =>
      depth === 0 && page === 0 ? countTo(20).map(n => `/detail/${n}`) : undefined
    const pages = (await parallelRequests(`${server.origin}/list`, { ...options, follow })) as { path: string }[]
    expect(pages.map(({ path }) => path)).toEqual(['/list', ...countTo(20).map(n => `/detail/${n}`)])
    expect(server.counts().connections).toBe(1)
  })
})
