/**
 * The secrets of a request, and a text without them. Servers echo what they were sent: debug pages, validation errors,
 * proxies that print a request. Found by value (what this request sent) and by name (`"token": "…"`, `api_key=…`).
 */
import { isAtHand } from './body.ts'
import type { Body } from './body.ts'
import type { Call } from './call.ts'
import { EscapedText } from './escaped-text.ts'
import { REDACTED, isSecretName, isSecretQueryName } from './headers.ts'
import type { HeaderList } from './headers.ts'
import { latin1 } from './latin1.ts'
import { decoded, withoutNamed } from './named-secrets.ts'
import type { Reply } from './result.ts'
import type { Proxy, Ways } from './route.ts'

/** Shorter values are found by name only: as parts of other words they are too common. */
const SHORTEST = 4
/** The shortest value of a cookie whose name says nothing: `theme=dark` is not a secret. */
const SHORTEST_COOKIE = 8

/** What of a request and its reply may be a secret, without the rest of the call: a failure may be kept for long. */
export interface Sent {
  /** Of the call, of its last attempt, and of the reply. */
  readonly headers: readonly (HeaderList | undefined)[]
  readonly credentials: string | undefined
  /** Tokens that may have been sent. */
  readonly tokens?: readonly Secret[] | undefined
  readonly url: string
  readonly finalUrl: string
  /** A short body in memory: a server that refuses it may quote it. */
  readonly body?: string | Uint8Array | undefined
  /** A proxy that refuses a request may quote what it was sent. */
  readonly ways?: Ways | undefined
  readonly secretNames: ReadonlySet<string> | undefined
}

export function sentWith({ headers, credentials, trip, url, body, plan }: Call, reply: Reply): Sent {
  return {
    headers: [headers, trip.sentHeaders, reply.headers],
    ...constantOf(credentials),
    url,
    finalUrl: reply.url,
    body: shortBody(body),
    ways: plan.ways,
    secretNames: plan.secretNames,
  }
}

/** A text of a request that was not sent, without the secrets of the request. */
export function withoutSecretsOf({ headers, credentials, url, body, plan }: Call, text: string): string {
  const sent = { headers: [headers], ...constantOf(credentials), url, finalUrl: url, body: shortBody(body) }
  const { ways, secretNames } = plan
  return redacted(text, secretsOf({ ...sent, ways, secretNames }), secretNames)
}

/** Those that are known without calling a function. */
export const constantOf = (credentials: Call['credentials']): Pick<Sent, 'credentials' | 'tokens'> => ({
  credentials: typeof credentials === 'string' ? credentials : undefined,
  tokens: typeof credentials === 'object' ? credentials.known : undefined,
})

const LONGEST_BODY = 16_384

const shortBody = (body: Body | undefined): string | Uint8Array | undefined =>
  isAtHand(body) && body !== undefined && body.length <= LONGEST_BODY ? body : undefined

export interface Secret {
  readonly value: string
  readonly escaped: EscapedText
}

/** The secret values that this request sent, and those of the reply's headers; the longest first. */
export function secretsOf(sent: Sent): readonly Secret[] {
  const { headers, credentials, tokens, url, finalUrl, body, ways, secretNames } = sent
  const lists = headers.map(list => (list === undefined ? NONE : headerSecrets(list, secretNames)))
  if (credentials !== undefined) lists.push(credentialSecrets(credentials))
  if (tokens !== undefined) lists.push(tokens)
  if (url.includes('?') || finalUrl.includes('?')) lists.push(querySecrets([url, finalUrl], secretNames))
  if (body !== undefined) lists.push(bodySecrets(body, secretNames))
  if (ways !== undefined && ways.kind !== 'direct') lists.push(proxySecrets(ways))
  const filled = lists.filter(list => list.length > 0)
  if (filled.length < 2) return filled[0] ?? NONE
  return longestFirst(filled.flat())
}

const NONE: readonly Secret[] = []

/** A longer secret may contain a shorter one. */
function longestFirst(found: readonly Secret[]): readonly Secret[] {
  const byValue = new Map(found.map(secret => [secret.value, secret]))
  return [...byValue.values()].toSorted((a, b) => b.value.length - a.value.length)
}

const allOf = (found: ReadonlySet<string>): readonly Secret[] =>
  found.size === 0 ? NONE : longestFirst(Array.from(found, value => ({ value, escaped: new EscapedText(value) })))

interface Known {
  readonly secretNames: ReadonlySet<string> | undefined
  readonly secrets: readonly Secret[]
}

/** Requests of a batch share their headers, and like answers share theirs. */
const known = new WeakMap<HeaderList, Known>()

function headerSecrets(list: HeaderList, secretNames: ReadonlySet<string> | undefined): readonly Secret[] {
  const before = known.get(list)
  if (before !== undefined && before.secretNames === secretNames) return before.secrets
  const found = new Set<string>()
  addHeaders(list, secretNames, found)
  const secrets = allOf(found)
  known.set(list, { secretNames, secrets })
  return secrets
}

/** The last credentials: requests of a batch mostly have the same. */
let last: { readonly credentials: string; readonly secrets: readonly Secret[] } | undefined

function credentialSecrets(credentials: string): readonly Secret[] {
  if (last?.credentials !== credentials) {
    const found = new Set<string>()
    addAuthorization(credentials, found)
    last = { credentials, secrets: allOf(found) }
  }
  return last.secrets
}

function querySecrets(urls: readonly string[], secretNames: ReadonlySet<string> | undefined): readonly Secret[] {
  const found = new Set<string>()
  for (const url of urls) addQuery(url, secretNames, found)
  return allOf(found)
}

