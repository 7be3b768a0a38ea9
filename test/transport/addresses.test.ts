import dns from 'node:dns'
import type { LookupAddress } from 'node:dns'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { parallelRequests, parallelRequestsSync } from '../../src/index.ts'
import type { LookupInput, Outcome } from '../../src/index.ts'
import { ask, clientOf, verdict, verdictOf } from '../support/ask.ts'
import { blackHole } from '../support/dead-ends.ts'
import { h2Server, replying } from '../support/h2-server.ts'
import { fc } from '../support/property.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import { expectFigure } from '../support/figure.ts'
import { sized } from '../support/size.ts'

const polite = answering(connection => connection.reply())
const SETTLE = { onFailure: 'settle', returnType: 'text' } as const
const hasIPv6 = Object.values(networkInterfaces()).some(all => all?.some(({ address }) => address === '::1'))

/** The fastest of several runs: a busy machine makes the others slower, never faster. */
async function least(times: number, run: () => Promise<Outcome>): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (let i = 0; i < times; i++) outcomes.push(await run())
  outcomes.sort((a, b) => (a.timings.connect ?? Infinity) - (b.timings.connect ?? Infinity))
  return outcomes[0] as Outcome
}

const coded = (code: string): Error => Object.assign(new Error(code), { code })

describe('lookup', () => {
  const LOCAL = { address: '127.0.0.1', family: 4 } as const
  const forms: readonly (readonly [string, LookupInput])[] = [
    ['an address and its family', (_host, _options, callback) => callback(null, '127.0.0.1', 4)],
    ['an array of addresses', (_host, _options, callback) => callback(null, [LOCAL])],
    ['an array of strings, later', (_host, _options, callback) => void setTimeout(callback, 5, null, ['127.0.0.1'])],
    ['a promise of an address', async () => '127.0.0.1'],
    ['a promise of addresses', async () => [LOCAL]],
    ['dns.lookup', (_host, options, callback) => dns.lookup('localhost', { ...options, family: 4 }, callback)],
    ['dns.promises.lookup', (_host, options) => dns.promises.lookup('localhost', { ...options, family: 4 })],
  ]
  it.each(forms)('may answer like %s', async (_form, lookup) => {
    await using server = await rawServer(polite)
    const outcome = await ask(`http://name.test:${server.port}/`, { lookup })
    expect(verdictOf(outcome)).toBe('ok')
    expect(outcome.timings.dns).toBeGreaterThanOrEqual(0)
    expect(server.requests[0]?.headers.get('host')).toBe(`name.test:${server.port}`)
  })

  it('may be a function of Node', async () => {
    await using server = await rawServer(polite)
    for (const lookup of [dns.lookup, dns.promises.lookup]) {
      expect(await verdict(`http://localhost:${server.port}/`, { lookup })).toBe('ok')
    }
  })

  it.each([
    ['ENOTFOUND', 'dns/not_found'],
    ['ENODATA', 'dns/empty'],
    ['EAI_AGAIN', 'dns/temporary'],
    ['ESERVFAIL', 'dns/temporary'],
    ['ECONNREFUSED', 'dns/temporary'],
    ['ETIMEOUT', 'dns/temporary'],
    ['EWHATEVER', 'callback/lookup'],
  ])('that fails with %s gives %s', async (code, expected) => {
    for (const lookup of [
      (_host: string, _options: unknown, callback: (error: Error, address: string) => void) =>
        callback(coded(code), ''),
      () => Promise.reject(coded(code)),
      () => {
        throw coded(code)
      },
    ] satisfies LookupInput[]) {
      const outcome = await ask('http://name.test/', { lookup })
      expect(verdictOf(outcome)).toBe(expected)
      expect(outcome.attempts).toBe(1)
    }
  })

  it.each([
    ['nothing', undefined, 'callback/lookup'],
    ['a name', 'localhost', 'callback/lookup'],
    ['half an address', '127.1', 'callback/lookup'],
    ['a number', 2_130_706_433, 'callback/lookup'],
    ['an object without an address', { ip: '127.0.0.1' }, 'callback/lookup'],
    ['an invalid address among valid ones', ['127.0.0.1', 'x'], 'callback/lookup'],
    ['an empty list', [], 'dns/empty'],
  ])('that answers with %s fails only its request', async (_what, answer, expected) => {
    const lookup: LookupInput = (_host, _options, callback) => callback(null, answer as never)
    expect(await verdict('http://name.test/', { lookup })).toBe(expected)
    expect(await verdict('http://name.test/', { lookup: async () => answer as never })).toBe(expected)
  })

  it('that answers twice counts once, and one that never answers ends in a timeout', async () => {
    await using server = await rawServer(polite)
    const twice: LookupInput = (_host, _options, callback) => {
      callback(null, '127.0.0.1')
      callback(coded('ENOTFOUND'), '')
    }
    expect(await verdict(`http://name.test:${server.port}/`, { lookup: twice })).toBe('ok')
    const startedAtMs = performance.now()
    const never = { lookup: () => undefined, timeouts: { connect: 200 } }
    expect(await verdict('http://name.test/', never)).toBe('timeout/dns')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(400)
  })

  it('is called for each connection, and not for an address', async () => {
    await using server = await rawServer(
      answering(connection => connection.reply('{}', { headers: 'Connection: close\r\n' })),
    )
    let asked = 0
    const client = clientOf({ lookup: async () => (asked++, '127.0.0.1') })
    for (let i = 0; i < 3; i++) await client.request(`http://name.test:${server.port}/`, SETTLE)
    await client.request(server.origin, SETTLE)
    expect(asked).toBe(3)
    await client.close()
  })

  it.each([
    ['workers', { workers: 1 }],
    ['transport', { transport: { dispatch: () => true } }],
  ])('cannot be combined with %s', async (_name, beside) => {
    await expect(parallelRequests([], { lookup: async () => '127.0.0.1', ...beside })).rejects.toThrow(
      /^.*(?:workers|lookup): expected no (?:lookup|transport) beside it/s,
    )
  })

  it('moves on from an address that refuses connections within 300 ms', async () => {
    await using server = await rawServer(polite)
    // Nothing listens on IPv6 here. The next test has an address that does not answer at all.
    const lookup: LookupInput = async () => ['::1', '127.0.0.1']
    const startedAtMs = performance.now()
    expect(await verdict(`http://name.test:${server.port}/`, { lookup })).toBe('ok')
    expectFigure(performance.now() - startedAtMs).toBeLessThan(300)
  })

  it.skipIf(!hasIPv6).each(['http', 'https', 'h2'] as const)(
    'moves on from an address that swallows connections within 300 ms (%s)',
    async how => {
      await using server =
        how === 'h2'
          ? await h2Server({ answers: [replying()] })
          : await rawServer(polite, how === 'https' ? { cert: 'server' } : {})
      await using _ = await blackHole({ host: '::1', port: server.port })
      const lookup: LookupInput = async () => ['::1', '127.0.0.1']
      const url = `${how === 'http' ? 'http' : 'https'}://name.test:${server.port}/`
      const first = await least(3, () => ask(url, { lookup, verifySsl: false, http2: how === 'h2' }))
      expect(verdictOf(first)).toBe('ok')
      expect(first.timings.connect).toBeGreaterThan(200)
      expectFigure(first.timings.connect as number).toBeLessThan(300)
    },
  )
})

