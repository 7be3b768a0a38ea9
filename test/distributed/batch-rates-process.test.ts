/** The rates of a batch hold for all of its workers together. What a rate does over time is in `npm run nightly:shared-rate`. */
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { countingServer, folder, linesOf, startProcess, startWorker, until } from './batch-kit.ts'
import type { CountingServer, Process } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import type { RedisServer } from './redis.ts'
import {
  collect,
  deleteBatch,
  limits,
  reconcile,
  redisLimits,
  status,
  submit,
  work,
} from '../../src/distributed/index.ts'
import { readKept } from '../../src/distributed/batch/kept-limits.ts'
import { ParallelRequests } from '../../src/index.ts'

function looking({ url }: RedisServer): Redis {
  const redis = new Redis(url)
  onTestFinished(() => redis.disconnect())
  return redis
}

const QUIET_MS = 3_000

async function isQuiet(server: CountingServer): Promise<boolean> {
  const before = server.hits.size
  await new Promise(resolve => setTimeout(resolve, QUIET_MS))
  return server.hits.size === before
}

/** A worker whose wall clock is wrong. */
function startShifted(shiftMs: number, broker: string, batch: string): Process {
  const preload = ['--import', fileURLToPath(new URL('../support/shifted-clock.ts', import.meta.url))]
  const args = [fileURLToPath(new URL('batch-worker.ts', import.meta.url)), broker, batch, '20000', 'until-empty']
  return startProcess([...preload, ...args], { CLOCK_SHIFT_MS: String(shiftMs) })
}

const processesOf = (name: string): string => `{preq}:rates:${name}:processes`

describe.skipIf(NO_REDIS)('the rates of a batch', () => {
  it('are leased by all of its workers under the name of the batch', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'fleet', results: files.at('results') }
    const host = new URL(server.base).host
    const options = { rateLimit: '200/s', rateLimitBurst: 5, hosts: { [host]: { rateLimit: '20/s' } } }
    await submit(server.urls(400), { ...given, chunkRows: 20, options })
    const workers = [startWorker(redis.url, 'fleet'), startWorker(redis.url, 'fleet')]
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
    await limits({ ...given, rateLimit: '2000/s', hosts: { [host]: { rateLimit: '1000/s' } } })
    await work({ broker: redis.url, batches: ['fleet'], untilEmpty: true })
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 400, missing: 0 })
    expect(server.extra()).toBe(0)
  })

  it('are those of all batches and clients with the same name', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const look = looking(redis)
    for (const batch of ['one', 'two']) {
      const given = { broker: redis.url, batch, results: files.at(batch), shareName: 'shop-api' }
      await submit(server.urls(2_000), { ...given, chunkRows: 10, options: { rateLimit: '20/s' } })
    }
    const worker = startWorker(redis.url, 'one', 0)
    const other = startWorker(redis.url, 'two', 0)
    const client = new ParallelRequests({
      rateLimit: '20/s',
      sharedLimits: redisLimits(redis.url, { name: 'shop-api' }),
    })
    onTestFinished(() => client.close())
    const run = client.request(server.urls(2_000), { onFailure: 'settle' })
    await until('three processes share the rate', async () => (await look.zcard(processesOf('shop-api'))) === 3)
    expect(await look.keys('{preq}:rates:one:*')).toEqual([])
    for (const { child } of [worker, other]) child.kill('SIGKILL')
    await Promise.all([worker.exit, other.exit])
    await client.close()
    await run.catch(() => undefined)
  })

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
  })

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
    // The slots that it has are used up, or too late, after 210 ms. The rest would take less than 3 s.
    await until('nothing is sent any more', () => isQuiet(server))
    expect(server.hits.size).toBeLessThan(300)
    // Its data are gone: the batch is known by its folder.
    await using again = await redisServer([], redis.port)
    await reconcile({ ...given, broker: again.url })
    expect(await worker.exit).toBe(0)
    expect(await status(given)).toMatchObject({ state: 'done', ok: 300, failed: 0 })
    expect(server.hits.size).toBe(300)
  })
})

