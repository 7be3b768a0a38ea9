/** The list of the batches, with a real Redis. */
import { describe, expect, it } from 'vitest'
import { countingServer, folder } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { batches, cancel, pause, submit, work } from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

describe.skipIf(NO_REDIS)('the list of the batches', () => {
  it('says how far each is, and is not hidden by one that Redis has lost or another program has damaged', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(0, (request, response) => {
      if (request.url === '/3') response.statusCode = 404
      response.end('{}')
    })
    using files = folder()
    const { url: broker } = redis
    expect(await batches({ broker })).toEqual([])
    for (const batch of ['done', 'paused', 'over', 'begun', 'lost', 'damaged']) {
      await submit(server.urls(10), { broker, batch, results: files.at(batch), chunkRows: 4 })
    }
    await work({ broker, batches: ['done'], untilEmpty: true })
    await pause({ broker, batch: 'paused' })
    await cancel({ broker, batch: 'over' })
    const client = await connectRedis(broker, 'broker')
    await client.hset('{preq}:begun:preq-state', 'whole', 0)
    await client.del('{preq}:lost:preq-manifest')
    await client.set('{preq}:damaged:preq-manifest', '{')
    client.disconnect()
    const found = await batches({ broker })
    const open = { requests: 10, chunks: 3, chunksDone: 0, ok: 0, failed: 0, stuck: 0 }
    expect(found).toMatchObject([
      { batch: 'begun', state: 'submitting', ...open },
      { batch: 'damaged', state: 'lost', ...open },
      { batch: 'done', state: 'done', ...open, chunksDone: 3, ok: 9, failed: 1, results: files.at('done') },
      { batch: 'lost', state: 'lost', ...open },
      { batch: 'over', state: 'cancelled', ...open },
      { batch: 'paused', state: 'paused', ...open },
    ])
    expect(found.map(({ submittedAt }) => typeof submittedAt)).toEqual([
      'string',
      'undefined',
      'string',
      'undefined',
      'string',
      'string',
    ])
  })
})
