/** Jobs that a server carries out after its first response, over sockets. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError, parallelRequests, ParallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { Outcome, PollInput } from '../../src/index.ts'
import { ask, HASTY, TRUST, until, verdictOf } from '../support/ask.ts'
import { jobServer } from '../support/job-server.ts'
import type { JobServer } from '../support/job-server.ts'
import { mockTransport } from '../../src/testing/index.ts'
import { httpProxy } from '../support/proxy-server.ts'
import { folder } from '../support/run-lines.ts'
import { threadServer } from '../support/thread-server.ts'

/** What the server says of a job, in all of its dialects. */
interface Answer {
  readonly status: string
  readonly urls: { readonly get: string }
  readonly output: string
  readonly resourceLocation: string
}

/** Polls without a wait. */
const AT_ONCE = { interval: 0 } as const
const boom = (): never => {
  throw new Error('boom')
}
const LONG = { interval: '1h', deadline: '2h' } as const

const post = ({ origin }: JobServer, path: string) =>
  ({ url: `${origin}${path}`, method: 'POST', json: { n: 1 } }) as const

async function follow(
  server: JobServer,
  path: string,
  poll: PollInput = AT_ONCE,
  options: object = {},
): Promise<Outcome> {
  return ask({ ...post(server, path), returnType: 'json', poll: { ...AT_ONCE, ...poll } }, options)
}

