/** `auth: { token, refresh }` over real sockets. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ParallelRequests, parallelRequests } from '../../src/index.ts'
import type { Auth, Outcome, RequestError, TokenContext } from '../../src/index.ts'
import { tlsFixture } from '../support/raw-server.ts'
import { tokenServer } from '../support/token-server.ts'

const settle = { onFailure: 'settle' } as const

/** Refreshes to `token-2`, `token-3` …, and keeps what it was called with. */
function counted(token: string | undefined = 'token-1', wait = 5) {
  const calls: TokenContext[] = []
  let running = 0
  let most = 0
  const refresh = async (context: TokenContext): Promise<string> => {
    calls.push(context)
    most = Math.max(most, ++running)
    await new Promise(resolve => setTimeout(resolve, wait))
    running--
    return `token-${calls.length + 1}`
  }
  return { calls, most: () => most, auth: { token, refresh } satisfies Auth }
}

const errorOf = (outcome: Outcome | undefined): RequestError => {
  if (outcome === undefined || outcome.ok) throw new Error('expected a failure')
  return outcome.error
}

it('1,000 concurrent 401s: one refresh; 200 POSTs among them: each carried out once', async () => {
  const server = await tokenServer('token-2')
  server.held = 1_000
  const { calls, most, auth } = counted()
  const specs = Array.from({ length: 1_000 }, (_, i) =>
    i % 5 === 0 ? { url: `${server.url}/${i}`, body: String(i) } : { url: `${server.url}/${i}` },
  )
  const outcomes = await parallelRequests(specs, {
    ...settle,
    auth,
    concurrency: 1_000,
    perHost: { concurrency: Infinity },
    maxRetries: 0,
  })
  expect(outcomes.filter(({ ok }) => !ok)).toEqual([])
  expect([calls.length, most()]).toEqual([1, 1])
  expect(calls[0]).toMatchObject({ token: 'token-1', reason: 'refused' })
  expect(server.done).toHaveLength(1_000)
  const posts = server.done.filter(line => line.startsWith('POST'))
  expect(new Set(posts).size).toBe(200)
  expect(outcomes.map(({ attempts }) => attempts)).toEqual(new Array(1_000).fill(2))
  expect(server.seen.filter(authorization => authorization === 'Bearer token-1')).toHaveLength(1_000)
})

describe('a token', () => {
  it('is fetched before the first request if there is none, and shared by the calls of a client', async () => {
    const server = await tokenServer('token-2')
    const { calls, auth } = counted('')
    const client = new ParallelRequests({ auth: { ...auth, token: undefined } })
    onTestFinished(() => client.close())
    await client.request([`${server.url}/1`, `${server.url}/2`])
    await client.request(`${server.url}/3`)
    expect(calls.map(({ reason }) => reason)).toEqual(['missing'])
    expect(server.seen).toEqual(new Array(3).fill('Bearer token-2'))
  })

  it('is shared by requests with the same object', async () => {
    const server = await tokenServer('token-2')
    const { calls, auth } = counted()
    await parallelRequests(['/1', '/2', '/3'].map(path => ({ url: server.url + path, auth })))
    expect(calls).toHaveLength(1)
  })

  it('is refreshed when its time is over, and its scheme may be another', async () => {
    const server = await tokenServer('token-1', 'token-2', 'token-3')
    const reasons: string[] = []
    const client = new ParallelRequests({
      auth: {
        scheme: 'token',
        refresh: ({ reason }) => ({ token: `token-${reasons.push(reason)}`, expiresIn: '1.1s' }),
      },
    })
    onTestFinished(() => client.close())
    await client.request(`${server.url}/1`)
    await new Promise(resolve => setTimeout(resolve, 1_200))
    await client.request(`${server.url}/2`)
    expect(reasons).toEqual(['missing', 'expiring'])
    expect(server.seen).toEqual(['token token-1', 'token token-2'])
  })

  it('that is refused again right after its refresh fails its request, without a further refresh', async () => {
    const server = await tokenServer('token-2')
    const { calls, auth } = counted()
    const client = new ParallelRequests({ auth, maxRetries: 0 })
    onTestFinished(() => client.close())
    const urls = ['/never/1', '/2', '/never/3'].map(path => server.url + path)
    const first = await client.request(urls, settle)
    expect(first.map(outcome => (outcome.ok ? 'ok' : outcome.error.code))).toEqual(['http/401', 'ok', 'http/401'])
    const later = await client.request(`${server.url}/never/4`, settle)
    expect(errorOf(later).code).toBe('http/401')
    expect(calls).toHaveLength(1)
  })

  it('that worked for a while and expires is refreshed as often as needed', async () => {
    const server = await tokenServer('token-1')
    const { calls, auth } = counted()
    const client = new ParallelRequests({ auth })
    onTestFinished(() => client.close())
    for (let round = 1; round <= 4; round++) {
      await client.request([`${server.url}/${round}`, `${server.url}/${round}b`])
      server.valid.clear()
      server.valid.add(`token-${round + 1}`)
    }
    expect(calls).toHaveLength(3)
    expect(server.done).toHaveLength(8)
  })

  it('does not go to another origin', async () => {
    const [home, other] = [await tokenServer('token-1'), await tokenServer('token-2')]
    const { calls, auth } = counted()
    const url = `${home.url}/away?to=${encodeURIComponent(`${other.url}/`)}`
    const outcome = await parallelRequests(url, { ...settle, auth })
    expect(errorOf(outcome).code).toBe('http/401')
    expect(other.seen).toEqual(['-'])
    expect(calls).toHaveLength(0)
  })

  it('is not refreshed for a body that can be read once: the 401 stands, and the next request has the new one', async () => {
    const server = await tokenServer('token-2')
    const { calls, auth } = counted()
    const client = new ParallelRequests({ auth })
    onTestFinished(() => client.close())
    const body = Readable.toWeb(Readable.from([Buffer.from('x')])) as ReadableStream<Uint8Array>
    const outcome = await client.request({ url: `${server.url}/1`, body }, settle)
    expect(errorOf(outcome).code).toBe('http/401')
    expect(outcome.warnings.join()).toContain('not sent again with a new token')
    await client.request(`${server.url}/2`)
    expect(calls).toHaveLength(1)
  })

  it('leaves a 401 alone that the caller accepts', async () => {
    const server = await tokenServer('token-2')
    const { calls, auth } = counted()
    await parallelRequests(`${server.url}/1`, { auth, acceptStatus: () => true })
    expect(calls).toHaveLength(0)
  })
})

