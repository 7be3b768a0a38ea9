/** A template cannot be filled with this row. Only the request of this row fails. */
export class RowProblem extends Error {
  static {
    this.prototype.name = 'RowProblem'
  }
  /** The part of the code after `invalid_request/`. */
  readonly detail: 'template' | 'url'
  /** The URL as far as it was filled. */
  readonly url: string

  constructor(message: string, detail: 'template' | 'url', url = '') {
    super(message)
    this.detail = detail
    this.url = url
  }
}
