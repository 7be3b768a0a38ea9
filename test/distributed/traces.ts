/** Random histories of shared rates: what processes ask for, and when. */
import { grant } from '../../src/distributed/limits/gcra.ts'
import type { Grant, RateState } from '../../src/distributed/limits/gcra.ts'
import { fc } from '../support/property.ts'

export interface Step {
  /** Microseconds since the step before. */
  readonly passed: number
  readonly asked: number
  /** The rates that this step asks, by their place in the trace. */
  readonly of: readonly number[]
  /** Sets the cooldown of the first of them to this time from now; 0 for none. */
  readonly cool: number
  /** The process that asks has its spacings multiplied by this. */
  readonly factor: number
}

export interface Trace {
  readonly start: number
  readonly horizon: number
  readonly rates: readonly { readonly spacing: number; readonly burst: number }[]
  readonly steps: readonly Step[]
}

/** Of a second, for limits that do not divide it, too. */
const spacing = fc.oneof(
  fc.constantFrom(0, 2_000, 1_000_000 / 3, 1_000_000 / 30_000, 60_000_000 / 7),
  fc.integer({ min: 1, max: 3_000_000 }),
  fc.integer({ min: 1, max: 100_000 }).map(limit => 1_000_000 / limit),
)

export const trace: fc.Arbitrary<Trace> = fc
  .array(fc.record({ spacing, burst: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 200 })) }), {
    minLength: 1,
    maxLength: 4,
  })
  .chain(rates =>
    fc.record({
      start: fc.integer({ min: 1_700_000_000_000_000, max: 4_000_000_000_000_000 }),
      horizon: fc.constantFrom(200_000, 0, 1_000_000),
      rates: fc.constant(rates),
      steps: fc.array(
        fc.record({
          passed: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 400_000 })),
          asked: fc.integer({ min: 0, max: 500 }),
          of: fc.subarray([...rates.keys()], { minLength: 1 }),
          factor: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.constantFrom(0.5, 1 / 3, 2, 7.3, 100)),
          cool: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 2_000_000 })),
        }),
        { minLength: 1, maxLength: 40 },
      ),
    }),
  )

export interface Granted extends Grant {
  readonly at: number
  readonly of: readonly number[]
}

/** The grants of a trace, by the TypeScript arithmetic. */
export function grantsOf({ start, horizon, rates, steps }: Trace): Granted[] {
  const states = rates.map(rate => ({ ...rate, tat: 0, charged: 0, cooldown: 0 }))
  let at = start
  return steps.map(({ passed, asked, of, cool, factor }) => {
    at += passed
    const asks = of.map(place => {
      const usual = (rates[place] as (typeof rates)[number]).spacing
      return Object.assign(states[place] as (typeof states)[number], { spacing: usual * factor })
    })
    const first = asks[0] as (typeof states)[number]
    if (cool > 0) first.cooldown = Math.max(first.cooldown, at + cool)
    return { at, of, ...grant(at, horizon, asked, asks satisfies RateState[]) }
  })
}
