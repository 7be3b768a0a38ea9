/**
 * Measures one level of concurrency: slot time per good answer while all slots are taken.
 *
 * This cost is slots / throughput, so by Little's law it is the mean latency of good answers plus what failures waste.
 * A round lasts until the mean is precise enough for the spread of the latencies. It begins and ends between bursts,
 * because answers that arrive in step would otherwise be miscounted. Time with free slots says nothing about the level,
 * so a round with much of it is void.
 */
export interface Measure {
  readonly costMs: number
  /** From the first break between bursts to the last. */
  readonly tookMs: number
}

export interface RoundAnswer {
  readonly nowMs: number
  readonly latencyMs: number
  readonly size: number
  /** Slots taken after this one was released. */
  readonly running: number
}

const MIN_ANSWERS = 12
/** Bounds a round whose latencies have no finite spread. */
const MAX_ANSWERS = 1_000
/** Turnovers of all slots, so that the first answers do not decide. */
const MIN_TURNOVERS = 2
/** Within a shorter time, one garbage collection decides the result. */
const MIN_MS = 250
/** After this long, MIN_ANSWERS are enough. */
const LONG_MS = 10_000
/** With slots free for more than this share of the time, something else limited the requests. */
const MAX_SLACK = 0.1

export class Round {
  readonly #error: number
  #movedAtMs: number
  #lastMs: number
  #openMs: number | undefined
  /** Answers seen while waiting for a break. A burst has no more answers than there are slots. */
  #early = 0
  #overdue = 0
  #answers = 0
  #latencyMs = 0
  #squares = 0
  #placeMs = 0
  #slackMs = 0
  /** Both values at the last good answer, where a round ends. */
  #lastPlaceMs = 0
  #lastSlackMs = 0

  /** `error`: relative standard error to reach. `nowMs`: when the level was set. */
  constructor(error: number, nowMs: number) {
    this.#error = error
    this.#movedAtMs = this.#lastMs = nowMs
  }

  /** Call before a slot is taken and after one is released: `running` of `size` slots were taken until now. */
  moved(nowMs: number, running: number, size: number): void {
    const forMs = nowMs - this.#movedAtMs
    this.#movedAtMs = nowMs
    this.#placeMs += running * forMs
    if (running < size) this.#slackMs += forMs
  }

  /** A good answer, after its `moved`. Undefined: the round continues. */
  answer(answer: RoundAnswer): Measure | 'void' | undefined {
    const { nowMs, latencyMs, size } = answer
    const isBreak = nowMs - this.#lastMs >= latencyMs / size
    if (this.#openMs === undefined) {
      this.#tryToOpen(isBreak, answer)
    } else if (this.#isOver(isBreak, size)) {
      return this.#sum()
    }
    this.#lastMs = nowMs
    if (this.#openMs === undefined) return undefined
    this.#answers++
    this.#latencyMs += latencyMs
    this.#squares += latencyMs * latencyMs
    this.#lastPlaceMs = this.#placeMs
    this.#lastSlackMs = this.#slackMs
    return undefined
  }

  #sum(): Measure | 'void' {
    const tookMs = this.#lastMs - (this.#openMs as number)
    if (this.#lastSlackMs > MAX_SLACK * tookMs) return 'void'
    return { costMs: this.#lastPlaceMs / this.#answers, tookMs }
  }

  /** Starts the round at the previous answer, if all slots have been taken since then. */
  #tryToOpen(isBreak: boolean, { nowMs, size, running }: RoundAnswer): void {
    // More are running while a lower level drains, fewer while a lane resumes after a pause.
    const isFull = running + 1 === size && this.#slackMs <= MAX_SLACK * (nowMs - this.#lastMs)
    if (isFull && (isBreak || ++this.#early > size)) this.#openMs = this.#lastMs
    else this.#placeMs = this.#slackMs = 0
  }

  #isOver(isBreak: boolean, size: number): boolean {
    const tookMs = this.#lastMs - (this.#openMs as number)
    if (tookMs < MIN_MS) return false
    const fewest = Math.max(MIN_ANSWERS, MIN_TURNOVERS * size)
    const mean = this.#latencyMs / this.#answers
    const spread = mean > 0 ? this.#squares / this.#answers / mean ** 2 - 1 : 0
    const wanted = tookMs > LONG_MS ? fewest : Math.max(fewest, Math.min(MAX_ANSWERS, spread / this.#error ** 2))
    return this.#answers >= wanted && (isBreak || ++this.#overdue > size)
  }
}
