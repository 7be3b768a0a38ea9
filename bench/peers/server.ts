/**
 * Answers every shape, in a process of its own: HTTP/1.1 in the clear, with TLS, and HTTP/2, each on its own port. On one
 * more port it answers small GETs from a buffer, because node:http costs more CPU time than the fastest clients.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Answer } from './shapes.ts'

const person = { id: 7, name: 'node', owner: 'nodejs', stars: 104_000, topics: ['javascript', 'runtime'] }
const small = Buffer.from(JSON.stringify({ ...person, description: 'x'.repeat(120) }))
const medium = Buffer.from(JSON.stringify(Array.from({ length: 96 }, () => person)))
const BODIES: Readonly<Record<Answer, Buffer>> = {
  small,
  medium,
  large: Buffer.from(JSON.stringify(Array.from({ length: 9_600 }, () => person))),
  gzip: gzipSync(medium),
}

function answer(request: Pick<IncomingMessage, 'url' | 'resume'>, response: ServerResponse): void {
  const kind = (request.url ?? '').split('/', 2)[1] as Answer
  const body = BODIES[kind] ?? small
  const coding = kind === 'gzip' ? { 'content-encoding': 'gzip' } : {}
  request.resume()
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.byteLength, ...coding })
  response.end(body)
}

/** The bytes that node:http would send. */
const canned = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n' +
    `content-length: ${small.byteLength}\r\nDate: ${new Date().toUTCString()}\r\n` +
    `Connection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\n${small.toString()}`,
)

/** Parses nothing: no client sends a second request before the answer, so a chunk that ends a head ends a request. */
function answerCanned(socket: Socket): void {
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    if (chunk.subarray(-4).equals(END_OF_HEAD)) socket.write(canned)
  })
}
const END_OF_HEAD = Buffer.from('\r\n\r\n')

const keys = new URL('../../test/fixtures/tls/', import.meta.url)
const tls = { cert: readFileSync(new URL('server.pem', keys)), key: readFileSync(new URL('server-key.pem', keys)) }
const plain = createServer(answer)
const secure = createTlsServer(tls, answer)
plain.keepAliveTimeout = secure.keepAliveTimeout = 60_000
const fast = createTcpServer(answerCanned)
const h2 = createSecureServer({ ...tls, settings: { maxConcurrentStreams: 1_000 } }, answer as never)

async function listen(server: Pick<Server, 'listen' | 'address'>): Promise<number> {
  await new Promise<void>(resolve => void server.listen(0, '0.0.0.0', 4_096, resolve))
  return (server.address() as AddressInfo).port
}

const ports = { plain: await listen(plain), tls: await listen(secure), h2: await listen(h2), fast: await listen(fast) }
process.send?.(JSON.stringify(ports))
process.on('disconnect', () => process.exit())