describe('host names resolved by the system', () => {
  it('are looked up once for many connections at a time', async () => {
    await using server = await rawServer(polite)
    const real = dns.lookup
    const asked: string[] = []
    dns.lookup = ((host: string, _options: unknown, callback: (error: null, addresses: LookupAddress[]) => void) => {
      asked.push(host)
      setTimeout(callback, 20, null, [{ address: '127.0.0.1', family: 4 }])
    }) as unknown as typeof dns.lookup
    try {
      const client = clientOf({ concurrency: 30 })
      await client.request(
        Array.from({ length: 30 }, () => `http://crowded.test:${server.port}/`),
        SETTLE,
      )
      await client.close()
    } finally {
      dns.lookup = real
    }
    expect(asked).toEqual(['crowded.test'])
  })

  it('that hang do not block file access, and fail as timeout/dns', async () => {
    const real = dns.lookup
    let running = 0
    let most = 0
    dns.lookup = ((_host: string, _options: unknown, callback: (error: Error) => void) => {
      most = Math.max(most, ++running)
      setTimeout(() => {
        running--
        callback(coded('EAI_AGAIN'))
      }, 1_000)
    }) as unknown as typeof dns.lookup
    try {
      const urls = Array.from({ length: 100 }, (_, i) => `http://hung${i}.test/`)
      const outcomes = await parallelRequests(urls, {
        ...SETTLE,
        concurrency: 100,
        maxRetries: 0,
        timeouts: { connect: 200 },
      })
      expect(new Set(outcomes.map(verdictOf))).toEqual(new Set(['timeout/dns']))
      expect(most).toBe(2)
    } finally {
      dns.lookup = real
    }
  })
})

/** Counts connections on every address of this machine. */
async function decoy() {
  let connections = 0
  const server = createServer(socket => {
    connections++
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '::', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections
    },
    [Symbol.asyncDispose]: () => new Promise<void>(resolve => void server.close(() => resolve())),
  }
}

const BLOCK = { blockPrivateAddresses: true } as const

