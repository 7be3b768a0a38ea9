/** What goes wrong around a batch: killed submits, foreign jobs, damaged files, a full Redis. Nothing is lost silently. */
import { Queue } from 'bullmq'
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startProcess, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { covers } from '../support/hostile/record.ts'
import { collect, deleteBatch, reconcile, status, submit, work } from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

const SUBMITTER = fileURLToPath(new URL('batch-submitter.ts', import.meta.url))
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
const refusal = (made: Promise<unknown>): Promise<string> =>
  made.then(
    () => 'accepted',
    (error: unknown) => String(error),
  )

describe.skipIf(NO_REDIS)('a batch', () => {
  it.each(['inline', 'by reference'] as const)('that is submitted %s is whole after kills of its submit', async how => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const results = files.at('results')
    const count = 6_000
    const list = files.at('urls.txt')
    writeFileSync(list, `${server.urls(count).join('\n')}\n`)
    const args = how === 'inline' ? [server.base, String(count)] : [list]
    const given = { broker: redis.url, batch: 'killed', results }
    const begin = (): ReturnType<typeof startProcess> =>
      startProcess([SUBMITTER, redis.url, 'killed', results, ...args])
    for (let kills = 1; kills <= 2; kills++) {
      const submitting = begin()
      await Promise.race([
        submitting.exit,
        until('chunks are there', async () => {
          const { chunks } = await status(given).catch(() => ({ chunks: 0 }))
          return chunks > kills * 60
        }),
      ])
      submitting.child.kill('SIGKILL')
      await submitting.exit
    }
    const last = begin()
    expect([await last.exit, last.said()]).toEqual([0, ''])
    expect(await status(given)).toMatchObject({ chunks: count / 10, requests: count, waiting: count / 10 })
    await work({ broker: redis.url, batches: ['killed'], untilEmpty: true, chunks: 64 })
    expect(server.extra()).toBe(0)
    await collect({ results, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ url }) => url)).toEqual(server.urls(count))
  })

  it('is refused with another input or other options under its name, and continued with the same', async () => {
    await using redis = await redisServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'b', results: files.at('results'), chunkRows: 2 }
    const urls = ['http://a.test/1', 'http://a.test/2', 'http://a.test/3']
    const made = { batch: 'b', chunks: 2, requests: 3 }
    expect(await submit(urls, given)).toEqual({ ...made, known: 0 })
    expect(await submit(urls, given)).toEqual({ ...made, known: 2 })
    const others = ['http://a.test/1', 'http://a.test/2', 'http://a.test/4']
    expect(await refusal(submit(others, given))).toContain('got others from row 3 on')
    expect(await refusal(submit([...urls, 'http://a.test/4'], given))).toContain('got others from row 3 on')
    expect(await refusal(submit(urls.slice(0, 2), given))).toContain('got none from row 3 on')
    expect(await refusal(submit([], given))).toContain('got none from row 1 on')
    expect(await refusal(submit(urls, { ...given, options: { maxRetries: 1 } }))).toContain('with other options')
    expect(await refusal(submit(urls, { ...given, chunkRows: 3 }))).toContain('with another chunk size')
    expect(await refusal(submit(urls, { ...given, results: files.at('others') }))).toContain(
      'expected a new name, got b',
    )
    expect(await refusal(submit(urls, { ...given, batch: 'c' }))).toContain('has the batch b with another name')
    const even = { ...given, batch: 'even', results: files.at('even') }
    await submit(urls.slice(0, 2), even)
    expect(await refusal(submit(urls, even))).toContain('got more from row 3 on')
    const both = await Promise.all([submit(urls, given), submit(urls, given)])
    expect(both).toEqual([
      { ...made, known: 2 },
      { ...made, known: 2 },
    ])
  })

  it('is refused with a secret, a function, or a request that JSON cannot hold', async () => {
    using files = folder()
    const given = { broker: 'redis://127.0.0.1:1', batch: 'b', results: files.at('results') }
    const options = { headers: { authorization: 'Bearer s3cret' } }
    expect(await refusal(submit([], { ...given, options }))).toContain(
      "a reference such as 'env:API_TOKEN', got a secret",
    )
    expect(await refusal(submit([], { ...given, options: { onProgress: () => undefined } }))).toContain('onProgress')
    expect(await refusal(submit([], { ...given, options: { retry: { methods: ['GET'] } } }))).toContain(
      'no Redis server',
    )
  })

  it('does not run a job that another program has written', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'foreign', results: files.at('results'), chunkRows: 10 }
    await submit(server.urls(20), given)
    const connection = await connectRedis(redis.url, 'broker')
    const queue = new Queue('foreign', { connection, prefix: '{preq}' })
    await queue.add('chunk', { text: `"${server.base}evil"\n` }, { jobId: 'evil' })
    const stolen = await queue.getJob('c00000001')
    const text = `"${server.base}evil"\n`
    await stolen?.updateData({ ...(stolen.data as object), text })
    const ending = new AbortController()
    const working = work({ broker: redis.url, batches: ['foreign'], signal: ending.signal })
    await until('the other chunk is done', async () => (await status(given)).chunksDone === 1)
    await until('the job has failed', async () => (await queue.getFailedCount()) > 0)
    ending.abort()
    await working
    expect(server.hits.has('/evil')).toBe(false)
    await queue.close()
    connection.disconnect()
  })

  it('with a damaged result is not collected, and whole again once that is reconciled', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const results = files.at('results')
    const given = { broker: redis.url, batch: 'damaged', results, chunkRows: 10 }
    await submit(server.urls(30), given)
    const finish = (): Promise<void> => work({ broker: redis.url, batches: ['damaged'], untilEmpty: true })
    await finish()
    const sealed = files.at('results/00000/c00000001.ndjson')
    truncateSync(sealed, readFileSync(sealed).length - 20)
    const output = files.at('out.jsonl')
    expect(await refusal(collect({ results, output }))).toContain(
      'c00000001.ndjson:10: expected a result, got a damaged line',
    )
    rmSync(sealed)
    expect(await refusal(collect({ results, output }))).toContain('requests 10 to 19 are not all finished')
    expect(await collect({ results, output, partial: true })).toMatchObject({ requests: 20, missing: 10 })
    expect(await reconcile(given)).toEqual({ batch: 'damaged', chunks: 3, done: 2, added: 1 })
    await finish()
    const twice = await Promise.all([1, 2].map(() => collect({ results, output, overwrite: true })))
    expect(twice).toEqual([1, 2].map(() => ({ batch: 'damaged', requests: 30, failed: 0, missing: 0 })))
    expect(linesOf(output).map(({ index }) => index)).toEqual(upTo(30))
    await deleteBatch({ ...given, files: true })
  })

  it('whose file of rows was changed ends with an error, and goes on when the file is back', async () => {
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const list = files.at('urls.txt')
    const text = server.urls(20).join('\n')
    writeFileSync(list, text)
    const given = { broker: redis.url, batch: 'changed', results: files.at('results'), chunkRows: 10 }
    await submit({ file: list, format: 'lines' }, given)
    writeFileSync(list, text.replace('/15', '/95'))
    await work({ broker: redis.url, batches: ['changed'], untilEmpty: true })
    expect(await status(given)).toMatchObject({ state: 'running', chunksDone: 1, stuck: 1 })
    expect(server.hits.has('/95')).toBe(false)
    writeFileSync(list, text)
    await reconcile(given)
    await work({ broker: redis.url, batches: ['changed'], untilEmpty: true })
    expect(await status(given)).toMatchObject({ state: 'done', chunksDone: 2, stuck: 0 })
  })

  it('goes on when a Redis that keeps a log was killed and is back', async () => {
    using files = folder()
    await using server = await countingServer(10)
    const config = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', files.path]
    const first = await redisServer(config)
    const given = { broker: first.url, batch: 'outage', results: files.at('results'), chunkRows: 50 }
    await submit(server.urls(1_500), { ...given, options: { concurrency: 8 } })
    const ending = new AbortController()
    const working = work({ broker: first.url, batches: ['outage'], signal: ending.signal, chunks: 2 })
    await until('chunks are done', () => server.hits.size > 300)
    await first[Symbol.asyncDispose]()
    await new Promise(resolve => setTimeout(resolve, 2_000))
    await using second = await redisServer(config, first.port)
    await until('it is done', async () => (await status({ ...given, broker: second.url })).state === 'done')
    ending.abort()
    await working
    expect(server.hits.size).toBe(1_500)
    expect(await collect({ results: given.results, output: files.at('o.jsonl') })).toMatchObject({ requests: 1_500 })
    covers(import.meta.url, {
      row: 122,
      name: 'Redis is killed and comes back (with appendonly)',
      outcome: 'the batch goes on, and no result is missing',
      retry: '–',
      socket: '–',
    })
  })

  it('of another version of the package is left alone, and says so', async () => {
    await using redis = await redisServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'old', results: files.at('results') }
    await submit(['http://a.test/'], given)
    const connection = await connectRedis(redis.url, 'broker')
    const manifest = (await connection.get('{preq}:old:preq-manifest')) ?? ''
    await connection.set('{preq}:old:preq-manifest', manifest.replace(/"version":"[^"]*"/, '"version":"0.0.9"'))
    connection.disconnect()
    expect(await refusal(work({ broker: redis.url, batches: ['old'], untilEmpty: true }))).toContain(
      'was submitted with parallel-requests 0.0.9',
    )
  })

  it('waits while the memory of Redis is full, and is whole', async () => {
    await using redis = await redisServer(['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction'])
    using files = folder()
    const given = { broker: redis.url, batch: 'full', results: files.at('results'), chunkRows: 500 }
    const count = 20_000
    const submitting = submit(
      upTo(count).map(at => `http://a.test/${at}?${'x'.repeat(150)}`),
      given,
    )
    submitting.catch(() => undefined)
    await new Promise(resolve => setTimeout(resolve, 3_000))
    const connection = await connectRedis(redis.url, 'broker')
    expect(await connection.exists('{preq}:full:c00000039')).toBe(0)
    await connection.config('SET', 'maxmemory', '100mb')
    connection.disconnect()
    expect(await submitting).toMatchObject({ requests: count })
    expect(await status(given)).toMatchObject({ chunks: 40, waiting: 40 })
  })
})
