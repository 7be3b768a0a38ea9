/**
 * `timeouts.total`, the promise made to the user. It covers queueing, back-off and every attempt, so it is the
 * outermost layer. Calls without a deadline pass through.
 */
import type { Alarm } from './alarms.ts'
import { Alarms } from './alarms.ts'
import type { Call } from '../core/call.ts'
import { formatDuration } from '../core/duration.ts'
import type { CallLayer } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'
import { fault } from '../core/result.ts'

export function deadline(clock: Clock): CallLayer {
  const alarms = new Alarms(clock)
  return next => (call, done) => {
    if (call.trip.stopwatch.deadlineMs === Infinity) return next(call, done)
    const alarm = deadlineAlarm(call)
    alarms.add(alarm)
    try {
      next(call, result => {
        alarms.remove(alarm)
        done(result)
      })
    } catch (error) {
      alarms.remove(alarm)
      throw error
    }
  }
}

function deadlineAlarm(call: Call): Alarm {
  const { trip, plan } = call
  return {
    dueAtMs: trip.stopwatch.deadlineMs,
    heapIndex: -1,
    ring: () =>
      trip.cancelSlot.cancel(
        fault('timeout/total', `not finished within ${formatDuration(plan.timeouts.totalMs)} in total`),
      ),
  }
}
