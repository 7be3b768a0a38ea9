/** Processes with few file descriptors or ports send everything once, and wait for sockets. */
import { execFile, execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tlsFixture } from '../support/raw-server.ts'
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
    execFile('sh', ['-c', command, 'sh', process.execPath, SHORT, ...args], { timeout: 110_000 }, (error, out, err) =>
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
      name: 'no file descriptor is free for a while (EMFILE)',
      outcome: `\`${Object.keys(told.codes).join()}\`; the wait costs no attempt`,
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
      name: 'no port is free for a while (EADDRNOTAVAIL)',
      outcome: `\`${Object.keys(told.codes).join()}\`; the wait costs no attempt`,
      retry: retryOf(told.methods.includes('GET'), told.methods.includes('POST')),
      socket: '–',
    })
  })
})
