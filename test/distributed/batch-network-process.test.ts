/** A network between workers and Redis that fails. */
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startQuickWorker, until } from './batch-kit.ts'
import { redisProxy } from './redis-proxy.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { openBroker } from '../../src/distributed/batch/broker.ts'
import { collect, status, submit } from '../../src/distributed/index.ts'

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

const CONCURRENCY = 16

it.skipIf(NO_REDIS)(
  'a question of a worker that was under way when its connection was lost is answered by the next one',
  async () => {
    await using redis = await redisServer()
    await using proxy = await redisProxy(redis.port)
    const broker = await openBroker({ url: proxy.url }, 'broker')
    const queue = await broker.connectWorker()
    await proxy.become('silent')
    const asked = queue.ping()
    await proxy.become('down')
    await proxy.become('whole')
    expect(await asked).toBe('PONG')
    queue.disconnect()
    await broker.close()
  },
)

describe.skipIf(NO_REDIS)('a batch is whole', () => {
  it.concurrent.each([
    ['refuses connections', 'down'],
    ['swallows all bytes', 'silent'],
  ] as const)('when its only worker goes on after a network that %s for 7 s', async (_, fault) => {
    await using redis = await redisServer()
    await using proxy = await redisProxy(redis.port)
    await using server = await countingServer(20)
    using files = folder()
    const given = { broker: redis.url, batch: 'net', results: files.at('results') }
    await submit(server.urls(3_000), { ...given, chunkRows: 50, options: { concurrency: CONCURRENCY } })
    const worker = startQuickWorker({ broker: proxy.url, batch: 'net', lockMs: 20_000 })
    await until('requests arrive', () => server.hits.size > 300)
    await proxy.become(fault)
    await sleep(7_000)
    await proxy.become('whole')
    await until('it is done', async () => (await status(given)).state === 'done')
    worker.child.kill('SIGTERM')
    expect(await worker.exit).toBe(0)
    expect(server.hits.size).toBe(3_000)
    expect(server.extra()).toBe(0)
    await collect({ ...given, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ index }) => index)).toEqual(upTo(3_000))
  })

  it.concurrent('and no request is sent twice when Redis is 200 ms away', async () => {
    await using redis = await redisServer()
    await using proxy = await redisProxy(redis.port)
    await using server = await countingServer(20)
    using files = folder()
    await proxy.become('slow')
    const given = { broker: proxy.url, batch: 'far', results: files.at('results') }
    await submit(server.urls(1_000), { ...given, chunkRows: 50, options: { concurrency: CONCURRENCY } })
    const workers = [1, 2].map(() => startQuickWorker({ ...given, lockMs: 20_000, untilEmpty: true }))
    expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual([0, 0])
    expect(server.extra()).toBe(0)
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 1_000, missing: 0 })
  })

  it.concurrent.each([
    ['the process is lost after its results were sealed and before Redis knew', 'SETBIT', 'up', 'SIGKILL'],
    ['the process is lost after Redis knew and before it was completed', 'SETBIT', 'down', 'SIGKILL'],
    ['the connection is lost after its results were sealed and before Redis knew', 'SETBIT', 'up', 'cut'],
    ['the connection is lost after Redis knew and before it was completed', 'SETBIT', 'down', 'cut'],
    ['the connection is lost while it is being completed', ':completed', 'up', 'cut'],
    ['the connection is lost before the worker knows that it was completed', ':completed', 'down', 'cut'],
  ] as const)('and no request is sent twice when %s', async (_, mark, side, how) => {
    await using redis = await redisServer()
    await using proxy = await redisProxy(redis.port)
    await using server = await countingServer(5)
    using files = folder()
    const given = { broker: redis.url, batch: 'cut', results: files.at('results') }
    await submit(server.urls(60), { ...given, chunkRows: 20, options: { concurrency: CONCURRENCY } })
    let isMarking = false
    let isCut = false
    const lose = (): void => {
      isCut = true
      if (how === 'SIGKILL') worker.child.kill('SIGKILL')
      void proxy.become('down')
    }
    proxy.watch = (bytes, from) => {
      if (isCut) return
      if (from === 'up' && bytes.includes(mark)) isMarking = true
      if (isMarking && from === side) lose()
    }
    const worker = startQuickWorker({
      broker: proxy.url,
      batch: 'cut',
      chunks: 1,
      lockMs: how === 'cut' ? 8_000 : 3_000,
    })
    await until('it is cut', () => isCut)
    await sleep(1_000)
    await proxy.become('whole')
    if (how === 'SIGKILL') {
      const next = startQuickWorker({ broker: redis.url, batch: 'cut', untilEmpty: true })
      expect(await next.exit).toBe(0)
    } else {
      // With its only place: it has not lost it.
      await until('it is done', async () => (await status(given)).state === 'done')
      worker.child.kill('SIGTERM')
      expect(await worker.exit).toBe(0)
    }
    expect(await status(given)).toMatchObject({ state: 'done', ok: 60, chunksDone: 3 })
    expect(server.extra()).toBe(0)
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 60, missing: 0 })
  })
})
