/** Requests that end the process of their worker: each fails alone, and all others have results. */
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folder, linesOf, until } from './batch-kit.ts'
import { failures, finish, poisonousServer, start } from './quarantine-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { reconcile, status, submit } from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

describe.skipIf(NO_REDIS)('a request that ends its process', () => {
  it.each(['SIGKILL', 'abort', 'exit'])('by %s fails as resource/poison, and all others have results', async how => {
    await using redis = await redisServer()
    await using server = await poisonousServer({ '/57': how })
    using files = folder()
    const given = { broker: redis.url, batch: 'poison', results: files.at('results') }
    await submit(server.urls(300), { ...given, chunkRows: 100, options: { concurrency: 16 } })
    expect(await finish({ broker: redis.url, batch: 'poison' }, 1)).toBe(1)
    expect(await failures(files, 300)).toEqual([[57, 'resource/poison']])
    const [line] = linesOf(files.at('out.jsonl')).filter(({ ok }) => !ok)
    expect(line?.error?.message).toMatch(/has ended \d times while it was the only request/)
    // The worker, log2 of the size of the chunk, and one.
    expect(server.hits.get('/57')).toBeLessThanOrEqual(8)
    expect(await status(given)).toMatchObject({ state: 'done', ok: 299, failed: 1 })
    expect(existsSync(files.at('results/00000/c00000000.trials.ndjson'))).toBe(false)
  })

  it('does so beside others in its chunk and in others, although Redis loses its data in between', async () => {
    await using redis = await redisServer()
    await using server = await poisonousServer({ '/11': 'SIGKILL', '/12': 'abort', '/99': 'exit', '/150': 'SIGKILL' })
    using files = folder()
    const given = { broker: redis.url, batch: 'poison', results: files.at('results') }
    await submit(server.urls(300), { ...given, chunkRows: 100, options: { concurrency: 16 } })
    const quick = { broker: redis.url, batch: 'poison' }
    let deaths = 0
    const first = start(quick)
    await first.exit
    deaths++
    const second = start(quick)
    await until('it was tried', () => existsSync(files.at('results/00000/c00000000.trials.ndjson')))
    const client = await connectRedis(redis.url, 'broker')
    await client.flushall()
    client.disconnect()
    second.child.kill('SIGKILL')
    await second.exit
    await reconcile(given)
    deaths += await finish(quick, 4)
    expect(await failures(files, 300)).toEqual([
      [11, 'resource/poison'],
      [12, 'resource/poison'],
      [99, 'resource/poison'],
      [150, 'resource/poison'],
    ])
    // Each chunk costs at most one worker, and one more since Redis has forgotten that it had.
    expect(deaths).toBeLessThanOrEqual(4)
    expect(await status(given)).toMatchObject({ state: 'done', ok: 296, failed: 4 })
  })

  it('and its worker as well is found, and costs at most log2 of the size of the chunk, and two', async () => {
    await using redis = await redisServer()
    await using server = await poisonousServer({ '/57': 'both' })
    using files = folder()
    const given = { broker: redis.url, batch: 'poison', results: files.at('results') }
    await submit(server.urls(100), { ...given, chunkRows: 100, options: { concurrency: 16 } })
    const deaths = await finish({ broker: redis.url, batch: 'poison' }, 10)
    expect(deaths).toBeLessThanOrEqual(Math.log2(100) + 2)
    expect(await failures(files, 100)).toEqual([[57, 'resource/poison']])
    const [line] = linesOf(files.at('out.jsonl')).filter(({ ok }) => !ok)
    expect(line?.error?.message).toContain('has ended 5 times while it was the only request')
  })

  it('and is unsafe is not sent again, and fails as in_doubt/crash', async () => {
    await using redis = await redisServer()
    await using server = await poisonousServer({ '/57': 'SIGKILL' })
    using files = folder()
    const given = { broker: redis.url, batch: 'poison', results: files.at('results') }
    const urls = server.urls(100).map((url, at) => (at === 57 ? { url, method: 'POST', json: {} } : url))
    await submit(urls, { ...given, options: { concurrency: 16 } })
    expect(await finish({ broker: redis.url, batch: 'poison' }, 1)).toBe(1)
    expect(await failures(files, 100)).toEqual([[57, 'in_doubt/crash']])
    expect(server.hits.get('/57')).toBe(1)
  })
})
