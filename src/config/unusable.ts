/**
 * An item that its reader could not turn into a request, with the problem. It fails alone, in its place in the results.
 */
export class Unusable {
  readonly problem: string
  /** The part of its URL that is known. */
  readonly url: string
  readonly meta: unknown
  /** The second half of its code, `invalid_request/…`. */
  readonly detail: 'input' | 'template' | 'url'

  constructor(problem: string, url: string, meta: unknown, detail: Unusable['detail'] = 'input') {
    this.problem = problem
    this.url = url
    this.meta = meta
    this.detail = detail
  }
}
