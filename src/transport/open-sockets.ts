/**
 * All sockets of this thread, of all clients. At the limit, a new socket replaces the idle one that was used least
 * recently.
 */
import { LinkedList } from '../core/linked-list.ts'
import type { Link } from '../core/linked-list.ts'

/** Like browsers and Node's own agent. Servers close idle connections after five seconds or more. */
export const KEEP_ALIVE_MS = 4_000

/** The error of a socket that is closed because its connection is not needed any more. */
export const DROPPED = new Error('the connection is not needed any more')

/** A connection that may be kept open. */
export interface KeptConnection extends Link<KeptConnection> {
  /** Ends it for good, idle or not. */
  close(): void
}

/** How many sockets there may be. */
export interface Room {
  max(nowMs: number): number
}

/** More than a run keeps busy, and enough for a rarely used host to keep its connection. */
const MAX_IDLE = 2_048

class OpenSockets {
  /** Least recently used first. */
  readonly #idle = new LinkedList<KeptConnection>()
  #open = 0

  get open(): number {
    return this.#open
  }

  /** Called before a socket is opened. At the limit, closes idle ones for it. */
  opening(max: number): void {
    while (this.#open >= max && this.#idle.size > 0) this.#idle.shift()?.close()
    this.#open++
  }

  /** @param kept undefined if the connection was never opened, or if another object counts it now */
  closed(kept?: KeptConnection): void {
    if (kept !== undefined) this.#idle.remove(kept)
    this.#open--
  }

  rest(kept: KeptConnection): void {
    this.#idle.push(kept)
    // Otherwise a run over many hosts would keep a connection to each host of the last seconds.
    if (this.#idle.size > MAX_IDLE) this.#idle.shift()?.close()
  }

  use(kept: KeptConnection): void {
    this.#idle.remove(kept)
  }

  /** The system has no sockets left: closes all idle ones. */
  closeIdle(): void {
    for (let kept = this.#idle.shift(); kept !== undefined; kept = this.#idle.shift()) kept.close()
  }
}

export const openSockets = new OpenSockets()
