/**
 * Follow-up → Call. The URL of a follow-up mostly comes from a server: at another origin it loses what the redirect
 * layer would take away, and at the same origin it has the headers and credentials of the request that it follows.
 */
import { bodyPlanOf } from './body.ts'
import { isTrusted } from './trusted.ts'
import { Unusable } from './unusable.ts'
import { isFetchRequest } from './fetch-request.ts'
import { readHeaders } from './header-input.ts'
import { isRecord } from './kinds.ts'
import { laneKeyOf } from './lane-key.ts'
import { planAfter } from './plan.ts'
import type { RequestPlan } from './plan.ts'
import { prepare } from './prepare.ts'
import type { Refusal } from './prepare.ts'
import type { Call, Own } from '../core/call.ts'
import { isOfBody, mayCross } from '../core/crossing.ts'
import type { FollowUpInput } from '../core/follow.ts'
import { filterHeaders, getHeader, mergeHeaders } from '../core/headers.ts'
import type { HeaderList } from '../core/headers.ts'
import type { PageChange } from '../core/pagination.ts'
import { wordsOf, wordsOfAll } from '../core/problem.ts'
import type { Problem } from '../core/problem.ts'
import { problem } from '../core/problem.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Params, RequestSpec } from '../core/spec.ts'
import { Trip } from '../core/trip.ts'
import { parseUrl, printableUrl } from '../core/url.ts'
import type { ParsedUrl } from '../core/url.ts'
import { joined } from '../core/words.ts'

/** The request that a follow-up was found in. */
export interface Found {
  readonly call: Call
  /** The URL that answered. */
  readonly url: string
  /** Its response is one of an earlier run. */
  readonly isRestored: boolean
  /** Its response is one of another origin than the caller named, or came after one. */
  readonly isForeign: boolean
}

/** Whether a response of this URL comes from an origin that the caller did not name. */
export const isForeign = (call: Call, url: string): boolean => !call.atHome || !isAnsweredAt(url, call)

/** Whether this URL, which answered, is at the origin that the request was sent to. Most answer without a redirect. */
const isAnsweredAt = (url: string, call: Call): boolean => url === call.url || originOf(url) === call.origin

/** The Call of the page that differs from the first page of its chain by this change. */
export function callOfPage(
  first: Call,
  change: PageChange,
  { url: base, isForeign: isNamedAbroad }: Found,
  nowMs: number,
): Call | Refusal {
  const target = change.url === undefined ? first.url : absolute(change.url, base)
  if (target === undefined) return invalid(change.url as string, first)
  const asked = change.url === undefined ? withQuery(target, change.query ?? {}) : target
  const parsed = targetOf(asked, first)
  if ('kind' in parsed) return { refused: parsed }
  const body = change.json === undefined ? { body: first.body } : jsonBody(change.json)
  if ('refused' in body) return body
  const isAbroad = parsed.origin !== first.origin
  // Secrets are not restored on the way back: a stranger chose the URL.
  const crosses = isAbroad || (isNamedAbroad && change.url !== undefined)
  const { plan } = first
  const lane =
    crosses || plan.limitKey !== undefined
      ? laneKeyOf({ method: first.method, url: parsed.url, origin: parsed.origin, meta: first.meta }, plan)
      : first.lane
  if (typeof lane !== 'string') return { refused: lane }
  if (isAbroad && body.body !== undefined && !plan.allowBodyAcrossOrigins)
    return { refused: bodyCrosses(parsed.origin) }
  const trip = new Trip(plan.maxRetries, nowMs, nowMs + plan.timeouts.totalMs)
  trip.identity = crosses ? undefined : first.trip.identity
  const call = { ...first, url: parsed.url, origin: parsed.origin, path: parsed.path, lane, body: body.body, trip }
  if (crosses) {
    const kept = filterHeaders(first.headers, name => mayCross(name, true))
    return stranger({ ...call, own: undefined }, kept, undefined)
  }
  // The key of the first page: the server would answer with that page again.
  const isKeyed = getHeader(first.headers, 'idempotency-key') !== undefined
  return isKeyed ? { ...call, headers: filterHeaders(first.headers, name => name !== 'idempotency-key') } : call
}

