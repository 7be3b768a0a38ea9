/**
 * How follow-ups change the type of a result: the value of a request is a list then, of its items, or without `items` of
 * the values of its pages.
 */
import type { Unset } from './infer.ts'
import type { Follow, FollowContext, FollowUps, Until } from '../core/follow.ts'
import type { OkOutcome } from '../core/outcome.ts'
import type { PageStyle, Pagination, PaginationFields, PaginationPlaces, Path } from '../core/pagination.ts'

/** What a function may return as the items of a page. */
export type Items<Item = unknown> = readonly Item[] | null | undefined

/** Marks a request whose value is the list of the values of its pages. */
declare const pages: unique symbol
export type Pages = typeof pages

/** What the value of a request is a list of: nothing (it is no list), its pages, or items of the type in the tuple. */
export type Listed = Unset | Pages | readonly [unknown]

/**
 * The options of follow-ups in a call. Their types are inferred from left to right, so `parseFunc` must come before
 * functions that get its value.
 *
 * `Page`: the value of a page. `Next`: what `follow` returns. `Text` and `List`: the two kinds of `items`. `Style`: that of
 * `paginate`.
 */
export interface PageOptions<Page, Next, Text extends string, List, Style extends PageStyle> {
  /**
   * Called with each successful outcome and its position. Returns one request (the next page of the chain), a list of
   * requests (one level deeper than this page), or nothing. The requests have the same limits, retries and run file,
   * with the id `<parent>/<n>`, and with the headers and `auth` of the request that they follow. `params` of the
   * options are added where the URL does not have them. At another origin they get none of these, as after a redirect.
   * A relative URL is resolved against that of the page. A throw fails the page with `follow/callback`. A request that
   * repeats an earlier one of its chain fails with `follow/loop`. May be async, within `timeouts.callback`. Default none.
   *
   * The value of each request of the input is then a list: the items, or without `items` the values of all pages. Write
   * `schema` and `parseFunc` before it: they type the value that it gets.
   *
   * @example follow: ({ value }: OkOutcome<{ next?: string }>) => value.next // a URL, or nothing at the end
   * @example follow: ({ value }: OkOutcome<{ ids?: number[] }>) => value.ids?.map(id => `/users/${id}`)
   */
  follow?: { follow(outcome: OkOutcome<Page>, context: FollowContext): Next }['follow'] | undefined
  /**
   * Where the items of a page are: a JMESPath expression, or a function of its value. The value of a request is then
   * the list of its items over all pages, and each outcome of `stream()` has its `items`. Null or undefined means no
   * items. Anything else that is not a list fails with `follow/items`. A function types the items; those of an
   * expression are unknown. Default none.
   *
   * @example items: 'data.results'
   * @example schema: Results, items: page => page.results
   */
  items?: Text | { items(value: Page): List }['items'] | undefined
  /**
   * Requests all pages of each URL, by the style of the API: `'link'`, `'cursor'`, `'offset'`, `'page'`, `'odata'`,
   * `'json-api'`, `'mediawiki'`, `'elasticsearch'`, `'relay'` or `'auto'`; or an object with `style` and its fields.
   * The value is then a list, as with `follow`. Default none.
   *
   * Source of `'link'`: RFC 8288.
   *
   * @example paginate: 'link'
   * @example paginate: { style: 'cursor', next: 'meta.next_cursor', param: 'cursor', items: 'data' }
   */
  paginate?: Style | FieldsIn<Page, Text, List, Style> | undefined
  /**
   * With `items`: ends a request of the input at the first item for which it returns true; that item is left out.
   * Default none.
   *
   * @example schema: Results, items: page => page.results, until: repo => repo.stars < 100
   */
  until?: Until<ItemIn<List>> | undefined
}

/** `paginate` with its fields, from which types are inferred. */
type FieldsIn<Page, Text extends string, List, Style extends PageStyle> = PaginationPlaces & {
  style: Style
  items?: Text | { items(value: Page): List }['items'] | undefined
}

/** The same options in a call whose value type is asserted: that of a page. */
export type FollowAsserted<T> = { items?: undefined; until?: undefined } & (
  | { follow: Follow<T>; paginate?: undefined }
  | { follow?: Follow<T> | undefined; paginate: PagesOnly }
)

/** The same with `items`, whose type is asserted. */
export type ItemsAsserted<T> = { follow?: Follow | undefined; until?: Until<T> | undefined } & (
  | { items: Path<Items<T>>; paginate?: undefined }
  | { items: Path<Items<T>>; paginate: PagesOnly }
  | { items?: undefined; paginate: WithItems<T> }
)

type PagesOnly = PageStyle | (PaginationFields & { items?: undefined })
type WithItems<T> = PaginationFields & { items: Path<Items<T>> }

/** No follow-ups. */
export interface NoPages {
  follow?: undefined
  paginate?: undefined
  items?: undefined
  until?: undefined
}

/** What `follow` may return; `Unset` if there is none. */
export type NextOrUnset = FollowUps | PromiseLike<FollowUps> | Unset
/** What `items` may return; `Unset` if it is no function. */
export type ItemsOrUnset = Items | Unset

type ElementOf<List> = List extends readonly (infer Item)[] ? Item : never

/** Only `List` counts beside `Text`, which is `string` then. */
type ItemIn<List> = [List] extends [Unset] ? unknown : ElementOf<List>

/** The type of the items at a path: unknown for an expression. */
type ElementIn<Own> = Own extends (...args: never) => infer List ? ElementOf<List> : unknown

/** What the options of a call make of the value of a request. */
export type ListedBy<Next, Text, List, Style> = [Text, List] extends [never, Unset]
  ? [Next, Style] extends [Unset, never]
    ? Unset
    : Pages
  : [ItemIn<List>]

/** What a request makes of its value, with follow-ups of its own or those of the options. */
export type ListedOf<Item, Default extends Listed> = Item extends string | URL
  ? Default
  : Item extends { items: infer Own extends Path }
    ? [ElementIn<Own>]
    : Item extends { paginate: { items: infer Own extends Path } }
      ? [ElementIn<Own>]
      : Item extends { follow: Follow } | { paginate: Pagination }
        ? Default extends Unset
          ? Pages
          : Default
        : Default

/** Whether a request has follow-ups of its own. */
export type OwnPages = { follow: Follow } | { items: Path } | { paginate: Pagination }

/** The value of a request whose pages have values of the type `Page`. */
export type ListOf<Page, Mode extends Listed> = Mode extends Unset
  ? Page
  : Mode extends Pages
    ? Page[]
    : Mode extends readonly [infer Item]
      ? Item[]
      : never

/** The items of an outcome. */
export type OutcomeItem<Mode extends Listed> = Mode extends readonly [infer Item] ? Item : unknown

/** An entry of a flat list. */
export type Flat<Value> = Value extends readonly (infer Item)[] ? Item : Value
