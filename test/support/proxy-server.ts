/**
 * Proxies for tests, made of Node only: one for HTTP (CONNECT and forwarding), one for SOCKS 5. Both resolve every host
 * name to this machine, so that a name that does not exist shows which side looked it up.
 */
import { createServer as createHttpServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server as NetServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { tlsFixture } from './raw-server.ts'

export interface TestProxy {
  /** Without credentials. */
  readonly url: string
  readonly port: number
  /** The URL with these credentials. */
  urlFor(username: string, password: string): string
  /** `host:port` of each requested tunnel. */
  readonly tunnels: string[]
  /** The first line of each request to forward. */
  readonly forwards: string[]
  /** The credentials of each request, decoded; '' for none. */
  readonly credentials: string[]
  readonly accepted: number
  readonly open: number
  /** Closes every open connection, and accepts no more. */
  kill(): Promise<void>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface HttpProxyOptions {
  /** The required credentials, as `user:password`. */
  readonly wants?: string
  /** The certificate; with one, the proxy uses TLS. */
  readonly cert?: 'server' | 'self-signed' | 'elsewhere'
  /** Answers a CONNECT itself and returns true; anything else continues as usual. */
  readonly onConnect?: (socket: Duplex, target: string) => boolean
}

const LOOPBACK = '127.0.0.1'

export async function httpProxy({ wants, cert, onConnect }: HttpProxyOptions = {}): Promise<TestProxy> {
  const log = { tunnels: [] as string[], forwards: [] as string[], credentials: [] as string[] }
  const isAllowed = ({ headers }: IncomingMessage): boolean => {
    const given = Buffer.from(headers['proxy-authorization']?.split(' ')[1] ?? '', 'base64').toString()
    log.credentials.push(given)
    return wants === undefined || given === wants
  }
  const forward = (request: IncomingMessage, response: ServerResponse): void => {
    log.forwards.push(`${request.method} ${request.url}`)
    if (!isAllowed(request)) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="x"' }).end('who are you?')
      return
    }
    const { port, pathname, search } = new URL(request.url ?? '')
    const { 'proxy-authorization': _, ...headers } = request.headers
    const path = pathname + search
    const onward = httpRequest({ host: LOOPBACK, port, path, method: request.method, headers }, answer => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(502).end())
    request.pipe(onward)
  }
  const tls = cert === undefined ? undefined : { cert: tlsFixture(cert), key: tlsFixture(`${cert}-key`) }
  const server: Server = tls === undefined ? createHttpServer(forward) : createHttpsServer(tls, forward)
  server.on('connect', (request: IncomingMessage, socket: Duplex) => {
    const target = request.url ?? ''
    log.tunnels.push(target)
    socket.on('error', () => undefined)
    if (onConnect?.(socket, target) === true) return
    if (!isAllowed(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 12\r\n\r\nwho are you?')
      return
    }
    join(socket, Number(target.slice(target.lastIndexOf(':') + 1)), {
      opened: () => void socket.write('HTTP/1.1 200 Connection established\r\n\r\n'),
      failed: () => void socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'),
    })
  })
  return listening(server, cert === undefined ? 'http' : 'https', log)
}

export interface SocksOptions {
  readonly wants?: string
  /** Answers every request with this code. */
  readonly refusesWith?: number
}

export async function socksProxy({ wants, refusesWith }: SocksOptions = {}): Promise<TestProxy> {
  const log = { tunnels: [] as string[], forwards: [] as string[], credentials: [] as string[] }
  const server = createServer(socket => {
    socket.on('error', () => undefined)
    let state: 'greeting' | 'password' | 'request' = 'greeting'
    const read = (): void => {
      const bytes = socket.read() as Buffer | null
      if (bytes === null) return
      if (state === 'greeting') {
        const methods = [...bytes.subarray(2, 2 + (bytes[1] ?? 0))]
        if (wants === undefined) log.credentials.push('')
        const method = wants === undefined ? 0 : methods.includes(2) ? 2 : 0xff
        state = method === 2 ? 'password' : 'request'
        socket.write(Buffer.from([5, method]))
        return
      }
      if (state === 'password') {
        const userEnd = 2 + (bytes[1] ?? 0)
        const given = `${bytes.toString('utf8', 2, userEnd)}:${bytes.toString('utf8', userEnd + 1)}`
        log.credentials.push(given)
        state = 'request'
        socket.write(Buffer.from([1, given === wants ? 0 : 1]))
        if (given !== wants) socket.end()
        return
      }
      const [host, port] = targetOf(bytes)
      log.tunnels.push(`${host}:${port}`)
      const answer = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0])
      socket.off('readable', read)
      if (refusesWith !== undefined) {
        socket.end(answer(refusesWith))
        return
      }
      join(socket, port, { opened: () => void socket.write(answer(0)), failed: () => void socket.end(answer(5)) })
    }
    socket.on('readable', read)
  })
  return listening(server, 'socks5', log)
}

function targetOf(bytes: Buffer): [host: string, port: number] {
  const type = bytes[3]
  if (type === 1) return [[...bytes.subarray(4, 8)].join('.'), bytes.readUInt16BE(8)]
  if (type === 4) return [`[${bytes.toString('hex', 4, 20)}]`, bytes.readUInt16BE(20)]
  const end = 5 + (bytes[4] ?? 0)
  return [bytes.toString('latin1', 5, end), bytes.readUInt16BE(end)]
}

function join(inner: Duplex, port: number, { opened, failed }: { opened: () => void; failed: () => void }): void {
  const outer = connect(port, LOOPBACK)
  let isOpen = false
  outer.once('connect', () => {
    isOpen = true
    opened()
    inner.pipe(outer).pipe(inner)
  })
  outer.on('error', () => (isOpen ? inner.destroy() : failed()))
  outer.on('close', () => isOpen && inner.destroy())
  inner.on('close', () => outer.destroy())
}

async function listening(
  server: NetServer,
  scheme: string,
  log: Pick<TestProxy, 'tunnels' | 'forwards' | 'credentials'>,
): Promise<TestProxy> {
  const sockets = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>(resolve => server.listen(0, LOOPBACK, resolve))
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  const close = (): Promise<void> =>
    (closing ??= new Promise(resolve => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    }))
  return {
    url: `${scheme}://${LOOPBACK}:${port}`,
    port,
    urlFor: (username, password) =>
      `${scheme}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${LOOPBACK}:${port}`,
    ...log,
    get accepted() {
      return accepted
    },
    get open() {
      return sockets.size
    },
    kill: close,
    close,
    [Symbol.asyncDispose]: close,
  }
}
