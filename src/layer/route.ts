/**
 * Chooses the proxy of each attempt, including retries and hops, and learns from its result. It never falls back to a
 * direct connection.
 *
 * Two layers, one on each side of the gate. Above the gate, a request is refused if no proxy would accept it, which
 * costs neither a token nor a slot. Below the gate, the proxy is chosen as late as possible, so that a proxy that fails
 * while requests are queued is not used for them.
 */
import type { Attempt } from '../core/attempt.ts'
import type { AttemptLayer } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import { fault } from '../core/result.ts'
import type { Fault, Result } from '../core/result.ts'
import type { Proxy } from '../core/route.ts'
import { proxiesFor } from '../policy/bypass.ts'
import { proxyHealthOf } from '../policy/proxies.ts'
import type { Proxies } from '../policy/proxies.ts'
import type { Words } from '../core/words.ts'

export interface RouteLayers {
  readonly refuse: AttemptLayer
  readonly choose: AttemptLayer
}

export function route(proxies: Proxies, clock: Clock): RouteLayers {
  const refusal = (among: readonly Proxy[]): Fault | undefined => {
    const nowMs = clock.now()
    const untilMs = proxies.refusedUntilMs(among, nowMs)
    return untilMs === undefined ? undefined : proxiesRefused(among, untilMs - nowMs, clock)
  }
  return {
    refuse: {
      before: attempt => {
        const among = waysOf(attempt)
        return among.length === 0 ? undefined : refusal(among)
      },
    },
    choose: {
      before: attempt => {
        const among = waysOf(attempt)
        if (among.length === 0) return undefined
        attempt.routedAtMs = clock.now()
        attempt.proxy = proxies.choose(among, attempt.routedAtMs, attempt.trip.retry.failedProxy)
        return attempt.proxy === undefined ? (refusal(among) ?? proxiesRefused(among, 0, clock)) : undefined
      },
      after: (attempt, result) => {
        const { proxy, trip, routedAtMs } = attempt
        if (proxy === undefined) return result
        const health = proxyHealthOf(result)
        trip.retry.failedProxy = health === 'alive' || health === 'unknown' ? undefined : proxy.key
        proxies.learn(proxy, health, routedAtMs, clock.now())
        return withOtherWay(result, waysOf(attempt), proxies, clock.now())
      },
    },
  }
}

const waysOf = ({ call }: Attempt): readonly Proxy[] => proxiesFor(call.plan.ways, call.origin)

/** Faults of a single proxy are final only if no other proxy is left. */
const OF_THIS_PROXY: ReadonlySet<string> = new Set(['proxy/auth', 'proxy/tls', 'proxy/protocol'])

function withOtherWay(result: Result, among: readonly Proxy[], proxies: Proxies, nowMs: number): Result {
  if (result.kind === 'reply' || !OF_THIS_PROXY.has(result.code)) return result
  return among.length > 1 && proxies.refusedUntilMs(among, nowMs) === undefined
    ? { ...result, hasOtherWay: true }
    : result
}

function proxiesRefused(among: readonly Proxy[], waitMs: number, clock: Clock): Fault {
  const who = among.length === 1 ? `the proxy ${among[0]?.name}` : `each of the ${among.length} proxies`
  const message: Words = [
    `not sent: ${who} has refused its credentials, and is not used for `,
    { option: 'proxyCooldown' },
  ]
  const retryAt = Number.isFinite(waitMs) ? { retryAt: Math.ceil(clock.epochMs() + waitMs) } : undefined
  return fault('proxy/auth', message, retryAt)
}