describe('a refresh', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('no token-1 for you')
      },
      /refreshed: no \*\*\* for you$/,
    ],
    ['rejects', () => Promise.reject(new Error('down')), /refreshed: down$/],
    ['returns no token', () => undefined as unknown as string, /expected refresh to return a token.*got undefined/],
    ['returns an empty token', () => '', /got an empty one/],
    ['returns a line break', () => 'a\nb', /that a header can hold/],
    ['returns a wrong expiresIn', () => ({ token: 'token-2', expiresIn: 'soon' }), /expiresIn as a duration/],
    ['never settles', () => new Promise<string>(() => {}), /it took longer than 50ms/],
  ])('that %s fails all waiting requests at once, and the next one tries again', async (_name, broken, message) => {
    const server = await tokenServer('token-2')
    server.held = 20
    let calls = 0
    const refresh = (): string | Promise<string> | { token: string; expiresIn: string } => {
      calls++
      return calls === 1 ? broken() : 'token-2'
    }
    const client = new ParallelRequests({ auth: { token: 'token-1', refresh }, timeouts: { callback: '50ms' } })
    onTestFinished(() => client.close())
    const urls = Array.from({ length: 20 }, (_, i) => ({ url: `${server.url}/${i}`, body: 'x' }))
    const outcomes = await client.request(urls, settle)
    expect(new Set(outcomes.map(outcome => errorOf(outcome).code))).toEqual(new Set(['auth/refresh']))
    expect(errorOf(outcomes[0]).message).toMatch(message)
    expect(errorOf(outcomes[0]).cause).toBeInstanceOf(Error)
    expect(inspect(outcomes, { depth: 9 })).not.toContain('token-1')
    expect(calls).toBe(1)
    await client.request(urls)
    expect([calls, server.done.length]).toEqual([2, 20])
  })

  it('that keeps failing is not tried for each request', async () => {
    const server = await tokenServer('token-2')
    let calls = 0
    const refresh = (): never => {
      calls++
      throw new Error('down')
    }
    const client = new ParallelRequests({ auth: { refresh }, concurrency: 2 })
    onTestFinished(() => client.close())
    for (let round = 0; round < 10; round++) {
      const outcome = await client.request(`${server.url}/`, settle)
      expect(errorOf(outcome).code).toBe('auth/refresh')
    }
    expect(calls).toBe(2)
    expect(server.seen).toEqual([])
  })

  it('may send requests with its own client, since waiting requests hold no slot', async () => {
    const server = await tokenServer('token-2', 'none')
    const client: ParallelRequests = new ParallelRequests({
      concurrency: 1,
      auth: {
        token: 'token-1',
        refresh: async () => {
          await client.request({ url: `${server.url}/login`, headers: { authorization: 'Bearer none' } })
          return 'token-2'
        },
      },
    })
    onTestFinished(() => client.close())
    const urls = Array.from({ length: 30 }, (_, i) => `${server.url}/${i}`)
    await client.request(urls)
    expect(server.done).toHaveLength(31)
  })

  it('counts in timeouts.total, and an abort ends the wait', async () => {
    const server = await tokenServer('token-2')
    const refresh = (): Promise<string> => new Promise(() => {})
    const outcome = await parallelRequests(`${server.url}/`, {
      ...settle,
      auth: { refresh },
      timeouts: { total: '50ms' },
    })
    expect(errorOf(outcome).code).toBe('timeout/total')
    const options = { ...settle, auth: { refresh }, signal: AbortSignal.timeout(50) }
    const aborted = await parallelRequests([`${server.url}/`], options)
    expect(errorOf(aborted[0]).code).toBe('aborted/not_started')
  })
})

