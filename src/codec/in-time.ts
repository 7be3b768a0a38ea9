/**
 * Awaits a function of the caller within `timeouts.callback`, while an attempt is in flight. The attempt holds the
 * cancel slot, so unlike `runCallback` this takes none. It only notes where the request is meanwhile.
 */
import { formatDuration } from '../core/duration.ts'
import type { Clock } from '../core/ports.ts'
import { fault } from '../core/result.ts'
import type { Fault } from '../core/result.ts'
import type { Trip } from '../core/trip.ts'

export interface Limits {
  /** What the message calls the function: `onChunk`. */
  readonly name: string
  /** Infinity = no limit. */
  readonly callbackMs: number
  readonly trip: Trip
  readonly clock: Clock
  readonly threw: (error: unknown) => Fault
}

export function inTime<T, R>(
  answer: PromiseLike<T>,
  then: (value: T) => R,
  { name, callbackMs, trip, clock, threw }: Limits,
): Promise<R | Fault> {
  const goOn = trip.cancelSlot.lend()
  return new Promise(resolve => {
    const end = (found: R | Fault): void => {
      timer?.cancel()
      goOn()
      resolve(found)
    }
    const late = `${name} took longer than ${formatDuration(callbackMs)}`
    const timer = Number.isFinite(callbackMs)
      ? clock.after(callbackMs, () => resolve(fault('timeout/callback', late, { sent: true })))
      : undefined
    try {
      answer.then(
        value => end(then(value)),
        (error: unknown) => end(threw(error)),
      )
    } catch (error) {
      // The `then` of a foreign thenable may throw.
      end(threw(error))
    }
  })
}
