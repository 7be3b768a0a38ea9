/** Workers that are killed or told to stop while a request is looked for that ends its process. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, until } from './batch-kit.ts'
import { failures, finish, poisonousServer, start } from './quarantine-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { status, submit } from '../../src/distributed/index.ts'

describe.skipIf(NO_REDIS)('a request that ends its process', () => {
  it('is not seen in a storm of kills of workers, in quarantine or not', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(200)
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
