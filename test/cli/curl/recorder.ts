/** A local server that records every request byte by byte and answers each with `{}`. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** The parts of a request that curl and preq must send alike: no headers about the connection or the client. */
export interface Recorded {
  readonly method: string
  /** With percent escapes in upper case (RFC 3986 §6.2.2.1). */
  readonly target: string
  /** `name: value` with the name in lower case, sorted by name, bytes as Latin-1. */
  readonly headers: readonly string[]
  /** As Latin-1; a multipart boundary is `BOUNDARY`. */
  readonly body: string
}

export interface Recorder extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string
  /** Returns the requests since the last call. */
  take(): Recorded[]
}

/** `/redir/302/…` answers with that status, `location: /to` and a cookie. */
export async function recorder(): Promise<Recorder> {
  let seen: Recorded[] = []
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    let left: Buffer = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (bytes: Buffer) => {
      left = Buffer.concat([left, bytes])
      for (;;) {
        const request = firstOf(left)
        if (request === undefined) return
        left = left.subarray(request.bytes)
        const { recorded } = request
        seen.push(recorded)
        socket.write(answerTo(recorded))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    take() {
      const taken = seen
      seen = []
      return taken.map(one => withoutDefaults(one, host))
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function firstOf(bytes: Buffer): { readonly recorded: Recorded; readonly bytes: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [line = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const [method = '', ...rest] = line.split(' ')
  const headers = lines.map(text => {
    const at = text.indexOf(':')
    return `${text.slice(0, at).toLowerCase()}: ${text.slice(at + 1).replaceAll(/^[ \t]+|[ \t]+$/g, '')}`
  })
  const body = bodyOf(bytes.subarray(end + 4), headers)
  if (body === undefined) return undefined
  const boundary = headers
    .map(text => /^content-type:.*boundary=(\S+)/.exec(text)?.[1])
    .find(text => text !== undefined)
  const blotted = (text: string): string => (boundary === undefined ? text : text.replaceAll(boundary, 'BOUNDARY'))
  const target = rest.slice(0, -1).join(' ')
  return {
    recorded: {
      method,
      target: target.replaceAll(/%[\da-f]{2}/gi, escape => escape.toUpperCase()),
      // Sorts by name only, because the order of headers with the same name matters.
      headers: headers.map(blotted).toSorted((a, b) => compare(nameOf(a), nameOf(b))),
      body: blotted(body.content),
    },
    bytes: end + 4 + body.bytes,
  }
}

const nameOf = (header: string): string => header.slice(0, header.indexOf(':'))
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

function bodyOf(
  bytes: Buffer,
  headers: readonly string[],
): { readonly content: string; readonly bytes: number } | undefined {
  if (headers.includes('transfer-encoding: chunked')) return chunksOf(bytes)
  const length = Number(
    headers.find(text => text.startsWith('content-length: '))?.slice('content-length: '.length) ?? 0,
  )
  return bytes.length < length ? undefined : { content: bytes.subarray(0, length).toString('latin1'), bytes: length }
}

function chunksOf(bytes: Buffer): { readonly content: string; readonly bytes: number } | undefined {
  let content = ''
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at)
    if (end === -1) return undefined
    const length = Number.parseInt(bytes.subarray(at, end).toString('latin1'), 16)
    if (bytes.length < end + 4 + length) return undefined
    content += bytes.subarray(end + 2, end + 2 + length).toString('latin1')
    at = end + 4 + length
    if (length === 0) return { content, bytes: at }
  }
}

function answerTo({ method, target }: Recorded): string {
  const status = /^\/redir\/(\d{3})\//.exec(target)?.[1]
  if (status !== undefined) {
    return `HTTP/1.1 ${status} x\r\nlocation: /to\r\nset-cookie: s=1; path=/\r\ncontent-length: 0\r\n\r\n`
  }
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n'
  return method === 'HEAD' ? head : `${head}{}`
}

const OF_THE_CONNECTION =
  /^(?:connection|content-length|expect|http2-settings|keep-alive|proxy-connection|te|transfer-encoding|upgrade):/
const OF_THE_CLIENT = /^(?:user-agent: (?:curl|parallel-requests)\/|accept-encoding: (?:deflate, gzip|zstd, br, gzip))/

function withoutDefaults(recorded: Recorded, host: string): Recorded {
  const headers = recorded.headers.filter(
    text => !OF_THE_CONNECTION.test(text) && !OF_THE_CLIENT.test(text) && text !== `host: ${host}`,
  )
  return { ...recorded, headers }
}
