/** Rates that several processes share: what a client asks of them. */
import type { Call } from './call.ts'
import type { Clock } from './ports.ts'
import type { Rate } from './rate.ts'

/** The shared rates of the requests of one lane, as a limit of its gate. */
export interface SharedLimit {
  readonly waitsFor: 'rate'
  /** What it is called in advice. */
  readonly label: string
  waitMs(nowMs: number, call: Call): number
  book(nowMs: number, call: Call): void
  /** A lane waits here: it needs slots. */
  awaited(nowMs: number): void
  isIdle(nowMs: number): boolean
}

/** What the shared rates know of the client. */
export interface SharedParts {
  readonly clock: Clock
  /** The rates of all requests; none if there is no such limit. */
  readonly rates: readonly Rate[]
  /** How many starts a call counts as. */
  readonly startsOf: (call: Call) => number
  /** Whether a lane waits at this limit. */
  readonly isWaitedFor: (limit: SharedLimit) => boolean
  /** Asks the waiting lanes again: the limit has slots now. MUST NOT be called within a method of the limit. */
  readonly turn: (limit: SharedLimit) => void
}

/** A lane that several processes know by the same name. */
export interface SharedLane {
  readonly key: string
  /** Whether the key is an origin, and not the answer of a function, which may be secret. */
  readonly isOrigin: boolean
}

export interface OpenSharedLimits {
  /**
   * Connects, once. Rejects with a ConfigError that says what is wrong and what helps.
   */
  ready(): Promise<void>
  /** The limit of a new lane. @param rates of its host */
  limitOf(lane: SharedLane, rates: readonly Rate[]): SharedLimit | undefined
  /** The server asked for a pause of this lane: no process sends until then. */
  pause(lane: SharedLane, untilMs: number): void
  close(): Promise<void>
}

/** Lets several processes share the rates of their clients: the option `sharedLimits`, from `redisLimits()`. */
export interface SharedLimits {
  /** Called once by each client. @internal */
  open(parts: SharedParts): OpenSharedLimits
}
