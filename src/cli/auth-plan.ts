/** Reads the flags of credentials: `--auth`, `--bearer`, `--token-command` and `--oauth-…`. */
import type { FlagName, FlagValues } from './flags.ts'
import { secretOf } from './secret.ts'
import { tokenFrom } from './token-command.ts'
import { readAuth } from '../config/auth-input.ts'
import type { Auth } from '../index.ts'
import type { Problem } from '../core/problem.ts'

const WAYS = ['auth', 'bearer', 'token-command', 'oauth-token-url'] as const satisfies readonly FlagName[]
const OF_OAUTH = [
  'oauth-client',
  'oauth-refresh-token',
  'oauth-scope',
  'oauth-client-auth',
] as const satisfies readonly FlagName[]

export function authOf(values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): Auth | undefined {
  const given = WAYS.filter(name => values[name] !== undefined)
  if (given.length > 1) {
    const [first = '', second = ''] = given
    const both = given.length === 2 ? `--${first} and --${second}, got both` : 'the flags of credentials, got several'
    problems.push(`expected one of ${both}. Keep one of them.`)
  }
  const lone = OF_OAUTH.find(name => values[name] !== undefined)
  if (lone !== undefined && values['oauth-token-url'] === undefined) {
    problems.push(`--${lone}: expected --oauth-token-url URL with it, got none. Add it.`)
  }
  const { auth, bearer, 'token-command': command, 'oauth-token-url': tokenUrl } = values
  if (bearer !== undefined) {
    const token = secretOf(bearer, '--bearer', env, problems)
    return token === undefined ? undefined : { bearer: token }
  }
  if (auth !== undefined) return basicOf(auth, env, problems)
  if (command !== undefined) return checked(commandAuth(command), problems)
  return tokenUrl === undefined ? undefined : oauthOf(tokenUrl, values, env, problems)
}

function basicOf(auth: string, env: NodeJS.ProcessEnv, problems: Problem[]): Auth | undefined {
  const pair = secretOf(auth, '--auth', env, problems)
  if (pair === undefined) return undefined
  const at = pair.indexOf(':')
  if (at > 0) return { username: pair.slice(0, at), password: pair.slice(at + 1) }
  problems.push("--auth: expected 'user:password', got something else. Write it with a colon between them.")
  return undefined
}

const commandAuth = (command: string): Auth => ({ refresh: ({ signal }) => tokenFrom(command, signal) })

function oauthOf(tokenUrl: string, values: FlagValues, env: NodeJS.ProcessEnv, problems: Problem[]): Auth | undefined {
  const { 'oauth-client': client, 'oauth-scope': scope, 'oauth-client-auth': clientAuth } = values
  const refresh = values['oauth-refresh-token']
  if (client === undefined) {
    problems.push('--oauth-token-url: expected --oauth-client ID:SECRET with it, got none. Add it.')
    return undefined
  }
  const refreshToken = refresh === undefined ? undefined : secretOf(refresh, '--oauth-refresh-token', env, problems)
  const pair = clientOf(client, refresh !== undefined, env, problems)
  if (pair === undefined || (refresh !== undefined && refreshToken === undefined)) return undefined
  const [clientId, clientSecret] = pair
  return checked({ oauth: { tokenUrl, clientId, clientSecret, refreshToken, scope, clientAuth } }, problems)
}

/**
 * `env:ID:SECRET` names two variables.
 *
 * @param mayBePublic a client with a refresh token needs no secret
 */
function clientOf(
  given: string,
  mayBePublic: boolean,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): [id: string, secret?: string] | undefined {
  const names = /^env:([^:]+):([^:]+)$/.exec(given)
  if (names !== null) {
    const [, id = '', secret = ''] = names
    const read = [id, secret].map(name => secretOf(`env:${name}`, '--oauth-client', env, problems))
    return read.includes(undefined) ? undefined : (read as [string, string])
  }
  const pair = secretOf(given, '--oauth-client', env, problems)
  if (pair === undefined) return undefined
  const at = pair.indexOf(':')
  if (at === -1 && mayBePublic) return [pair]
  if (at > 0 && at < pair.length - 1) return [pair.slice(0, at), pair.slice(at + 1)]
  problems.push("--oauth-client: expected 'ID:SECRET', got something else. Write it with a colon between them.")
  return undefined
}

/** Read here as well, so that a mistake ends the run before it begins, and not each of its requests. */
function checked(auth: Auth, problems: Problem[]): Auth | undefined {
  return readAuth(auth, 'auth', problems) === undefined ? undefined : auth
}
