import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AbortError, ParallelRequests, parallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

let server: Server
let base: string
const seen: string[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '/'
    seen.push(path)
    if (path.startsWith('/paused')) response.writeHead(429, { 'retry-after': '100' })
    else if (path.startsWith('/missing')) response.writeHead(404)
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.close()
  await once(server, 'close')
})

test('a signal that cuts a lazy input short rejects the batch, because its results are not complete', async () => {
  const abort = new AbortController()
  async function* urls(): AsyncGenerator<string> {
    yield `${base}/a`
    yield `${base}/b`
    abort.abort(new Error('enough'))
    await new Promise(() => undefined)
  }
  const error = await parallelRequests(urls(), { signal: abort.signal }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(AbortError)
  expect(error).toMatchObject({ code: 'aborted/in_flight', cause: { message: 'enough' } })
  const none = parallelRequests(new Set([`${base}/a`]), { signal: AbortSignal.abort(), onFailure: 'null' })
  await expect(none).rejects.toBeInstanceOf(AbortError)
})

test('closing the client rejects its running batch, even of a lazy input', async () => {
  const client = new ParallelRequests()
  async function* urls(): AsyncGenerator<string> {
    yield `${base}/a`
    await new Promise(() => undefined)
  }
  const running = client.request(urls()).catch((thrown: unknown) => thrown)
  await client.close()
  expect(await running).toMatchObject({ code: 'aborted/in_flight', cause: { message: 'the client was closed' } })
})

test('maxFailures sends nothing after the last allowed failure', async () => {
  seen.length = 0
  const urls = [1, 2, 3, 4, 5].map(id => `${base}/missing/${id}`)
  const outcomes = await parallelRequests(urls, { concurrency: 1, maxFailures: 2, onFailure: 'settle' })
  expect(seen).toEqual(['/missing/1', '/missing/2'])
  expect(outcomes.map(({ error }) => error?.code)).toEqual([
    'http/404',
    'http/404',
    'aborted/not_started',
    'aborted/not_started',
    'aborted/not_started',
  ])
})

test('an async onProgress that rejects is one process warning', async () => {
  const warned: string[] = []
  const listen = (warning: Error): void => void warned.push(warning.message)
  process.on('warning', listen)
  try {
    const onProgress = (): void => Promise.reject(new Error('boom')) as unknown as undefined
    await parallelRequests([`${base}/a`], { onProgress })
    await new Promise(resolve => setImmediate(resolve))
  } finally {
    process.off('warning', listen)
  }
  expect(warned).toEqual(['onProgress threw and is not called again: boom'])
})

test('a 421 is retried once, with any method, over another connection', async () => {
  const ports: (number | undefined)[] = []
  const strict = createServer((request, response) => {
    ports.push(request.socket.remotePort)
    response.writeHead(request.url === '/always' || ports.length === 1 ? 421 : 200)
    response.end('{}')
  }).listen(0, '127.0.0.1')
  await once(strict, 'listening')
  const origin = `http://127.0.0.1:${(strict.address() as AddressInfo).port}`
  try {
    const retry = { backoff: { base: '1ms' } }
    const outcome = await parallelRequests({ url: origin, json: 1 }, { retry, onFailure: 'settle' })
    expect(outcome).toMatchObject({ ok: true, attempts: 2 })
    expect(ports[0]).not.toBe(ports[1])
    const refused = await parallelRequests(`${origin}/always`, { retry, onFailure: 'settle' })
    expect(refused).toMatchObject({ ok: false, attempts: 2, error: { code: 'http/421' } })
  } finally {
    strict.close()
    await once(strict, 'close')
  }
})

test('redirect hops are not counted as retries in the progress', async () => {
  const transport = mockTransport(({ url }) =>
    url.endsWith('/a') ? { status: 302, headers: { location: '/b' } } : { json: 1 },
  )
  let retries = -1
  await parallelRequests('http://a.test/a', { transport, onProgress: progress => (retries = progress.retries) })
  expect(retries).toBe(0)
})

test('an async acceptStatus fails its request instead of accepting every status', async () => {
  const acceptStatus = (async () => false) as unknown as () => boolean
  const outcome = await parallelRequests(`${base}/missing`, { acceptStatus, onFailure: 'settle' })
  expect(outcome.error?.code).toBe('callback/accept_status')
})

test('a hook cannot set a header that the transport sets', async () => {
  const hooks = { beforeRequest: ({ headers }: { headers: Headers }) => headers.set('host', 'other.test') }
  const outcome = await parallelRequests(`${base}/a`, { hooks, onFailure: 'settle' })
  expect(outcome.error?.code).toBe('callback/hook')
  expect(outcome.error?.message).toContain('host')
})

test('a schema of the options fails a request whose return type it cannot check', async () => {
  const schema = { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } } as const
  const [bad, good] = await parallelRequests([{ url: `${base}/a`, returnType: 'content' }, `${base}/b`], {
    schema,
    onFailure: 'settle',
  })
  expect(bad.error?.code).toBe('invalid_request/options')
  expect(good.ok).toBe(true)
})

test('maxRetryAfter bounds the time of being throttled, jitter included', async () => {
  const transport = mockTransport(() => ({ status: 429, headers: { 'retry-after': '0' } }))
  await parallelRequests('http://a.test/', { transport, retry: { maxRetryAfter: '1s' }, onFailure: 'settle' })
  const atMs = transport.requests.map(request => request.atMs)
  expect((atMs.at(-1) ?? NaN) - (atMs[0] ?? NaN)).toBeLessThanOrEqual(1_000)
})
