/**
 * A secret that was given for an origin reaches only that origin: random chains over six origins, with every kind of
 * secret, each a canary of its own. For each hop the model says what may and what must be sent; the servers record what
 * was.
 */
import { expect, it } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions, RequestSpec } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockRequest } from '../../src/testing/index.ts'
import { fc } from '../support/property.ts'
import { SEEDED, limitMs, runs } from './runs.ts'

const RUNS = runs(50_000)

const ORIGINS = [
  'http://a.test',
  'https://a.test',
  'http://a.test:8080',
  'https://a.test:8443',
  'http://b.test',
  'https://sub.a.test',
] as const
const HEADERS = ['x-api-key', 'x-trace', 'referer', 'origin', 'x-csrf-token', 'idempotency-key', 'if-match', 'from']

const hop = fc.record({
  to: fc.nat(ORIGINS.length - 1),
  status: fc.constantFrom(301, 302, 303, 307, 308),
  relative: fc.boolean(),
  userinfo: fc.boolean(),
  setCookie: fc.boolean(),
})

const chain = fc.record({
  start: fc.nat(ORIGINS.length - 1),
  hops: fc.array(hop, { maxLength: 9 }),
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  headers: fc.subarray(HEADERS),
  cookieHeader: fc.boolean(),
  auth: fc.constantFrom('none', 'bearer', 'basic', 'function', 'userinfo', 'header'),
  body: fc.constantFrom('none', 'json', 'form', 'multipart', 'factory'),
  pairs: fc.boolean(),
  pairsOf: fc.option(fc.nat(ORIGINS.length - 1), { nil: undefined }),
  allowDowngrade: fc.boolean(),
  allowBodyAcrossOrigins: fc.boolean(),
  inOptions: fc.boolean(),
})
type Chain = typeof chain extends fc.Arbitrary<infer T> ? T : never

const CANARY = (name: string): string => `canary${name.replaceAll(/\W/g, '')}`

function requestOf(made: Chain): { spec: RequestSpec; options: ClientOptions } {
  const { method, headers: names, cookieHeader, auth, body, inOptions } = made
  const headers = Object.fromEntries(names.map(name => [name, CANARY(name)]))
  if (cookieHeader) headers['cookie'] = `own=${CANARY('cookie')}`
  if (auth === 'header') headers['authorization'] = `Token ${CANARY('auth')}`
  const secret = CANARY('body')
  const takesBody = method !== 'GET'
  const shared = {
    headers: { ...headers, 'accept-language': 'fr' },
    ...(auth === 'bearer' && { auth: { bearer: CANARY('auth') } }),
    ...(auth === 'basic' && { auth: { username: 'me', password: CANARY('auth') } }),
    ...(auth === 'function' && { auth: () => `Bearer ${CANARY('auth')}` }),
    ...(takesBody && body === 'json' && { json: { secret } }),
    ...(takesBody && body === 'form' && { form: { secret } }),
    ...(takesBody && body === 'multipart' && { multipart: { secret } }),
    ...(takesBody && body === 'factory' && { body: () => secret }),
  }
  const userinfo = auth === 'userinfo' ? `me:${CANARY('auth')}@` : ''
  const url = `${ORIGINS[made.start]}/0`.replace('//', `//${userinfo}`)
  const bound = made.pairsOf === undefined ? undefined : (ORIGINS[made.pairsOf] as string)
  const plain = made.pairs ? { plain: CANARY('plain') } : undefined
  return {
    spec: { url, method, ...(!inOptions && shared) },
    options: {
      ...(inOptions && shared),
      cookies: bound === undefined ? (plain ?? {}) : { [bound]: { bound: CANARY('bound') } },
      allowDowngrade: made.allowDowngrade,
      allowBodyAcrossOrigins: made.allowBodyAcrossOrigins,
      maxRetries: 0,
    },
  }
}

/** Everything that a request tells its server, as one text: Basic decoded, and multipart with its parts. */
function toldBy({ url, headers, body }: MockRequest): string {
  const basic = /^Basic (.*)$/.exec(headers.get('authorization') ?? '')?.[1] ?? ''
  const bytes = typeof body === 'string' ? body : body === undefined ? '' : Buffer.from(body).toString()
  return [url, ...[...headers].flat(), Buffer.from(basic, 'base64').toString(), bytes].join('\n')
}

