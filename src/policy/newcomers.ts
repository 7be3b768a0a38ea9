/**
 * The share of slots for hosts that have never answered, as a Limit. While proven hosts wait, new hosts may hold only
 * this share; otherwise ten dead hosts would hold every slot until their timeouts.
 *
 * Where most new hosts do answer, they are admitted like any other host, and the share bounds only those that stay
 * silent for long: a batch over a thousand healthy hosts must not slow down because one of them answered first.
 */
import type { Limit } from './limit.ts'
import type { Attempt } from '../core/attempt.ts'

/** The part of a lane that this limit reads. */
interface NewcomerLane {
  readonly standing: string
}

/** Weight of the newest result in the running averages. */
const NEWEST = 0.2
/** A host is silent when it takes this many times the usual answer time, within the bounds below. */
const TIMES_AS_LONG = 5
const MIN_SILENT_MS = 10
const MAX_SILENT_MS = 1_000

export class Newcomers implements Limit {
  readonly waitsFor = 'slot'
  readonly size: number
  running = 0
  readonly #isWanted: () => boolean
  /** Attempts in flight, oldest first. */
  readonly #attempts = new Map<Attempt, NewcomerLane>()
  /** Running averages: the share of new hosts that answered, and how long they took. */
  #trust = 0
  #answerMs = MAX_SILENT_MS / TIMES_AS_LONG

  /**
   * `isWanted` says whether a proven host waits. If none does, the slot would stay empty, so the limit does not apply.
   */
  constructor(size: number, isWanted: () => boolean) {
    this.size = size
    this.#isWanted = isWanted
  }

  /** How long a new host may take before it counts as silent. */
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

  enter(attempt: Attempt, lane: NewcomerLane): void {
    this.#attempts.set(attempt, lane)
  }

  /** Removes the attempt; returns whether it was one to a new host. */
  leave(attempt: Attempt): boolean {
    return this.#attempts.size > 0 && this.#attempts.delete(attempt)
  }

  /** A new host has answered or failed. */
  learn(answered: boolean, tookMs: number): void {
    this.#trust += NEWEST * ((answered ? 1 : 0) - this.#trust)
    if (answered) this.#answerMs += NEWEST * (tookMs - this.#answerMs)
  }

  /** Attempts that have been silent for too long, oldest first. */
  *silent(nowMs: number): Generator<Attempt> {
    const { silentMs } = this
    for (const [attempt, lane] of this.#attempts) {
      // The host has answered another attempt meanwhile.
      if (lane.standing !== 'new') this.#attempts.delete(attempt)
      else if (nowMs - attempt.admittedAtMs < silentMs) return
      else yield attempt
    }
  }

  /** When the next attempt becomes silent; Infinity when there is none. */
  nextSilentAtMs(nowMs: number): number {
    const { silentMs } = this
    for (const [attempt, lane] of this.#attempts) {
      const atMs = attempt.admittedAtMs + silentMs
      if (lane.standing === 'new' && atMs > nowMs) return atMs
    }
    return Infinity
  }
}
