/** Starts that a server may not have counted yet, because their attempts are in flight. */
import type { Call } from '../core/call.ts'
import { CallTable } from '../core/call-table.ts'

/** Starts of one request. */
interface OpenStart {
  readonly call: Call
  readonly startedAtMs: number
  starts: number
}

export class OpenStarts {
  readonly #table = new CallTable<OpenStart>()
  readonly #intervalMs: number
  readonly #lagMs: number
  #size = 0
  /** No start was earlier. */
  #earliestMs = Infinity

  /** @param lagMs the longest time between writing a request and the server counting it */
  constructor(intervalMs: number, lagMs: number) {
    this.#intervalMs = intervalMs
    this.#lagMs = lagMs
  }

  /** None leaves the interval before this time. */
  get quietUntilMs(): number {
    return this.#earliestMs + this.#intervalMs
  }

  get size(): number {
    return this.#size
  }

  /** A heavy request starts several times at once. */
  add(call: Call, nowMs: number): void {
    this.#size++
    this.#earliestMs = Math.min(this.#earliestMs, nowMs)
    const known = this.#table.get(call)
    if (known === undefined) this.#table.set(call, { call, startedAtMs: nowMs, starts: 1 })
    else known.starts++
  }

  /** Removes one start of this call, and returns by when the server has counted it. */
  take(call: Call, nowMs: number): number | undefined {
    const start = this.#table.get(call)
    if (start === undefined) return undefined
    this.#size--
    if (--start.starts === 0) this.#table.delete(call)
    // Never written, so the server may not have counted it; it still counts as a start.
    const sentByMs = call.trip.stopwatch.sentAtMs === Infinity ? start.startedAtMs : this.#countedByMs(start)
    return Math.min(sentByMs, nowMs)
  }

  /** Removes the starts that have left the interval. */
  expire(nowMs: number): void {
    if (this.quietUntilMs > nowMs) return
    const over: OpenStart[] = []
    this.#earliestMs = Infinity
    this.#table.forEach(start => {
      if (this.#freeAtMs(start) <= nowMs) over.push(start)
      else this.#earliestMs = Math.min(this.#earliestMs, start.startedAtMs)
    })
    for (const { call, starts } of over) {
      this.#size -= starts
      this.#table.delete(call)
    }
  }

  /** When the first of them leaves the interval. */
  firstFreeAtMs(): number {
    let atMs = Infinity
    this.#table.forEach(start => (atMs = Math.min(atMs, this.#freeAtMs(start))))
    return atMs
  }

  /** When each of them leaves the interval. */
  timesFree(): number[] {
    const times: number[] = []
    this.#table.forEach(start => {
      for (let left = start.starts; left > 0; left--) times.push(this.#freeAtMs(start))
    })
    return times
  }

  #freeAtMs(start: OpenStart): number {
    return this.#countedByMs(start) + this.#intervalMs
  }

  #countedByMs({ call, startedAtMs }: OpenStart): number {
    const { sentAtMs } = call.trip.stopwatch
    // The transport does not report it; assume that the request was counted when it started.
    return sentAtMs === undefined ? startedAtMs : Math.max(startedAtMs, sentAtMs + this.#lagMs)
  }
}
