/**
 * Runs a caller's function so that it can harm nobody else: a throw is one request's fault, a promise that never
 * settles ends with the request's own limits, `timeouts.total` among them: of a function that makes a value nobody else
 * keeps the time.
 */
import { formatDuration } from './duration.ts'
import type { Clock } from './ports.ts'
import { fault } from './result.ts'
import type { Fault } from './result.ts'
import type { Trip } from './trip.ts'

export interface CallbackLimits {
  readonly trip: Trip
  /** `timeouts.callback`; Infinity for none. */
  readonly timeoutMs: number
  readonly clock: Clock
}

/** The function's answer, at once when it is no promise; or the Fault that it led to. */
export function runCallback<T>(
  run: () => T | PromiseLike<T>,
  onThrow: (error: unknown) => Fault,
  limits: CallbackLimits,
): T | Fault | Promise<T | Fault> {
  try {
    const answer = run()
    return isThenable(answer) ? settle(answer, onThrow, limits) : answer
  } catch (error) {
    return onThrow(error)
  }
}

function settle<T>(
  answer: PromiseLike<T>,
  onThrow: (error: unknown) => Fault,
  limits: CallbackLimits,
): Promise<T | Fault> {
  const { trip, timeoutMs, clock } = limits
  return new Promise(resolve => {
    let ended = false
    const end = (value: T | Fault): void => {
      // A function that answers after its limit must not take the request from whoever holds it by then.
      if (ended) return
      ended = true
      timer?.cancel()
      trip.free()
      resolve(value)
    }
    const totalLeftMs = Math.max(0, trip.deadlineMs - clock.now())
    const limitMs = Math.min(timeoutMs, totalLeftMs)
    const late = (): void => end(totalLeftMs < timeoutMs ? tooLateInAll(trip) : tooLong(timeoutMs))
    const timer = Number.isFinite(limitMs) ? clock.after(limitMs, late) : undefined
    trip.hold('callback', end)
    answer.then(end, error => end(onThrow(error)))
  })
}

function tooLong(timeoutMs: number): Fault {
  const message = `a function of the caller took longer than ${formatDuration(timeoutMs)}. See timeouts.callback`
  return fault('timeout/callback', message, { sent: true })
}

function tooLateInAll({ deadlineMs, startedAtMs }: Trip): Fault {
  const message = `not done within ${formatDuration(deadlineMs - startedAtMs)} in all`
  return fault('timeout/total', message, { sent: true })
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** One line on something thrown, whatever it is. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message
  try {
    return String(thrown)
  } catch {
    return 'something that cannot be printed'
  }
}
