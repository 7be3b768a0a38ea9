/**
 * Refused requests in a run that is resumed. They become Calls that are never sent, so that they get a line in the run
 * file before their outcome is handed out, like all others. The next run prepares the request anew.
 */
import type { Call, CallPlan } from '../../core/call.ts'
import { RequestError } from '../../core/error.ts'
import type { DoneLine } from '../../core/journal.ts'
import type { FailedOutcome, Outcome } from '../../core/outcome.ts'
import { Trip } from '../../core/trip.ts'

export class Refusals {
  readonly #outcomes = new WeakMap<Trip, Outcome>()

  /** @param plan of the batch */
  admit(prepared: Call | Outcome, plan: CallPlan, nowMs: number): Call {
    if (!('ok' in prepared)) return prepared
    const trip = new Trip(0, nowMs, Infinity)
    // A refused Call waits for nothing, so a stop has nothing to cancel.
    trip.cancelSlot.hold('callback', () => undefined)
    this.#outcomes.set(trip, prepared)
    const { id, index, key, request } = prepared
    trip.id = id
    return { ...NOWHERE, index, key, meta: request.meta, method: request.method, url: request.url, plan, trip }
  }

  /** The outcome of a refused Call; undefined for any other. */
  of(call: Call): FailedOutcome | undefined {
    return this.#outcomes.get(call.trip) as FailedOutcome | undefined
  }
}

const NOWHERE = {
  origin: '',
  lane: '',
  costs: 0,
  path: '',
  headers: [],
  body: undefined,
  credentials: undefined,
  atHome: true,
  replayable: true,
  repeatable: true,
} as const

/** Whether the file has the same line already: then a rerun adds nothing to it. */
export function saysTheSame({ error, url, key }: DoneLine, outcome: FailedOutcome): boolean {
  const { code } = outcome.error
  const reason = RequestError.reason(outcome.error)
  return error?.code === code && error.message === reason && url === outcome.request.url && key === outcome.key
}
