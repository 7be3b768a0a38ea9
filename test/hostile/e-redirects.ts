/** Section E of the catalogue: every redirect hop is decided separately. */
import { TRUST, verdictOf } from '../support/ask.ts'
import { retryOf } from '../support/hostile/scenario.ts'
import type { Act, Scenario, Seen } from '../support/hostile/scenario.ts'
import { reply, send } from '../support/hostile/steps.ts'
import type { Steps } from '../support/hostile/steps.ts'
import { answering, rawServer } from '../support/raw-server.ts'

export const url = import.meta.url

const to = (location: string, status = '302 Found', headers = ''): Steps => [
  send(`HTTP/1.1 ${status}\r\nLocation: ${location}\r\n${headers}Content-Length: 0\r\n\r\n`),
]
const here = (name: string): string => `/victim/{token}/${name}`
const there = (name: string): string => `{other}/victim/{token}/${name}`

/** The head of the last request for this hop, at either server. */
const headOf = ({ hosts }: Seen, name: string): string => {
  const text = hosts.connectionWith(`/${name} HTTP`)?.text ?? ''
  return (
    /[A-Z]+ \S*$/.exec(text.slice(0, text.indexOf(`/${name} HTTP`)))?.[0] + text.slice(text.indexOf(`/${name} HTTP`))
  )
}
const GUARDED = ['authorization', 'cookie', 'x-api-key', 'x-trace', 'content-type', 'content-length']
/** The headers of this hop, of those that should not cross an origin and of one that may. */
const carried = (seen: Seen, name: string): string[] =>
  [...GUARDED, 'accept-language'].filter(field => new RegExp(`^${field}:`, 'im').test(headOf(seen, name)))

const refused = (row: number, name: string, outcome: string, steps: Steps, more: Partial<Scenario> = {}): Scenario => ({
  row,
  name,
  plays: [steps],
  outcome,
  retry: 'N',
  socket: 'K',
  ...more,
})

const followed = (row: number, name: string, hops: readonly Steps[], more: Partial<Scenario> = {}): Scenario => ({
  row,
  name,
  plays: [...hops, [reply()]],
  requests: hops.length + 1,
  spec: { headers: { 'x-trace': 'a', 'accept-language': 'fr' } },
  look: ({ outcome }) => [outcome.value, outcome.response?.redirects],
  sees: ['ok', hops.length],
  outcome: 'ok',
  retry: '–',
  socket: 'K',
  ...more,
})

const turned = (status: string): Scenario =>
  followed(70, `${status} to a POST`, [to(here('got'), status)], {
    spec: { method: 'POST', json: { a: 1 } },
    look: seen => [headOf(seen, 'got').split(' ')[0], carried(seen, 'got').includes('content-length')],
    sees: ['GET', false],
  })

const replayed = (status: string): Scenario =>
  followed(70, `${status} to a POST, same origin`, [to(here('again'), status)], {
    spec: { method: 'POST', json: { a: 1 } },
    look: seen => [headOf(seen, 'again').split(' ')[0], headOf(seen, 'again').includes('{"a":1}')],
    sees: ['POST', true],
  })

const located = (name: string, location: string): Scenario => followed(72, name, [to(location)])

/** Ways to write addresses of this machine and its network. The name resolves to one of them. */
const PRIVATE = [
  '127.1',
  '0x7f.1',
  '017700000001',
  '0',
  '[::ffff:7f00:1]',
  '[::1]',
  '169.254.169.254',
  'rebinds.example',
]

const blocked = (host: string): Act => ({
  row: 69,
  name: `a request to ${host}, with blockPrivateAddresses`,
  options: { blockPrivateAddresses: true, lookup: (_name, _options, answer) => answer(null, '127.0.0.1', 4) },
  outcome: 'blocked/address',
  retry: 'N',
  socket: '–',
  ways: ['plain'],
  alone: true,
  async act(stage) {
    await using decoy = await rawServer(answering(connection => connection.reply()))
    const target = `http://${host}:${decoy.port}/`
    const get = await stage.ask({ url: target, maxRetries: 1 })
    const post = await stage.ask({ url: target, method: 'POST', json: 1, maxRetries: 1 })
    if (decoy.accepted > 0) return { verdict: 'connected' }
    return { verdict: verdictOf(get), retry: retryOf(get.attempts > 1, post.attempts > 1) }
  },
})

