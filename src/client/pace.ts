/** The rates of each lane of a client: those of its host, or all of its rates if other processes share them. */
import type { ClientPlan } from '../config/client-plan.ts'
import type { Call } from '../core/call.ts'
import type { Clock } from '../core/ports.ts'
import { formatRate } from '../core/rate.ts'
import type { Rate } from '../core/rate.ts'
import type { HostRates, RatesByHost, SharedLane, SharedLimits } from '../core/shared-limits.ts'
import type { Gate } from '../layer/gate.ts'
import type { Limit } from '../policy/limit.ts'
import { rateLimit } from '../policy/rate.ts'

export interface Pace {
  /** The limits of the lane of this call. @param rates of its host */
  readonly limitsOf: (call: Call, rates: readonly Rate[]) => readonly Limit[]
  /** MUST be called before the first request. */
  begin(gate: Gate): void
  /** Rejects if the rates cannot be shared; undefined once they are, or if they are not to be. */
  readonly ready: () => Promise<void> | undefined
  close(): Promise<void>
}

export function paceOf(plan: ClientPlan, clock: Clock): Pace {
  return plan.sharedLimits === undefined ? OWN : sharedPace(plan.sharedLimits, plan, clock)
}

const OWN: Pace = {
  limitsOf: (_call, rates) => rates.map(rate => labelled(rateLimit(rate), 'host rate', rate)),
  begin: () => undefined,
  ready: () => undefined,
  close: () => Promise.resolve(),
}

function sharedPace(limits: SharedLimits, plan: ClientPlan, clock: Clock): Pace {
  let gate: Gate | undefined
  let isReady = false
  const shared = limits.open({
    clock,
    rates: ratesByHost(plan),
    startsOf: Object.keys(plan.budgets).length === 0 ? startsOf : () => 1,
    isWaitedFor: limit => gate?.isWaitedFor(limit) ?? false,
    turn: limit => gate?.turn(limit),
  })
  return {
    limitsOf: call => [shared.limitOf(sharedLaneOf(call))],
    begin(opened) {
      gate = opened
      // The other processes learn of each pause that a server asks for.
      opened.watchPauses((_host, _fromMs, _untilMs, call) => {
        shared.pause(sharedLaneOf(call), opened.pausedUntilMs(call.lane))
      })
    },
    ready: () => (isReady ? undefined : shared.ready().then(() => void (isReady = true))),
    close: () => shared.close(),
  }
}

const sharedLaneOf = ({ lane, origin }: Call): SharedLane => ({ key: lane, origin })

/** An entry of `hosts` without rates has those of each host. */
export function ratesByHost({ rates, perHost, hosts }: ClientPlan): RatesByHost {
  const entries = Object.entries(hosts).map(([pattern, { rates: own }]): [string, HostRates] => [
    pattern,
    own === perHost.rates ? {} : { rates: own },
  ])
  return { all: rates, perHost: perHost.rates, hosts: Object.fromEntries(entries) }
}

/** A request counts as one start at least. */
export function startsOf({ costs }: Call): number {
  const weight = typeof costs === 'number' ? costs : (costs['rateLimit'] ?? 1)
  return Math.max(1, Math.ceil(weight))
}

/** The name is for advice. */
export const labelled = (limit: Limit, name: string, rate: Rate): Limit => ({
  ...limit,
  label: `${name} ${formatRate(rate)}`,
})
