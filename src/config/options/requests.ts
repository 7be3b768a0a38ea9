/** The options of a request other than its body: base URL, query, headers and credentials. */
import { readAuth } from '../auth-input.ts'
import { readHeaders, refuseHost } from '../header-input.ts'
import type { ReadHeaders } from '../header-input.ts'
import { bool, got, listOf, matching, orList, problem } from '../kinds.ts'
import type { Read } from '../kinds.ts'
import { isCall, neverDiffers, option, part } from '../option.ts'
import type { OptionRecipient } from '../option.ts'
import { readPairs } from '../query-input.ts'
import type { Values } from '../table.ts'
import { isFilled, isText } from '../texts.ts'
import { credentialsOf } from '../../core/call.ts'
import { filterHeaders, getHeader, headerProblem, mergeHeaders } from '../../core/headers.ts'
import type { Params } from '../../core/spec.ts'
import { printableUrl } from '../../core/url.ts'
import { PACKAGE_VERSION } from '../../core/version.ts'
import type { Problem } from '../../core/problem.ts'

const sendable = (value: unknown): value is string =>
  isFilled(value) && headerProblem('user-agent', value) === undefined

const readParams: Read<Params | readonly Params[]> = (value, name, problems) => {
  if (!Array.isArray(value)) return readPairs(value, name, problems)
  const read = value.map((item: unknown, index) => readPairs(item, `${name}[${index}]`, problems))
  return read.every(item => item !== undefined) ? read : undefined
}

const readBaseUrl: Read<string | URL> = (value, name, problems) => {
  const parsed = isText(value) || value instanceof URL ? URL.parse(String(value)) : null
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    const shown = value instanceof URL ? got(printableUrl(value.href)) : got(value)
    problems.push(problem(name, 'an absolute http: or https: URL', shown, "Write it as 'https://api.example.com/v1/'."))
    return undefined
  }
  // A bare origin has the path '/', written or not.
  const isFolder = String(value).endsWith('/') || (parsed.pathname === '/' && !/[?#]/.test(String(value)))
  if (parsed.search === '' && parsed.hash === '' && isFolder) return value as string | URL
  const shown = got(printableUrl(String(value)))
  problems.push(
    problem(name, "a URL that ends in '/'", shown, "Add the '/': without it, new URL would drop the last segment."),
  )
  return undefined
}

/** Accepts `Host`, which is checked later, when `allowHostHeader` is known. */
const readAllHeaders: Read<ReadHeaders> = (value, _name, problems) => readHeaders(value, problems, true)

const readUserAgent = orList(
  matching(
    'a string that a header can hold, or an array of them',
    sendable,
    "To send none, give headers: { 'user-agent': undefined }.",
  ),
  listOf('strings that a header can hold', sendable, 'Give strings without control characters.', { filled: true }),
)

const readIdempotencyKey = matching(
  'true or false',
  value => typeof value === 'boolean',
  'A server treats requests with the same key as one request: use true, or give each request its own key.',
)

/** Removes each name from the earlier headers that the later ones unset. */
function joinHeaders(under: ReadHeaders, over: ReadHeaders): ReadHeaders {
  const kept = filterHeaders(under.set, name => !over.unset.includes(name))
  return { set: mergeHeaders(kept, over.set), unset: [...under.unset, ...over.unset] }
}

export const REQUEST_OPTIONS = {
  params: option({
    scope: 'any',
    perSpec: true,
    read: readParams,
    merge: 'byName',
    plan: 'part',
    crosses: 'drop',
    doc: 'Added to the query of every URL; an array gives one per URL.',
  }),
  headers: option({
    scope: 'any',
    perSpec: true,
    read: readAllHeaders,
    merge: 'byName',
    join: joinHeaders,
    plan: 'part',
    crosses: 'drop',
    differs: neverDiffers,
    doc: "Headers of every request; a spec's headers replace them name by name.",
  }),
  auth: option({
    scope: 'any',
    perSpec: true,
    read: readAuth,
    plan: 'part',
    crosses: 'drop',
    differs: neverDiffers,
    doc: 'Basic, bearer, a token with its `refresh`, OAuth, or a function that returns the `Authorization` header of each attempt.',
  }),
  baseUrl: option({
    scope: 'any',
    read: readBaseUrl,
    plan: 'part',
    crosses: 'drop',
    differs: neverDiffers,
    doc: "Base of relative URLs: an origin, or a URL that ends in '/'.",
  }),
  userAgent: option({
    scope: 'any',
    read: readUserAgent,
    default: `parallel-requests/${PACKAGE_VERSION}`,
    defaultText: '`parallel-requests/<version>`',
    plan: 'part',
    crosses: 'drop',
    differs: names => typeof names !== 'string' && names.length > 1,
    doc: 'The `User-Agent` header; if several are given, requests use them in turn.',
  }),
  idempotencyKey: option({
    scope: 'any',
    perSpec: true,
    read: readIdempotencyKey,
    default: false,
    plan: 'request',
    crosses: 'drop',
    differs: makesKeys => makesKeys,
    doc: 'Send an `Idempotency-Key` with each unsafe request, the same in all of its attempts, so that it can be retried safely.',
  }),
  allowHostHeader: option({
    scope: 'any',
    read: bool,
    default: false,
    plan: 'request',
    crosses: 'drop',
    differs: neverDiffers,
    doc: 'Allow a `Host` header, which replaces the host of the URL.',
  }),
  secretNames: option({
    scope: 'any',
    read: listOf('names', isFilled, 'Give names of headers or query fields.'),
    merge: 'add',
    plan: 'part',
    crosses: 'plain',
    doc: 'Additional names of headers and query parameters whose values are redacted in all output.',
  }),
}

export function checkRequests(
  { params, headers, allowHostHeader }: Values,
  problems: Problem[],
  place: OptionRecipient,
): void {
  if (Array.isArray(params) && (place === 'stream' || place === 'drain' || place === 'constructor')) {
    const remedy = 'Give one object per URL in request() with an array of URLs, or in the specs.'
    problems.push(problem('params', 'an object here', 'an array', remedy))
  }
  // In a call, the option of its client may allow it: see planBatch.
  if (headers !== undefined && !(allowHostHeader ?? isCall(place))) refuseHost(headers, problems)
}

export const REQUEST_PARTS = {
  headers: part(['headers'], ({ headers }: Values) => headers?.set ?? []),
  unsetHeaders: part(['headers'], ({ headers }: Values) => headers?.unset ?? []),
  params: part(['params'], ({ params }: Values) => params as Params | undefined),
  credentials: part(['auth'], ({ auth }: Values) => auth && credentialsOf(auth)),
  baseUrl: part(['baseUrl'], ({ baseUrl }: Values) => (baseUrl === undefined ? undefined : String(baseUrl))),
  userAgents: part(['userAgent', 'headers'], planUserAgents),
}

/** Empty if the headers have a `User-Agent`. */
function planUserAgents({ userAgent = REQUEST_OPTIONS.userAgent.default, headers }: Values): readonly string[] {
  if (headers !== undefined && getHeader(headers.set, 'user-agent') !== undefined) return []
  return typeof userAgent === 'string' ? [userAgent] : userAgent
}

export const CALL_SECRETS = {
  secretNames: part(
    ['secretNames'],
    ({ secretNames }: Values): ReadonlySet<string> | undefined =>
      secretNames && new Set(secretNames.map(name => name.toLowerCase())),
  ),
}
