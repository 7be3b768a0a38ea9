/**
 * Decides whose cookies a request uses. Cookies are kept per credential, and a credential is part of the request
 * itself: `auth`, userinfo, `Authorization`, `Cookie`, headers and query fields with secret names. Credentials of the
 * options do not count: requests without a credential of their own share the client's jar.
 *
 * Two requests have the same identity if they have the same credentials. It is a hash with a salt of this process, so
 * that no secret is kept for longer than its request.
 */
import { hash as digestOf, randomBytes } from 'node:crypto'
import type { RequestPlan } from './plan.ts'
import type { Own } from '../core/call.ts'
import { getHeader, isSecretName, isSecretQueryName } from '../core/headers.ts'
import type { Params } from '../core/spec.ts'
import { parseUrl } from '../core/url.ts'
import type { ParsedUrl } from '../core/url.ts'

const IDENTITY_SALT = randomBytes(16).toString('base64url')

// These have secret names but identify no user, so the cookies of the client's jar still apply.
const NO_CREDENTIAL = /^(?:x-)?(?:idempotency-key|(?:csrf|xsrf)-?token)$|(?:page|next|continuation)[-_]?token$/i

/**
 * The identity of a request by its own credentials; undefined if it has none.
 * @param query with its `?`, without the params of the options
 */
export function requestIdentity(
  own: Own | undefined,
  query: string,
  secretNames: ReadonlySet<string> | undefined,
): string | undefined {
  const { headers = [], credentials = getHeader(headers, 'authorization') } = own ?? {}
  const parts: string[] = []
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string
    if (name === 'authorization' || !isSecretName(name, secretNames) || NO_CREDENTIAL.test(name)) continue
    parts.push(framed('header', name, headers[at + 1] as string))
  }
  if (query.includes('=')) addQuery(parts, query, secretNames)
  const rest = parts.length === 0 ? undefined : hashed(parts.toSorted().join(''))
  if (typeof credentials === 'string') return withAuthorization(rest, credentials)
  // Whatever its tokens are, it is the same user.
  return typeof credentials === 'object' ? withAuthorization(rest, credentials.name) : rest
}

/** The identity of a request whose `Authorization` is known only when it is sent. */
export function withAuthorization(rest: string | undefined, authorization: string): string {
  return hashed(framed('authorization', authorization, rest ?? ''))
}

/** The query of a request without the params of the options, which come first in `params`. */
export function ownQuery(url: string, parsed: ParsedUrl, plan: RequestPlan, params: readonly Params[]): string {
  if (plan.params === undefined) return queryIn(parsed.path)
  const own = parseUrl(url, plan.baseUrl, params.slice(1))
  return 'wrong' in own ? '' : queryIn(own.path)
}

/** The part of a URL from its `?` on. */
export function queryIn(url: string): string {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at)
}

function addQuery(parts: string[], query: string, secretNames: ReadonlySet<string> | undefined): void {
  for (const [name, value] of new URLSearchParams(query)) {
    if (isSecretQueryName(name, secretNames) && !NO_CREDENTIAL.test(name)) parts.push(framed('query', name, value))
  }
}

const hashed = (text: string): string => digestOf('sha256', IDENTITY_SALT + text, 'base64url')

/** Each text after its length, so that two different lists cannot give the same text. */
const framed = (...texts: readonly string[]): string => texts.map(text => `${text.length}:${text}`).join('')
