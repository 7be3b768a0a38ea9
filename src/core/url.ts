/** The one place where a URL is read, and the one where it is made fit to print. */
import { REDACTED, isSecretName } from './headers.ts'
import type { Params } from './spec.ts'

/** Longer ones are refused by every server; refusing them here saves the connection. */
const MAX_URL_LENGTH = 65_536

export interface ParsedUrl {
  readonly url: string
  readonly origin: string
  readonly path: string
  readonly username: string
  readonly password: string
}

// `new URL` silently deletes tab, CR and LF, which would join two lines of somebody's file into one request.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\x00-\x1f\x7f]/

/** The parsed URL, or a sentence on why it is none. */
export function parseUrl(input: string, baseUrl: string | undefined, params: readonly Params[]): ParsedUrl | string {
  if (input.length > MAX_URL_LENGTH) return `expected at most ${MAX_URL_LENGTH} characters, got ${input.length}`
  if (CONTROL.test(input)) return `expected no control characters, got ${quote(input)}. Percent-encode or remove them`
  const parsed = URL.parse(input, baseUrl)
  if (parsed === null) return unparsable(input, baseUrl)
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return `expected an http: or https: URL, got ${quote(printableUrl(input))}`
  }
  const query = params.length === 0 ? '' : queryOf(params)
  if (query !== '') parsed.search = parsed.search === '' ? query : `${parsed.search}&${query}`
  const { username, password } = parsed
  if (username !== '' || password !== '') parsed.username = parsed.password = ''
  if (parsed.hash !== '') parsed.hash = ''
  const url = parsed.href
  if (url.length > MAX_URL_LENGTH)
    return `expected at most ${MAX_URL_LENGTH} characters with its query, got ${url.length}`
  const origin = parsed.origin
  return { url, origin, path: url.slice(origin.length), username: decode(username), password: decode(password) }
}

function unparsable(input: string, baseUrl: string | undefined): string {
  if (input === '') return 'expected an absolute URL, got an empty string'
  const remedy =
    baseUrl === undefined && !/^[a-z][a-z0-9+.-]*:/i.test(input) ? `. Write 'https://…' or set baseUrl` : ''
  return `expected an absolute http: or https: URL, got ${quote(printableUrl(input))}${remedy}`
}

/** `name=value` pairs after what the URL already has, which stays as it was written; later sets win by name. */
function queryOf(sets: readonly Params[]): string {
  const merged: Params = Object.assign(Object.create(null), ...sets)
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(merged)) {
    if (value === undefined) continue
    if (Array.isArray(value)) for (const item of value) query.append(name, String(item))
    else query.append(name, String(value))
  }
  return query.toString()
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}

/** The URL with userinfo and secret query values struck out. Works on text that is no URL, too. */
export function printableUrl(url: string, secretNames?: ReadonlySet<string>): string {
  const bare = url.includes('@') ? url.replace(/^([a-z][a-z0-9+.-]*:[\\/]*)[^\\/?#]*@/i, '$1') : url
  const queryAt = bare.indexOf('?')
  if (queryAt === -1) return bare
  const query = bare
    .slice(queryAt + 1)
    .split('&')
    .map(pair => {
      const equalsAt = pair.indexOf('=')
      const name = decode(equalsAt === -1 ? pair : pair.slice(0, equalsAt))
      return equalsAt !== -1 && isSecretName(name, secretNames) ? `${pair.slice(0, equalsAt)}=${REDACTED}` : pair
    })
  return `${bare.slice(0, queryAt)}?${query.join('&')}`
}
