/** Signed batches: who can write to Redis, and has no key, cannot make a worker send anything. With a real Redis. */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { countingServer, folder, startProcess } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { collect, reconcile, resume, status, submit, work } from '../../src/distributed/index.ts'
import type { ChunkJob } from '../../src/distributed/batch/broker.ts'
import type { Manifest } from '../../src/distributed/batch/manifest.ts'
import {
  isChunkSigned,
  manifestProblem,
  readSigningKeys,
  signChunk,
  signManifest,
} from '../../src/distributed/batch/signature.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname
const NEW = 'canary-new-0123456789'
const OLD = 'canary-old-0123456789'

afterEach(() => void vi.unstubAllEnvs())

describe('a signature', () => {
  const manifest = { v: 1, id: 'i', batch: 'b1', results: '/r', plan: { kind: 'options', given: {} } } as Manifest
  const signed = { ...manifest, signature: signManifest(manifest, [OLD]) }
  const chunk: ChunkJob = {
    v: 1,
    batch: 'i',
    number: 3,
    digest: 'd',
    rows: { path: '/p', offset: 1, length: 2, from: 3 },
  }

  it('is accepted with any of the keys, and made with the first', () => {
    expect(manifestProblem(signed, [OLD])).toBeUndefined()
    expect(manifestProblem(signed, [NEW, OLD])).toBeUndefined()
    expect(manifestProblem(signed, [NEW])).toContain('was signed with another key')
    const job = { ...chunk, signature: signChunk(chunk, signed, [NEW, OLD]) }
    expect(isChunkSigned(job, signed, [NEW])).toBe(true)
    expect(isChunkSigned(job, signed, [OLD, NEW])).toBe(true)
    expect(isChunkSigned(job, signed, [OLD])).toBe(false)
    expect(isChunkSigned(chunk, signed, [NEW])).toBe(false)
  })

  it('fits neither a changed description nor a changed chunk', () => {
    expect(manifestProblem({ ...signed, results: '/other' }, [OLD])).toContain('its description was changed')
    expect(manifestProblem(manifest, [OLD])).toContain('is not signed')
    expect(manifestProblem(signed, undefined)).toContain('is signed. Give the key')
    const signature = signChunk(chunk, signed, [OLD])
    const changes: Partial<ChunkJob>[] = [
      { number: 4 },
      { digest: 'e' },
      { batch: 'j' },
      { rows: { path: '/q', offset: 1, length: 2, from: 3 } },
      { rows: undefined as never },
    ]
    for (const change of changes) expect(isChunkSigned({ ...chunk, ...change, signature }, signed, [OLD])).toBe(false)
    const other = { ...manifest, results: '/other' }
    expect(isChunkSigned({ ...chunk, signature }, { ...other, signature: signManifest(other, [OLD]) }, [OLD])).toBe(
      false,
    )
    expect(isChunkSigned({ ...chunk, signature: 5 as never }, signed, [OLD])).toBe(false)
  })

  it('needs a key in a variable, which no message shows', () => {
    expect(readSigningKeys('env:A, env:B', 'sign', { A: NEW, B: OLD })).toEqual([NEW, OLD])
    for (const wrong of [NEW, '', 'env:', 5, `env:A,${OLD}`]) {
      expect(() => readSigningKeys(wrong, '--sign', { A: NEW })).toThrow('--sign: expected env:NAME')
      expect(() => readSigningKeys(wrong, '--sign', { A: NEW })).not.toThrow('canary')
    }
    expect(() => readSigningKeys('env:A', '--sign', {})).toThrow('at least 16 characters in the variable A, got none')
    expect(() => readSigningKeys('env:A', '--sign', { A: 'short' })).toThrow('got a shorter one')
  })
})

