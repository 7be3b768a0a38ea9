/** The first requests of an input, its ranges expanded. Nothing more is read for the one after the last. */
import type { Jobs } from './jobs.ts'
import { partial } from '../../client/partial.ts'

export function limited(jobs: Jobs, most = Infinity): Jobs {
  if (most === Infinity) return jobs
  const { total } = jobs
  return partial({
    ...jobs,
    total: total === undefined ? undefined : Math.min(total, most),
    [Symbol.asyncIterator]() {
      const inner = jobs[Symbol.asyncIterator]()
      let left = most
      return {
        next: (() => {
          if (left-- > 0) return inner.next()
          // Whoever still writes may go.
          jobs.close()
          return { done: true, value: undefined }
        }) as typeof inner.next,
        return: async () => (await inner.return?.()) ?? { done: true, value: undefined },
      }
    },
  })
}
