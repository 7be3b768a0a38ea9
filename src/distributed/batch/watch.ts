/** Follows a batch until nothing more happens to it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isOfRedis } from './broker.ts'
import type { Broker } from './broker.ts'
import { statusOf } from './control.ts'
import type { BatchStatus } from './control.ts'

const LOOK_MS = 1_000

/** The status once a second, the last one included. Redis may be away in between, but not at the start. */
export async function* watchBatch(
  broker: Broker,
  batch: string,
  signal?: AbortSignal,
): AsyncGenerator<BatchStatus, void> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      const status = await statusOf(broker, batch)
      yield status
      if (isSettled(status)) return
    } catch (error) {
      if (isFirst || !isOfRedis(error)) throw error
    }
    try {
      await sleep(LOOK_MS, undefined, { signal })
    } catch {
      return
    }
  }
}

/** Done, cancelled, or nothing is left but chunks that could not be run. */
export function isSettled({ state, active, waiting, stuck }: BatchStatus): boolean {
  if (state === 'done') return true
  if (active > 0) return false
  return state === 'cancelled' || (state === 'running' && waiting === 0 && stuck > 0)
}
