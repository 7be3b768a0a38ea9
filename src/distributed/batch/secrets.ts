/**
 * What is written to Redis and to the folder of a batch must not hold a secret: `env:NAME` stands for one, and the worker
 * reads it from its own environment.
 */
import { isRecord } from '../../config/kinds.ts'
import { isSecretName } from '../../core/headers.ts'
import { decodedOrAsIs } from '../../core/url.ts'
import { ConfigError } from '../../core/error.ts'

const REFERS = /^(?:Bearer |Basic )?env:[A-Za-z_]\w*$/

export const refersToSecret = (text: string): boolean => REFERS.test(text)

/** Names that the caller has listed as those of secrets, for `secretIn`. */
export const listedNames = (names: unknown): ReadonlySet<string> | undefined =>
  Array.isArray(names) ? new Set(names.map(name => String(name).toLowerCase())) : undefined

/**
 * The first place of options or of a request that holds a secret: `headers.authorization`.
 *
 * @param listed in lower case
 */
export function secretIn(given: unknown, listed?: ReadonlySet<string>): string | undefined {
  if (typeof given === 'string') return isSecretUrl(given, listed) ? 'url' : undefined
  if (!isRecord(given)) return undefined
  for (const [name, value] of Object.entries(given)) {
    // The name of a row, and the name of the header that gets an idempotency key.
    if (name === 'key' || name === 'idempotencyKey') continue
    const isPayload = PAYLOADS.has(name)
    const isSecret = (one: string): boolean => isSecretOf(one, listed) && !(isPayload && one === 'key')
    const place = memberPlace(name, value, name, { isSecret, listed })
    if (place !== undefined) return place
  }
  return undefined
}

/** An API may call any member of its bodies `key`. */
const PAYLOADS: ReadonlySet<string> = new Set(['json', 'form', 'multipart'])

/** Options that hold nothing but a secret. */
const OWN: ReadonlySet<string> = new Set(['password', 'bearer', 'clientSecret', 'refreshToken', 'passphrase', 'pfx'])

const isSecretOf = (name: string, listed: ReadonlySet<string> | undefined): boolean =>
  name.toLowerCase() !== 'idempotency-key' && (OWN.has(name) || isSecretName(name, listed))

interface Judging {
  readonly isSecret: (name: string) => boolean
  readonly listed: ReadonlySet<string> | undefined
}

function memberPlace(name: string, value: unknown, place: string, judging: Judging): string | undefined {
  if (typeof value === 'string' && judging.isSecret(name) && !refersToSecret(value)) return place
  return placeIn(value, place, judging)
}

function placeIn(value: unknown, place: string, judging: Judging): string | undefined {
  if (typeof value === 'string') return isSecretUrl(value, judging.listed) ? place : undefined
  if (Array.isArray(value)) {
    const [name, one] = value as unknown[]
    // A pair of a name and a value.
    if (value.length === 2 && typeof name === 'string') return memberPlace(name, one, `${place}.${name}`, judging)
    return value.map((item, at) => placeIn(item, `${place}[${at}]`, judging)).find(found => found !== undefined)
  }
  if (!isRecord(value)) return undefined
  return Object.entries(value)
    .map(([name, one]) => memberPlace(name, one, `${place}.${name}`, judging))
    .find(found => found !== undefined)
}

const USERINFO = /^\w+:\/\/[^/?#]*@/
const QUERY_NAME = /[?&]([^=&#]+)=/g

/** Whether a URL has a user or a query field of a secret. */
export function isSecretUrl(text: string, listed?: ReadonlySet<string>): boolean {
  if (!/^\w+:\/\//.test(text)) return false
  if (USERINFO.test(text)) return true
  return [...text.matchAll(QUERY_NAME)].some(([, name = '']) => isSecretName(decodedOrAsIs(name), listed))
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
