/**
 * `workers: n`: the same outcomes, limits and promises as without them, while other threads do the network work. The
 * matrix is in workers-process.test.ts; each thread takes CPU time to start.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { Worker } from 'node:worker_threads'
import { threadId } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ConfigError, ParallelRequests, RequestError } from '../../../src/index.ts'
import type { ClientOptions, Outcome } from '../../../src/index.ts'
import { mockTransport } from '../../../src/testing/index.ts'
import { echoServer } from '../../support/echo-server.ts'
import type { Echo } from '../../support/echo-server.ts'

const started: Worker[] = []
const onWorker = (worker: Worker): void => void started.push(worker)

beforeAll(() => void process.on('worker', onWorker))
afterAll(() => void process.off('worker', onWorker))

const soon = { retry: { backoff: () => 1 } }

function clientWith(options: ClientOptions = {}): ParallelRequests {
  const client = new ParallelRequests({ workers: 2, ...options })
  onTestFinished(() => client.close())
  return client
}

/** The parts of an outcome that do not depend on time. */
function known(outcome: Outcome): unknown {
  const { ok, index, value, attempts, error, response, warnings, timings } = outcome
  const { cause } = error ?? {}
  return {
    ok,
    index,
    value: value instanceof Uint8Array ? [...value.subarray(0, 50), value.byteLength] : value,
    attempts,
    warnings,
    timings: Object.keys(timings).filter(name => name !== 'queue' && name !== 'backoff' && name !== 'connect'),
    error: error && [error.constructor.name, error.code, error.message.replaceAll(/:\d+/g, '')],
    cause: cause instanceof Error && [cause.name, cause.message.replaceAll(/:\d+/g, ''), 'code' in cause && cause.code],
    response: response && [response.status, response.bytes, response.integrity, response.protocol, response.redirects],
    headers: response && [...response.headers].filter(([name]) => name !== 'date'),
  }
}

async function outcomesOf(inputs: readonly object[], options: ClientOptions): Promise<unknown[]> {
  await using client = new ParallelRequests(options)
  const outcomes: Outcome[] = []
  for await (const outcome of client.stream(inputs as never)) outcomes[outcome.index] = outcome
  return outcomes.map(known)
}

describe('outcomes with worker threads', () => {
  it('equal those of a client without threads: values, bodies, codings, redirects, failures', async () => {
    const server = await echoServer((echo, response, request) => {
      const { url } = echo
      if (url === '/gzip') return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"a":1}'))
      if (url === '/garbled') return void response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip at all')
      if (url === '/hop') return void response.writeHead(302, { location: '/there' }).end()
      if (url === '/reset') return void request.socket.destroy()
      if (url === '/500') return void response.writeHead(500, { 'content-type': 'text/plain' }).end('broken')
      if (url === '/bytes') return void response.end(Buffer.from([0, 255, 128, 10]))
      if (url === '/large') return void response.end(Buffer.alloc(200_000, 7))
      if (url === '/none') return void response.writeHead(204).end()
      response.end(JSON.stringify({ method: echo.method, url, body: echo.body, own: echo.headers['x-own'] }))
    })
    const at = (path: string, more: object = {}): object => ({ url: `${server.url}${path}`, ...more })
    const inputs = [
      at('/json', { headers: { 'x-own': 'é' } }),
      at('/text', { returnType: 'text' }),
      at('/bytes', { returnType: 'content' }),
      at('/large', { returnType: 'content' }),
      at('/none', { returnType: 'text' }),
      at('/gzip'),
      at('/garbled'),
      at('/hop'),
      at('/500', { maxRetries: 1 }),
      at('/reset', { maxRetries: 1 }),
      at('/reset', { method: 'POST', json: {} }),
      at('/large', { returnType: 'content', maxResponseBytes: 1_000 }),
      at('/string', { method: 'POST', body: 'grüße' }),
      at('/binary', { method: 'POST', body: new TextEncoder().encode('bytes') }),
      at('/made', { method: 'PUT', body: () => new Blob(['a ', 'stream']).stream() }),
      at('/head', { method: 'HEAD', returnType: 'text' }),
      { url: 'http://127.0.0.1:1/', maxRetries: 0 },
      { url: 'http://does-not-exist.invalid/', maxRetries: 0 },
      'nonsense' as never,
    ]
    const without = await outcomesOf(inputs, { ...soon })
    const before = started.length
    expect(await outcomesOf(inputs, { workers: 2, ...soon })).toEqual(without)
    expect(started.length - before).toBe(2)
    expect(without.filter(outcome => (outcome as Outcome).ok)).toHaveLength(11)
  })
})

