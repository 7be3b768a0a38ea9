/** Pages that were asked for together and arrive in any order. What follows is decided when the last one is there. */

export class Round<T> {
  readonly #from: number
  readonly #pages = new Map<number, T>()
  readonly count: number

  /** @param from the number of its first page */
  constructor(from: number, count: number) {
    this.#from = from
    this.count = count
  }

  /** The number of the page behind this round. */
  get end(): number {
    return this.#from + this.count
  }

  get isComplete(): boolean {
    return this.#pages.size >= this.count
  }

  add(number: number, page: T): void {
    this.#pages.set(number - this.#from, page)
  }

  /** In the order of the items, once the round is complete. */
  *inOrder(): Generator<T> {
    for (let at = 0; at < this.count; at++) yield this.#pages.get(at) as T
  }
}
