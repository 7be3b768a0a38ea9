/**
 * What the engine needs from outside: functions that prepare, send and settle a request, and the capacity of the gate.
 */
import type { Item } from './source.ts'
import type { Call } from '../core/call.ts'
import type { Send } from '../core/layer.ts'
import type { Outcome } from '../core/outcome.ts'
import type { Fault, Result } from '../core/result.ts'
import type { Demand } from '../core/demand.ts'
import type { Tally } from '../core/tally.ts'

export interface EngineParts {
  /** The Call of an item, or the outcome of one that cannot be sent. */
  readonly prepare: (item: Item) => Call | Outcome
  readonly send: Send<Call>
  readonly settle: (call: Call, result: Result) => Outcome | Promise<Outcome>
  /** The outcome of an item that was never sent. */
  readonly abandon: (item: Item, reason: Fault) => Outcome
}

/** What the engine asks the gate: would a further attempt only wait? */
export interface Capacity {
  /** How many attempts can be in flight at once. */
  readonly slots: number
  isCrowded(): boolean
  /** Tells the demand when there may be room. Returns a function that detaches it. */
  attach(demand: Demand): () => void
}

export interface RunOptions {
  readonly window: number
  readonly capacity: Capacity
  readonly maxFailures: number
  readonly signal: AbortSignal | undefined
  /** Counts each outcome before it is delivered. Undefined if nobody can ask for statistics. */
  readonly statistics?: Tally | undefined
  /** Takes each outcome once. The outcome counts as given back when `run.give()` is called. */
  readonly deliver: (outcome: Outcome) => void
  /** Everything has been delivered, or the input failed. */
  readonly ended: (inputError: { readonly error: unknown } | undefined) => void
}

export interface Counts {
  readonly total: number | undefined
  readonly pulled: number
  readonly ok: number
  readonly failed: number
  readonly retries: number
  readonly bytes: number
}
