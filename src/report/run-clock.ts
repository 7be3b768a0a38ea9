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
  /** Whether lines come in the order of the input, as those of a batch do: their times go back and forth. */
  isUnordered = false
  /** Epoch milliseconds of the start. Undefined before the first line with a time. */
  startedAtMs: number | undefined
  /** Epoch milliseconds of the latest line. */
  endedAtMs: number | undefined
  /** Added to a time of the file to get the time since the start. */
  #shift = 0
  /** The latest line, from the line that was placed first. */
  #latestMs = 0
  #lastMs = 0
  #pausedUntilMs = -Infinity
  #isNewSession = false
  #idleMs = IDLE_MS
  /** How much earlier than the line that was placed first the run began. */
  #beforeFirstMs = 0

  /** Milliseconds since the start of the latest line. */
  get elapsedMs(): number {
    return this.#beforeFirstMs + this.#latestMs
  }

  /** A further session begins at this time: what lies before it is left out. */
  begin(atMs: number | undefined): void {
    this.isUnordered = false
    this.#idleMs = IDLE_IN_SESSION_MS
    if (atMs === undefined) {
      this.#isNewSession = this.startedAtMs !== undefined
      return
    }
    if (this.startedAtMs === undefined) return this.#start(atMs)
    this.#shift = this.#latestMs - atMs
    this.#lastMs = atMs
  }

  /** @param untilMs of a pause, during which no line is expected */
  pause(untilMs: number): void {
    if (untilMs > this.#pausedUntilMs) this.#pausedUntilMs = untilMs
  }

  /**
   * Milliseconds since the start of a time in the file; of unordered lines, since the first of them, so a later one may be
   * before it.
   * @param spanMs how long the request was on the wire before it
   */
  place(atMs: number, spanMs: number): number {
    if (this.startedAtMs === undefined) this.#start(atMs - spanMs)
    if (this.isUnordered) return this.#placeUnordered(atMs, spanMs)
    if (this.#isNewSession) {
      this.#isNewSession = false
      this.#shift = this.#latestMs + spanMs - atMs
    } else if (atMs < this.#lastMs - BACK_MS) {
      this.setBack++
      this.#shift = this.#latestMs - atMs
    } else if (atMs - spanMs > Math.max(this.#lastMs, this.#pausedUntilMs) + this.#idleMs) {
      this.idle++
      this.#shift = this.#latestMs + spanMs - atMs
    }
    this.#lastMs = atMs
    this.endedAtMs = Math.max(this.endedAtMs ?? -Infinity, atMs)
    const ms = atMs + this.#shift
    if (ms > this.#latestMs) this.#latestMs = ms
    return ms
  }

  /** The same for a time that is not an outcome's, as of a pause. */
  at(atMs: number): number {
    return Math.max(0, atMs + this.#shift)
  }

  #placeUnordered(atMs: number, spanMs: number): number {
    const ms = atMs + this.#shift
    const earlierMs = spanMs - ms - this.#beforeFirstMs
    if (earlierMs > 0) {
      this.#beforeFirstMs += earlierMs
      this.startedAtMs = atMs - spanMs
    }
    if (ms > this.#latestMs) this.#latestMs = ms
    this.#lastMs = Math.max(this.#lastMs, atMs)
    this.endedAtMs = this.#lastMs
    return ms
  }

  #start(atMs: number): void {
    this.startedAtMs = atMs
    this.#shift = -atMs
    this.#lastMs = atMs
  }
}
