/** Which requests of a chunk are tried next, played against simulated processes. */
import { describe, expect, it } from 'vitest'
import { nextTrial } from '../../src/distributed/batch/trials.ts'
import type { Death } from '../../src/distributed/batch/trials.ts'

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

interface Played {
  readonly poison: readonly number[]
  readonly deaths: number
  readonly trials: number
}

/**
 * @param isDeadly which requests end their process
 * @param by what is seen of it; undefined if the worker dies as well
 */
function play(rows: number, isDeadly: (position: number) => boolean, by?: string): Played {
  const left = new Set(upTo(rows))
  const deaths: Death[] = []
  const poison: number[] = []
  let trials = 0
  while (left.size > 0) {
    const next = nextTrial([...left], deaths)
    if (next.kind === 'poison') {
      poison.push(next.position)
      left.delete(next.position)
      continue
    }
    trials++
    if (next.positions.some(isDeadly)) deaths.push({ positions: next.positions, by })
    else for (const position of next.positions) left.delete(position)
  }
  return { poison, deaths: deaths.length, trials }
}

describe('nextTrial', () => {
  it('finds one deadly request with fewer deaths than halving, for any size of a chunk', () => {
    const found = [4, 10, 100, 1_000, 10_000].map(rows => {
      const { poison, deaths } = play(rows, position => position === 3, 'SIGKILL')
      // The first death is that of a worker.
      return { rows, poison, isBounded: 1 + deaths <= Math.log2(rows) + 2 }
    })
    expect(found).toEqual(found.map(({ rows }) => ({ rows, poison: [3], isBounded: true })))
  })

  it('finds every one of several deadly requests, and blames no other', () => {
    const deadly = new Set([0, 1, 500, 998, 999])
    const { poison, deaths } = play(1_000, position => deadly.has(position), 'SIGKILL')
    expect(poison.toSorted((a, b) => a - b)).toEqual([0, 1, 500, 998, 999])
    expect(deaths).toBeLessThanOrEqual(5 * 5)
  })

  it('sends a chunk without a deadly request at once', () => {
    expect(play(1_000, () => false)).toEqual({ poison: [], deaths: 0, trials: 1 })
  })

  it('asks for five deaths if the worker has died as well each time', () => {
    const { poison, deaths } = play(1_000, position => position === 77)
    expect(poison).toEqual([77])
    // Of 1,000, of 32, of 6, and five of one.
    expect(deaths).toBe(8)
  })

  it('does not blame a request for four deaths of the worker, nor for one that was seen', () => {
    const lost: Death = { positions: [0], by: undefined }
    expect(nextTrial([0], [lost, lost, lost, lost])).toEqual({ kind: 'try', positions: [0] })
    expect(nextTrial([0], [{ positions: [0], by: 'SIGKILL' }])).toEqual({ kind: 'try', positions: [0] })
  })

  it('does not blame a request for deaths with others', () => {
    const together: Death = { positions: [0, 1], by: 'SIGKILL' }
    expect(nextTrial([0, 1], [together, together, together])).toEqual({ kind: 'try', positions: [0] })
  })

  it('tries requests that were in no death before those that were', () => {
    expect(nextTrial(upTo(6), [{ positions: [0, 1, 2], by: 'SIGKILL' }])).toEqual({ kind: 'try', positions: [3, 4, 5] })
  })
})
