/** Several sinks as one: each gets everything, and what one of them cannot keep is told once. */
import type { Outcome, Sink } from '../../index.ts'

export function several(sinks: readonly Sink[]): Sink {
  const [only] = sinks
  if (sinks.length === 1 && only !== undefined) return only
  return {
    async write(outcome: Outcome) {
      const writes = await Promise.allSettled(sinks.map(async sink => sink.write(outcome)))
      raise(writes)
    },
    async close() {
      raise(await Promise.allSettled(sinks.map(async sink => sink.close())))
    },
  }
}

function raise(settled: readonly PromiseSettledResult<unknown>[]): void {
  const failed = settled.find(one => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
