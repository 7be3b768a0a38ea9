/** Failures of a batch that are sent again: exactly those, and the status and the results are exact at any time. */
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startProcess, startWorker, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { collect, dead, reconcile, retryBatch, status, submit, work } from '../../src/distributed/index.ts'
import { openBroker } from '../../src/distributed/batch/broker.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)
const refusal = (made: Promise<unknown>): Promise<string> =>
  made.then(
    () => 'accepted',
    (error: unknown) => String(error),
  )

/** Rows of 100 fail with 503 at first, and rows of 10 with 404 for ever. */
async function failingServer(delayMs = 0) {
  const state = { isDown: true }
  const server = await countingServer(delayMs, (request, response) => {
    const row = Number(request.url?.slice(1))
    if (row % 10 === 4) response.statusCode = 404
    else if (state.isDown && row % 20 === 7) response.statusCode = 503
    response.end(`{"row":${row}}`)
  })
  return Object.assign(server, { state })
}

describe.skipIf(NO_REDIS)('failures of a batch', () => {
  it('are sent again, and nothing else, and the status is exact in between', async () => {
    await using redis = await redisServer()
    await using server = await failingServer()
    using files = folder()
    const results = files.at('results')
    const given = { broker: redis.url, batch: 'again', results, options: { maxRetries: 0, concurrency: 16 } }
    await submit(server.urls(300), { ...given, chunkRows: 10 })
    const finish = (): Promise<void> => work({ broker: redis.url, batches: ['again'], untilEmpty: true })
    await finish()
    expect(await status(given)).toMatchObject({ state: 'done', chunksDone: 30, ok: 255, failed: 45 })
    const before = readFileSync(files.at('results/00000/c00000000.ndjson'))

    const ordered = { batch: 'again', requests: 15, chunks: 15 }
    expect(await retryBatch({ ...given, retryFailed: ['5xx'] })).toEqual(ordered)
    // Each of these chunks had eight ok, one 404 and one 503.
    expect(await status(given)).toMatchObject({ state: 'running', chunksDone: 15, ok: 135, failed: 15, waiting: 15 })
    expect((await status(given)).live).toMatchObject({ ok: 255, failed: 30, left: 15 })
    const output = files.at('out.jsonl')
    expect(await refusal(collect({ results, output }))).toContain('again is not done: requests 0 to 9')
    expect(await collect({ results, output, partial: true })).toMatchObject({ requests: 300, missing: 0 })
    // A second retry leaves chunks alone that are not done.
    expect(await retryBatch({ ...given, retryFailed: ['5xx', '404'] })).toEqual({
      batch: 'again',
      requests: 15,
      chunks: 15,
    })

    server.state.isDown = false
    await finish()
    expect(await status(given)).toMatchObject({ state: 'done', chunksDone: 30, ok: 270, failed: 30 })
    await collect({ results, output, overwrite: true })
    const lines = linesOf(output)
    expect(lines.map(({ index }) => index)).toEqual(upTo(300))
    expect(new Set(lines.filter(({ ok }) => !ok).map(({ error }) => error?.code))).toEqual(new Set(['http/404']))
    const hits = (row: number): number | undefined => server.hits.get(`/${row}`)
    expect([hits(7), hits(4), hits(14), hits(0)]).toEqual([2, 1, 2, 1])
    expect(server.extra()).toBe(30)
    expect(readFileSync(files.at('results/00000/c00000000.ndjson'))).toEqual(before)
    expect(await retryBatch({ ...given, retryFailed: ['timeout'] })).toEqual({ batch: 'again', requests: 0, chunks: 0 })
    expect(await status(given)).toMatchObject({ state: 'done' })
  })

  it('are sent again although the worker is killed and Redis loses its data meanwhile', async () => {
    await using redis = await redisServer()
    await using server = await failingServer(20)
    using files = folder()
    const results = files.at('results')
    const given = { broker: redis.url, batch: 'again', results, options: { maxRetries: 0, concurrency: 4 } }
    await submit(server.urls(2_000), { ...given, chunkRows: 500 })
    await work({ broker: redis.url, batches: ['again'], untilEmpty: true })
    server.state.isDown = false
    await retryBatch({ ...given, retryFailed: true })
    const worker = startWorker(redis.url, 'again')
    await until('some are sent again', () => server.extra() > 60)
    const client = await connectRedis(redis.url, 'broker')
    await client.flushall()
    client.disconnect()
    worker.child.kill('SIGKILL')
    await worker.exit
    expect(await reconcile(given)).toMatchObject({ chunks: 4 })
    await work({ broker: redis.url, batches: ['again'], untilEmpty: true })
    expect(await status(given)).toMatchObject({ state: 'done', chunksDone: 4, ok: 1_800, failed: 200 })
    const output = files.at('out.jsonl')
    await collect({ results, output })
    expect(linesOf(output).map(({ index }) => index)).toEqual(upTo(2_000))
    // 300 failures, those in flight during the kill, and those whose results were not written yet.
    expect(server.extra()).toBeGreaterThanOrEqual(300)
    expect(server.extra()).toBeLessThanOrEqual(300 + 4 + 4 * 20)
  })

  it('of unsafe requests that may have been carried out are sent again only if that is asked for', async () => {
    await using redis = await redisServer()
    let isDown = true
    await using server = await countingServer(0, (request, response) => {
      if (isDown && request.url === '/3') request.socket.destroy()
      else response.end('{}')
    })
    using files = folder()
    const results = files.at('results')
    const given = { broker: redis.url, batch: 'writes', results, options: { maxRetries: 0 } }
    const finish = (): Promise<void> => work({ broker: redis.url, batches: ['writes'], untilEmpty: true })
    await submit(
      server.urls(6).map(url => ({ url, method: 'POST', json: {} })),
      given,
    )
    await finish()
    isDown = false
    const retried = { batch: 'writes', requests: 1, chunks: 1 }
    expect(await retryBatch({ ...given, retryFailed: ['in_doubt'] })).toEqual(retried)
    await finish()
    expect(await status(given)).toMatchObject({ state: 'done', ok: 5, failed: 1 })
    expect(server.extra()).toBe(0)
    expect(await retryBatch({ ...given, retryFailed: ['in_doubt'], unknownWrites: 'resend' })).toEqual(retried)
    await finish()
    expect(await status(given)).toMatchObject({ state: 'done', ok: 6, failed: 0 })
    expect(server.hits.get('/3')).toBe(2)
    await collect({ results, output: files.at('out.jsonl') })
    expect(linesOf(files.at('out.jsonl')).map(({ ok }) => ok)).toEqual([true, true, true, true, true, true])
  })

  it('of jobs that took too long are followed, and not started again', async () => {
    await using redis = await redisServer()
    let isReady = false
    await using server = await countingServer(0, (request, response) => {
      const [, row, what] = request.url?.split('/') ?? []
      if (what === undefined) response.writeHead(202, { location: `/${row}/status` })
      else if (!isReady && row === '1') response.statusCode = 202
      response.end('{}')
    })
    using files = folder()
    const options = { poll: { interval: '10ms', deadline: '300ms' }, maxRetries: 0 }
    const given = { broker: redis.url, batch: 'jobs', results: files.at('results'), options }
    const finish = (): Promise<void> => work({ broker: redis.url, batches: ['jobs'], untilEmpty: true })
    await submit(
      server.urls(3).map(url => ({ url, method: 'POST', json: {} })),
      given,
    )
    await finish()
    expect(await status(given)).toMatchObject({ state: 'done', ok: 2, failed: 1 })
    isReady = true
    expect(await retryBatch({ ...given, retryFailed: ['timeout'] })).toMatchObject({ requests: 1 })
    await finish()
    expect(await status(given)).toMatchObject({ state: 'done', ok: 3, failed: 0 })
    expect([0, 1, 2].map(row => server.hits.get(`/${row}`))).toEqual([1, 1, 1])
  })

  it('are counted right after a result was damaged and its requests were sent again', async () => {
    await using redis = await redisServer()
    await using server = await failingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'damaged', results: files.at('results'), options: { maxRetries: 0 } }
    const finish = (): Promise<void> => work({ broker: redis.url, batches: ['damaged'], untilEmpty: true })
    await submit(server.urls(40), { ...given, chunkRows: 10 })
    await finish()
    server.state.isDown = false
    await retryBatch({ ...given, retryFailed: ['5xx'] })
    await finish()
    expect(await status(given)).toMatchObject({ state: 'done', ok: 36, failed: 4 })
    rmSync(files.at('results/00000/c00000000.g1.ndjson'))
    rmSync(files.at('results/00000/c00000001.ndjson'))
    expect(await reconcile(given)).toMatchObject({ done: 2, added: 2 })
    expect(await status(given)).toMatchObject({ state: 'running', chunksDone: 2, ok: 18, failed: 2 })
    await finish()
    expect(await status(given)).toMatchObject({ state: 'done', ok: 36, failed: 4 })
  })

  it('are not done when a worker that was stopped before the retry reports their chunk', async () => {
    await using redis = await redisServer()
    await using server = await failingServer()
    using files = folder()
    const given = { broker: redis.url, batch: 'late', results: files.at('results'), options: { maxRetries: 0 } }
    await submit(server.urls(10), given)
    await work({ broker: redis.url, batches: ['late'], untilEmpty: true })
    await retryBatch({ ...given, retryFailed: ['404'] })
    const broker = await openBroker({ url: redis.url }, 'broker')
    const manifest = await broker.manifest('late')
    if (manifest === undefined) throw new Error('there is no batch')
    await broker.markDone(manifest, { number: 0, generation: 0, counts: { ok: 8, failed: 2 } })
    expect(await broker.countDone('late')).toBe(0)
    await broker.close()
    expect(await status(given)).toMatchObject({ state: 'running', chunksDone: 0, ok: 0, failed: 0 })
  })

  it('are refused with codes that no failure can have, and of a batch that is unknown', async () => {
    await using redis = await redisServer()
    const given = { broker: redis.url, batch: 'none' }
    expect(await refusal(retryBatch({ ...given, retryFailed: ['timout'] }))).toContain("Did you mean 'timeout'?")
    expect(await refusal(retryBatch({ ...given, retryFailed: [] }))).toContain(
      'retryFailed: expected an array of codes',
    )
    expect(await refusal(retryBatch({ ...given, retryFailed: true }))).toContain(
      'expected the name of a batch, got none',
    )
  })

  it('that end their process are listed until a retry has succeeded', async () => {
    await using redis = await redisServer()
    let isPoisonous = true
    await using server = await countingServer(0, (request, response) =>
      response.end(isPoisonous && request.url === '/7' ? '{"poison":"exit"}' : '{}'),
    )
    using files = folder()
    const given = { broker: redis.url, batch: 'dead', results: files.at('results') }
    await submit(server.urls(20), { ...given, chunkRows: 10 })
    const quick = JSON.stringify({ broker: redis.url, batch: 'dead', untilEmpty: true })
    const start = (): Promise<unknown> =>
      startProcess([fileURLToPath(new URL('quick-worker.ts', import.meta.url)), quick], {
        NODE_OPTIONS: `--import ${new URL('poison.ts', import.meta.url).href}`,
      }).exit
    expect(await dead(given)).toEqual({ batch: 'dead', requests: [], chunks: [] })
    await start()
    expect(await start()).toBe(0)
    const [request] = (await dead(given)).requests
    expect(request).toMatchObject({ index: 7, method: 'GET', url: `${server.base}7` })
    expect(request?.message).toContain('(exit code 3)')
    const again = { ...given, retryFailed: ['resource/poison'] }
    expect(await retryBatch(again)).toMatchObject({ requests: 1 })
    // It begins in quarantine, so no worker dies.
    expect(await start()).toBe(0)
    expect((await dead(given)).requests).toHaveLength(1)
    isPoisonous = false
    expect(await retryBatch(again)).toMatchObject({ requests: 1 })
    expect(await start()).toBe(0)
    expect(await dead(given)).toEqual({ batch: 'dead', requests: [], chunks: [] })
    expect(await status(given)).toMatchObject({ state: 'done', ok: 20, failed: 0 })
  })
})
