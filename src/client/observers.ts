/** Several observers as one. An observer that throws harms neither the run nor the other observers. */
import { reasonOf } from '../core/callback.ts'
import type { EventHeaders, EventKind, Events, Observer, Telemetry } from '../core/events.ts'
import { WIRE_HEADERS, headerProblem } from '../core/headers.ts'
import { printable } from '../core/printable.ts'

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

  wants(kind: EventKind): boolean {
    return this.#own.wants(kind) || this.#first.wants(kind)
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
 * Headers of the caller's object, names in lower case. Throws for what is no header, which could smuggle a second one,
 * and for a header that the transport sets.
 */
function checkedHeaders(given: EventHeaders | undefined): EventHeaders | undefined {
  if (given === undefined) return undefined
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

class Guarded implements Observer {
  readonly #telemetry: Telemetry
  #hasWarned = false

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry
  }

  wants(kind: EventKind): boolean {
    return this.#telemetry.wants === undefined || (this.#try(() => this.#telemetry.wants?.(kind)) ?? false)
  }

  start<K extends EventKind>(kind: K, event: Events[K]): void {
    this.#try(() => this.#telemetry.start(kind, event))
  }

  end<K extends EventKind>(kind: K, event: Events[K]): void {
    this.#try(() => this.#telemetry.end(kind, event))
  }

  headersFor(event: Events['attempt']): EventHeaders | undefined {
    return this.#try(() => checkedHeaders(this.#telemetry.headersFor?.(event)))
  }

  #try<T>(run: () => T): T | undefined {
    try {
      return run()
    } catch (error) {
      if (!this.#hasWarned) {
        const message = `telemetry threw: ${reasonOf(error)}. The run goes on; further errors are not reported`
        process.emitWarning(printable(message), 'ParallelRequestsWarning')
      }
      this.#hasWarned = true
      return undefined
    }
  }
}
