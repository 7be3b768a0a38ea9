/**
 * 30x → the next Call. Decides everything per hop and before any connection: a hop may carry only what its origin may
 * know.
 *
 * Each hop is a new Call below, so it passes the gate and pays its token. It shares the remaining retries and the
 * deadline. Secrets never cross an origin, and are never restored on the way back.
 */
import type { Call, CallPlan } from '../core/call.ts'
import { isOfBody, mayCross } from '../core/crossing.ts'
import { filterHeaders, getAllHeaders, getHeader, mergeHeaders } from '../core/headers.ts'
import type { CallLayer, Send } from '../core/layer.ts'
import { awaited, resultOf } from '../core/awaited.ts'
import { isRedirect } from '../core/redirect.ts'
import { fault } from '../core/result.ts'
import type { Fault, Reply, Result } from '../core/result.ts'
import { parseUrl, printableUrl } from '../core/url.ts'
import { joined } from '../core/words.ts'

/**
 * Without these, a write overwrites what it was not meant to (RFC 9110 §13.1), and an ETag has no meaning at another
 * origin.
 */
const PRECONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since', 'if-modified-since'] as const
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

/** The lane of a hop; a Fault if the caller's `limitKey` function failed. */
export type LaneKeyOf = (hop: Pick<Call, 'method' | 'url' | 'origin' | 'meta'>, plan: CallPlan) => string | Fault

export const redirect =
  (laneKeyOf: LaneKeyOf): CallLayer =>
  next =>
  (call, done) =>
    next(call, result => {
      if (isAnother(result, call)) awaited(follow(next, call, result, laneKeyOf), done)
      else done(result)
    })

function isAnother(result: Result, call: Call): result is Reply {
  return result.kind === 'reply' && isRedirect(result.status) && call.plan.followRedirects !== false
}

async function follow(next: Send<Call>, first: Call, answer: Reply, laneKeyOf: LaneKeyOf): Promise<Result> {
  const visited = new Set<string>()
  for (let call = first, reply = answer; ;) {
    const hop = nextCall(call, reply, laneKeyOf)
    if (hop === undefined) return reply
    if ('code' in hop) return { ...hop, sent: true, reply }
    // The same request again can only lead here again, unless a response set a cookie that changes it. A redirect to
    // itself may mean "come back until it is ready"; curl and browsers follow it.
    if (getAllHeaders(reply.headers, 'set-cookie').length > 0) visited.clear()
    else if (!isSameRequest(hop, call)) visited.add(methodAndUrl(call))
    if (visited.has(methodAndUrl(hop))) {
      return fault('redirect/loop', `redirected in a loop to ${printableUrl(hop.url, call.plan.secretNames)}`, {
        sent: true,
        reply,
      })
    }
    call.trip.retry.redirects++
    const result = await resultOf(next, hop)
    if (!isAnother(result, hop)) return result
    call = hop
    reply = result
  }
}

const methodAndUrl = ({ method, url }: Call): string => `${method} ${url}`

const isSameRequest = (hop: Call, call: Call): boolean => methodAndUrl(hop) === methodAndUrl(call)

