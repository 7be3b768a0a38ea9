/** Follow-ups: requests that are made from the outcome of another request of the same run. */
import type { OkOutcome } from './outcome.ts'
import type { PaginatePlan, Pagination, Path } from './pagination.ts'
import type { FetchRequest, RequestSpec } from './spec.ts'

/** A request that follows: a URL (relative to that of the page), a request, or a `Request` of fetch. */
export type FollowUpInput = string | URL | RequestSpec | FetchRequest

/** The position of a page, passed to `follow` together with the outcome. */
export interface FollowContext {
  /** The id of the page. */
  readonly id: string
  /** The position of its root in the input, from 0. */
  readonly index: number
  /** The `key` of its root. Absent if that has none. */
  readonly key?: string | undefined
  /** How many arrays of follow-ups lead to the page: 0 for a request of the input and the pages of its own chain. */
  readonly depth: number
  /** The position of the page in its chain, from 0. */
  readonly page: number
  /** Items of the root up to and including this page. 0 without `items`. */
  readonly items: number
}

/** One request: the next page. A list: requests that are made from this page. Nothing: the end. */
export type FollowUps = FollowUpInput | readonly FollowUpInput[] | null | undefined

/**
 * Returns what follows the outcome of a request. Declared as a method, so that a caller may declare a narrower type of
 * the value.
 */
export type Follow<Value = unknown> = {
  follow(outcome: OkOutcome<Value>, context: FollowContext): FollowUps | PromiseLike<FollowUps>
}['follow']

/** Returns true for the first item that is not wanted. */
export type Until<Item = unknown> = { until(item: Item): boolean }['until']

/** The options of follow-ups. */
export interface FollowPlan {
  readonly follow: Follow | undefined
  readonly paginate: PaginatePlan | undefined
  readonly items: Path | undefined
  readonly until: Until | undefined
  readonly maxPages: number
  readonly maxItems: number
  readonly maxDepth: number
}

/** How much may follow a request. */
export interface FollowLimits {
  /**
   * With `items`: the most items per request of the input. An integer ≥ 1; 0 is a ConfigError. Default `Infinity` =
   * all.
   *
   * @example paginate: 'link', items: 'data', maxItems: 1_000
   */
  maxItems?: number | undefined
  /**
   * The maximum number of pages per request of the input, including the first: a guard against an endless chain. An
   * integer ≥ 1; 0 is a ConfigError; `Infinity` = no limit. Default 10,000. One more fails with `follow/too_many`;
   * `error.items` has the items so far.
   *
   * @example paginate: 'link', maxPages: 50
   */
  maxPages?: number | undefined
  /**
   * How deep follow-ups may be nested. The requests of a list are one level deeper than the page from which it was
   * made; a next page is on the level of its page. An integer ≥ 1; 0 is a ConfigError; `Infinity` = no limit. Default
   * 10. A deeper one fails with `follow/depth`.
   *
   * @example maxDepth: 2
   */
  maxDepth?: number | undefined
}

/** The options of follow-ups in a request. */
export interface FollowOptions extends FollowLimits {
  /**
   * Called with each successful outcome and its position. Returns one request (the next page of the chain), a list of
   * requests (one level deeper than this page), or nothing. The requests have the same limits, retries and run file,
   * with the id `<parent>/<n>`, and with the headers and `auth` of the request that they follow. `params` of the
   * options are added where the URL does not have them. At another origin they get none of these, as after a redirect.
   * A relative URL is resolved against that of the page. A throw fails the page with `follow/callback`. A request that
   * repeats an earlier one of its chain fails with `follow/loop`. May be async, within `timeouts.callback`. Default none.
   *
   * The value of each request of the input is then a list: the items, or without `items` the values of all pages.
   *
   * @example follow: ({ value }: OkOutcome<{ next?: string }>) => value.next // a URL, or nothing at the end
   * @example follow: ({ value }: OkOutcome<{ ids?: number[] }>) => value.ids?.map(id => `/users/${id}`)
   */
  follow?: Follow | undefined
  /**
   * Requests the further pages of each request of the input, by the style of its API. The requests differ from the
   * first one only in their URL or in their JSON body. Credentials are not sent to another origin, as after a redirect.
   * A paginated POST is a read: it is retried and repeated like a GET. With `'offset'` and `'page'`, the pages are
   * requested in parallel once the number of the last page is known; with `until` or `maxItems`, one after the other. Default none.
   *
   * @example paginate: 'link' // Link: <…>; rel="next" (RFC 8288)
   * @example paginate: { style: 'cursor', next: 'meta.next_cursor', param: 'cursor', items: 'data' }
   */
  paginate?: Pagination | undefined
  /**
   * Where the items of a page are: a JMESPath expression, or a function of its value. The value of a request is then
   * the list of its items over all pages, and each outcome of `stream()` has its `items`. Null or undefined means no
   * items. Anything else that is not a list fails with `follow/items`. Default none.
   *
   * @example items: 'data.results'
   */
  items?: Path<readonly unknown[] | null | undefined> | undefined
  /**
   * With `items`: ends a request of the input at the first item for which it returns true; that item is left out.
   * Default none.
   *
   * @example items: 'data', until: (item: { date: string }) => item.date < '2026-01-01'
   */
  until?: Until | undefined
}
