/**
 * Pagination: how a style of pagination is described, and what it decides after each page. A style knows no requests: it
 * says how the request of the next page differs from that of the first one.
 */
import type { Fault } from './result.ts'

export const PAGE_STYLES = [
  'link',
  'cursor',
  'offset',
  'page',
  'odata',
  'json-api',
  'mediawiki',
  'elasticsearch',
  'relay',
  'auto',
] as const
/** A style of pagination. `'auto'` finds the style in the first page. */
export type PageStyle = (typeof PAGE_STYLES)[number]

/**
 * A JMESPath expression, or a function of the value of a page. Declared as a method, so that a caller may declare a
 * narrower type of the value.
 */
export type Path<T = unknown> = string | { of(value: unknown): T }['of']

/** The option `paginate`: a style of pagination by its name, or with its fields. */
export type Pagination = PageStyle | PaginationFields

/** Where an API has the parts of its pages. Each field has a default that depends on the style. */
export interface PaginationPlaces {
  /**
   * Where the cursor, the URL or the number of the next page is. Default: the usual places of the style; required with
   * `'cursor'`.
   */
  next?: Path | undefined
  /**
   * Name of the query field (or path in a JSON body) that takes the cursor, the offset or the page number. Default:
   * the usual name of the style.
   */
  param?: string | undefined
  /**
   * Where the number of all items is, or of all pages with the style `page`. Then pages are requested in parallel.
   * Default: pages are requested one after the other until one is short or empty.
   */
  total?: Path<number> | undefined
  /** Items per page, an integer ≥ 1. 0 and `Infinity` are a ConfigError. Default: that of the server. */
  size?: number | undefined
  /**
   * Name of the query field (or path in a JSON body) that takes the size. Default: the usual name of the style, if it
   * has one.
   */
  sizeParam?: string | undefined
}

/** How an API cuts its results into pages. */
export interface PaginationFields extends PaginationPlaces {
  /** The style of the API. `'auto'` finds it in the first page. */
  style: PageStyle
  /** Where the items of a page are: see the option `items`. Default none. */
  items?: Path<readonly unknown[] | null | undefined> | undefined
}

/** The option `paginate` after it has been read: every field that was not given is undefined. */
export interface PaginatePlan {
  readonly style: PageStyle
  /** The cursor, the URL or the number of the next page. */
  readonly next: Path | undefined
  /** Name of the query field (or path in a JSON body) that takes the cursor, the offset or the page number. */
  readonly param: string | undefined
  /** The number of all items, or of all pages with the style `page`. */
  readonly total: Path<number> | undefined
  /** Items per page. */
  readonly size: number | undefined
  /** Name of the query field (or path in a JSON body) that takes the size. */
  readonly sizeParam: string | undefined
}

export interface PageHeaders {
  /** All values of the header, joined by a comma; undefined if there is none. */
  get(name: string): string | undefined
}

/** A page, as a style of pagination sees it. */
export interface PageView {
  /** From 0, in the order of the items: the pages of a `rest` MUST be numbered on in the order of its `changes`. */
  readonly number: number
  /** The URL of the request. */
  readonly requestUrl: string
  /** The URL that answered: relative links are resolved against it. */
  readonly url: string
  readonly headers: PageHeaders
  readonly value: unknown
  /** The JSON body of the request; undefined if it has none. */
  readonly body: unknown
  /** The items of the page; undefined without a path to them, and if the path finds no list. */
  readonly items: readonly unknown[] | undefined
}

/** How the request of a page differs from that of the first page. */
export interface PageChange {
  /** The URL of the page, absolute, as the server has given it. */
  readonly url?: string
  /** Query fields of the first request's URL that are replaced; null removes one. Ignored beside `url`. */
  readonly query?: Readonly<Record<string, string | null>>
  /** The JSON body that replaces that of the first request. */
  readonly json?: unknown
}

/** Pages that may be requested in any order. */
export interface PageRest {
  readonly kind: 'rest'
  readonly count: number
  /** In the order of their items. */
  readonly changes: Iterable<PageChange>
}

/**
 * What comes after a page. `rest`: further pages that can be requested in any order. Its changes are made one at a time,
 * in the order of their items, because a server may announce any number of pages. `end`: nothing follows from this page;
 * other pages of its `rest` may be under way, and the last of them to arrive decides what follows.
 */
export type PageStep =
  | { readonly kind: 'end' }
  | { readonly kind: 'next'; readonly change: PageChange }
  | PageRest
  | Fault

/** Pages through one root. It has a state: what it has seen so far. */
export interface Paginator {
  /** What `'auto'` has found, as a sentence; undefined before the first page, and for any other style. */
  readonly detected: string | undefined
  /** MUST be called once for each page, in the order in which they arrive. MUST NOT throw. */
  after(page: PageView): PageStep
}

/** What the failure of a page says whose request was made from a page of an earlier run. */
export const OLD_CURSOR = 'its cursor comes from an earlier run and may have expired'
