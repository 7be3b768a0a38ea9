/**
 * The pauses that hosts have asked for during a run. Pauses of one host that overlap are one: requests that were in flight
 * are refused one by one.
 */
import { isoTime } from '../../core/iso-time.ts'
import type { Clock } from '../../core/ports.ts'

export interface Pause {
  readonly pause: string
  /** ISO 8601. */
  readonly from: string
  readonly to: string
}

/** The most pauses that are kept. */
const MAX_PAUSES = 10_000

interface Kept {
  readonly host: string
  readonly fromMs: number
  toMs: number
}

export class PauseLog {
  readonly #clock: Clock
  readonly #kept: Kept[] = []
  /** The latest one of each host. */
  readonly #latest = new Map<string, Kept>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Times are monotonic. */
  note(host: string, fromMs: number, toMs: number): void {
    const latest = this.#latest.get(host)
    if (latest !== undefined && fromMs <= latest.toMs) {
      latest.toMs = Math.max(latest.toMs, toMs)
      return
    }
    if (this.#kept.length === MAX_PAUSES) return
    const kept = { host, fromMs, toMs }
    this.#kept.push(kept)
    this.#latest.set(host, kept)
  }

  /** Cuts pauses off at the end of the run. */
  end(nowMs: number): void {
    for (const kept of this.#latest.values()) kept.toMs = Math.min(kept.toMs, nowMs)
  }

  get hosts(): readonly string[] {
    return [...this.#latest.keys()]
  }

  /** By the wall clock of now: it may have been set since the pauses. */
  get all(): readonly Pause[] {
    const offsetMs = this.#clock.epochMs() - this.#clock.now()
    return this.#kept.map(({ host, fromMs, toMs }) => ({
      pause: host,
      from: isoTime(fromMs + offsetMs),
      to: isoTime(toMs + offsetMs),
    }))
  }
}
