/** Several observers as one. An observer that throws affects neither the run nor the other observers. */
import { isThenable, reasonOf } from '../core/callback.ts'
import type { EventHeaders, EventKind, Events, Observer, Telemetry } from '../core/events.ts'
import { WIRE_HEADERS, headerProblem } from '../core/headers.ts'
import { printable } from '../core/printable.ts'
import { kindOf } from '../config/kinds.ts'

/** The observers of a client: the channels, to which anybody in the process may listen, and that of its options. */
export function observers(channels: Observer, own: Telemetry | undefined): Observer {
  return own === undefined ? channels : new Pair(channels, new Guarded(own))
}

class Pair implements Observer {
  readonly #first: Observer
  readonly #own: Guarded

  constructor(first: Observer, own: Guarded) {
    this.#first = first
    this.#own = own
  }

  /** `wants` of the caller's object is called once per event, at its start. */
  wants(): boolean {
    return true
  }

  start<K extends EventKind>(kind: K, event: Events[K]): void {
    this.#first.start(kind, event)
    this.#own.start(kind, event)
  }

  end<K extends EventKind>(kind: K, event: Events[K]): void {
    this.#first.end(kind, event)
    this.#own.end(kind, event)
  }

  headersFor(event: Events['attempt']): EventHeaders | undefined {
    return this.#own.headersFor(event)
  }
}

/**
 * Headers of the caller's object, names in lower case. Throws for an invalid header, which could inject a second one, and
 * for a header that the transport sets.
 */
function checkedHeaders(given: unknown): EventHeaders | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'object' || given === null || isThenable(given) || Symbol.iterator in given) {
    throw new TypeError(`headersFor: expected an object of headers or undefined, got ${kindOf(given)}`)
  }
  const headers: Record<string, string | undefined> = {}
  for (const [written, value] of Object.entries(given as Readonly<Record<string, unknown>>)) {
    const name = written.toLowerCase()
    if (value !== undefined && typeof value !== 'string') throw new TypeError(`header ${name}: expected a string`)
    const wrong = headerProblem(name, value ?? '')
    if (wrong !== undefined) throw new TypeError(wrong)
    if (WIRE_HEADERS.has(name)) throw new TypeError(`header ${name}: it is set from the request itself`)
    headers[name] = value
  }
  return headers
}

class Guarded implements Pick<Observer, 'start' | 'end'> {
  readonly #telemetry: Telemetry
  /** Events whose start it got, but not yet the end. */
  readonly #begun = new WeakSet<Events[EventKind]>()
  #hasWarned = false

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry
  }

  start<K extends EventKind>(kind: K, event: Events[K]): void {
    const telemetry = this.#telemetry
    if (telemetry.wants !== undefined && !(this.#try(() => telemetry.wants?.(kind)) ?? false)) return
    this.#begun.add(event)
    this.#try(() => telemetry.start(kind, event))
  }

  end<K extends EventKind>(kind: K, event: Events[K]): void {
    if (this.#begun.delete(event)) this.#try(() => this.#telemetry.end(kind, event))
  }

  headersFor(event: Events['attempt']): EventHeaders | undefined {
    if (!this.#begun.has(event)) return undefined
    const given = this.#try(() => this.#telemetry.headersFor?.(event))
    return this.#try(() => checkedHeaders(given))
  }

  #try<T>(run: () => T): T | undefined {
    try {
      const answer = run()
      // An async function. It is not awaited, and its rejection must not end the process.
      if (isThenable(answer)) answer.then(undefined, error => this.#warn(error))
      return answer
    } catch (error) {
      this.#warn(error)
      return undefined
    }
  }

  #warn(error: unknown): void {
    if (!this.#hasWarned) {
      const message = `telemetry threw: ${reasonOf(error)}. The run goes on; further errors are not reported`
      process.emitWarning(printable(message), 'ParallelRequestsWarning')
    }
    this.#hasWarned = true
  }
}
