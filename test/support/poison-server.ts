/**
 * A thread that answers `/<token>` with the token, fast, and now and then tries to give a client another request's
 * answer: a second response after the first, one on an idle connection, one after the client's timeout, cut bodies,
 * slow ones, ends and resets. Each injected response is a complete 200 with the token of another request.
 *
 * It never sends a second response while the next request may be in flight: no HTTP/1.1 client could tell it from the
 * answer.
 */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { once } from 'node:events'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { reset } from './reset.ts'

const ROLE = 'parallel-requests-poison-server'

export interface PoisonServer {
  /** It listens on every address of this machine. */
  readonly port: number
  /** Sends an unsolicited answer on every connection. Resolves when the client has closed them all. */
  poison(): Promise<void>
  close(): Promise<void>
}

export async function poisonServer(): Promise<PoisonServer> {
  const worker = new Worker(new URL(import.meta.url), { execArgv: [], workerData: ROLE })
  const [port] = (await once(worker, 'message')) as [number]
  return {
    port,
    async poison() {
      worker.postMessage('poison', [])
      await once(worker, 'message')
    },
    close: async () => void (await worker.terminate()),
  }
}

const whole = (body: string, headers = ''): string =>
  `HTTP/1.1 200 OK\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
const chunked = (body: string): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

/** The timeout of the clients. */
export const GIVEN_UP_MS = 150

/** The token of a request that was answered before. */
let stranger = 'poison'

type Trick = (socket: Socket, token: string) => unknown

const TRICKS: readonly Trick[] = [
  // A second answer in the same packet.
  (socket, token) => socket.write(whole(token) + whole(stranger)),
  (socket, token) => setTimeout(() => socket.write(whole(token)), Math.random() * 10),
  // Rare, because it delays a round: after the client's timeout, when the connection must be closed.
  (socket, token) => {
    const waitMs = Math.random() < 0.1 ? GIVEN_UP_MS + Math.random() * 50 : 0
    setTimeout(() => socket.write(whole(token)), waitMs)
  },
  (socket, token) => {
    const answer = chunked(token)
    socket.write(answer.slice(0, 50))
    setImmediate(() => socket.write(answer.slice(50)))
  },
  (socket, token) => socket.end(whole(token)),
  (socket, token) => socket.end(whole(token, 'Connection: close\r\n') + whole(stranger)),
  (socket, token) => socket.write(whole(token)) && setImmediate(() => reset(socket)),
  (socket, token) => socket.end(whole(token).slice(0, -1)),
  socket => socket.end(),
  socket => reset(socket),
  // Half of a head, and nothing more.
  socket => socket.write('HTTP/1.1 200 OK\r\nContent-') && setTimeout(() => socket.destroy(), 5),
  // An interim response first; a response without a body, followed by a body.
  (socket, token) => socket.write(`HTTP/1.1 103 Early Hints\r\n\r\n${whole(token)}`),
  socket => socket.write(`HTTP/1.1 204 No Content\r\n\r\n${whole(stranger)}`),
]

const open = new Set<Socket>()

async function poisonAll(): Promise<void> {
  // Not `once()`, which would reject with the errors of connections that the client is closing.
  const closed = [...open].map(socket => new Promise<void>(resolve => void socket.once('close', () => resolve())))
  for (const socket of open) socket.write(whole(stranger))
  await Promise.all(closed)
}

function serve(socket: Socket, trickEvery: number): void {
  let unread = ''
  socket.on('error', () => undefined)
  open.add(socket)
  socket.on('close', () => open.delete(socket))
  socket.on('data', bytes => {
    unread += bytes.toString('latin1')
    for (let end = unread.indexOf('\r\n\r\n'); end !== -1; end = unread.indexOf('\r\n\r\n')) {
      const token = unread.slice(unread.indexOf('/') + 1, unread.indexOf(' HTTP'))
      unread = unread.slice(end + 4)
      const trick = Math.random() < 1 / trickEvery ? TRICKS[Math.floor(Math.random() * TRICKS.length)] : undefined
      if (trick === undefined) socket.write(whole(token))
      else trick(socket, token)
      stranger = token
    }
  })
}

if (!isMainThread && workerData === ROLE) {
  parentPort?.on('message', () => void poisonAll().then(() => parentPort?.postMessage('poisoned', [])))
  // Nagle's algorithm would hold the injected response back until the next request arrives.
  const server = createServer({ noDelay: true }, socket => serve(socket, 50))
  server.listen(0, '0.0.0.0', 1_024, () => {
    const { port } = server.address() as AddressInfo
    parentPort?.postMessage(port, [])
  })
}
