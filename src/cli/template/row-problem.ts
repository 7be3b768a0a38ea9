/** A row that its template cannot be filled with: it fails alone, with this as its reason. */
export class RowProblem extends Error {
  static {
    this.prototype.name = 'RowProblem'
  }
  /** The second half of `invalid_request/…`. */
  readonly detail: 'template' | 'url'
  /** As far as it was filled in. */
  readonly url: string

  constructor(message: string, detail: 'template' | 'url', url = '') {
    super(message)
    this.detail = detail
    this.url = url
  }
}
