/** Rates by host, and those that were set for a name while processes use it: these take the place of their own. */
import { entryOf } from '../../config/hosts.ts'
import { isRecord } from '../../config/kinds.ts'
import type { Rate } from '../../core/rate.ts'
import type { HostRates, RatesByHost, SharedLane } from '../../core/shared-limits.ts'

/** What was changed. A rate that is left out stays as it is in each process. */
export interface NamedLimits {
  readonly all?: readonly Rate[]
  readonly perHost?: readonly Rate[]
  readonly hosts?: Readonly<Record<string, HostRates>>
}

/** Limits that were set for a name, and when: the higher revision is the later one. */
export interface SetLimits {
  /** The time of Redis in microseconds; 0 if none were ever set. */
  readonly revision: number
  readonly limits: NamedLimits
}

export const NONE_SET: SetLimits = { revision: 0, limits: {} }

/** @param own the rates of a process @param set those that were set for its name */
export const effective = (own: RatesByHost, { all, perHost, hosts }: NamedLimits): RatesByHost => ({
  all: all ?? own.all,
  perHost: perHost ?? own.perHost,
  hosts: { ...own.hosts, ...hosts },
})

/** The limits after a further change. */
export const changed = (before: NamedLimits, change: NamedLimits): NamedLimits => ({
  ...before,
  ...change,
  ...((before.hosts ?? change.hosts) && { hosts: { ...before.hosts, ...change.hosts } }),
})

/** The most specific entry for the host of a lane; a rate that it leaves out is that of each host. */
export const ratesOf = ({ hosts, perHost }: RatesByHost, { key, origin }: SharedLane): readonly Rate[] =>
  entryOf(hosts, key, origin)?.rates ?? perHost

/** Undefined if another program has written it. */
export function readLimits(json: string): NamedLimits | undefined {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return undefined
  }
  if (!isRecord(value)) return undefined
  const { all, perHost, hosts } = value
  const areRates = (rates: unknown): boolean => rates === undefined || (Array.isArray(rates) && rates.every(isRate))
  const areHosts =
    hosts === undefined ||
    (isRecord(hosts) && Object.values(hosts).every(one => isRecord(one) && areRates(one['rates'])))
  return areRates(all) && areRates(perHost) && areHosts ? value : undefined
}

function isRate(value: unknown): value is Rate {
  if (!isRecord(value)) return false
  const { limit, intervalMs, burst } = value
  return [limit, intervalMs, burst].every(number => typeof number === 'number' && number > 0 && Number.isFinite(number))
}
