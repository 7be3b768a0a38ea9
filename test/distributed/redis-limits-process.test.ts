/** Rates shared through a real Redis, with real servers and clients. */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ParallelRequests, isConfigError } from '../../src/index.ts'
import { redisLimits } from '../../src/distributed/index.ts'
import { freePort } from '../components/component.ts'
import { echoServer } from '../support/echo-server.ts'
import { NO_REDIS, redisServer } from './redis.ts'

const RATE = { rateLimit: '200/s' }

function client(url: string, options: object = {}, more: object = {}): ParallelRequests {
  const made = new ParallelRequests({ ...RATE, ...more, sharedLimits: redisLimits(url, options) })
  onTestFinished(() => made.close())
  return made
}

async function acl(url: string, user: string, ...rules: readonly string[]): Promise<void> {
  const redis = new Redis(url)
  await redis.call('ACL', 'SETUSER', user, 'on', '>s3cret', ...rules)
  redis.disconnect()
}

async function collected<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of stream) all.push(one)
  return all
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (isConfigError(error) ? error.message : error),
  )

describe('redisLimits', () => {
  it('refuses what is no URL of Redis without showing it', () => {
    expect(() => redisLimits('http://me:s3cret@host')).toThrow(
      'redisLimits: expected a URL redis://… or rediss://…, got something else.',
    )
    expect(() => redisLimits('redis://h', { name: 'a b' })).toThrow('redisLimits.name: expected 1 to 100 letters')
    expect(() => redisLimits('redis://h', { shares: true } as object)).toThrow('redisLimits.shares')
  })

  it('needs a rate to share', () => {
    expect(() => new ParallelRequests({ sharedLimits: redisLimits('redis://h') })).toThrow(
      'sharedLimits: expected rateLimit or hosts with a rate beside it, got none.',
    )
  })

  it('rejects the first call, and sends nothing, without a Redis', async () => {
    const server = await echoServer()
    const port = await freePort()
    const own = client(`redis://:s3cret@127.0.0.1:${port}`)
    expect(await refusal(own.request(server.url))).toBe(
      `sharedLimits: no Redis server listens at redis://127.0.0.1:${port}. Start it, or correct the host and port of the URL.`,
    )
    expect(await refusal(collected(own.stream([server.url])))).toContain('no Redis server listens')
    expect(server.requests).toHaveLength(0)
  })
})

