/** The real clock: monotonic time from `performance`, timers from Node. */
import type { Clock } from '../core/ports.ts'

/** Node turns a longer delay into 1 ms, so a distant deadline would pass at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after(delayMs, callback) {
    const dueAtMs = performance.now() + delayMs
    const fire = (): void => {
      const leftMs = dueAtMs - performance.now()
      if (leftMs <= 0) callback()
      // Timers count whole milliseconds from the loop's cached time and may wake a fraction early.
      else id = setTimeout(fire, Math.min(Math.ceil(leftMs), MAX_DELAY_MS))
    }
    let id = setTimeout(fire, Math.min(Math.ceil(Math.max(0, delayMs)), MAX_DELAY_MS))
    return { cancel: () => clearTimeout(id) }
  },
}
