/**
 * The lane of an item before it is prepared: an array is sorted by it before anything is sent. A wrong lane costs only
 * fairness, so an item that cannot be read has the lane UNREADABLE, and fails when it is pulled.
 */
import { hasBody } from './body.ts'
import { isRecord } from './kinds.ts'
import { laneKeyOf } from './lane-key.ts'
import type { RequestPlan } from './plan.ts'
import { readPairs } from './query-input.ts'
import type { Params, RequestSpec } from '../core/spec.ts'
import { knownOrigin, parseUrl } from '../core/url.ts'

/** Neither a possible answer of `limitKey` nor an origin. */
export const UNREADABLE = '\u0000'

export type LaneOfItem = (value: unknown, params: Params | undefined) => string

export function laneReader(plan: RequestPlan): LaneOfItem {
  const { limitKey } = plan.call
  const byOrigin = limitKey === undefined ? originReader(plan) : undefined
  return (value, params) => {
    try {
      const spec = specOf(value)
      return byOrigin === undefined ? keyed(spec, params, plan) : byOrigin(String(spec.url))
    } catch {
      return UNREADABLE
    }
  }
}

function specOf(value: unknown): Pick<RequestSpec, 'url' | 'method' | 'params' | 'meta'> & Bodied {
  if (typeof value === 'string' || value instanceof URL) return { url: value }
  return isRecord(value) ? (value as unknown as RequestSpec) : { url: '' }
}

type Bodied = Partial<Pick<RequestSpec, 'json' | 'form' | 'multipart' | 'body'>>

/** Most URLs of an array share a few prefixes, so each prefix is parsed once. */
function originReader({ baseUrl }: RequestPlan): (url: string) => string {
  const known = new Map<string, string>()
  return url => {
    const seen = knownOrigin(url)
    if (seen !== undefined) return seen
    const slashes = url.indexOf('://')
    const end = slashes === -1 ? -1 : url.slice(slashes + 3, slashes + 300).search(/[/?#\\]/)
    const beginning = end === -1 ? url : url.slice(0, slashes + 3 + end)
    let origin = known.get(beginning)
    if (origin === undefined) {
      const parsed = parseUrl(beginning, baseUrl, [])
      known.set(beginning, (origin = 'wrong' in parsed ? UNREADABLE : parsed.origin))
    }
    return origin
  }
}

function keyed(spec: ReturnType<typeof specOf>, params: Params | undefined, plan: RequestPlan): string {
  const own = spec.params === undefined ? undefined : readPairs(spec.params, 'params', [])
  const all = [plan.params, params, own].filter(given => given !== undefined)
  const parsed = parseUrl(String(spec.url), plan.baseUrl, all)
  if ('wrong' in parsed) return UNREADABLE
  const method = (
    spec.method ??
    plan.method ??
    (plan.body !== undefined || hasBody(spec) ? 'POST' : 'GET')
  ).toUpperCase()
  const lane = laneKeyOf({ method, url: parsed.url, origin: parsed.origin, meta: spec.meta }, plan.call)
  return typeof lane === 'string' ? lane : UNREADABLE
}
