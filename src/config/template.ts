/**
 * The first plain request of a batch is the template of all others: their Calls differ only in URL, key and meta.
 * Preparing each Call from its spec cost more than all layers together (bench/overhead.ts).
 */
import { requestIdentity, queryIn } from './identity.ts'
import type { ItemContext } from './prepare.ts'
import type { RequestPlan } from './plan.ts'
import type { Call } from '../core/call.ts'
import type { Params, RequestSpec } from '../core/spec.ts'
import { Trip } from '../core/trip.ts'
import { parseUrl } from '../core/url.ts'

export const NO_PARAMS: readonly Params[] = []
const templates = new WeakMap<RequestPlan, Call>()

/** The only fields that a request may have to be made from the template. */
export interface Bare {
  readonly url: RequestSpec['url']
  readonly key?: string
  readonly meta?: unknown
}

/**
 * A copy of a spec that has no other fields; each field is read once. Undefined for a value that may have hidden
 * fields: an instance of a class (also of one that extends null, which `isPlain` accepts), fields that are not
 * enumerable, a proxy.
 */
export function bareOf(spec: RequestSpec): Bare | undefined {
  const prototype: unknown = Object.getPrototypeOf(spec)
  if (prototype !== Object.prototype && prototype !== null) return undefined
  let hasUrl = false
  for (const name of Object.getOwnPropertyNames(spec)) {
    if (name === 'url') hasUrl = true
    else if (name !== 'meta' && name !== 'key') return undefined
  }
  return hasUrl ? ({ url: spec.url, key: spec.key, meta: spec.meta } as Bare) : undefined
}

/** The Call of a request that is like the ones before; undefined if it must be prepared in full. */
export function fromTemplate({ url, key, meta }: Bare, item: ItemContext, plan: RequestPlan): Call | undefined {
  if (typeof url !== 'string' || item.params !== undefined) return undefined
  if (key !== undefined && typeof key !== 'string') return undefined
  const template = templates.get(plan)
  if (template === undefined) return undefined
  const parsed = parseUrl(url, plan.baseUrl, NO_PARAMS)
  if ('wrong' in parsed || parsed.username !== '' || parsed.password !== '') return undefined
  const trip = new Trip(template.plan.maxRetries, item.nowMs, item.nowMs + template.plan.timeouts.totalMs)
  const query = queryIn(parsed.path)
  if (query !== '') trip.identity = requestIdentity(undefined, query, template.plan.secretNames)
  return {
    index: item.index,
    key: item.key ?? key,
    meta,
    method: template.method,
    url: parsed.url,
    origin: parsed.origin,
    lane: parsed.origin,
    costs: template.costs,
    path: parsed.path,
    headers: template.headers,
    body: template.body,
    credentials: template.credentials,
    own: undefined,
    atHome: true,
    replayable: template.replayable,
    repeatable: template.repeatable,
    plan: template.plan,
    trip,
  }
}

/** Keeps the Call of a plain request as the template, unless each request of this plan differs in more than its URL. */
export function keepTemplate(call: Call, plan: RequestPlan): void {
  if (plan.isAlike && call.credentials === plan.credentials) templates.set(plan, call)
}
