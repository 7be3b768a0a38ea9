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

/** The rates of an entry of `hosts`; undefined: those of each host. */
export interface HostRates {
  readonly rates?: readonly Rate[] | undefined
}

export interface RatesByHost {
  /** The rates of all requests; none if there is no such limit. */
  readonly all: readonly Rate[]
  /** Those of each host that has no entry. */
  readonly perHost: readonly Rate[]
  /** By pattern of hosts. */
  readonly hosts: Readonly<Record<string, HostRates>>
}

/** What the shared rates know of the client. */
export interface SharedParts {
  readonly clock: Clock
  readonly rates: RatesByHost
  /** How many starts a call counts as. */
  readonly startsOf: (call: Call) => number
  /** Whether a lane waits at this limit. */
  readonly isWaitedFor: (limit: SharedLimit) => boolean
  /** Asks the waiting lanes again: the limit has slots now. MUST NOT be called within a method of the limit. */
  readonly turn: (limit: SharedLimit) => void
}

/** A lane that several processes know by the same name. */
export interface SharedLane {
  /** Its origin, or the answer of a function, which may be secret. */
  readonly key: string
  readonly origin: string
}

export interface OpenSharedLimits {
  /**
   * Connects, once. Rejects with a ConfigError that says what is wrong and what helps.
   */
  ready(): Promise<void>
  /** The limit of a new lane. */
  limitOf(lane: SharedLane): SharedLimit
  /** The server asked for a pause of this lane: no process sends until then. */
  pause(lane: SharedLane, untilMs: number): void
  close(): Promise<void>
}

/** Lets several processes share the rates of their clients: the option `sharedLimits`, from `redisLimits()`. */
export interface SharedLimits {
  /** Called once by each client. @internal */
  open(parts: SharedParts): OpenSharedLimits
}
