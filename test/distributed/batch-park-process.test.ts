/** Chunks that cannot go on for a while: their host asks for a pause, or their results cannot be written. */
import { Queue } from 'bullmq'
import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startQuickWorker, until } from './batch-kit.ts'
import type { Process } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { cancel, collect, status, submit } from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

const worker = (given: Parameters<typeof startQuickWorker>[0]): Process => startQuickWorker(given)

async function withQueue<T>(url: string, batch: string, use: (queue: Queue) => Promise<T>): Promise<T> {
  const connection = await connectRedis(url, 'broker')
  const queue = new Queue(batch, { connection, prefix: '{preq}' })
  try {
    return await use(queue)
  } finally {
    await queue.close()
    connection.disconnect()
  }
}

const PAUSE_S = 32

describe.skipIf(NO_REDIS)('a chunk', () => {
  it.concurrent('whose host asks for a pause of more than 30 s gives its place to another one, and goes on in time', async () => {
    await using redis = await redisServer()
    await using other = await countingServer()
    let pausedAt = 0
    let resumedAt = 0
    await using slow = await countingServer(0, (_, response) => {
      if (pausedAt === 0) pausedAt = Date.now()
      if (Date.now() - pausedAt < (PAUSE_S - 1) * 1_000) {
        response.writeHead(429, { 'retry-after': String(PAUSE_S) }).end()
        return
      }
      resumedAt ||= Date.now()
      response.end('{}')
    })
    using files = folder()
    const given = { broker: redis.url, batch: 'park', results: files.at('results') }
    const urls = [...slow.urls(100), ...other.urls(200)]
    await submit(urls, { ...given, chunkRows: 100, options: { concurrency: 4 } })
    await using one = worker({ ...given, chunks: 1 })
    await until('the chunk is parked, and the others are done', async () => {
      const { chunksDone, active } = await status(given)
      return chunksDone === 2 && active === 0
    })
    expect(resumedAt).toBe(0)
    await withQueue(redis.url, 'park', async queue => {
      const [job, ...rest] = await queue.getDelayed()
      expect(rest).toEqual([])
      expect(job).toMatchObject({ id: 'c00000000', attemptsMade: 0 })
    })
    await until('it is done', async () => (await status(given)).state === 'done')
    expect(resumedAt - pausedAt).toBeGreaterThanOrEqual((PAUSE_S - 1) * 1_000)
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
    // A request that is turned away is sent again; no other is.
    expect(slow.extra()).toBeLessThanOrEqual(4)
    expect(other.extra()).toBe(0)
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index, ok }) => [index, ok])).toEqual(upTo(300).map(at => [at, true]))
  })

  it.concurrent('whose host asks for a longer pause than its requests may wait is kept until then, and can be cancelled', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(0, (_, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end()
    })
    using files = folder()
    const given = { broker: redis.url, batch: 'hour', results: files.at('results') }
    await submit(server.urls(50), { ...given, options: { concurrency: 2 } })
    await using one = worker(given)
    const job = await withQueue(redis.url, 'hour', async queue => {
      await until('it is parked', async () => (await queue.getDelayedCount()) === 1)
      return (await queue.getDelayed())[0]
    })
    expect(job?.attemptsMade).toBe(0)
    expect(job?.delay).toBeGreaterThan(3_500_000)
    expect(server.hits.size).toBeLessThanOrEqual(2)
    expect(await status(given)).toMatchObject({ state: 'running', waiting: 1, active: 0, stuck: 0 })
    await cancel(given)
    expect(await status(given)).toMatchObject({ state: 'cancelled', waiting: 0 })
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
  })
})

describe.skipIf(NO_REDIS)('a batch whose results cannot be written', () => {
  it.concurrent('is done when its folder is back, has no done bit meanwhile, and sends little twice', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const given = { broker: redis.url, batch: 'away', results: files.at('results') }
    await submit(server.urls(2_000), { ...given, chunkRows: 50, options: { concurrency: 16 } })
    await using one = worker(given)
    await until('requests arrive', () => server.hits.size > 300)
    renameSync(files.at('results'), files.at('away'))
    await until('it says so', () => one.said().includes('cannot write to'))
    await until('the chunks are back', async () => (await status(given)).active === 0)
    const { chunksDone } = await status(given)
    const before = server.hits.size
    await sleep(4_000)
    expect(server.hits.size).toBe(before)
    expect(await status(given)).toMatchObject({ state: 'running', chunksDone, stuck: 0 })
    renameSync(files.at('away'), files.at('results'))
    await until('it is done', async () => (await status(given)).state === 'done')
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
    expect(one.said().match(/cannot write to/g)).toHaveLength(1)
    expect(one.said()).toContain('can be written again')
    expect(server.extra()).toBeLessThanOrEqual(4 * 50)
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(2_000))
  })

  it.skipIf(!canMount()).concurrent('because the disk is full is done when there is room again', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    using disk = smallDisk(files.at('disk'))
    const given = { broker: redis.url, batch: 'full', results: `${disk.path}/results` }
    await submit(server.urls(2_000), { ...given, chunkRows: 50, options: { concurrency: 16 } })
    await using one = worker(given)
    await until('requests arrive', () => server.hits.size > 200)
    disk.fill()
    await until('it says so', () => one.said().includes('no space left on device'))
    await until('the chunks are back', async () => (await status(given)).active === 0)
    const before = server.hits.size
    await sleep(3_000)
    expect(server.hits.size).toBe(before)
    expect(await status(given)).toMatchObject({ state: 'running', stuck: 0 })
    disk.empty()
    await until('it is done', async () => (await status(given)).state === 'done')
    one.child.kill('SIGTERM')
    expect(await one.exit).toBe(0)
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(2_000))
  })
})

/** A file system of its own needs root. */
function canMount(): boolean {
  using files = folder()
  try {
    smallDisk(files.at('disk'))[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}

interface SmallDisk extends Disposable {
  readonly path: string
  readonly fill: () => void
  readonly empty: () => void
}

function smallDisk(path: string): SmallDisk {
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', path], { stdio: 'ignore' })
  return {
    path,
    fill: () => {
      for (const size of [1 << 20, 1 << 12]) {
        try {
          for (let at = 0; ; at++) writeFileSync(`${path}/filler.${size}.${at}`, Buffer.alloc(size))
        } catch {
          // It is full.
        }
      }
    },
    empty: () => execFileSync('find', [path, '-name', 'filler.*', '-delete']),
    [Symbol.dispose]: () => execFileSync('umount', ['-l', path]),
  }
}
