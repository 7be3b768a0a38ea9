/** An attempt as an event, at its beginning and at its end. */
import type { Attempt } from './attempt.ts'
import type { AttemptEvent, RequestEvent } from './events.ts'
import type { Clock } from './ports.ts'
import type { FaultCode, Result } from './result.ts'
import { attemptTimings, delayBefore, startOf, wireStartMs } from './tries.ts'
import type { AttemptTimings } from './tries.ts'
import { hostIn, printableUrl } from './url.ts'

/** The fields of an event; plain data, which can cross a thread. */
export type AttemptStart = Omit<AttemptEvent, 'request'>

/** The fields are own and enumerable; the request is not, so that an event can be logged as it is. */
class NewAttemptEvent implements AttemptEvent {
  declare readonly id: string
  declare readonly index: number
  declare readonly key?: string
  declare readonly attempt: number
  declare readonly method: string
  declare readonly url: string
  declare readonly host: string
  declare delay: number
  declare startedAt: number
  declare status?: number
  declare code?: FaultCode
  declare timings?: AttemptTimings
  declare bytes?: number
  declare protocol?: string
  declare reused?: boolean
  declare readonly hop?: true
  declare readonly poll?: number
  readonly #request: RequestEvent | undefined

  constructor(start: AttemptStart, request: RequestEvent | undefined) {
    Object.assign(this, start)
    this.#request = request
  }

  get request(): RequestEvent | undefined {
    return this.#request
  }
}
// Printing shows the fields and no class.
Object.defineProperty(NewAttemptEvent.prototype, 'constructor', { value: Object })

export function attemptEvent(start: AttemptStart, request: RequestEvent | undefined): AttemptEvent {
  return new NewAttemptEvent(start, request)
}

export function newAttemptEvent(attempt: Attempt, clock: Clock): AttemptEvent {
  const { call, trip, number } = attempt
  return attemptEvent(
    {
      id: trip.id,
      index: call.index,
      ...(call.key !== undefined && { key: call.key }),
      attempt: number,
      method: call.method,
      url: printableUrl(call.url, call.plan.secretNames),
      host: hostIn(call.origin),
      delay: delayBefore(attempt),
      startedAt: startOf(attempt, clock),
      ...(trip.retry.redirects > 0 && { hop: true }),
      ...(trip.retry.polls > 0 && { poll: trip.retry.polls }),
    },
    trip.event,
  )
}

/** Fills in the end that another thread has reported. */
export function fillFrom(event: AttemptEvent, from: AttemptStart): void {
  const { delay, startedAt, status, code, timings, bytes, protocol, reused } = from
  const end = { delay, startedAt, status, code, timings, bytes, protocol, reused }
  for (const [name, value] of Object.entries(end)) if (value !== undefined) Reflect.set(event, name, value)
}

export function endAttempt(attempt: Attempt, event: AttemptEvent, result: Result, clock: Clock): void {
  const filled = event as NewAttemptEvent
  // `auth` and `beforeRequest` have been called since its beginning, and its clocks were started anew.
  if (wireStartMs(attempt) > attempt.admittedAtMs) {
    filled.delay = delayBefore(attempt)
    filled.startedAt = startOf(attempt, clock)
  }
  const reply = result.kind === 'reply' ? result : result.reply
  if (reply !== undefined) filled.status = reply.status
  if (result.kind === 'fault') filled.code = result.code
  filled.timings = attemptTimings(attempt, clock.now())
  if (reply !== undefined) {
    filled.bytes = reply.taken?.bytes ?? reply.body.byteLength
    filled.protocol = reply.protocol
  }
  filled.reused = attempt.reused
}
