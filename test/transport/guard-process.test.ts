/** `blockPrivateAddresses` in a network namespace where a public address belongs to this machine. */
import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { covers } from '../support/hostile/record.ts'

const PUBLIC = '93.184.215.14'
const PORT = '18080'
const FIVE_BLOCKED = Array.from({ length: 5 }, () => 'blocked/address')

// A network namespace in which a public address belongs to this machine; nothing can leave it.
const NETWORK = `ip link set lo up && ip addr add ${PUBLIC}/32 dev lo && ip addr add 10.0.0.1/32 dev lo`
const canUnshare = ((): boolean => {
  try {
    execFileSync('unshare', ['-n', 'sh', '-c', NETWORK], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
})()

interface Played {
  readonly codes: readonly string[]
  readonly attempts: readonly number[]
  readonly connections: number
  readonly decoyed: number
}

describe.skipIf(!canUnshare)('a public address', () => {
  let told: Readonly<Record<string, Played>> = {}
  beforeAll(async () => {
    const program = fileURLToPath(new URL('../support/guard-process.ts', import.meta.url))
    const script = `${NETWORK} && exec "$@"`
    told = await new Promise((resolve, reject) => {
      execFile(
        'unshare',
        ['-n', 'sh', '-c', script, 'sh', process.execPath, program, PUBLIC, PORT],
        { timeout: 60_000 },
        (error, out, err) =>
          error === null
            ? resolve(JSON.parse(out) as Record<string, Played>)
            : reject(new Error(`${error.message}\n${err}`)),
      )
    })
  })

  it.each([
    ['address', ['ok'], [1], 1],
    ['per connection', ['ok', 'blocked/address', 'blocked/address'], [1, 1, 1], 1],
    // The address of a connection was checked when it was made.
    ['pinned', ['ok', 'ok', 'ok'], [1, 1, 1], 1],
    ['closed while idle', ['ok', 'blocked/address'], [1, 1], 1],
    ['closed at its use', ['ok', 'blocked/address'], [1, 2], 1],
    ['retry', ['blocked/address'], [2], 1],
    ['mixed', ['blocked/address'], [1], 0],
    ['mixed, private first', ['blocked/address'], [1], 0],
    ['redirect to an address', FIVE_BLOCKED, [2, 2, 2, 2, 2], 1],
    ['redirect to a name', ['blocked/address'], [2], 1],
    ['redirect after a redirect', ['blocked/address'], [3], 2],
    ['redirect to itself, moved', ['blocked/address'], [2], 1],
    ['HTTP/2', ['ok', 'ok', 'blocked/address'], [1, 1, 1], 0],
  ] as const)('does not lead to a private one: %s', (name, codes, attempts, connections) => {
    expect(told[name]).toEqual({ codes, attempts, connections, decoyed: 0 })
    if (name !== 'redirect to an address') return
    covers(import.meta.url, {
      row: 69,
      name: 'from a public address to private ones, whose servers get no connection',
      outcome: [...new Set(told[name]?.codes)].map(code => `\`${code}\``).join(', '),
      retry: '–',
      socket: '–',
    })
  })
})
