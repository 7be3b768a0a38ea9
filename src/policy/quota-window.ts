/**
 * When a fixed window of 5 to 60 s ends, from resets in whole seconds.
 *
 * A whole second that may have been rounded either way costs up to two seconds per window, a third of the rate at 5 s.
 * Most servers round up, so the published time is taken as it is. Where that was too early once, a second is added for
 * good: one refusal, and none after it. A window that begins with its first request ends one length after it, however
 * its end is rounded; the length shows when a window is seen from its beginning. If both always fall on a whole second
 * they cannot be told apart, so one window is entered half a second early to see.
 */

export interface WindowReading {
  /** Until the renewal, as published. */
  readonly asGivenMs: number
  readonly stepMs: number
  /** Published as a time, so that windows are entered in step with whole seconds. */
  readonly isTime: boolean
  readonly windowMs: number | undefined
}

/** 5 s of which the rounding down has taken nearly one. */
const SHORTEST_MS = 4_050
const LONGEST_MS = 61_000
/** Two readings whose ends are further apart than this are of two windows. */
const SAME_WINDOW_MS = 2_000
const EARLY_MS = 500
/** Clocks are read in milliseconds. */
const MARGIN_MS = 1
/** So late may a timer be. */
const ON_TIME_MS = 100
/** So many windows are entered on time before one is entered early. */
const CLEAN_BEFORE_EARLY = 2

export class FixedWindow {
  /** As published; a second later; one length after the window was first seen; or not by us. */
  #rule: 'given' | 'late' | 'length' | 'unknown' = 'given'
  #endMs: number | undefined
  /** The answer to the first request of the present window; undefined when its beginning was not seen. */
  #firstAtMs: number | undefined
  #seenAtMs = 0
  #lengthMs: number | undefined
  /** When we went, or will go, into the next window; undefined once it has begun. */
  #enteredAtMs: number | undefined
  #clean = 0
  #early: 'not yet' | 'now' | 'done' = 'not yet'

  /** Milliseconds until the next window; undefined: not one of these windows, the upper bound holds. */
  learn(reading: WindowReading, startedAtMs: number, nowMs: number): number | undefined {
    if (this.#rule === 'unknown' || reading.stepMs !== 1_000) return undefined
    const endMs = nowMs + reading.asGivenMs
    if (this.#endMs === undefined || endMs > this.#endMs + SAME_WINDOW_MS) this.#begin(reading, startedAtMs, nowMs)
    else if (endMs < this.#endMs - SAME_WINDOW_MS) return undefined
    else this.#endMs = Math.min(this.#endMs, endMs)
    return this.#enterInMs(reading, nowMs)
  }

  /** A request was refused that began then: too early, perhaps. Before `learn` of the same answer. */
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
    // Entered when we meant to: who comes later has not seen it begin.
    const isFresh = this.#enteredAtMs !== undefined && startedAtMs - this.#enteredAtMs < ON_TIME_MS
    this.#endMs = endMs
    this.#seenAtMs = nowMs
    this.#firstAtMs = isFresh ? nowMs : undefined
    if (this.#enteredAtMs !== undefined) this.#clean++
    this.#enteredAtMs = undefined
    if (this.#early === 'now') this.#early = 'done'
    if (this.#rule === 'length') this.#firstAtMs = nowMs
    else if (!isFresh) return
    // Seconds to go that were rounded down say a second less of the length, too.
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
    this.#enteredAtMs = Math.max(this.#nextMs(publishedMs, stepMs) + MARGIN_MS, nowMs)
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
