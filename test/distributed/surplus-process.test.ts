/** Chunks that one worker has taken and another one could run, with a real Redis. */
import { describe, expect, it } from 'vitest'
import { countingServer, folder, startQuickWorker, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { collect, status, submit, workers } from '../../src/distributed/index.ts'

describe.skipIf(NO_REDIS)('two workers and fewer chunks than one takes', () => {
  it('share them, and send each request once', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const { url: broker } = redis
    const given = { broker, batch: 'b', results: files.at('b') }
    const chunksOfEach = async (): Promise<readonly number[]> => (await workers({ broker })).map(({ chunks }) => chunks)
    await submit(server.urls(4_000), { ...given, chunkRows: 500, options: { concurrency: 10 } })
    await using _first = startQuickWorker({ broker, batch: 'b', chunks: 8 })
    await until('the first worker has all of them', async () => (await chunksOfEach()).includes(8))
    await using _second = startQuickWorker({ broker, batch: 'b', chunks: 8 })
    await until('the second one has some of them', async () => {
      const chunks = await chunksOfEach()
      return chunks.length === 2 && chunks.every(count => count >= 3)
    })
    await until('the batch is done', async () => (await status(given)).state === 'done')
    expect([...server.hits.values()].every(hits => hits === 1)).toBe(true)
    expect(server.hits.size).toBe(4_000)
    const collected = await collect({ results: given.results, output: files.at('b.jsonl') })
    expect(collected).toMatchObject({ requests: 4_000 })
  })
})
