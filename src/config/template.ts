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
import type { ParsedUrl } from '../core/url.ts'

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
  return new TemplateCall(template, parsed, item.index, item.key ?? key, meta, trip)
}

/**
 * A class and not an object literal: V8 may take the place of a literal for one whose objects live long, and then
 * allocates every Call where only a full garbage collection removes it.
 */
class TemplateCall implements Call {
  readonly index: number
  readonly key: string | undefined
  readonly meta: unknown
  readonly method: string
  readonly url: string
  readonly origin: string
  readonly lane: string
  readonly costs: Call['costs']
  readonly path: string
  readonly headers: Call['headers']
  readonly body: Call['body']
  readonly credentials: Call['credentials']
  readonly own = undefined
  readonly atHome = true
  readonly replayable: boolean
  readonly repeatable: boolean
  readonly plan: Call['plan']
  readonly trip: Trip

  constructor(
    template: Call,
    { url, origin, path }: ParsedUrl,
    index: number,
    key: string | undefined,
    meta: unknown,
    trip: Trip,
  ) {
    this.index = index
    this.key = key
    this.meta = meta
    this.method = template.method
    this.url = url
    this.origin = origin
    this.lane = origin
    this.costs = template.costs
    this.path = path
    this.headers = template.headers
    this.body = template.body
    this.credentials = template.credentials
    this.replayable = template.replayable
    this.repeatable = template.repeatable
    this.plan = template.plan
    this.trip = trip
  }
}

/** Keeps the Call of a plain request as the template, unless each request of this plan differs in more than its URL. */
export function keepTemplate(call: Call, plan: RequestPlan): void {
  if (plan.isAlike && call.credentials === plan.credentials) templates.set(plan, call)
}
