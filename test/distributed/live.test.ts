/** What workers count while a batch runs, and what a status makes of it. */
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Broker } from '../../src/distributed/batch/broker.ts'
import { liveStatus } from '../../src/distributed/batch/control.ts'
import { LiveCounts, NOTHING } from '../../src/distributed/batch/live-counts.ts'
import { BatchWorker } from '../../src/distributed/batch/work.ts'
import type { WorkParts } from '../../src/distributed/batch/work.ts'
import type { WorkerInfo } from '../../src/distributed/batch/workers.ts'
import type { Outcome } from '../../src/core/outcome.ts'
import { showWorker, workerScreen } from '../../src/cli/batch/worker-display.ts'
import { watchScreen } from '../../src/cli/batch/watch.ts'
import { batchesTable } from '../../src/cli/batch/batches.ts'
import { workersTable } from '../../src/cli/batch/workers.ts'
import type { BatchInfo } from '../../src/distributed/batch/list.ts'
import { isSettled } from '../../src/distributed/batch/watch.ts'
import type { BatchStatus } from '../../src/distributed/batch/control.ts'

const outcome = (code?: string): Outcome =>
  ({
    ok: code === undefined,
    ...(code !== undefined && { error: { code } }),
    response: { bytes: 5 },
    timings: { total: 1, limiter: 2 },
  }) as unknown as Outcome

describe('the counts of a worker', () => {
  it('leave out requests that were aborted, because another worker sends them', () => {
    const counts = new LiveCounts()
    for (const code of [undefined, 'http/503', 'aborted/stopped']) counts.add(outcome(code), 1)
    expect(counts).toMatchObject({ ok: 1, failed: 1, done: 2, retries: 3, bytes: 10, limiterMs: 4 })
  })

  it('are told once', () => {
    const counts = new LiveCounts()
    counts.add(outcome(), 0)
    const news = counts.untold()
    counts.add(outcome(), 0)
    counts.told(news)
    expect(counts.untold()).toEqual({ ...NOTHING, ok: 1, bytes: 5 })
  })

  it('have the rate of the last seconds', () => {
    const counts = new LiveCounts()
    expect(counts.rate).toBe(0)
    for (let second = 0; second < 10; second++) {
      counts.mark(second * 1_000)
      if (second < 5) continue
      for (let request = 0; request < 40; request++) counts.add(outcome(), 0)
    }
    expect(counts.rate).toBeCloseTo((4 * 40) / 5)
  })
})

const worker = (batch: string, rate: number): WorkerInfo => ({
  id: 'a',
  host: 'machine-1',
  pid: 42,
  version: '0.1.0',
  startedAt: '2026-11-30T10:00:00.000Z',
  state: 'running',
  batches: [{ batch, chunks: 2, inFlight: 3, rate }],
  chunks: 2,
  inFlight: 3,
  rate,
  seenMsAgo: 400,
})

describe('the live status of a batch', () => {
  const facts = {
    batch: 'b1',
    requests: 1_000,
    state: 'running' as BatchStatus['state'],
    isDone: false,
    exact: { ok: 100, failed: 2 },
    live: { ...NOTHING, ok: 300, failed: 20, retries: 7 },
    workers: [worker('b1', 40), worker('b1', 28), worker('other', 500)],
  }

  it('has the sums of the workers that have the batch, and the time that is left', () => {
    expect(liveStatus(facts)).toEqual({
      ok: 300,
      failed: 20,
      left: 680,
      retries: 7,
      bytes: 0,
      workers: 2,
      inFlight: 6,
      rate: 68,
      etaMs: 10_000,
    })
  })

  it('is exact once the batch is done, although requests were counted twice', () => {
    const live = { ...NOTHING, ok: 1_050, failed: 20 }
    expect(liveStatus({ ...facts, live, isDone: true, exact: { ok: 990, failed: 10 } })).toMatchObject({
      ok: 990,
      failed: 10,
      left: 0,
    })
    expect(liveStatus({ ...facts, live })).toMatchObject({ ok: 980, failed: 20, left: 0 })
  })

  it('has no rate and no workers once the batch is done, although a worker told one a moment ago', () => {
    expect(liveStatus({ ...facts, state: 'done', isDone: true })).toMatchObject({ workers: 0, inFlight: 0, rate: 0 })
  })

  it('has no rate of a batch that is paused or cancelled, once nothing is in flight', () => {
    const idle = { ...worker('b1', 40), batches: [{ batch: 'b1', chunks: 0, inFlight: 0, rate: 40 }] }
    for (const state of ['paused', 'cancelled'] as const) {
      expect(liveStatus({ ...facts, state, workers: [idle] })).toMatchObject({ workers: 1, inFlight: 0, rate: 0 })
      expect(liveStatus({ ...facts, state })).toMatchObject({ inFlight: 6, rate: 68 })
    }
  })

  it('leaves out what a worker did that was not heard of for 5 s: it may have been killed', () => {
    const quiet = { ...worker('b1', 40), seenMsAgo: 5_000 }
    expect(liveStatus({ ...facts, workers: [quiet, worker('b1', 28)] })).toMatchObject({
      workers: 2,
      inFlight: 3,
      rate: 28,
    })
  })

  it('is never behind the chunks that are done, if Redis has lost what was counted', () => {
    expect(liveStatus({ ...facts, live: NOTHING })).toMatchObject({ ok: 100, failed: 2, left: 898 })
  })

  it('tells no time without a rate, and none of a batch that is not running', () => {
    expect(liveStatus({ ...facts, workers: [] })).not.toHaveProperty('etaMs')
    for (const state of ['submitting', 'paused', 'cancelled', 'done'] as const) {
      expect(liveStatus({ ...facts, state })).not.toHaveProperty('etaMs')
    }
  })
})