it('neither the old nor the new token is shown of a body that echoes them', async () => {
  const server = await tokenServer('never-valid')
  const { auth } = counted()
  const outcome = await parallelRequests(`${server.url}/1`, { ...settle, auth })
  const error = errorOf(outcome)
  expect(error.body).toBeDefined()
  const shown = inspect(outcome, { depth: 9 }) + JSON.stringify(outcome) + JSON.stringify(error)
  expect(shown).not.toMatch(/token-[12]/)
})

it('hooks see the answer to the repeated request, and afterAttempt sees both', async () => {
  const server = await tokenServer('token-2')
  const seen: string[] = []
  await parallelRequests(`${server.url}/1`, {
    auth: counted().auth,
    retry: { shouldRetry: ({ response }) => void seen.push(`retry ${response?.status}`) },
    hooks: {
      afterResponse: ({ status }) => void seen.push(`response ${status}`),
      afterAttempt: ({ status }) => void seen.push(`attempt ${status}`),
    },
  })
  expect(seen).toEqual(['attempt 401', 'attempt 200', 'response 200', 'retry 200'])
})

it('workers send the repeated requests as well', async () => {
  const server = await tokenServer('token-2')
  const { calls, auth } = counted()
  const urls = Array.from({ length: 20 }, (_, i) => `${server.url}/${i}`)
  await parallelRequests(urls, { auth, workers: 2 })
  expect([calls.length, server.done.length]).toEqual([1, 20])
})

it('HTTP/2: streams with the old token are repeated', async () => {
  let valid = 'token-2'
  const seen: string[] = []
  const server = createSecureServer({ key: tlsFixture('server-key'), cert: tlsFixture('server') })
  server.on('request', ({ headers }, response) => {
    seen.push(String(headers.authorization))
    response.writeHead(headers.authorization === `Bearer ${valid}` ? 200 : 401, { 'content-type': 'application/json' })
    response.end('{}')
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { calls, auth } = counted()
  const client = new ParallelRequests({ auth, http2: true, verifySsl: false })
  onTestFinished(() => client.close())
  const posts = Array.from({ length: 20 }, (_, i) => ({ url: url + String(i), body: 'x' }))
  const outcomes = await client.request(posts, settle)
  expect(new Set(outcomes.map(outcome => outcome.ok && outcome.response.protocol))).toEqual(new Set(['h2']))
  valid = 'token-3'
  await client.request(posts)
  expect(calls).toHaveLength(2)
  expect(seen).toHaveLength(80)
})

it('a resumed run recognises its requests whatever the token is, and its run file holds no token', async () => {
  const server = await tokenServer('token-2')
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'run.jsonl')
  const run = (token: string, urls: readonly string[]) =>
    parallelRequests(
      urls.map(name => ({ url: `${server.url}/${name}`, key: name, auth: counted(token).auth })),
      { ...settle, resume: path },
    )
  const first = await run('token-1', ['a', 'never'])
  expect(first.map(({ ok }) => ok)).toEqual([true, false])
  expect(readFileSync(path, 'utf8')).not.toMatch(/token-[12]/)
  const again = await run('token-2', ['a', 'never', 'c'])
  expect(again.map(({ ok }) => ok)).toEqual([true, false, true])
  expect(server.done).toEqual(['GET /a ', 'GET /c '])
})

it('a request that a failed refresh kept from being sent is sent by the next run', async () => {
  const server = await tokenServer('token-2')
  const folder = mkdtempSync(join(tmpdir(), 'tokens-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const resume = join(folder, 'run.jsonl')
  const specs = [{ url: `${server.url}/a`, key: 'a', body: 'x' }]
  const down = (): never => {
    throw new Error('down with token-1')
  }
  const [first] = await parallelRequests(specs, { ...settle, resume, auth: { token: 'token-1', refresh: down } })
  expect(errorOf(first).code).toBe('auth/refresh')
  expect(readFileSync(resume, 'utf8')).not.toContain('token-1')
  const [second] = await parallelRequests(specs, { ...settle, resume, auth: counted().auth })
  expect(second?.ok).toBe(true)
  expect(server.done).toEqual(['POST /a x'])
})

it('the first token that refresh gives may be refused once', async () => {
  const server = await tokenServer('token-3')
  const { calls, auth } = counted('')
  await parallelRequests([`${server.url}/1`, `${server.url}/2`], { auth: { ...auth, token: undefined } })
  expect(calls.map(({ reason }) => reason)).toEqual(['missing', 'refused'])
})
