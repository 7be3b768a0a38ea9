/**
 * Takes slots back from hosts that stay silent while we connect to them, if other hosts have too few. Nothing has been
 * sent, so only time is lost, and the request is retried among the hosts that are hard to reach. Otherwise a batch with
 * a hundred dead hosts would wait for their timeouts. Hosts known to be silent give back what they hold beyond their
 * share, which they got while no other host wanted it.
 */
import type { Alarm, Alarms } from './alarms.ts'
import type { Attempt } from '../core/attempt.ts'
import { PREEMPTED, fault } from '../core/result.ts'
import type { Standing } from '../core/standing.ts'
import type { Shares } from '../policy/standing.ts'

/** The part of a lane that is needed here. */
interface PreemptionLane {
  readonly standing: Standing
}

/** Time between two checks while there are slots for all. */
const LOOK_AGAIN_MS = 250

export class Preemption implements Alarm {
  dueAtMs = Infinity
  heapIndex = -1
  readonly #shares: Shares
  readonly #isWanted: (byOthersThan: string) => boolean
  readonly #alarms: Alarms
  /** Attempts in flight to hosts that were not proven, oldest first, and what the hosts were then. */
  readonly #watched = new Map<Attempt, { readonly lane: PreemptionLane; readonly wasNew: boolean }>()

  /** `isWanted` says whether slots are scarce and a lane other than the given one wants one. */
  constructor(shares: Shares, isWanted: (byOthersThan: string) => boolean, alarms: Alarms) {
    this.#shares = shares
    this.#isWanted = isWanted
    this.#alarms = alarms
  }

  /** An attempt to an unproven host was admitted. */
  watch(attempt: Attempt, lane: PreemptionLane, nowMs: number): void {
    this.#watched.set(attempt, { lane, wasNew: lane.standing === 'new' })
    if (this.heapIndex !== -1) return
    this.dueAtMs = nowMs + this.#shares.new.silentMs
    this.#alarms.add(this)
  }

  /** Stops watching the attempt. Without attempts the alarm is removed, because it would keep the process alive. */
  leave(attempt: Attempt): void {
    if (this.#watched.size === 0) return
    this.#watched.delete(attempt)
    if (this.#watched.size === 0) this.#alarms.remove(this)
  }

  /** New hosts answer sooner than assumed, so silent ones are noticed sooner as well. */
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
        // Even if another attempt of its lane has found out meanwhile that the host is silent.
        first.push(attempt)
        if (lane.standing === 'silent') excess--
      }
    }
    this.#takeBack(first)
    // The oldest attempts keep the silent hosts' share, so that some of them come to an end.
    this.#takeBack(known.slice(known.length - Math.min(known.length, Math.max(0, excess))))
    // Attempts that may keep their slots now must give them back when other lanes want them.
    if (first.length + known.length > 0) nextAtMs = Math.min(nextAtMs, nowMs + LOOK_AGAIN_MS)
    this.dueAtMs = Math.max(nowMs + 1, nextAtMs)
    this.#alarms.add(this)
  }

  #takeBack(attempts: readonly Attempt[]): void {
    for (const { trip, call, preempt } of attempts) {
      if (!this.#isWanted(call.lane)) continue
      if (preempt !== undefined) preempt()
      else trip.cancelSlot.interrupt(fault(PREEMPTED, 'gave its slot to another host while connecting'))
    }
  }
}

/**
 * Whether it is connecting, or may be: a transport with `preempt` knows better. Behind a proxy it is unknown whether
 * the host is silent.
 */
function isConnecting(attempt: Attempt): boolean {
  const { phase, sent, trip, preempt } = attempt
  if (trip.cancelSlot.place !== 'wire') return false
  if (attempt.proxy !== undefined) return false
  return preempt !== undefined || (!sent && phase !== 'headers' && phase !== 'body')
}
