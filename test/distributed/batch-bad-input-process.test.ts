/** What users get wrong around a batch: the broker, its rights, clocks, packages, and secrets. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, linesOf, startProcess, startQuickWorker, until } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import { collect, status, submit, work } from '../../src/distributed/index.ts'
import { connectRedis } from '../../src/distributed/redis.ts'

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname
const CANARY = 'canary-5f2d'

const refusal = (made: Promise<unknown>): Promise<string> =>
  made.then(
    () => 'accepted',
    (error: unknown) => String(error),
  )

async function preq(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: unknown; said: string }> {
  const { exit, said } = startProcess([MAIN, ...args], env)
  return { code: await exit, said: said() }
}

/** A module that is evaluated before the process begins. */
const before = (code: string): NodeJS.ProcessEnv => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
})

const shiftedClock = (minutes: number): NodeJS.ProcessEnv =>
  before(`const now = Date.now.bind(Date); Date.now = () => now() + ${minutes * 60_000};`)

const without = (name: string): NodeJS.ProcessEnv =>
  before(`import { registerHooks } from 'node:module'
    registerHooks({ resolve(specifier, context, next) {
      if (specifier !== '${name}') return next(specifier, context)
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    } })`)

describe.skipIf(NO_REDIS)('a broker', () => {
  it.concurrent('takes no batch whose results cannot be written', async () => {
    await using redis = await redisServer()
    using files = folder()
    writeFileSync(files.at('file'), '')
    const results = files.at('file/b')
    const given = ['--broker', redis.url, '--batch', 'b', '--results', results, 'http://127.0.0.1:9/']
    expect(await preq(['submit', ...given])).toEqual({
      code: 2,
      said: `preq: results: cannot write to the folder ${results}: not a directory (ENOTDIR). Choose a folder that this user can write to.\n`,
    })
    expect((await preq(['batches', '--format', 'json', '--broker', redis.url])).said).toBe('[]\n')
  })

  it.concurrent('with a password refuses a wrong one and a missing one, and neither is shown', async () => {
    await using redis = await redisServer(['--requirepass', 'right-one'])
    using files = folder()
    const given = { batch: 'b', results: files.at('results') }
    const wrong = redis.url.replace('//', '//:wrong-one@')
    for (const [url, text] of [
      [wrong, 'refused the user or the password'],
      [redis.url, 'asks for a password'],
    ] as const) {
      const said = await refusal(submit(['http://a.test/'], { broker: url, ...given }))
      expect(said).toContain(text)
      expect(await refusal(work({ broker: url, batches: ['b'], untilEmpty: true }))).toBe(said)
      expect(said).not.toContain('wrong-one')
    }
    const { code, said } = await preq(['worker', '--broker', wrong, '--until-empty'])
    expect(code).toBe(2)
    expect(said).not.toContain('wrong-one')
  })

  it.concurrent('that is a read-only replica is refused by submit, worker, pause and doctor', async () => {
    await using primary = await redisServer()
    await using replica = await redisServer(['--replicaof', '127.0.0.1', String(primary.port)])
    using files = folder()
    const given = { batch: 'b', results: files.at('results') }
    await submit(['http://a.test/'], { broker: primary.url, ...given })
    const client = await connectRedis(replica.url, 'broker')
    await until('it has the batch', async () => (await client.exists('{preq}:b:preq-manifest')) === 1)
    client.disconnect()
    const broker = ['--broker', replica.url]
    for (const command of [
      ['submit', 'http://a.test/', '--batch', 'c', '--results', files.at('c')],
      ['worker', '--batch', 'b'],
      ['pause', 'b'],
    ]) {
      const { code, said } = await preq([...command, ...broker])
      expect([command[0], code, said]).toEqual([command[0], 2, expect.stringContaining('is a read-only replica')])
    }
    const doctor = await preq(['doctor', ...broker])
    expect(doctor).toMatchObject({ code: 1, said: expect.stringContaining('a replica takes no jobs') as string })
  })

  it.concurrent('whose memory is full lets submit wait and say why when it gives up', async () => {
    await using redis = await redisServer(['--maxmemory', '1mb', '--maxmemory-policy', 'noeviction'])
    using files = folder()
    const { code, said } = await preq([
      'submit',
      'http://a.test/',
      '--broker',
      redis.url,
      '--batch',
      'b',
      '--results',
      files.at('results'),
    ])
    expect(code).toBe(2)
    expect(said).toContain('has reached its maxmemory')
  })
})

