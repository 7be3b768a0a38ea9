/** Which proxy an attempt uses, given what happened to earlier ones. */
import { describe, expect, it } from 'vitest'
import { parseProxy } from '../../src/config/proxy-url.ts'
import type { FaultCode } from '../../src/core/result.ts'
import type { Proxy } from '../../src/core/route.ts'
import { Proxies, proxyHealthOf } from '../../src/policy/proxies.ts'
import type { ProxyHealth } from '../../src/policy/proxies.ts'
import { makeFault, makeReply } from '../support/calls.ts'
import { fc, randomFrom } from '../support/property.ts'

const named = (name: string): Proxy => parseProxy(`http://${name}:3128`) as Proxy
const [a, b, c] = ['a', 'b', 'c'].map(named) as [Proxy, Proxy, Proxy]
const ALL = [a, b, c]

const inTurn = (cooldownMs = 1_000): Proxies => new Proxies({ selection: 'round_robin', cooldownMs }, Math.random)

function chosen(proxies: Proxies, times: number, nowMs: number, among = ALL): string {
  return Array.from({ length: times }, () => proxies.choose(among, nowMs)?.hostname ?? '–').join('')
}

describe('The choice', () => {
  it('takes the proxies in turn', () => {
    expect(chosen(inTurn(), 7, 0)).toBe('abcabca')
  })

  it('at random takes each about equally often, but none that is cooling down', () => {
    const proxies = new Proxies({ selection: 'random', cooldownMs: 1_000 }, randomFrom(1))
    const count = (names: string, name: string): number => names.split(name).length - 1
    const before = chosen(proxies, 3_000, 0)
    for (const name of 'abc') expect(count(before, name)).toBeGreaterThan(900)
    proxies.learn(b, 'down', 0, 0)
    const after = chosen(proxies, 3_000, 500)
    expect(count(after, 'b')).toBe(0)
    for (const name of 'ac') expect(count(after, name)).toBeGreaterThan(1_350)
  })

  it('skips a proxy that failed until its cooldown ends', () => {
    const proxies = inTurn()
    proxies.learn(b, 'down', 0, 0)
    expect(chosen(proxies, 4, 999)).toBe('acac')
    expect(chosen(proxies, 3, 1_000)).toMatch(/b/)
  })

  it('takes the proxy that recovers soonest when all are cooling down, and never connects directly', () => {
    const proxies = inTurn()
    for (const [at, proxy] of [b, c, a].entries()) proxies.learn(proxy, 'down', at * 10, at * 10)
    expect(chosen(proxies, 3, 100)).toBe('bbb')
    expect(chosen(inTurn(), 2, 0, [a])).toBe('aa')
  })

  it('gives a retry another proxy than the one that just failed it, whatever the order and the cooldown', () => {
    for (const selection of ['round_robin', 'random'] as const) {
      const proxies = new Proxies({ selection, cooldownMs: 0 }, randomFrom(1))
      const repeats = Array.from({ length: 50 }, () => proxies.choose(ALL, 0, a.key)?.hostname)
      expect(new Set(repeats)).toEqual(new Set(['b', 'c']))
    }
    const proxies = inTurn()
    for (const other of [b, c]) proxies.learn(other, 'down', 0, 0)
    expect(proxies.choose(ALL, 1, a.key)).toBe(a)
    expect(proxies.choose([a], 1, a.key)).toBe(a)
  })

  it('takes a single proxy even while it is cooling down, but not one that rejects our credentials', () => {
    const proxies = inTurn()
    proxies.learn(a, 'down', 0, 0)
    expect(chosen(proxies, 2, 1, [a])).toBe('aa')
    proxies.learn(a, 'auth', 1, 1)
    expect(chosen(proxies, 1, 2, [a])).toBe('–')
    expect(proxies.refusedUntilMs([a], 2)).toBe(1_001)
    expect(chosen(proxies, 1, 1_001, [a])).toBe('a')
  })

  it('prefers a proxy that is down to one that rejects our credentials; if all reject them, takes none', () => {
    const proxies = inTurn()
    proxies.learn(a, 'auth', 0, 0)
    proxies.learn(b, 'auth', 0, 0)
    proxies.learn(c, 'down', 0, 50)
    expect(chosen(proxies, 3, 60)).toBe('ccc')
    expect(proxies.refusedUntilMs(ALL, 60)).toBeUndefined()
    proxies.learn(c, 'auth', 60, 70)
    expect(chosen(proxies, 1, 80)).toBe('–')
    expect(proxies.refusedUntilMs(ALL, 80)).toBe(1_000)
  })

  it('has no cooldown with 0, and never ends it with Infinity', () => {
    const never = inTurn(0)
    never.learn(a, 'down', 0, 0)
    expect(chosen(never, 3, 0)).toBe('abc')
    const forEver = inTurn(Infinity)
    for (const proxy of ALL) forEver.learn(proxy, 'down', 0, 0)
    expect(chosen(forEver, 1, 1e12)).toBe('a')
  })
})