describe('a job', () => {
  it('of Azure is followed at its Operation-Location, by the status in the body', async () => {
    await using server = await jobServer({ looks: 3 })
    const outcome = await follow(server, '/azure/7')
    expect(outcome.value).toEqual({ status: 'Succeeded', resourceLocation: '/results/7', name: '7' })
    expect(server.looks()).toEqual(Array(4).fill('GET /azure/operations/7'))
    expect(server.started).toEqual(new Map([['7', 1]]))
    expect(outcome.attempts).toBe(5)
  })

  it('with a result is answered with the result', async () => {
    await using server = await jobServer()
    const outcome = await follow(server, '/azure/7', { result: ({ resourceLocation }: Answer) => resourceLocation })
    expect(outcome.value).toEqual({ result: '7' })
    expect(outcome.response?.url).toBe(`${server.origin}/results/7`)
    expect(outcome.request.url).toBe(`${server.origin}/azure/7`)
  })

  it('at a Location ends with a redirect to the result', async () => {
    await using server = await jobServer()
    const outcome = await follow(server, '/location/7')
    expect(outcome.value).toEqual({ result: '7' })
    expect(outcome.response?.redirects).toBe(1)
    expect(server.looks()).toEqual([...Array(3).fill('GET /location/jobs/7'), 'GET /results/7'])
  })

  it('names its URL and its status in the body', async () => {
    await using server = await jobServer()
    const poll: PollInput = {
      status: (v: Answer) => v.status,
      url: (v: Answer) => v.urls.get,
      result: (v: Answer) => v.output,
    }
    const outcome = await follow(server, '/replicate/7', poll)
    expect(outcome.value).toEqual({ result: '7' })
    expect(server.looks()).toEqual([...Array(3).fill('GET /replicate/7'), 'GET /results/7'])
  })

  it('that is done at once costs one request', async () => {
    await using server = await jobServer({ looks: 0 })
    const outcome = await ask({ url: `${server.origin}/plain/7`, returnType: 'json', poll: true })
    expect(outcome).toMatchObject({ value: { result: '7' }, attempts: 1 })
    expect(outcome.tries).toBeUndefined()
    expect(server.asked).toHaveLength(1)
  })

  it('of a GET without any header is asked for at the URL of the request', async () => {
    await using server = await jobServer()
    const outcome = await ask({ url: `${server.origin}/plain/7`, returnType: 'json', poll: AT_ONCE })
    expect(outcome.value).toEqual({ result: '7' })
    expect(server.looks()).toEqual(Array(3).fill('GET /plain/7'))
  })

  it('of a POST that names no URL fails, and is not sent again', async () => {
    await using server = await jobServer()
    const outcome = await follow(server, '/plain/7', AT_ONCE, { maxRetries: 3 })
    expect(verdictOf(outcome)).toBe('poll/no_status_url')
    expect(outcome.error?.message).toMatch(/does not say where the status of its job is.*Set poll\.url/)
    expect(server.asked).toHaveLength(1)
  })

  it('that has failed fails with its status, and shows what the server said', async () => {
    await using server = await jobServer({ failing: ['7'] })
    const outcome = await follow(server, '/azure/7')
    expect(verdictOf(outcome)).toBe('poll/failed')
    expect(outcome.error?.message).toMatch(/the job has failed: its status is "Failed"/)
    expect(outcome.error?.body).toContain('no such model')
    expect(outcome.response?.status).toBe(200)
  })

  it('whose first response is refused is not followed', async () => {
    await using server = await jobServer({ first: (_, __, response) => (response.writeHead(422).end(), true) })
    expect(verdictOf(await follow(server, '/azure/7'))).toBe('http/422')
    expect(server.asked).toHaveLength(1)
  })

  it('is followed by functions of the whole value', async () => {
    await using server = await jobServer()
    const poll: PollInput = {
      done: ({ status }: Answer) => status === 'succeeded',
      failed: ({ status }: Answer) => status === 'failed',
      url: ({ urls }: Answer) => urls.get,
    }
    expect((await follow(server, '/replicate/7', poll)).value).toMatchObject({ status: 'succeeded' })
  })

  it('is found by JMESPath expressions, and a wrong one sends nothing', async () => {
    await using server = await jobServer()
    const poll: PollInput = { status: 'status', url: 'urls.get', result: 'output' }
    expect((await follow(server, '/replicate/7', poll)).value).toEqual({ result: '7' })
    const outcome = await follow(server, '/replicate/8', { ...poll, url: 'urls.[' })
    expect(verdictOf(outcome)).toBe('invalid_request/poll')
    expect(outcome.error?.message).toMatch(/poll\.url: expected a path of JMESPath/)
    expect(server.started.has('8')).toBe(false)
  })

  it('with wrong paths in the options of the call rejects the call with all of them, and sends nothing', async () => {
    await using server = await jobServer()
    const call = parallelRequests([post(server, '/replicate/7')], { poll: { status: 'a[', url: 'b[' } })
    await expect(call).rejects.toThrow(ConfigError)
    await expect(call).rejects.toThrow(/poll\.status: expected a path of JMESPath[^]*poll\.url: expected/)
    expect(server.started.size).toBe(0)
  })

  it('that never ends fails at its deadline, with the last status', async () => {
    await using server = await jobServer({ looks: Infinity })
    const poll: PollInput = {
      status: (v: Answer) => v.status,
      url: (v: Answer) => v.urls.get,
      interval: '100ms',
      deadline: '350ms',
    }
    const outcome = await follow(server, '/replicate/7', poll)
    expect(verdictOf(outcome)).toBe('timeout/poll')
    expect(outcome.error?.message).toMatch(/the job was not done within 350ms: its status is "processing"/)
    expect(outcome.timings.polling).toBeGreaterThan(0)
  })
})

