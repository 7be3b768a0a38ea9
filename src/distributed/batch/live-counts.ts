/** What one worker has counted of one batch. Not exact for the batch: requests that are sent again count again. */
import type { Outcome } from '../../core/outcome.ts'

/** Fields of a hash in Redis as well. */
export const COUNTED = ['ok', 'failed', 'retries', 'bytes'] as const

export type Counted = Readonly<Record<(typeof COUNTED)[number], number>>

export const NOTHING: Counted = { ok: 0, failed: 0, retries: 0, bytes: 0 }

/** The rate is that of as many marks, one per second. */
const MARKS = 6

export class LiveCounts {
  ok = 0
  failed = 0
  retries = 0
  bytes = 0
  /** Milliseconds that requests have waited for rates, budgets and pauses, all together. */
  limiterMs = 0
  /** Chunks that this worker found without a sign of life of the worker that had them. */
  stalled = 0
  #told = NOTHING
  #marks: (readonly [atMs: number, done: number])[] = []

  /**
   * An aborted request is not done: another worker sends it.
   *
   * @param retries of this outcome, and of others since the last one
   */
  add(outcome: Outcome, retries: number): void {
    this.retries += retries
    if (!outcome.ok && outcome.error.code.startsWith('aborted/')) return
    if (outcome.ok) this.ok++
    else this.failed++
    this.bytes += outcome.response?.bytes ?? 0
    this.limiterMs += outcome.timings.limiter ?? 0
  }

  /** What another process has counted for this worker. */
  take({ ok, failed, retries, bytes, limiterMs }: Counted & { readonly limiterMs: number }): void {
    this.ok += ok
    this.failed += failed
    this.retries += retries
    this.bytes += bytes
    this.limiterMs += limiterMs
  }

  get done(): number {
    return this.ok + this.failed
  }

  /** What the other machines do not know yet. */
  untold(): Counted {
    return {
      ok: this.ok - this.#told.ok,
      failed: this.failed - this.#told.failed,
      retries: this.retries - this.#told.retries,
      bytes: this.bytes - this.#told.bytes,
    }
  }

  get isTold(): boolean {
    return Object.values(this.untold()).every(count => count === 0)
  }

  told(counted: Counted): void {
    const { ok, failed, retries, bytes } = this.#told
    this.#told = {
      ok: ok + counted.ok,
      failed: failed + counted.failed,
      retries: retries + counted.retries,
      bytes: bytes + counted.bytes,
    }
  }

  /** Called about once a second. */
  mark(nowMs: number): void {
    this.#marks.push([nowMs, this.done])
    if (this.#marks.length > MARKS) this.#marks.shift()
  }

  /** Requests per second, over the last few seconds. */
  get rate(): number {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)]
    if (first === undefined || last === undefined || last[0] <= first[0]) return 0
    return ((last[1] - first[1]) / (last[0] - first[0])) * 1_000
  }
}
