/** Any input as one way to ask for the next item; arrays also say how many there are. */

export type Pulled = IteratorResult<unknown, unknown>

export interface Source {
  /** Items in all, when that is known before the first pull. */
  readonly size: number | undefined
  /** Items worth holding ready, because the next one may take its time to come. */
  readonly lookAhead: number
  pull(): Pulled | Promise<Pulled>
  /** No more pulls will come: the input may clean up. Errors of that are the input's own. */
  close(): void
}

export function isIterable(input: unknown): input is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof input === 'object' && input !== null && (Symbol.iterator in input || Symbol.asyncIterator in input)
}

const ASYNC_LOOK_AHEAD = 16

export function toSource(input: Iterable<unknown> | AsyncIterable<unknown>): Source {
  const isAsync = Symbol.asyncIterator in input
  const iterator = isAsync ? input[Symbol.asyncIterator]() : input[Symbol.iterator]()
  return {
    lookAhead: isAsync ? ASYNC_LOOK_AHEAD : 0,
    size: Array.isArray(input) ? input.length : undefined,
    pull: () => iterator.next(),
    close() {
      try {
        // A generator that is waiting inside would answer only when it wakes; nobody waits for that.
        void Promise.resolve(iterator.return?.()).catch(() => undefined)
      } catch {
        // Its clean-up threw, or it is running right now: no reason to keep anybody from their outcomes.
      }
    },
  }
}
