/**
 * A server that parses HTTP/1.1 strictly by the grammar of RFC 9112: anything else is a violation, and closes the
 * connection. Bytes after a request are parsed as the next one, so a smuggled request shows as one more.
 */
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface StrictRequest {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export interface StrictServer {
  readonly origin: string
  readonly requests: readonly StrictRequest[]
  readonly violations: readonly string[]
  /** The bytes of all connections. */
  readonly bytes: number
  /** Forgets the requests so far, so that memory does not grow with them. */
  forget(): void
  close(): Promise<void>
}

// A target may also contain characters that the URL standard leaves unescaped, although RFC 3986 does not allow them: \
// ^ ` { | } [ ]. Never # < > "
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Z]+) (\/[!$-;=?-~]*) HTTP\/1\.1$/
const FIELD =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$/
const ONCE = ['host', 'content-length', 'content-type', 'authorization', 'cookie', 'user-agent', 'connection']

export async function strictServer(): Promise<StrictServer> {
  const requests: StrictRequest[] = []
  const violations: string[] = []
  const sockets = new Set<Socket>()
  let bytes = 0
  const server = createServer(socket => {
    sockets.add(socket)
    let unread = ''
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      if (unread !== '') violations.push(`left over: ${JSON.stringify(unread.slice(0, 200))}`)
    })
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength
      unread += chunk.toString('latin1')
      for (;;) {
        const read = next(unread)
        if (read === undefined) return
        if (typeof read === 'string') {
          violations.push(`${read}: ${JSON.stringify(unread.slice(0, 400))}`)
          unread = ''
          return void socket.destroy()
        }
        requests.push(read.request)
        unread = unread.slice(read.length)
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    violations,
    get bytes() {
      return bytes
    },
    forget() {
      requests.length = 0
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

/** The first request of the text, the name of a violation, or undefined while the request is incomplete. */
function next(text: string): { readonly request: StrictRequest; readonly length: number } | string | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const [line = '', ...fields] = text.slice(0, headEnd).split('\r\n')
  const [, method = '', target = ''] = REQUEST_LINE.exec(line) ?? []
  if (method === '') return 'request line'
  const headers: [string, string][] = []
  for (const field of fields) {
    const [, name, value = ''] = FIELD.exec(field) ?? []
    if (name === undefined) return 'field'
    headers.push([name.toLowerCase(), value])
  }
  const all = (name: string): string[] => headers.filter(([given]) => given === name).map(([, value]) => value)
  for (const name of ONCE) if (all(name).length > 1) return `two ${name}`
  if (all('host').length !== 1) return 'host'
  const [length] = all('content-length')
  const codings = all('transfer-encoding')
  if (length !== undefined && codings.length > 0) return 'two framings'
  const bodyAt = headEnd + 4
  if (codings.length > 0) {
    if (codings.join() !== 'chunked') return 'transfer-encoding'
    const read = chunksAt(text, bodyAt)
    if (typeof read !== 'object') return read
    return { request: { method, target, headers, body: read.body }, length: read.end }
  }
  if (length !== undefined && !/^(?:0|[1-9]\d{0,14})$/.test(length)) return 'content-length'
  const end = bodyAt + Number(length ?? 0)
  if (text.length < end) return undefined
  return { request: { method, target, headers, body: text.slice(bodyAt, end) }, length: end }
}

function chunksAt(text: string, from: number): { readonly body: string; readonly end: number } | string | undefined {
  let body = ''
  for (let at = from; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const line = text.slice(at, lineEnd)
    if (!/^[0-9a-f]{1,8}$/i.test(line)) return 'chunk size'
    const size = Number.parseInt(line, 16)
    const end = lineEnd + 2 + size
    if (text.length < end + 2) return undefined
    if (text.slice(end, end + 2) !== '\r\n') return 'chunk end'
    if (size === 0) return { body, end: end + 2 }
    body += text.slice(lineEnd + 2, end)
    at = end + 2
  }
}
