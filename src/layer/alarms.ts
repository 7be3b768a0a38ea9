/** Any number of deadlines on one timer. A deadline that is met is taken out again and never costs a timer. */
import { Heap, byDueTime } from '../core/heap.ts'
import type { Due } from '../core/heap.ts'
import type { Clock, Timer } from '../core/ports.ts'

/** After this long an alarm rings again that is due again at once. */
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
  /** What is due is being rung; the timer is set once, at the end of it. */
  #ringing = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(alarm: Alarm): void {
    if (alarm.dueAtMs === Infinity) return
    this.#heap.add(alarm)
    if (!this.#ringing && alarm.dueAtMs < this.#timerDueAtMs) this.#arm()
  }

  /** Leaves a timer that is armed too early: it wakes once for nothing, which is cheaper than a timer per request. */
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

  /** A sum of times that was rounded down may be due again at once, and would ring for ever: time stands still here. */
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
