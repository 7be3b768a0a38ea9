/** An item of an input that its reader knows to be no request, and what is wrong with it: it fails alone, in its place. */
export class Unusable {
  readonly problem: string
  /** As much of it as can be told. */
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
