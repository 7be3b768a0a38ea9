/** Workers that die, stop for a while, or are told to stop. Chunks are taken over after 6 s here. */
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startQuickWorker, until } from './batch-kit.ts'
import type { Process } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { covers } from '../support/hostile/record.ts'
import { collect, deleteBatch, status, submit } from '../../src/distributed/index.ts'

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

const LOCK_MS = 4_000
const CHUNKS = 4
const CONCURRENCY = 16
/** What a worker that dies may have sent without a trace: what is in flight, and what has arrived in the last turn. */
const LOST_WITH_ONE = 2 * CONCURRENCY

describe.skipIf(NO_REDIS)('a batch', () => {
  it.concurrent('is finished by a worker that starts after all workers have died', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const given = { broker: redis.url, batch: 'all', results: files.at('results') }
    await submit(server.urls(1_200), { ...given, chunkRows: 100, options: { concurrency: CONCURRENCY } })
    await using one = worker(given)
    await using two = worker(given)
    await until('requests arrive', () => server.hits.size > 500)
    for (const { child } of [one, two]) child.kill('SIGKILL')
    await Promise.all([one.exit, two.exit])
    await using last = worker({ ...given, untilEmpty: true })
    expect(await last.exit).toBe(0)
    await expectWhole(given, server, files.at('out.jsonl'), 1_200, 2 * LOST_WITH_ONE)
  })

  it.concurrent.each([
    ['was stopped for longer than its lock', 'SIGSTOP'],
    ['whose event loop was blocked for longer than its lock', 'SIGUSR2'],
  ] as const)('is whole, each row once, after a worker %s and went on', async (_, signal) => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const given = { broker: redis.url, batch: 'zombie', results: files.at('results') }
    await submit(server.urls(1_600), { ...given, chunkRows: 100, options: { concurrency: CONCURRENCY } })
    await using zombie = worker({ ...given, blockMs: 2.5 * LOCK_MS })
    await until('requests arrive', () => server.hits.size > 200)
    await using other = worker(given)
    await until('the other one works', async () => server.hits.size > 500 && other.said().includes('ready'))
    zombie.child.kill(signal)
    if (signal === 'SIGSTOP') {
      await sleep(2.5 * LOCK_MS)
      zombie.child.kill('SIGCONT')
    }
    await until('it is done', async () => (await status(given)).state === 'done')
    for (const { child } of [zombie, other]) child.kill('SIGTERM')
    expect(await Promise.all([zombie.exit, other.exit])).toEqual([0, 0])
    await expectWhole(given, server, files.at('out.jsonl'), 1_600, LOST_WITH_ONE)
    covers(import.meta.url, {
      row: 122,
      name:
        signal === 'SIGSTOP'
          ? 'a worker that is stopped for longer than its lock'
          : 'a worker whose event loop is blocked for longer than its lock',
      outcome: 'no result is missing or there twice; some requests are sent twice',
      retry: '–',
      socket: '–',
    })
  })

  it.concurrent('that has the name of a deleted one takes no results of a worker that has slept meanwhile', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const given = { broker: redis.url, batch: 'again', results: files.at('results') }
    const options = { concurrency: CONCURRENCY }
    await submit(server.urls(300), { ...given, chunkRows: 100, options })
    await using sleeper = worker({ ...given })
    await until('requests arrive', () => server.hits.size > 50)
    sleeper.child.kill('SIGSTOP')
    await using other = worker(given)
    await until('the chunks are done', async () => (await status(given)).state === 'done')
    other.child.kill('SIGTERM')
    await other.exit
    await deleteBatch({ ...given, files: true })
    await submit(server.urls(400), { ...given, chunkRows: 100, options })
    sleeper.child.kill('SIGCONT')
    await until('it has noticed', async () => (await status(given)).state === 'done')
    sleeper.child.kill('SIGTERM')
    await sleeper.exit
    const output = files.at('out.jsonl')
    expect(await collect({ ...given, output })).toMatchObject({ requests: 400, missing: 0 })
    expect(await status(given)).toMatchObject({ ok: 400, chunksDone: 4 })
  })

  it.concurrent('loses no time and no request when a worker is told to stop during a request that hangs', async () => {
    await using redis = await redisServer()
    let hanging = true
    await using server = await countingServer(0, (request, response) => {
      if (hanging && request.url === '/77') return
      response.end('{}')
    })
    using files = folder()
    const given = { broker: redis.url, batch: 'hung', results: files.at('results') }
    await submit(server.urls(200), { ...given, chunkRows: 100, options: { concurrency: CONCURRENCY } })
    await using first = worker({ ...given, graceMs: 500, lockMs: 20_000 })
    await until('one request hangs', () => server.hits.size === 200)
    await until('the other chunk is done', async () => (await status(given)).chunksDone === 1)
    first.child.kill('SIGTERM')
    expect(await first.exit).toBe(0)
    expect(await status(given)).toMatchObject({ active: 0, waiting: 1, chunksDone: 1 })
    hanging = false
    await using second = worker({ ...given, untilEmpty: true })
    expect(await second.exit).toBe(0)
    expect(server.extra()).toBe(1)
    expect(server.hits.get('/77')).toBe(2)
    await expectWhole(given, server, files.at('out.jsonl'), 200, 1)
  })
})

const worker = (given: Parameters<typeof startQuickWorker>[0]): Process =>
  startQuickWorker({ lockMs: LOCK_MS, chunks: CHUNKS, ...given })

async function expectWhole(
  given: { readonly broker: string; readonly batch: string },
  server: Awaited<ReturnType<typeof countingServer>>,
  output: string,
  count: number,
  mostExtra: number,
): Promise<void> {
  expect(await collect({ ...given, output })).toMatchObject({ requests: count, missing: 0 })
  expect(linesOf(output).map(({ index }) => index)).toEqual(upTo(count))
  expect(server.hits.size).toBe(count)
  expect(server.extra()).toBeLessThanOrEqual(mostExtra)
  expect(await status(given)).toMatchObject({ state: 'done', stuck: 0 })
}
