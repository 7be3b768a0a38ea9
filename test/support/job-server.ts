/**
 * A server that carries out jobs in the dialects of real APIs, and records what it was asked. The last segment of the path
 * names the job: `POST /azure/7` starts job 7.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tlsFixture } from './raw-server.ts'

export interface JobServerOptions {
  /** How often a job is pending when it is asked for. Default 2. */
  readonly looks?: number
  /** Seconds of `Retry-After` in pending responses. Default none. */
  readonly retryAfter?: string
  /** Names of jobs that fail. */
  readonly failing?: readonly string[]
  /** Milliseconds before each answer. Default 0. */
  readonly delayMs?: number
  /** Answers before the server does, if it returns true. */
  readonly first?: (asked: Asked, ...given: Parameters<RequestListener>) => boolean
  readonly h2?: boolean
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface JobServer extends AsyncDisposable {
  readonly origin: string
  readonly asked: Asked[]
  /** How often each job was started, by its name. A repeated idempotency key starts nothing. */
  readonly started: Map<string, number>
  /** `GET /azure/operations/7`, without those that start a job. */
  readonly looks: () => string[]
  /** The most requests that were answered at once. */
  readonly most: () => number
}

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
}

export async function jobServer(options: JobServerOptions = {}): Promise<JobServer> {
  const asked: Asked[] = []
  const started = new Map<string, number>()
  const looked = new Map<string, number>()
  let [running, most] = [0, 0]
  const { looks = 2, failing = [], delayMs = 0, first } = options
  const wait = options.retryAfter === undefined ? undefined : { 'retry-after': options.retryAfter }

  const isOver = (name: string): boolean => {
    const before = looked.get(name) ?? 0
    looked.set(name, before + 1)
    return before >= looks
  }
  const keys = new Set<string>()
  const start = (name: string, key: string | string[] | undefined): void => {
    if (typeof key === 'string' && keys.has(key)) return
    if (typeof key === 'string') keys.add(key)
    started.set(name, (started.get(name) ?? 0) + 1)
  }

  const answerTo = ({ method, path, headers }: Asked): Answer => {
    const [, dialect = '', ...rest] = path.split('/')
    const name = rest.at(-1) ?? ''
    const isFailed = failing.includes(name)
    const isStart = method !== 'GET'
    if (dialect === 'results') return { status: 200, json: { result: name } }
    if (isStart) start(name, headers['idempotency-key'])
    switch (dialect) {
      case 'azure':
        if (isStart) return { status: 202, headers: { 'operation-location': `/azure/operations/${name}`, ...wait } }
        if (!isOver(name)) return { status: 200, headers: wait, json: { status: 'Running' } } as Answer
        if (isFailed)
          return { status: 200, json: { status: 'Failed', error: { code: 'Bad', message: 'no such model' } } }
        return { status: 200, json: { status: 'Succeeded', resourceLocation: `/results/${name}`, name } }
      case 'location':
        if (isStart) return { status: 202, headers: { location: `/location/jobs/${name}`, ...wait } }
        if (!isOver(name)) return { status: 202, headers: { ...wait } }
        return { status: 303, headers: { location: `/results/${name}` } }
      case 'replicate': {
        const urls = { get: `/replicate/${name}` }
        if (isStart) return { status: 201, json: { id: name, status: 'starting', urls } }
        if (!isOver(name)) return { status: 200, json: { id: name, status: 'processing', urls } }
        if (isFailed) return { status: 200, json: { id: name, status: 'failed', error: 'out of memory', urls } }
        return { status: 200, json: { id: name, status: 'succeeded', output: `/results/${name}`, urls } }
      }
      default:
        return isOver(name) ? { status: 200, json: { result: name } } : { status: 202, headers: { ...wait } }
    }
  }

  const listener: RequestListener = (request, response) => {
    most = Math.max(most, ++running)
    response.on('close', () => running--)
    let body = ''
    request.setEncoding('utf8').on('data', chunk => (body += chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const now: Asked = { method, path: url, headers, body }
      asked.push(now)
      if (first?.(now, request, response) === true) return
      const { status, headers: more, json } = answerTo(now)
      const answer = (): void => {
        const type = json === undefined ? {} : { 'content-type': 'application/json' }
        response.writeHead(status, { ...type, ...more }).end(json === undefined ? '' : JSON.stringify(json))
      }
      if (delayMs === 0) answer()
      else setTimeout(answer, delayMs)
    })
  }

  const secure = { key: tlsFixture('server-key'), cert: tlsFixture('server'), allowHTTP1: true }
  const server = options.h2 === true ? createSecureServer(secure, listener as never) : createServer(listener)
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  return {
    origin: `http${options.h2 === true ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    started,
    looks: () => asked.filter(({ method }) => method === 'GET').map(({ method, path }) => `${method} ${path}`),
    most: () => most,
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) server.closeAllConnections()
      await new Promise<void>(closed => {
        server.close(() => closed())
        if (!('closeAllConnections' in server)) closed()
      })
    },
  }
}
