/** A Redis that dies, comes back, forgets, or is full, while a batch runs. */
import { readdirSync, statSync, truncateSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startQuickWorker, until } from './batch-kit.ts'
import type { Process } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { collect, reconcile, status, submit, workers } from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

const options = { concurrency: 16 }
const PART_OF_LOG = 65_536

const worker = (given: Parameters<typeof startQuickWorker>[0]): Process => startQuickWorker(given)

describe.skipIf(NO_REDIS)('a batch is whole', () => {
  it.concurrent('after Redis was killed and came back after 2 s, with a worker that is busy and one that is idle', async () => {
    using files = folder()
    await using server = await countingServer(20)
    const config = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', files.path]
    const first = await redisServer(config)
    const busy = { broker: first.url, batch: 'busy', results: files.at('busy') }
    const idle = { broker: first.url, batch: 'idle', results: files.at('idle') }
    await submit(server.urls(1_500), { ...busy, chunkRows: 50, options })
    await submit(server.urls(1), { ...idle, results: files.at('other'), batch: 'other' })
    await using _idle = worker({ ...idle, lockMs: 20_000 })
    // A worker that finds no Redis when it starts ends.
    await until('the idle worker is there', async () => (await workers({ broker: first.url })).length === 1)
    await using _busy = worker({ ...busy, lockMs: 20_000 })
    await until('requests arrive', () => server.hits.size > 300)
    await first.stop('SIGKILL')
    await sleep(2_000)
    await using second = await redisServer(config, first.port)
    expect(second.port).toBe(first.port)
    await submit(
      upTo(100).map(at => `${server.base}idle/${at}`),
      { ...idle, chunkRows: 50, options },
    )
    await until('the idle worker is done', async () => (await status(idle)).state === 'done')
    await until('the busy one is done', async () => (await status(busy)).state === 'done')
    expect(server.hits.size).toBe(1_600)
    expect(server.extra()).toBe(0)
    expect(await collect({ ...busy, output: files.at('out.jsonl') })).toMatchObject({ requests: 1_500, missing: 0 })
  })

  it.concurrent('once it is reconciled, after the log of Redis has lost its last 64 KB', async () => {
    using files = folder()
    await using server = await countingServer()
    const config = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', files.path]
    const first = await redisServer(config)
    const given = { broker: first.url, batch: 'tail', results: files.at('results') }
    const made = await submit(server.urls(5_000), { ...given, chunkRows: 5, options: { concurrency: 64 } })
    await first.stop('SIGKILL')
    const log = files.at(
      `appendonlydir/${readdirSync(files.at('appendonlydir')).find(name => name.endsWith('.incr.aof'))}`,
    )
    truncateSync(log, statSync(log).size - PART_OF_LOG)
    await using second = await redisServer(config, first.port)
    expect(second.port).toBe(first.port)
    const { waiting } = await status(given)
    expect(waiting).toBeLessThan(made.chunks)
    const { added } = await reconcile(given)
    expect(added).toBe(made.chunks - waiting)
    await using last = worker({ ...given, chunks: 32, lockMs: 20_000, untilEmpty: true })
    expect(await last.exit).toBe(0)
    expect(server.extra()).toBe(0)
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(5_000))
  })

  it.concurrent('once it is reconciled, after Redis has lost everything under workers that live on', async () => {
    using files = folder()
    await using redis = await redisServer()
    await using server = await countingServer(20)
    const given = { broker: redis.url, batch: 'flush', results: files.at('results') }
    await submit(server.urls(3_000), { ...given, chunkRows: 300, options })
    await using one = worker({ ...given, lockMs: 20_000 })
    await using two = worker({ ...given, lockMs: 20_000 })
    await until('requests arrive', () => server.hits.size > 1_000)
    const client = await connectRedis(redis.url, 'broker')
    await client.flushall()
    client.disconnect()
    const { added, done, chunks } = await reconcile(given)
    expect(added + done).toBe(chunks)
    await until('it is done', async () => (await status(given)).state === 'done')
    for (const { child } of [one, two]) child.kill('SIGTERM')
    expect(await Promise.all([one.exit, two.exit])).toEqual([0, 0])
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(3_000))
    expect(await status(given)).toMatchObject({ ok: 3_000, active: 0, waiting: 0, stuck: 0 })
    // The workers have stopped before the chunks that they had are in the queue again.
    expect(server.extra()).toBeLessThanOrEqual(2 * 2 * options.concurrency)
  })

  it.concurrent('after the memory of Redis was full for 4 s under a worker', async () => {
    using files = folder()
    await using redis = await redisServer(['--maxmemory-policy', 'noeviction'])
    await using server = await countingServer(20)
    const given = { broker: redis.url, batch: 'full', results: files.at('results') }
    await submit(server.urls(2_000), { ...given, chunkRows: 50, options })
    await using busy = worker({ ...given, lockMs: 20_000 })
    await until('requests arrive', () => server.hits.size > 300)
    const client = await connectRedis(redis.url, 'broker')
    await client.config('SET', 'maxmemory', '1mb')
    await sleep(4_000)
    await client.config('SET', 'maxmemory', '0')
    client.disconnect()
    await until('it is done', async () => (await status(given)).state === 'done')
    busy.child.kill('SIGTERM')
    expect(await busy.exit).toBe(0)
    expect(server.extra()).toBe(0)
    expect(await status(given)).toMatchObject({ ok: 2_000, stuck: 0 })
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(2_000))
  })
})