describe('a request for a status', () => {
  it('carries the credentials and no body of the request', async () => {
    await using server = await jobServer()
    const headers = { 'idempotency-key': 'k-1', 'if-match': '"1"' }
    await follow(server, '/azure/7', AT_ONCE, { auth: { bearer: 's3cret' }, headers })
    const [start, look] = server.asked
    expect([start?.body, start?.headers['idempotency-key'], start?.headers['if-match']]).toEqual([
      '{"n":1}',
      'k-1',
      '"1"',
    ])
    expect([look?.method, look?.body, look?.headers.authorization]).toEqual(['GET', '', 'Bearer s3cret'])
    for (const name of ['content-type', 'content-length', 'idempotency-key', 'if-match'])
      expect(look?.headers).not.toHaveProperty(name)
  })

  it('carries no credentials to another origin, and its result has them again at home', async () => {
    await using other = await jobServer()
    await using server = await jobServer({
      first: (asked, _, response) => {
        if (asked.method !== 'POST') return false
        response.writeHead(202, { 'operation-location': `${other.origin}/azure/operations/7` }).end()
        return true
      },
    })
    const outcome = await follow(server, '/azure/7', AT_ONCE, {
      auth: { bearer: 's3cret' },
      headers: { 'x-api-key': 's3cret' },
    })
    expect(verdictOf(outcome)).toBe('ok')
    expect(other.asked).toHaveLength(3)
    expect(JSON.stringify(other.asked)).not.toContain('s3cret')
  })

  it('carries no credentials home if another origin has named the URL', async () => {
    await using server = await jobServer()
    await using other = await jobServer({
      first: (_, __, response) => {
        response.writeHead(202, { 'operation-location': `${server.origin}/azure/operations/7` }).end()
        return true
      },
    })
    await using home = await jobServer({
      first: (_, __, response) => (response.writeHead(302, { location: `${other.origin}/x` }).end(), true),
    })
    expect(home.origin).not.toBe(server.origin)
    await follow(home, '/azure/7', AT_ONCE, { auth: { bearer: 's3cret' } })
    expect(server.asked).toHaveLength(3)
    expect(JSON.stringify([server.asked, other.asked])).not.toContain('s3cret')
  })

  it('that fails is retried, however many of them fail in the course of a job', async () => {
    let count = 0
    await using server = await jobServer({
      looks: 6,
      first: (asked, _, response) => {
        if (asked.method === 'POST' || ++count % 2 === 0) return false
        response.writeHead(503).end()
        return true
      },
    })
    const outcome = await follow(server, '/azure/7', AT_ONCE, { maxRetries: 1, retry: { ...HASTY, budget: undefined } })
    expect(verdictOf(outcome)).toBe('ok')
    expect(count).toBe(14)
  })

  it('may be redirected as often as any request', async () => {
    await using server = await jobServer({ looks: 3 })
    const outcome = await follow(server, '/location/7', AT_ONCE, { maxRedirects: 1 })
    expect(verdictOf(outcome)).toBe('ok')
    let hops = 0
    await using turning = await jobServer({
      looks: 8,
      first: ({ path }, _, response) => {
        if (!path.startsWith('/azure/operations')) return false
        hops++
        response.writeHead(307, { location: path.replace('/azure/operations', '/plain') }).end()
        return true
      },
    })
    expect(verdictOf(await follow(turning, '/azure/7', AT_ONCE, { maxRedirects: 2 }))).toBe('ok')
    expect(hops).toBe(9)
  })

  it('gets a new token whenever the one before it has expired', async () => {
    let valid = 1
    let served = 0
    await using server = await jobServer({
      looks: 6,
      first: ({ method, headers }, _, response) => {
        if (headers.authorization === `Bearer ${valid}`) {
          // Each token is good for three requests.
          if (method === 'GET' && ++served % 3 === 0) valid++
          return false
        }
        response.writeHead(401).end()
        return true
      },
    })
    const auth = { refresh: () => String(valid) }
    expect(verdictOf(await follow(server, '/azure/7', AT_ONCE, { auth }))).toBe('ok')
    expect(valid).toBe(3)
  })

  it('that fails for good is the failure of the request', async () => {
    await using server = await jobServer({
      first: (asked, _, response) => asked.method === 'GET' && (response.writeHead(500).end('broken'), true),
    })
    const outcome = await follow(server, '/azure/7', AT_ONCE, { maxRetries: 2 })
    expect(verdictOf(outcome)).toBe('http/500')
    expect(server.asked).toHaveLength(4)
    expect(server.started.size).toBe(1)
  })

  it.each([
    [3, 'ok'],
    [4, 'http/404'],
  ])('may find nothing at first: after %i of them it is %s', async (missing, verdict) => {
    let count = 0
    await using server = await jobServer({
      first: (asked, _, response) =>
        asked.method === 'GET' && count++ < missing && (response.writeHead(404).end(), true),
    })
    expect(verdictOf(await follow(server, '/azure/7'))).toBe(verdict)
  })

  it('that leads from https to http is not sent', async () => {
    await using plain = await jobServer()
    await using server = await jobServer({
      h2: true,
      first: (_, __, response) => (response.writeHead(202, { location: `${plain.origin}/x` }).end(), true),
    })
    expect(verdictOf(await follow(server, '/location/7', AT_ONCE, TRUST))).toBe('poll/downgrade')
    expect(plain.asked).toHaveLength(0)
  })

  it.each([
    ['is too large', `"${'x'.repeat(2_000)}"`, { maxResponseBytes: 1_000 }, 'too_large/body'],
    ['is nested too deep', '[[[[[["x"]]]]]]', { maxJsonDepth: 5 }, 'parse/too_deep'],
    ['is not JSON', '<html>', {}, 'parse/json'],
    ['has no status', '{"state":"running"}', {}, 'poll/no_status'],
    ['has a status of another type', '{"status":{"code":1}}', {}, 'poll/no_status'],
  ])('whose response %s fails', async (_, body, options, code) => {
    await using server = await jobServer({
      first: ({ method }, __, response) => method === 'GET' && (response.end(body), true),
    })
    const poll: PollInput = { status: 'status', url: 'urls.get' }
    expect(verdictOf(await follow(server, '/replicate/7', poll, options))).toBe(code)
    expect(server.asked).toHaveLength(2)
  })

  it.each<[name: string, poll: PollInput, code: string]>([
    ['poll.url', { url: () => 7 }, 'poll/invalid_url'],
    ['poll.result', { result: () => null }, 'poll/no_result'],
    ['poll.result', { result: () => 'ftp://x/' }, 'poll/invalid_url'],
    ['poll.status', { status: boom }, 'callback/poll'],
    ['poll.url', { url: boom }, 'callback/poll'],
    ['poll.result', { result: boom }, 'callback/poll'],
    ['poll.result', { result: async () => '/results/7' }, 'callback/poll'],
  ])('with a bad %s fails: %j', async (_, poll, code) => {
    await using server = await jobServer({ looks: 0 })
    expect(verdictOf(await follow(server, '/azure/7', { url: () => '/azure/operations/7', ...poll }))).toBe(code)
  })

  it.each([
    ['another scheme', 'ftp://127.0.0.1/x', 'poll/invalid_url'],
    ['no URL', 'http://[', 'poll/invalid_url'],
  ])('that leads to %s fails', async (_, location, code) => {
    await using server = await jobServer({
      first: (__, ___, response) => (response.writeHead(202, { location }).end(), true),
    })
    expect(verdictOf(await follow(server, '/location/7'))).toBe(code)
  })

  it('that leads to a private address is not sent with the guard on', async () => {
    await using inside = await jobServer()
    await using server = await jobServer({
      first: (_, __, response) => (response.writeHead(202, { location: `${inside.origin}/x` }).end(), true),
    })
    await using proxy = await httpProxy()
    const lookup = async (name: string): Promise<string> => (name === 'public.test' ? '93.184.215.14' : '127.0.0.1')
    const url = server.origin.replace('127.0.0.1', 'public.test')
    const outcome = await ask(
      { url: `${url}/location/7`, method: 'POST', poll: AT_ONCE },
      { blockPrivateAddresses: true, lookup, proxy: proxy.url },
    )
    expect(verdictOf(outcome)).toBe('blocked/address')
    expect([server.asked.length, inside.asked.length]).toEqual([1, 0])
  })

  it('is sent over HTTP/2', async () => {
    await using server = await jobServer({ h2: true })
    const outcome = await follow(
      server,
      '/replicate/7',
      { status: (v: Answer) => v.status, url: (v: Answer) => v.urls.get, result: (v: Answer) => v.output },
      { ...TRUST, http2: true },
    )
    expect(outcome.value).toEqual({ result: '7' })
    expect(outcome.response?.protocol).toBe('h2')
  })
})

