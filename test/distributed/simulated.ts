/** Several processes with their own clocks, and a Redis that all of them ask, in virtual time. */
import { grant } from '../../src/distributed/limits/gcra.ts'
import type { RateState } from '../../src/distributed/limits/gcra.ts'
import { HORIZON_MS } from '../../src/distributed/limits/leases.ts'
import type { Lease, SharedRate } from '../../src/distributed/limits/leases.ts'
import { RemoteTime } from '../../src/distributed/limits/remote-time.ts'
import { SharedRates } from '../../src/distributed/limits/shared-rates.ts'
import type { Clock } from '../../src/core/ports.ts'
import type { SharedLimits } from '../../src/core/shared-limits.ts'
import type { VirtualClock } from '../../src/testing/index.ts'

type State = { -readonly [K in keyof RateState]: RateState[K] }

/** Its wall clock, at the start of virtual time. */
const EPOCH_US = 1_800_000_000_000_000

export interface ProcessPlan {
  /** What its own clocks are ahead of virtual time. */
  readonly skewMs?: number
  /** The time that a call takes, and its reply: half of it each. */
  readonly roundTripMs?: () => number
  readonly localShare?: boolean
  /** How late each timer of the process is. */
  readonly lateMs?: () => number
}

export class SimulatedRedis {
  readonly rates = new Map<string, State>()
  readonly warnings: string[] = []
  /** Calls that had slots, and those that had none. */
  granted = 0
  refused = 0
  isAway = false
  readonly #time: VirtualClock
  readonly #seen = new Map<number, number>()

  constructor(time: VirtualClock) {
    this.#time = time
  }

  /** What `sharedLimits` is for one process. */
  process({ roundTripMs = () => 1, localShare = false }: ProcessPlan = {}): SharedLimits {
    const id = this.#seen.size
    this.#seen.set(id, 0)
    return {
      open: parts =>
        new SharedRates({
          ...parts,
          localShare,
          prefix: 'test',
          warn: message => void this.warnings.push(message),
          source: this.#source(id, parts.clock, roundTripMs),
        }),
    }
  }

  /** The clock of a process: monotonic time and wall clock are both off, and the latter is never used. */
  clockOf({ skewMs = 0, lateMs = () => 0 }: ProcessPlan): Clock {
    return {
      now: () => this.#time.now() + 1e6 + skewMs,
      epochMs: () => this.#time.epochMs() + skewMs,
      after: (delayMs, callback) => this.#time.after(delayMs + lateMs(), callback),
    }
  }

  #source(id: number, clock: Clock, roundTripMs: () => number) {
    const time = new RemoteTime()
    const half = (): Promise<void> => new Promise(resolve => void this.#time.after(roundTripMs() / 2, resolve))
    const lease = async (rates: readonly SharedRate[], asked: number): Promise<Lease> => {
      const sentMs = clock.now()
      await half()
      if (this.isAway) throw new Error('Connection is closed.')
      const now = this.#nowUs()
      const states = rates.map(rate => this.#stateOf(rate))
      const { slots, start, spacing, blockedBy } = grant(now, HORIZON_MS * 1_000, asked, states)
      if (slots > 0) this.granted++
      else if (asked > 0) this.refused++
      const processes = this.#processes(id, now)
      await half()
      time.learn(sentMs, clock.now(), now)
      return { slots, startMs: time.toMonotonicMs(start), spacingMs: spacing / 1_000, blockedBy, processes }
    }
    return {
      roundTripMs: 0,
      connect: () => lease([], 0),
      lease,
      coolDown: async (key: string, ms: number) => {
        await half()
        const state = this.#stateOf({ key, spacing: 0, burst: 1 })
        state.cooldown = Math.max(state.cooldown, this.#nowUs() + ms * 1_000)
      },
      trouble: (error: unknown) => String(error),
      hold: () => undefined,
      close: () => Promise.resolve(),
    }
  }

  #nowUs(): number {
    return EPOCH_US + Math.round(this.#time.now() * 1_000)
  }

  #stateOf({ key, spacing, burst }: SharedRate): State {
    let state = this.rates.get(key)
    if (state === undefined) this.rates.set(key, (state = { spacing, burst, tat: 0, cooldown: 0 }))
    return state
  }

  #processes(id: number, now: number): number {
    this.#seen.set(id, now)
    return [...this.#seen.values()].filter(seen => now - seen < 2_500_000).length
  }
}

/** The most events in any window of this length. */
export function mostWithin(windowMs: number, timesMs: readonly number[]): number {
  const sorted = timesMs.toSorted((a, b) => a - b)
  let most = 0
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] as number) - (sorted[first] as number) >= windowMs) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}
