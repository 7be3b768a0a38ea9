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
  /** Hosts that have answered this run with a pause. */
  readonly #ours = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Times are monotonic.
   *
   * @param isOurs false if another run of the client was answered so
   */
  note(host: string, fromMs: number, toMs: number, isOurs = true): void {
    if (isOurs) this.#ours.add(host)
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

  /** The hosts that have asked for a pause. @param asked the hosts of this run, as far as they are known */
  hosts(asked: ReadonlySet<string>): readonly string[] {
    return [...this.#latest.keys()].filter(host => this.#concerns(host, asked))
  }

  /** Another run of the client may ask other hosts. */
  #concerns(host: string, asked: ReadonlySet<string>): boolean {
    return this.#ours.has(host) || asked.has(host)
  }

  /** By the wall clock of now: it may have been set since the pauses. */
  all(asked: ReadonlySet<string>): readonly Pause[] {
    const offsetMs = this.#clock.epochMs() - this.#clock.now()
    const kept = this.#kept.filter(({ host }) => this.#concerns(host, asked))
    return kept.map(({ host, fromMs, toMs }) => ({
      pause: host,
      from: isoTime(fromMs + offsetMs),
      to: isoTime(toMs + offsetMs),
    }))
  }
}
