/**
 * Whether a body is too slow. Samples the number of bytes now and then, and compares with the sample of one window ago.
 * Has no timer: the caller passes the time.
 */
import type { SpeedPlan } from '../core/call.ts'

/** Samples per window. A body that slows down is noticed at most one window and two samples later. */
const LOOKS = 5

/** Milliseconds between two samples; Infinity for never. */
export function stepMs({ bytesPerSecond, overMs }: SpeedPlan): number {
  return bytesPerSecond === 0 ? Infinity : overMs / LOOKS
}

export class Speedometer {
  readonly #plan: SpeedPlan
  /** Samples, oldest first. All but the first are younger than one window. */
  readonly #looks: { readonly atMs: number; readonly bytes: number }[] = []

  constructor(plan: SpeedPlan) {
    this.#plan = plan
  }

  /**
   * @param nowMs on a clock that stops while the body is not read
   */
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
