/** The results so far of a batch that is not done, and a local run that continues them. */
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startWorker, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { collect, retryBatch, status, submit, work } from '../../src/distributed/index.ts'
import { parallelRequests } from '../../src/index.ts'

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

/** Holds back the responses to rows from `from` on until `release` is called. Row 3 fails. */
async function holdingServer(from: number) {
  const held: ServerResponse[] = []
  const state = { holds: true }
  const server = await countingServer(0, (request, response) => {
    const row = Number(request.url?.slice(1))
    if (row === 3) response.statusCode = 404
    if (state.holds && row >= from) return void held.push(response)
    response.end(`{"row":${row}}`)
  })
  const release = (): void => {
    state.holds = false
    for (const response of held) response.end('{}')
  }
  return Object.assign(server, { held, release })
}

describe.skipIf(NO_REDIS)('a batch that is not done', () => {
  it('is collected with the results of chunks that a worker has not finished', async () => {
    await using redis = await redisServer()
    await using server = await holdingServer(27)
    using files = folder()
    const results = files.at('results')
    const given = { broker: redis.url, batch: 'part', results, chunkRows: 10, options: { concurrency: 40 } }
    await submit(server.urls(40), given)
    const ending = new AbortController()
    const working = work({ ...given, batches: ['part'], signal: ending.signal })
    await until('the others are done', async () => server.held.length === 13 && (await status(given)).chunksDone === 2)
    const output = files.at('out.jsonl')
    await until('the parts have 7 results', async () => {
      const { requests } = await collect({ results, output, partial: true, overwrite: true })
      return requests === 27
    })
    const collected = await collect({ results, output, partial: true, overwrite: true })
    expect(collected).toEqual({ batch: 'part', requests: 27, failed: 1, missing: 13 })
    expect(linesOf(output).map(({ index }) => index)).toEqual(upTo(27))

    server.release()
    await until('the batch is done', async () => (await status(given)).state === 'done')
    ending.abort()
    await working
    const whole = await collect({ results, output, overwrite: true })
    expect(whole).toEqual({ batch: 'part', requests: 40, failed: 1, missing: 0 })
    // A run continues it, and has nothing to send.
    const options = { resume: output, onFailure: 'settle' } as const
    const outcomes = await parallelRequests(server.urls(40), options)
    expect(outcomes.map(({ source }) => source)).toEqual(upTo(40).map(() => 'run-file'))
    expect(server.extra()).toBe(0)
  })

  it('has the failures before a retry that is not done', async () => {
    await using redis = await redisServer()
    await using server = await holdingServer(1_000)
    using files = folder()
    const results = files.at('results')
    const given = { broker: redis.url, batch: 'again', results, chunkRows: 10 }
    await submit(server.urls(10), given)
    await work({ ...given, batches: ['again'], untilEmpty: true })
    await retryBatch({ ...given, retryFailed: ['404'] })
    const output = files.at('out.jsonl')
    const collected = await collect({ results, output, partial: true })
    expect(collected).toEqual({ batch: 'again', requests: 10, failed: 1, missing: 0 })
    expect(linesOf(output).map(({ index }) => index)).toEqual(upTo(10))
  })

  it('is continued by a run that does not send writes again which a killed worker had sent', async () => {
    await using redis = await redisServer()
    await using server = await holdingServer(6)
    using files = folder()
    const results = files.at('results')
    const given = { broker: redis.url, batch: 'writes', results, options: { concurrency: 10 } }
    const requests = server.urls(10).map(url => ({ url, method: 'POST', json: { a: 1 } }))
    await submit(requests, given)
    await using worker = startWorker(redis.url, 'writes')
    const output = files.at('out.jsonl')
    await until('six writes have results, and four are in flight', async () => {
      if (server.held.length < 4) return false
      const { requests: count } = await collect({ results, output, partial: true, overwrite: true })
      return count === 6
    })
    worker.child.kill('SIGKILL')
    await worker.exit
    await collect({ results, output, partial: true, overwrite: true })
    expect(readFileSync(output, 'utf8').match(/"intent"/g)).toHaveLength(4)

    const outcomes = await parallelRequests(requests, { resume: output, onFailure: 'settle' })
    expect(outcomes.map(({ ok, error }) => (ok ? 'ok' : error.code))).toEqual(
      upTo(10).map(row => (row === 3 ? 'http/404' : row < 6 ? 'ok' : 'in_doubt/crash')),
    )
    expect(server.extra()).toBe(0)
  })
})
