/**
 * 30x → the next Call. Decides everything per hop and before any connection: what a hop may carry is what its origin
 * may know.
 *
 * Each hop is a fresh Call below, so it passes the gate and pays its token; it shares the retries left and the
 * deadline. Secrets never cross an origin and are never restored on the way back.
 */
import type { Call } from '../core/call.ts'
import { filterHeaders, getAllHeaders, mergeHeaders } from '../core/headers.ts'
import type { CallLayer } from '../core/layer.ts'
import { fault } from '../core/result.ts'
import type { Fault, Reply } from '../core/result.ts'
import { parseUrl, printableUrl } from '../core/url.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** What may cross an origin: how an answer should look, and nothing about who asks. */
const CROSSING: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-type',
  'if-range',
  'range',
  'user-agent',
])
/** Describe a body that is no longer there. */
const OF_BODY = /^content-/

export const redirect: CallLayer = next => async first => {
  let call = first
  let visited: Set<string> | undefined
  for (;;) {
    const result = await next(call)
    if (result.kind === 'fault' || !REDIRECTS.has(result.status) || !call.plan.followRedirects) return result
    const hop = nextCall(call, result)
    if (hop === undefined) return result
    if ('code' in hop) return { ...hop, sent: true, reply: result }
    // The same request again can only lead here again, unless the answer set a cookie that changes it.
    if (visited === undefined || getAllHeaders(result.headers, 'set-cookie').length > 0) visited = new Set()
    if (getAllHeaders(result.headers, 'set-cookie').length === 0) visited.add(`${call.method} ${call.url}`)
    if (visited.has(`${hop.method} ${hop.url}`)) {
      return {
        ...fault('redirect/loop', `redirected in a loop to ${printableUrl(hop.url)}`),
        sent: true,
        reply: result,
      }
    }
    call.trip.redirects++
    call = hop
  }
}

/** The hop that this answer asks for; undefined when it asks for none. */
function nextCall(call: Call, reply: Reply): Call | Fault | undefined {
  const [location, ...others] = getAllHeaders(reply.headers, 'location')
  if (location === undefined || location === '') return undefined
  if (others.some(other => other !== location)) {
    return fault('protocol/location', `expected one Location, got ${others.length + 1} that differ`)
  }
  const { trip, plan } = call
  if (trip.redirects >= plan.maxRedirects) {
    return fault(
      'redirect/too_many',
      `redirected more than ${plan.maxRedirects} times. Raise maxRedirects if that is meant`,
    )
  }
  const target = URL.parse(location, call.url)
  if (target !== null && target.protocol !== 'http:' && target.protocol !== 'https:') {
    return fault('redirect/scheme', `redirected to ${target.protocol}, which is not fetched`)
  }
  const parsed = target === null ? 'expected a URL' : parseUrl(target.href, undefined, [])
  if (typeof parsed === 'string') return fault('redirect/invalid', `redirected to what is no URL: ${parsed}`)
  if (call.origin.startsWith('https:') && parsed.origin.startsWith('http:') && !plan.allowDowngrade) {
    return fault(
      'redirect/downgrade',
      `redirected from https to ${printableUrl(parsed.url)}. Set allowDowngrade if that is meant`,
    )
  }

  const crosses = parsed.origin !== call.origin
  const dropsBody = changesMethod(call.method, reply.status)
  if (!dropsBody && call.body !== undefined) {
    if (!call.replayable)
      return fault(
        'redirect/body_not_replayable',
        'redirected with a body that can be read once only. Give a function that opens the stream',
      )
    if (crosses && !plan.allowBodyAcrossOrigins) {
      return fault(
        'redirect/body_cross_origin',
        `redirected with its body to ${parsed.origin}. Set allowBodyAcrossOrigins if that is meant`,
      )
    }
  }
  const kept = crosses ? filterHeaders(call.headers, name => CROSSING.has(name)) : call.headers
  return {
    ...call,
    url: parsed.url,
    origin: parsed.origin,
    path: parsed.path,
    method: dropsBody ? 'GET' : call.method,
    body: dropsBody ? undefined : call.body,
    headers: dropsBody ? filterHeaders(kept, name => !OF_BODY.test(name)) : mergeHeaders(kept, []),
    credentials: crosses ? undefined : call.credentials,
    atHome: call.atHome && !crosses,
    repeatable: dropsBody || call.repeatable,
  }
}

/** RFC 9110 §15.4: 303 always becomes GET; 301 and 302 of a POST do, as every browser does it. HEAD stays HEAD. */
function changesMethod(method: string, status: number): boolean {
  if (method === 'HEAD' || method === 'GET') return false
  return status === 303 || ((status === 301 || status === 302) && method === 'POST')
}
