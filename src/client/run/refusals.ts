/**
 * What cannot be sent as it was written, in a run that is resumed: Calls that go nowhere, so that they take the way of
 * all others and have their line before their outcome is handed out. The next run looks at the request anew.
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
    // It waits for nothing that a stop could spare it.
    trip.cancelSlot.hold('callback', () => undefined)
    this.#outcomes.set(trip, prepared)
    const { id, index, key, request } = prepared
    trip.id = id
    return { ...NOWHERE, index, key, meta: request.meta, method: request.method, url: request.url, plan, trip }
  }

  /** Its outcome, where it is one of them. */
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

/** Whether the file says so already: a rerun adds nothing to it then. */
export function saysTheSame({ error, url, key }: DoneLine, outcome: FailedOutcome): boolean {
  const { code } = outcome.error
  const reason = RequestError.reason(outcome.error)
  return error?.code === code && error.message === reason && url === outcome.request.url && key === outcome.key
}
