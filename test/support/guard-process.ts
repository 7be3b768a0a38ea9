/**
 * Requests public addresses with `blockPrivateAddresses`, in a network namespace in which this machine has them: names
 * that change their address, redirects, reconnects. Prints the outcomes and the connections. Arguments: the public
 * address and a port.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { Http2SecureServer } from 'node:http2'
import { createServer as createRawServer } from 'node:net'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions, LookupInput, RequestSpec } from '../../src/index.ts'
import { tlsFixture } from './raw-server.ts'

const [, , address = '', port = ''] = process.argv
const SECURE_PORT = Number(port) + 1

let decoyed = 0
const listening = (
  server: { listen(port: number, host: string, done: () => void): unknown },
  at: number,
  host: string,
) => new Promise<void>(resolve => void server.listen(at, host, resolve))
// A client that is led to a private address connects here: the same ports on all private addresses.
for (const host of ['127.0.0.1', '::1', '10.0.0.1']) {
  for (const at of [Number(port), SECURE_PORT]) {
    const decoy = createRawServer(socket => {
      decoyed++
      socket.destroy()
    })
    decoy.unref()
    await listening(decoy, at, host)
  }
}

let connections = 0
let dropNext = false
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
  if (dropNext) {
    dropNext = false
    request.socket.resetAndDestroy()
    return
  }
  const to = searchParams.get('to')
  if (pathname === '/close') response.setHeader('connection', 'close')
  if (pathname === '/busy') response.writeHead(503, { connection: 'close' })
  if (to !== null) response.writeHead(302, { location: to })
  response.end('"public"')
}
const server: Server = createServer(answer).on('connection', () => connections++)
await listening(server, Number(port), address)
const sessions = new Set<{ destroy(): void }>()
const secure: Http2SecureServer = createSecureServer({ cert: tlsFixture('server'), key: tlsFixture('server-key') })
secure.on('request', (_request, response) => void response.end('"public"'))
secure.on('session', session => sessions.add(session))
await listening(secure, SECURE_PORT, address)

/** Returns the public address at first, and a private one afterwards. */
function turning(publicTimes = 1): LookupInput {
  let asked = 0
  return async () => (asked++ < publicTimes ? address : '127.0.0.1')
}

const here = (path: string, name = 'name.test'): string => `http://${name}:${port}${path}`
const told: Record<string, { codes: string[]; attempts: number[]; connections: number; decoyed: number }> = {}

async function play(
  name: string,
  options: ClientOptions,
  ...asks: readonly (string | RequestSpec | (() => void))[]
): Promise<void> {
  const [connectionsBefore, decoyedBefore] = [connections, decoyed]
  const client = new ParallelRequests({
    blockPrivateAddresses: true,
    timeout: '5s',
    retry: { backoff: { base: '5ms' } },
    ...options,
  })
  const codes: string[] = []
  const attempts: number[] = []
  for (const one of asks) {
    if (typeof one === 'function') {
      one()
      // Time for the client to hear of closed connections before the next request.
      await new Promise(resolve => setTimeout(resolve, 30))
      continue
    }
    const outcome = await client.request(one as RequestSpec, { onFailure: 'settle', returnType: 'text' })
    codes.push(outcome.ok ? 'ok' : outcome.error.code)
    attempts.push(outcome.attempts)
  }
  await client.close()
  told[name] = { codes, attempts, connections: connections - connectionsBefore, decoyed: decoyed - decoyedBefore }
}

const stays: LookupInput = async () => address
const drop = (): void => server.closeAllConnections()

await play('address', {}, `http://${address}:${port}/`)
await play('per connection', { lookup: turning() }, here('/close'), here('/close'), here('/close'))
await play('pinned', { lookup: turning() }, here('/'), here('/'), here('/'))
await play('closed while idle', { lookup: turning() }, here('/'), drop, here('/'))
await play('closed at its use', { lookup: turning() }, here('/'), () => void (dropNext = true), here('/'))
await play('retry', { lookup: turning() }, here('/busy'))
await play('mixed', { lookup: async () => [address, '127.0.0.1'] }, here('/'))
await play('mixed, private first', { lookup: async () => ['10.0.0.1', address] }, here('/'))
const targets = ['127.0.0.1', '[::1]', '2130706433', '[::ffff:10.0.0.1]', '10.0.0.1']
await play(
  'redirect to an address',
  { lookup: stays },
  ...targets.map(host => here(`/?to=${encodeURIComponent(`http://${host}:${port}/`)}`)),
)
await play(
  'redirect to a name',
  { lookup: async name => (name === 'name.test' ? address : '127.0.0.1') },
  here(`/?to=${encodeURIComponent(here('/', 'inside.test'))}`),
)
const twoHops = here(`/?to=${encodeURIComponent(`http://localhost:${port}/`)}`, 'second.test')
await play(
  'redirect after a redirect',
  { lookup: async name => (name === 'localhost' ? '127.0.0.1' : address) },
  here(`/?to=${encodeURIComponent(twoHops)}`),
)
await play('redirect to itself, moved', { lookup: turning() }, here(`/close?to=${encodeURIComponent(here('/x'))}`))
await play(
  'HTTP/2',
  { lookup: turning(), http2: true, verifySsl: false },
  `https://name.test:${SECURE_PORT}/`,
  `https://name.test:${SECURE_PORT}/`,
  () => {
    for (const session of sessions) session.destroy()
  },
  `https://name.test:${SECURE_PORT}/`,
)
process.stdout.write(JSON.stringify(told))
process.exit(0)
