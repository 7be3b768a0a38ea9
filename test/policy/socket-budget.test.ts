import { describe, expect, it } from 'vitest'
import type { Call } from '../../src/core/call.ts'
import { SocketBudget } from '../../src/policy/socket-budget.ts'
import type { SocketLimit } from '../../src/policy/socket-budget.ts'
import { fc } from '../support/property.ts'

const CALL = {} as Call

/** Clients with `left` requests each, which take a socket whenever they may. */
function market(size: number, wanted: readonly number[]) {
  const work: (() => void)[] = []
  const budget = new SocketBudget(size, task => void work.push(task))
  const left = [...wanted]
  const served: number[] = []
  const limits: SocketLimit[] = wanted.map((_, i) =>
    budget.limit({ wants: () => (left[i] ?? 0) > 0, wake: () => take(i) }),
  )
  const take = (i: number): void => {
    while ((left[i] ?? 0) > 0 && limits[i]?.waitMs(0, CALL) === 0) {
      limits[i]?.book(0, CALL)
      left[i]!--
      served.push(i)
    }
  }
  const settle = (): void => {
    for (let task = work.shift(); task !== undefined; task = work.shift()) task()
  }
  /** The client's attempt ends, and its own gate is asked first. */
  const end = (i: number): void => {
    limits[i]?.release?.(CALL)
    take(i)
    settle()
  }
  return { budget, limits, left, served, take, end }
}

describe('the socket budget', () => {
  it('is never exceeded, leaves no wanted socket unused, and comes to an end', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.nat(1_000)),
        (size, wanted, chance) => {
          const { budget, limits, left, take, end } = market(size, wanted)
          wanted.forEach((_, i) => take(i))
          for (let step = 0; step < 500 && budget.running > 0; step++) {
            expect(budget.running).toBeLessThanOrEqual(size)
            if (left.some(count => count > 0)) expect(budget.running).toBe(size)
            const busy = limits.flatMap(({ running }, i) => (running > 0 ? [i] : []))
            end(busy[(chance.next().value ?? 0) % busy.length] as number)
          }
          expect(left.every(count => count === 0)).toBe(true)
          expect(budget.running).toBe(0)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is shared evenly by clients that want more than there is, in any order of arrival', () => {
    const { limits, served, take, end } = market(4, [1_000, 100, 1])
    take(0)
    expect(limits.map(({ running }) => running)).toEqual([4, 0, 0])
    take(1)
    take(2)
    for (let i = 0; i < 3; i++) end(0)
    expect(limits.map(({ running }) => running)).toEqual([2, 1, 1])
    expect(served.filter(i => i === 2)).toHaveLength(1)
  })

  it('serves two clients in turn when there is one socket', () => {
    const { limits, served, take, end } = market(1, [10, 10])
    take(0)
    take(1)
    for (let i = 0; i < 9; i++) end(limits[0]?.running === 1 ? 0 : 1)
    expect(served).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
  })

  it('halves once per round when the system refuses a socket, rests, and doubles every ten seconds', () => {
    const budget = new SocketBudget(1_000, task => task())
    const limit = budget.limit({ wants: () => false, wake: () => undefined })
    for (let i = 0; i < 99; i++) limit.book(0, CALL)
    budget.shrink(0, 5)
    budget.shrink(0, 6)
    budget.shrink(4, 7)
    expect(budget.max(5)).toBe(50)
    expect(limit.waitMs(5, CALL)).toBe(25)
    expect(limit.waitMs(31, CALL)).toBe(10_005 - 31)
    expect(budget.max(10_005)).toBe(100)
    expect(limit.waitMs(10_005, CALL)).toBe(0)
    expect(budget.max(60_005)).toBe(1_000)
  })

  it('says when it will have grown, because no attempt may end for hours', () => {
    const budget = new SocketBudget(1_000, task => task())
    const first = budget.limit({ wants: () => true, wake: () => undefined })
    const second = budget.limit({ wants: () => true, wake: () => undefined })
    first.book(0, CALL)
    first.book(0, CALL)
    budget.shrink(0, 0)
    expect(budget.max(0)).toBe(1)
    const waitMs = first.waitMs(30, CALL)
    expect(waitMs).toBeLessThan(16_000)
    expect(second.waitMs(30 + waitMs, CALL)).toBe(0)
    // The other client waits for its turn, and asks again.
    expect(first.waitMs(30 + waitMs, CALL)).toBeLessThan(1_000)
    for (let i = 0; i < 998; i++) second.book(0, CALL)
    expect(first.waitMs(1_000_000, CALL)).toBe(Infinity)
  })

  it('rests longer after each further refusal, up to a second, and never shrinks to nothing', () => {
    const budget = new SocketBudget(1_000, task => task())
    const limit = budget.limit({ wants: () => false, wake: () => undefined })
    const rests: number[] = []
    let nowMs = 0
    for (let i = 0; i < 12; i++) {
      budget.shrink(nowMs, nowMs)
      rests.push(limit.waitMs(nowMs, CALL))
      nowMs += rests.at(-1) as number
    }
    expect(rests.slice(0, 8)).toEqual([25, 50, 100, 200, 400, 800, 1_000, 1_000])
    expect(budget.max(nowMs)).toBe(1)
    budget.shrink(nowMs + 1_001, nowMs + 1_001)
    expect(limit.waitMs(nowMs + 1_001, CALL)).toBe(25)
  })
})
