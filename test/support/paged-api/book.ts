/** The items of a paged API, cut into pages, with what may go wrong while they are read. */

export interface Item {
  readonly id: string
  /** Position among all items, from 0. */
  readonly n: number
}

export interface PagedOptions {
  /** Number of items. Default 25. */
  readonly items?: number
  /** Items per page if the request does not say. Default 10. */
  readonly size?: number
  /** The most items per page, whatever the request says. Default 10. */
  readonly maxSize?: number
  /** Ends with one more page, which is empty, as APIs do that look for more items only when they are asked. */
  readonly emptyEnd?: boolean
  /** This page (from 0) is empty, and there are others behind it. Only where a server names its next page itself. */
  readonly emptyAt?: number
  /** This page fails with 503, so many times; Infinity = always. */
  readonly fail?: { readonly page: number; readonly times: number }
  /** This page names itself as the next one. */
  readonly repeatAt?: number
  /** When this page is asked for first, there are so many items more. */
  readonly grow?: { readonly page: number; readonly by: number }
  /** Pages behind the first are answered when so many requests are open: shows that they are asked for together. */
  readonly holdUntil?: number
  /** The cursor of this page has expired. */
  readonly expiredAt?: number
}

export class Book {
  readonly #options: PagedOptions
  #count: number
  #failures = 0
  #grown = false

  constructor(options: PagedOptions) {
    this.#options = options
    this.#count = options.items ?? 25
  }

  get total(): number {
    return this.#count
  }

  sizeOf(asked: unknown): number {
    const { size = 10, maxSize = 10 } = this.#options
    const wanted = Number(asked)
    return Math.min(maxSize, Number.isInteger(wanted) && wanted > 0 ? wanted : size)
  }

  slice(from: number, size: number): readonly Item[] {
    const length = Math.max(0, Math.min(size, this.#count - from))
    return Array.from({ length }, (_, at) => ({ id: `it_${from + at}`, n: from + at }))
  }

  /** The page at this place, and whether there is another one behind it. */
  page(page: number, size: number): { readonly items: readonly Item[]; readonly next: number | undefined } {
    const { emptyAt, emptyEnd = false, repeatAt } = this.#options
    const before = emptyAt !== undefined && page > emptyAt ? page - 1 : page
    const items = page === emptyAt ? [] : this.slice(before * size, size)
    const end = page === emptyAt ? before * size : before * size + items.length
    const isLast = emptyEnd ? items.length === 0 && page !== emptyAt : end >= this.#count
    return { items, next: page === repeatAt ? page : isLast ? undefined : page + 1 }
  }

  /** What happens before this page is answered. */
  trouble(page: number): 'failed' | 'expired' | undefined {
    const { fail, grow, expiredAt } = this.#options
    if (grow?.page === page && !this.#grown) {
      this.#grown = true
      this.#count += grow.by
    }
    if (fail?.page === page && this.#failures++ < fail.times) return 'failed'
    return page === expiredAt ? 'expired' : undefined
  }
}

/** Opaque, as APIs want their cursors to be. */
export const tokenOf = (page: number): string => Buffer.from(`page:${page}`).toString('base64')

/** Undefined if the token is not one of ours. */
export function pageOf(token: string): number | undefined {
  const page = /^page:(\d+)$/.exec(Buffer.from(token, 'base64').toString())?.[1]
  return page === undefined ? undefined : Number(page)
}
