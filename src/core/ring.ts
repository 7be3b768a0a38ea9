/**
 * FIFO queue in a growing ring buffer: with 100,000 entries `Array.shift` takes microseconds, this takes nanoseconds.
 */
export class Ring<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(16)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    if (this.#size === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#size) & (this.#slots.length - 1)] = item
    this.#size++
  }

  /** Adds the item at the front, so that a retried attempt keeps its place in the queue. */
  unshift(item: T): void {
    if (this.#size === this.#slots.length) this.#grow()
    this.#head = (this.#head - 1) & (this.#slots.length - 1)
    this.#slots[this.#head] = item
    this.#size++
  }

  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#size--
    return item
  }

  peek(): T | undefined {
    return this.#size === 0 ? undefined : this.#slots[this.#head]
  }

  /** The item at this index, counted from the first one. */
  at(index: number): T | undefined {
    return index < 0 || index >= this.#size ? undefined : this.#slots[(this.#head + index) & (this.#slots.length - 1)]
  }

  /** Keeps the items for which `keep` is true, in their order. O(n), for rare events such as a pause or an abort. */
  filter(keep: (item: T) => boolean): void {
    const size = this.#size
    for (let i = 0; i < size; i++) {
      const item = this.shift() as T
      if (keep(item)) this.push(item)
    }
  }

  #grow(): void {
    const length = this.#slots.length
    const grown = new Array<T | undefined>(length * 2)
    for (let i = 0; i < this.#size; i++) grown[i] = this.#slots[(this.#head + i) & (length - 1)]
    this.#slots = grown
    this.#head = 0
  }
}
