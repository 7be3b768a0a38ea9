/**
 * A server that does exactly what a script says, byte by byte: node:net or node:tls, without an HTTP implementation.
 *
 * A script is a function that plays one connection. With several scripts, the n-th connection gets the n-th, and the
 * last one repeats. Bytes of clients are recorded with monotonic times. A script whose client disconnects just ends; a
 * script that fails by itself fails the test in `close()`.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTlsServer, TLSSocket } from 'node:tls'
import { reset } from './reset.ts'

export type Script = (connection: Connection) => Promise<unknown> | void

export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly head: string
  readonly headers: Headers
  readonly body: string
}

interface Piece {
  readonly atMs: number
  readonly bytes: Buffer
}

/** The client has closed the connection, so the script ends. */
class Gone extends Error {}

export class Connection {
  readonly index: number
  readonly openedAtMs = performance.now()
  closedAtMs: number | undefined
  readonly pieces: Piece[] = []
  readonly requests: RawRequest[] = []
  /** Settles when one side has closed the connection. */
  readonly closed: Promise<void>
  readonly #socket: Socket
  #unread: Buffer = Buffer.alloc(0)
  /** Bytes after `#unread`, joined only when they are read, because uploads are long. */
  #arrived: Buffer[] = []
  #wake: (() => void) | undefined

  constructor(socket: Socket, index: number) {
    this.index = index
    this.#socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.pieces.push({ atMs: performance.now(), bytes })
      this.#arrived.push(bytes)
      this.#wake?.()
    })
    this.closed = new Promise(resolve => {
      const end = (): void => {
        this.closedAtMs ??= performance.now()
        this.#wake?.()
        resolve()
      }
      // A client that resets is part of what these tests play.
      socket.on('end', end).on('error', end).on('close', end)
    })
  }

  /** All received bytes, as Latin-1. */
  get text(): string {
    return Buffer.concat(this.pieces.map(({ bytes }) => bytes)).toString('latin1')
  }

  get isOpen(): boolean {
    return this.closedAtMs === undefined
  }

  /** Waits until the client has sent this many bytes, or this text, and takes them. */
  async expect(what: number | string): Promise<Buffer> {
    for (;;) {
      if (this.#arrived.length > 0) this.#unread = Buffer.concat([this.#unread, ...this.#arrived.splice(0)])
      const at = typeof what === 'number' ? what : this.#unread.indexOf(what, 0, 'latin1')
      const end = typeof what === 'number' ? what : at === -1 ? Infinity : at + what.length
      if (end <= this.#unread.length) {
        const taken = this.#unread.subarray(0, end)
        this.#unread = this.#unread.subarray(end)
        return taken
      }
      if (!this.isOpen) throw new Gone('the client has closed the connection')
      await new Promise<void>(resolve => (this.#wake = resolve))
    }
  }

  /** Waits for the head of a request, and leaves its body unread. */
  async head(): Promise<Omit<RawRequest, 'body'>> {
    const head = (await this.expect('\r\n\r\n')).toString('latin1')
    const [line = '', ...fields] = head.trimEnd().split('\r\n')
    const [method = '', path = ''] = line.split(' ')
    const headers = new Headers(
      fields.map((field): [string, string] => {
        const colonAt = field.indexOf(':')
        return [field.slice(0, colonAt), field.slice(colonAt + 1).trim()]
      }),
    )
    return { method, path, head, headers }
  }

  /** Waits for the body that follows this head. */
  async body({ headers }: Pick<RawRequest, 'headers'>): Promise<string> {
    return headers.get('transfer-encoding') === null
      ? (await this.expect(Number(headers.get('content-length') ?? 0))).toString()
      : (await this.expect('0\r\n\r\n')).toString()
  }

  /** Waits for one complete request. */
  async request(): Promise<RawRequest> {
    const head = await this.head()
    const request = { ...head, body: await this.body(head) }
    this.requests.push(request)
    return request
  }

  /** Resolves when the kernel has the bytes. Text is Latin-1, so that any byte can be written. */
  async send(data: string | Uint8Array): Promise<void> {
    if (this.#socket.destroyed || !this.#socket.writable) throw new Gone('the connection is closed')
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, error =>
        error ? reject(new Gone('the client has closed the connection')) : resolve(),
      )
    })
  }

  /** Sends a complete response with a length. */
  reply(body: string | Uint8Array = '{}', { status = '200 OK', headers = '' } = {}): Promise<void> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    const head = `HTTP/1.1 ${status}\r\nContent-Length: ${bytes.byteLength}\r\n${headers}\r\n`
    return this.send(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
  }

  async wait(ms: number): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, ms))
  }

  /** Stops reading, so that further bytes of the client fill the buffers of the kernels. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  fin(): void {
    this.#socket.end()
  }

  rst(): void {
    // Under TLS the connection is the socket below, which is missing from Node's types.
    const below = (this.#socket as Socket & { readonly _parent?: Socket | null })._parent ?? this.#socket
    reset(below)
  }

  /** For the end of the server. */
  destroy(): void {
    this.#socket.destroy()
  }
}

