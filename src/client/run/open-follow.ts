/** The options of follow-ups with their paths compiled. */
import type { FollowPlan } from '../../core/follow.ts'
import type { ItemsOf, OpenPagination } from '../../paginate/open.ts'

export interface OpenFollow {
  readonly plan: FollowPlan
  /** The items of a page; undefined if the values of the pages count. */
  readonly itemsOf: ItemsOf | undefined
  readonly start: OpenPagination['start'] | undefined
}

/** A promise only if there are paths to compile. Rejects with a ConfigError if one of them is wrong. */
export function openFollow(plan: FollowPlan): OpenFollow | Promise<OpenFollow> {
  const isPlain = plan.items === undefined && plan.paginate === undefined
  return isPlain ? { plan, itemsOf: undefined, start: undefined } : openPaths(plan)
}

async function openPaths(plan: FollowPlan): Promise<OpenFollow> {
  const { items, paginate } = plan
  // Loaded by the first run that needs it.
  const { openItems, openPagination } = await import('../../paginate/open.ts')
  if (paginate === undefined) {
    return { plan, itemsOf: items === undefined ? undefined : await openItems(items), start: undefined }
  }
  const pagination = await openPagination(paginate, items)
  return {
    plan,
    itemsOf: items === undefined ? undefined : pagination.itemsOf,
    start: () => pagination.start(),
  }
}
