/** Combines several sinks: each gets every outcome, and a failure of one is reported once. */
import { isThenable } from '../../core/callback.ts'
import type { Outcome, Sink } from '../../index.ts'

export function several(sinks: readonly Sink[]): Sink {
  const [only] = sinks
  if (sinks.length === 1 && only !== undefined) return only
  return {
    write(outcome: Outcome) {
      let writes: Promise<unknown>[] | undefined
      for (const sink of sinks) {
        const write = startOf(sink, outcome)
        if (write !== undefined) (writes ??= []).push(write)
      }
      return writes && allOf(writes)
    },
    async close() {
      await allOf(sinks.map(async sink => sink.close()))
    },
  }
}

/** A throw of one sink does not keep the outcome from the next one. */
function startOf(sink: Sink, outcome: Outcome): Promise<unknown> | undefined {
  try {
    const write: unknown = sink.write(outcome)
    return isThenable(write) ? (write as Promise<unknown>) : undefined
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Waits for all writes, also if one fails. */
async function allOf(writes: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(writes)).find(one => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
