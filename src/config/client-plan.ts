/** The options of a client → its plan: limits, connections, and what all its requests share. No field is optional. */
import { planFields } from './plan.ts'
import type { Values } from './table.ts'
import type { ConnectionPlan } from '../core/connection-plan.ts'
import type { Telemetry } from '../core/events.ts'
import type { CookiesInput, DispatcherLike, LookupInput } from '../core/options.ts'
import type { Transport } from '../core/ports.ts'
import type { Rate } from '../core/rate.ts'
import type { SharedLimits } from '../core/shared-limits.ts'
import type { BreakerPlan } from '../core/breaker-plan.ts'

/** The limits of one host. */
export interface HostPlan {
  /** Infinity for no limit. */
  readonly concurrency: number
  readonly rates: readonly Rate[]
}

/** The limits of an entry of `hosts`. */
export interface NamedHostPlan extends HostPlan {
  /** The names as the caller wrote them. */
  readonly names: readonly string[]
}

export interface ClientPlan {
  /** Attempts on the wire at once, of all hosts together. */
  readonly concurrency: number
  /** Whether the client finds the concurrency of each host itself (`'auto'`). */
  readonly auto: boolean
  readonly rates: readonly Rate[]
  readonly perHost: HostPlan
  readonly hosts: Readonly<Record<string, NamedHostPlan>>
  /** Shares the rates with other processes. */
  readonly sharedLimits: SharedLimits | undefined
  readonly budgets: Readonly<Record<string, readonly Rate[]>>
  readonly respectServerLimits: boolean
  readonly breaker: BreakerPlan | undefined
  readonly budget: { readonly reserve: number; readonly ratio: number }
  readonly cookies: CookiesInput | undefined
  readonly cookieFile: string | undefined
  /** Whether requests with the same credential, or without one, share the cookies that servers set. */
  readonly shareCookies: boolean
  readonly connection: ConnectionPlan
  /** The caller's resolver of names; undefined for that of the system. */
  readonly lookup: LookupInput | undefined
  readonly transport: Transport | DispatcherLike | undefined
  readonly proxies: {
    readonly selection: 'round_robin' | 'random'
    readonly cooldownMs: number
  }
  /** What gets the events of the client, besides the diagnostics channels. */
  readonly telemetry: Telemetry | undefined
  /** Threads that carry the attempts; 0 if the calling thread does. */
  readonly workers: number
}

export const planClient = (values: Values): ClientPlan => planFields('client', values) as unknown as ClientPlan