async function play(made: Chain): Promise<{ ledger: MockRequest[]; bodies: boolean[]; code: string }> {
  const bodies: boolean[] = []
  const transport = mockTransport(({ url }) => {
    const step = Number(new URL(url).pathname.slice(1))
    const next = made.hops[step]
    const { host } = new URL(url)
    if (next === undefined) return { json: 1 }
    const userinfo = next.userinfo ? 'evil:canaryevil@' : ''
    const target = `${ORIGINS[next.to]}/${step + 1}`.replace('//', `//${userinfo}`)
    const location = next.relative && next.to === made.start && !next.userinfo ? `/${step + 1}` : target
    return {
      status: next.status,
      headers: {
        location,
        ...(next.setCookie && { 'set-cookie': `jar${step}=${CANARY(`jar-${host}`)}; Path=/` }),
      },
    }
  })
  const ledger = transport.requests
  const send = transport.send.bind(transport)
  // Streamed bodies are not in the record of the transport, only the fact that there was one.
  const watching = {
    ...transport,
    send: (attempt: Parameters<typeof send>[0]) => (bodies.push(attempt.body !== undefined), send(attempt)),
  }
  const { spec, options } = requestOf(made)
  const client = new ParallelRequests({ ...options, transport: watching })
  const outcome = await client.request(spec, { onFailure: 'settle' })
  await client.close()
  return { ledger: [...ledger], bodies, code: outcome.ok ? 'ok' : outcome.error.code }
}

const OF_THE_CALLER = [...HEADERS, 'cookie', 'auth', 'plain'].map(CANARY)
const CANARY_BOUND = CANARY('bound')
const MAY_STOP = /^(?:ok|redirect\/(?:downgrade|body_cross_origin|precondition|loop|too_many)|http\/30\d)$/

it(
  `no secret leaves its origin, over ${RUNS.toLocaleString('en')} redirect chains (${SEEDED})`,
  async () => {
    let hops = 0
    let crossings = 0
    let atHomeWithSecrets = 0
    // Plain checks: there are tens of them per chain, and `expect` would take as long as the chain.
    await fc.assert(
      fc.asyncProperty(chain, async made => {
        const { ledger, bodies, code } = await play(made)
        if (!MAY_STOP.test(code)) throw new Error(`ended with ${code}`)
        const home = ORIGINS[made.start] as string
        const toldFirst = toldBy(ledger[0] as MockRequest)
        const expected = OF_THE_CALLER.filter(canary => toldFirst.includes(canary))
        if (expected.length < made.headers.length + (made.auth === 'none' ? 0 : 1)) {
          throw new Error(`${home} was told ${expected.join()} only`)
        }
        let left = false
        for (const [index, request] of ledger.entries()) {
          const { origin, host, hostname } = new URL(request.url)
          const told = toldBy(request)
          if (origin !== home && !left) crossings++
          left ||= origin !== home
          if (index > 0) hops++
          const found = OF_THE_CALLER.filter(canary => told.includes(canary))
          const allowed = left ? [] : expected
          if (found.join() !== allowed.join()) {
            throw new Error(`${origin} (${index}) was told ${found.join()}, not ${allowed.join()}`)
          }
          if (index > 0 && found.length > 0) atHomeWithSecrets++
          if (told.includes('canaryevil')) throw new Error(`${origin} was told what was in the Location`)
          // Cookies given for an origin go to that origin on every hop, and to no other.
          const bound = made.pairsOf !== undefined && ORIGINS[made.pairsOf] === origin
          if (told.includes(CANARY_BOUND) !== bound)
            throw new Error(`cookies of ${made.pairsOf} at ${origin}: ${!bound}`)
          // The jar distinguishes hosts, but not ports.
          for (const [, of] of told.matchAll(/canaryjar(\w+)/g)) {
            const names = [hostname, host].map(name => name.replaceAll(/\W/g, ''))
            if (!names.includes((of as string).replace(/\d{4}$/, ''))) throw new Error(`a cookie of ${of} at ${host}`)
          }
          if (left && bodies[index] === true && !made.allowBodyAcrossOrigins) throw new Error(`a body at ${origin}`)
          const before = ledger[index - 1]?.url ?? ''
          const isDowngrade = request.url.startsWith('http:') && before.startsWith('https:')
          if (isDowngrade && !made.allowDowngrade) throw new Error(`from ${before} to ${request.url}`)
        }
      }),
      { numRuns: RUNS },
    )
    // Enough hops and crossings happened for the property to mean something.
    expect(hops).toBeGreaterThan(RUNS)
    expect(crossings).toBeGreaterThan(RUNS / 5)
    expect(atHomeWithSecrets).toBeGreaterThan(RUNS / 50)
    console.log(`${hops} hops, ${crossings} chains left home, ${atHomeWithSecrets} hops at home with their secrets`)
  },
  limitMs(),
)
