/** Any number of deadlines on one timer. A deadline that is met is removed and never costs a timer. */
import { Heap, byDueTime } from '../core/heap.ts'
import type { Due } from '../core/heap.ts'
import type { Clock, Timer } from '../core/ports.ts'

/** Delay before an alarm that is due again at once rings again. */
const SOON_MS = 1

export interface Alarm extends Due {
  /** The time has come. May set `dueAtMs` anew and add the alarm again. */
  ring(nowMs: number): void
}

export class Alarms {
  readonly #clock: Clock
  readonly #heap = new Heap<Alarm>(byDueTime)
  #timer: Timer | undefined
  #timerDueAtMs = Infinity
  /** While due alarms ring, the timer is not set; it is set once at the end. */
  #ringing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(alarm: Alarm): void {
    if (alarm.dueAtMs === Infinity) return
    this.#heap.add(alarm)
    if (!this.#ringing && alarm.dueAtMs < this.#timerDueAtMs) this.#arm()
  }

  /** Leaves a timer that is set too early: it fires once for nothing, which is cheaper than a timer per request. */
  remove(alarm: Alarm): void {
    this.#heap.remove(alarm)
    if (this.#heap.size === 0 && !this.#ringing) this.#disarm()
  }

  #arm(): void {
    this.#disarm()
    const next = this.#heap.peek()
    if (next === undefined) return
    this.#timerDueAtMs = next.dueAtMs
    this.#timer = this.#clock.after(Math.max(0, next.dueAtMs - this.#clock.now()), () => this.#ring())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerDueAtMs = Infinity
  }

  /**
   * A rounded sum of times may be due again at once, and would ring for ever, because time does not pass in this loop.
   */
  #putOff(alarm: Alarm, nowMs: number): void {
    if (alarm.heapIndex === -1 || alarm.dueAtMs > nowMs) return
    this.#heap.remove(alarm)
    alarm.dueAtMs = nowMs + SOON_MS
    this.#heap.add(alarm)
  }

  #ring(): void {
    const nowMs = this.#clock.now()
    this.#ringing = true
    try {
      for (let next = this.#heap.peek(); next !== undefined && next.dueAtMs <= nowMs; next = this.#heap.peek()) {
        this.#heap.remove(next)
        next.ring(nowMs)
        this.#putOff(next, nowMs)
      }
    } finally {
      this.#ringing = false
      this.#arm()
    }
  }
}
