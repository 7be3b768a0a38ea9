/** A token endpoint that answers as a test says, and records what it was asked. */
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface Asked {
  readonly authorization: string | undefined
  readonly form: Readonly<Record<string, string>>
}

export interface TokenEndpoint {
  readonly url: string
  readonly asked: Asked[]
  /** The most requests that were being answered at once. */
  most: number
}

export async function tokenEndpoint(
  answer: (asked: Asked, response: ServerResponse, number: number) => void,
): Promise<TokenEndpoint> {
  const made: { url: string; asked: Asked[]; most: number } = { url: '', asked: [], most: 0 }
  let running = 0
  const server = createServer((request, response) => {
    let body = ''
    made.most = Math.max(made.most, ++running)
    response.on('close', () => running--)
    request.setEncoding('utf8').on('data', chunk => (body += chunk))
    request.on('end', () => {
      const asked = {
        authorization: request.headers.authorization,
        form: Object.fromEntries(new URLSearchParams(body)),
      }
      made.asked.push(asked)
      answer(asked, response, made.asked.length)
    })
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  made.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  return made
}

export function sendJson(response: ServerResponse, status: number, json: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json))
}
