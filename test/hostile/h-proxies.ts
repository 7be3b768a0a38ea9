/** Section H of the catalogue: proxies that refuse, stall, die or lie. */
import type { Duplex } from 'node:stream'
import { TRUST, clientOf, verdictOf } from '../support/ask.ts'
import { freePort } from '../support/dead-ends.ts'
import { retryOf } from '../support/hostile/scenario.ts'
import type { Act, Acted, Spec, Stage } from '../support/hostile/scenario.ts'
import { httpProxy, socksProxy } from '../support/proxy-server.ts'
import type { HttpProxyOptions, SocksOptions, TestProxy } from '../support/proxy-server.ts'
import { answering, rawServer } from '../support/raw-server.ts'

export const url = import.meta.url

/**
 * Requests a TLS target through the proxy: once, and then with one retry allowed, as GET and as POST. Nothing may reach
 * the target around the proxy.
 */
async function through(stage: Stage, proxy: string, spec: Partial<Spec> = {}): Promise<Acted> {
  await using target = await rawServer(
    answering(connection => connection.reply('direct')),
    { cert: 'server' },
  )
  const asked = { ...spec, url: `https://localhost:${target.port}/`, proxy }
  const outcome = await stage.ask(asked)
  const get = await stage.ask({ ...asked, maxRetries: 1 })
  const post = await stage.ask({ ...asked, method: 'POST', json: 1, maxRetries: 1 })
  if (target.accepted > 0) return { verdict: 'the target was reached around the proxy' }
  return { verdict: verdictOf(outcome), retry: retryOf(get.attempts > 1, post.attempts > 1) }
}

interface Bad extends Pick<Act, 'row' | 'name' | 'outcome' | 'retry'> {
  readonly options?: HttpProxyOptions
  readonly spec?: Partial<Spec>
  readonly withinMs?: readonly [number, number]
}

const bad = ({ options, spec, ...row }: Bad): Act => ({
  ...row,
  options: { ...TRUST, proxyCooldown: 0 },
  socket: 'X',
  ways: ['plain'],
  async act(stage) {
    await using proxy = await httpProxy(options)
    const acted = await through(stage, proxy.urlFor('user', stage.canary), spec)
    return { ...acted, socket: await socketOf(proxy) }
  },
})

async function socketOf(proxy: TestProxy): Promise<'K' | 'X'> {
  const endMs = performance.now() + 1_000
  while (proxy.open > 0 && performance.now() < endMs) await new Promise(resolve => setTimeout(resolve, 5))
  return proxy.open === 0 ? 'X' : 'K'
}

