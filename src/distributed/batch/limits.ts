/**
 * The rates of a batch, which can be changed while it runs. They are set for the name under which the batch shares them, in
 * Redis, where its workers see them with their next lease; the folder of the results keeps them in case Redis loses them.
 */
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from './broker.ts'
import { keepLimits, readKept } from './kept-limits.ts'
import { shareNameOf } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { knownManifest } from './reconcile.ts'
import { changed, effective, readLimits } from '../limits/named-limits.ts'
import type { NamedLimits, SetLimits } from '../limits/named-limits.ts'
import { limitsKey } from '../limits/redis-leases.ts'
import { ratesPrefix } from '../limits/redis-limits.ts'
import { CHANGE_LIMITS } from '../limits/script.ts'
import { ratesByHost } from '../../client/pace.ts'
import { planClient } from '../../config/client-plan.ts'
import type { Values } from '../../config/table.ts'
import { ConfigError } from '../../core/error.ts'
import type { Problem } from '../../core/problem.ts'
import type { Rate } from '../../core/rate.ts'
import type { RatesByHost, SharedLimits } from '../../core/shared-limits.ts'

/** The rates of a batch, and which other batches share them. */
export interface BatchLimits {
  /** The name of the batch. */
  readonly batch: string
  /** The name under which the rates are shared. */
  readonly name: string
  /** Other batches with this name. */
  readonly sharedWith: readonly string[]
  /** Rates of all hosts together; none if there is no limit. */
  readonly rateLimit: readonly Rate[]
  /** Those of each host that is not in `hosts`. */
  readonly perHost: readonly Rate[]
  /** Rates of certain hosts, by their names. */
  readonly hosts: Readonly<Record<string, readonly Rate[]>>
  /** ISO 8601, by the clock of Redis; undefined if they are those of the submit. */
  readonly changedAt?: string | undefined
  /** False after a change that only Redis knows, because the folder of the results is not on this machine. */
  readonly isKept: boolean
}

/** Who has changed the limits at the same time tries again. */
const MOST_TRIES = 20
const RETRY_MS = 20

const NOT_OPENED: SharedLimits = {
  open() {
    throw new Error('not opened')
  },
}

/** The rates in these options of a batch: without a burst of their own they are spread evenly. */
export const ratesIn = (values: Values): RatesByHost => ratesByHost(planClient({ ...values, sharedLimits: NOT_OPENED }))

/** Throws a ConfigError for limits that are not shared. */
export function changeIn(values: Values): NamedLimits {
  const { rateLimit, perHost, hosts = {} } = values
  const problems: Problem[] = []
  const check = (name: string, limits: Values['perHost']): void => {
    if (limits === undefined) return
    if (limits.concurrency !== undefined)
      problems.push(`${name}: expected a rate, got a concurrency. Each worker has its own: preq worker -c N.`)
    else if (limits.rateLimit === undefined) problems.push(`${name}: expected a rate, got none. Write it as 10/s.`)
  }
  check('perHost', perHost)
  for (const [name, limits] of Object.entries(hosts)) check(`hosts['${name}']`, limits)
  if (problems.length > 0) throw new ConfigError(problems)
  const rates = ratesIn(values)
  return {
    ...(rateLimit !== undefined && { all: rates.all }),
    ...(perHost !== undefined && { perHost: rates.perHost }),
    ...(values.hosts !== undefined && { hosts: rates.hosts }),
  }
}

export interface LimitsParts {
  readonly broker: Broker
  readonly batch: string
  /** The folder of the results, if this machine has it at another place. */
  readonly results?: string | undefined
  /** Undefined: nothing is changed. */
  readonly change?: NamedLimits | undefined
}

export async function limitsOf({ broker, batch, results, change }: LimitsParts): Promise<BatchLimits> {
  const manifest = await knownManifest(broker, batch, results)
  const folder = results === undefined ? manifest.results : resolve(results)
  const name = shareNameOf(manifest)
  const others = await othersOf(broker, manifest)
  if (change === undefined) return shown(manifest, others, await newest(broker, name, folder), true)
  const set = await setFor(broker, name, folder, change)
  const folders = [folder, ...others.map(other => other.results)]
  const [isKept = false] = await Promise.all(folders.map(one => keepNewest(broker, name, one, set)))
  return shown(manifest, others, set, isKept)
}

/** Other batches that share the rates. */
async function othersOf(broker: Broker, { id, ...manifest }: Manifest): Promise<Manifest[]> {
  const name = shareNameOf({ ...manifest, id })
  const known = await Promise.all((await broker.batches()).map(batch => broker.manifest(batch)))
  return known.filter(other => other !== undefined).filter(other => other.id !== id && shareNameOf(other) === name)
}

async function setFor(broker: Broker, name: string, folder: string, change: NamedLimits): Promise<SetLimits> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const before = await inRedis(broker, name)
    const kept = await readKept(folder)
    const limits = changed((kept.revision > before.revision ? kept : before).limits, change)
    const args = [before.revision, JSON.stringify(limits), kept.revision]
    const revision = Number(await broker.redis.eval(CHANGE_LIMITS, 1, limitsKey(ratesPrefix(name)), ...args))
    if (revision > 0) return { revision, limits }
    await sleep(RETRY_MS)
  }
  throw new ConfigError([`limits: other processes keep changing the limits of ${name}. Try again.`])
}

/** Resolves with false if the folder is not there. */
async function keepNewest(broker: Broker, name: string, folder: string, set: SetLimits): Promise<boolean> {
  for (let kept = set; await keepLimits(folder, kept);) {
    // Of two processes that change the limits at the same time, the slower one may have replaced the newer file.
    const there = await inRedis(broker, name)
    if (there.revision <= kept.revision) return true
    kept = there
  }
  return false
}

async function newest(broker: Broker, name: string, folder: string): Promise<SetLimits> {
  const [there, kept] = await Promise.all([inRedis(broker, name), readKept(folder)])
  return kept.revision > there.revision ? kept : there
}

async function inRedis(broker: Broker, name: string): Promise<SetLimits> {
  const [revision, json] = await broker.redis.hmget(limitsKey(ratesPrefix(name)), 'rev', 'json')
  return { revision: Number(revision ?? 0), limits: readLimits(json ?? '') ?? {} }
}

function shown(manifest: Manifest, others: readonly Manifest[], set: SetLimits, isKept: boolean): BatchLimits {
  const { batch, rates } = manifest
  const { all, perHost, hosts } = effective(rates, set.limits)
  return {
    batch,
    name: shareNameOf(manifest),
    sharedWith: others.map(other => other.batch).toSorted(),
    rateLimit: all,
    perHost,
    hosts: Object.fromEntries(Object.entries(hosts).map(([host, { rates: own }]) => [host, own ?? perHost])),
    ...(set.revision > 0 && { changedAt: new Date(set.revision / 1_000).toISOString() }),
    isKept,
  }
}
