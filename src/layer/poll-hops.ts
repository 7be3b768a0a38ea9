/**
 * The requests of a job: the one that starts it, those for its status, and the one for its result. They are hops of the
 * first Call. The sink of a body that is passed on gets the body of the result only.
 */
import { hopOf } from './hop.ts'
import type { LaneKeyOf } from './hop.ts'
import type { BodySink } from '../core/body-sink.ts'
import type { Call, CallPlan } from '../core/call.ts'
import { filterHeaders, getHeader, mergeHeaders } from '../core/headers.ts'
import type { Fault, Reply } from '../core/result.ts'
import type { ParsedUrl } from '../core/url.ts'

/** Headers that mean the request that started the job. */
const OF_START: ReadonlySet<string> = new Set([
  'expect',
  'idempotency-key',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'prefer',
  'range',
])

/** @param isForeign another origin has named the URL */
export function jobHop(call: Call, to: ParsedUrl, isForeign: boolean, laneKeyOf: LaneKeyOf): Call | Fault {
  if (call.method === 'GET' && to.url === call.url && !isForeign) return call
  const crosses = isForeign || to.origin !== call.origin
  const hop = hopOf(call, { to, method: 'GET', dropsBody: true, crosses }, laneKeyOf)
  if ('code' in hop) return hop
  const headers = filterHeaders(hop.headers, name => !OF_START.has(name))
  // The weight of the job is not that of looking at it.
  const costs = typeof call.costs === 'number' ? Math.min(1, call.costs) : 1
  return { ...hop, headers, costs, repeatable: true }
}

/** The call with the sink, which does not get bodies of pending jobs. `begun`: a body goes to the sink. */
export function pastPending(call: Call, isPending: (head: Reply) => boolean, begun: () => void): Call {
  return call.sink === undefined ? call : { ...call, sink: new PendingAside(call.sink, isPending, begun) }
}

class PendingAside implements BodySink {
  readonly #sink: BodySink
  readonly #isPending: (head: Reply) => boolean
  readonly #begun: () => void

  constructor(sink: BodySink, isPending: (head: Reply) => boolean, begun: () => void) {
    this.#sink = sink
    this.#isPending = isPending
    this.#begun = begun
  }

  open: BodySink['open'] = () => undefined
  prepare: BodySink['prepare'] = attempt => this.#sink.prepare(attempt)
  rest: BodySink['rest'] = () => this.#sink.rest()
  close: BodySink['close'] = result => result

  begin(head: Reply): ReturnType<BodySink['begin']> {
    if (this.#isPending(head)) return undefined
    const writer = this.#sink.begin(head)
    if (writer !== undefined) this.#begun()
    return writer
  }
}

/** Limits of a response whose body tells the status, where those of the options are for long bodies. */
const MAX_STATUS_BYTES = 2 ** 26
const MAX_STATUS_MS = 30_000

const statusPlans = new WeakMap<CallPlan, CallPlan>()

/** The call without its sink: the body of its response is read as JSON. */
export function inMemory(call: Call): Call {
  const { sink, ...rest } = call
  if (sink === undefined) return call
  return { ...rest, plan: statusPlanOf(call.plan), headers: acceptingJson(call) }
}

function statusPlanOf(plan: CallPlan): CallPlan {
  let made = statusPlans.get(plan)
  if (made === undefined) {
    const maxResponseBytes = Math.min(plan.maxResponseBytes, MAX_STATUS_BYTES)
    const timeouts = { ...plan.timeouts, attemptMs: Math.min(plan.timeouts.attemptMs, MAX_STATUS_MS) }
    statusPlans.set(plan, (made = { ...plan, returnType: 'json', maxResponseBytes, timeouts }))
  }
  return made
}

const ITEM_TYPES = /^(?:text\/event-stream|application\/x-ndjson)\b/

/** A status is no sequence of items. */
function acceptingJson({ headers }: Call): Call['headers'] {
  const isOfItems = ITEM_TYPES.test(getHeader(headers, 'accept') ?? '')
  return isOfItems ? mergeHeaders(headers, ['accept', 'application/json, */*;q=0.8']) : headers
}