const says = (text: string) => (socket: Duplex) => {
  socket.resume().end(text)
  return true
}
const refusing = (status: string): HttpProxyOptions => ({
  onConnect: says(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`),
})

const socks = (name: string, outcome: string, retry: Act['retry'], options: SocksOptions): Act => ({
  row: 98,
  name,
  options: { ...TRUST, proxyCooldown: 0 },
  outcome,
  retry,
  socket: 'X',
  ways: ['plain'],
  async act(stage) {
    await using proxy = await socksProxy(options)
    const acted = await through(stage, proxy.urlFor('user', stage.canary))
    return { ...acted, socket: await socketOf(proxy) }
  },
})

export const PROXIES: readonly Act[] = [
  {
    row: 93,
    name: '407 to a CONNECT; twenty requests wait for it',
    options: { ...TRUST, concurrency: 2 },
    outcome: 'proxy/auth',
    retry: 'N',
    socket: 'X',
    ways: ['plain'],
    async act(stage) {
      await using proxy = await httpProxy({ wants: 'user:right' })
      const acted = await through(stage, proxy.urlFor('user', stage.canary))
      const many = Array.from({ length: 20 }, () => ({
        url: 'https://localhost:9/',
        proxy: proxy.urlFor('user', stage.canary),
      }))
      const verdicts = new Set((await stage.askAll(many)).map(verdictOf))
      // A proxy that has refused is not asked again with the same credentials.
      if (proxy.accepted > 1) return { verdict: `${proxy.accepted} connections to a proxy that refuses` }
      return { ...acted, verdict: [...verdicts].join(', '), socket: await socketOf(proxy) }
    },
  },
  bad({ row: 94, name: '403 to a CONNECT', outcome: 'proxy/refused', retry: 'N', options: refusing('403 Forbidden') }),
  bad({
    row: 94,
    name: '502 to a CONNECT',
    outcome: 'proxy/refused',
    retry: 'A',
    options: refusing('502 Bad Gateway'),
  }),
  bad({
    row: 94,
    name: '504 to a CONNECT',
    outcome: 'proxy/refused',
    retry: 'A',
    options: refusing('504 Gateway Timeout'),
  }),
  bad({
    row: 95,
    name: 'no response to a CONNECT',
    outcome: 'timeout/proxy',
    retry: 'A',
    options: {
      onConnect(socket) {
        socket.resume().on('end', () => socket.end())
        return true
      },
    },
    spec: { timeouts: { connect: '200ms' } },
    // Five attempts of 200 ms, each at most a tenth of a second late.
    withinMs: [990, 1_500],
  }),
  {
    row: 96,
    name: 'a proxy that refuses connections',
    options: { ...TRUST, proxyCooldown: 0 },
    outcome: 'proxy/connect',
    retry: 'A',
    socket: '–',
    ways: ['plain'],
    act: async stage => through(stage, `http://user:${stage.canary}@127.0.0.1:${await freePort()}`),
  },
  {
    row: 96,
    name: 'a proxy that dies during a batch',
    options: { ...TRUST, proxyCooldown: 0, concurrency: 2 },
    outcome: 'ok, proxy/connect',
    retry: '–',
    socket: '–',
    ways: ['plain'],
    async act(stage) {
      const proxy = await httpProxy()
      const target = await rawServer(
        answering(async connection => {
          await connection.reply('through')
          if (target.requests.length >= 10) await proxy.kill()
        }),
        { cert: 'server' },
      )
      await using _ = target
      const before = target.accepted
      const outcomes = await stage.askAll(
        Array.from({ length: 30 }, () => ({ url: `https://localhost:${target.port}/`, proxy: proxy.url })),
      )
      const verdicts = new Set(outcomes.map(verdictOf))
      // Attempts that were in flight when the proxy died may have ended in either way.
      for (const code of ['truncated/reset', 'truncated/length', 'reset/before_headers']) verdicts.delete(code)
      if (target.accepted - before !== proxy.tunnels.length) return { verdict: 'the target was reached directly' }
      return { verdict: [...verdicts].toSorted().join(', ') }
    },
  },
  bad({
    row: 97,
    name: '200 to a CONNECT, then junk',
    outcome: 'tls/not_tls',
    retry: 'N',
    options: { onConnect: says('HTTP/1.1 200 OK\r\n\r\nthis is no handshake, whatever you say') },
  }),
  socks('SOCKS 5: wrong credentials', 'proxy/auth', 'N', { wants: 'user:right' }),
  socks('SOCKS 5: the host cannot be reached', 'proxy/unreachable', 'A', { refusesWith: 4 }),
  socks('SOCKS 5: not allowed', 'proxy/refused', 'N', { refusesWith: 2 }),
  {
    row: 98,
    name: 'SOCKS 5: two origins, two sets of TLS options, names looked up at the proxy',
    options: TRUST,
    outcome: 'ok',
    retry: '–',
    socket: 'K',
    ways: ['plain'],
    async act(stage) {
      const named = answering((connection, { headers }) => connection.reply(headers.get('host') ?? ''))
      await using one = await rawServer(named, { cert: 'server' })
      await using two = await rawServer(named)
      await using untrusted = await rawServer(named, { cert: 'self-signed' })
      await using proxy = await socksProxy({ wants: `user:${stage.canary}` })
      const { canary } = stage
      const ask = (target: string) => stage.ask({ url: target, proxy: proxy.urlFor('user', canary) })
      const hosts = [`localhost:${one.port}`, `nowhere.invalid:${two.port}`]
      const said: unknown[] = []
      for (const scheme of ['https', 'http', 'https', 'http']) {
        const host = hosts[scheme === 'https' ? 0 : 1] as string
        const outcome = await ask(`${scheme}://${host}/`)
        said.push(outcome.value === host)
      }
      if (said.includes(false)) return { verdict: 'an answer came from another host' }
      const wrong = await ask(`https://localhost:${untrusted.port}/`)
      if (wrong.error?.code !== 'tls/untrusted') return { verdict: `untrusted: ${verdictOf(wrong)}` }
      await using trusting = clientOf({ verifySsl: false })
      const lax = await trusting.request(
        { url: `https://localhost:${untrusted.port}/`, proxy: proxy.urlFor('user', canary) },
        { onFailure: 'settle', returnType: 'text' },
      )
      if (!lax.ok) return { verdict: `not verified: ${verdictOf(lax)}` }
      // The connection of one client is not used by the other.
      const still = await ask(`https://localhost:${untrusted.port}/`)
      if (still.error?.code !== 'tls/untrusted') return { verdict: `untrusted, then: ${verdictOf(still)}` }
      // Two of the connections served four requests.
      return { verdict: 'ok', socket: proxy.accepted === 5 ? 'K' : 'X' }
    },
  },
]
