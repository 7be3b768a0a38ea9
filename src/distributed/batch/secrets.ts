/**
 * What is written to Redis and to the folder of a batch must not hold a secret: `env:NAME` stands for one, and the worker
 * reads it from its own environment.
 */
import { isRecord } from '../../config/kinds.ts'
import { isSecretName } from '../../core/headers.ts'
import { printableUrl } from '../../core/url.ts'
import { ConfigError } from '../../core/error.ts'

const REFERS = /^(?:Bearer |Basic )?env:[A-Za-z_]\w*$/

export const refersToSecret = (text: string): boolean => REFERS.test(text)

/** The first place of options or of a request that holds a secret: `headers.authorization`. */
export function secretIn(given: unknown, names?: ReadonlySet<string>): string | undefined {
  return typeof given === 'string' ? secretUrl(given) : found(given, '', names)
}

function found(value: unknown, path: string, names: ReadonlySet<string> | undefined): string | undefined {
  if (typeof value === 'string') return secretUrl(value) === undefined ? undefined : path
  if (Array.isArray(value)) {
    // A pair of a name and a value.
    if (typeof value[0] === 'string' && typeof value[1] === 'string' && isSecret(value[0], names)) {
      return refersToSecret(value[1]) ? undefined : `${path}.${value[0]}`
    }
    return value.map((one, at) => found(one, `${path}[${at}]`, names)).find(one => one !== undefined)
  }
  if (!isRecord(value)) return undefined
  for (const [name, one] of Object.entries(value)) {
    const place = path === '' ? name : `${path}.${name}`
    const isHeld = isSecret(name, names) && one !== null && one !== undefined && one !== false
    if (isHeld && typeof one === 'string' && !refersToSecret(one)) return place
    const inner = found(one, place, names)
    if (inner !== undefined) return inner
  }
  return undefined
}

/** Options that hold nothing but a secret. */
const OWN: ReadonlySet<string> = new Set([
  'password',
  'bearer',
  'clientSecret',
  'refreshToken',
  'passphrase',
  'key',
  'pfx',
])

const isSecret = (name: string, names: ReadonlySet<string> | undefined): boolean =>
  (OWN.has(name) && name !== 'key') || isSecretName(name, names)

function secretUrl(text: string): string | undefined {
  return /^\w+:\/\//.test(text) && printableUrl(text) !== text ? 'url' : undefined
}

/** Options with each `env:NAME` replaced by the variable of this process. */
export function resolveSecrets(given: unknown, env: NodeJS.ProcessEnv, path = 'options'): unknown {
  if (typeof given === 'string') return refersToSecret(given) ? variable(given, env, path) : given
  if (Array.isArray(given)) return given.map((one, at) => resolveSecrets(one, env, `${path}[${at}]`))
  if (!isRecord(given)) return given
  return Object.fromEntries(
    Object.entries(given).map(([name, one]) => [name, resolveSecrets(one, env, `${path}.${name}`)]),
  )
}

function variable(text: string, env: NodeJS.ProcessEnv, path: string): string {
  const at = text.indexOf('env:')
  const name = text.slice(at + 'env:'.length)
  const value = env[name]
  if (value !== undefined && value !== '') return text.slice(0, at) + value
  throw new ConfigError([
    `${path}: expected the secret in the variable ${name} of the worker, got none. Export ${name}.`,
  ])
}
