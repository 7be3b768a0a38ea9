/** Time that passes only when a test advances it: back-offs, rates and timeouts of hours are tested in milliseconds. */
import { Heap, byDueTime } from '../core/heap.ts'
import type { Due } from '../core/heap.ts'
import type { Clock, Timer } from '../core/ports.ts'
import { setImmediate } from 'node:timers'

interface Pending extends Due {
  readonly callback: () => void
}

/** A Clock that stands still until `advance()` or `advanceToNext()` is called. */
export interface VirtualClock extends Clock {
  /** Number of timers that have not fired. */
  readonly pending: number
  /**
   * Lets this many milliseconds pass. Fires timers in order and lets promises settle in between. 0 fires those that are
   * due now. `Infinity`, NaN and negative numbers reject with a RangeError.
   *
   * @throws RangeError
   * @example await clock.advance(60_000)
   */
  advance(ms: number): Promise<void>
  /**
   * Jumps to the next timer and fires all that are due. Returns false if there is none, or only one that never fires.
   *
   * @example const moved = clock.advanceToNext()
   */
  advanceToNext(): boolean
}

/**
 * A clock that moves only when it is told to, for tests of waits.
 *
 * @param startEpochMs the wall clock at the start, in epoch milliseconds. Default 2026-01-01T00:00:00Z. 0 is 1970;
 *   `Infinity` and NaN throw
 * @throws RangeError
 * @example
 * const clock = virtualClock()
 * const transport = mockTransport(() => ({ json: null }), { clock })
 * const done = parallelRequests(urls, { transport, rateLimit: '2/s' })
 * await clock.advance(10_000)
 */
export function virtualClock(startEpochMs = Date.UTC(2026, 0, 1)): VirtualClock {
  if (!Number.isFinite(startEpochMs)) {
    throw new RangeError(`virtualClock: expected epoch milliseconds, got ${String(startEpochMs)}.`)
  }
  const timers = new Heap<Pending>(byDueTime)
  let nowMs = 0

  const fireDue = (): void => {
    for (let next = timers.peek(); next !== undefined && next.dueAtMs <= nowMs; next = timers.peek()) {
      timers.remove(next)
      next.callback()
    }
  }

  return {
    now: () => nowMs,
    epochMs: () => startEpochMs + nowMs,
    get pending() {
      return timers.size
    },
    after(delayMs, callback): Timer {
      const pending: Pending = { dueAtMs: later(nowMs, delayMs), heapIndex: -1, callback }
      timers.add(pending)
      return { cancel: () => timers.remove(pending) }
    },
    async advance(ms) {
      if (!(ms >= 0 && ms < Infinity)) {
        throw new RangeError(`advance: expected a number of milliseconds ≥ 0, got ${String(ms)}.`)
      }
      const untilMs = nowMs + ms
      await settledPromises()
      for (let next = timers.peek(); next !== undefined && next.dueAtMs <= untilMs; next = timers.peek()) {
        nowMs = Math.max(nowMs, next.dueAtMs)
        fireDue()
        await settledPromises()
      }
      nowMs = untilMs
    },
    advanceToNext() {
      const next = timers.peek()
      // A timer without an end never fires, and time must not jump to it.
      if (next === undefined || next.dueAtMs === Infinity) return false
      nowMs = Math.max(nowMs, next.dueAtMs)
      fireDue()
      return true
    },
  }
}

/**
 * Even the shortest delay moves time forward. Otherwise a wait for a rounding remainder would repeat in the same moment
 * for ever.
 */
function later(nowMs: number, delayMs: number): number {
  if (delayMs <= 0) return nowMs
  return Math.max(nowMs + delayMs, nowMs * (1 + Number.EPSILON))
}

/** Lets every promise settle that does not wait for time. */
function settledPromises(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
