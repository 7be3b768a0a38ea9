/** Section A of the catalogue: from the host name to the first byte. */
import { TRUST, verdictOf } from '../support/ask.ts'
import type { AskOptions } from '../support/ask.ts'
import { blackHole, freePort } from '../support/dead-ends.ts'
import { expectFigure } from '../support/figure.ts'
import { retryOf } from '../support/hostile/scenario.ts'
import type { Act, Acted, Scenario, Spec, Stage } from '../support/hostile/scenario.ts'
import { watchLoop } from '../support/hostile/loop.ts'
import { fin, send } from '../support/hostile/steps.ts'
import { answering, rawServer } from '../support/raw-server.ts'
import type { RawServerOptions, Script } from '../support/raw-server.ts'

export const url = import.meta.url

const SOON = { timeouts: { connect: '200ms' } } as const
const polite: Script = answering(connection => connection.reply())

interface Asking extends Partial<Spec> {
  readonly isX?: boolean
}

/** Sends the request once, and then with one retry allowed, as GET and as POST. */
async function asked(stage: Stage, target: string, { isX = false, ...spec }: Asking = {}): Promise<Acted> {
  const secret = target.replace('://', `://user:${stage.canary}@`)
  const outcome = await stage.ask({ ...spec, url: secret })
  const get = await stage.ask({ ...spec, url: secret, maxRetries: 1 })
  const post = await stage.ask({ ...spec, url: secret, method: 'POST', json: 1, maxRetries: 1 })
  const retry = retryOf(get.attempts > 1, post.attempts > 1)
  return { verdict: verdictOf(outcome), retry, ...(isX && { socket: 'X' as const }) }
}

/**
 * The same with a server of its own, which must see exactly as many connections as attempts, and no byte of a request.
 */
const handshake = (script: Script, options: RawServerOptions = {}, spec: Partial<Spec> = {}) =>
  async function act(stage: Stage): Promise<Acted> {
    await using server = await rawServer(script, options)
    const acted = await asked(stage, `https://127.0.0.1:${server.port}`, { isX: true, ...spec })
    const attempts = acted.retry === 'A' ? 5 : acted.retry === 'I' ? 4 : 3
    const isBare = server.connections.every(({ text }) => !text.includes('HTTP/1.1'))
    await Promise.all(server.connections.map(({ closed }) => closed))
    if (server.accepted !== attempts) return { verdict: `${server.accepted} connections for ${attempts} attempts` }
    return isBare ? acted : { verdict: 'a request was sent' }
  }

type LookUp = NonNullable<AskOptions['lookup']>

/** A host name with the given lookup. */
const named = (
  row: number,
  name: string,
  outcome: string,
  retry: Act['retry'],
  lookup: LookUp,
  spec: Partial<Spec> = {},
): Act => ({
  row,
  name,
  options: { lookup },
  outcome,
  retry,
  socket: '–',
  ways: ['plain'],
  act: stage => asked(stage, 'http://some.host.invalid/', spec),
})
const failing =
  (code: string): LookUp =>
  (_name, _options, answer) =>
    answer(Object.assign(new Error(code), { code }), [])

const certificate = (name: string, cert: 'self-signed' | 'expired' | 'elsewhere', outcome: string): Act => ({
  row: 10,
  name,
  options: TRUST,
  outcome,
  retry: 'N',
  socket: 'X',
  ways: ['plain'],
  act: handshake(polite, { cert }),
})

const ending =
  (how: 'fin' | 'rst'): Script =>
  async connection => {
    await connection.expect(1)
    connection[how]()
  }

const greeting = (name: string, bytes: string): Scenario => ({
  row: 13,
  name,
  plays: [[send(bytes), ...fin]],
  onConnect: true,
  whole: true,
  outcome: 'protocol/not_http',
  retry: 'N',
  socket: 'X',
  ways: ['plain', 'sliced'],
})

