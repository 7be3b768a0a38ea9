/** Where leases of slots come from: Redis, or this process alone while Redis is away. */
import { grant } from './gcra.ts'
import type { RateState } from './gcra.ts'
import type { NamedLimits } from './named-limits.ts'
import type { Clock } from '../../core/ports.ts'

/** Slots are granted at most this far ahead; after a crash, or a pause by the server, at most this much is used up or lost. */
export const HORIZON_MS = 200

/** A rate that several processes share. */
export interface SharedRate {
  /** Where its state is in Redis. */
  readonly key: string
  /** In microseconds, from slot to slot; 0 if only its cooldown counts. */
  readonly spacing: number
  readonly burst: number
}

/** Times are monotonic milliseconds of this process. */
export interface Lease {
  readonly kind: 'lease'
  /** 0: none now. */
  readonly slots: number
  readonly startMs: number
  readonly spacingMs: number
  /** Without slots, the last rate that has none, counted from 1. */
  readonly blockedBy: number
  /** Processes that asked lately, this one included. */
  readonly processes: number
  /** Of the limits that Redis has: lower than what was asked with if it has lost them. */
  readonly revision: number
}

/** The limits of the name have been changed: nothing is granted until the process has looked. */
export interface Outdated {
  readonly kind: 'outdated'
}

export interface LeaseSource {
  /**
   * Asks all of these rates at once. Rejects while Redis cannot be used; the slots are then lost, if there were any.
   *
   * @param revision of the limits that the rates are from
   */
  lease(rates: readonly SharedRate[], slots: number, revision: number): Promise<Lease | Outdated>
}

/** What is new since the last look. */
export interface Looked {
  readonly processes: number
  /** What Redis has. */
  readonly revision: number
  /** If they are newer than what the process knows. */
  readonly limits: NamedLimits | undefined
  /** Lanes that a server has paused. */
  readonly pauses: readonly { readonly lane: string; readonly untilMs: number }[]
}

/** The rates at a share of their speed, in the memory of this process. */
export function localLeases(clock: Clock, processes: number): LeaseSource {
  const states = new Map<string, RateState>()
  const stateOf = ({ key, spacing }: SharedRate): RateState => {
    let state = states.get(key)
    if (state === undefined)
      states.set(key, (state = { spacing: spacing * processes, burst: 1, tat: 0, charged: 0, cooldown: 0 }))
    return state
  }
  return {
    lease: (rates, asked, revision) => {
      const nowUs = clock.now() * 1_000
      const { slots, start, spacing, blockedBy } = grant(nowUs, HORIZON_MS * 1_000, asked, rates.map(stateOf))
      return Promise.resolve({
        kind: 'lease',
        slots,
        startMs: start / 1_000,
        spacingMs: spacing / 1_000,
        blockedBy,
        processes,
        revision,
      })
    },
  }
}
