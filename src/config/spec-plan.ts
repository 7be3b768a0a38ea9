/** The options that a spec overrides → the plan of its Call: the shared plan, or one of its own. */
import type { CallPlan } from '../core/call.ts'
import type { RequestSpec } from '../core/spec.ts'
import { isRecord } from './kinds.ts'
import type { AnyOption } from './option.ts'
import { NO_SAVE_TO, checkSaving } from './options/files.ts'
import { checkPages } from './options/follow.ts'
import { TRANSPORT_ROUTES } from './options/proxies.ts'
import { checkItems, noReceiver } from './options/items.ts'
import { checkPoll } from './options/poll.ts'
import { checkSchema } from './options/results.ts'
import { BUDGET_IN_CALL } from './options/retries.ts'
import { merge } from './merge.ts'
import { SPEC_OPTIONS, planSpec } from './plan.ts'
import type { RequestPlan } from './plan.ts'
import { OPTIONS } from './table.ts'
import type { Problem } from '../core/problem.ts'
import { problem } from '../core/problem.ts'

export function callPlanFor(spec: RequestSpec, plan: RequestPlan, problems: Problem[]): CallPlan {
  const values: Record<string, unknown> = {}
  let overrides = false
  for (const name of SPEC_OPTIONS) {
    const given = (spec as unknown as Readonly<Record<string, unknown>>)[name]
    if (given === undefined) continue
    overrides = true
    values[name] = (OPTIONS[name] as AnyOption).read(given, name, problems)
  }
  const hasSchema = spec.schema !== undefined || (spec.returnType !== undefined && plan.call.schema !== undefined)
  if (hasSchema) checkSchema(spec.returnType ?? plan.call.returnType, problems)
  const unreceived = noReceiver(spec.returnType, plan.call)
  if (unreceived !== undefined) problems.push(unreceived)
  const returnType = spec.returnType ?? plan.call.returnType
  checkItems(spec, plan.call.returnType, problems)
  if (returnType === 'file' && (spec.saveTo ?? plan.call.saving.saveTo) === undefined) problems.push(NO_SAVE_TO)
  checkSaving(returnType, spec, problems)
  checkPages(spec, (itemsIn(spec) ?? plan.call.follow?.items) !== undefined, returnType, problems)
  if (values['poll'] !== undefined) checkPoll(merge(plan.values, values), problems)
  if (isRecord(spec.retry) && spec.retry.budget !== undefined) problems.push(BUDGET_IN_CALL)
  if (spec.proxy !== undefined && spec.proxy !== false && spec.proxy !== null && !plan.takesProxy) {
    problems.push(problem('proxy', 'no transport in the options', 'one', TRANSPORT_ROUTES))
  }
  if (!overrides || problems.length > 0) return plan.call
  return planSpec(values, plan)
}

function itemsIn({ items, paginate }: RequestSpec): unknown {
  return typeof paginate === 'object' && paginate !== null ? (paginate.items ?? items) : items
}
