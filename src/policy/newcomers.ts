/**
 * Hosts that have never answered, as a Limit: while proven hosts wait they hold a part of the places only, because ten
 * dead hosts would else hold them all until their timeouts strike.
 *
 * Where most of them do answer, they are let in like any other host, and the part bounds those that keep silent for
 * long: a batch over a thousand healthy hosts must not be slowed down because one of them answered first.
 */
import type { Limit } from './limit.ts'
import type { Attempt } from '../core/attempt.ts'

/** What it needs to know of a lane. */
interface Guarded {
  readonly standing: string
}

/** Weight of the newest answer or failure in the opinion on all of them. */
const NEWEST = 0.2
/** Silent is who takes this many times as long as others took to answer, within bounds. */
const TIMES_AS_LONG = 5
const MIN_SILENT_MS = 10
const MAX_SILENT_MS = 1_000

export class Newcomers implements Limit {
  readonly waitsFor = 'place'
  readonly size: number
  running = 0
  readonly #isWanted: () => boolean
  /** Attempts under way, oldest first. */
  readonly #attempts = new Map<Attempt, Guarded>()
  /** The share of those that answered, newest first, and how long they took. */
  #trust = 0
  #answerMs = MAX_SILENT_MS / TIMES_AS_LONG

  /** `isWanted` says whether a proven host waits: nobody is kept from a place that would stay empty. */
  constructor(size: number, isWanted: () => boolean) {
    this.size = size
    this.#isWanted = isWanted
  }

  /** For how long one may keep silent and is not yet taken for dead. */
  get silentMs(): number {
    return Math.min(MAX_SILENT_MS, Math.max(MIN_SILENT_MS, TIMES_AS_LONG * this.#answerMs))
  }

  isOpen(nowMs: number): boolean {
    if (this.#trust < 0.5) return this.running < this.size
    if (this.size === Infinity) return true
    let silent = 0
    for (const _ of this.silent(nowMs)) if (++silent >= this.size) return false
    return true
  }

  waitMs(nowMs: number): number {
    return this.isOpen(nowMs) || !this.#isWanted() ? 0 : Infinity
  }

  book(): void {
    this.running++
  }

  release(): void {
    this.running--
  }

  enter(attempt: Attempt, lane: Guarded): void {
    this.#attempts.set(attempt, lane)
  }

  /** Whether it was one of them. */
  leave(attempt: Attempt): boolean {
    return this.#attempts.size > 0 && this.#attempts.delete(attempt)
  }

  /** One of them has answered, or failed to. */
  learn(answered: boolean, tookMs: number): void {
    this.#trust += NEWEST * ((answered ? 1 : 0) - this.#trust)
    if (answered) this.#answerMs += NEWEST * (tookMs - this.#answerMs)
  }

  /** Those that have kept silent for long, oldest first. */
  *silent(nowMs: number): Generator<Attempt> {
    const { silentMs } = this
    for (const [attempt, lane] of this.#attempts) {
      // Its host has answered another one meanwhile.
      if (lane.standing !== 'new') this.#attempts.delete(attempt)
      else if (nowMs - attempt.admittedAtMs < silentMs) return
      else yield attempt
    }
  }

  /** When the next one will have kept silent for long; Infinity when there is none. */
  nextSilentAtMs(nowMs: number): number {
    const { silentMs } = this
    for (const [attempt, lane] of this.#attempts) {
      const atMs = attempt.admittedAtMs + silentMs
      if (lane.standing === 'new' && atMs > nowMs) return atMs
    }
    return Infinity
  }
}
