/** An input that knows whether it has been read to its end. */
import type { Jobs } from './jobs.ts'
import { isThenable } from '../../core/callback.ts'

export interface Watched {
  readonly jobs: Jobs
  readonly isAtEnd: boolean
  /** The number of requests that were read. */
  readonly count: number
}

export function watched(jobs: Jobs): Watched {
  let isAtEnd = false
  let count = 0
  const seen = <T extends { readonly done?: boolean | undefined }>(one: T): T => {
    if (one.done === true) isAtEnd = true
    else count++
    return one
  }
  return {
    get isAtEnd() {
      return isAtEnd
    },
    get count() {
      return count
    },
    jobs: {
      ...jobs,
      [Symbol.asyncIterator]() {
        const inner = jobs[Symbol.asyncIterator]()
        type Next = ReturnType<typeof inner.next>
        return {
          // Most items come without a promise; keep it that way.
          next: (() => {
            const one = inner.next() as Next | Awaited<Next>
            return isThenable(one) ? one.then(seen) : seen(one)
          }) as typeof inner.next,
          return: async () => (await inner.return?.()) ?? { done: true, value: undefined },
        }
      },
    },
  }
}
