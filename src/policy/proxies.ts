/**
 * Which proxy an attempt takes: in turn or at random, but none that cools down after a failure of its own.
 *
 * When all cool down the one is taken that is back soonest, at once: a request then fails with what is really wrong, its
 * repeats back off, and the first proxy that is up again is noticed. Only proxies that refuse their credentials are
 * left alone until their time is over: asking again cannot help, and may lock an account. The direct way is never one.
 */
import type { Result } from '../core/result.ts'
import type { Proxy } from '../core/route.ts'

export interface ProxiesPlan {
  readonly selection: 'round_robin' | 'random'
  readonly cooldownMs: number
}

/** What the end of an attempt says about its proxy, whatever it says about the target. */
export type ProxyHealth = 'alive' | 'down' | 'auth' | 'silent' | 'unknown'

type State =
  | { readonly kind: 'cooling'; readonly why: 'down' | 'auth'; readonly sinceMs: number; readonly untilMs: number }
  /** It did not answer in time, this many times in a row: the proxy, or the target behind it. */
  | { readonly kind: 'silent'; readonly times: number }

/** A silence may be the target's, which the proxy waits for; so many in a row, and no answer between, are the proxy's. */
const MAX_SILENCES = 3
/** States kept before those that are over are looked for. */
const SWEEP_FROM = 10_000

export class Proxies {
  readonly #plan: ProxiesPlan
  readonly #random: () => number
  /** Of those with something to remember, by key. */
  readonly #states = new Map<string, State>()
  #next = 0

  constructor(plan: ProxiesPlan, random: () => number) {
    this.#plan = plan
    this.#random = random
  }

  /**
   * One of them, of which there is at least one; undefined where every one has refused its credentials. `failedKey`
   * names the proxy that has just failed this request: it is taken again only where no other one is fit.
   */
  choose(proxies: readonly Proxy[], nowMs: number, failedKey?: string): Proxy | undefined {
    if (proxies.length === 1) return this.#why(proxies[0] as Proxy, nowMs) === 'auth' ? undefined : proxies[0]
    const another = failedKey === undefined ? undefined : this.#pick(proxies, nowMs, failedKey)
    return another ?? this.#pick(proxies, nowMs) ?? this.#soonest(proxies, nowMs)
  }

  /** The time until which every one of them refuses its credentials; undefined while there is one that does not. */
  refusedUntilMs(proxies: readonly Proxy[], nowMs: number): number | undefined {
    let untilMs = Infinity
    // Nearly always nothing is remembered, and the first one ends it.
    for (const { key } of proxies) {
      const state = this.#states.get(key)
      if (state?.kind !== 'cooling' || state.why !== 'auth' || state.untilMs <= nowMs) return undefined
      untilMs = Math.min(untilMs, state.untilMs)
    }
    return untilMs
  }

  /** `chosenAtMs`: what began before a proxy failed does not speak for it afterwards. */
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
    if (health === 'silent' && times < MAX_SILENCES) {
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

  /** Why it cools down; undefined where it does not. */
  #why({ key }: Proxy, nowMs: number): 'down' | 'auth' | undefined {
    const state = this.#states.get(key)
    return state?.kind === 'cooling' && state.untilMs > nowMs ? state.why : undefined
  }

  #keep(key: string, state: State, nowMs: number): void {
    if (this.#states.size >= SWEEP_FROM && !this.#states.has(key)) {
      for (const [other, known] of this.#states) {
        if (known.kind === 'silent' || known.untilMs <= nowMs) this.#states.delete(other)
      }
    }
    this.#states.set(key, state)
  }
}

/** The proxy answered, or what it answered came from the target. */
const ALIVE: ReadonlySet<string> = new Set(['proxy/refused', 'proxy/unreachable'])
const DOWN: ReadonlySet<string> = new Set(['proxy/connect', 'proxy/tls', 'proxy/protocol'])

/** A target's 500 does not blame its proxy, nor does a target that the proxy cannot reach. */
export function proxyHealthOf(result: Result): ProxyHealth {
  if (result.kind === 'reply') return 'alive'
  const { code } = result
  if (DOWN.has(code)) return 'down'
  if (ALIVE.has(code)) return 'alive'
  if (code === 'proxy/auth') return 'auth'
  return code === 'timeout/proxy' ? 'silent' : 'unknown'
}