/** Values in JSON and in forms whose names suggest a secret: a server may quote them without their names. */
function bodySecrets(body: string | Uint8Array, secretNames: ReadonlySet<string> | undefined): readonly Secret[] {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const found = new Set<string>()
  if (/^\s*[[{]/.test(text)) {
    try {
      JSON.parse(text, (name, value: unknown) => {
        if ((typeof value === 'string' || typeof value === 'number') && isSecretName(name, secretNames)) {
          add(String(value), found)
        }
        return value
      })
    } catch {
      // It only looks like JSON.
    }
  } else if (/^[\w.%[\]-]+=/.test(text)) {
    addQuery(`?${text}`, secretNames, found)
  }
  return allOf(found)
}

const ofWays = new WeakMap<Ways, readonly Secret[]>()

function proxySecrets(ways: Exclude<Ways, { kind: 'direct' }>): readonly Secret[] {
  const before = ofWays.get(ways)
  if (before !== undefined) return before
  const found = new Set<string>()
  const proxies: readonly Proxy[] = ways.kind === 'proxies' ? ways.proxies : [...ways.http, ...ways.https]
  for (const { credentials } of proxies) {
    if (credentials === undefined) continue
    add(`${credentials.username}:${credentials.password}`, found)
    add(credentials.password, found)
  }
  const secrets = allOf(found)
  ofWays.set(ways, secrets)
  return secrets
}

function addHeaders(list: HeaderList, secretNames: ReadonlySet<string> | undefined, found: Set<string>): void {
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at] as string
    const value = list[at + 1] as string
    if (name === 'cookie') addCookies(value, secretNames, found)
    // Only the first pair of Set-Cookie is a cookie; the others are its attributes.
    else if (name === 'set-cookie') addCookies(value.split(';', 1)[0] as string, secretNames, found)
    else if (name.endsWith('authorization')) addAuthorization(value, found)
    else if (isSecretName(name, secretNames)) add(value, found)
  }
}

function addCookies(line: string, secretNames: ReadonlySet<string> | undefined, found: Set<string>): void {
  for (const pair of line.split(';')) {
    const at = pair.indexOf('=')
    const value = pair
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/s, '$1')
    if (at > 0 && (value.length >= SHORTEST_COOKIE || isSecretName(pair.slice(0, at).trim(), secretNames))) {
      add(value, found)
    }
  }
}

/** `Bearer abc`: the value and its token. `Basic …` also holds a password (RFC 7617). */
function addAuthorization(value: string, found: Set<string>): void {
  add(value, found)
  const [, scheme = '', token = ''] = /^(\S+) +(.+)$/.exec(value) ?? []
  add(token, found)
  // Parameters, as in `Digest username="…", response="…"`.
  for (const [, quoted = ''] of token.matchAll(/="([^"]{8,})"/g)) add(quoted, found)
  if (scheme.toLowerCase() !== 'basic') return
  const pair = decodedBase64(token)
  if (pair === undefined) return
  add(pair, found)
  add(pair.slice(pair.indexOf(':') + 1), found)
}

function addQuery(url: string, secretNames: ReadonlySet<string> | undefined, found: Set<string>): void {
  const start = url.indexOf('?')
  if (start === -1) return
  for (const pair of url.slice(start + 1).split('&')) {
    const at = pair.indexOf('=')
    if (at < 1 || !isSecretQueryName(decoded(pair.slice(0, at)), secretNames)) continue
    add(pair.slice(at + 1), found)
    add(decoded(pair.slice(at + 1)), found)
  }
}

/** As it was sent, and as a server may have read it: without its percent-encoding, and as UTF-8 or as Latin-1. */
function add(value: string, found: Set<string>): void {
  for (const read of new Set([value, value.includes('%') ? decoded(value) : value])) {
    if (read.length < SHORTEST) continue
    found.add(read)
    // oxlint-disable-next-line no-control-regex -- ASCII reads the same
    if (/^[\x00-\x7f]*$/.test(read)) continue
    const bytes = new TextEncoder().encode(read)
    found.add(latin1(bytes))
    const utf8 = fromUtf8(read)
    if (utf8 !== undefined) found.add(utf8)
  }
}

/** Secret values, without those that are too short to be told from other text; the longest first. */
export function secretsAmong(values: readonly string[]): readonly Secret[] {
  const found = new Set<string>()
  for (const value of values) add(value, found)
  return allOf(found)
}

/** The text that these bytes, one in each character, are in UTF-8; undefined if they are none. */
function fromUtf8(text: string): string | undefined {
  // oxlint-disable-next-line no-control-regex -- the pattern is for any byte
  if (!/^[\x00-\xff]*$/.test(text)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(
      Uint8Array.from(text, byte => byte.codePointAt(0) as number),
    )
  } catch {
    return undefined
  }
}

function decodedBase64(text: string): string | undefined {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(text), letter => letter.codePointAt(0) as number))
  } catch {
    return undefined
  }
}

/**
 * The text without these secrets, and without the values of names that suggest a secret in JSON, forms, queries and
 * lines of headers. Takes time in proportion to the text.
 *
 * @param isCut the text goes on elsewhere: the beginning of a secret at its end is removed as well
 */
export function redacted(
  text: string,
  secrets: readonly Secret[],
  secretNames: ReadonlySet<string> | undefined,
  isCut = false,
): string {
  let clean = isCut ? withoutBegun(text, secrets) : text
  for (const { escaped } of secrets) clean = escaped.replacedIn(clean, REDACTED)
  return withoutNamed(clean, secretNames)
}

/** Cuts off what may be the beginning of a secret. */
const withoutBegun = (text: string, secrets: readonly Secret[]): string =>
  text.slice(0, Math.min(text.length, ...secrets.map(({ escaped }) => escaped.begunIn(text))))
