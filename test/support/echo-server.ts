/**
 * A server that answers with the request as it received it, unless its path asks for something else (`/status/503`,
 * `/slow/50`, `/hang`, `/as/<content type>?body=…`) or the test gives a handler.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Echo {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Every header line, in order, names in lower case. */
  readonly lines: readonly string[]
  readonly body: string
}

export interface EchoServer {
  /** Without a trailing slash. */
  readonly url: string
  readonly port: number
  /** In the order in which the requests were complete. */
  readonly requests: readonly Echo[]
  /** The number of connections so far. */
  readonly connections: number
  /** The number of open connections. */
  readonly open: number
  /** The most requests that were open at once. */
  readonly mostAtOnce: number
}

export type Respond = (echo: Echo, response: ServerResponse, request: IncomingMessage) => void

/** A new server on 127.0.0.1, which is closed with the test. */
export async function echoServer(respond: Respond = answer): Promise<EchoServer> {
  const requests: Echo[] = []
  let connections = 0
  let open = 0
  let inFlight = 0
  let mostAtOnce = 0
  const server = createServer({ maxHeaderSize: 131_072 }, (request, response) => {
    mostAtOnce = Math.max(mostAtOnce, ++inFlight)
    response.once('close', () => inFlight--)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const echo = echoOf(request, Buffer.concat(chunks).toString())
      requests.push(echo)
      respond(echo, response, request)
    })
  })
  server.on('connection', socket => {
    connections++
    open++
    socket.once('close', () => open--)
  })
  server.listen(0, '127.0.0.1', 2_048)
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections
    },
    get open() {
      return open
    },
    get mostAtOnce() {
      return mostAtOnce
    },
  }
}

function echoOf(request: IncomingMessage, body: string): Echo {
  const lines = request.rawHeaders.map((line, index) => (index % 2 === 0 ? line.toLowerCase() : line))
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers as Record<string, string>,
    lines,
    body,
  }
}

function answer(echo: Echo, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(echo.url, 'http://localhost')
  const [, verb, argument = ''] = pathname.split('/', 3)
  if (verb === 'hang') return
  const status = verb === 'status' ? Number(argument) : 200
  const body = verb === 'as' ? (searchParams.get('body') ?? '') : JSON.stringify(echo)
  const type = verb === 'as' ? pathname.slice('/as/'.length) : 'application/json'
  const send = (): void => void response.writeHead(status, { 'content-type': type }).end(body)
  if (verb === 'slow') setTimeout(send, Number(argument))
  else send()
}
