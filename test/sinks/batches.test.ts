import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Batches } from '../../src/sinks/batches.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

describe('Batches', () => {
  const limits = { maxRows: 3, maxSize: 100, delayMs: 50 }

  it('delivers a full batch in this turn, and the rest after the delay', async () => {
    const delivered: number[][] = []
    const batches = new Batches<number>('x', rows => Promise.resolve(void delivered.push([...rows])), limits)
    for (let row = 0; row < 7; row++) void batches.add(row, 1)
    expect(delivered).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(delivered).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ])
    await vi.advanceTimersByTimeAsync(48)
    expect(delivered).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(delivered).toEqual([[0, 1, 2], [3, 4, 5], [6]])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('counts a batch as full by its size too', async () => {
    const delivered: number[][] = []
    const batches = new Batches<number>('x', rows => Promise.resolve(void delivered.push([...rows])), limits)
    for (const size of [60, 60, 500, 1]) void batches.add(size, size)
    await batches.close()
    expect(delivered).toEqual([[60, 60], [500], [1]])
    await vi.advanceTimersByTimeAsync(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('delivers one batch at a time and collects rows meanwhile', async () => {
    const delivered: number[][] = []
    const ends: (() => void)[] = []
    const deliver = (rows: readonly number[]): Promise<void> => {
      delivered.push([...rows])
      return new Promise(done => ends.push(done))
    }
    const batches = new Batches<number>('x', deliver, { ...limits, delayMs: 0 })
    for (const row of [0, 1, 2, 3]) {
      void batches.add(row, 1)
      await vi.advanceTimersByTimeAsync(1)
    }
    expect(delivered).toEqual([[0]])
    ends[0]?.()
    await vi.advanceTimersByTimeAsync(1)
    expect(delivered).toEqual([[0], [1, 2, 3]])
  })

  it('after a failure rejects waiting and later rows with the same error, and delivers nothing more', async () => {
    let calls = 0
    const deliver = (): Promise<void> => (++calls === 2 ? Promise.reject(new Error('no')) : Promise.resolve())
    const batches = new Batches<number>('x.txt', deliver, limits)
    const adds = Array.from({ length: 10 }, (_, row) => batches.add(row, 1))
    const settled = Promise.allSettled(adds)
    await vi.advanceTimersByTimeAsync(1)
    const reasons = (await settled).map(result => (result.status === 'rejected' ? (result.reason as unknown) : 'kept'))
    const [failure] = reasons.slice(3)
    expect(failure).toMatchObject({ name: 'SinkError', code: 'UNKNOWN', rows: 3 })
    expect(String(failure)).toBe('SinkError: cannot write x.txt after 3 rows: no.')
    expect(reasons).toEqual(['kept', 'kept', 'kept', ...Array<unknown>(7).fill(failure)])
    await expect(batches.add(11, 1)).rejects.toBe(failure)
    await expect(batches.close()).rejects.toBe(failure)
    expect(calls).toBe(2)
    expect(vi.getTimerCount()).toBe(0)
  })
})
