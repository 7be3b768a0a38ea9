/** `--share-limits` and the flags beside it: with which processes the rates of a run are shared. */
import { readFileSync } from 'node:fs'
import type { FlagValues } from './flags.ts'
import { secretOf } from './secret.ts'
import type { Values } from '../config/table.ts'
import type { Problem } from '../core/problem.ts'
import { systemReason } from '../core/system-reason.ts'

/** The name without `--share-name`. */
export const DEFAULT_NAME = 'default'

export interface SharePlan {
  readonly url: string
  readonly name: string | undefined
  readonly localShare: boolean
  /** The texts of its certificates. Undefined if none were given. */
  readonly tls: ShareTls | undefined
}

interface ShareTls {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
}

const TLS_FLAGS = ['share-ca', 'share-cert', 'share-key'] as const

export function sharePlan(values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): SharePlan | undefined {
  const { 'share-limits': given, 'share-name': name, 'local-share': localShare = false } = values
  if (given === undefined) {
    const alone = (['share-name', ...TLS_FLAGS] as const).filter(flag => values[flag] !== undefined)
    const all = [...alone, ...(localShare ? ['local-share'] : [])]
    problems.push(...all.map(flag => `--${flag}: expected --share-limits beside it, got none. Leave it out.`))
    return undefined
  }
  const ofHosts = values['host-limit']?.some(([, limits]) => limits.rateLimit !== undefined) ?? false
  if (values.rate === undefined && values['per-host-rate'] === undefined && !ofHosts) {
    problems.push('--share-limits: expected a rate beside it, got none. Set --rate, --per-host-rate or --host-limit.')
  }
  const url = secretOf(given, '--share-limits', env, problems)
  const tls = tlsOf(values, problems)
  return url === undefined ? undefined : { url, name, localShare, tls }
}

function tlsOf(values: FlagValues, problems: Problem[]): ShareTls | undefined {
  if (TLS_FLAGS.every(flag => values[flag] === undefined)) return undefined
  const [ca, cert, key] = TLS_FLAGS.map(flag => {
    const path = values[flag]
    if (path === undefined) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      problems.push(`cannot read --${flag} ${path}: ${systemReason(error)}.`)
      return undefined
    }
  })
  return { ca, cert, key }
}

/** Loaded when it is needed: only this flag needs Redis. */
export async function sharedLimitsOf(share: SharePlan | undefined): Promise<Pick<Values, 'sharedLimits'>> {
  if (share === undefined) return {}
  const { sharedByFlags } = await import('../distributed/limits/redis-limits.ts')
  return { sharedLimits: sharedByFlags(share) }
}
