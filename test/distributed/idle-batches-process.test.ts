/** What a worker keeps of batches that have no work for it, with a real Redis. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import {
  cancel,
  deleteBatch,
  reconcile,
  resume,
  retryBatch,
  status,
  submit,
  work,
  workers,
} from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

/** How many files of a folder are open in this process. */
const openFiles = (within: string): number =>
  readdirSync('/proc/self/fd')
    .map(fd => `/proc/self/fd/${fd}`)
    .filter(path => existsSync(path) && readlinkSync(path).startsWith(within)).length

describe.skipIf(NO_REDIS)('a worker for all batches', () => {
  it('has one connection less for each batch that is over, and takes it again when it goes on', async () => {
    await using redis = await redisServer()
    let isFailing = true
    await using server = await countingServer(0, (request, response) => {
      if (isFailing && request.url === '/0') response.statusCode = 404
      response.end('{}')
    })
    using files = folder()
    const { url: broker } = redis
    const client = await connectRedis(broker, 'broker')
    const connections = async (): Promise<number> =>
      String(await client.client('LIST'))
        .trim()
        .split('\n').length
    const openBatches = async (): Promise<readonly string[]> =>
      (await workers({ broker })).flatMap(({ batches }) => batches.map(({ batch }) => batch))
    const given = (batch: string): Parameters<typeof submit>[1] => ({ broker, batch, results: files.at(batch) })
    const isDone = async (batch: string): Promise<boolean> => (await status(given(batch))).state === 'done'
    const ending = new AbortController()
    const running = work({ broker, signal: ending.signal })
    const names = Array.from({ length: 12 }, (_, at) => `b${at}`)
    try {
      await until('the worker is there', async () => (await workers({ broker })).length === 1)
      const idle = await connections()
      const isIdle = async (): Promise<boolean> =>
        (await openBatches()).length === 0 && (await connections()) === idle && openFiles(files.path) === 0
      for (const name of names) await submit(server.urls(5), given(name))
      for (const name of names) await until(`${name} is done`, () => isDone(name))
      await until('nothing is kept of them', isIdle)
      // A retry.
      isFailing = false
      expect(await status(given('b3'))).toMatchObject({ ok: 4, failed: 1 })
      await retryBatch({ ...given('b3'), retryFailed: true })
      await until('the retry is done', async () => (await status(given('b3'))).ok === 5)
      await until('nothing is kept of it', isIdle)
      // A batch that is cancelled, and continued.
      const slow = given('slow')
      await using waiting = await countingServer(100)
      await submit(waiting.urls(40), { ...slow, chunkRows: 10, options: { concurrency: 1 } })
      await until('it runs', () => waiting.hits.size > 2)
      await cancel(slow)
      await until('nothing is kept of it', isIdle)
      expect(await status(slow)).toMatchObject({ state: 'cancelled', active: 0 })
      const before = waiting.hits.size
      expect(before).toBeLessThan(40)
      await resume(slow)
      await until('it goes on and ends', () => isDone('slow'))
      await until('nothing is kept of it', isIdle)
      // A batch that is deleted, and another one with its name.
      await deleteBatch({ ...given('b0'), files: true })
      await submit(server.urls(7), given('b0'))
      await until('it is done', async () => (await status(given('b0'))).ok === 7)
      await until('nothing is kept of it', isIdle)
    } finally {
      ending.abort()
      await running
      client.disconnect()
    }
    expect(server.hits.size).toBe(7)
  })

  it('stops a batch that Redis has lost, and goes on with it once it is reconciled', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const given = { broker: redis.url, batch: 'lost', results: files.at('results') }
    await submit(server.urls(2_000), { ...given, chunkRows: 100, options: { concurrency: 8 } })
    const ending = new AbortController()
    const running = work({ broker: redis.url, signal: ending.signal })
    try {
      await until('requests arrive', () => server.hits.size > 200)
      const client = await connectRedis(redis.url, 'broker')
      await client.flushall()
      client.disconnect()
      await until('it has stopped', async () => {
        const found = await workers(given)
        return found.length === 1 && found.every(({ batches }) => batches.length === 0)
      })
      const before = server.hits.size
      expect(before).toBeLessThan(2_000)
      await reconcile(given)
      await until('it is done', async () => (await status(given)).state === 'done')
      expect(await status(given)).toMatchObject({ ok: 2_000, stuck: 0 })
      expect(server.extra()).toBe(0)
    } finally {
      ending.abort()
      await running
    }
  })
})
