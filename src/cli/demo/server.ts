/**
 * The demo's API: a small server on the loopback interface. `GET /repos` lists the names, `GET /repos?page=1` the records
 * of a page, `GET /repos/:owner/:name` gives a record, `POST /echo` returns its JSON, and a client that sends too many
 * requests gets 429 with Retry-After. Nothing leaves the machine.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
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
  /** Default: any that is free. */
  readonly port?: number
}

/** What `GET /` lists. */
export const ROUTES: readonly (readonly [route: string, meaning: string])[] = [
  ['GET /repos', 'the names of all repositories'],
  ['GET /repos/OWNER/NAME', 'one repository'],
  ['GET /repos?page=1', '30 repositories, and a Link to the next page'],
  ['POST /echo', 'the JSON that was sent'],
]
const PAGE_SIZE = 30

const DEFAULT_QUOTA = 150
const RETRY_AFTER_S = 1
/** A little shorter than announced: a client that waits for `Retry-After` must not get 429 again. */
const CLOSED_MS = RETRY_AFTER_S * 1_000 - 20

export async function startApi({ repositories, moods, quota = DEFAULT_QUOTA, port = 0 }: ApiParts): Promise<Api> {
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

  const answerPage = (request: IncomingMessage, response: ServerResponse, page: number): void => {
    const last = Math.ceil(repositories.length / PAGE_SIZE)
    if (!(page >= 1 && page <= last)) return answer(response, 404, { message: 'Not Found' })
    const next = `<http://${request.headers.host}/repos?page=${page + 1}>; rel="next"`
    const records = repositories.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
    answer(response, 200, records, page < last ? { link: next } : {})
  }

  const answerEcho = (request: IncomingMessage, response: ServerResponse): void => {
    json(request).then(
      sent => answer(response, 200, { sent }),
      () => answer(response, 400, { message: 'Bad Request: expected JSON' }),
    )
  }

  const server = createServer((request, response) => {
    seen.requests++
    atOnce++
    seen.mostAtOnce = Math.max(seen.mostAtOnce, atOnce)
    const { pathname: path, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const allow = path === '/echo' ? 'POST' : 'GET'
    if (request.method !== allow) return answer(response, 405, { message: 'Method Not Allowed' }, { allow })
    if (path === '/echo') return answerEcho(request, response)
    if (path === '/') return answer(response, 200, Object.fromEntries(ROUTES))
    const page = searchParams.get('page')
    if (path === '/repos' && page !== null) return answerPage(request, response, Number(page))
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
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
