/**
 * Measures one level of concurrency: how long places are taken per good answer while all of them are taken.
 *
 * That cost is places / throughput, so by Little's law the mean latency of good answers, with what failures waste
 * on top. A round lasts until the mean is sure enough for the spread of the latencies. It begins and ends between
 * bursts, because answers that come in step would else count too many or too few for the time. Time in which places
 * were free says nothing about the level: a round with much of it is void.
 */
export interface Measure {
  readonly costMs: number
  /** From its first break to its last. */
  readonly tookMs: number
}

export interface Answer {
  readonly nowMs: number
  readonly latencyMs: number
  readonly size: number
  /** Places taken after this one was given back. */
  readonly running: number
}

const MIN_ANSWERS = 12
/** Bounds what latencies without a finite spread may ask for. */
const MAX_ANSWERS = 1_000
/** Turnovers of all places, so that the first ones do not decide. */
const MIN_TURNOVERS = 2
/** Shorter than this and one garbage collection decides. */
const MIN_MS = 250
/** From here on the fewest answers do. */
const LONG_MS = 10_000
/** More free places than this part of the time, and something else held the requests back. */
const MAX_SLACK = 0.1

export class Round {
  readonly #error: number
  #movedAtMs: number
  #lastMs: number
  #openMs: number | undefined
  /** Answers for which a break has been waited for: a burst has no more than places. */
  #early = 0
  #overdue = 0
  #answers = 0
  #latencyMs = 0
  #squares = 0
  #placeMs = 0
  #slackMs = 0
  /** Both as they were at the last good answer, where a round ends. */
  #lastPlaceMs = 0
  #lastSlackMs = 0

  /** `error` is the relative standard error to reach. `nowMs` is when the level was set. */
  constructor(error: number, nowMs: number) {
    this.#error = error
    this.#movedAtMs = this.#lastMs = nowMs
  }

  /** Before a place is taken or after one was given back: so many of `size` were taken until now. */
  moved(nowMs: number, running: number, size: number): void {
    const forMs = nowMs - this.#movedAtMs
    this.#movedAtMs = nowMs
    this.#placeMs += running * forMs
    if (running < size) this.#slackMs += forMs
  }

  /** A good answer, after its `moved`. Undefined: the round goes on. */
  answer(answer: Answer): Measure | 'void' | undefined {
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

  /** From the answer before this one, if all places were taken since then. */
  #tryToOpen(isBreak: boolean, { nowMs, size, running }: Answer): void {
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
