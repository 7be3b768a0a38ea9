import { execFile, execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { socketsFor } from '../../src/client/process-sockets.ts'
import { openSockets } from '../../src/transport/open-sockets.ts'
import { clientOf, until } from '../support/ask.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { covers } from '../support/hostile/record.ts'

const SHORT = fileURLToPath(new URL('../support/short-process.ts', import.meta.url))

interface Told {
  readonly codes: Readonly<Record<string, number>>
  readonly attempts: number
  readonly waited: number
  /** null: there was none left to count with. */
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

const server = createServer((_request, response) => void setTimeout(() => response.end('{}'), 5))
let origin = ''
beforeAll(async () => {
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

// The shell's own limit is what counts: Node cannot raise it. Windows has none.
describe.skipIf(!works('ulimit -n 64'))('a process with few file descriptors', () => {
  it.each([
    ['64', '', '0'],
    ['64', 'clients', '0'],
    ['300', '', '0'],
  ])(
    'sends 3,000 requests within its budget (%s of them, %s)',
    async (descriptors, how, held) => {
      const told = await run(`ulimit -n ${descriptors}; exec "$@"`, [origin, '3000', '500', how, held])
      expect(told).toMatchObject({ codes: { ok: 3_000 }, attempts: 1, waited: 0 })
      if (told.mostFds !== null && told.mostFds > 0) expect(told.mostFds).toBeLessThan(Number(descriptors) * 0.8)
    },
    70_000,
  )

  it.each([
    ['one server', ''],
    ['three clients', 'clients'],
    ...(process.platform === 'linux' ? [['3,000 hosts', 'hosts']] : []),
  ])(
    'loses no request when others hold most of them (%s)',
    async (_name, how) => {
      const told = await run('ulimit -n 300; exec "$@"', [origin, '3000', '500', how, '220'])
      expect(told).toMatchObject({ codes: { ok: 3_000 }, attempts: 1 })
      // It was short indeed.
      expect(told.waited).toBeGreaterThan(0)
      covers(import.meta.url, {
        row: 8,
        name: 'others hold the file descriptors (EMFILE)',
        outcome: `${Object.keys(told.codes).join()}, waited for; no attempt is spent`,
        retry: 'A',
        socket: '–',
      })
    },
    70_000,
  )
})

const PORTS = 'ip link set lo up && echo "40000 40099" > /proc/sys/net/ipv4/ip_local_port_range'
describe.skipIf(!works(`unshare -n sh -c '${PORTS}'`))('a machine with a hundred ports', () => {
  it('sends 3,000 requests to one server, 500 at a time', async () => {
    const told = await run(`exec unshare -n sh -c '${PORTS}; exec "$@"' sh "$@"`, ['own', '3000', '500'])
    expect(told).toMatchObject({ codes: { ok: 3_000 }, attempts: 1 })
    expect(told.waited).toBeGreaterThan(0)
    covers(import.meta.url, {
      row: 9,
      name: 'the ports run out (EADDRNOTAVAIL)',
      outcome: `${Object.keys(told.codes).join()}, waited for; no attempt is spent`,
      retry: 'A',
      socket: '–',
    })
  }, 70_000)
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
  ])('%s open files are %d sockets', (files, sockets) => {
    expect(socketsFor(files)).toBe(sockets)
  })
})

describe('idle connections', () => {
  it('of any client are counted, and closed with it', async () => {
    await using one = await rawServer(answering(connection => connection.reply()))
    const before = openSockets.open
    const clients = [clientOf(), clientOf()]
    for (const client of clients) await client.request([one.origin, one.origin, one.origin])
    expect(openSockets.open).toBe(before + 6)
    for (const client of clients) await client.close()
    expect(openSockets.open).toBe(before)
    await until(() => one.connections.every(({ isOpen }) => !isOpen))
  })

  it('make room for new ones when there are as many as may be: used longest ago first', () => {
    const closed: string[] = []
    const kept = (name: string) => {
      const one = {
        line: undefined,
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
    // Nobody idle is left: one more all the same, since its attempt has been let through.
    openSockets.opening(2)
    expect(closed).toEqual(['b', 'a'])
    for (let i = openSockets.open; i > 0; i--) openSockets.closed(c)
  })
})
