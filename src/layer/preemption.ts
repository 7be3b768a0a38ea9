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
  readonly #isWanted: (byOthersThan: string) => boolean
  readonly #alarms: Alarms

  /** `isWanted` says whether there are too few places, and others than this lane want one. */
  constructor(newcomers: Newcomers, isWanted: (byOthersThan: string) => boolean, alarms: Alarms) {
    this.#newcomers = newcomers
    this.#isWanted = isWanted
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
    const silent = [...this.#newcomers.silent(nowMs)].filter(attempt => isConnecting(attempt))
    for (const { trip, call, giveWay } of silent) {
      if (!this.#isWanted(call.lane)) continue
      if (giveWay !== undefined) giveWay()
      else trip.interrupt(fault(PREEMPTED, 'gave its place to others while connecting'))
    }
    // Who may keep their places now may not when others come.
    const nextAtMs = Math.min(
      this.#newcomers.nextSilentAtMs(nowMs),
      silent.length > 0 ? nowMs + LOOK_AGAIN_MS : Infinity,
    )
    this.dueAtMs = Math.max(nowMs + 1, nextAtMs)
    this.#alarms.add(this)
  }

  /** Nobody is left to watch: an alarm that stayed would keep the process alive for nothing. */
  rest(): void {
    this.#alarms.remove(this)
  }
}

/** Or may be: who can give way knows better. Behind a proxy nobody knows whether it is the host that keeps silent. */
function isConnecting(attempt: Attempt): boolean {
  const { phase, sent, trip, giveWay } = attempt
  if (trip.place !== 'wire') return false
  if (attempt.proxy !== undefined) return false
  return giveWay !== undefined || (!sent && phase !== 'headers' && phase !== 'body')
}
