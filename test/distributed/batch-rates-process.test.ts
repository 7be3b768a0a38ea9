/** The rates of a batch hold for all of its workers together. What a rate does over time is in `npm run nightly:shared-rate`. */
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { countingServer, folder, linesOf, startWorker, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import type { RedisServer } from './redis.ts'
import { collect, reconcile, redisLimits, status, submit, work } from '../../src/distributed/index.ts'
import { ParallelRequests } from '../../src/index.ts'

function looking({ url }: RedisServer): Redis {
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  return redis
}

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const processesOf = (name: string): string => `{preq}:rates:${name}:processes`

describe.skipIf(NO_REDIS)('the rates of a batch', () => {
  it('are leased by all of its workers under the name of the batch', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'fleet', results: files.at('results') }
    const host = new URL(server.base).host
    const options = { rateLimit: '200/s', rateLimitBurst: 5, hosts: { [host]: { rateLimit: '50/s' } } }
    await submit(server.urls(400), { ...given, chunkRows: 20, options })
    const workers = [startWorker(redis.url, 'fleet', 0), startWorker(redis.url, 'fleet', 0)]
    const look = looking(redis)
    await until('both workers lease slots', async () => (await look.zcard(processesOf('fleet'))) === 2)
    await until('requests arrive', () => server.hits.size > 20)
    const keys = (await look.keys('{preq}:rates:*')).toSorted()
    expect(keys).toContain('{preq}:rates:fleet:all:0')
    expect(keys).toContain(`{preq}:rates:fleet:host:http://${host}:0`)
    for (const { child } of workers) child.kill('SIGTERM')
    await Promise.all(workers.map(({ exit }) => exit))
    // A worker that ends leaves its part of the rate to the others at once.
    expect(await look.zcard(processesOf('fleet'))).toBe(0)
    await work({ broker: redis.url, batches: ['fleet'], untilEmpty: true })
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 400, missing: 0 })
    expect(server.extra()).toBe(0)
  }, 60_000)

  it('are those of all batches and clients with the same name', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const look = looking(redis)
    for (const batch of ['one', 'two']) {
      const given = { broker: redis.url, batch, results: files.at(batch), shareName: 'shop-api' }
      await submit(server.urls(60), { ...given, chunkRows: 10, options: { rateLimit: '20/s' } })
    }
    const worker = startWorker(redis.url, 'one', 0)
    const other = startWorker(redis.url, 'two', 0)
    const client = new ParallelRequests({
      rateLimit: '20/s',
      sharedLimits: redisLimits(redis.url, { name: 'shop-api' }),
    })
    onTestFinished(() => client.close())
    const run = client.request(server.urls(100), { onFailure: 'settle' })
    await until('three processes share the rate', async () => (await look.zcard(processesOf('shop-api'))) === 3)
    expect(await look.keys('{preq}:rates:one:*')).toEqual([])
    for (const { child } of [worker, other]) child.kill('SIGKILL')
    await Promise.all([worker.exit, other.exit])
    await client.close()
    await run.catch(() => undefined)
  }, 60_000)

  it('are paused in all workers by a 429 that one of them gets', async () => {
    await using redis = await redisServer()
    let throttled = 0
    await using server = await countingServer(0, (_, response) => {
      if (server.hits.size < 40 || throttled > 0) return void response.end('{}')
      throttled++
      response.writeHead(429, { 'retry-after': '2' }).end()
    })
    using files = folder()
    const given = { broker: redis.url, batch: 'paused', results: files.at('results') }
    await submit(server.urls(200), { ...given, chunkRows: 10, options: { rateLimit: '200/s', concurrency: 4 } })
    const workers = [startWorker(redis.url, 'paused', 20_000, true), startWorker(redis.url, 'paused', 20_000, true)]
    const look = looking(redis)
    const key = `{preq}:rates:paused:host:${new URL(server.base).origin}:0`
    await until('the pause is in Redis', async () => Number(await look.hget(key, 'c')) > 0)
    expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual([0, 0])
    await collect({ ...given, output: files.at('out.jsonl') })
    // A refused request is sent again; no other request was refused.
    expect(linesOf(files.at('out.jsonl')).every(({ ok }) => ok)).toBe(true)
    expect(throttled).toBe(1)
  }, 60_000)

  it('are waited for, not failed by, while Redis is away', async () => {
    const redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'away', results: files.at('results') }
    await submit(server.urls(300), { ...given, chunkRows: 100, options: { rateLimit: '100/s' } })
    const worker = startWorker(redis.url, 'away', 20_000, true)
    await until('requests arrive', () => server.hits.size > 50)
    await redis.stop('SIGKILL')
    await until('the worker says so', () => worker.said().includes('Requests wait until it can be used again.'))
    // The slots that it has are used up, or too late, after 210 ms.
    await sleep(1_000)
    const sent = server.hits.size
    await sleep(1_000)
    expect(server.hits.size).toBe(sent)
    // Its data are gone: the batch is known by its folder.
    await using again = await redisServer([], redis.port)
    await reconcile({ ...given, broker: again.url })
    expect(await worker.exit).toBe(0)
    expect(await status(given)).toMatchObject({ state: 'done', ok: 300, failed: 0 })
    expect(server.hits.size).toBe(300)
  }, 90_000)
})
