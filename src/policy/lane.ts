/**
 * A Lane is one origin's share of the world: its own limits beside the global ones, and who waits for them.
 *
 * It answers "may the next one go?" and names the limit that says no, so that the gate can park the lane there instead
 * of asking every lane again.
 */
import type { Call } from '../core/call.ts'
import { formatDuration } from '../core/duration.ts'
import type { Limit } from './limit.ts'
import { pause } from './pause.ts'

export interface Blocked {
  readonly waitMs: number
  readonly by: Limit
}

export class Lane {
  readonly key: string
  readonly pause = pause()
  running = 0
  /** Throttled answers since the last good one: the back-off of the whole host. */
  throttles = 0
  readonly #limits: readonly Limit[]

  constructor(key: string, shared: readonly Limit[]) {
    this.key = key
    this.#limits = [this.pause, ...shared]
  }

  /** The key as people read it. */
  get host(): string {
    return this.key.replace(/^https?:\/\//, '')
  }

  /** The limit that blocks this call longest, or undefined when it may go now. */
  blockedBy(nowMs: number, call: Call): Blocked | undefined {
    let blocked: Blocked | undefined
    for (const limit of this.#limits) {
      const waitMs = limit.waitMs(nowMs, call)
      if (waitMs > 0 && (blocked === undefined || waitMs > blocked.waitMs)) blocked = { waitMs, by: limit }
    }
    return blocked
  }

  /** Takes from every limit in the same tick. */
  book(nowMs: number, call: Call): void {
    this.running++
    for (const limit of this.#limits) limit.book(nowMs, call)
  }

  release(call: Call): void {
    this.running--
    for (const limit of this.#limits) limit.release?.(call)
  }

  /** `api.example.com 3 running, 12 queued, paused 1.2s` */
  describe(nowMs: number, queued: number): string {
    const pausedMs = this.pause.waitMs(nowMs, undefined as never)
    const state = `${this.host} ${this.running} running, ${queued} queued`
    return pausedMs > 0 ? `${state}, paused ${formatDuration(pausedMs)}` : state
  }
}
