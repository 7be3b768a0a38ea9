/**
 * The first plain URL of a batch is the mould of all others: their Calls differ in the URL only. Preparing each from
 * nothing cost more than all layers together (bench/overhead.ts).
 */
import type { Item } from './prepare.ts'
import type { RequestPlan } from './plan.ts'
import type { Call } from '../core/call.ts'
import { Trip } from '../core/trip.ts'
import { parseUrl } from '../core/url.ts'

const moulds = new WeakMap<RequestPlan, Call>()

/** The Call of a URL that is like the ones before; undefined when it must be looked at in full. */
export function castCall(input: unknown, item: Item, plan: RequestPlan): Call | undefined {
  if (typeof input !== 'string' || item.params !== undefined) return undefined
  const mould = moulds.get(plan)
  if (mould === undefined) return undefined
  const parsed = parseUrl(input, plan.baseUrl, [])
  if (typeof parsed === 'string' || parsed.username !== '' || parsed.password !== '') return undefined
  return {
    index: item.index,
    key: item.key,
    meta: undefined,
    method: mould.method,
    url: parsed.url,
    origin: parsed.origin,
    lane: parsed.origin,
    costs: mould.costs,
    path: parsed.path,
    headers: mould.headers,
    body: mould.body,
    credentials: mould.credentials,
    atHome: true,
    replayable: mould.replayable,
    repeatable: mould.repeatable,
    plan: mould.plan,
    trip: new Trip(mould.plan.maxRetries, item.nowMs, item.nowMs + mould.plan.timeouts.totalMs),
  }
}

/** Keeps the Call of a plain URL as the mould, unless each request of this plan differs in more than its URL. */
export function keepMould(call: Call, plan: RequestPlan): void {
  const { limitKey, cost } = plan.call
  const differs =
    plan.params !== undefined ||
    plan.idempotencyKey ||
    plan.userAgents.length > 1 ||
    limitKey !== undefined ||
    typeof cost === 'function'
  if (!differs && call.credentials === plan.credentials) moulds.set(plan, call)
}
