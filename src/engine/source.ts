/** Any input as one way to ask for the next item; arrays also say how many there are. */

export type Pulled = IteratorResult<unknown, unknown>

export interface Source {
  /** Items in all, when that is known before the first pull. */
  readonly size: number | undefined
  pull(): Pulled | Promise<Pulled>
  /** No more pulls will come: the input may clean up. Errors of that are the input's own. */
  close(): void
}

export function isIterable(input: unknown): input is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof input === 'object' && input !== null && (Symbol.iterator in input || Symbol.asyncIterator in input)
}

export function toSource(input: Iterable<unknown> | AsyncIterable<unknown>): Source {
  const iterator = Symbol.asyncIterator in input ? input[Symbol.asyncIterator]() : input[Symbol.iterator]()
  return {
    size: Array.isArray(input) ? input.length : undefined,
    pull: () => iterator.next(),
    close() {
      // A generator that is waiting inside would answer only when it wakes; nobody waits for that.
      void Promise.resolve(iterator.return?.()).catch(() => undefined)
    },
  }
}
