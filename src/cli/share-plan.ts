/** `--share-limits` and `--share-name`: with which processes the rates of a run are shared. */
import type { FlagValues } from './flags.ts'
import { secretOf } from './secret.ts'
import type { Values } from '../config/table.ts'
import type { Problem } from '../core/problem.ts'

export interface SharePlan {
  readonly url: string
  readonly name: string | undefined
}

export function sharePlan(values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): SharePlan | undefined {
  const { 'share-limits': given, 'share-name': name } = values
  if (given === undefined) {
    if (name !== undefined) problems.push('--share-name: expected --share-limits beside it, got none. Leave it out.')
    return undefined
  }
  const ofHosts = values['host-limit']?.some(([, limits]) => limits.rateLimit !== undefined) ?? false
  if (values.rate === undefined && values['per-host-rate'] === undefined && !ofHosts) {
    problems.push('--share-limits: expected a rate beside it, got none. Set --rate, --per-host-rate or --host-limit.')
  }
  const url = secretOf(given, '--share-limits', env, problems)
  return url === undefined ? undefined : { url, name }
}

/** Loaded when it is needed: only this flag needs Redis. */
export async function sharedLimitsOf(share: SharePlan | undefined): Promise<Pick<Values, 'sharedLimits'>> {
  if (share === undefined) return {}
  const { sharedByFlags } = await import('../distributed/limits/redis-limits.ts')
  return { sharedLimits: sharedByFlags(share.url, share.name) }
}
