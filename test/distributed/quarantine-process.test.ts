/** Requests that end the process of their worker: each fails alone, and all others have results. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startProcess, until } from './batch-kit.ts'
import type { CountingServer, Folder, Process } from './batch-kit.ts'
import type { QuickWorker } from './quick-worker.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { collect, reconcile, status, submit } from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

const WORKER = fileURLToPath(new URL('quick-worker.ts', import.meta.url))
const POISON = new URL('poison.ts', import.meta.url).href
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

/** A worker whose process ends when it reads a poisonous response. */
function start(given: QuickWorker): Process {
  const text = JSON.stringify({ ...given, untilEmpty: true })
  return startProcess([WORKER, text], { NODE_OPTIONS: `--import ${POISON}` })
}

/** @param poison how the process ends, by path */
const poisonousServer = (poison: Readonly<Record<string, string>>): Promise<CountingServer> =>
  countingServer(5, (request, response) => {
    const how = poison[request.url ?? '']
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(how === undefined ? { path: request.url } : { poison: how }))
  })

/** Starts workers until the batch is done. Returns how many of them have died. */
async function finish(given: QuickWorker, most: number): Promise<number> {
  for (let deaths = 0; deaths <= most; deaths++) {
    if ((await start(given).exit) === 0) return deaths
  }
  throw new Error(`more than ${most} workers have died`)
}

/** Every request has one line; those that failed, with their codes. */
async function failures(files: Folder, rows: number): Promise<(readonly [number, string | undefined])[]> {
  const output = files.at('out.jsonl')
  await collect({ results: files.at('results'), output, overwrite: true })
  const lines = linesOf(output)
  expect(lines.map(({ index }) => index)).toEqual(upTo(rows))
  return lines.filter(({ ok }) => !ok).map(({ index, error }) => [index, error?.code] as const)
}

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

  it('is not seen in a storm of kills of workers, in quarantine or not', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(400)
    using files = folder()
    const given = { broker: redis.url, batch: 'storm', results: files.at('results') }
    await submit(server.urls(400), { ...given, chunkRows: 50, options: { concurrency: 4 } })
    const quick = { broker: redis.url, batch: 'storm', lockMs: 1_000 }
    const workers = [start(quick), start(quick)]
    const requests = (): number => server.hits.size + server.extra()
    let hasTrials = false
    for (let kills = 0; kills < 12 && (await status(given)).state !== 'done'; kills++) {
      const before = requests()
      await until('requests arrive', () => requests() > before + 8)
      hasTrials ||= readdirSync(files.at('results/00000')).some(name => name.includes('trials'))
      const killed = workers.shift()
      killed?.child.kill('SIGKILL')
      await killed?.exit
      workers.push(start(quick))
    }
    expect(hasTrials).toBe(true)
    await Promise.all(workers.map(({ exit }) => exit))
    expect(await failures(files, 400)).toEqual([])
    expect(await status(given)).toMatchObject({ state: 'done', ok: 400, failed: 0 })
  })

  it('is not looked for in a chunk whose worker is told to stop', async () => {
    await using redis = await redisServer()
    await using server = await poisonousServer({ '/57': 'SIGKILL' })
    using files = folder()
    const given = { broker: redis.url, batch: 'poison', results: files.at('results') }
    await submit(server.urls(100), { ...given, options: { concurrency: 4 } })
    const quick = { broker: redis.url, batch: 'poison' }
    await start(quick).exit
    const log = files.at('results/00000/c00000000.trials.ndjson')
    const trials = (): number => (existsSync(log) ? readFileSync(log, 'utf8').split('ranges').length : 0)
    for (let stops = 1; stops <= 3; stops++) {
      const before = trials()
      const worker = start(quick)
      await until('it is tried', () => trials() > before)
      worker.child.kill('SIGTERM')
      expect(await worker.exit).toBe(0)
    }
    expect(await finish(quick, 0)).toBe(0)
    expect(await failures(files, 100)).toEqual([[57, 'resource/poison']])
  })
})