async function* once(): AsyncGenerator<string> {
  yield 'only once'
}

export const REDIRECTS: readonly (Scenario | Act)[] = [
  refused(63, 'a loop of two URLs', 'redirect/loop', to(here('a')), {
    plays: [to(here('a')), to(here('b')), to(here('a'))],
    requests: 3,
  }),
  followed(63, 'to the same URL, with a new cookie', [
    to(here('a')),
    to(here('a'), '302 Found', 'Set-Cookie: seen=1\r\n'),
  ]),
  refused(64, 'one hop too many', 'redirect/too_many', to(here('0')), {
    plays: [to(here('1')), to(here('2')), to(here('3')), to(here('4'))],
    options: { maxRedirects: 3 },
    requests: 4,
  }),
  followed(65, 'to another origin, with secrets', [to(there('x'))], {
    look: seen => carried(seen, 'x'),
    sees: ['accept-language'],
  }),
  followed(66, 'to another origin and within it, with secrets', [to(there('x')), to(here('y'))], {
    look: seen => carried(seen, 'y'),
    sees: ['accept-language'],
  }),
  followed(66, 'to another origin and back, with secrets', [to(there('x')), to(there('back'))], {
    look: seen => carried(seen, 'back'),
    sees: ['accept-language'],
  }),
  followed(67, 'to another port of the same host, with secrets', [to('//127.0.0.1:{otherPort}/victim/{token}/p')], {
    look: seen => carried(seen, 'p'),
    sees: ['accept-language'],
    ways: ['plain', 'sliced'],
  }),
  {
    row: 68,
    name: 'from https to http',
    options: TRUST,
    outcome: 'redirect/downgrade',
    retry: 'N',
    socket: 'K',
    ways: ['plain'],
    async act(stage) {
      const target = `${stage.hosts.other.origin}/polite/downgraded`
      await using server = await rawServer(
        answering(connection => connection.reply('', { status: '302 Found', headers: `Location: ${target}\r\n` })),
        { cert: 'server' },
      )
      const outcome = await stage.ask({ url: server.origin, maxRetries: 1 })
      const next = await stage.ask({ url: server.origin, method: 'POST', json: 1, maxRetries: 1 })
      const isFollowed = stage.hosts.other.connections.some(({ text }) => text.includes('downgraded'))
      return {
        verdict: isFollowed ? 'followed' : verdictOf(outcome),
        retry: outcome.attempts + next.attempts === 2 ? 'N' : 'I',
        socket: server.connections.length === 1 ? 'K' : 'X',
      }
    },
  },
  ...['file:///etc/passwd', 'data:text/plain,hi', 'unix:/run/x', 'javascript:alert(1)'].map(target =>
    refused(69, `to ${target}`, 'redirect/scheme', to(target)),
  ),
  ...PRIVATE.map(blocked),
  ...['301 Moved', '302 Found', '303 See Other'].map(turned),
  ...['307 Temporary', '308 Permanent'].map(replayed),
  refused(71, '307 to another origin, with a body', 'redirect/body_cross_origin', to(there('x'), '307 Temporary'), {
    spec: { method: 'POST', json: { a: 1 } },
  }),
  refused(71, '307 for a stream that was read', 'redirect/body_not_replayable', to(here('x'), '307 Temporary'), {
    spec: {
      method: 'POST',
      // A new generator for each trial.
      get body() {
        return once()
      },
    },
  }),
  located('a relative location', '{token}/../{token}/r'),
  located('a location without a scheme', '//{host}/victim/{token}/h'),
  located('a location that is a query', '?q=1'),
  located('a location with spaces', here('a b')),
  located('a location in UTF-8', here('caf\xc3\xa9')),
  refused(72, 'an empty location', 'http/302', to('')),
  refused(72, 'no location', 'http/302', [reply('', '', '302 Found')]),
  refused(72, 'a location that is not a URL', 'redirect/invalid', to('http://[')),
  refused(72, 'two different locations', 'protocol/location', to('/a', '302 Found', 'Location: /b\r\n')),
]
