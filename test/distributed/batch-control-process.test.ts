/** Pause, resume and cancel of a batch that runs: workers follow, the status says what is true, nothing is lost. */
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startQuickWorker, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { batches, cancel, collect, deleteBatch, pause, resume, status, submit } from '../../src/distributed/index.ts'

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

describe.skipIf(NO_REDIS)('a batch that runs', () => {
  it.concurrent('stops and goes on when it is paused, resumed, cancelled and resumed, with each request sent once', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(10)
    using files = folder()
    const given = { broker: redis.url, batch: 'b', results: files.at('results') }
    const count = 4_000
    await submit(server.urls(count), { ...given, chunkRows: 50, options: { concurrency: 8 } })
    await using _one = startQuickWorker({ ...given, lockMs: 20_000 })
    await using _two = startQuickWorker({ ...given, lockMs: 20_000 })
    const quiet = async (): Promise<void> => {
      await until('no chunk is with a worker', async () => (await status(given)).active === 0)
      const before = server.hits.size
      await sleep(500)
      expect(server.hits.size).toBe(before)
    }
    const moving = async (): Promise<void> => {
      const before = server.hits.size
      await until('requests arrive', () => server.hits.size > before + 200)
    }
    await moving()
    await pause(given)
    await quiet()
    expect(await status(given)).toMatchObject({ state: 'paused' })
    await resume(given)
    await moving()
    await cancel(given)
    await quiet()
    expect(await status(given)).toMatchObject({ state: 'cancelled' })
    // A second submit of the batch does not wake it.
    await submit(server.urls(count), { ...given, chunkRows: 50, options: { concurrency: 8 } })
    await quiet()
    const aborted = server.extra()
    await resume(given)
    await until('it is done', async () => (await status(given)).state === 'done')
    expect(await status(given)).toMatchObject({ chunksDone: count / 50, ok: count, waiting: 0, active: 0, stuck: 0 })
    expect(aborted).toBe(0)
    // Those that the cancel has aborted in flight.
    expect(server.extra()).toBeLessThanOrEqual(2 * 8)
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(count))
  })

  it.concurrent('can be deleted once its workers have died, and not before', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(50)
    using files = folder()
    const given = { broker: redis.url, batch: 'b', results: files.at('results') }
    await submit(server.urls(1_000), { ...given, chunkRows: 100, options: { concurrency: 8 } })
    await using one = startQuickWorker({ ...given, lockMs: 6_000 })
    await until('requests arrive', () => server.hits.size > 50)
    await expect(deleteBatch(given)).rejects.toThrow(/workers have [1-4] of its chunks/)
    one.child.kill('SIGKILL')
    await one.exit
    await until('it is deleted', () =>
      deleteBatch(given).then(
        () => true,
        () => false,
      ),
    )
    expect(await batches(given)).toEqual([])
  })

  it.concurrent('goes on when it is resumed at the moment when its workers have noticed that it is cancelled', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(5)
    using files = folder()
    const given = { broker: redis.url, batch: 'b', results: files.at('results') }
    const count = 1_500
    await submit(server.urls(count), { ...given, chunkRows: 10, options: { concurrency: 8 } })
    await using _one = startQuickWorker({ ...given, lockMs: 20_000 })
    await using _two = startQuickWorker({ ...given, lockMs: 20_000 })
    for (let round = 1; round <= 3; round++) {
      await until('requests arrive', () => server.hits.size > round * 200)
      await cancel(given)
      await until('the chunks are handed back', async () => (await status(given)).active === 0)
      await resume(given)
    }
    await until('it is done', async () => (await status(given)).state === 'done')
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(count))
  })
})