export const CONNECTING: readonly (Scenario | Act)[] = [
  {
    row: 1,
    name: 'a refused connection',
    outcome: 'connect/refused',
    retry: 'A',
    socket: '–',
    ways: ['plain'],
    act: async stage => asked(stage, `http://127.0.0.1:${await freePort()}`),
  },
  {
    row: 2,
    name: 'a host that does not answer the SYN',
    outcome: 'timeout/connect',
    retry: 'A',
    socket: '–',
    ways: ['plain'],
    async act(stage) {
      await using hole = await blackHole()
      const startedAtMs = performance.now()
      const acted = await asked(stage, `http://127.0.0.1:${hole.port}`, SOON)
      // Five attempts of 200 ms, each at most a tenth of a second late.
      const tookMs = performance.now() - startedAtMs
      expectFigure(tookMs).toBeLessThan(1_700)
      return tookMs > 990 ? acted : { verdict: `took ${tookMs} ms` }
    },
  },
  named(3, 'a name that does not exist', 'dns/not_found', 'N', failing('ENOTFOUND')),
  named(4, 'a lookup that fails temporarily', 'dns/temporary', 'A', failing('EAI_AGAIN')),
  named(5, 'a lookup that never ends', 'timeout/dns', 'A', () => undefined, SOON),
  {
    ...named(5, 'a hundred lookups that never end', 'timeout/dns', 'A', () => undefined),
    async act(stage) {
      const urls = Array.from({ length: 100 }, (_, index) => ({ url: `http://host${index}.invalid/`, ...SOON }))
      return { verdict: [...new Set((await stage.askAll(urls)).map(verdictOf))].join(', ') }
    },
  },
  named(6, 'a name without an address', 'dns/empty', 'N', (_name, _options, answer) => answer(null, [])),
  {
    row: 7,
    name: 'a dead IPv6 address and a working IPv4 address',
    options: {
      lookup: (_name, _options, answer) => answer(null, [{ address: '::1' }, { address: '127.0.0.1' }]),
    },
    outcome: 'ok',
    retry: '–',
    socket: 'K',
    ways: ['plain'],
    withinMs: [0, 2_500],
    async act(stage) {
      await using server = await rawServer(polite)
      await using _ = await blackHole({ host: '::1', port: server.port })
      const askAt = (name: string) => stage.ask(`http://${name}.families.invalid:${server.port}/`)
      const loop = watchLoop()
      // The fastest of three: other work on the machine makes them slower, never faster.
      const firsts = [await askAt('two'), await askAt('both'), await askAt('all')]
      const connectMs = Math.min(...firsts.map(({ timings }) => timings.connect ?? Infinity))
      const isLate = connectMs > 300 + loop.starvedMs()
      loop.stop()
      const again = await askAt('two')
      const socket = server.connections.length === firsts.length ? 'K' : 'X'
      const verdicts = new Set([...firsts, again].map(verdictOf))
      return { verdict: isLate ? `connected after ${connectMs} ms` : [...verdicts].join(), socket }
    },
  },
  certificate('a certificate that is self-signed', 'self-signed', 'tls/untrusted'),
  certificate('a certificate that has expired', 'expired', 'tls/expired'),
  certificate('a certificate for another host', 'elsewhere', 'tls/hostname'),
  {
    row: 11,
    name: 'a TLS handshake that is not answered',
    outcome: 'timeout/tls',
    retry: 'A',
    socket: 'X',
    ways: ['plain'],
    act: handshake(async connection => void (await connection.expect(1)), {}, SOON),
  },
  {
    row: 11,
    name: 'a close during the TLS handshake',
    outcome: 'connect/tls_reset',
    retry: 'A',
    socket: 'X',
    ways: ['plain'],
    act: handshake(ending('fin')),
  },
  {
    row: 11,
    name: 'a reset during the TLS handshake',
    outcome: 'connect/tls_reset',
    retry: 'A',
    socket: 'X',
    ways: ['plain'],
    act: handshake(ending('rst')),
  },
  {
    row: 12,
    name: 'https to a port that speaks plain HTTP',
    outcome: 'tls/not_tls',
    retry: 'N',
    socket: 'X',
    ways: ['plain'],
    act: handshake(async connection => {
      await connection.expect(1)
      await connection.send('HTTP/1.1 400 Bad Request\r\n\r\n')
    }),
  },
  {
    row: 12,
    name: 'http to a port that speaks TLS and closes the connection',
    plays: [[...fin]],
    onConnect: true,
    whole: true,
    outcome: 'reset/before_headers',
    post: 'in_doubt/reset',
    retry: 'I',
    socket: 'X',
    ways: ['plain'],
  },
  {
    row: 12,
    name: 'http to a port that speaks TLS and sends an alert',
    plays: [[send('\x15\x03\x01\x00\x02\x02\x46'), ...fin]],
    onConnect: true,
    whole: true,
    outcome: 'protocol/not_http',
    retry: 'N',
    socket: 'X',
    ways: ['plain'],
  },
  greeting('an SSH banner', 'SSH-2.0-OpenSSH_9.9\r\n'),
  greeting('binary junk', '\x00\x01\x02\xff\xfe\x80 junk'),
]