describe.skipIf(NO_REDIS)('rates of workers in trouble', () => {
  it('are shared by workers whose clocks are ten minutes apart', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'clocks', results: files.at('results') }
    await submit(server.urls(400), { ...given, chunkRows: 20, options: { rateLimit: '10/s', concurrency: 4 } })
    const workers = [300_000, -300_000].map(shift => startShifted(shift, redis.url, 'clocks'))
    const look = looking(redis)
    await until('both count as living', async () => (await look.zcard(processesOf('clocks'))) === 2)
    await limits({ ...given, rateLimit: '200/s' })
    expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual([0, 0])
    expect(await status(given)).toMatchObject({ state: 'done', ok: 400, failed: 0 })
    expect(server.extra()).toBe(0)
  })

  it('need no more permissions than the documentation names', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const rules = ['~{preq}:*', 'resetchannels', '-@all', '+@read', '+@write', '+@connection', '+@scripting']
    const more = [
      '+@blocking',
      '+@transaction',
      '+time',
      '+info',
      '-@admin',
      '-keys',
      '-flushall',
      '-flushdb',
      '-swapdb',
    ]
    const none = ['-migrate', '-restore', '-sort', '-dump']
    await looking(redis).call('ACL', 'SETUSER', 'batches', 'on', '>s3cret', ...rules, ...more, ...none)
    const broker = redis.url.replace('//', '//batches:s3cret@')
    const given = { broker, batch: 'acl', results: files.at('results') }
    await submit(server.urls(60), { ...given, chunkRows: 20, options: { rateLimit: '1/s' } })
    await limits({ ...given, rateLimit: '200/s', perHost: { rateLimit: '100/s' } })
    const worker = startWorker(broker, 'acl', 20_000, true)
    expect(await worker.exit).toBe(0)
    expect(worker.said()).not.toContain('permission')
    expect(await status(given)).toMatchObject({ ok: 60 })
    await deleteBatch(given)
  })

  it('are changed at a primary only, and by somebody who has the password', async () => {
    await using redis = await redisServer(['--requirepass', 's3cret'])
    const wrong = redis.url.replace('//', '//:wrong@')
    await expect(limits({ broker: wrong, batch: 'b', rateLimit: '5/s' })).rejects.toThrow(
      'refused the user or the password',
    )
    await using primary = await redisServer()
    await using replica = await redisServer(['--replicaof', '127.0.0.1', String(primary.port)])
    using files = folder()
    const given = { broker: primary.url, batch: 'b', results: files.at('results') }
    await submit(['http://127.0.0.1:9/'], { ...given, options: { rateLimit: '1/s' } })
    const look = looking(replica)
    await until('the replica has the batch', async () => (await look.exists('{preq}:b:preq-manifest')) === 1)
    const there = { broker: replica.url, batch: 'b' }
    expect(await limits(there)).toMatchObject({ rateLimit: [{ limit: 1 }] })
    await expect(limits({ ...there, rateLimit: '5/s' })).rejects.toThrow('is a read-only replica')
    expect(await limits(given)).toMatchObject({ rateLimit: [{ limit: 1 }] })
  })

  it('hold after the scripts, the rates and the pauses were deleted in Redis', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'swept', results: files.at('results') }
    await submit(server.urls(600), { ...given, chunkRows: 50, options: { rateLimit: '100/s' } })
    const worker = startWorker(redis.url, 'swept', 20_000, true)
    const look = looking(redis)
    await until('requests arrive', () => server.hits.size > 50)
    await look.script('FLUSH')
    await look.del(...(await look.keys('{preq}:rates:swept:*')))
    expect(await worker.exit).toBe(0)
    expect(await status(given)).toMatchObject({ state: 'done', ok: 600 })
    expect(server.extra()).toBe(0)
    expect(worker.said()).not.toContain('cannot use Redis')
  })
})

