/** A host that asked us to wait, as a Limit: nobody goes before its time. */
import type { Limit } from './limit.ts'

export interface Pause extends Limit {
  readonly untilMs: number
  /** Never shortens a pause that is running. */
  extendTo(untilMs: number): void
}

export function pause(): Pause {
  let untilMs = -Infinity
  return {
    waitsFor: 'pause',
    get untilMs() {
      return untilMs
    },
    waitMs: nowMs => Math.max(0, untilMs - nowMs),
    book: () => undefined,
    extendTo(newUntilMs) {
      untilMs = Math.max(untilMs, newUntilMs)
    },
  }
}
