/** The probes of `preq worker`, and its end when Redis is silent, with a real Redis. */
import { writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, startProcess, until } from '../distributed/batch-kit.ts'
import type { Process } from '../distributed/batch-kit.ts'
import { NO_REDIS, redisServer } from '../distributed/redis.ts'
import { collect, submit, work } from '../../src/distributed/index.ts'

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname

const start = (args: readonly string[]): Process => startProcess([MAIN, ...args])

const placesOf = async ({ said }: Process, count: number): Promise<string[]> => {
  const places = (): string[] => [...said().matchAll(/listening on (\S+)/g)].map(([, place = '']) => place)
  await until('it listens', () => places().length === count)
  return places()
}

describe.skipIf(NO_REDIS)('preq worker', () => {
  it('answers --health and --metrics while it works and while it stops', async () => {
    await using redis = await redisServer()
    let isHolding = false
    const held: ServerResponse[] = []
    await using server = await countingServer(300, (_, response) => {
      if (isHolding) held.push(response)
      else response.end('{}')
    })
    using files = folder()
    const list = files.at('urls.txt')
    writeFileSync(list, `${server.urls(400).join('\n')}\n`)
    const broker = ['--broker', redis.url]
    const submitted = start(['submit', '-i', list, '--batch', 'b1', '--results', files.at('results'), ...broker])
    expect(await submitted.exit).toBe(0)
    const any = '127.0.0.1:0'
    const worker = start(['worker', ...broker, '-c', '4', '--health', any, '--metrics', any])
    const [health = '', metrics = ''] = await placesOf(worker, 2)
    expect([new URL(health).pathname, new URL(metrics).pathname]).toEqual(['/health', '/metrics'])
    await until('requests are done', async () => (await (await fetch(metrics)).text()).includes('result="ok"} 4'))
    const answer = await fetch(health)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ status: 'ok', openChunks: 1, batches: ['b1'] })
    const scraped = await fetch(metrics)
    expect(scraped.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    const text = await scraped.text()
    expect(text).toContain('preq_open_chunks{batch="b1"} 1\n')
    expect(text).toContain('bullmq_job_count{queue="b1", state="active"} 1\n')
    expect(text).toMatch(/^http_client_request_duration_seconds_count\{.*\} \d+$/m)
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m)
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{.*\})? [-+\d.eInf]+)$/)
    }
    const heads = text.split('\n').filter(line => line.startsWith('# TYPE'))
    expect(new Set(heads).size).toBe(heads.length)
    isHolding = true
    await until('requests hang', () => held.length > 0)
    worker.child.kill('SIGTERM')
    await until('it stops', async () => (await fetch(health).catch(() => undefined))?.status === 503)
    isHolding = false
    for (const response of held) response.end('{}')
    expect(await worker.exit).toBe(0)
  })

  it('refuses an address that it cannot listen on before it takes a chunk', async () => {
    await using redis = await redisServer()
    const worker = start(['worker', '--broker', redis.url, '--health', `127.0.0.1:${redis.port}`])
    expect(await worker.exit).toBe(2)
    expect(worker.said()).toContain(`--health: cannot listen on 127.0.0.1:${redis.port}: `)
  })

  it('ends with exit code 1 if Redis can be connected to and does not answer for 30 s', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(500)
    using files = folder()
    const given = { broker: redis.url, batch: 'b1', results: files.at('results') }
    await submit(server.urls(400), { ...given, chunkRows: 200, options: { concurrency: 4 } })
    const worker = start(['worker', '--broker', redis.url, '--health', '127.0.0.1:0'])
    const [health = ''] = await placesOf(worker, 1)
    await until('requests arrive', () => server.hits.size > 4)
    redis.signal('SIGSTOP')
    try {
      expect(await worker.exit).toBe(1)
    } finally {
      redis.signal('SIGCONT')
    }
    expect(worker.said()).toContain(`Redis at ${redis.url} has not answered for 30 s`)
    expect(health).not.toBe('')
    // What it had done is written: only requests in flight are sent again.
    const before = server.extra()
    await work({ broker: redis.url, batches: ['b1'], untilEmpty: true })
    expect(server.extra() - before).toBeLessThanOrEqual(8)
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 400, missing: 0 })
  })

  it('ends on SIGTERM within its grace time although Redis is away', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(200)
    using files = folder()
    const given = { broker: redis.url, batch: 'b1', results: files.at('results') }
    await submit(server.urls(1_000), { ...given, options: { concurrency: 4 } })
    const worker = start(['worker', '--broker', redis.url, '--grace', '1s'])
    await until('requests arrive', () => server.hits.size > 10)
    await redis.stop()
    worker.child.kill('SIGTERM')
    expect(await worker.exit).toBe(0)
    expect(worker.said()).toContain('Redis does not answer, so chunks are not handed back.')
  })
})
