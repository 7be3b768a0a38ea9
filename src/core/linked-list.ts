/** A doubly linked list: each item knows its neighbours, so that it can be removed from the middle without a search. */
export interface Link<T extends Link<T>> {
  /** The list that the item is in, and its neighbours there. Written only by the list. */
  list: LinkedList<T> | undefined
  before: T | undefined
  behind: T | undefined
}

export class LinkedList<T extends Link<T>> {
  #first: T | undefined
  #last: T | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  peek(): T | undefined {
    return this.#first
  }

  /** Adds the item at the end, and removes it from the list that it was in. */
  push(item: T): void {
    item.list?.remove(item)
    item.list = this
    item.before = this.#last
    item.behind = undefined
    if (this.#last === undefined) this.#first = item
    else this.#last.behind = item
    this.#last = item
    this.#size++
  }

  /**
   * Adds the item by rank, lowest first. O(1) for the highest rank, which is by far the most common; otherwise it
   * searches from the front.
   */
  insert(item: T, rankOf: (item: T) => number): void {
    const rank = rankOf(item)
    if (this.#last === undefined || rankOf(this.#last) <= rank) return this.push(item)
    let next = this.#first as T
    while (rankOf(next) <= rank) next = next.behind as T
    item.list?.remove(item)
    item.list = this
    item.before = next.before
    item.behind = next
    if (next.before === undefined) this.#first = item
    else next.before.behind = item
    next.before = item
    this.#size++
  }

  shift(): T | undefined {
    const first = this.#first
    if (first !== undefined) this.remove(first)
    return first
  }

  remove(item: T): void {
    if (item.list !== this) return
    const { before, behind } = item
    if (before === undefined) this.#first = behind
    else before.behind = behind
    if (behind === undefined) this.#last = before
    else behind.before = before
    item.list = item.before = item.behind = undefined
    this.#size--
  }
}
