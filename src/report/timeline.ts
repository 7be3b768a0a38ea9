/**
 * Throughput and concurrency over time in constant memory: a row of slots that covers the whole run. When the run outgrows
 * it, two neighbours become one and the step doubles.
 *
 * The number of requests in flight is the integral of their starts and ends. Each is added once, to the slot where it
 * happened, so a request costs the same however long it took.
 */

const FIRST_STEP_MS = 50
const MAX_SLOTS = 300

/** What happened in each slot, from the start of the run. */
export interface Series {
  readonly stepMs: number
  /** Outcomes. */
  readonly done: readonly number[]
  readonly failed: readonly number[]
  readonly bytes: readonly number[]
  /** Requests in flight, on average over the slot. */
  readonly concurrency: readonly number[]
  /** Milliseconds on the wire, on average over the outcomes of the slot; null without any. */
  readonly wireMs: readonly (number | null)[]
}

export class Timeline {
  stepMs = FIRST_STEP_MS
  #used = 0
  /** Of the first slot. Negative after an outcome of before the start. */
  #fromMs = 0
  readonly #done = new Float64Array(MAX_SLOTS)
  readonly #failed = new Float64Array(MAX_SLOTS)
  readonly #bytes = new Float64Array(MAX_SLOTS)
  readonly #wire = new Float64Array(MAX_SLOTS)
  /** Starts less ends in the slot. */
  readonly #change = new Float64Array(MAX_SLOTS)
  /** Milliseconds from these starts to the end of the slot, less those of the ends. */
  readonly #part = new Float64Array(MAX_SLOTS)

  /** Makes room for a time before the first slot. @param ms from the start of the run */
  reach(ms: number): void {
    if (ms >= this.#fromMs) return
    while (this.#used + this.#slotsBefore(ms) > MAX_SLOTS) this.#double()
    const slots = this.#slotsBefore(ms)
    for (const values of [this.#done, this.#failed, this.#bytes, this.#wire, this.#change, this.#part]) {
      values.copyWithin(slots, 0, this.#used)
      values.fill(0, 0, slots)
    }
    this.#used += slots
    this.#fromMs -= slots * this.stepMs
  }

  /** @param ms of the outcome, from the start of the run; @param wireMs how long the request was on the wire before it */
  add(ms: number, wireMs: number, ok: boolean, bytes: number): void {
    const end = Math.max(0, ms - this.#fromMs)
    while (end >= this.stepMs * MAX_SLOTS) this.#double()
    const slot = Math.floor(end / this.stepMs)
    if (slot >= this.#used) this.#used = slot + 1
    ;(this.#done[slot] as number)++
    if (!ok) (this.#failed[slot] as number)++
    ;(this.#bytes[slot] as number) += bytes
    ;(this.#wire[slot] as number) += wireMs
    this.#mark(Math.max(0, end - wireMs), 1)
    this.#mark(end, -1)
  }

  series(): Series {
    const { stepMs } = this
    let inFlight = 0
    const concurrency: number[] = []
    for (let slot = 0; slot < this.#used; slot++) {
      const area = inFlight * stepMs + (this.#part[slot] as number)
      // Rounding may leave a trace of what has ended.
      concurrency.push(Math.max(0, Math.round((area / stepMs) * 100) / 100))
      inFlight += this.#change[slot] as number
    }
    const list = (values: Float64Array): number[] => [...values.subarray(0, this.#used)]
    return {
      stepMs,
      done: list(this.#done),
      failed: list(this.#failed),
      bytes: list(this.#bytes),
      concurrency,
      wireMs: list(this.#wire).map((sum, slot) => {
        const done = this.#done[slot] as number
        return done === 0 ? null : Math.round((sum / done) * 10) / 10
      }),
    }
  }

  #slotsBefore(ms: number): number {
    return Math.ceil((this.#fromMs - ms) / this.stepMs)
  }

  #mark(ms: number, change: 1 | -1): void {
    const slot = Math.floor(ms / this.stepMs)
    ;(this.#change[slot] as number) += change
    ;(this.#part[slot] as number) += change * ((slot + 1) * this.stepMs - ms)
  }

  #double(): void {
    for (let slot = 0; slot < MAX_SLOTS / 2; slot++) {
      const [first, second] = [2 * slot, 2 * slot + 1]
      // What happened in the first half has a whole further step until the end of the new slot.
      this.#part[slot] =
        (this.#part[first] as number) + (this.#change[first] as number) * this.stepMs + (this.#part[second] as number)
      for (const values of [this.#done, this.#failed, this.#bytes, this.#wire, this.#change]) {
        values[slot] = (values[first] as number) + (values[second] as number)
      }
    }
    for (const values of [this.#done, this.#failed, this.#bytes, this.#wire, this.#change, this.#part]) {
      values.fill(0, MAX_SLOTS / 2)
    }
    this.stepMs *= 2
    this.#used = Math.ceil(this.#used / 2)
  }
}
