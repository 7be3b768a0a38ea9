/**
 * Which proxy an attempt uses: in turn or at random, skipping proxies that are cooling down after a failure.
 *
 * When all are cooling down, the one that recovers soonest is used at once. The request then fails with the real fault,
 * its retries back off, and the first proxy to recover is noticed. Proxies that reject our credentials are never used
 * before their cooldown ends: asking again cannot help and may lock the account. A direct connection is never a
 * fallback.
 */
import type { Result } from '../core/result.ts'
import type { Proxy } from '../core/route.ts'

export interface ProxiesPlan {
  readonly selection: 'round_robin' | 'random'
  readonly cooldownMs: number
}

/** What the end of an attempt says about its proxy, independent of what it says about the target. */
export type ProxyHealth = 'alive' | 'down' | 'auth' | 'silent' | 'unknown'

type ProxyState =
  | { readonly kind: 'cooling'; readonly why: 'down' | 'auth'; readonly sinceMs: number; readonly untilMs: number }
  /** No answer in time, this many times in a row. Either the proxy or the target behind it is slow. */
  | { readonly kind: 'silent'; readonly times: number }

/**
 * A timeout may be caused by the target behind the proxy. This many in a row without an answer are caused by the proxy.
 */
const MAX_PROXY_SILENCES = 3
/** Number of states from which expired ones are removed before another one is added. */
const SWEEP_PROXIES_FROM = 10_000

export class Proxies {
  readonly #plan: ProxiesPlan
  readonly #random: () => number
  /** By proxy key. Only proxies that have failed have a state. */
  readonly #states = new Map<string, ProxyState>()
  #next = 0

  constructor(plan: ProxiesPlan, random: () => number) {
    this.#plan = plan
    this.#random = random
  }

  /**
   * The proxy for the next attempt, from a list that is not empty. Undefined when every proxy has rejected our
   * credentials. `failedKey` names the proxy that this request has just failed with: it is used again only if no other
   * one is available.
   */
  choose(proxies: readonly Proxy[], nowMs: number, failedKey?: string): Proxy | undefined {
    if (proxies.length === 1) return this.#why(proxies[0] as Proxy, nowMs) === 'auth' ? undefined : proxies[0]
    const another = failedKey === undefined ? undefined : this.#pick(proxies, nowMs, failedKey)
    return another ?? this.#pick(proxies, nowMs) ?? this.#soonest(proxies, nowMs)
  }

  /** The time until which every proxy rejects our credentials; undefined if at least one does not. */
  refusedUntilMs(proxies: readonly Proxy[], nowMs: number): number | undefined {
    let untilMs = Infinity
    // Fast path: usually no state is stored, so the first proxy ends the loop.
    for (const { key } of proxies) {
      const state = this.#states.get(key)
      if (state?.kind !== 'cooling' || state.why !== 'auth' || state.untilMs <= nowMs) return undefined
      untilMs = Math.min(untilMs, state.untilMs)
    }
    return untilMs
  }

  /** `chosenAtMs`: results of attempts that started before a failure do not change what it says. */
  learn({ key }: Proxy, health: ProxyHealth, chosenAtMs: number, nowMs: number): void {
    if (health === 'unknown') return
    const state = this.#states.get(key)
    if (health === 'alive') {
      if (state !== undefined && (state.kind === 'silent' || chosenAtMs >= state.sinceMs)) this.#states.delete(key)
      return
    }
    const why = health === 'auth' ? 'auth' : 'down'
    const isLate = state?.kind === 'cooling' && chosenAtMs < state.sinceMs
    if (isLate && state.why === why) return
    const times = state?.kind === 'silent' ? state.times + 1 : 1
    if (health === 'silent' && times < MAX_PROXY_SILENCES) {
      if (state?.kind !== 'cooling') this.#keep(key, { kind: 'silent', times }, nowMs)
      return
    }
    this.#keep(key, { kind: 'cooling', why, sinceMs: nowMs, untilMs: nowMs + this.#plan.cooldownMs }, nowMs)
  }

  #pick(proxies: readonly Proxy[], nowMs: number, failedKey?: string): Proxy | undefined {
    const isFit = (proxy: Proxy): boolean => proxy.key !== failedKey && this.#why(proxy, nowMs) === undefined
    if (this.#plan.selection === 'random') {
      const any = proxies[Math.floor(this.#random() * proxies.length)] as Proxy
      if (isFit(any)) return any
      const fit = proxies.filter(isFit)
      return fit[Math.floor(this.#random() * fit.length)]
    }
    for (let step = 0; step < proxies.length; step++) {
      const proxy = proxies[this.#next++ % proxies.length] as Proxy
      if (isFit(proxy)) return proxy
    }
    return undefined
  }

  #soonest(proxies: readonly Proxy[], nowMs: number): Proxy | undefined {
    let soonest: Proxy | undefined
    let bestMs = Infinity
    for (const proxy of proxies) {
      if (this.#why(proxy, nowMs) === 'auth') continue
      const state = this.#states.get(proxy.key)
      const untilMs = state?.kind === 'cooling' ? state.untilMs : nowMs
      if (soonest !== undefined && untilMs >= bestMs) continue
      soonest = proxy
      bestMs = untilMs
    }
    return soonest
  }

  /** Why the proxy is cooling down; undefined if it is not. */
  #why({ key }: Proxy, nowMs: number): 'down' | 'auth' | undefined {
    const state = this.#states.get(key)
    return state?.kind === 'cooling' && state.untilMs > nowMs ? state.why : undefined
  }

  #keep(key: string, state: ProxyState, nowMs: number): void {
    if (this.#states.size >= SWEEP_PROXIES_FROM && !this.#states.has(key)) {
      for (const [other, known] of this.#states) {
        if (known.kind === 'silent' || known.untilMs <= nowMs) this.#states.delete(other)
      }
    }
    this.#states.set(key, state)
  }
}

/** Either the proxy answered, or the target did through it. */
const ALIVE: ReadonlySet<string> = new Set(['proxy/refused', 'proxy/unreachable'])
const DOWN: ReadonlySet<string> = new Set(['proxy/connect', 'proxy/tls', 'proxy/protocol'])

/** A 500 from the target does not blame the proxy, and neither does a target that the proxy cannot reach. */
export function proxyHealthOf(result: Result): ProxyHealth {
  if (result.kind === 'reply') return 'alive'
  const { code } = result
  if (DOWN.has(code)) return 'down'
  if (ALIVE.has(code)) return 'alive'
  if (code === 'proxy/auth') return 'auth'
  return code === 'timeout/proxy' ? 'silent' : 'unknown'
}
