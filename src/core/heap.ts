/**
 * Items by due time, earliest first. Each item remembers its own place, so that taking one out of the middle (which
 * is what nearly every request does with its deadline) costs a few steps instead of a search.
 */
export interface Due {
  /** Monotonic milliseconds. */
  dueAtMs: number
  /** Place in the heap; -1 when in none. Written by the heap only. */
  heapIndex: number
}

export class Heap<T extends Due> {
  readonly #items: T[] = []

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

  #up(item: T, from: number): void {
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = this.#items[parentIndex] as T
      if (parent.dueAtMs <= item.dueAtMs) break
      this.#place(parent, index)
      index = parentIndex
    }
    this.#place(item, index)
  }

  #down(item: T, from: number): void {
    let index = from
    for (;;) {
      let childIndex = 2 * index + 1
      let child = this.#items[childIndex]
      if (child === undefined) break
      const right = this.#items[childIndex + 1]
      if (right !== undefined && right.dueAtMs < child.dueAtMs) {
        child = right
        childIndex++
      }
      if (item.dueAtMs <= child.dueAtMs) break
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
