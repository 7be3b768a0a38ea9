/** The slots that one lane was granted: when each may be used, and which were missed. */

/** A slot that is later than this is not used any more: many at once would be a bunch that the rate does not allow. */
const LATE_MS = 10
/** So many used slots are kept before they are cut off. */
const CUT = 512

export class Slots {
  #dueMs: number[] = []
  #head = 0
  /** Taken by starts that count as several, beyond the slots there were. */
  #owed = 0
  #missed = 0

  /** Slots from `startMs` on; those of a burst lie in the past, and are due now. */
  add(startMs: number, spacingMs: number, count: number, nowMs: number): void {
    const skipped = Math.min(this.#owed, count)
    this.#owed -= skipped
    for (let slot = skipped; slot < count; slot++) this.#dueMs.push(Math.max(nowMs, startMs + slot * spacingMs))
  }

  /** Until the first slot that is not missed; Infinity without one. Changes nothing. */
  waitMs(nowMs: number): number {
    const due = this.#dueMs[this.#firstAfter(nowMs)]
    return due === undefined ? Infinity : Math.max(0, due - nowMs)
  }

  /** Takes the slot that `waitMs` has promised, and those after it of a start that counts as several. */
  take(nowMs: number, starts: number): void {
    const first = this.#firstAfter(nowMs)
    this.#missed += first - this.#head
    this.#head = Math.min(this.#dueMs.length, first + starts)
    this.#owed += first + starts - this.#head
    if (this.#head >= CUT) {
      this.#dueMs = this.#dueMs.slice(this.#head)
      this.#head = 0
    }
  }

  /** Slots to come that are taken already. */
  get owed(): number {
    return this.#owed
  }

  /** How far ahead the last slot is; 0 or less without one. */
  aheadMs(nowMs: number): number {
    return (this.#dueMs.at(-1) ?? nowMs) - nowMs
  }

  /** Number of slots missed since the last call. */
  missed(nowMs: number): number {
    const first = this.#firstAfter(nowMs)
    const missed = this.#missed + first - this.#head
    this.#head = first
    this.#missed = 0
    return missed
  }

  #firstAfter(nowMs: number): number {
    let at = this.#head
    while (at < this.#dueMs.length && (this.#dueMs[at] as number) + LATE_MS < nowMs) at++
    return at
  }
}
