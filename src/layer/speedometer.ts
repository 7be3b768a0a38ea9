/**
 * Is a body too slow? Looks now and then at how much has come, and compares with the look of one window ago. Knows no
 * timers: who asks says what time it is.
 */
import type { SpeedPlan } from '../core/call.ts'

/** Looks per window: a body that slows down is found out at most a window and two of these later. */
const LOOKS = 5

/** How often to look; Infinity for never. */
export function stepMs({ bytesPerSecond, overMs }: SpeedPlan): number {
  return bytesPerSecond === 0 ? Infinity : overMs / LOOKS
}

export class Speedometer {
  readonly #plan: SpeedPlan
  /** Times and counts, the oldest first; all but the first are younger than a window. */
  readonly #looks: { readonly atMs: number; readonly bytes: number }[] = []

  constructor(plan: SpeedPlan) {
    this.#plan = plan
  }

  /** @param nowMs on a clock that stands still when the body is not read */
  isTooSlow(nowMs: number, bytes: number): boolean {
    const { bytesPerSecond, overMs } = this.#plan
    const looks = this.#looks
    looks.push({ atMs: nowMs, bytes })
    while (looks[1] !== undefined && nowMs - looks[1].atMs >= overMs) looks.shift()
    const [first = { atMs: nowMs, bytes }] = looks
    const elapsedMs = nowMs - first.atMs
    return elapsedMs >= overMs && bytes - first.bytes < (bytesPerSecond * elapsedMs) / 1_000
  }
}
