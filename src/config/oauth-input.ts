/** `auth.oauth`, checked before anything is sent. Problems never show the secrets. */
import type { Problem } from '../core/problem.ts'
import type { ClientAuth } from '../core/spec.ts'
import type { OAuthPlan, TokenOrigin } from '../core/tokens.ts'
import {
  bool,
  checkFields,
  got,
  isPlain,
  kindOf,
  listOf,
  matching,
  oneOf,
  orList,
  plainRemedy,
  problem,
} from './kinds.ts'
import type { Read } from './kinds.ts'
import { printableUrl } from '../core/url.ts'
import type { Words } from '../core/words.ts'

const FIELDS: readonly string[] = [
  'tokenUrl',
  'clientId',
  'clientSecret',
  'scope',
  'refreshToken',
  'clientAuth',
  'params',
  'allowHttp',
]

const isFilledText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const secret = matching('a string that is not empty', isFilledText, 'Check where it comes from.', kindOf)
const NO_SCOPE = 'Leave it out for the default of the server.'
const readScope = orList(
  matching('a string, or an array of them', isFilledText, NO_SCOPE),
  listOf('strings', isFilledText, NO_SCOPE, { filled: true }),
)
export const CLIENT_AUTHS: readonly ClientAuth[] = ['basic', 'basic_raw', 'body']
const readClientAuth = oneOf(CLIENT_AUTHS)

/** Fields that we set ourselves. */
const OWN_PARAMS: ReadonlySet<string> = new Set(['grant_type', 'client_id', 'client_secret', 'refresh_token', 'scope'])

const isParams = (value: unknown): value is Readonly<Record<string, string>> =>
  isPlain(value) && Object.entries(value).every(([name, text]) => !OWN_PARAMS.has(name) && typeof text === 'string')

const readParams = matching(
  'an object of strings without the fields of OAuth itself',
  isParams,
  'Give client, refresh token and scope in their own fields.',
  kindOf,
)

export function readOAuth(value: unknown, name: string, problems: Problem[]): TokenOrigin | undefined {
  if (!isPlain(value)) {
    problems.push(problem(name, 'an object with tokenUrl and clientId', kindOf(value), plainRemedy(value)))
    return undefined
  }
  const count = problems.length
  checkFields(value, FIELDS, name, problems)
  const optional = <T>(field: string, read: Read<T>): T | undefined =>
    value[field] === undefined ? undefined : read(value[field], `${name}.${field}`, problems)
  const allowHttp = optional('allowHttp', bool) ?? false
  const tokenUrl = readTokenUrl(value['tokenUrl'], `${name}.tokenUrl`, allowHttp, problems)
  const clientId = secret(value['clientId'], `${name}.clientId`, problems)
  const clientSecret = optional('clientSecret', secret)
  const refreshToken = optional('refreshToken', secret)
  const scope = optional('scope', readScope)
  const clientAuth = optional('clientAuth', readClientAuth) ?? 'basic'
  const params = optional('params', readParams) ?? {}
  if (value['clientSecret'] === undefined && value['refreshToken'] === undefined) {
    problems.push(problem(name, 'a clientSecret or a refreshToken', 'neither', 'Give what the server has issued.'))
  }
  if (problems.length > count || tokenUrl === undefined || clientId === undefined) return undefined
  const joined = typeof scope === 'object' ? scope.join(' ') : scope
  const plan: OAuthPlan = { tokenUrl, clientId, clientSecret, scope: joined, clientAuth, params }
  return { oauth: plan, refreshToken }
}

const LOOPBACK = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/

function readTokenUrl(value: unknown, name: string, allowHttp: boolean, problems: Problem[]): string | undefined {
  const url = typeof value === 'string' || value instanceof URL ? URL.parse(String(value)) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    const shown = value instanceof URL ? got(printableUrl(value.href)) : got(value)
    problems.push(problem(name, 'an absolute https: URL', shown, "Write it as 'https://id.example.com/token'."))
    return undefined
  }
  if (url.username !== '' || url.password !== '') {
    problems.push(problem(name, 'a URL without a user', 'one with it', 'Give clientId and clientSecret.'))
    return undefined
  }
  if (url.protocol === 'http:' && !allowHttp && !LOOPBACK.test(url.hostname)) {
    const remedy: Words = ['Use https:', { inCode: ', or set allowHttp: true to send the secret unencrypted' }, '.']
    problems.push(problem(name, 'an https: URL', got(printableUrl(url.href)), remedy))
    return undefined
  }
  url.hash = ''
  return url.href
}
