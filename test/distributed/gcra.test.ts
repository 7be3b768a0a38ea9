/** The arithmetic of shared rates. That Redis computes the same is in `gcra-process.test.ts`. */
import { describe, expect, it } from 'vitest'
import { grant } from '../../src/distributed/limits/gcra.ts'
import type { RateState } from '../../src/distributed/limits/gcra.ts'
import { fc } from '../support/property.ts'
import { grantsOf, trace } from './traces.ts'
import type { Trace } from './traces.ts'

const HORIZON = 200_000
const NOW = 1_800_000_000_000_000

const rate = (spacing: number, burst = 1): { -readonly [K in keyof RateState]: RateState[K] } => ({
  spacing,
  burst,
  tat: 0,
  charged: 0,
  cooldown: 0,
})

describe('a grant', () => {
  it('continues where the last one ended', () => {
    const perSecond = rate(2_000)
    expect(grant(NOW, HORIZON, 50, [perSecond])).toEqual({ slots: 50, start: NOW, spacing: 2_000, blockedBy: 0 })
    expect(grant(NOW + 10, HORIZON, 50, [perSecond])).toMatchObject({ slots: 50, start: NOW + 100_000 })
  })

  it('has no slot beyond the horizon, and says when there is one', () => {
    const slow = rate(1_000_000)
    expect(grant(NOW, HORIZON, 5, [slow])).toMatchObject({ slots: 1, start: NOW })
    expect(grant(NOW, HORIZON, 5, [slow])).toMatchObject({ slots: 0, start: NOW + 1_000_000, blockedBy: 1 })
    expect(grant(NOW + 800_000, HORIZON, 5, [slow])).toMatchObject({ slots: 1, start: NOW + 1_000_000 })
  })

  it('has a burst of slots in the past once the rate was unused for that long', () => {
    const bursty = rate(10_000, 5)
    expect(grant(NOW, 0, 100, [bursty])).toMatchObject({ slots: 5, start: NOW - 40_000 })
    expect(grant(NOW, 0, 100, [bursty])).toMatchObject({ slots: 0 })
  })

  it('takes from all rates or from none, at the widest spacing', () => {
    const [total, host] = [rate(1_000), rate(10_000)]
    expect(grant(NOW, HORIZON, 10, [total, host])).toMatchObject({ slots: 10, spacing: 10_000 })
    expect([total.tat, host.tat]).toEqual([NOW + 10_000, NOW + 100_000])
    expect(grant(NOW, HORIZON, 500, [total, host])).toMatchObject({ slots: 11, start: NOW + 100_000 })
    const before = total.tat
    expect(grant(NOW, HORIZON, 1, [total, host])).toMatchObject({ slots: 0, blockedBy: 2 })
    expect(total.tat).toBe(before)
  })

  it('lies after the cooldown', () => {
    const paused = { ...rate(1_000), cooldown: NOW + 5_000_000 }
    expect(grant(NOW, HORIZON, 10, [paused])).toMatchObject({ slots: 0, start: NOW + 5_000_000 })
    expect(grant(NOW + 4_900_000, HORIZON, 10, [paused])).toMatchObject({ slots: 10, start: NOW + 5_000_000 })
  })

  it('of a host without a rate only obeys its cooldown', () => {
    const host = { ...rate(0), cooldown: NOW + 300_000 }
    expect(grant(NOW, HORIZON, 10, [rate(100), host])).toMatchObject({ slots: 0, blockedBy: 2 })
    expect(grant(NOW + 300_000, HORIZON, 10, [rate(100), host])).toMatchObject({ slots: 10, spacing: 100 })
  })
})

/** @param factor of all steps; undefined: that of each */
function judgeAlone({ rates, ...rest }: Trace, factor: number | undefined, { spacing, burst }: Trace['rates'][number]) {
  const steps = rest.steps.map(step => ({ ...step, of: [0], factor: factor ?? step.factor }))
  const slots = grantsOf({ ...rest, steps, rates: rates.slice(0, 1) }).flatMap(
    ({ slots: count, start, spacing: apart }) => Array.from({ length: count }, (_, place) => start + place * apart),
  )
  for (let first = 0; first < slots.length; first += 7) {
    for (let last = first; last < slots.length; last += 11) {
      const passed = (slots[last] as number) - (slots[first] as number)
      // A slot in the past is sent at once, so a window counts at least from the time of the grant.
      if (last - first > passed / spacing + burst + 1e-6) throw new Error(`${last - first} in ${passed} µs`)
    }
  }
}

describe('a rate that changes', () => {
  it('has its next slot one new spacing after its last slot, whether it became faster or slower', () => {
    const state = rate(60_000_000)
    expect(grant(NOW, HORIZON, 1, [state])).toMatchObject({ slots: 1, start: NOW })
    Object.assign(state, { spacing: 10_000 })
    expect(grant(NOW + 5_000, HORIZON, 1, [state])).toMatchObject({ slots: 1, start: NOW + 10_000 })
    Object.assign(state, { spacing: 1_000_000 })
    expect(grant(NOW + 20_000, HORIZON, 1, [state])).toMatchObject({ slots: 0, start: NOW + 1_010_000 })
  })
})

describe('the grants of any history', () => {
  it('never exceed burst + window / spacing of a rate that is asked alone, in any window', () => {
    fc.assert(
      fc.property(trace, history => {
        const { spacing, burst } = history.rates[0] as Trace['rates'][number]
        if (spacing > 0) judgeAlone(history, 1, { spacing, burst })
      }),
    )
  })

  it('never exceed the highest of several rates, whichever of them each process has', () => {
    fc.assert(
      fc.property(trace, history => {
        const { spacing, burst } = history.rates[0] as Trace['rates'][number]
        const least = spacing * Math.min(...history.steps.map(({ factor }) => factor))
        if (spacing > 0) judgeAlone(history, undefined, { spacing: least, burst })
      }),
    )
  })

  it('leave room for nothing within the horizon when they are refused', () => {
    fc.assert(
      fc.property(trace, history => {
        for (const { at, slots, start, blockedBy, of } of grantsOf(history)) {
          if (blockedBy === 0) continue
          expect(slots).toBe(0)
          expect(start).toBeGreaterThan(at + history.horizon)
          expect(blockedBy).toBeLessThanOrEqual(of.length)
        }
      }),
    )
  })
})