export interface RawServer {
  readonly origin: string
  readonly port: number
  /** Every connection so far, in order (with TLS: after a handshake). */
  readonly connections: readonly Connection[]
  /** Every complete request so far, over all connections. */
  readonly requests: readonly RawRequest[]
  /** TCP connections, including failed handshakes. */
  readonly accepted: number
  /** The most connections that were open at once. */
  readonly mostOpen: number
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface RawServerOptions {
  /** The name of a certificate in test/fixtures/tls. Without one, the server is plain TCP. */
  readonly cert?: 'server' | 'expired' | 'elsewhere' | 'self-signed'
  readonly host?: string
  /** The protocols that the server offers by ALPN, in order of preference. */
  readonly alpn?: readonly string[]
  /** The most bytes in one TLS record, at least 512. What one `send` writes stays in one segment as long as it fits. */
  readonly maxRecordBytes?: number
}

export const tlsFixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/tls/${name}.pem`, import.meta.url), 'utf8')

export async function rawServer(
  play: Script | readonly Script[],
  { cert, host = '127.0.0.1', alpn, maxRecordBytes }: RawServerOptions = {},
): Promise<RawServer> {
  const scripts = typeof play === 'function' ? [play] : play
  const connections: Connection[] = []
  const sockets = new Set<Socket>()
  const mistakes: unknown[] = []
  let accepted = 0
  let mostOpen = 0

  const take = (socket: Socket): void => {
    // Many small frames, none of which waits for the others.
    if (alpn !== undefined) socket.setNoDelay(true)
    if (maxRecordBytes !== undefined && socket instanceof TLSSocket) socket.setMaxSendFragment(maxRecordBytes)
    const connection = new Connection(socket, connections.length)
    connections.push(connection)
    mostOpen = Math.max(mostOpen, connections.filter(({ isOpen }) => isOpen).length)
    const script = scripts[Math.min(connection.index, scripts.length - 1)] as Script
    Promise.resolve(connection)
      .then(script)
      .catch(error => {
        if (!(error instanceof Gone)) mistakes.push(error)
      })
  }
  const server: Server =
    cert === undefined
      ? createServer(take)
      : createTlsServer(
          { cert: tlsFixture(cert), key: tlsFixture(`${cert}-key`), ...(alpn && { ALPNProtocols: [...alpn] }) },
          take,
        )
  server.on('tlsClientError', () => undefined)
  server.on('connection', (socket: Socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    for (const connection of connections) connection.destroy()
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
    if (mistakes.length > 0) throw mistakes[0]
  }
  return {
    origin: `${cert === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    connections,
    get requests() {
      return connections.flatMap(({ requests }) => requests)
    },
    get accepted() {
      return accepted
    },
    get mostOpen() {
      return mostOpen
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Answers every request on every connection in the same way, until the client closes it. */
export const answering =
  (answer: (connection: Connection, request: RawRequest) => unknown): Script =>
  async connection => {
    for (;;) await answer(connection, await connection.request())
  }

/** Reads one request and sends these bytes, then holds the connection open. */
export const sending =
  (...parts: readonly (string | Uint8Array)[]): Script =>
  async connection => {
    await connection.request()
    for (const part of parts) await connection.send(part)
  }