describe('waiting for a job', () => {
  it('holds no slot: 1,000 jobs are followed with a concurrency of 10', async () => {
    await using server = await jobServer({ looks: 2, retryAfter: '0' })
    const urls = Array.from({ length: 1_000 }, (_, n) => ({ url: `${server.origin}/azure/${n}`, method: 'POST' }))
    const values = await parallelRequests(urls, { concurrency: 10, poll: { interval: '100ms' } })
    expect(values.map(value => (value as { name: string }).name)).toEqual(urls.map((_, n) => String(n)))
    expect(new Set(server.started.values())).toEqual(new Set([1]))
    expect(server.most()).toBeLessThanOrEqual(10)
  })

  it('ends when the run is aborted', async () => {
    await using server = await jobServer({ looks: Infinity })
    const abort = new AbortController()
    await using client = new ParallelRequests({ poll: LONG })
    const running = client.request(post(server, '/azure/7'), { onFailure: 'settle', signal: abort.signal })
    await until(() => client.stats().running === 0 && client.stats().attempts === 1 && server.started.size === 1)
    abort.abort()
    expect(verdictOf(await running)).toBe('aborted/in_flight')
    expect(server.asked).toHaveLength(1)
  })

  it('ends when the run is stopped', async () => {
    await using server = await jobServer({ looks: Infinity })
    const requests = [post(server, '/azure/7'), { url: 'http://127.0.0.1:1/', poll: false, maxRetries: 0 }]
    const outcomes = await parallelRequests(requests, {
      onFailure: 'settle',
      poll: LONG,
      maxFailures: 1,
      concurrency: 1,
    })
    expect(outcomes.map(verdictOf)).toEqual(['aborted/in_flight', 'connect/refused'])
  })

  it('ends with the deadline of the request', async () => {
    await using server = await jobServer({ looks: Infinity })
    const outcome = await follow(server, '/azure/7', LONG, { timeouts: { total: '300ms' } })
    expect(verdictOf(outcome)).toBe('timeout/total')
  })

  it('lasts as long as the server says, up to retry.maxRetryAfter', async () => {
    const waits = ['30', '600', '1']
    const transport = mockTransport(({ url }) =>
      waits.length === 0 || url.endsWith('/quick')
        ? { json: {} }
        : { status: 202, headers: { 'retry-after': waits.shift() as string } },
    )
    const options = { transport, poll: { interval: '5s' }, onFailure: 'settle', concurrency: 1 } as const
    const [outcome, other] = await parallelRequests(['http://jobs.test/', 'http://jobs.test/quick'], options)
    expect(outcome?.timings.polling).toBe(30_000 + 120_000 + 5_000)
    // A 202 that asks for a wait pauses no other request.
    expect(other?.timings.limiter).toBeUndefined()
  })

  it('is a time of its own in statistics, and status requests are no retries', async () => {
    await using server = await jobServer({ looks: 3 })
    await using client = new ParallelRequests({ poll: { interval: '10ms' } })
    const totals = await client.drain([post(server, '/azure/7'), post(server, '/azure/8')])
    expect(totals).toMatchObject({ ok: 2, retries: 0 })
    expect(totals.statistics).toMatchObject({ attempts: 10, retries: 0 })
    expect(totals.statistics.timings.polling?.count).toBe(2)
  })

  it('takes no more memory the longer it lasts: of many status requests, a hundred are kept', async () => {
    await using server = await jobServer({ looks: 300 })
    const outcome = await follow(server, '/azure/7')
    expect(outcome.attempts).toBe(302)
    expect(outcome.tries).toHaveLength(100)
    expect(outcome.tries?.[0]).not.toHaveProperty('poll')
    expect(outcome.tries?.[1]).toMatchObject({ poll: 1, url: `${server.origin}/azure/operations/7`, status: 200 })
  })

  it('follows the clock of a transport', async () => {
    let looks = 0
    const transport = mockTransport(({ method }) =>
      method === 'POST'
        ? { status: 202, headers: { location: '/job' } }
        : looks++ < 100
          ? { status: 202 }
          : { json: { looks } },
    )
    const spec = { url: 'http://jobs.test/', method: 'POST', poll: { interval: '1h', deadline: '1000h' } } as const
    const outcome = await parallelRequests(spec, { transport, onFailure: 'settle' })
    expect(outcome.value).toEqual({ looks: 101 })
    expect(outcome.timings.polling).toBe(101 * 3_600_000)
  })
})

