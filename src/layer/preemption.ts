/**
 * Takes back the places of hosts that keep silent while we connect to them, when others have none: nothing has been
 * sent, so nothing is lost but the time, and the request tries again among those that are hard to reach. A batch with a
 * hundred dead hosts would else wait for their timeouts.
 */
import type { Alarm, Alarms } from './alarms.ts'
import type { Attempt } from '../core/attempt.ts'
import { PREEMPTED, fault } from '../core/result.ts'
import type { Newcomers } from '../policy/newcomers.ts'

/** Between two looks while there are places for all. */
const LOOK_AGAIN_MS = 250

export class Preemption implements Alarm {
  dueAtMs = Infinity
  heapIndex = -1
  readonly #newcomers: Newcomers
  readonly #isScarce: () => boolean
  readonly #alarms: Alarms

  /** `isScarce` says whether there are too few places for all who want one. */
  constructor(newcomers: Newcomers, isScarce: () => boolean, alarms: Alarms) {
    this.#newcomers = newcomers
    this.#isScarce = isScarce
    this.#alarms = alarms
  }

  /** A newcomer has been let in. */
  watch(nowMs: number): void {
    if (this.heapIndex !== -1) return
    this.dueAtMs = nowMs + this.#newcomers.silentMs
    this.#alarms.add(this)
  }

  /** They turned out to answer sooner than was thought, perhaps: who has not is noticed sooner, too. */
  hasten(nowMs: number): void {
    if (this.heapIndex === -1) return
    const dueAtMs = this.#newcomers.nextSilentAtMs(nowMs)
    if (dueAtMs >= this.dueAtMs) return
    this.#alarms.remove(this)
    this.dueAtMs = dueAtMs
    this.#alarms.add(this)
  }

  ring(nowMs: number): void {
    const isScarce = this.#isScarce()
    if (isScarce) {
      const silent = [...this.#newcomers.silent(nowMs)].filter(attempt => isConnecting(attempt))
      for (const { trip } of silent) trip.interrupt(fault(PREEMPTED, 'gave its place to others while connecting'))
    }
    // Who may keep their places now may not when others come.
    const nextAtMs = Math.min(this.#newcomers.nextSilentAtMs(nowMs), isScarce ? Infinity : nowMs + LOOK_AGAIN_MS)
    this.dueAtMs = Math.max(nowMs + 1, nextAtMs)
    this.#alarms.add(this)
  }

  /** Nobody is left to watch: an alarm that stayed would keep the process alive for nothing. */
  rest(): void {
    this.#alarms.remove(this)
  }
}

function isConnecting({ phase, sent, trip }: Attempt): boolean {
  return !sent && phase !== 'headers' && phase !== 'body' && trip.place === 'wire'
}
