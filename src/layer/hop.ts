/**
 * A further request of the same Call: a redirect hop, a poll. Decides what it carries before any connection: a hop may
 * carry only what its origin may know.
 *
 * Each hop is a new Call below, so it passes the gate and pays its token. Secrets never cross an origin, and are never
 * restored on the way back.
 */
import type { Call, CallPlan } from '../core/call.ts'
import { isOfBody, mayCross } from '../core/crossing.ts'
import { filterHeaders, mergeHeaders } from '../core/headers.ts'
import type { Fault } from '../core/result.ts'
import { parseUrl, printableUrl } from '../core/url.ts'
import type { ParsedUrl } from '../core/url.ts'
import type { Words } from '../core/words.ts'

/** The lane of a hop; a Fault if the caller's `limitKey` function failed. */
export type LaneKeyOf = (hop: Pick<Call, 'method' | 'url' | 'origin' | 'meta'>, plan: CallPlan) => string | Fault

/** A URL that is not requested. `why` completes "redirected …". */
export interface RefusedTarget {
  readonly refused: 'scheme' | 'invalid' | 'downgrade'
  readonly why: Words
}

/**
 * The URL that a server names, absolute or relative.
 *
 * @param base the URL that answered
 */
export function targetOf(named: string, base: string, { plan }: Call): ParsedUrl | RefusedTarget {
  const target = URL.parse(encodedUrl(named), base)
  if (target !== null && target.protocol !== 'http:' && target.protocol !== 'https:') {
    return { refused: 'scheme', why: `to ${target.protocol}, which is not fetched` }
  }
  const parsed = target === null ? { wrong: 'expected a URL' } : parseUrl(target.href, undefined, [], plan.secretNames)
  if ('wrong' in parsed) {
    const words = typeof parsed.wrong === 'string' ? [parsed.wrong] : parsed.wrong
    return { refused: 'invalid', why: ['to an invalid URL: ', ...words] }
  }
  if (base.startsWith('https:') && parsed.origin.startsWith('http:') && !plan.allowDowngrade) {
    const why: Words = [
      `from https to ${printableUrl(parsed.url, plan.secretNames)}. Set `,
      { option: 'allowDowngrade' },
      ' if that is intended',
    ]
    return { refused: 'downgrade', why }
  }
  return parsed
}

/** What changes from one request to the next. */
export interface Hop {
  readonly to: ParsedUrl
  readonly method: string
  readonly dropsBody: boolean
  /** It may know only what any origin may know. */
  readonly crosses: boolean
}

export function hopOf(call: Call, { to, method, dropsBody, crosses }: Hop, laneKeyOf: LaneKeyOf): Call | Fault {
  const { plan } = call
  const lane =
    crosses || plan.limitKey !== undefined
      ? laneKeyOf({ method, url: to.url, origin: to.origin, meta: call.meta }, plan)
      : call.lane
  if (typeof lane !== 'string') return lane
  const takesBody = call.body !== undefined && !dropsBody
  const kept = crosses ? filterHeaders(call.headers, name => mayCross(name, takesBody)) : call.headers
  return {
    ...call,
    url: to.url,
    origin: to.origin,
    lane,
    path: to.path,
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

/** Percent-encodes bytes above ASCII: a header holds them as Latin-1, and most servers mean UTF-8. */
export function encodedUrl(named: string): string {
  return named.replace(/[\x80-\xff]/g, byte => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
}
