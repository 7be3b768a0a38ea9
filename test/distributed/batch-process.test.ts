/** A batch over several processes and a real Redis: nothing is lost, and nothing is there twice, whatever is killed. */
import { readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, lasting, linesOf, startWorker, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { covers } from '../support/hostile/record.ts'
import { collect, reconcile, status, submit, work } from '../../src/distributed/index.ts'
import { ParallelRequests } from '../../src/index.ts'

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

describe.skipIf(NO_REDIS)('a batch over many machines', () => {
  it('gives the lines of a local run, in the order of the input', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(0, (request, response) => {
      if (request.url?.endsWith('7') === true) response.statusCode = 404
      response.end(`{"path":"${request.url}"}`)
    })
    using files = folder()
    const given = { broker: redis.url, batch: 'same', results: files.at('results') }
    const options = { concurrency: 32 }
    const urls = server.urls(2_000)
    await submit(urls, { ...given, chunkRows: 100, options })
    const workers = [startWorker(redis.url, 'same', 20_000, true), startWorker(redis.url, 'same', 20_000, true)]
    expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual([0, 0])
    expect(server.extra()).toBe(0)
    const output = files.at('out.jsonl')
    expect(await collect({ ...given, output })).toEqual({ batch: 'same', requests: 2_000, failed: 200, missing: 0 })
    // A local run with the same salt has the same fingerprints.
    const local = files.at('local.jsonl')
    writeFileSync(local, `${readFileSync(output, 'utf8').split('\n')[0]}\n`)
    const client = new ParallelRequests(options)
    for await (const _ of client.stream(urls.values(), { resume: local }));
    await client.close()
    const lines = linesOf(output)
    expect(lines.map(({ index }) => index)).toEqual(upTo(2_000))
    const expected = linesOf(local).toSorted((a, b) => a.index - b.index)
    expect(lines.map(lasting)).toEqual(expected.map(lasting))
    expect(await status(given)).toMatchObject({ state: 'done', chunks: 20, chunksDone: 20, ok: 1_800, failed: 200 })
  })

  it('loses nothing and has nothing twice while one of two workers is killed every 1.3 s', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(60)
    using files = folder()
    const given = { broker: redis.url, batch: 'storm', results: files.at('results') }
    const count = 6_000
    await submit(server.urls(count), { ...given, chunkRows: 100, options: { concurrency: 16 } })
    let kills = 0
    const workers = [startWorker(redis.url, 'storm'), startWorker(redis.url, 'storm')]
    const isDone = async (): Promise<boolean> => (await status(given)).state === 'done'
    while (!(await isDone())) {
      await sleep(1_300)
      if (kills === 12) continue
      const killed = workers.shift()
      killed?.child.kill('SIGKILL')
      await killed?.exit
      kills++
      workers.push(startWorker(redis.url, 'storm'))
    }
    for (const { child } of workers) child.kill('SIGKILL')
    await Promise.all(workers.map(({ exit }) => exit))
    const output = files.at('out.jsonl')
    expect(await collect({ ...given, output })).toMatchObject({ requests: count, missing: 0 })
    expect(linesOf(output).map(({ index }) => index)).toEqual(upTo(count))
    expect(server.hits.size).toBe(count)
    // Those in flight, and those whose responses arrived in the last turn of the event loop.
    expect(server.extra()).toBeLessThanOrEqual(kills * 2 * 16)
    expect(kills).toBeGreaterThan(3)
    covers(import.meta.url, {
      row: 122,
      name: 'one of two workers is killed every 1.3 s',
      outcome: 'no result is missing or there twice; some requests are sent twice',
      retry: '–',
      socket: '–',
    })
  })

  it('hands chunks over on SIGTERM without sending a request twice', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const given = { broker: redis.url, batch: 'term', results: files.at('results') }
    await submit(server.urls(2_000), { ...given, chunkRows: 200, options: { concurrency: 16 } })
    for (let at = 1; at <= 3; at++) {
      const worker = startWorker(redis.url, 'term')
      await until('requests arrive', () => server.hits.size > at * 200)
      worker.child.kill('SIGTERM')
      expect(await worker.exit).toBe(0)
    }
    const last = startWorker(redis.url, 'term', 20_000, true)
    expect(await last.exit).toBe(0)
    expect(server.hits.size).toBe(2_000)
    expect(server.extra()).toBe(0)
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 2_000 })
  })

  it('goes on after Redis has lost everything, once it is reconciled', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(10)
    using files = folder()
    const given = { broker: redis.url, batch: 'flush', results: files.at('results') }
    await submit(server.urls(2_000), { ...given, chunkRows: 100, options: { concurrency: 8 } })
    const worker = startWorker(redis.url, 'flush')
    await until('chunks are done', async () => (await status(given)).chunksDone >= 3)
    const { connectRedis } = await import('../../src/distributed/redis.ts')
    const client = await connectRedis(redis.url, 'broker')
    await client.flushall()
    client.disconnect()
    worker.child.kill('SIGKILL')
    await worker.exit
    await expect(status(given)).rejects.toThrow('expected the name of a batch, got flush')
    const { chunks, done, added } = await reconcile(given)
    expect(chunks).toBe(20)
    expect(done).toBeGreaterThanOrEqual(3)
    expect(done + added).toBe(20)
    await work({ broker: redis.url, batches: ['flush'], untilEmpty: true })
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 2_000 })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(2_000))
    expect(await status(given)).toMatchObject({ state: 'done', ok: 2_000, failed: 0 })
  })

  it('sends the requests of a part that was cut in half again, and no others', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(5)
    using files = folder()
    const results = files.at('results')
    const given = { broker: redis.url, batch: 'cut', results }
    await submit(server.urls(500), { ...given, chunkRows: 500, options: { concurrency: 8 } })
    const worker = startWorker(redis.url, 'cut', 0)
    const isPart = (name: string): boolean => name.includes('.e1.')
    const inFolder = join(results, '00000')
    await until('requests arrive', () => server.hits.size > 200)
    worker.child.kill('SIGTERM')
    await worker.exit
    const parts = readdirSync(inFolder).filter(isPart)
    expect(parts).toHaveLength(1)
    const path = join(inFolder, parts[0] as string)
    const text = readFileSync(path, 'utf8')
    const half = Math.floor(text.length / 2)
    truncateSync(path, half)
    const lost = text.slice(half).split('\n').length - 1
    const before = server.extra()
    await work({ broker: redis.url, batches: ['cut'], untilEmpty: true })
    const again = server.extra() - before
    expect(again).toBeGreaterThanOrEqual(lost)
    expect(again).toBeLessThanOrEqual(lost + 8)
    expect(readdirSync(inFolder)).toEqual(['c00000000.ndjson'])
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 500 })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(500))
  })
})
