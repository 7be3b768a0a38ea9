import { execFile, execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { socketsFor } from '../../src/client/process-sockets.ts'
import { systemClock } from '../../src/client/system-clock.ts'
import { openSockets } from '../../src/transport/open-sockets.ts'
import { undiciTransport } from '../../src/transport/undici.ts'
import { TRUST, clientOf, until } from '../support/ask.ts'
import { makeAttempt } from '../support/calls.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { answering, rawServer, tlsFixture } from '../support/raw-server.ts'
import { covers } from '../support/hostile/record.ts'
import { retryOf } from '../support/hostile/scenario.ts'

const SHORT = fileURLToPath(new URL('../support/short-process.ts', import.meta.url))

interface Told {
  readonly codes: Readonly<Record<string, number>>
  readonly attempts: number
  readonly waited: number
  /** Files that exist and are complete. */
  readonly saved: number
  /** Of those that waited. */
  readonly methods: readonly string[]
  readonly protocols: readonly string[]
  /** null: no descriptor was left to count with. */
  readonly mostFds: number | null
}

function run(command: string, args: readonly string[]): Promise<Told> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', command, 'sh', process.execPath, SHORT, ...args], { timeout: 60_000 }, (error, out, err) =>
      error === null ? resolve(JSON.parse(out) as Told) : reject(new Error(`${error.message}\n${err}`)),
    )
  })
}

const works = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', command], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

