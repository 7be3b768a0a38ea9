/** Answers the probes of a worker over HTTP: `/health` and `/metrics`. Reads nothing but the path of a request. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ProbeAddress } from './address.ts'
import { ConfigError } from '../../core/error.ts'
import { systemReason } from '../../core/system-reason.ts'

export interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** By path. */
export type Routes = Readonly<Record<string, () => Answer | Promise<Answer>>>

export interface ProbeServer {
  readonly port: number
  close(): Promise<void>
}

/**
 * Does not keep the process alive.
 *
 * @param subject the option or flag of the address, for messages
 * @throws ConfigError if the address cannot be listened on
 */
export async function serveProbes({ host, port }: ProbeAddress, routes: Routes, subject: string): Promise<ProbeServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] as string
    void answer(request.method ?? '', path, routes, response)
  })
  server.listen({ port, ...(host !== undefined && { host }) })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new ConfigError([
      `${subject}: cannot listen on ${host ?? ''}:${port}: ${systemReason(error)}. Choose another port, or end what uses it.`,
    ])
  }
  server.unref()
  return { port: (server.address() as AddressInfo).port, close: () => close(server) }
}

async function answer(method: string, path: string, routes: Routes, response: ServerResponse): Promise<void> {
  const { status, type, text } = await answerOf(method, path, routes)
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  response.end(method === 'HEAD' ? undefined : text)
}

async function answerOf(method: string, path: string, routes: Routes): Promise<Answer> {
  const type = 'text/plain; charset=utf-8'
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, type, text: 'Use GET.\n' }
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined
  if (route === undefined) return { status: 404, type, text: `There are: ${Object.keys(routes).join(', ')}\n` }
  try {
    return await route()
  } catch {
    return { status: 500, type, text: 'The worker could not answer.\n' }
  }
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
}
