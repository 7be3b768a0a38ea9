/**
 * Computes when a fixed window of 5 to 60 s ends, from resets in whole seconds.
 *
 * A whole second that may have been rounded either way costs up to two seconds per window: a third of the rate at 5 s.
 * Most servers round up, so the published time is used as it is. If that was too early once, a second is added from
 * then on: one refusal, and none after it. A window that begins with its first request ends one length after it,
 * however its end is rounded. The length is known once a window has been seen from its beginning. Where beginnings
 * always fall on a whole second, the two kinds cannot be told apart, so one window is entered half a second early to
 * find out.
 */

export interface WindowReading {
  /** Milliseconds until the renewal, as published. */
  readonly asGivenMs: number
  readonly stepMs: number
  /** Published as a point in time, so that windows are entered in step with whole seconds. */
  readonly isTime: boolean
  readonly windowMs: number | undefined
}

/** 5 s, less nearly a second for rounding down. */
const SHORTEST_MS = 4_050
const LONGEST_MS = 61_000
/** Two readings whose ends are further apart than this belong to different windows. */
const SAME_WINDOW_MS = 2_000
const EARLY_MS = 500
/** Clocks are read in whole milliseconds. */
const CLOCK_MARGIN_MS = 1
/** A timer may fire this late. */
const ON_TIME_MS = 100
/** This many windows are entered on time before one is entered early. */
const CLEAN_BEFORE_EARLY = 2

export class FixedWindow {
  /** When the first request of the current window was answered; undefined when its beginning was not seen. */
  #rule: 'given' | 'late' | 'length' | 'unknown' = 'given'
  #endMs: number | undefined
  /** The answer to the first request of the present window; undefined when its beginning was not seen. */
  #firstAtMs: number | undefined
  #seenAtMs = 0
  #lengthMs: number | undefined
  /** When we enter or entered the next window; undefined once it has begun. */
  #enteredAtMs: number | undefined
  #clean = 0
  #early: 'not yet' | 'now' | 'done' = 'not yet'

  /** Milliseconds until the next window. Undefined when this is not such a window; the upper bound then holds. */
  learn(reading: WindowReading, startedAtMs: number, nowMs: number): number | undefined {
    if (this.#rule === 'unknown' || reading.stepMs !== 1_000) return undefined
    const endMs = nowMs + reading.asGivenMs
    if (this.#endMs === undefined || endMs > this.#endMs + SAME_WINDOW_MS) this.#begin(reading, startedAtMs, nowMs)
    else if (endMs < this.#endMs - SAME_WINDOW_MS) return undefined
    else this.#endMs = Math.min(this.#endMs, endMs)
    return this.#enterInMs(reading, nowMs)
  }

  /**
   * A request that started at `startedAtMs` was refused, perhaps because it was too early. MUST be called before
   * `learn` for the same answer.
   */
  refused(startedAtMs: number): void {
    if (this.#enteredAtMs === undefined || startedAtMs < this.#enteredAtMs) return
    this.#enteredAtMs = undefined
    if (this.#rule !== 'given') this.#rule = 'unknown'
    else if (this.#early === 'now' && this.#lengthMs !== undefined) this.#rule = 'length'
    else {
      this.#rule = 'late'
      this.#lengthMs = undefined
    }
  }

  #begin({ asGivenMs, isTime }: WindowReading, startedAtMs: number, nowMs: number): void {
    const endMs = nowMs + asGivenMs
    // Entered when we meant to. After a late entry, the beginning of the window has not been seen.
    const isFresh = this.#enteredAtMs !== undefined && startedAtMs - this.#enteredAtMs < ON_TIME_MS
    this.#endMs = endMs
    this.#seenAtMs = nowMs
    this.#firstAtMs = isFresh ? nowMs : undefined
    if (this.#enteredAtMs !== undefined) this.#clean++
    this.#enteredAtMs = undefined
    if (this.#early === 'now') this.#early = 'done'
    if (this.#rule === 'length') this.#firstAtMs = nowMs
    else if (!isFresh) return
    // Remaining seconds that were rounded down also make the length a second too short.
    else if (this.#rule === 'late' && !isTime) this.#lengthMs = undefined
    else if (this.#rule === 'late')
      this.#lengthMs = Math.max(this.#lengthMs ?? 0, wholeSeconds(endMs - nowMs, Math.ceil))
    else this.#lengthMs = Math.min(this.#lengthMs ?? Infinity, wholeSeconds(endMs - startedAtMs + 250, Math.floor))
  }

  #enterInMs({ isTime, windowMs, stepMs }: WindowReading, nowMs: number): number | undefined {
    const publishedMs = this.#endMs as number
    const lengthMs = windowMs ?? publishedMs - (this.#firstAtMs ?? this.#seenAtMs)
    if (lengthMs < SHORTEST_MS || lengthMs > LONGEST_MS) return undefined
    if (isTime && this.#early === 'not yet' && this.#rule === 'given' && this.#clean >= CLEAN_BEFORE_EARLY) {
      this.#early = 'now'
    }
    this.#enteredAtMs = Math.max(this.#nextMs(publishedMs, stepMs) + CLOCK_MARGIN_MS, nowMs)
    return this.#enteredAtMs - nowMs
  }

  #nextMs(publishedMs: number, stepMs: number): number {
    const byLengthMs = (this.#firstAtMs ?? Infinity) + (this.#lengthMs ?? Infinity)
    if (this.#rule === 'length' && byLengthMs !== Infinity) return byLengthMs
    const roundedMs = this.#rule === 'late' ? stepMs : this.#early === 'now' ? -EARLY_MS : 0
    return Math.min(publishedMs + roundedMs, byLengthMs)
  }
}

function wholeSeconds(ms: number, round: (seconds: number) => number): number {
  return round(ms / 1_000) * 1_000
}
