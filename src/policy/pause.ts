/**
 * A host that asked us to wait, as a Limit: nobody goes before its time. Then one goes alone; each good answer lets one
 * more go at once, so that those who waited come back in ones, twos and fours instead of as a herd that would only be
 * sent away again.
 */
import type { Limit } from './limit.ts'

export interface Pause extends Limit {
  readonly untilMs: number
  /** As far as the server itself has asked for it: who does not wait that long may be told so. */
  readonly firmUntilMs: number
  /** Never shortens a pause that is running. Not `firm`: it follows from what the server says of its quota. */
  extendTo(untilMs: number, firm?: boolean): void
  /** What is not firm ends then at the latest. */
  defer(untilMs: number): void
  /** An attempt is over. Only a good answer to one that went after the pause says that the host is back. */
  learn(startedAtMs: number, good: boolean): void
}

export function pause(): Pause {
  let untilMs = -Infinity
  let firmUntilMs = -Infinity
  let running = 0
  /** How many may be on their way at once; Infinity when the host has come back in full. */
  let allowed = Infinity
  /** As many as were on their way when it began: with these it is back. */
  let enough = 0
  return {
    waitsFor: 'pause',
    get untilMs() {
      return untilMs
    },
    get firmUntilMs() {
      return firmUntilMs
    },
    waitMs: nowMs => (nowMs < untilMs ? untilMs - nowMs : running < allowed ? 0 : Infinity),
    book: () => void running++,
    release: () => void running--,
    defer(newUntilMs) {
      untilMs = Math.min(untilMs, Math.max(firmUntilMs, newUntilMs))
    },
    extendTo(newUntilMs, firm = true) {
      if (firm) firmUntilMs = Math.max(firmUntilMs, newUntilMs)
      if (newUntilMs <= untilMs) return
      untilMs = newUntilMs
      if (allowed === Infinity) enough = running + 1
      // Those still on their way went before it: they are no part of what may go after it.
      allowed = running + 1
    },
    learn(startedAtMs, good) {
      if (allowed === Infinity) return
      if (startedAtMs < untilMs) allowed = Math.max(1, allowed - 1)
      else if (good && ++allowed > enough) allowed = Infinity
    },
    isIdle: nowMs => nowMs >= untilMs && running === 0,
  }
}