describe.skipIf(NO_REDIS)('a signed batch', () => {
  it('is run by workers with its key; what was not signed with it is not sent', async () => {
    vi.stubEnv('KEY_NEW', NEW)
    vi.stubEnv('KEY_OLD', OLD)
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const broker = redis.url
    const given = { broker, batch: 'b1', results: files.at('results') }
    await submit(server.urls(200), { ...given, chunkRows: 50, sign: 'env:KEY_OLD' })
    await expect(submit(server.urls(200), { ...given, chunkRows: 50 })).rejects.toThrow('b1 is signed. Give the key')
    await expect(submit(server.urls(200), { ...given, chunkRows: 50, sign: 'env:KEY_NEW' })).rejects.toThrow(
      'another key',
    )
    const client = await connectRedis(broker, 'broker')
    // Somebody changes two chunks, and a third one loses its signature.
    const data = async (name: string): Promise<ChunkJob> =>
      JSON.parse((await client.hget(`{preq}:b1:${name}`, 'data')) as string) as ChunkJob
    const change = async (name: string, job: object): Promise<void> =>
      void (await client.hset(`{preq}:b1:${name}`, 'data', JSON.stringify(job)))
    const first = await data('c00000000')
    await change('c00000000', { ...first, digest: (await data('c00000001')).digest })
    await change('c00000002', { ...(await data('c00000002')), signature: first.signature })
    const { signature: _, ...unsigned } = await data('c00000003')
    await change('c00000003', unsigned)
    await work({ broker, batches: ['b1'], untilEmpty: true, sign: 'env:KEY_NEW,env:KEY_OLD' })
    expect(await status(given)).toMatchObject({ chunksDone: 1, stuck: 3 })
    expect(server.hits.size).toBe(50)
    expect(server.hits.has('/50')).toBe(true)
    // The keys are neither in Redis nor in the folder of the results.
    for (const name of ['c00000000', 'c00000002', 'preq-manifest']) {
      const key = `{preq}:b1:${name}`
      const text =
        (await client.type(key)) === 'hash' ? JSON.stringify(await client.hgetall(key)) : await client.get(key)
      expect(text).not.toContain('canary')
    }
    expect(readFileSync(files.at('results/batch.json'), 'utf8')).not.toContain('canary')
    // With the key, chunks that Redis has lost are signed again.
    await client.del('{preq}:b1:failed', ...['c00000000', 'c00000002', 'c00000003'].map(name => `{preq}:b1:${name}`))
    await expect(reconcile(given)).rejects.toThrow('b1 is signed. Give the key')
    expect(await reconcile({ ...given, sign: 'env:KEY_NEW,env:KEY_OLD' })).toMatchObject({ added: 3 })
    await resume({ ...given, sign: 'env:KEY_OLD' })
    await work({ broker, batches: ['b1'], untilEmpty: true, sign: 'env:KEY_NEW,env:KEY_OLD' })
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 200, missing: 0 })
    expect(server.extra()).toBe(0)
    client.disconnect()
  })

  it('whose description was changed in Redis is not run, nor is one that is not signed', async () => {
    vi.stubEnv('KEY_NEW', NEW)
    await using redis = await redisServer()
    await using server = await countingServer()
    using files = folder()
    const broker = redis.url
    const given = { broker, batch: 'b1', results: files.at('results') }
    await submit(server.urls(10), { ...given, sign: 'env:KEY_NEW' })
    await submit(server.urls(10), { broker, batch: 'b2', results: files.at('others') })
    const client = await connectRedis(broker, 'broker')
    const key = '{preq}:b1:preq-manifest'
    const manifest = JSON.parse((await client.get(key)) as string) as Manifest
    const plan = { kind: 'options', given: { proxy: 'http://127.0.0.1:9' } }
    await client.set(key, JSON.stringify({ ...manifest, plan }))
    const sign = 'env:KEY_NEW'
    await expect(work({ broker, batches: ['b1'], sign })).rejects.toThrow('its description was changed')
    await expect(work({ broker, batches: ['b2'], sign })).rejects.toThrow('b2 is not signed')
    expect(server.hits.size).toBe(0)
    client.disconnect()
  })

  it('is submitted, run and retried with --sign', async () => {
    await using redis = await redisServer()
    let isDown = true
    await using server = await countingServer(0, (request, response) => {
      if (isDown && request.url === '/3') response.statusCode = 404
      response.end('{}')
    })
    using files = folder()
    const list = files.at('urls.txt')
    writeFileSync(list, `${server.urls(20).join('\n')}\n`)
    const preq = async (...args: string[]): Promise<[unknown, string]> => {
      const { exit, said } = startProcess([MAIN, ...args, '--broker', redis.url], { KEY: NEW, OTHER: OLD })
      return [await exit, said()]
    }
    const submitting = ['submit', '-i', list, '--batch', 'b1', '--results', files.at('results')]
    expect(await preq(...submitting, '--sign', NEW)).toEqual([
      2,
      expect.stringContaining('--sign: expected env:NAME') as string,
    ])
    expect((await preq(...submitting, '--sign', NEW))[1]).not.toContain('canary')
    expect((await preq(...submitting, '--sign', 'env:KEY'))[0]).toBe(0)
    const [code, said] = await preq('worker', '--batch', 'b1', '--until-empty', '--sign', 'env:OTHER')
    expect([code, said]).toEqual([2, expect.stringContaining('b1 was signed with another key') as string])
    expect((await preq('reconcile', 'b1', '--sign', 'env:KEY'))[0]).toBe(0)
    expect((await preq('worker', '--batch', 'b1', '--until-empty', '--sign', 'env:OTHER,env:KEY'))[0]).toBe(0)
    expect(server.hits.size).toBe(20)
    isDown = false
    const retry = ['retry', 'b1', '--retry-only', '404']
    expect(await preq(...retry)).toEqual([2, expect.stringContaining('b1 is signed. Give the key') as string])
    expect(await preq(...retry, '--sign', 'env:KEY')).toEqual([0, expect.stringContaining('1 request in 1') as string])
    expect((await preq('worker', '--batch', 'b1', '--until-empty', '--sign', 'env:KEY'))[0]).toBe(0)
    expect(await status({ broker: redis.url, batch: 'b1' })).toMatchObject({ ok: 20, failed: 0, stuck: 0 })
    expect(server.extra()).toBe(1)
  })
})
