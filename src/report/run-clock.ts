/**
 * Turns the times of a file into times since the start of the run. Time in which nothing ran is left out: between two
 * sessions of a run that was resumed, and where the clock was set.
 */

/** So far a line may be older than the one before it: lines are written in the order of a run, not of its clock. */
const BACK_MS = 2_000
/**
 * Longer without a line, outside of a pause, is no run: a later session follows, or the machine slept. A file whose sessions
 * have a line of their start knows better.
 */
const IDLE_MS = 600_000
const IDLE_IN_SESSION_MS = 86_400_000

export class RunClock {
  /** How often the clock was set back. */
  setBack = 0
  /** How often a time without lines was left out. */
  idle = 0
  /** Epoch milliseconds of the start. Undefined before the first line with a time. */
  startedAtMs: number | undefined
  /** Epoch milliseconds of the latest line. */
  endedAtMs: number | undefined
  /** Milliseconds since the start of the latest line. */
  elapsedMs = 0
  /** Added to a time of the file to get the time since the start. */
  #shift = 0
  #lastMs = 0
  #pausedUntilMs = -Infinity
  #isNewSession = false
  #idleMs = IDLE_MS

  /** A further session begins at this time: what lies before it is left out. */
  begin(atMs: number | undefined): void {
    this.#idleMs = IDLE_IN_SESSION_MS
    if (atMs === undefined) {
      this.#isNewSession = this.startedAtMs !== undefined
      return
    }
    if (this.startedAtMs === undefined) return this.#start(atMs)
    this.#shift = this.elapsedMs - atMs
    this.#lastMs = atMs
  }

  /** @param untilMs of a pause, during which no line is expected */
  pause(untilMs: number): void {
    if (untilMs > this.#pausedUntilMs) this.#pausedUntilMs = untilMs
  }

  /** Milliseconds since the start of a time in the file. @param spanMs how long the request was on the wire before it */
  place(atMs: number, spanMs: number): number {
    if (this.startedAtMs === undefined) this.#start(atMs - spanMs)
    if (this.#isNewSession) {
      this.#isNewSession = false
      this.#shift = this.elapsedMs + spanMs - atMs
    } else if (atMs < this.#lastMs - BACK_MS) {
      this.setBack++
      this.#shift = this.elapsedMs - atMs
    } else if (atMs - spanMs > Math.max(this.#lastMs, this.#pausedUntilMs) + this.#idleMs) {
      this.idle++
      this.#shift = this.elapsedMs + spanMs - atMs
    }
    this.#lastMs = atMs
    this.endedAtMs = Math.max(this.endedAtMs ?? -Infinity, atMs)
    const ms = atMs + this.#shift
    if (ms > this.elapsedMs) this.elapsedMs = ms
    return ms
  }

  /** The same for a time that is not an outcome's, as of a pause. */
  at(atMs: number): number {
    return Math.max(0, atMs + this.#shift)
  }

  #start(atMs: number): void {
    this.startedAtMs = atMs
    this.#shift = -atMs
    this.#lastMs = atMs
  }
}