describe('functions of the caller with worker threads', () => {
  it('run on their own thread and in their own context, and cookies are kept from batch to batch', async () => {
    const server = await echoServer((echo, response) => {
      response.writeHead(200, { 'set-cookie': 'learned=1; Path=/' }).end(JSON.stringify(echo))
    })
    const context = new AsyncLocalStorage<string>()
    const seen: string[] = []
    const note = (name: string): void => void seen.push(`${name} ${context.getStore()} ${threadId}`)
    const client = clientWith({ workers: 1 })
    const options = {
      auth: () => (note('auth'), 'Bearer t'),
      hooks: {
        beforeRequest: ({ headers }: { headers: Headers }) => (note('before'), headers.set('x-signed', 'yes')),
        afterResponse: () => note('after'),
      },
      parseFunc: (value: unknown) => (note('parse'), value as Echo),
    }
    const [first] = await context.run('mine', () => client.request([server.url], options))
    expect(first?.headers).toMatchObject({ authorization: 'Bearer t', 'x-signed': 'yes' })
    expect(first?.headers['cookie']).toBeUndefined()
    expect(seen).toEqual(['auth', 'before', 'after', 'parse'].map(name => `${name} mine ${threadId}`))
    expect((await client.request<Echo>([server.url]))[0]?.headers['cookie']).toBe('learned=1')
  })
})

describe('limits with worker threads', () => {
  it('of concurrency hold at the server, in total over the threads', async () => {
    const waiting: ServerResponse[] = []
    // Answers once seven wait, and some time later, in which an eighth could come.
    const server = await echoServer((_echo, response) => {
      if (waiting.push(response) !== 7) return
      setTimeout(() => waiting.splice(0).forEach(one => one.end('{}')), 20)
    })
    await clientWith({ concurrency: 7 }).request(Array.from({ length: 35 }, (_, n) => `${server.url}/${n}`))
    expect(server.mostAtOnce).toBe(7)
  })
})

describe('worker threads', () => {
  it('that die fail their requests with internal/worker; other requests continue, and a new thread is started', async () => {
    const before = started.length
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const server = await echoServer(({ url }, response) => {
      if (url === '/held') void over.then(() => response.end('{}'))
      else if (url !== '/hang') response.end('{}')
    })
    const client = clientWith({ maxRetries: 0 })
    const outcomes: Outcome[] = []
    const running = (async () => {
      // The threads take turns.
      const inputs = [
        `${server.url}/hang`,
        `${server.url}/held`,
        { url: `${server.url}/hang`, method: 'POST', json: {} },
      ]
      for await (const outcome of client.stream(inputs)) outcomes[outcome.index] = outcome
    })()
    await expect.poll(() => server.requests.length).toBe(3)
    await started[before]?.terminate()
    end()
    await running
    expect(outcomes.map(({ ok, error }) => (ok ? 'ok' : error?.code))).toEqual([
      'internal/worker',
      'ok',
      'in_doubt/worker',
    ])
    expect(outcomes[0]?.error).toBeInstanceOf(RequestError)
    const answers = await client.request(Array.from({ length: 10 }, (_, n) => `${server.url}/${n}`))
    expect(answers).toHaveLength(10)
    expect(started.length).toBe(before + 3)
  })

  it('are started when needed, not with workers: 0, and end with close()', async () => {
    const server = await echoServer()
    const before = started.length
    const without = new ParallelRequests({ workers: 0 })
    await without.request(`${server.url}/a`)
    await without.close()
    const client = new ParallelRequests({ workers: 2 })
    expect(started.length).toBe(before)
    for (let n = 0; n < 3; n++) await client.request(`${server.url}/${n}`)
    expect(started.length).toBe(before + 1)
    await client.request(Array.from({ length: 50 }, (_, n) => `${server.url}/slow/10?${n}`))
    expect(started.length).toBe(before + 2)
    await client.close()
    // A thread that has ended has no number.
    expect(started.slice(before).map(worker => worker.threadId)).toEqual([-1, -1])
    await client.close()
  })
})

describe('options with worker threads', () => {
  it('exclude a transport', () => {
    const { transport } = { transport: mockTransport(() => ({})) }
    expect(() => new ParallelRequests({ workers: 1, transport })).toThrow(ConfigError)
    expect(() => new ParallelRequests({ workers: 1, transport })).toThrow('workers: expected no transport beside it')
    expect(() => new ParallelRequests({ workers: -1 })).toThrow('workers: expected')
    expect(() => new ParallelRequests({ workers: 1.5 })).toThrow('workers: expected')
  })
})
