/** One item of an input: its Call, or the outcome of one that is never sent. */
import type { RequestIds } from './request-ids.ts'
import { UNREADABLE } from '../../config/lane-of-item.ts'
import type { BatchPlan } from '../../config/plan.ts'
import { labelOf, methodOfUrl, prepare } from '../../config/prepare.ts'
import type { Call } from '../../core/call.ts'
import { refusedOutcome } from '../../core/outcome.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { Fault } from '../../core/result.ts'
import { unsentOutcome } from '../../core/unsent-outcome.ts'
import type { Item } from '../../engine/source.ts'

/** Prepares an item. A mistake in it becomes its own outcome. */
export function prepareItem(
  { value, index, id, lane }: Item,
  plan: BatchPlan,
  nowMs: number,
  ids: RequestIds,
): Call | Outcome {
  const { request, keys, paramsPerUrl } = plan
  const asked = request.call.limitKey === undefined || lane === UNREADABLE ? undefined : lane
  const item = { index, key: keys?.[index], params: paramsPerUrl?.[index], lane: asked, nowMs }
  const call = prepare(value, item, request)
  if ('refused' in call) {
    const label = labelOf(value, item, request)
    return refusedOutcome({ ...label, id: id ?? ids.of(index, label.key) }, call.refused, request.call.secretNames)
  }
  call.trip.id = id ?? ids.of(index, call.key)
  return call
}

/** The outcome of an item that is abandoned before it was read. */
export function abandonItem(
  { value, index, id }: Item,
  { request, keys }: BatchPlan,
  reason: Fault,
  ids: RequestIds,
): Outcome {
  const key = keys?.[index]
  const { secretNames } = request.call
  if (typeof value === 'string') {
    const asked = { index, key, method: methodOfUrl(request) }
    return unsentOutcome(id ?? ids.of(index, key), asked, value, reason, secretNames)
  }
  const label = labelOf(value, { index, key }, request)
  return unsentOutcome(id ?? ids.of(index, label.key), label, label, reason, secretNames)
}
