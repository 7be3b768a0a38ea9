/** Times in order, as bare numbers in a growing ring buffer: an array would hold an object for each of them. */
export class Times {
  #slots = new Float64Array(16)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The earliest time; undefined without one. */
  get first(): number | undefined {
    return this.at(0)
  }

  /** The time at this index, counted from the earliest. */
  at(index: number): number | undefined {
    return index < this.#size ? this.#slots[this.#slotOf(index)] : undefined
  }

  /** Removes the earliest time. */
  shift(): void {
    if (this.#size === 0) return
    this.#head = this.#slotOf(1)
    this.#size--
  }

  /** Adds a time, which is mostly one of the latest. */
  insert(time: number): void {
    if (this.#size === this.#slots.length) this.#grow()
    let at = this.#size++
    for (; at > 0 && (this.at(at - 1) as number) > time; at--) {
      this.#slots[this.#slotOf(at)] = this.at(at - 1) as number
    }
    this.#slots[this.#slotOf(at)] = time
  }

  #slotOf(index: number): number {
    return (this.#head + index) & (this.#slots.length - 1)
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#slots.length)
    for (let i = 0; i < this.#size; i++) grown[i] = this.at(i) as number
    this.#slots = grown
    this.#head = 0
  }
}
