/** The options of follow-ups: what follows a request, and how much of it. */
import { funcOf } from '../functions.ts'
import { bool, count, problem } from '../kinds.ts'
import { option, part } from '../option.ts'
import { readPaginate, readPath } from '../paginate-input.ts'
import type { Values } from '../table.ts'
import type { Follow, FollowPlan, Until } from '../../core/follow.ts'
import { isPassedOn } from '../../core/passed-on.ts'
import type { Problem } from '../../core/problem.ts'
import type { ReturnTypeName } from '../../core/spec.ts'
import type { Words } from '../../core/words.ts'

/** The calling thread settles the outcomes of a blocking call, and the worker that sends its requests has none. */
export const PAGES_IN_SYNC = {
  expected: 'no follow-ups',
  remedy: 'What follows a response cannot be found while the thread is blocked.',
}

export const FOLLOW_OPTIONS = {
  follow: option({
    scope: 'call',
    perSpec: true,
    plan: 'part',
    read: funcOf<Follow>(),
    crosses: 'drop',
    inSync: () => PAGES_IN_SYNC,
    doc: 'Called with each successful outcome; returns one request (the next page), a list of requests, or nothing.',
  }),
  paginate: option({
    scope: 'call',
    perSpec: true,
    plan: 'part',
    read: readPaginate,
    crosses: 'drop',
    inSync: () => PAGES_IN_SYNC,
    doc: "Requests all pages of each request, in the pagination style of the API: `'link'`, `'cursor'`, `'offset'`, `'page'`, `'odata'`, `'json-api'`, `'mediawiki'`, `'elasticsearch'`, `'relay'` or `'auto'`; or `{ style, next, param, total, size, sizeParam, items }`.",
  }),
  items: option({
    scope: 'call',
    perSpec: true,
    plan: 'part',
    read: readPath,
    crosses: 'drop',
    inSync: () => PAGES_IN_SYNC,
    doc: 'Selects the items of a page: a JMESPath expression or a function of its value. The result is then a list of items.',
  }),
  until: option({
    scope: 'call',
    perSpec: true,
    plan: 'part',
    read: funcOf<Until>(),
    crosses: 'drop',
    inSync: () => PAGES_IN_SYNC,
    doc: 'With `items`: ends a request at the first item for which it returns true; that item and all later ones are left out.',
  }),
  maxItems: option({
    scope: 'call',
    perSpec: true,
    plan: 'part',
    read: count(1),
    default: Infinity,
    crosses: 'plain',
    unit: 'items',
    doc: 'With `items`: the maximum number of items per request of the input; then no further pages are requested.',
  }),
  maxPages: option({
    scope: 'call',
    perSpec: true,
    plan: 'part',
    read: count(1),
    default: 10_000,
    crosses: 'plain',
    unit: 'pages',
    doc: 'The maximum number of pages per request of the input, including the first; one more fails with `follow/too_many`.',
  }),
  maxDepth: option({
    scope: 'call',
    perSpec: true,
    plan: 'part',
    read: count(1),
    default: 10,
    crosses: 'plain',
    unit: 'levels',
    doc: 'The maximum nesting of lists of follow-ups, in levels; one more fails with `follow/depth`.',
  }),
  flatten: option({
    scope: 'call',
    plan: 'batch',
    only: 'request',
    read: bool,
    default: false,
    crosses: 'plain',
    doc: 'With follow-ups: one list with the items of all requests, in order, instead of a list per request.',
  }),
}

const FOLLOW_NAMES = ['follow', 'paginate', 'items', 'until', 'maxItems', 'maxPages', 'maxDepth'] as const

export const CALL_FOLLOW = { follow: part(FOLLOW_NAMES, planFollow) }

function planFollow(values: Values): FollowPlan | undefined {
  const { follow, paginate, until } = values
  const items = paginate?.items ?? values.items
  if (follow === undefined && paginate === undefined && items === undefined) return undefined
  return {
    follow,
    paginate: paginate?.plan,
    items,
    until,
    maxItems: values.maxItems ?? FOLLOW_OPTIONS.maxItems.default,
    maxPages: values.maxPages ?? FOLLOW_OPTIONS.maxPages.default,
    maxDepth: values.maxDepth ?? FOLLOW_OPTIONS.maxDepth.default,
  }
}

export function checkFollow(values: Values, problems: Problem[]): void {
  const { flatten, keys, onFailure, items, paginate, returnType } = values
  checkPages(values, (items ?? paginate?.items) !== undefined, returnType, problems)
  if (flatten !== true) return
  if (keys !== undefined) problems.push(problem('flatten', 'no keys beside it', 'keys', 'Leave one of them out.'))
  if (onFailure !== undefined && onFailure !== 'throw') {
    const remedy = 'A flat list has no place for a failure. Leave flatten out.'
    problems.push(problem('flatten', "onFailure 'throw' beside it", `'${onFailure}'`, remedy))
  }
}

const OF_ITEMS = ['until', 'maxItems'] as const

/** @param own options of follow-ups, of a call or a request @param hasItems whether `items` is among them, or shared */
export function checkPages(
  own: { readonly [name in (typeof OF_ITEMS)[number]]?: unknown },
  hasItems: boolean,
  returnType: ReturnTypeName | undefined,
  problems: Problem[],
): void {
  if (hasItems && returnType !== undefined && isPassedOn(returnType)) {
    const remedy = 'The body is passed on and has no value that items could be taken from. Leave items out.'
    problems.push(problem('items', "a returnType such as 'json' beside it", `'${returnType}'`, remedy))
  }
  if (hasItems) return
  for (const name of OF_ITEMS) {
    if (own[name] === undefined) continue
    const remedy: Words = ['Say where the items of a page are: ', { option: 'items', value: 'data.results' }, '.']
    problems.push(problem(name, [{ option: 'items' }, ' beside it'], 'none', remedy))
  }
}
