/** The options of follow-ups with their paths compiled. */
import type { FollowPlan } from '../../core/follow.ts'
import type { Paginator } from '../../core/pagination.ts'
import { fault } from '../../core/result.ts'
import type { Fault } from '../../core/result.ts'
import { got } from '../../config/kinds.ts'

export interface OpenFollow {
  readonly plan: FollowPlan
  /** The items of a page; undefined if it has none. */
  readonly itemsOf: ((value: unknown) => readonly unknown[] | undefined | Fault) | undefined
  readonly start: (() => Paginator) | undefined
}

export function openFollow(plan: FollowPlan): OpenFollow | Promise<OpenFollow> {
  const { items } = plan
  return { plan, itemsOf: typeof items === 'function' ? value => listOf(items(value)) : undefined, start: undefined }
}

function listOf(items: unknown): readonly unknown[] | undefined | Fault {
  if (items === undefined || items === null) return undefined
  if (Array.isArray(items)) return items
  return fault('follow/items', `items: expected a list, got ${got(items)}`)
}
