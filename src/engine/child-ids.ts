/**
 * Identities of requests that are found while a run is under way: `<parent>/<n>`, where n counts from 1 in the order in
 * which the parent yields them. A parent that yields the same requests in the same order gives them the same identities in
 * every run, so that a run file knows them again.
 */
export class ChildIds {
  readonly #counts = new Map<string, number>()
  readonly #isTaken: (id: string) => boolean

  /** @param isTaken a key may look like a child of another key: `a/1` beside `a` */
  constructor(isTaken: (id: string) => boolean = () => false) {
    this.#isTaken = isTaken
  }

  /** The identity of the next request that was found in `parent`, the identity of a request of this run. */
  next(parent: string): string {
    for (let count = (this.#counts.get(parent) ?? 0) + 1; ; count++) {
      const id = `${parent}/${count}`
      if (this.#isTaken(id)) continue
      this.#counts.set(parent, count)
      return id
    }
  }

  /** Forgets the count of a parent that yields no more. */
  end(parent: string): void {
    this.#counts.delete(parent)
  }
}
