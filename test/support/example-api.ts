/**
 * The servers that stand for those in the pages. `http://127.0.0.1:7300` is the API of `preq demo --serve`, at a port of
 * the test. `https://api.example.com` answers any path with a believable record: `/status/<code>` with that status,
 * `/items…` with an array, `/chat/…` with events, `/jobs` with a job.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { catalogue } from '../../src/cli/demo/catalogue.ts'
import { moods } from '../../src/cli/demo/moods.ts'
import { startApi } from '../../src/cli/demo/server.ts'

const EXAMPLE_ORIGIN = 'https://api.example.com'
const DEMO_ORIGIN = 'http://127.0.0.1:7300'

export interface ExampleApi extends AsyncDisposable {
  /** The text with the servers' origins in place of those of the pages. */
  local(text: string): string
  /** The text as a page would show it. */
  shown(text: string): string
}

export async function exampleApi(): Promise<ExampleApi> {
  const server = createServer(answer)
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const origin = `http://${host}`
  const repositories = catalogue()
  const demo = await startApi({ repositories, moods: moods(repositories.length) })
  const demoOrigin = new URL(demo.baseUrl).origin
  return {
    local: text => text.replaceAll(EXAMPLE_ORIGIN, origin).replaceAll(DEMO_ORIGIN, demoOrigin),
    shown: text =>
      text
        .replaceAll('\r\n', '\n')
        .replaceAll(demoOrigin, DEMO_ORIGIN)
        .replaceAll(origin, EXAMPLE_ORIGIN)
        .replaceAll(host, new URL(EXAMPLE_ORIGIN).host),
    [Symbol.asyncDispose]: async () => {
      await demo.close()
      await new Promise(done => {
        server.close(done)
        server.closeAllConnections()
      })
    },
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', EXAMPLE_ORIGIN)
  const status = /^\/status\/(\d{3})$/.exec(pathname)?.[1]
  response.statusCode = status === undefined ? 200 : Number(status)
  response.setHeader('content-type', 'application/json')
  if (pathname.startsWith('/chat/')) {
    response.setHeader('content-type', 'text/event-stream')
    return void response.end('id: 1\ndata: {"text":"Hello"}\n\ndata: [DONE]\n\n')
  }
  if (pathname.startsWith('/jobs')) {
    const state = request.method === 'POST' ? 'starting' : 'succeeded'
    return void response.end(JSON.stringify({ status: state, urls: { get: '/jobs/1' }, output: '/images/1' }))
  }
  const name = pathname.split('/').at(-1)
  const record = {
    id: Number(name) || 1,
    name,
    path: pathname,
    query: Object.fromEntries(searchParams),
    stars: 7,
    language: 'C',
  }
  response.end(JSON.stringify(/^\/items\b/.test(pathname) ? [record, record] : record))
}