let seen = 0
const server = createServer((request, response) => {
  seen++
  request.resume().on('end', () => setTimeout(() => response.end('{}'), 5))
})
let origin = ''
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Speaks HTTP/2 on every address of this machine. */
async function secureServer() {
  const secure = createSecureServer({ cert: tlsFixture('server'), key: tlsFixture('server-key') })
  const open = new Set<{ destroy(): void }>()
  secure.on('session', session => {
    open.add(session)
    session.on('error', () => undefined)
    session.on('close', () => open.delete(session))
  })
  secure.on('request', (_request, response) => void response.end('{}'))
  secure.on('tlsClientError', () => undefined)
  await new Promise<void>(resolve => secure.listen(0, '0.0.0.0', resolve))
  return {
    origin: `https://127.0.0.1:${(secure.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const session of open) session.destroy()
      await new Promise<void>(resolve => void secure.close(() => resolve()))
    },
  }
}

// The shell's own limit counts: Node cannot raise it. Windows has none.
describe.skipIf(!works('ulimit -n 64'))('a process with few file descriptors', () => {
  it.each([
    ['64', '', '0'],
    ['64', 'clients', '0'],
    ['300', '', '0'],
  ])('sends 3,000 requests within its budget (%s of them, %s)', async (descriptors, how, held) => {
    const told = await run(`ulimit -n ${descriptors}; exec "$@"`, [origin, '3000', '500', how, held])
    expect(told).toMatchObject({ codes: { ok: 3_000 }, attempts: 1, waited: 0 })
    if (told.mostFds !== null && told.mostFds > 0) expect(told.mostFds).toBeLessThan(Number(descriptors) * 0.8)
  })

  it.each([
    ['one server', ''],
    ['three clients', 'clients'],
    ...(process.platform === 'linux' ? [['3,000 hosts', 'hosts']] : []),
  ])('loses no request when other code holds most of them (%s)', async (_name, how) => {
    const told = await run('ulimit -n 300; exec "$@"', [origin, '3000', '500', `${how} posts`, '220'])
    expect(told).toMatchObject({ codes: { ok: 3_000 }, attempts: 1 })
    // The process really was short of descriptors.
    expect(told.waited).toBeGreaterThan(0)
    covers(import.meta.url, {
      row: 8,
      name: 'others hold the file descriptors (EMFILE)',
      outcome: `${Object.keys(told.codes).join()}, waited for; no attempt is spent`,
      retry: retryOf(told.methods.includes('GET'), told.methods.includes('POST')),
      socket: '–',
    })
  })
})

describe.skipIf(!works('ulimit -n 64'))('files in a process where other code holds most file descriptors', () => {
  it.each([
    ['uploads', '300', '220'],
    ['saves', '300', '220'],
    ['uploads saves', '300', '225'],
    ['uploads saves clients', '300', '210'],
    ['uploads saves', '64', '0'],
  ])(
    'wait like connections, and nothing is sent twice (%s, %s of which %s are held)',
    async (how, descriptors, held) => {
      const before = seen
      const told = await run(`ulimit -n ${descriptors}; exec "$@"`, [origin, '1000', '200', how, held])
      expect(told).toMatchObject({ codes: { ok: 1_000 }, attempts: 1, saved: how.includes('saves') ? 1_000 : 0 })
      expect(seen - before).toBe(1_000)
      if (held !== '0') expect(told.waited).toBeGreaterThan(0)
    },
  )
})

describe.skipIf(process.platform !== 'linux' || !works('ulimit -n 64'))('HTTP/2 with few file descriptors', () => {
  it.each([
    ['64', 'hosts'],
    ['64', 'hosts clients'],
    ['100', 'hosts'],
  ])('closes idle connections to make room for other hosts (%s, %s)', async (descriptors, how) => {
    await using secure = await secureServer()
    const told = await run(`ulimit -n ${descriptors}; exec "$@"`, [secure.origin, '400', '100', how, '0'])
    expect(told).toMatchObject({ codes: { ok: 400 }, attempts: 1, waited: 0, protocols: ['h2'] })
    expect(told.mostFds).toBeLessThan(Number(descriptors))
  })

  it.each(['hosts', 'hosts clients', ''])('loses no request when other code holds most of them (%s)', async how => {
    await using secure = await secureServer()
    const told = await run('ulimit -n 300; exec "$@"', [secure.origin, '400', '200', how, '235'])
    expect(told).toMatchObject({ codes: { ok: 400 }, attempts: 1, protocols: ['h2'] })
    // A single connection for all requests needs no more descriptors.
    if (how === '') expect(told.waited).toBe(0)
    else expect(told.waited).toBeGreaterThan(0)
  })
})

const PORTS = 'ip link set lo up && echo "40000 40099" > /proc/sys/net/ipv4/ip_local_port_range'
describe.skipIf(!works(`unshare -n sh -c '${PORTS}'`))('a machine with a hundred ports', () => {
  it('sends 3,000 requests to one server, 500 at a time', async () => {
    const told = await run(`exec unshare -n sh -c '${PORTS}; exec "$@"' sh "$@"`, ['own', '3000', '500', 'posts'])
    expect(told).toMatchObject({ codes: { ok: 3_000 }, attempts: 1 })
    expect(told.waited).toBeGreaterThan(0)
    covers(import.meta.url, {
      row: 9,
      name: 'the ports run out (EADDRNOTAVAIL)',
      outcome: `${Object.keys(told.codes).join()}, waited for; no attempt is spent`,
      retry: retryOf(told.methods.includes('GET'), told.methods.includes('POST')),
      socket: '–',
    })
  })
})

describe('socketsFor', () => {
  it.each([
    [undefined, 4_096],
    [1_048_576, 524_288],
    [1_024, 512],
    [100, 50],
    [96, 48],
    [64, 16],
    [40, 10],
    [3, 1],
  ])('allows for %s open files %d sockets', (files, sockets) => {
    expect(socketsFor(files)).toBe(sockets)
  })
})

describe('idle connections', () => {
  it('of all clients are counted, and closed with their client', async () => {
    await using one = await rawServer(answering(connection => connection.reply()))
    const before = openSockets.open
    const clients = [clientOf(), clientOf()]
    for (const client of clients) await client.request([one.origin, one.origin, one.origin])
    expect(openSockets.open).toBe(before + 6)
    for (const client of clients) await client.close()
    expect(openSockets.open).toBe(before)
    await until(() => one.connections.every(({ isOpen }) => !isOpen))
  })

  it('that speak HTTP/2 count once, whatever they carry, and make room like those of HTTP/1.1', async () => {
    const script = { answers: [replying()] }
    await using one = await h2Server(script)
    await using two = await h2Server(script)
    await using plain = await rawServer(
      answering(connection => connection.reply()),
      { cert: 'server', alpn: ['http/1.1'] },
    )
    await using client = clientOf({ ...TRUST, http2: true })
    const before = openSockets.open
    await client.request(Array.from({ length: 20 }, () => one.origin))
    expect(openSockets.open).toBe(before + 1)
    await client.request(plain.origin)
    await client.request(two.origin)
    await client.request(one.origin)
    expect(openSockets.open).toBe(before + 3)
    // As another client would ask for its sockets: the least recently used are closed first, one for each.
    const isOpen = () => [one, plain, two].map(({ connections }) => connections.every(each => each.isOpen))
    for (const left of [
      [true, false, true],
      [true, false, false],
      [false, false, false],
    ]) {
      openSockets.opening(openSockets.open)
      openSockets.closed()
      await until(() => String(isOpen()) === String(left))
    }
    expect(openSockets.open).toBe(before)
    // A client that needs one of them again gets a new one.
    await client.request([one.origin, plain.origin])
    expect(openSockets.open).toBe(before + 2)
    await client.close()
    expect(openSockets.open).toBe(before)
  })

  it('that speak HTTP/2 stay while they carry a request, and are no longer counted after the server ends them', async () => {
    await using slow = await h2Server({ answers: [replying(), [{ wait: 150 }, ...replying()]] })
    await using ending = await h2Server({ answers: [[...replying(), { fin: true }]] })
    await using client = clientOf({ ...TRUST, http2: true })
    const before = openSockets.open
    await client.request(slow.origin)
    const answered = client.request(slow.origin)
    await until(() => slow.streams.length === 2)
    openSockets.opening(openSockets.open)
    openSockets.closed()
    await answered
    expect(slow.accepted).toBe(1)
    await client.request(ending.origin)
    await until(() => ending.connections.every(({ isOpen }) => !isOpen))
    await until(() => openSockets.open === before + 1)
  })

  it('are not counted if they were never made, or were aborted', async () => {
    await using mute = await rawServer(() => undefined)
    await using refusing = await rawServer(() => undefined, { cert: 'self-signed' })
    const secure = mute.origin.replace('http:', 'https:')
    const before = openSockets.open
    for (const options of [{}, TRUST, { http2: true }, { ...TRUST, http2: true }]) {
      const client = clientOf({ ...options, timeouts: { connect: '150ms' } })
      const asked = [secure, secure, refusing.origin, 'https://127.0.0.1:1/']
      const outcomes = await client.request(asked, { onFailure: 'settle' })
      expect(outcomes.every(({ ok }) => !ok)).toBe(true)
      await until(() => openSockets.open === before)
      await client.close()
    }
  })

  it('make room for new ones at the limit, least recently used first', () => {
    const closed: string[] = []
    const kept = (name: string) => {
      const one = {
        list: undefined,
        before: undefined,
        behind: undefined,
        close() {
          closed.push(name)
          openSockets.closed(one)
        },
      }
      return one
    }
    const [a, b, c] = [kept('a'), kept('b'), kept('c')]
    for (const one of [a, b, c]) {
      openSockets.opening(Infinity)
      openSockets.rest(one)
    }
    openSockets.use(a)
    openSockets.rest(a)
    openSockets.opening(3)
    expect(closed).toEqual(['b'])
    openSockets.use(c)
    openSockets.opening(2)
    expect(closed).toEqual(['b', 'a'])
    // No idle one is left. One more is opened all the same, because its attempt has been admitted.
    openSockets.opening(2)
    expect(closed).toEqual(['b', 'a'])
    for (let i = openSockets.open; i > 0; i--) openSockets.closed(c)
  })
})

describe('a connection without a free file descriptor', () => {
  it.each(['http', 'https'])('closes idle ones at once, of any protocol (%s)', async scheme => {
    await using kept = await h2Server({ answers: [replying()] })
    const plan = { tls: { verify: false }, blockPrivateAddresses: false, http2: true }
    const lookup = async () => {
      throw Object.assign(new Error('no more'), { code: 'EMFILE' })
    }
    const transport = undiciTransport(plan, systemClock, { lookup })
    const send = (to: string) => transport.send(makeAttempt({ origin: to, url: `${to}/` }))
    const before = openSockets.open
    expect(await send(kept.origin)).toMatchObject({ kind: 'reply', protocol: 'h2' })
    expect(openSockets.open).toBe(before + 1)
    expect(await send(`${scheme}://short.test`)).toMatchObject({ code: 'resource/fd', sent: false })
    expect(openSockets.open).toBe(before)
    await until(() => kept.connections.every(({ isOpen }) => !isOpen))
    await transport.close()
  })
})
