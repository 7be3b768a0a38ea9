/** The only module that parses URLs, and the only one that redacts them. */
import { REDACTED, isSecretQueryName } from './headers.ts'
import type { Params } from './spec.ts'
import { joined } from './words.ts'
import type { Words } from './words.ts'

/** Every server refuses longer URLs; refusing them here saves the connection. */
const MAX_URL_LENGTH = 65_536

export interface ParsedUrl {
  readonly url: string
  readonly origin: string
  readonly path: string
  readonly username: string
  readonly password: string
}

// `new URL` silently deletes tab, CR and LF, which would join two lines of an input file into one request.
// oxlint-disable-next-line no-control-regex -- the pattern is for control characters
export const CONTROL = /[\x00-\x1f\x7f]/

// Paths and queries that `new URL` does not change: no escapes, no dot segments, no fragment.
const PLAIN_PATH = /^(?:\/(?!\.)[A-Za-z0-9\-_~!$&()*+,;=:@.]*)+(?:\?[A-Za-z0-9\-_~!$&()*+,;=:@./?%]*)?$/
const MAX_PLAIN_LENGTH = 2_000
const MAX_ORIGINS = 10_000
/** Origins of URLs that were parsed, and that were written as the parser writes them. */
const origins = new Map<string, string>()
let lastOrigin = ''

/** The origin of an absolute URL if it was seen before, and always the same string for the same origin. */
export function knownOrigin(input: string): string | undefined {
  // Behind `https://`, or behind the first letter of the host.
  const end = input.indexOf('/', 8)
  if (end === lastOrigin.length && input.startsWith(lastOrigin)) return lastOrigin
  const known = end === -1 ? undefined : origins.get(input.slice(0, end))
  if (known !== undefined) lastOrigin = known
  return known
}

function remember(origin: string): void {
  if (origins.size >= MAX_ORIGINS) origins.clear()
  origins.set(origin, origin)
}

/** A plain URL of a known origin is not parsed: batches send thousands of them to a few hosts. */
function readPlain(input: string): ParsedUrl | undefined {
  const origin = input.length > MAX_PLAIN_LENGTH ? undefined : knownOrigin(input)
  if (origin === undefined) return undefined
  const path = input.slice(origin.length)
  return PLAIN_PATH.test(path) ? { url: input, origin, path, username: '', password: '' } : undefined
}

/** Host and port of an origin: `api.example.com:8443`. */
export const hostIn = (origin: string): string => origin.slice(origin.indexOf('//') + 2)

/** Why a text is not a URL that can be sent; begins with "expected". */
export interface NotUrl {
  readonly wrong: Words
}

export function parseUrl(
  input: string,
  baseUrl: string | undefined,
  params: readonly Params[],
  secretNames?: ReadonlySet<string>,
): ParsedUrl | NotUrl {
  const plain = params.length === 0 ? readPlain(input) : undefined
  if (plain !== undefined) return plain
  if (input.length > MAX_URL_LENGTH)
    return { wrong: `expected at most ${MAX_URL_LENGTH} characters, got ${input.length}` }
  const shown = (): string => quote(printableUrl(input, secretNames))
  if (CONTROL.test(input)) {
    return { wrong: `expected no control characters, got ${shown()}. Percent-encode or remove them` }
  }
  const parsed = URL.parse(input, baseUrl)
  if (parsed === null) return { wrong: unparsable(input, baseUrl, shown) }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return { wrong: `expected an http: or https: URL, got ${shown()}. Other schemes are not fetched` }
  }
  const query = params.length === 0 ? '' : queryOf(params)
  if (query !== '') parsed.search = parsed.search === '' ? query : `${parsed.search}&${query}`
  const { username, password } = parsed
  if (username !== '' || password !== '') parsed.username = parsed.password = ''
  // An empty fragment leaves a '#' in `href`, but not in `hash`.
  if (parsed.href.includes('#')) parsed.hash = ''
  const url = parsed.href
  if (url.length > MAX_URL_LENGTH)
    return { wrong: `expected at most ${MAX_URL_LENGTH} characters with its query, got ${url.length}` }
  const { origin } = parsed
  if (input === origin || input.startsWith(`${origin}/`)) remember(origin)
  return {
    url,
    origin,
    path: url.slice(origin.length),
    username: decodedOrAsIs(username),
    password: decodedOrAsIs(password),
  }
}

function unparsable(input: string, baseUrl: string | undefined, shown: () => string): Words {
  if (input === '') return "expected an absolute URL, got an empty string. Write 'https://…'"
  const remedy: Words =
    baseUrl === undefined && !/^[a-z][a-z0-9+.-]*:/i.test(input)
      ? ["Write 'https://…' or set ", { option: 'baseUrl' }]
      : 'Check its host and port, and percent-encode / ? # @ : in a password'
  return joined(`expected an absolute http: or https: URL, got ${shown()}. `, remedy)
}

/** The query of all sets, merged by name; later sets win. The URL's own query is not changed. */
function queryOf(sets: readonly Params[]): string {
  const merged: Params = Object.assign(Object.create(null), ...sets)
  return new URLSearchParams(pairsOf(merged)).toString()
}

/** Names and values: `null` and `undefined` leave a name out, an array repeats it. */
export function pairsOf(params: Params): [name: string, value: string][] {
  return Object.entries(params).flatMap(([name, value]) => {
    if (value === undefined || value === null) return []
    return Array.isArray(value) ? value.map((item): [string, string] => [name, String(item)]) : [[name, String(value)]]
  })
}

export function decodedOrAsIs(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text)
}

// Matches userinfo in everything that a URL parser accepts: leading blanks, tabs and line breaks anywhere, any number
// of slashes of either kind, or two of them without a scheme. The look-aheads keep the match linear: there is only one
// way to divide a text between the parts.
const USERINFO =
  // oxlint-disable-next-line no-control-regex -- a URL parser skips control characters, so a secret can hide behind them
  /^([\x00-\x20]*(?:[a-z][a-z0-9+.\-\t\r\n]*:[\\/\t\r\n]*|[\\/][\t\r\n]*[\\/][\\/\t\r\n]*)(?![\\/\t\r\n]))[^\\/?#]*@/i
const QUERY_PAIR = /([?&#])([^?&#=]*)=([^&#]*)/g

/** A password with a bare `/`, `?` or `#` makes the URL invalid: remove everything up to the last `@`. */
const BROKEN_USERINFO = /^(\s*(?!\s)(?:[a-z][a-z0-9+.-]*:[\\/]+|[\\/]{2,})?)[^@]*:.*@/is

function withoutUserinfo(url: string): string {
  const bare = url.replace(USERINFO, '$1')
  if (!bare.includes('@') || /^https?:$/.test(URL.parse(bare)?.protocol ?? '')) return bare
  return bare.replace(BROKEN_USERINFO, '$1')
}

/** The URL without userinfo and with secret query values redacted. A text that is too long for a URL is cut off. */
export function printableUrl(url: string, secretNames?: ReadonlySet<string>): string {
  const whole = url.includes('@') ? withoutUserinfo(url) : url
  const bare = whole.length > MAX_URL_LENGTH ? `${whole.slice(0, MAX_URL_LENGTH)}…` : whole
  if (!bare.includes('=')) return bare
  return bare.replace(QUERY_PAIR, (pair, start: string, name: string) =>
    isSecretQueryName(decodedOrAsIs(name).replace(/[\t\r\n]/g, ''), secretNames) ? `${start}${name}=${REDACTED}` : pair,
  )
}
