/**
 * All sockets of this thread, of whatever client: when there are as many as may be, a new one takes the place of the
 * idle one that was used longest ago.
 */
import { Line } from '../core/line.ts'
import type { Link } from '../core/line.ts'

/** A connection that may be kept. */
export interface Kept extends Link<Kept> {
  /** Ends it for good. It is not asked whether it is idle. */
  close(): void
}

/** How many sockets there may be. */
export interface Room {
  max(nowMs: number): number
}

/** More than a run keeps busy, and enough for a host that is asked now and then to keep its connection. */
const MAX_IDLE = 256

class OpenSockets {
  /** Used longest ago first. */
  readonly #idle = new Line<Kept>()
  #open = 0

  get open(): number {
    return this.#open
  }

  /** One more is about to be opened; an idle one is closed for it where there are enough. */
  opening(max: number): void {
    while (this.#open >= max && this.#idle.size > 0) this.#idle.shift()?.close()
    this.#open++
  }

  /** @param kept undefined: it was never made, or belongs to another one that counts itself */
  closed(kept?: Kept): void {
    if (kept !== undefined) this.#idle.remove(kept)
    this.#open--
  }

  rest(kept: Kept): void {
    this.#idle.push(kept)
    // A run over many hosts would otherwise keep a connection to each host of the last seconds.
    if (this.#idle.size > MAX_IDLE) this.#idle.shift()?.close()
  }

  use(kept: Kept): void {
    this.#idle.remove(kept)
  }

  /** The system has none left: whatever nobody uses is closed. */
  closeIdle(): void {
    for (let kept = this.#idle.shift(); kept !== undefined; kept = this.#idle.shift()) kept.close()
  }
}

export const openSockets = new OpenSockets()
