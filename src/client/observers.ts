/** Several observers as one. An observer that throws harms neither the run nor the other observers. */
import { reasonOf } from '../core/callback.ts'
import type { EventHeaders, EventKind, Events, Observer, Telemetry } from '../core/events.ts'
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
    return this.#try(() => this.#telemetry.headersFor?.(event))
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
