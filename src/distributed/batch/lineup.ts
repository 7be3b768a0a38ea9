/**
 * Lets the chunks of a worker begin one after the other: the next when all requests of the one before have been taken, or
 * after a while, because those may wait for a host. A free slot is offered to each chunk that has begun, so many at once
 * make every request more expensive.
 */
export class Lineup {
  readonly #patienceMs: number
  #last: Promise<void> = Promise.resolve()

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  /** Resolves when it is the turn of the caller, who calls the result when the next one may begin. */
  async turn(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    const timer = setTimeout(resolve, this.#patienceMs)
    return () => {
      clearTimeout(timer)
      resolve()
    }
  }
}
