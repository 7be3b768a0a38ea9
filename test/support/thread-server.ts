/**
 * A server in a thread of its own, for tests that block their thread while requests are in flight. The path selects
 * what it does; it answers with the request as JSON.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

const ROLE = 'parallel-requests-thread-server'

export interface ThreadServer {
  /** Without a trailing slash. */
  readonly url: string
  close(): Promise<void>
}

/** The request as the server received it. */
export interface Echo {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export async function threadServer(): Promise<ThreadServer> {
  const worker = new Worker(new URL(import.meta.url), { execArgv: [], workerData: ROLE })
  const [url] = (await once(worker, 'message')) as [string]
  return { url, close: async () => void (await worker.terminate()) }
}

const seen = new Map<string, number>()

function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
  const url = new URL(request.url ?? '', 'http://127.0.0.1')
  const { searchParams: query, pathname } = url
  const id = query.get('id') ?? ''
  const times = (seen.get(id) ?? 0) + 1
  if (pathname !== '/times') seen.set(id, times)
  const send = (status: number, content: string | Uint8Array, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(content)
  }
  const echo = JSON.stringify({ method: request.method, path: request.url, headers: request.headers, body })
  switch (pathname) {
    case '/status':
      return send(Number(query.get('is')), echo, query.has('after') ? { 'retry-after': query.get('after') ?? '' } : {})
    case '/guarded':
      return send(request.headers.authorization === `Bearer ${query.get('is')}` ? 200 : 401, echo)
    case '/grant':
      return send(200, JSON.stringify({ access_token: `token-${times}`, token_type: 'bearer' }))
    case '/flaky':
      return send(times < Number(query.get('until')) ? 503 : 200, JSON.stringify({ times }))
    case '/job': {
      const status = times < 4 ? 'working' : 'over'
      return send(200, JSON.stringify({ status, urls: { get: `/job?id=${id}` } }))
    }
    case '/times':
      return send(200, String(seen.get(id) ?? 0))
    case '/text':
      return send(200, Buffer.from('caf\xe9', 'latin1'), { 'content-type': 'text/plain; charset=iso-8859-1' })
    case '/bytes':
      return send(200, Buffer.alloc(Number(query.get('n')), 7))
    case '/bad':
      return send(200, '{"a": nope}')
    case '/empty':
      return send(200, '')
    case '/slow':
      return void setTimeout(() => send(200, echo), Number(query.get('ms')))
    case '/not-gzip':
      return send(503, echo, { 'content-encoding': 'gzip' })
    case '/reset':
      return void request.socket.destroy()
    case '/hop':
      return send(Number(query.get('is') ?? 302), '', { location: query.get('to') ?? '/' })
    case '/round':
      return send(302, '', { location: '/round' })
    case '/long-cookie':
      return send(200, echo, { 'set-cookie': `long=${'x'.repeat(5_000)}` })
    case '/cookie':
      return send(200, echo, { 'set-cookie': 'learned=1; Path=/' })
    default:
      return send(200, echo)
  }
}

if (!isMainThread && workerData === ROLE) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()))
  })
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    parentPort?.postMessage(`http://127.0.0.1:${port}`, [])
  })
}