/** The Call of a request that `follow` returned. */
export function callOfFollowUp(given: FollowUpInput, found: Found, plan: RequestPlan, nowMs: number): Call | Refusal {
  const { call: parent } = found
  if (hasKey(given)) {
    const wrong = problem('key', 'none in a follow-up', 'one', 'Its id is made from that of the request before it.')
    return { refused: fault('invalid_request/key', wordsOf(wrong)) }
  }
  const spec = followUpSpec(given, found)
  const isHome = !found.isForeign
  const params = plan.params === undefined || !isHome ? undefined : paramsFor(spec, parent.origin, plan.params)
  const item = { index: parent.index, key: parent.key, params, nowMs }
  const call = prepare(spec, item, withoutParams(planAfter(parent.plan, plan)))
  if ('refused' in call) return { refused: otherScheme(urlIn(spec) ?? '') ?? call.refused }
  if (isHome && call.origin === parent.origin) return inheriting(call, parent, given)
  if (isTrusted(given)) return call
  const wrong = targetOf(call.url, parent)
  if ('kind' in wrong) return { refused: wrong }
  const own = call.own?.headers ?? []
  const kept = filterHeaders(
    call.headers,
    name => mayCross(name, call.body !== undefined) || getHeader(own, name) !== undefined,
  )
  const bare = stranger(call, kept, call.own?.credentials)
  // What the parent itself had was given to this origin; what all requests have was not.
  return call.origin === parent.origin && isAnsweredAt(found.url, parent) ? inheriting(bare, parent, given) : bare
}

const isSpec = (given: FollowUpInput): given is RequestSpec =>
  isRecord(given) && !(given instanceof URL) && !(given instanceof Unusable) && !isFetchRequest(given)

const hasKey = (given: FollowUpInput): boolean => isSpec(given) && given.key !== undefined

/** The request with an absolute URL, as a link on the page is read, and with the `meta` of the one that it follows. */
function followUpSpec(given: FollowUpInput, { call: { meta }, url: base }: Found): FollowUpInput {
  if (typeof given === 'string') {
    const url = absolute(given, base) ?? given
    return meta === undefined ? url : { url, meta }
  }
  if (given instanceof URL) return meta === undefined ? given : { url: given, meta }
  if (!isSpec(given)) return given
  const { url } = given
  return { ...given, url: typeof url === 'string' ? (absolute(url, base) ?? url) : url, meta: given.meta ?? meta }
}

/** A request to another origin than the one that the caller named. */
function stranger(call: Call, headers: HeaderList, credentials: Call['credentials']): Call {
  const isStripped =
    headers.length < call.headers.length || (call.credentials !== undefined && credentials === undefined)
  if (isStripped) call.trip.warn(`${call.origin} is another origin, so it did not get the headers and credentials`)
  return { ...call, headers: mergeHeaders(headers, []), credentials, atHome: false }
}

/** Names of the headers that the request is written with, those that all requests of a stage share included. */
function headersIn(given: FollowUpInput): HeaderList {
  return isSpec(given) && given.headers !== undefined ? readHeaders(given.headers, [], true).set : []
}

/** The headers and credentials that the parent itself has, unless the request has its own. */
function inheriting(call: Call, { own, trip }: Call, given: FollowUpInput): Call {
  if (own === undefined) return call
  const named = headersIn(given)
  const { headers: mine, unset, credentials } = call.own ?? NOTHING_OWN
  const hasCredentials = credentials !== undefined || getHeader(mine, 'authorization') !== undefined
  const isTaken = (name: string): boolean =>
    getHeader(mine, name) !== undefined || getHeader(named, name) !== undefined || unset.includes(name)
  const added = filterHeaders(
    own.headers,
    name =>
      !isTaken(name) && !isOfBody(name) && !OF_ONE_REQUEST.test(name) && !(hasCredentials && name === 'authorization'),
  )
  const headers = filterHeaders(
    mergeHeaders(call.headers, added),
    name => !own.unset.includes(name) || getHeader(mine, name) !== undefined,
  )
  const inherited: Own = {
    headers: mergeHeaders(mine, added),
    unset: [...unset, ...own.unset],
    credentials: hasCredentials ? credentials : own.credentials,
    contentType: call.own?.contentType,
  }
  call.trip.identity ??= trip.identity
  return {
    ...call,
    headers,
    credentials: hasCredentials || own.credentials === undefined ? call.credentials : own.credentials,
    own: inherited,
  }
}

/** Headers that mean one request or one resource. */
const OF_ONE_REQUEST = /^(?:idempotency-key|range|if-.+)$/

const NOTHING_OWN: Own = { headers: [], unset: [], credentials: undefined, contentType: undefined }

