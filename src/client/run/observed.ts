/**
 * Reports a batch and its requests to the observer of the client. A request is reported if there is a listener when it is
 * taken from the input. A later listener gets the requests that are taken after that.
 */
import { isThenable } from '../../core/callback.ts'
import type { Call } from '../../core/call.ts'
import type { BatchEvent, Observer } from '../../core/events.ts'
import type { Outcome } from '../../core/outcome.ts'
import type { Clock } from '../../core/ports.ts'
import { endRequest, refusedEvent, requestEvent } from '../../core/request-event.ts'
import type { Trip } from '../../core/trip.ts'
import type { Writable } from '../../core/writable.ts'
import type { EngineParts } from '../../engine/ports.ts'

/** How a batch ended. */
export interface BatchEnd {
  readonly ok: number
  readonly failed: number
  /** Why it ended before its input. */
  readonly error?: unknown
}

export class ObservedBatch {
  readonly #observer: Observer
  readonly #clock: Clock
  readonly #startedAtMs: number
  readonly #event: Writable<BatchEvent> | undefined

  /** Reports the start. `total`: undefined for an input without a length. */
  constructor(observer: Observer, clock: Clock, total: number | undefined) {
    this.#observer = observer
    this.#clock = clock
    this.#startedAtMs = clock.now()
    // An event links to its parent, so the parents of a wanted kind are created as well.
    if (!observer.wants('batch') && !this.#wantsBelow()) return
    this.#event = { ...(total !== undefined && { total }), startedAt: clock.epochMs() }
    observer.start('batch', this.#event)
  }

  end({ ok, failed, error }: BatchEnd): void {
    const event = this.#event
    if (event === undefined) return
    event.ok = ok
    event.failed = failed
    event.elapsedMs = this.#clock.now() - this.#startedAtMs
    if (error !== undefined) event.error = error
    this.#observer.end('batch', event)
  }

  /** The same parts, which report each request. */
  parts(parts: EngineParts): EngineParts {
    return {
      prepare: item => {
        const call = parts.prepare(item)
        if ('ok' in call) return this.refused(call)
        this.begin(call)
        return call
      },
      send: parts.send,
      settle: (call, result) => {
        const outcome = parts.settle(call, result)
        if (call.trip.event === undefined) return outcome
        const { trip } = call
        return isThenable(outcome) ? outcome.then(made => this.settled(trip, made)) : this.settled(trip, outcome)
      },
      abandon: (item, reason) => {
        return this.refused(parts.abandon(item, reason))
      },
    }
  }

  #wantsBelow(): boolean {
    return this.#observer.wants('request') || this.#observer.wants('attempt')
  }

  begin(call: Call): void {
    if (!this.#wantsBelow()) return
    call.trip.event = requestEvent(call, this.#clock.epochMs(), this.#event)
    this.#observer.start('request', call.trip.event)
  }

  /** A request that was not sent begins and ends at once. */
  refused<T extends Outcome>(outcome: T): T {
    if (!this.#observer.wants('request')) return outcome
    const event = refusedEvent(outcome, this.#clock.epochMs(), this.#event)
    this.#observer.start('request', event)
    endRequest(event, outcome)
    this.#observer.end('request', event)
    return outcome
  }

  settled(trip: Trip, outcome: Outcome): Outcome {
    const { event } = trip
    if (event === undefined) return outcome
    trip.event = undefined
    endRequest(event, outcome)
    this.#observer.end('request', event)
    return outcome
  }
}
