/** The first requests of an input, counted after ranges are expanded. Does not read beyond the last one. */
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
          // Lets the writer of a pipe end.
          jobs.close()
          return { done: true, value: undefined }
        }) as typeof inner.next,
        return: async () => (await inner.return?.()) ?? { done: true, value: undefined },
      }
    },
  })
}
