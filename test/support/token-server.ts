/**
 * A server that knows which tokens are valid, and what it carried out. The path selects what it does with a request that
 * it accepts; one with another token gets a 401 that echoes what it sent.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TokenServer {
  /** Without a trailing slash. */
  readonly url: string
  readonly valid: Set<string>
  /** `POST /path body` of each request that was carried out. */
  readonly done: string[]
  /** The `Authorization` of each request, `-` for none. */
  readonly seen: string[]
  /** How many requests to hold back before the first of them is answered. */
  held: number
}

export async function tokenServer(...valid: readonly string[]): Promise<TokenServer> {
  const waiting: (() => void)[] = []
  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const { authorization = '-' } = request.headers
    made.seen.push(authorization)
    const path = request.url ?? '/'
    if (path.startsWith('/away')) {
      response.writeHead(307, { location: decodeURIComponent(path.slice(path.indexOf('=') + 1)) }).end()
      return
    }
    const isKnown = made.valid.has(authorization.slice(authorization.indexOf(' ') + 1))
    if (!isKnown || path.startsWith('/never')) {
      const echo = JSON.stringify({ message: `no ${authorization}`, all: made.seen.join(' ') })
      response.writeHead(401, { 'content-type': 'application/json' }).end(echo)
      return
    }
    made.done.push(`${request.method} ${path} ${body}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ path }))
  }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', chunk => (body += chunk))
    request.on('end', () => {
      waiting.push(() => answer(request, response, body))
      if (waiting.length < made.held) return
      made.held = 0
      for (const go of waiting.splice(0)) go()
    })
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const made: TokenServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    valid: new Set(valid),
    done: [],
    seen: [],
    held: 0,
  }
  return made
}
