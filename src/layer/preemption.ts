/**
 * Takes back the places of hosts that keep silent while we connect to them, when others have none: nothing has been
 * sent, so nothing is lost but the time, and the request tries again among those that are hard to reach. A batch with a
 * hundred dead hosts would else wait for their timeouts. Those that are known to be silent give back what they hold
 * beyond their part: they were let in when nobody else wanted it.
 */
import type { Alarm, Alarms } from './alarms.ts'
import type { Attempt } from '../core/attempt.ts'
import { PREEMPTED, fault } from '../core/result.ts'
import type { Standing } from '../core/standing.ts'
import type { Shares } from '../policy/standing.ts'

/** What it needs to know of a lane. */
interface Guarded {
  readonly standing: Standing
}

/** Between two looks while there are places for all. */
const LOOK_AGAIN_MS = 250

export class Preemption implements Alarm {
  dueAtMs = Infinity
  heapIndex = -1
  readonly #shares: Shares
  readonly #isWanted: (byOthersThan: string) => boolean
  readonly #alarms: Alarms
  /** Attempts under way at hosts that had not proven themselves, oldest first, and what their hosts were. */
  readonly #watched = new Map<Attempt, { readonly lane: Guarded; readonly wasNew: boolean }>()

  /** `isWanted` says whether there are too few places, and others than this lane want one. */
  constructor(shares: Shares, isWanted: (byOthersThan: string) => boolean, alarms: Alarms) {
    this.#shares = shares
    this.#isWanted = isWanted
    this.#alarms = alarms
  }

  /** An attempt at a host that has not proven itself has been let in. */
  watch(attempt: Attempt, lane: Guarded, nowMs: number): void {
    this.#watched.set(attempt, { lane, wasNew: lane.standing === 'new' })
    if (this.heapIndex !== -1) return
    this.dueAtMs = nowMs + this.#shares.new.silentMs
    this.#alarms.add(this)
  }

  /** An alarm that stayed when nobody is left to watch would keep the process alive for nothing. */
  leave(attempt: Attempt): void {
    if (this.#watched.size === 0) return
    this.#watched.delete(attempt)
    if (this.#watched.size === 0) this.#alarms.remove(this)
  }

  /** They turned out to answer sooner than was thought, perhaps: who has not is noticed sooner, too. */
  hasten(nowMs: number): void {
    if (this.heapIndex === -1) return
    const dueAtMs = this.#shares.new.nextSilentAtMs(nowMs)
    if (dueAtMs >= this.dueAtMs) return
    this.#alarms.remove(this)
    this.dueAtMs = dueAtMs
    this.#alarms.add(this)
  }

  ring(nowMs: number): void {
    const { new: newcomers, silent } = this.#shares
    const first: Attempt[] = []
    const known: Attempt[] = []
    let excess = silent.excess()
    let nextAtMs = Infinity
    for (const [attempt, { lane, wasNew }] of this.#watched) {
      const silentAtMs = attempt.admittedAtMs + newcomers.silentMs
      if (lane.standing === 'proven') {
        this.#watched.delete(attempt)
        continue
      }
      if (silentAtMs > nowMs) {
        nextAtMs = silentAtMs
        break
      }
      if (!isConnecting(attempt)) continue
      if (!wasNew) known.push(attempt)
      else {
        // Also when another one of its lane has found out meanwhile that the host is silent.
        first.push(attempt)
        if (lane.standing === 'silent') excess--
      }
    }
    this.#takeBack(first)
    // Who has tried for longest keeps the part that they have at all times: somebody must get to an end.
    this.#takeBack(known.slice(known.length - Math.min(known.length, Math.max(0, excess))))
    // Who may keep their places now may not when others come.
    if (first.length + known.length > 0) nextAtMs = Math.min(nextAtMs, nowMs + LOOK_AGAIN_MS)
    this.dueAtMs = Math.max(nowMs + 1, nextAtMs)
    this.#alarms.add(this)
  }

  #takeBack(attempts: readonly Attempt[]): void {
    for (const { trip, call, preempt } of attempts) {
      if (!this.#isWanted(call.lane)) continue
      if (preempt !== undefined) preempt()
      else trip.interrupt(fault(PREEMPTED, 'gave its place to others while connecting'))
    }
  }
}

/** Or may be: who can give way knows better. Behind a proxy nobody knows whether it is the host that keeps silent. */
function isConnecting(attempt: Attempt): boolean {
  const { phase, sent, trip, preempt } = attempt
  if (trip.place !== 'wire') return false
  if (attempt.proxy !== undefined) return false
  return preempt !== undefined || (!sent && phase !== 'headers' && phase !== 'body')
}
