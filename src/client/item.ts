/** One item of an input: its Call, or the outcome of one that is never sent. */
import { UNREADABLE } from '../config/lane-of-item.ts'
import type { BatchPlan } from '../config/plan.ts'
import { labelOf, prepare } from '../config/prepare.ts'
import type { Call } from '../core/call.ts'
import { refusedOutcome } from '../core/outcome.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Fault } from '../core/result.ts'
import type { Item } from '../engine/source.ts'

/** The item made ready; what is wrong with it is its own outcome. */
export function prepareItem({ value, index, lane }: Item, plan: BatchPlan, nowMs: number): Call | Outcome {
  const { request, keys, paramsPerUrl } = plan
  const asked = request.call.limitKey === undefined || lane === UNREADABLE ? undefined : lane
  const item = { index, key: keys?.[index], params: paramsPerUrl?.[index], lane: asked, nowMs }
  const call = prepare(value, item, request)
  return 'refused' in call ? refusedOutcome(call.spec, call.refused, request.call.secretNames) : call
}

/** The outcome of an item that is given up before anybody has looked at it. */
export function abandonItem(item: unknown, index: number, { request, keys }: BatchPlan, reason: Fault): Outcome {
  return refusedOutcome(labelOf(item, { index, key: keys?.[index] }), reason, request.call.secretNames)
}
