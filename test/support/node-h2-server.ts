import { createSecureServer } from 'node:http2'
import type { Http2SecureServer, Http2ServerResponse, SecureServerOptions } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { tlsFixture } from './raw-server.ts'

/** Node's own server, which echoes the request. `/status/421` answers with that status, `/hang` never answers. */
export async function nodeServer(options: SecureServerOptions = {}, host = '127.0.0.1') {
  let sessions = 0
  let connections = 0
  const sockets = new Set<Socket>()
  const server: Http2SecureServer = createSecureServer({
    key: tlsFixture('server-key'),
    cert: tlsFixture('server'),
    ...options,
  })
  server.on('session', () => sessions++)
  server.on('secureConnection', socket => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('request', (request, response: Http2ServerResponse) => {
    const path = request.url
    if (path === '/hang') return
    const status = /^\/status\/(\d+)/.exec(path)?.[1]
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      response.writeHead(Number(status ?? 200), { 'content-type': 'application/json', 'x-token': path })
      // In two chunks, so that responses interleave on the connection.
      response.write(`{"path":${JSON.stringify(path)},`)
      setImmediate(() => response.end(`"body":${JSON.stringify(body)},"version":"${request.httpVersion}"}`))
    })
    request.on('error', () => undefined)
  })
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  return {
    origin: `https://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`,
    counts: () => ({ sessions, connections, open: sockets.size }),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
