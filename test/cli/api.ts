/** A small local API for tests of the command line. It echoes, fails, waits and counts. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface Api extends AsyncDisposable {
  readonly origin: string
  /** In the order of arrival. */
  readonly seen: readonly Seen[]
}

/**
 * `/status/404` answers with that status, `/slow/300` after 300 ms, `/text` with text, `/stars/NAME` with
 * `{ name, stars, owner: { id } }`, and every other path with an echo of the request.
 */
export async function api(): Promise<Api> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      seen.push({ method, path, headers, body })
      const [, kind, argument = ''] = /^\/(status|slow|text|stars)\/?([^?]*)/.exec(path) ?? []
      const answer = (): void => {
        if (kind === 'status') response.statusCode = Number(argument)
        response.setHeader('content-type', kind === 'text' ? 'text/plain' : 'application/json')
        response.end(kind === 'text' ? 'plain' : JSON.stringify(valueOf(kind, argument, { method, path, body })))
      }
      if (kind === 'slow') setTimeout(answer, Number(argument))
      else answer()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function valueOf(kind: string | undefined, argument: string, echo: object): object {
  if (kind !== 'stars') return echo
  const name = decodeURIComponent(argument)
  return { name, stars: name.length, owner: { id: `id-${name}` } }
}
