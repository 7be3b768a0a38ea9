/** Who works, and how far all of them are, with a real Redis. */
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, startWorker, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { cancel, collect, deleteBatch, status, submit, watch, work, workers } from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'
import type { BatchStatus } from '../../src/distributed/index.ts'
import { parallelRequests } from '../../src/index.ts'
import { PACKAGE_VERSION } from '../../src/core/version.ts'

describe.skipIf(NO_REDIS)('a fleet of workers', () => {
  it('is listed while it works, and is forgotten after it has ended or was killed', async () => {
    await using redis = await redisServer()
    // So slow that it is not done before both of them work.
    await using server = await countingServer(200)
    using files = folder()
    const { url: broker } = redis
    const given = { broker, batch: 'who', results: files.at('results') }
    await submit(server.urls(4_000), { ...given, chunkRows: 200, options: { concurrency: 8 } })
    expect(await workers({ broker })).toEqual([])
    const [one, two] = [startWorker(broker, 'who'), startWorker(broker, 'who')]
    await until('both work', async () => {
      const found = await workers({ broker })
      return found.length === 2 && found.every(({ chunks, rate }) => chunks > 0 && rate > 0)
    })
    const found = await workers({ broker })
    expect(new Set(found.map(({ pid }) => pid))).toEqual(new Set([one.child.pid, two.child.pid]))
    for (const { host, version, state, chunks, seenMsAgo } of found) {
      expect({ host, version, state }).toEqual({ host: hostname(), version: PACKAGE_VERSION, state: 'running' })
      expect(chunks).toBeLessThanOrEqual(4)
      expect(seenMsAgo).toBeGreaterThanOrEqual(0)
    }
    expect((await status(given)).live).toMatchObject({ workers: 2 })
    // One says goodbye; the other is missed.
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
    expect((await workers({ broker })).map(({ pid }) => pid)).toEqual([two.child.pid])
    two.child.kill('SIGKILL')
    await two.exit
    await until('it is forgotten', async () => (await workers({ broker })).length === 0)
    const client = await connectRedis(broker, 'broker')
    await until('nothing is left', async () => (await client.exists('{preq}:workers', '{preq}:workers-seen')) === 0)
    client.disconnect()
  })

  it('has live counts of requests in chunks that are not done, and exact ones in the end', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(25, (request, response) => {
      if (request.url?.endsWith('3') === true) response.statusCode = 404
      response.end('{}')
    })
    using files = folder()
    const { url: broker } = redis
    const given = { broker, batch: 'live', results: files.at('results') }
    await submit(server.urls(1_000), { ...given, chunkRows: 500, options: { concurrency: 4 } })
    const seen: BatchStatus[] = []
    const ending = work({ broker, batches: ['live'], untilEmpty: true })
    for await (const one of watch(given)) seen.push(one)
    await ending
    expect(seen[0]).toMatchObject({ state: 'running', chunksDone: 0 })
    expect(seen.some(({ chunksDone, live }) => chunksDone === 0 && live.ok > 0 && live.rate > 0)).toBe(true)
    expect(seen.at(-1)).toMatchObject({ state: 'done', ok: 900, failed: 100, live: { ok: 900, failed: 100, left: 0 } })
  })

  it('is told by the collected file, which can be continued as any run file', async () => {
    await using redis = await redisServer()
    let isHolding = true
    const held: ServerResponse[] = []
    await using server = await countingServer(0, (_, response) => {
      if (isHolding) held.push(response)
      else response.end('{}')
    })
    using files = folder()
    const { url: broker } = redis
    const given = { broker, batch: 'told', results: files.at('results') }
    await submit(server.urls(200), { ...given, chunkRows: 20, options: { concurrency: 4 } })
    const processes = [startWorker(broker, 'told', 20_000, true), startWorker(broker, 'told', 20_000, true)]
    await until('both work', async () => {
      const found = await workers({ broker })
      return found.length === 2 && found.every(({ inFlight }) => inFlight > 0)
    })
    isHolding = false
    for (const response of held) response.end('{}')
    expect(await Promise.all(processes.map(({ exit }) => exit))).toEqual([0, 0])
    const output = files.at('out.jsonl')
    await collect({ broker, batch: 'told', output })
    const [, line = ''] = readFileSync(output, 'utf8').split('\n')
    expect(JSON.parse(line)).toMatchObject({ run: { event: 'batch', batch: 'told', chunks: 10, workers: 2 } })
    // The folder alone does not know it.
    await collect({ results: given.results, output, overwrite: true })
    expect(readFileSync(output, 'utf8').split('\n')[1]).not.toContain('workers')
    expect(await parallelRequests(server.urls(201), { resume: output })).toHaveLength(201)
    expect(server.extra()).toBe(0)
  })

  it('leaves nothing of a batch that is deleted', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const { url: broker } = redis
    const given = { broker, batch: 'gone', results: files.at('results') }
    await submit(server.urls(100), { ...given, chunkRows: 50 })
    await work({ broker, batches: ['gone'], untilEmpty: true })
    await cancel(given)
    await deleteBatch({ ...given, files: true })
    const client = await connectRedis(broker, 'broker')
    // The key that `submit` tries whether Redis takes writes with expires in a moment.
    expect((await client.keys('*')).filter(key => key !== '{preq}:preq-probe')).toEqual([])
    client.disconnect()
  })
})
