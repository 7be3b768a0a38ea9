/** Reads `--auth` and `--bearer` as credentials. */
import type { FlagValues } from './flags.ts'
import { secretOf } from './secret.ts'
import type { Auth } from '../index.ts'
import type { Problem } from '../core/problem.ts'

export function authOf({ auth, bearer }: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): Auth | undefined {
  if (auth !== undefined && bearer !== undefined) {
    problems.push('expected one of --auth and --bearer, got both. Keep one of them.')
  }
  if (bearer !== undefined) {
    const token = secretOf(bearer, '--bearer', env, problems)
    return token === undefined ? undefined : { bearer: token }
  }
  if (auth === undefined) return undefined
  const pair = secretOf(auth, '--auth', env, problems)
  const at = pair?.indexOf(':') ?? -1
  if (pair === undefined) return undefined
  if (at > 0) return { username: pair.slice(0, at), password: pair.slice(at + 1) }
  problems.push("--auth: expected 'user:password', got something else. Write it with a colon between them.")
  return undefined
}
