/**
 * Identities of requests that are discovered while a run is under way: `<parent>/<n>`, where n counts from 1 in the
 * order in which the parent yields them. A parent that yields the same requests in the same order gives them the same
 * identities in every run, so a run file recognises them.
 */
export class ChildIds {
  readonly #counts = new Map<string, number>()
  readonly #isTaken: (id: string) => boolean

  /** @param isTaken a key may look like a child of another key: `a/1` beside `a` */
  constructor(isTaken: (id: string) => boolean = () => false) {
    this.#isTaken = isTaken
  }

  /** The identity of the next request that `parent` yields. `parent` is the identity of a request of this run. */
  next(parent: string): string {
    for (let count = (this.#counts.get(parent) ?? 0) + 1; ; count++) {
      const id = `${parent}/${count}`
      if (this.#isTaken(id)) continue
      this.#counts.set(parent, count)
      return id
    }
  }

  /** Forgets the count of a parent that has yielded its last request. */
  end(parent: string): void {
    this.#counts.delete(parent)
  }
}
