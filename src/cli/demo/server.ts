/**
 * The demo's API: a small server on the loopback interface. `GET /repos` lists the names, `GET /repos/:owner/:name` gives
 * a record, and a client that sends too many requests gets 429 with Retry-After. Nothing leaves the machine.
 */
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fullName } from './catalogue.ts'
import type { Repository } from './catalogue.ts'
import type { Mood } from './moods.ts'

/** The server's own counts. */
export interface ServerCounts {
  requests: number
  /** Requests answered with 429. */
  throttled: number
  /** The highest number of concurrent requests. */
  mostAtOnce: number
}

export interface Api {
  /** Ends in `/`. */
  readonly baseUrl: string
  readonly seen: Readonly<ServerCounts>
  readonly close: () => Promise<void>
}

export interface ApiParts {
  readonly repositories: readonly Repository[]
  /** One mood per repository. */
  readonly moods: readonly Mood[]
  /** Number of records that the API serves before it answers 429 for a second. */
  readonly quota?: number
}

const DEFAULT_QUOTA = 150
const RETRY_AFTER_S = 1
/** A little shorter than announced: a client that waits for `Retry-After` must not get 429 again. */
const CLOSED_MS = RETRY_AFTER_S * 1_000 - 20

export async function startApi({ repositories, moods, quota = DEFAULT_QUOTA }: ApiParts): Promise<Api> {
  const seen: ServerCounts = { requests: 0, throttled: 0, mostAtOnce: 0 }
  const indexOf = new Map(repositories.map((repository, index) => [fullName(repository), index]))
  const failuresLeft = moods.map(mood => (mood.kind === 'shaky' ? mood.failures : 0))
  let atOnce = 0
  let given = 0
  let closedUntilMs = 0

  const answer = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
    atOnce--
    if (response.destroyed) return
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const type = typeof body === 'string' ? 'text/html' : 'application/json'
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers })
    response.end(text)
  }

  const answerRecord = (response: ServerResponse, index: number, mood: Mood): void => {
    if (mood.kind === 'gone') return answer(response, 404, { message: 'Not Found' })
    if (mood.kind === 'broken') return answer(response, 500, { message: 'Internal Server Error' })
    if (mood.kind === 'page') return answer(response, 200, '<!doctype html><title>Down for maintenance</title>')
    if ((failuresLeft[index] ?? 0) > 0) {
      failuresLeft[index] = (failuresLeft[index] ?? 0) - 1
      return answer(response, 503, { message: 'Service Unavailable' })
    }
    answer(response, 200, repositories[index])
  }

  const server = createServer((request, response) => {
    seen.requests++
    atOnce++
    seen.mostAtOnce = Math.max(seen.mostAtOnce, atOnce)
    const path = request.url ?? '/'
    if (request.method !== 'GET') return answer(response, 405, { message: 'Method Not Allowed' }, { allow: 'GET' })
    if (path === '/repos') return answer(response, 200, [...indexOf.keys()])

    const index = indexOf.get(path.replace(/^\/repos\//, ''))
    const mood = index === undefined ? undefined : moods[index]
    if (index === undefined || mood === undefined) return answer(response, 404, { message: 'Not Found' })

    const nowMs = performance.now()
    if (nowMs >= closedUntilMs && ++given > quota) {
      given = 0
      closedUntilMs = nowMs + CLOSED_MS
    }
    if (nowMs < closedUntilMs) {
      seen.throttled++
      return answer(response, 429, { message: 'Too Many Requests' }, { 'retry-after': String(RETRY_AFTER_S) })
    }
    const timer = setTimeout(answerRecord, mood.delayMs, response, index, mood)
    response.on('close', () => {
      if (response.writableEnded) return
      clearTimeout(timer)
      atOnce--
    })
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/`,
    seen,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