describe('blockPrivateAddresses', () => {
  const octet = fc.nat(255)
  const privateBytes = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant(127), octet, octet, octet) },
    fc.tuple(fc.constant(0), octet, octet, octet),
    fc.tuple(fc.constant(10), octet, octet, octet),
    fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
    fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
    fc.constant([169, 254, 169, 254]),
  )
  const hex = (value: number, digits = 1): string => value.toString(16).padStart(digits, '0')
  const part = fc.constantFrom(
    (value: number) => String(value),
    (value: number) => `0x${hex(value)}`,
    (value: number) => `0X${hex(value, 6).toUpperCase()}`,
    (value: number) => `0${value.toString(8)}`,
    (value: number) =>
      String(value)
        .split('')
        .map(digit => String.fromCodePoint(0xff10 + Number(digit)))
        .join(''),
    (value: number) =>
      String(value)
        .split('')
        .map(digit => `%3${digit}`)
        .join(''),
  )
  const number = ([a, b, c, d]: readonly number[]): number =>
    ((((a as number) * 256 + (b as number)) * 256 + (c as number)) * 256 + (d as number)) >>> 0
  /** The last part stands for all remaining bytes. */
  const v4 = fc
    .tuple(privateBytes, fc.integer({ min: 1, max: 4 }), fc.array(part, { minLength: 4, maxLength: 4 }))
    .map(([bytes, parts, write]) => {
      const heads = bytes.slice(0, parts - 1)
      const last = number([...heads.map(() => 0), ...bytes.slice(parts - 1)])
      return [...heads, last].map((value, i) => (write[i] as (value: number) => string)(value)).join('.')
    })
  const v6 = fc.tuple(privateBytes, fc.nat(7), fc.boolean()).map(([bytes, form, upper]) => {
    const [a, b, c, d] = bytes as [number, number, number, number]
    const pair = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`
    const text = [
      `::ffff:${pair}`,
      `::ffff:${bytes.join('.')}`,
      `0:0:0:0:0:ffff:${pair}`,
      `64:ff9b::${pair}`,
      `2002:${pair}::1`,
      `::1`,
      `fe80::${pair}`,
      `fd${hex(a, 2)}::${pair}`,
    ][form] as string
    return `[${upper ? text.toUpperCase() : text}]`
  })
  const address = fc.oneof(v4, v6, fc.constantFrom('localhost', 'LOCALHOST'))

  it('refuses a private address in every form in which it can be written', async () => {
    await using trap = await decoy()
    const client = clientOf({ ...BLOCK, concurrency: 100 })
    await fc.assert(
      fc.asyncProperty(fc.array(address, { minLength: 50, maxLength: 50 }), async hosts => {
        const urls = hosts.map(host => `http://${host}:${trap.port}/`)
        const outcomes = await client.request(urls, SETTLE)
        for (const [i, outcome] of outcomes.entries()) {
          expect(`${urls[i]} ${verdictOf(outcome)} ${outcome.attempts}`).toBe(`${urls[i]} blocked/address 1`)
        }
      }),
      { numRuns: sized(50, 15) },
    )
    expect(trap.connections).toBe(0)
    await client.close()
  })

  it('checks every address that a lookup returns', async () => {
    await using trap = await decoy()
    const answers: (string | LookupAddress)[][] = [
      ['127.0.0.1'],
      ['::1'],
      ['::ffff:127.0.0.1'],
      ['fe80::1%lo'],
      // The first address would be allowed.
      ['1.1.1.1', '127.0.0.1'],
      ['2606:4700:4700::1111', '::1', '1.1.1.1'],
      [{ address: '169.254.169.254', family: 6 }],
    ]
    for (const answer of answers) {
      const outcome = await ask(`http://name.test:${trap.port}/`, { ...BLOCK, lookup: async () => answer })
      expect(verdictOf(outcome)).toBe('blocked/address')
      expect(outcome.attempts).toBe(1)
    }
    expect(trap.connections).toBe(0)
  })

  it('says what it found and what to do', async () => {
    const { error } = await ask('http://name.test/', { ...BLOCK, lookup: async () => '169.254.169.254' })
    expect(error?.message).toContain(
      'name.test has the address 169.254.169.254, which is not public (link-local). Set blockPrivateAddresses: false to allow it',
    )
  })

  it('also holds on worker threads and in the sync call', async () => {
    await using trap = await decoy()
    const url = `http://localhost:${trap.port}/`
    const [outcome] = await parallelRequests([url], { ...SETTLE, ...BLOCK, workers: 1 })
    expect(outcome && verdictOf(outcome)).toBe('blocked/address')
    const [sync] = parallelRequestsSync([url], { ...SETTLE, ...BLOCK })
    expect(sync && verdictOf(sync)).toBe('blocked/address')
    expect(trap.connections).toBe(0)
  })

  it('cannot be combined with a transport, which makes its own connections', async () => {
    const transport = { dispatch: () => true }
    await expect(parallelRequests([], { ...BLOCK, transport })).rejects.toThrow(
      'blockPrivateAddresses: expected no transport beside it',
    )
  })
})
