/** The options of a client → its plan: limits, connections, what all its requests share. Nothing optional is left. */
import type { ReadHostLimits } from './limit-input.ts'
import type { Values } from './table.ts'
import type { ReadRate } from './rate-input.ts'
import type { CallPlan } from '../core/call.ts'
import type { ConnectionPlan } from '../core/connection-plan.ts'
import type { CookiesInput, DispatcherLike, LookupInput } from '../core/options.ts'
import type { Transport } from '../core/ports.ts'
import { defaultBurst } from '../core/rate.ts'
import type { Rate } from '../core/rate.ts'

/** The limits of one host. */
export interface HostPlan {
  /** Infinity for none. */
  readonly concurrency: number
  readonly rates: readonly Rate[]
}

/** Those of an entry of `hosts`. */
export interface NamedHostPlan extends HostPlan {
  /** As they were given. */
  readonly names: readonly string[]
}

export interface BreakerPlan {
  readonly failures: number
  readonly windowMs: number
  readonly cooldownMs: number
}

export interface ClientPlan {
  /** Attempts on the wire at once, of all hosts together. */
  readonly concurrency: number
  /** Whether each host's own number is to be found. */
  readonly auto: boolean
  readonly rates: readonly Rate[]
  readonly perHost: HostPlan
  readonly hosts: Readonly<Record<string, NamedHostPlan>>
  readonly budgets: Readonly<Record<string, readonly Rate[]>>
  readonly respectServerLimits: boolean
  readonly breaker: BreakerPlan | undefined
  readonly budget: { readonly reserve: number; readonly ratio: number }
  readonly cookies: CookiesInput | undefined
  readonly cookieFile: string | undefined
  /** Whether requests with the same credential, or none, share what servers set. */
  readonly shareCookies: boolean
  readonly connection: ConnectionPlan
  /** The caller's way from names to addresses; undefined is the system's. */
  readonly lookup: LookupInput | undefined
  readonly transport: Transport | DispatcherLike | undefined
  readonly proxies: {
    readonly selection: 'round_robin' | 'random'
    readonly cooldownMs: number
  }
  /** Threads that carry the attempts; 0 for none beside our own. */
  readonly workers: number
}

export function planClient(values: Values): ClientPlan {
  const { tls } = values
  const auto = values.concurrency === 'auto'
  const perHost = planHost(values.perHost, NO_LIMITS)
  return {
    concurrency: values.concurrency === 'auto' ? (values.maxConcurrency ?? 100) : (values.concurrency ?? 20),
    auto,
    rates: planRates(values.rateLimit, values.rateLimitBurst),
    perHost,
    hosts: mapValues(values.hosts, limits => ({ ...planHost(limits, perHost), names: limits.names ?? [] })),
    // A budget is a quota: a request may take all of it at once.
    budgets: mapValues(values.budgets, rates => rates.map(rate => ({ ...rate, burst: rate.burst ?? rate.limit }))),
    respectServerLimits: values.respectServerLimits ?? true,
    breaker: planBreaker(values.breaker),
    budget: { reserve: values.retry?.budget?.reserve ?? 10, ratio: values.retry?.budget?.ratio ?? 0.2 },
    cookies: values.cookies,
    connection: {
      tls: { verify: values.verifySsl ?? true, ...tls },
      ...(values.http2 === true && { http2: true }),
      blockPrivateAddresses: values.blockPrivateAddresses ?? false,
      maxHeaderBytes: values.maxHeaderBytes ?? Math.max(MAX_HEADER_BYTES, nodeMaxHeaderBytes()),
    },
    lookup: values.lookup as LookupInput | undefined,
    cookieFile: values.cookieFile,
    shareCookies: values.shareCookies ?? true,
    transport: values.transport,
    proxies: { selection: values.proxySelection ?? 'round_robin', cooldownMs: values.proxyCooldown ?? 60_000 },
    workers: values.workers ?? 0,
  }
}

/** Node's own limit of 16 KiB is less than what curl and browsers take. */
const MAX_HEADER_BYTES = 65_536

/** What `--max-http-header-size` says. Not by an import: its names are getters, and one of them loads Node's fetch. */
const nodeMaxHeaderBytes = (): number => process.getBuiltinModule('node:http').maxHeaderSize

const NO_LIMITS: HostPlan = { concurrency: Infinity, rates: [] }

function planHost(limits: ReadHostLimits | undefined, base: HostPlan): HostPlan {
  return {
    concurrency: limits?.concurrency ?? base.concurrency,
    rates: limits?.rateLimit === undefined ? base.rates : planRates(limits.rateLimit, undefined),
  }
}

function planRates(rates: readonly ReadRate[] = [], burst: number | undefined): readonly Rate[] {
  return rates.map(rate => ({
    limit: rate.limit,
    intervalMs: rate.intervalMs,
    burst: rate.burst ?? burst ?? defaultBurst(rate.limit, rate.intervalMs),
  }))
}

function planBreaker(breaker: Values['breaker']): BreakerPlan | undefined {
  if (breaker === undefined || breaker === false) return undefined
  const { failures, window, cooldown } = breaker === true ? {} : breaker
  return { failures: failures ?? 5, windowMs: window ?? 30_000, cooldownMs: cooldown ?? 10_000 }
}

function mapValues<T, U>(record: Readonly<Record<string, T>> | undefined, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, map(value)]))
}

/** What the limits of the client mean for each of its requests. */
export function planLanes({ limitKey, hosts, budgets, rateLimit, rateLimitBurst }: Values) {
  const names = Object.entries(mapValues(budgets, rates => rates.map(({ burst, limit }) => burst ?? limit)))
  const starts: [string, number[]] = ['rateLimit', planRates(rateLimit, rateLimitBurst).map(({ burst }) => burst)]
  const weighted = names.length > 0 || rateLimit === undefined ? names : [starts]
  return {
    limitKey: limitKey as CallPlan['limitKey'],
    hostPatterns: Object.keys(hosts ?? {}),
    weighted: Object.fromEntries(weighted.map(([name, bursts]) => [name, Math.min(...bursts)])),
  }
}
