import { describe, expect, it } from 'vitest'
import { surplusOf } from '../../src/distributed/batch/surplus.ts'
import type { WorkerReport } from '../../src/distributed/batch/workers.ts'

function worker(id: string, chunks: number, state: WorkerReport['state'] = 'running', batch = 'b'): WorkerReport {
  const batches = [{ batch, chunks, inFlight: 0, rate: 0 }]
  return { id, host: 'h', pid: 1, version: '0', startedAt: '', state, batches }
}

describe('surplusOf', () => {
  it.each([
    ['nobody else', 8, [worker('me', 8)], 0],
    ['a worker that has none', 8, [worker('me', 8), worker('it', 0)], 4],
    ['a worker that has one', 8, [worker('it', 1)], 3],
    ['a worker that has as many', 4, [worker('it', 4)], 0],
    ['a worker that has one less', 4, [worker('it', 3)], 0],
    ['a worker that has more', 2, [worker('it', 5)], 0],
    ['the one with the fewest', 6, [worker('it', 5), worker('other', 0)], 3],
    ['a worker that ends', 8, [worker('it', 0, 'stopping')], 0],
    ['a worker for another batch', 8, [worker('it', 0, 'running', 'c')], 0],
    ['a worker that has none, if only one is left', 1, [worker('it', 0)], 0],
  ])('%s', (_what, unfinished, workers, expected) => {
    expect(surplusOf(unfinished, 'b', 'me', workers)).toBe(expected)
  })
})
