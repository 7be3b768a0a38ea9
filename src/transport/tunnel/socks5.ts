/** SOCKS version 5 (RFC 1928) with user and password (RFC 1929): asks for a connection to the target by its name. */
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import type { Proxy } from '../../core/route.ts'
import { ProxyFailure, refusedCredentials } from './failure.ts'
import type { ProxyDetail } from './failure.ts'
import { Incoming } from './incoming.ts'

const SOCKS_VERSION = 5
const NO_AUTH = 0
const PASSWORD = 2
const NO_METHOD = 0xff
const ADDRESS_TYPES = { ipv4: 1, name: 3, ipv6: 4 } as const

/** RFC 1928 §6. The first two and the last two are about the proxy, the others about the target. */
const REFUSALS: Readonly<Record<number, readonly [ProxyDetail, string]>> = {
  1: ['failed', 'failed and did not say why'],
  2: ['refused', 'does not allow the connection'],
  3: ['unreachable', 'cannot reach the network of the target'],
  4: ['unreachable', 'cannot reach the target'],
  5: ['unreachable', 'was refused by the target'],
  6: ['unreachable', 'did not reach the target in time'],
  7: ['protocol', 'does not make connections'],
  8: ['protocol', 'does not know this kind of address'],
}

/** Resolves when everything that is written or read from now on belongs to the target. */
export async function socks5(socket: Socket, proxy: Proxy, hostname: string, port: number): Promise<void> {
  const incoming = new Incoming(socket)
  try {
    await greet(socket, incoming, proxy)
    socket.write(
      Buffer.concat([Buffer.from([SOCKS_VERSION, 1, 0]), addressOf(hostname), Buffer.from([port >> 8, port & 0xff])]),
    )
    const [version, status = 1, , type] = await incoming.take(4)
    if (version !== SOCKS_VERSION) throw notSocks(proxy)
    if (status !== 0) {
      const [detail, said] = REFUSALS[status] ?? ['protocol', `answered ${status}`]
      throw new ProxyFailure(detail, `the proxy ${proxy.name} ${said}: ${hostname}:${port}`)
    }
    // The address that the proxy connects from. Not used, but it must be read.
    await incoming.take((await addressLength(type, incoming, proxy)) + 2)
  } finally {
    incoming.release()
  }
}

async function greet(socket: Socket, incoming: Incoming, proxy: Proxy): Promise<void> {
  const { credentials } = proxy
  const methods = credentials === undefined ? [NO_AUTH] : [PASSWORD, NO_AUTH]
  socket.write(Buffer.from([SOCKS_VERSION, methods.length, ...methods]))
  const [version, method] = await incoming.take(2)
  if (version !== SOCKS_VERSION) throw notSocks(proxy)
  if (method === NO_AUTH) return
  if (method === NO_METHOD) throw refusedCredentials(proxy)
  if (method !== PASSWORD || credentials === undefined) throw notSocks(proxy)
  const username = Buffer.from(credentials.username)
  const password = Buffer.from(credentials.password)
  socket.write(Buffer.concat([Buffer.from([1, username.length]), username, Buffer.from([password.length]), password]))
  const [, status] = await incoming.take(2)
  if (status !== 0) throw refusedCredentials(proxy)
}

/** Names are sent unresolved: the proxy looks them up. */
function addressOf(hostname: string): Buffer {
  const family = isIP(hostname)
  if (family === 4) return Buffer.from([ADDRESS_TYPES.ipv4, ...hostname.split('.').map(Number)])
  if (family === 6) return Buffer.concat([Buffer.from([ADDRESS_TYPES.ipv6]), bytesOfIpv6(hostname)])
  const name = Buffer.from(hostname)
  if (name.length > 255)
    throw new ProxyFailure('unreachable', 'the host name is longer than the 255 bytes that SOCKS allows')
  return Buffer.concat([Buffer.from([ADDRESS_TYPES.name, name.length]), name])
}

/** As `new URL` writes it: hexadecimal groups, with at most one `::`. */
function bytesOfIpv6(address: string): Buffer {
  const [head = '', tail] = address.split('::')
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map(group => parseInt(group, 16)))
  const front = groups(head)
  const back = groups(tail ?? '')
  const words = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
  return Buffer.from(words.flatMap(word => [word >> 8, word & 0xff]))
}

async function addressLength(type: number | undefined, incoming: Incoming, proxy: Proxy): Promise<number> {
  if (type === ADDRESS_TYPES.ipv4) return 4
  if (type === ADDRESS_TYPES.ipv6) return 16
  if (type === ADDRESS_TYPES.name) return (await incoming.take(1))[0] ?? 0
  throw notSocks(proxy)
}

function notSocks(proxy: Proxy): ProxyFailure {
  return new ProxyFailure(
    'protocol',
    `expected the proxy ${proxy.name} to speak SOCKS 5, got another protocol. Check its URL`,
  )
}
