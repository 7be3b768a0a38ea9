/** CONNECT (RFC 9110 §9.3.6): asks an HTTP proxy for a tunnel to the target. */
import type { Socket } from 'node:net'
import { basic } from '../../core/call.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { Reply } from '../../core/result.ts'
import type { Proxy } from '../../core/route.ts'
import { ProxyFailure, refusedCredentials } from './failure.ts'
import { Incoming } from './incoming.ts'
import { reasonPhrase } from '../head.ts'

/** Limit for the head of the proxy's answer. */
const MAX_HEAD_BYTES = 16_384
/** Interim responses to a CONNECT have no purpose; more than a few are refused. */
const MAX_INTERIM_TO_CONNECT = 10

/** Resolves when everything that is written or read from now on belongs to the target. */
export async function httpConnect(socket: Socket, proxy: Proxy, target: string): Promise<void> {
  const { credentials } = proxy
  const authorization =
    credentials === undefined ? '' : `proxy-authorization: ${basic(credentials.username, credentials.password)}\r\n`
  const incoming = new Incoming(socket)
  try {
    socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${authorization}\r\n`)
    for (let interims = 0; interims <= MAX_INTERIM_TO_CONNECT; interims++) {
      const reply = await readHead(incoming, proxy)
      if (reply.status < 200) continue
      // Any 2xx opens the tunnel; its content-length is ignored.
      if (reply.status < 300) return
      // Tinyproxy answers 401 to wrong credentials. Only the proxy itself answers a CONNECT.
      if (reply.status === 407 || reply.status === 401) throw refusedCredentials(proxy, reply)
      const said = `${reply.status} ${reply.statusText.slice(0, 80)}`.trimEnd()
      throw new ProxyFailure('refused', `the proxy ${proxy.name} refused to connect to ${target}: ${said}`, { reply })
    }
    throw notHttp(proxy, `more than ${MAX_INTERIM_TO_CONNECT} interim responses`)
  } finally {
    incoming.release()
  }
}

async function readHead(incoming: Incoming, proxy: Proxy): Promise<Reply> {
  const head = await incoming.through('\r\n\r\n', MAX_HEAD_BYTES)
  if (head === undefined) throw notHttp(proxy, `a head of more than ${MAX_HEAD_BYTES} bytes`)
  const [first = '', ...lines] = head.toString('latin1').trimEnd().split('\r\n')
  const [, status, statusText = ''] = /^HTTP\/1\.[01] ([1-9]\d\d)(?: (.*))?$/s.exec(first) ?? []
  if (status === undefined) throw notHttp(proxy, 'another protocol')
  const headers: string[] = []
  for (const line of lines) {
    const [, name, value = ''] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined) throw notHttp(proxy, 'a malformed header')
    headers.push(name.toLowerCase(), value)
  }
  return connectReply(proxy, Number(status), reasonPhrase(statusText), headers)
}

/** The proxy's answer without its body, which is not waited for. */
function connectReply(proxy: Proxy, status: number, statusText: string, headers: HeaderList): Reply {
  const body = new Uint8Array(0)
  return {
    kind: 'reply',
    status,
    statusText,
    headers,
    body,
    url: proxy.name,
    integrity: 'unverified',
    protocol: 'http/1.1',
  }
}

function notHttp(proxy: Proxy, got: string): ProxyFailure {
  return new ProxyFailure('protocol', `expected the proxy ${proxy.name} to answer in HTTP, got ${got}. Check its URL`)
}