function otherScheme(url: string): Fault | undefined {
  const target = URL.parse(url)
  if (target === null || target.protocol === 'http:' || target.protocol === 'https:') return undefined
  return fault('redirect/scheme', `the next page is at ${target.protocol}, which is not fetched`)
}

/** Where a follow-up leads: refused if a redirect could not lead there either. */
function targetOf(url: string, { origin, plan }: Call): ParsedUrl | Fault {
  const scheme = otherScheme(url)
  if (scheme !== undefined) return scheme
  const parsed = parseUrl(url, undefined, [], plan.secretNames)
  if ('wrong' in parsed) return fault('redirect/invalid', joined('the next page has an invalid URL: ', parsed.wrong))
  if (origin.startsWith('https:') && parsed.origin.startsWith('http:') && !plan.allowDowngrade) {
    return fault('redirect/downgrade', [
      `the next page leads from https to ${printableUrl(parsed.url, plan.secretNames)}. Set `,
      { option: 'allowDowngrade' },
      ' if that is intended',
    ])
  }
  return parsed
}

function bodyCrosses(origin: string): Fault {
  return fault('redirect/body_cross_origin', [
    `the next page is at ${origin}, which would get the body. Set `,
    { option: 'allowBodyAcrossOrigins' },
    ' if that is intended',
  ])
}

function invalid(url: string, { plan }: Call): Refusal {
  const shown = printableUrl(url, plan.secretNames)
  return { refused: fault('redirect/invalid', `the next page has an invalid URL: ${shown}`) }
}

function absolute(url: string, base: string): string | undefined {
  return url.startsWith('https://') || url.startsWith('http://') ? url : URL.parse(url, base)?.href
}

function paramsFor(spec: FollowUpInput, home: string, params: Params): Params | undefined {
  const target = urlIn(spec)
  return target === undefined || originOf(target) !== home ? undefined : paramsBeside(params, target)
}

function urlIn(spec: FollowUpInput): string | undefined {
  if (typeof spec === 'string') return spec
  if (spec instanceof URL) return spec.href
  const url: unknown = isRecord(spec) ? spec['url'] : undefined
  return typeof url === 'string' || url instanceof URL ? String(url) : undefined
}

const originOf = (url: string): string | undefined => {
  const parsed = parseUrl(url, undefined, [])
  return 'wrong' in parsed ? undefined : parsed.origin
}

const plansWithout = new WeakMap<RequestPlan, RequestPlan>()

function withoutParams(plan: RequestPlan): RequestPlan {
  if (plan.params === undefined) return plan
  let without = plansWithout.get(plan)
  if (without === undefined) plansWithout.set(plan, (without = { ...plan, params: undefined }))
  return without
}

/** The params of the options that the URL does not have: a link of a server mostly repeats those of the request. */
function paramsBeside(params: Params, url: string): Params | undefined {
  const known = URL.parse(url)?.searchParams
  const missing = Object.entries(params).filter(([name]) => known?.has(name) !== true)
  return missing.length === 0 ? undefined : Object.fromEntries(missing)
}

function jsonBody(value: unknown): { readonly body: Call['body'] } | Refusal {
  const problems: Problem[] = []
  const made = bodyPlanOf({ json: value }, problems)
  if (made === undefined) return { refused: fault('invalid_request/body', wordsOfAll(problems)) }
  return { body: made.body }
}

/** The URL with some fields of its query replaced; the other fields stay as they are written. */
export function withQuery(url: string, changes: Readonly<Record<string, string | null>>): string {
  const at = url.indexOf('?')
  const [base, query] = at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
  const left = new Map(Object.entries(changes))
  const fields: string[] = []
  for (const field of query === '' ? [] : query.split('&')) {
    const end = field.indexOf('=')
    const written = end === -1 ? field : field.slice(0, end)
    const name = decoded(written)
    if (!Object.hasOwn(changes, name)) fields.push(field)
    else if (left.has(name)) {
      const value = left.get(name)
      left.delete(name)
      if (typeof value === 'string') fields.push(`${written}=${encodeURIComponent(value)}`)
    }
  }
  for (const [name, value] of left) if (value !== null) fields.push(`${encodedName(name)}=${encodeURIComponent(value)}`)
  return fields.length === 0 ? base : `${base}?${fields.join('&')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** As APIs write names such as `page[number]` and `$skip`. */
const encodedName = (name: string): string =>
  encodeURIComponent(name).replaceAll('%24', '$').replaceAll('%5B', '[').replaceAll('%5D', ']')