describe('a body that is passed on', () => {
  it('is saved from the result only', async () => {
    await using server = await jobServer()
    const saveTo = folder()
    const poll: PollInput = {
      ...AT_ONCE,
      status: (v: Answer) => v.status,
      url: (v: Answer) => v.urls.get,
      result: (v: Answer) => v.output,
    }
    const value = await parallelRequests(post(server, '/replicate/7'), { returnType: 'file', saveTo, poll })
    expect(readdirSync(saveTo)).toHaveLength(1)
    expect(readFileSync(value.path, 'utf8')).toBe('{"result":"7"}')
    expect(value.bytes).toBe(14)
  })

  it('is saved behind the redirect at the end of a job', async () => {
    await using server = await jobServer()
    const value = await parallelRequests(post(server, '/location/7'), {
      returnType: 'file',
      saveTo: folder(),
      poll: AT_ONCE,
    })
    expect(readFileSync(value.path, 'utf8')).toBe('{"result":"7"}')
  })

  it('is saved if it is the last status', async () => {
    await using server = await jobServer()
    const value = await parallelRequests(post(server, '/azure/7'), {
      returnType: 'file',
      saveTo: folder(),
      poll: AT_ONCE,
    })
    expect(JSON.parse(readFileSync(value.path, 'utf8'))).toMatchObject({ status: 'Succeeded' })
  })

  it('goes to onChunk and onItem from the result only', async () => {
    await using server = await jobServer({ looks: 1 })
    const chunks: string[] = []
    const items: unknown[] = []
    const poll: PollInput = { ...AT_ONCE, result: (v: Answer) => v.resourceLocation }
    const bytes = await parallelRequests(post(server, '/azure/7'), {
      returnType: 'stream',
      onChunk: chunk => void chunks.push(Buffer.from(chunk).toString()),
      poll,
    })
    const count = await parallelRequests(post(server, '/azure/8'), {
      returnType: 'ndjson',
      onItem: item => void items.push(item),
      poll,
    })
    expect([bytes, chunks.join('')]).toEqual([14, '{"result":"7"}'])
    expect([count, items]).toEqual([1, [{ result: '8' }]])
    expect(server.asked.at(-2)?.headers.accept).toMatch(/^application\/json/)
  })

  it('goes to onChunk at once if the job is done at once', async () => {
    await using server = await jobServer({ looks: 0 })
    const chunks: string[] = []
    const onChunk = (chunk: Uint8Array): unknown => chunks.push(Buffer.from(chunk).toString())
    await parallelRequests(`${server.origin}/plain/7`, { returnType: 'stream', onChunk, poll: AT_ONCE })
    expect(chunks.join('')).toBe('{"result":"7"}')
  })
})

describe('the blocking call', () => {
  it('follows jobs, and asks functions of the caller; paths are searched in its thread', async () => {
    const server = await threadServer()
    try {
      const poll: PollInput = {
        ...AT_ONCE,
        status: 'status',
        url: (v: Answer) => v.urls.get,
        done: (status: string) => status === 'over',
      }
      expect(parallelRequestsSync({ url: `${server.url}/job?id=7`, method: 'POST', poll })).toMatchObject({
        status: 'over',
      })
    } finally {
      await server.close()
    }
  })
})
