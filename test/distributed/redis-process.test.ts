/** The connection to a real Redis: what it accepts, and what it says when Redis cannot be used. */
import { describe, expect, it } from 'vitest'
import { freePort } from '../components/component.ts'
import { connectRedis, redisPlace, troubleOf } from '../../src/distributed/redis.ts'
import { NO_REDIS, redisServer } from './redis.ts'

const refusal = (url: string): Promise<string> =>
  connectRedis(url, 'sharedLimits').then(
    redis => {
      redis.disconnect()
      return 'accepted'
    },
    (error: unknown) => String(error),
  )

describe('the place of a Redis URL', () => {
  it('shows neither the user nor the password', () => {
    expect(redisPlace('rediss://me:s3cret@cache.example:6380/2')).toBe('rediss://cache.example:6380/2')
    expect(redisPlace('s3cret')).toBe('redis')
  })
})

describe('an error of Redis', () => {
  it('is explained by its code, and its text is not shown', () => {
    const oom = new Error("OOM command not allowed when used memory > 'maxmemory'. s3cret")
    expect(troubleOf(oom, 'redis://a')).toBe(
      'Redis at redis://a has reached its maxmemory and takes no more writes. Raise maxmemory, or remove data.',
    )
    expect(troubleOf(new Error('MISCONF s3cret'), 'redis://a')).toContain('cannot use Redis at redis://a: MISCONF.')
    expect(troubleOf(new Error('s3cret'), 'redis://a')).not.toContain('s3cret')
  })
})

it('a connection to a port without a listener is refused with the place and the remedy', async () => {
  const port = await freePort()
  expect(await refusal(`redis://:s3cret@127.0.0.1:${port}`)).toBe(
    `ConfigError: sharedLimits: no Redis server listens at redis://127.0.0.1:${port}. Start it, or correct the host and port of the URL.`,
  )
})

describe.skipIf(NO_REDIS)('a connection to a real Redis', () => {
  it('is ready when it is returned', async () => {
    await using server = await redisServer()
    const redis = await connectRedis(server.url, 'sharedLimits')
    expect(await redis.ping()).toBe('PONG')
    redis.disconnect()
  })

  it('tells a wrong password, a missing one and a database that does not exist apart', async () => {
    await using server = await redisServer(['--requirepass', 's3cret'])
    const at = `127.0.0.1:${server.port}`
    expect(await refusal(`redis://${at}`)).toContain('asks for a password')
    expect(await refusal(`redis://:wr0ng@${at}`)).toContain('refused the user or the password')
    expect(await refusal(`redis://:wr0ng@${at}`)).not.toContain('wr0ng')
    expect(await refusal(`redis://:s3cret@${at}/99`)).toContain('has no such database')
    expect(await refusal(`redis://:s3cret@${at}`)).toBe('accepted')
  })
})
