/**
 * A binary heap: items by rank, lowest first (alarms by their time, lanes by their ticket). Each item stores its index,
 * so that removing one from the middle takes O(log n). Nearly every request removes its deadline in this way.
 */
export interface Ranked {
  /** Index in the heap; -1 if it is in none. Written only by the heap. */
  heapIndex: number
}

export interface Due extends Ranked {
  /** Monotonic milliseconds. */
  dueAtMs: number
}

export const byDueTime = ({ dueAtMs }: Due): number => dueAtMs

export class Heap<T extends Ranked> {
  readonly #items: T[] = []
  readonly #rankOf: (item: T) => number

  /** The rank of an item MUST NOT change while it is in the heap. */
  constructor(rankOf: (item: T) => number) {
    this.#rankOf = rankOf
  }

  get size(): number {
    return this.#items.length
  }

  peek(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    this.#items.push(item)
    this.#up(item, this.#items.length - 1)
  }

  remove(item: T): void {
    const index = item.heapIndex
    if (index < 0) return
    item.heapIndex = -1
    const last = this.#items.pop() as T
    if (last === item) return
    this.#up(last, index)
    this.#down(last, last.heapIndex)
  }

  /** All items: the lowest first, the others in no particular order. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]()
  }

  #up(item: T, from: number): void {
    const rank = this.#rankOf(item)
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#items[parentIndex] as T
      if (this.#rankOf(parent) <= rank) break
      this.#place(parent, index)
      index = parentIndex
    }
    this.#place(item, index)
  }

  #down(item: T, from: number): void {
    const rank = this.#rankOf(item)
    let index = from
    for (;;) {
      let childIndex = 2 * index + 1
      let child = this.#items[childIndex]
      if (child === undefined) break
      const right = this.#items[childIndex + 1]
      if (right !== undefined && this.#rankOf(right) < this.#rankOf(child)) {
        child = right
        childIndex++
      }
      if (rank <= this.#rankOf(child)) break
      this.#place(child, index)
      index = childIndex
    }
    this.#place(item, index)
  }

  #place(item: T, index: number): void {
    this.#items[index] = item
    item.heapIndex = index
  }
}