describe.skipIf(NO_REDIS)('limits of a running batch', () => {
  it('are followed by its workers, kept in its folder, and not overwritten by a worker that starts', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'tuned', results: files.at('results') }
    const host = new URL(server.base).host
    // At this rate, the batch would take 17 minutes.
    await submit(server.urls(1_000), { ...given, chunkRows: 100, options: { rateLimit: '1/s' } })
    expect(await limits(given)).toEqual({
      batch: 'tuned',
      name: 'tuned',
      sharedWith: [],
      rateLimit: [{ limit: 1, intervalMs: 1_000, burst: 1 }],
      perHost: [],
      hosts: {},
      isKept: true,
    })
    const workers = [startWorker(redis.url, 'tuned', 20_000, true), startWorker(redis.url, 'tuned', 20_000, true)]
    await until('requests arrive', () => server.hits.size > 1)
    const first = await limits({ ...given, rateLimit: '400/s', hosts: { [host]: { rateLimit: '300/s' } } })
    expect(first).toMatchObject({ isKept: true, hosts: { [host]: [{ limit: 300 }] } })
    await until('the workers follow', () => server.hits.size > 300)
    // It has the options of the submit.
    const late = startWorker(redis.url, 'tuned', 20_000, true)
    const second = await limits({ ...given, rateLimit: '500/s' })
    expect(second).toMatchObject({ rateLimit: [{ limit: 500 }], hosts: { [host]: [{ limit: 300 }] } })
    expect(Date.parse(second.changedAt as string)).toBeGreaterThan(Date.parse(first.changedAt as string))
    expect(await Promise.all([...workers, late].map(({ exit }) => exit))).toEqual([0, 0, 0])
    expect(await limits(given)).toEqual(second)
    expect(await readKept(given.results)).toMatchObject({ limits: { all: [{ limit: 500 }] } })
    expect(await status(given)).toMatchObject({ state: 'done', ok: 1_000, failed: 0 })
  })

  it('limit a batch that was submitted without any rate', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(20)
    using files = folder()
    const given = { broker: redis.url, batch: 'free', results: files.at('results') }
    await submit(server.urls(2_000), { ...given, chunkRows: 500, options: { concurrency: 4 } })
    const worker = startWorker(redis.url, 'free', 0)
    await until('requests arrive', () => server.hits.size > 50)
    await limits({ ...given, rateLimit: '1/m' })
    await until('nothing is sent any more', () => isQuiet(server))
    expect(server.hits.size).toBeLessThan(2_000)
    worker.child.kill('SIGTERM')
    expect(await worker.exit).toBe(0)
  })

  it('are known again after Redis has lost everything, with and without a worker', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'lost', results: files.at('results') }
    await submit(server.urls(200), { ...given, chunkRows: 100, options: { rateLimit: '1/s' } })
    const { changedAt } = await limits({ ...given, rateLimit: '20/s' })
    const look = looking(redis)
    await look.flushall()
    await expect(limits({ broker: redis.url, batch: 'lost' })).rejects.toThrow('expected the name of a batch, got lost')
    expect(await limits(given)).toMatchObject({ changedAt, rateLimit: [{ limit: 20 }] })
    expect(await look.exists('{preq}:rates:lost:limits')).toBe(0)
    await reconcile(given)
    expect(await look.hget('{preq}:rates:lost:limits', 'rev')).toBeTruthy()
    const worker = startWorker(redis.url, 'lost', 0)
    await until('requests arrive', () => server.hits.size > 5)
    await look.del('{preq}:rates:lost:limits')
    await until('the worker has put them back', async () => (await look.exists('{preq}:rates:lost:limits')) === 1)
    worker.child.kill('SIGTERM')
    expect(await worker.exit).toBe(0)
    // A later change is newer than what was put back.
    expect(await limits({ ...given, rateLimit: '30/s' })).toMatchObject({ rateLimit: [{ limit: 30 }] })
  })

  it('are those of all batches that share the name, and go with a batch that shares them with none', async () => {
    await using redis = await redisServer()
    using files = folder()
    const broker = redis.url
    const options = { rateLimit: '5/s' }
    for (const batch of ['a', 'b']) {
      await submit(['http://127.0.0.1:9/'], { broker, batch, results: files.at(batch), shareName: 'both', options })
    }
    await submit(['http://127.0.0.1:9/'], { broker, batch: 'own', results: files.at('own'), options })
    expect(await limits({ broker, batch: 'a', perHost: { rateLimit: '2/s' } })).toMatchObject({ sharedWith: ['b'] })
    await limits({ broker, batch: 'own', rateLimit: '3/s' })
    expect(await limits({ broker, batch: 'b' })).toMatchObject({ name: 'both', perHost: [{ limit: 2 }] })
    expect(await readKept(files.at('b'))).toMatchObject({ limits: { perHost: [{ limit: 2 }] } })
    for (const batch of ['a', 'own']) await deleteBatch({ broker, batch })
    const keys = (await looking(redis).keys('{preq}:rates:*:limits')).toSorted()
    expect(keys).toEqual(['{preq}:rates:both:limits'])
  })

  it('changed by several at once all hold', async () => {
    await using redis = await redisServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'busy', results: files.at('results') }
    await submit(['http://127.0.0.1:9/'], { ...given, options: {} })
    const hosts = Array.from({ length: 8 }, (_, at) => `h${at}.example`)
    await Promise.all(hosts.map(host => limits({ ...given, hosts: { [host]: { rateLimit: '7/s' } } })))
    expect(Object.keys((await limits(given)).hosts).toSorted()).toEqual(hosts)
    expect(Object.keys((await readKept(given.results)).limits.hosts ?? {}).toSorted()).toEqual(hosts)
  })

  it('are refused where they are no rates', async () => {
    const given = { broker: 'redis://127.0.0.1:1', batch: 'b' }
    const refused = async (more: object): Promise<string> =>
      limits({ ...given, ...more }).then(
        () => 'accepted',
        (error: Error) => error.message,
      )
    expect(await refused({ rateLimit: 'fast' })).toContain('rateLimit: expected a rate')
    expect(await refused({ rateLimitBurst: 5 })).toContain('rateLimitBurst: expected rateLimit beside it')
    expect(await refused({ concurrency: 5 })).toContain(
      'concurrency: cannot be changed while a batch runs, only rateLimit, rateLimitBurst, perHost, hosts can',
    )
    expect(await refused({ hosts: { 'a.b': { concurrency: 5 } } })).toContain('Each worker has its own')
    expect(await refused({ perHost: {} })).toContain('perHost: expected a rate, got none.')
    expect(await refused({ ratelimit: '5/s' })).toContain("Use 'rateLimit'.")
  })
})
