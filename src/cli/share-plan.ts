/** `--share-limits`, `--share-name` and `--local-share`: with which processes the rates of a run are shared. */
import type { FlagValues } from './flags.ts'
import { secretOf } from './secret.ts'
import type { Values } from '../config/table.ts'
import type { Problem } from '../core/problem.ts'

/** The name without `--share-name`. */
export const DEFAULT_NAME = 'default'

export interface SharePlan {
  readonly url: string
  readonly name: string | undefined
  readonly localShare: boolean
}

export function sharePlan(values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): SharePlan | undefined {
  const { 'share-limits': given, 'share-name': name, 'local-share': localShare = false } = values
  if (given === undefined) {
    const alone = [...(name === undefined ? [] : ['--share-name']), ...(localShare ? ['--local-share'] : [])]
    problems.push(...alone.map(flag => `${flag}: expected --share-limits beside it, got none. Leave it out.`))
    return undefined
  }
  const ofHosts = values['host-limit']?.some(([, limits]) => limits.rateLimit !== undefined) ?? false
  if (values.rate === undefined && values['per-host-rate'] === undefined && !ofHosts) {
    problems.push('--share-limits: expected a rate beside it, got none. Set --rate, --per-host-rate or --host-limit.')
  }
  const url = secretOf(given, '--share-limits', env, problems)
  return url === undefined ? undefined : { url, name, localShare }
}

/** Loaded when it is needed: only this flag needs Redis. */
export async function sharedLimitsOf(share: SharePlan | undefined): Promise<Pick<Values, 'sharedLimits'>> {
  if (share === undefined) return {}
  const { sharedByFlags } = await import('../distributed/limits/redis-limits.ts')
  return { sharedLimits: sharedByFlags(share) }
}
