/**
 * 30x → the next Call. Decides everything per hop and before any connection: a hop may carry only what its origin may
 * know.
 *
 * Each hop is a new Call below, so it passes the gate and pays its token. It shares the remaining retries and the
 * deadline. Secrets never cross an origin, and are never restored on the way back.
 */
import { encodedUrl, hopOf, targetOf } from './hop.ts'
import type { LaneKeyOf } from './hop.ts'
import type { Call, CallPlan } from '../core/call.ts'
import { getAllHeaders, getHeader } from '../core/headers.ts'
import type { CallLayer, Send } from '../core/layer.ts'
import { awaited, resultOf } from '../core/awaited.ts'
import { isRedirect } from '../core/redirect.ts'
import { fault } from '../core/result.ts'
import type { Fault, Reply, Result } from '../core/result.ts'
import { printableUrl } from '../core/url.ts'
import { joined } from '../core/words.ts'

/**
 * Without these, a write overwrites what it was not meant to (RFC 9110 §13.1), and an ETag has no meaning at another
 * origin.
 */
const PRECONDITIONS = ['if-match', 'if-none-match', 'if-unmodified-since', 'if-modified-since'] as const
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])

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
  for (let call = first, reply = answer, hops = 0; ; hops++) {
    const hop = nextCall(call, reply, hops, laneKeyOf)
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

/**
 * The hop that this response asks for; undefined if it asks for none.
 *
 * @param hops followed so far
 */
function nextCall(call: Call, reply: Reply, hops: number, laneKeyOf: LaneKeyOf): Call | Fault | undefined {
  const [location, ...others] = getAllHeaders(reply.headers, 'location')
  if (others.some(other => other !== location)) {
    return fault('protocol/location', `expected one Location, got ${others.length + 1} that differ`)
  }
  if (location === undefined || location === '') return undefined
  const { trip, plan } = call
  if (hops >= plan.maxRedirects) {
    return tooManyRedirects(plan, hops > 0 && URL.parse(encodedUrl(location), call.url)?.href === call.url)
  }
  const to = targetOf(location, call.url, call)
  if ('refused' in to) return fault(`redirect/${to.refused}`, joined('redirected ', to.why))

  if (to.username !== '' || to.password !== '') {
    trip.warn('a redirect named a user or a password in its Location, which were not sent')
  }
  const crosses = to.origin !== call.origin
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
        `redirected with its body to ${to.origin}. Set `,
        { option: 'allowBodyAcrossOrigins' },
        ' if that is intended',
      ])
    }
  }
  const method = dropsBody && !keepsMethod ? 'GET' : call.method
  if (crosses && !SAFE.has(method)) {
    const condition = PRECONDITIONS.find(name => getHeader(call.headers, name) !== undefined)
    if (condition !== undefined) return unconditional(method, condition, to.origin)
  }
  return hopOf(call, { to, method, dropsBody, crosses }, laneKeyOf)
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

/**
 * RFC 9110 §15.4: a 303 always becomes GET. A 301 or 302 of a POST does so too, as in every browser. HEAD stays HEAD.
 */
function changesMethod(method: string, status: number): boolean {
  if (method === 'HEAD' || method === 'GET') return false
  return status === 303 || ((status === 301 || status === 302) && method === 'POST')
}