describe('What is learned', () => {
  it('a success ends the cooldown if its attempt started after the failure, and does not if it started before', () => {
    const proxies = inTurn()
    proxies.learn(a, 'down', 0, 10)
    proxies.learn(a, 'alive', 5, 20)
    expect(chosen(proxies, 2, 30)).toBe('bc')
    proxies.learn(a, 'alive', 25, 40)
    expect(chosen(proxies, 3, 50)).toBe('abc')
  })

  it('failures of attempts in flight together start one cooldown', () => {
    const proxies = inTurn()
    proxies.learn(a, 'down', 0, 10)
    proxies.learn(a, 'down', 0, 900)
    expect(chosen(proxies, 3, 1_010)).toBe('abc')
  })

  it('three timeouts in a row blame the proxy; with an answer between them they blame the targets', () => {
    const proxies = inTurn()
    for (const health of ['silent', 'silent', 'alive', 'silent', 'silent'] as const) proxies.learn(a, health, 0, 0)
    expect(chosen(proxies, 3, 1)).toBe('abc')
    proxies.learn(a, 'silent', 0, 0)
    expect(chosen(proxies, 2, 1)).toBe('bc')
  })

  it('is kept per proxy and credentials', () => {
    const other = parseProxy('http://user:pass@a:3128') as Proxy
    const proxies = inTurn()
    proxies.learn(other, 'auth', 0, 0)
    expect(chosen(proxies, 2, 1, [a, other])).toBe('aa')
  })

  it('never loses a proxy, after any history', () => {
    const health = fc.constantFrom<ProxyHealth>('alive', 'down', 'silent', 'unknown')
    const event = fc.record({ at: fc.nat(2), health, afterMs: fc.nat(600), tookMs: fc.nat(300) })
    const events = fc.array(event, { maxLength: 60 })
    const law = fc.property(events, happened => {
      const proxies = inTurn()
      let nowMs = 0
      for (const { at, health: seen, afterMs, tookMs } of happened) {
        nowMs += afterMs
        expect(proxies.choose(ALL, nowMs)).toBeDefined()
        proxies.learn(ALL[at] as Proxy, seen, nowMs - tookMs, nowMs)
      }
      expect(
        chosen(proxies, 3, nowMs + 1_000)
          .split('')
          .toSorted()
          .join(''),
      ).toBe('abc')
    })
    fc.assert(law)
  })
})

describe('proxyHealthOf', () => {
  it.each<[FaultCode, ProxyHealth]>([
    ['proxy/connect', 'down'],
    ['proxy/tls', 'down'],
    ['proxy/protocol', 'down'],
    ['proxy/auth', 'auth'],
    ['proxy/refused', 'alive'],
    ['proxy/unreachable', 'alive'],
    ['proxy/failed', 'unknown'],
    ['timeout/proxy', 'silent'],
    ['timeout/headers', 'unknown'],
    ['tls/untrusted', 'unknown'],
    ['reset/before_headers', 'unknown'],
    ['aborted/in_flight', 'unknown'],
    ['resource/fd', 'unknown'],
  ])('%s is %s', (code, health) => {
    expect(proxyHealthOf(makeFault(code, false))).toBe(health)
  })

  it.each([200, 404, 500, 502, 503])('a status %i from the target does not blame the proxy', status => {
    expect(proxyHealthOf(makeReply(status))).toBe('alive')
  })
})