/** The hop that this response asks for; undefined if it asks for none. */
function nextCall(call: Call, reply: Reply, laneKeyOf: LaneKeyOf): Call | Fault | undefined {
  const [location, ...others] = getAllHeaders(reply.headers, 'location')
  if (others.some(other => other !== location)) {
    return fault('protocol/location', `expected one Location, got ${others.length + 1} that differ`)
  }
  if (location === undefined || location === '') return undefined
  const { trip, plan } = call
  const target = URL.parse(encodedLocation(location), call.url)
  if (trip.retry.redirects >= plan.maxRedirects)
    return tooManyRedirects(plan, trip.retry.redirects > 0 && target?.href === call.url)
  if (target !== null && target.protocol !== 'http:' && target.protocol !== 'https:') {
    return fault('redirect/scheme', `redirected to ${target.protocol}, which is not fetched`)
  }
  const parsed = target === null ? { wrong: 'expected a URL' } : parseUrl(target.href, undefined, [], plan.secretNames)
  if ('wrong' in parsed) return fault('redirect/invalid', joined('redirected to an invalid URL: ', parsed.wrong))
  if (call.origin.startsWith('https:') && parsed.origin.startsWith('http:') && !plan.allowDowngrade) {
    return fault('redirect/downgrade', [
      `redirected from https to ${printableUrl(parsed.url, plan.secretNames)}. Set `,
      { option: 'allowDowngrade' },
      ' if that is intended',
    ])
  }

  if (parsed.username !== '' || parsed.password !== '') {
    trip.warn('a redirect named a user or a password in its Location, which were not sent')
  }
  const crosses = parsed.origin !== call.origin
  const keepsMethod = plan.followRedirects === 'keep_method'
  const dropsBody = keepsMethod ? reply.status <= 303 : changesMethod(call.method, reply.status)
  if (!dropsBody && call.body !== undefined) {
    if (!call.replayable)
      return fault(
        'redirect/body_not_replayable',
        'redirected with a body that can be read once only. Give a function that opens the stream',
      )
    if (crosses && !plan.allowBodyAcrossOrigins) {
      return fault('redirect/body_cross_origin', [
        `redirected with its body to ${parsed.origin}. Set `,
        { option: 'allowBodyAcrossOrigins' },
        ' if that is intended',
      ])
    }
  }
  const method = dropsBody && !keepsMethod ? 'GET' : call.method
  if (crosses && !SAFE.has(method)) {
    const condition = PRECONDITIONS.find(name => getHeader(call.headers, name) !== undefined)
    if (condition !== undefined) return unconditional(method, condition, parsed.origin)
  }
  const lane =
    crosses || plan.limitKey !== undefined
      ? laneKeyOf({ method, url: parsed.url, origin: parsed.origin, meta: call.meta }, plan)
      : call.lane
  if (typeof lane !== 'string') return lane
  const takesBody = call.body !== undefined && !dropsBody
  const kept = crosses ? filterHeaders(call.headers, name => mayCross(name, takesBody)) : call.headers
  return {
    ...call,
    url: parsed.url,
    origin: parsed.origin,
    lane,
    path: parsed.path,
    method,
    body: dropsBody ? undefined : call.body,
    headers: dropsBody ? filterHeaders(kept, name => !isOfBody(name)) : mergeHeaders(kept, []),
    credentials: crosses ? undefined : call.credentials,
    atHome: call.atHome && !crosses,
    replayable: dropsBody || call.replayable,
    // An idempotency key that did not cross the origin protects nothing here.
    repeatable: plan.retry.methods.has(method) || (call.repeatable && !crosses),
  }
}

function tooManyRedirects({ maxRedirects }: CallPlan, toItself: boolean): Fault {
  return toItself
    ? fault('redirect/loop', `redirected to itself in a loop, more than ${maxRedirects} times`)
    : fault('redirect/too_many', [
        `redirected more than ${maxRedirects} times. Raise `,
        { option: 'maxRedirects' },
        ' if that is intended',
      ])
}

function unconditional(method: string, condition: string, origin: string): Fault {
  const why = `redirected to ${origin}, where the ${condition} of this ${method} has no meaning: the request would be unconditional`
  return fault('redirect/precondition', `${why}. Request that URL directly if that is intended`)
}

/** Percent-encodes bytes above ASCII: a header holds them as Latin-1, and most servers mean UTF-8. */
function encodedLocation(location: string): string {
  return location.replace(/[\x80-\xff]/g, byte => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * RFC 9110 §15.4: a 303 always becomes GET. A 301 or 302 of a POST does so too, as in every browser. HEAD stays HEAD.
 */
function changesMethod(method: string, status: number): boolean {
  if (method === 'HEAD' || method === 'GET') return false
  return status === 303 || ((status === 301 || status === 302) && method === 'POST')
}