describe.skipIf(NO_REDIS)('a batch', () => {
  it.concurrent('is whole, each request sent once, with workers whose clocks are ten minutes apart', async () => {
    await using redis = await redisServer()
    await using server = await countingServer(10)
    using files = folder()
    const given = { broker: redis.url, batch: 'clocks', results: files.at('results') }
    await submit(server.urls(1_000), { ...given, chunkRows: 50, options: { concurrency: 8, rateLimit: '2000/s' } })
    const quick = { ...given, lockMs: 20_000, untilEmpty: true }
    const workers = [startQuickWorker(quick, shiftedClock(5)), startQuickWorker(quick, shiftedClock(-5))]
    expect(await Promise.all(workers.map(({ exit }) => exit))).toEqual([0, 0])
    expect(server.extra()).toBe(0)
    await collect({ ...given, output: files.at('out.jsonl') })
    const times = linesOf(files.at('out.jsonl')).map(({ at }) => Date.parse(at))
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(500_000)
    const doctor = await preq(['doctor', '--broker', redis.url], shiftedClock(5))
    expect(doctor).toMatchObject({
      code: 0,
      said: expect.stringMatching(/(?:299|300)\d{3} ms ahead of that of Redis\. Set/) as string,
    })
  })

  it.concurrent('needs packages that are optional, and says how to install them', async () => {
    for (const name of ['bullmq', 'ioredis']) {
      const { code, said } = await preq(['status', 'b', '--broker', 'redis://127.0.0.1:1'], without(name))
      expect([name, code]).toEqual([name, 2])
      expect(said).toMatch(/npm install .*ioredis/)
    }
  })

  it.concurrent('leaves no secret of its workers in Redis, in its folder, or in what they say', async () => {
    await using redis = await redisServer(['--appendonly', 'yes'])
    await using server = await countingServer(0, (request, response) => {
      const isAllowed = request.headers.authorization === `Bearer ${CANARY}` && request.headers['x-key'] === CANARY
      response.statusCode = isAllowed ? 200 : 401
      response.end(`{"url":"${request.url}"}`)
    })
    using files = folder()
    const broker = ['--broker', redis.url]
    const list = files.at('urls.txt')
    writeFileSync(list, server.urls(30).join('\n'))
    const flags = [
      '--bearer',
      'env:T84_TOKEN',
      '-H',
      'X-Key: env:T84_KEY',
      '--chunk',
      '10',
      '--results',
      files.at('results'),
    ]
    expect((await preq(['submit', '-i', list, ...broker, '--batch', 'b', ...flags])).code).toBe(0)
    const env = { T84_TOKEN: CANARY, T84_KEY: CANARY }
    const ran = await preq(['worker', ...broker, '--until-empty'], env)
    expect(ran.code).toBe(0)
    expect(await status({ broker: redis.url, batch: 'b' })).toMatchObject({ ok: 30, failed: 0 })
    expect(ran.said).not.toContain(CANARY)
    expect(await textOfRedis(redis.url)).toContain('env:T84_TOKEN')
    expect(await textOfRedis(redis.url)).not.toContain(CANARY)
    const holds = (path: string): boolean => {
      try {
        execFileSync('grep', ['-r', '-q', CANARY, path])
        return true
      } catch {
        return false
      }
    }
    expect(holds(files.at('results'))).toBe(false)
    expect(holds(redis.folder)).toBe(false)
    const output = files.at('out.jsonl')
    await collect({ results: files.at('results'), output })
    expect(readFileSync(output, 'utf8')).not.toContain(CANARY)
  })
})

/** Everything that Redis has, as text. */
async function textOfRedis(url: string): Promise<string> {
  const client = await connectRedis(url, 'broker')
  const parts: string[] = []
  for (const key of await client.keys('*')) {
    parts.push(key)
    switch (await client.type(key)) {
      case 'string':
        parts.push((await client.get(key)) ?? '')
        break
      case 'hash':
        parts.push(JSON.stringify(await client.hgetall(key)))
        break
      case 'list':
        parts.push(...(await client.lrange(key, 0, -1)))
        break
      case 'set':
        parts.push(...(await client.smembers(key)))
        break
      case 'zset':
        parts.push(...(await client.zrange(key, '0', '-1')))
        break
      case 'stream':
        parts.push(JSON.stringify(await client.xrange(key, '-', '+')))
    }
  }
  client.disconnect()
  return parts.join('\n')
}
