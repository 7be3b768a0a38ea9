/**
 * The server that the examples use instead of the Internet: the few routes of httpbin and GitHub's API that they need.
 * Records every request, so that a test can check exactly what was sent.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Long enough for one request too many to arrive while the others are open, so that `peakInFlight` shows it. */
const ANSWER_AFTER_MS = 20

/** One request as it arrived. */
export interface RecordedRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** The client's port: requests with the same one shared a connection. */
  readonly clientPort: number
}

export interface SeedServer {
  /** Without a trailing slash. */
  readonly url: string
  /** In the order of arrival. */
  readonly requests: readonly RecordedRequest[]
  /** The most requests that were open at once. */
  readonly peakInFlight: number
  /** Answers nothing until this many requests are open at once, and everything from then on. */
  holdUntilOpen(count: number): void
  /** Clears the record and `holdUntilOpen`. */
  clear(): void
  close(): Promise<void>
}

/** A new server on 127.0.0.1 with its own port. */
export async function seedServer(): Promise<SeedServer> {
  const requests: RecordedRequest[] = []
  let inFlight = 0
  let peakInFlight = 0
  let holdUntil = 0
  let held: (() => void)[] = []

  function release(): void {
    for (const answerNow of held) setTimeout(answerNow, ANSWER_AFTER_MS)
    held = []
  }

  const server = createServer((incoming, response) => {
    const request = record(incoming)
    requests.push(request)
    peakInFlight = Math.max(peakInFlight, ++inFlight)
    response.once('close', () => inFlight--)
    held.push(() => answer(request, response))
    if (peakInFlight >= holdUntil) release()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    get peakInFlight() {
      return peakInFlight
    },
    holdUntilOpen(count) {
      holdUntil = count
    },
    clear() {
      requests.length = 0
      peakInFlight = 0
      holdUntil = 0
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function record({ method = '', url = '/', headers, socket }: IncomingMessage): RecordedRequest {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1')
  return {
    method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    clientPort: socket.remotePort ?? 0,
  }
}

function answer(request: RecordedRequest, response: ServerResponse): void {
  const { path } = request
  if (path === '/get') return sendJson(response, 200, echo(request))
  if (path === '/html') return send(response, 200, 'text/html; charset=utf-8', HTML)

  const size = /^\/bytes\/(\d+)$/.exec(path)?.[1]
  if (size !== undefined) return send(response, 200, 'application/octet-stream', bytes(Number(size)))

  const [, owner, name] = /^\/repos\/([^/]+)\/([^/]+)$/.exec(path) ?? []
  if (owner !== undefined && name !== undefined) {
    response.setHeader('set-cookie', 'session=seed; Path=/; HttpOnly')
    return sendJson(response, 200, repo(owner, name))
  }

  sendJson(response, 404, { message: 'Not Found', status: '404' })
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(value))
}

/** The answer of httpbin to a request. */
function echo({ path, query, headers }: RecordedRequest): unknown {
  const search = new URLSearchParams(query).toString()
  const url = `http://${headers.host ?? ''}${path}${search === '' ? '' : `?${search}`}`
  return { args: query, headers, origin: '127.0.0.1', url }
}

/** The same bytes each time, with every value among them. */
function bytes(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => at % 256)
}

interface KnownRepo {
  readonly stars: number
  readonly language: string
  readonly description: string
}

const KNOWN_REPOS: Readonly<Record<string, KnownRepo>> = {
  'python/cpython': { stars: 68_214, language: 'Python', description: 'The Python programming language' },
  'python/pypy': { stars: 1_437, language: 'Python', description: 'A fast implementation of Python in Python' },
  'legout/parallel-requests': { stars: 12, language: 'Python', description: 'HTTP requests in parallel' },
}

/** The fields of GitHub's answer that people read. An unknown repository looks like a new one. */
function repo(owner: string, name: string): unknown {
  const full = `${owner}/${name}`
  const known = KNOWN_REPOS[full]
  return {
    name,
    full_name: full,
    private: false,
    owner: { login: owner, type: 'Organization' },
    html_url: `https://github.com/${full}`,
    description: known?.description ?? null,
    fork: false,
    default_branch: 'main',
    stargazers_count: known?.stars ?? 1,
    language: known?.language ?? null,
    topics: [],
  }
}

const HTML = `<!DOCTYPE html>
<html>
  <head><title>Herman Melville - Moby-Dick</title></head>
  <body>
    <h1>Herman Melville - Moby-Dick</h1>
    <p>Call me Ishmael. Some years ago—never mind how long precisely…</p>
  </body>
</html>
`