describe.skipIf(NO_REDIS)('rates in a real Redis', () => {
  it('let every request through, in all shapes of a call', async () => {
    await using redis = await redisServer()
    const server = await echoServer()
    const [first, second] = [client(redis.url), client(redis.url)]
    const urls = Array.from({ length: 20 }, (_, nth) => `${server.url}/${nth}`)
    const [list, streamed] = await Promise.all([first.request(urls), collected(second.stream(urls))])
    expect(list).toHaveLength(20)
    expect(streamed.filter(({ ok }) => ok)).toHaveLength(20)
    expect(server.requests).toHaveLength(40)
  })

  it('are refused where Redis cannot be written to: no memory, a replica, a missing permission', async () => {
    await using full = await redisServer(['--maxmemory', '1'])
    expect(await refusal(client(full.url).request('http://127.0.0.1:9/'))).toContain('has reached its maxmemory')
    await using replica = await redisServer(['--replicaof', '127.0.0.1', String(await freePort())])
    expect(await refusal(client(replica.url).request('http://127.0.0.1:9/'))).toContain('is a read-only replica')
    await using strict = await redisServer()
    await acl(strict.url, 'limited', '~{other}:*', '+@all')
    const url = strict.url.replace('//', '//limited:s3cret@')
    expect(await refusal(client(url).request('http://127.0.0.1:9/'))).toContain('lacks a permission')
  })

  it('need no more permissions than the documentation names', async () => {
    await using redis = await redisServer()
    const documented = '-@all +@read +@write +@connection +@scripting +time +info'
    expect(readFileSync('docs/limits.md', 'utf8')).toContain(`~{preq}:* ${documented}`)
    await acl(redis.url, 'limited', '~{preq}:*', 'resetchannels', ...documented.split(' '))
    let refusals = 0
    const server = await echoServer(
      (_, response) => void response.writeHead(refusals++ < 2 ? 429 : 200, { 'retry-after': '0' }).end('{}'),
    )
    const own = client(redis.url.replace('//', '//limited:s3cret@'))
    const said: Error[] = []
    const listen = (warning: Error): void => void said.push(warning)
    process.on('warning', listen)
    onTestFinished(() => void process.off('warning', listen))
    await own.request([server.url], { onFailure: 'settle' })
    expect(server.requests.length).toBe(3)
    expect(said).toEqual([])
  })

  it('send nothing while Redis is down, and go on when it is back', async () => {
    const redis = await redisServer()
    const server = await echoServer()
    const own = client(redis.url)
    await own.request(`${server.url}/before`)
    await redis.stop('SIGKILL')
    const warned = new Promise<Error>(resolve => process.once('warning', resolve))
    const failed = await own.request([`${server.url}/during`, `${server.url}/during`], {
      onFailure: 'settle',
      timeouts: { total: '1s' },
    })
    expect(JSON.stringify(failed)).toContain('timeout/total')
    expect(server.requests).toHaveLength(1)
    expect((await warned).message).toContain('Requests wait until it can be used again.')
    await using again = await redisServer([], redis.port)
    expect(again.port).toBe(redis.port)
    // The connection is made again within 2 s.
    const patient = client(redis.url)
    await patient.request(`${server.url}/after`)
    const late = await own.request(`${server.url}/late`)
    expect(late).toBeDefined()
  })

  it('pause a host in every process that a server asked one of to pause', async () => {
    await using redis = await redisServer()
    const server = await echoServer((echo, response) => {
      if (echo.url === '/first') response.writeHead(429, { 'retry-after': '3600' })
      response.end('{}')
    })
    const [first, second] = [client(redis.url), client(redis.url)]
    await second.request(`${server.url}/second`)
    await first.request([`${server.url}/first`], { onFailure: 'settle' })
    const look = new Redis(redis.url)
    onTestFinished(() => look.disconnect())
    const paused = async (): Promise<string[]> => {
      const keys = await look.keys('{preq}:rates:*:host:*')
      const until = await Promise.all(keys.map(key => look.hget(key, 'c')))
      return keys.filter((_, at) => Number(until[at]) > 0)
    }
    await expect.poll(paused).toHaveLength(1)
    // Slots that were leased before are used up, or too late, after 210 ms.
    await new Promise(resolve => setTimeout(resolve, 300))
    const before = server.requests.length
    const outcomes = await second.request([`${server.url}/second`], { onFailure: 'settle', timeouts: { total: '1s' } })
    expect(JSON.stringify(outcomes)).toContain('timeout/total')
    expect(server.requests).toHaveLength(before)
  })

  it('are separate by name, and leave nothing behind for ever', async () => {
    await using redis = await redisServer()
    const server = await echoServer()
    await client(redis.url, { name: 'one' }).request(server.url)
    await client(redis.url, { name: 'two' }).request(server.url)
    const look = new Redis(redis.url)
    const keys = (await look.keys('*')).toSorted()
    expect(keys.filter(key => key.includes(':one:')).length).toBe(2)
    expect(keys.every(key => key.startsWith('{preq}:rates:'))).toBe(true)
    for (const key of keys) expect(await look.pttl(key)).toBeGreaterThan(0)
    look.disconnect()
  })

  it('do not hold a process open that forgets to close its client', async () => {
    await using redis = await redisServer()
    const server = await echoServer()
    const code = `
      import { ParallelRequests } from './src/index.ts'
      import { redisLimits } from './src/distributed/index.ts'
      const client = new ParallelRequests({ rateLimit: '100/s', sharedLimits: redisLimits('${redis.url}') })
      await client.request('${server.url}')`
    const ended = await new Promise(resolve => {
      execFile(process.execPath, ['--input-type=module', '--eval', code], { timeout: 120_000 }, resolve)
    })
    expect(ended).toBeNull()
  })
})