const plain = (_format: unknown, text: string): string => text

const status: BatchStatus = {
  batch: 'b1',
  state: 'running',
  requests: 1_000,
  chunks: 10,
  chunksDone: 3,
  ok: 298,
  failed: 2,
  waiting: 5,
  active: 2,
  stuck: 0,
  results: '/shared/b1',
  live: { ok: 400, failed: 4, left: 596, retries: 7, bytes: 0, workers: 2, inFlight: 6, rate: 68, etaMs: 8_765 },
}

describe('the progress of a batch on a terminal', () => {
  it('is that of a run, with its chunks and workers below', () => {
    expect(watchScreen(status, 100, plain).split('\n')).toEqual([
      expect.stringMatching(/━+─+ +404\/1000 +40 % +68\/s +7 retries +4 failed/) as string,
      '  8.8s left',
      '  b1: running   3 of 10 chunks done, 2 open, 5 waiting   2 workers',
    ])
  })

  it('is never wider than the terminal', () => {
    const long = { ...status, batch: 'b'.repeat(100), stuck: 3 }
    for (let columns = 4; columns < 120; columns++) {
      const wide = watchScreen(long, columns, plain)
        .split('\n')
        .slice(1)
        .filter(line => line.length >= columns)
      expect(wide).toEqual([])
    }
  })

  it('ends when nothing more happens to the batch', () => {
    expect(isSettled(status)).toBe(false)
    expect(isSettled({ ...status, state: 'done' })).toBe(true)
    expect(isSettled({ ...status, state: 'cancelled' })).toBe(false)
    expect(isSettled({ ...status, state: 'cancelled', active: 0, waiting: 0 })).toBe(true)
    // Handed back by the workers that had them when it was cancelled.
    expect(isSettled({ ...status, state: 'cancelled', active: 0, waiting: 6 })).toBe(true)
    expect(isSettled({ ...status, active: 0, waiting: 0, stuck: 1 })).toBe(true)
    expect(isSettled({ ...status, active: 0, waiting: 0, stuck: 1, state: 'paused' })).toBe(false)
  })

  it('of one worker says which batches it has', () => {
    const counts = new Map([['b1', new LiveCounts()]])
    counts.get('b1')?.add(outcome('http/500'), 2)
    const shown = workerScreen({ batches: () => [...worker('b1', 12).batches], counts }, 80, plain)
    expect(shown).toBe('  1    12/s    2 retries   1 failed\n  2 chunks open of b1')
    expect(workerScreen({ batches: () => [], counts }, 80, plain)).toContain('waiting for a batch')
  })

  it('of one worker is redrawn while it works', async () => {
    const broker = { redis: { on: () => undefined } } as unknown as Broker
    const idle = new BatchWorker({ broker } as WorkParts)
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 })
    const display = await showWorker(idle, stream as unknown as NodeJS.WriteStream, true)
    display.say('preq: a message')
    display.done()
    const text = (stream.read() as Buffer).toString()
    expect(text).toContain('preq: a message\n')
    expect(text).toContain('waiting for a batch')
  })
})

it('the list of the workers is a table, and escapes what a worker says', () => {
  expect(workersTable([{ ...worker('b1', 12.34), host: 'a\u001B[31m', state: 'stopping' }])).toBe(
    'HOST         PID  VERSION  CHUNKS  ON THE WIRE  REQUESTS/S  LAST SEEN  BATCHES\n' +
      'a\\u001b[31m  42   0.1.0    2       3            12.3        400ms ago  b1 (stopping)\n',
  )
})

it('the list of the batches is a table with the age in its largest unit, and escapes what Redis says', () => {
  const info: BatchInfo = {
    batch: 'b1',
    state: 'running',
    requests: 2_500,
    chunks: 3,
    chunksDone: 1,
    ok: 990,
    failed: 10,
    stuck: 0,
    submittedAt: '2026-11-30T10:00:00.000Z',
    results: '/shared/b1',
  }
  const at = (text: string): number => Date.parse(`2026-11-30T${text}Z`)
  expect(batchesTable([info, { ...info, batch: '\u001B[31m', stuck: 2 }], at('10:03:59'))).toBe(
    'BATCH       STATE              CHUNKS  REQUESTS  FAILED  AGE\n' +
      'b1          running            1/3     2500      10      3m\n' +
      '\\u001b[31m  running (2 stuck)  1/3     2500      10      3m\n',
  )
  const { submittedAt: _at, results: _results, ...lost } = info
  expect(batchesTable([{ ...lost, state: 'lost' }], at('10:00:00'))).toContain(' lost   1/3     2500      10      -\n')
  const ages = [at('09:59:00'), at('10:00:59'), at('13:59:00'), at('10:00:00') + 50 * 3_600_000]
  expect(ages.map(now => batchesTable([info], now).trim().split(/\s+/).at(-1))).toEqual(['0s', '59s', '3h', '2d'])
})
