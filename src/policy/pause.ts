/**
 * The pause of a host that asked us to wait, as a Limit. After the pause one request goes alone. Each good answer
 * allows one more in flight, so the queue resumes in ones, twos and fours instead of as a herd that would only be
 * throttled again.
 */
import type { Limit } from './limit.ts'

export interface PauseLimit extends Limit {
  readonly untilMs: number
  /** The part of the pause that the server itself asked for. Requests that cannot wait that long may fail. */
  readonly firmUntilMs: number
  /** Never shortens a running pause. `firm`: the server asked for it; otherwise it follows from a quota header. */
  extendTo(untilMs: number, firm?: boolean): void
  /** Ends the part of the pause that is not firm at this time at the latest. */
  defer(untilMs: number): void
  /** An attempt has ended. Only a good answer to an attempt sent after the pause shows that the host is back. */
  learn(startedAtMs: number, good: boolean): void
}

export function pause(): PauseLimit {
  let untilMs = -Infinity
  let firmUntilMs = -Infinity
  let running = 0
  /** How many may be in flight at once; Infinity when the host has recovered. */
  let allowed = Infinity
  /** The number in flight when the pause began. Once this many are allowed, the host has recovered. */
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
      // Attempts still in flight were sent before the pause, so they do not use what is allowed after it.
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
