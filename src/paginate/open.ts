/** Opens what the options say about pages: paths are compiled, the style is chosen, and each root gets its own state. */
import type { PageStep, PageStyle, Paginator, PaginatePlan, Path } from '../core/pagination.ts'
import { reasonOf } from '../core/callback.ts'
import type { Fault } from '../core/result.ts'
import { auto } from './auto.ts'
import type { Detecting } from './auto.ts'
import { cursor } from './cursor.ts'
import { elasticsearch } from './elasticsearch.ts'
import { isUnstructured, shapeOf } from './fields.ts'
import { jsonApi } from './json-api.ts'
import { link } from './link.ts'
import { mediawiki } from './mediawiki.ts'
import { odata } from './odata.ts'
import { offset } from './offset.ts'
import { page } from './page.ts'
import { openPaths } from './paths.ts'
import type { Finder } from './paths.ts'
import { relay } from './relay.ts'
import { errorIn } from './signs.ts'
import { refuse } from './style.ts'
import type { After, Style, StylePlan } from './style.ts'

/** The items of a page's value: undefined if it has none, a Fault if they are not a list. */
export type ItemsOf = (value: unknown) => readonly unknown[] | undefined | Fault

export interface OpenPagination {
  /** The pages of one root. */
  start(): Paginator
  readonly itemsOf: ItemsOf
}

const STYLES: Readonly<Record<Exclude<PageStyle, 'auto'>, Style>> = {
  link,
  cursor,
  offset,
  page,
  odata,
  'json-api': jsonApi,
  mediawiki,
  elasticsearch,
  relay,
}

type ByItems = Map<Path | undefined, Promise<OpenPagination>>

/** A plan is opened once, however many roots it has. */
const opened = new WeakMap<PaginatePlan, ByItems>()

/** Rejects with a ConfigError if a path does not compile. */
export function openPagination(plan: PaginatePlan, items: Path | undefined): Promise<OpenPagination> {
  const byItems: ByItems = opened.get(plan) ?? new Map()
  opened.set(plan, byItems)
  const known = byItems.get(items) ?? open(plan, items)
  byItems.set(items, known)
  return known
}

/** `items` without pages. Rejects with a ConfigError if the path does not compile. */
export async function openItems(items: Path): Promise<ItemsOf> {
  const finders = await openPaths({ items })
  return itemsFinder(finders.items, items)
}

async function open(plan: PaginatePlan, items: Path | undefined): Promise<OpenPagination> {
  const finders = await openPaths({ 'paginate.next': plan.next, 'paginate.total': plan.total, items })
  const { 'paginate.next': next, 'paginate.total': total } = finders
  const stylePlan: StylePlan = { plan, next, total, hasItems: items !== undefined }
  return {
    start: () => paginator(stylePlan),
    itemsOf: itemsFinder(finders.items, items),
  }
}

function paginator(plan: StylePlan): Paginator {
  const { style } = plan.plan
  const detecting: Detecting | undefined = style === 'auto' ? auto(plan, STYLES) : undefined
  const chosen: After = style === 'auto' ? (detecting as Detecting).after : STYLES[style](plan)
  const after: After = readsBody(plan) ? view => unstructured(view.value) ?? chosen(view) : chosen
  return {
    get detected() {
      return detecting?.detected()
    },
    after: view => guarded(after, view),
  }
}

/** Whether the next page is found by the members of a page. A function of the caller may read anything. */
function readsBody({ plan: { style, next } }: StylePlan): boolean {
  return style === 'cursor'
    ? typeof next === 'string'
    : style === 'odata' || style === 'json-api' || style === 'mediawiki'
}

/** A page in which nothing can be found must not count as the last one. */
function unstructured(value: unknown): Fault | undefined {
  return isUnstructured(value) ? refuse('next', `expected a page of JSON, got ${shapeOf(value)}`) : undefined
}

/** Values that `parseFunc` made may throw when they are read. */
function guarded(after: After, view: Parameters<After>[0]): PageStep {
  try {
    return after(view)
  } catch (error) {
    return refuse('next', `the page cannot be read: ${reasonOf(error)}`)
  }
}

function itemsFinder(finder: Finder | undefined, items: Path | undefined): ItemsOf {
  if (finder === undefined) return () => undefined
  const where = typeof items === 'string' ? `at '${items}'` : 'from the function items'
  return value => {
    if (typeof items === 'string' && isUnstructured(value))
      return refuse('items', `expected a list ${where}, but the page is ${shapeOf(value)}`)
    const part = finder(value)
    if (!('found' in part)) return part
    const { found } = part
    if (found === null || found === undefined) return errorIn(value)
    if (Array.isArray(found)) return found as readonly unknown[]
    return refuse('items', `expected a list ${where}, got ${shapeOf(found)}`)
  }
}
