/** Why a template cannot be filled with a row. Only that row fails. */
export class RowProblem extends Error {
  static {
    this.prototype.name = 'RowProblem'
  }
  /** The second half of `invalid_request/…`. */
  readonly detail: 'template' | 'url'
  /** The URL as far as it could be filled. */
  readonly url: string

  constructor(message: string, detail: 'template' | 'url', url = '') {
    super(message)
    this.detail = detail
    this.url = url
  }
}
