/**
 * Reports each attempt to an observer: when it has passed its limits, and when it has ended, with any result.
 * This layer is below the gate, because an attempt that waits has not started, and above the session, so that `auth`
 * and `beforeRequest` are part of the attempt and can sign a header that the observer adds.
 */
import type { Attempt } from '../core/attempt.ts'
import { isThenable } from '../core/callback.ts'
import { endAttempt, newAttemptEvent } from '../core/attempt-event.ts'
import type { EventHeaders, Observer } from '../core/events.ts'
import { filterHeaders } from '../core/headers.ts'
import type { AttemptLayer } from '../core/layer.ts'
import type { Clock } from '../core/ports.ts'

export function observe(observer: Observer, clock: Clock): AttemptLayer {
  const begin = (attempt: Attempt): undefined | Promise<undefined> => {
    const event = newAttemptEvent(attempt, clock)
    attempt.event = event
    observer.start('attempt', event)
    const headers = observer.headersFor?.(event)
    if (isThenable(headers)) return headers.then(given => addHeaders(attempt, given))
    return addHeaders(attempt, headers)
  }
  return {
    before: attempt => {
      if (attempt.call.plan.hooks.afterAttempt === undefined && !observer.wants('attempt')) return undefined
      return begin(attempt)
    },
    after: (attempt, result) => {
      if (attempt.event === undefined) return result
      endAttempt(attempt, attempt.event, result, clock)
      observer.end('attempt', attempt.event)
      return result
    },
  }
}

/** Replaces headers with the same names. */
function addHeaders(attempt: Attempt, headers: EventHeaders | undefined): undefined {
  if (headers === undefined) return
  const names = new Set(Object.keys(headers))
  if (names.size === 0) return
  const list = filterHeaders(attempt.headers, name => !names.has(name)) as string[]
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) list.push(name, value)
  attempt.headers = list
}
