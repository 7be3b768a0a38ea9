/**
 * Runs a function of the caller so that it cannot disturb other requests. A throw is the fault of one request. A
 * promise that never settles ends with the time limits of its request, `timeouts.total` included: functions that run
 * after the response have no other timer.
 */
import { formatDuration } from './duration.ts'
import type { Clock } from './ports.ts'
import { fault } from './result.ts'
import type { Fault } from './result.ts'
import type { Trip } from './trip.ts'
import type { Words } from './words.ts'

export interface CallbackLimits {
  readonly trip: Trip
  /** `timeouts.callback`; Infinity = no limit. */
  readonly timeoutMs: number
  readonly clock: Clock
}

/** Returns the function's result, synchronously unless it is a promise; or a Fault if the function failed. */
export function runCallback<T>(
  run: () => T | PromiseLike<T>,
  onThrow: (error: unknown) => Fault,
  limits: CallbackLimits,
): T | Fault | Promise<T | Fault> {
  try {
    const answer = run()
    return isThenable(answer) ? settleAnswer(answer, onThrow, limits) : answer
  } catch (error) {
    return onThrow(error)
  }
}

function settleAnswer<T>(
  answer: PromiseLike<T>,
  onThrow: (error: unknown) => Fault,
  limits: CallbackLimits,
): Promise<T | Fault> {
  const { trip, timeoutMs, clock } = limits
  return new Promise(resolve => {
    let ended = false
    const end = (value: T | Fault): void => {
      // A result that comes after the limit must not free the cancel slot: another layer may hold it by then.
      if (ended) return
      ended = true
      timer?.cancel()
      trip.cancelSlot.free()
      resolve(value)
    }
    const totalLeftMs = Math.max(0, trip.stopwatch.deadlineMs - clock.now())
    const limitMs = Math.min(timeoutMs, totalLeftMs)
    const late = (): void => end(totalLeftMs < timeoutMs ? tooLateInAll(trip.stopwatch) : callbackTooSlow(timeoutMs))
    const timer = Number.isFinite(limitMs) ? clock.after(limitMs, late) : undefined
    trip.cancelSlot.hold('callback', end)
    try {
      answer.then(end, error => end(onThrow(error)))
    } catch (error) {
      // The `then` of a foreign thenable may throw.
      end(onThrow(error))
    }
  })
}

function callbackTooSlow(timeoutMs: number): Fault {
  const message: Words = [
    `a function of the caller took longer than ${formatDuration(timeoutMs)}. See `,
    { option: 'timeouts.callback' },
  ]
  return fault('timeout/callback', message, { sent: true })
}

function tooLateInAll({ deadlineMs, startedAtMs }: Trip['stopwatch']): Fault {
  const message = `not finished within ${formatDuration(deadlineMs - startedAtMs)} in total`
  return fault('timeout/total', message, { sent: true })
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** One line that describes a thrown value of any type. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message
  try {
    return String(thrown)
  } catch {
    return 'something that cannot be printed'
  }
}
