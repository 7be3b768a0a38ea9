/**
 * The unused body of a redirect that is followed. We wait a little for its end, because only then can the connection
 * carry the next hop. A body that is long, endless or truncated costs the connection and nothing else.
 */
import { getHeader } from '../core/headers.ts'
import type { Clock, Timer } from '../core/ports.ts'
import type { Reply } from '../core/result.ts'

/** Reading more than this costs more than a new connection. */
const MAX_DRAIN_BYTES = 65_536
const MAX_DRAIN_MS = 100

export class Unread {
  readonly head: Reply
  readonly #timer: Timer

  /**
   * @param over called if the end has not come in time
   */
  constructor(head: Reply, clock: Clock, over: () => void) {
    this.head = head
    this.#timer = clock.after(MAX_DRAIN_MS, over)
  }

  isTooLong(bytes: number): boolean {
    return bytes > MAX_DRAIN_BYTES
  }

  end(): void {
    this.#timer.cancel()
  }
}

/** Whether the connection can be reused after a body with this head. */
export function isWorthWaiting({ headers, integrity }: Reply): boolean {
  const isLast = /\bclose\b/i.test(getHeader(headers, 'connection') ?? '')
  return integrity !== 'unverified' && !isLast && Number(getHeader(headers, 'content-length') ?? 0) <= MAX_DRAIN_BYTES
}
