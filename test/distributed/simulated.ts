/** Several processes with their own clocks, and a Redis that all of them ask, in virtual time. */
import { grant } from '../../src/distributed/limits/gcra.ts'
import type { RateState } from '../../src/distributed/limits/gcra.ts'
import { HORIZON_MS } from '../../src/distributed/limits/leases.ts'
import type { Lease, Looked, Outdated, SharedRate } from '../../src/distributed/limits/leases.ts'
import { NONE_SET } from '../../src/distributed/limits/named-limits.ts'
import type { SetLimits } from '../../src/distributed/limits/named-limits.ts'
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
  /** Processes that have lost Redis, by the order in which they were made. */
  readonly cutOff = new Set<number>()
  /** The limits that were set for the name. */
  set: SetLimits = NONE_SET
  readonly #pauses: { readonly atUs: number; readonly untilUs: number; readonly lane: string }[] = []
  readonly #time: VirtualClock
  #opened = 0
  readonly #seen = new Map<number, number>()

  constructor(time: VirtualClock) {
    this.#time = time
  }

  /** Redis loses all of its data. */
  lose(): void {
    this.rates.clear()
    this.#seen.clear()
    this.#pauses.length = 0
    this.set = NONE_SET
  }

  /** What `sharedLimits` is for one process. */
  process({ roundTripMs = () => 1, localShare = false }: ProcessPlan = {}): SharedLimits {
    const id = this.#opened++
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
    const call = async <T>(answer: (now: number) => T): Promise<T> => {
      const sentMs = clock.now()
      await half()
      if (this.isAway || this.cutOff.has(id)) throw new Error('Connection is closed.')
      const now = this.#nowUs()
      const said = answer(now)
      await half()
      time.learn(sentMs, clock.now(), now)
      return said
    }
    let lookedAtUs = 0
    const look = async (known: number): Promise<Looked> => {
      const { processes, pauses } = await call(now => {
        const since = this.#pauses.filter(({ atUs }) => atUs >= lookedAtUs)
        lookedAtUs = now
        return { processes: this.#processes(id, now), pauses: since }
      })
      return {
        processes,
        revision: this.set.revision,
        limits: this.set.revision > known ? this.set.limits : undefined,
        pauses: pauses.map(({ lane, untilUs }) => ({ lane, untilMs: time.toMonotonicMs(untilUs) })),
      }
    }
    const lease = async (rates: readonly SharedRate[], asked: number, known: number): Promise<Lease | Outdated> => {
      const { slots, start, spacing, blockedBy, processes } = await call(now => {
        const counted = this.#processes(id, now)
        if (this.set.revision > known) return { slots: -1, start: 0, spacing: 0, blockedBy: 0, processes: counted }
        const granted = grant(
          now,
          HORIZON_MS * 1_000,
          asked,
          rates.map(rate => this.#stateOf(rate)),
        )
        if (granted.slots > 0) this.granted++
        else this.refused++
        return { ...granted, processes: counted }
      })
      if (slots < 0) return { kind: 'outdated' }
      const startMs = time.toMonotonicMs(start)
      return {
        kind: 'lease',
        slots,
        startMs,
        spacingMs: spacing / 1_000,
        blockedBy,
        processes,
        revision: this.set.revision,
      }
    }
    return {
      roundTripMs: 0,
      connect: look,
      look,
      lease,
      coolDown: async (key: string, ms: number, lane: string) => {
        await half()
        const state = this.#stateOf({ key, spacing: 0, burst: 1 })
        const atUs = this.#nowUs()
        state.cooldown = Math.max(state.cooldown, atUs + ms * 1_000)
        this.#pauses.push({ atUs, untilUs: state.cooldown, lane })
      },
      restore: async (set: SetLimits) => {
        await half()
        if (set.revision > this.set.revision) this.set = set
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
    const state: State = this.rates.get(key) ?? { spacing, burst, tat: 0, charged: 0, cooldown: 0 }
    this.rates.set(key, state)
    return Object.assign(state, { spacing, burst })
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
