/** What limited a run, over all of its sessions. Each session has recorded what limited it. */
import type { RunNote } from './line.ts'

/** If one session has this share of the total time, its advice is used for the run. */
const MOST = 0.9
/** More causes than there are. A file may have been written by anything. */
const MAX_CAUSES = 50

export interface Cause {
  readonly limitedBy?: string
  readonly shares?: Readonly<Record<string, number>>
  readonly advice?: string
}

export class Causes {
  /** CPU time in milliseconds. Undefined if no session says it. */
  cpuMs: number | undefined
  readonly #msOf = new Map<string, number>()
  #elapsedMs = 0
  #longest: RunNote | undefined

  /** Adds the end of a session. */
  add(note: RunNote): void {
    const { elapsedMs = 0, cpuMs, limitedBy, shares } = note
    if (cpuMs !== undefined) this.cpuMs = (this.cpuMs ?? 0) + cpuMs
    if (limitedBy === undefined) return
    this.#elapsedMs += elapsedMs
    for (const [cause, share] of Object.entries(shares ?? { [limitedBy]: 1 })) {
      if (this.#msOf.size >= MAX_CAUSES && !this.#msOf.has(cause)) continue
      this.#msOf.set(cause, (this.#msOf.get(cause) ?? 0) + share * elapsedMs)
    }
    if (elapsedMs >= (this.#longest?.elapsedMs ?? 0)) this.#longest = note
  }

  /** Empty if no session says what limited it. */
  get cause(): Cause {
    const longest = this.#longest
    if (longest === undefined) return {}
    const { elapsedMs = 0, limitedBy, shares, advice } = longest
    // Its advice has the figures of its own session.
    if (elapsedMs >= MOST * this.#elapsedMs) {
      return {
        ...(limitedBy !== undefined && { limitedBy }),
        ...(shares !== undefined && { shares }),
        ...(advice !== undefined && { advice }),
      }
    }
    const all = [...this.#msOf].toSorted(([, a], [, b]) => b - a)
    return {
      limitedBy: (all[0] as [string, number])[0],
      shares: Object.fromEntries(all.map(([cause, ms]) => [cause, Math.round((ms / this.#elapsedMs) * 1_000) / 1_000])),
    }
  }
}
