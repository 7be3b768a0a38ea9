/** A Redis that is reached over TLS, and a user of it who may do what batches need and nothing else. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { countingServer, folder, startProcess } from './batch-kit.ts'
import { NO_REDIS, redisServer } from './redis.ts'
import type { RedisServer } from './redis.ts'
import { freePort } from '../components/component.ts'
import {
  cancel,
  collect,
  deleteBatch,
  examineBroker,
  pause,
  reconcile,
  redisLimits,
  resume,
  status,
  submit,
  work,
  workers,
} from '../../src/distributed/index.ts'
import { ACL_RULES } from '../../src/distributed/batch/permissions.ts'
import { connectRedis } from '../../src/distributed/redis.ts'
import { parallelRequests } from '../../src/index.ts'

const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname
const FIXTURES = new URL('../fixtures/tls/', import.meta.url).pathname

const pathOf = (name: string): string => `${FIXTURES}${name}.pem`
const pem = (name: string): string => readFileSync(pathOf(name), 'utf8')

const CLIENT = { ca: pem('ca'), cert: pem('server'), key: pem('server-key') }

/** It asks for certificates of clients, as Redis does by default. */
async function securedRedis(): Promise<RedisServer & { readonly secured: string }> {
  const port = await freePort()
  const files = ['--tls-cert-file', pathOf('server'), '--tls-key-file', pathOf('server-key')]
  const tls = ['--port', '0', '--tls-port', String(port), ...files, '--tls-ca-cert-file', pathOf('ca')]
  const redis = await redisServer(tls, port)
  return Object.assign(redis, { secured: `rediss://127.0.0.1:${port}` })
}

const refusal = (call: Promise<unknown>): Promise<string> => call.then(() => 'accepted', String)

describe.skipIf(NO_REDIS)('a Redis over TLS', () => {
  it('serves a batch, its workers and shared rates with an authority and a client certificate of their own', async () => {
    await using redis = await securedRedis()
    await using server = await countingServer()
    using files = folder()
    const given = { broker: redis.secured, brokerTls: CLIENT, batch: 'b1', results: files.at('results') }
    await submit(server.urls(200), { ...given, chunkRows: 50, options: { rateLimit: '1000/s' } })
    await work({ broker: redis.secured, brokerTls: CLIENT, batches: ['b1'], untilEmpty: true })
    expect(await status(given)).toMatchObject({ state: 'done', ok: 200 })
    expect(await workers(given)).toEqual([])
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 200 })
    const sharedLimits = redisLimits(redis.secured, { tls: CLIENT })
    const values = await parallelRequests(server.urls(10), { rateLimit: '100/s', sharedLimits })
    expect(values).toHaveLength(10)
  })

  it('is refused with a wrong authority, without a client certificate, and without TLS', async () => {
    await using redis = await securedRedis()
    const broker = redis.secured
    const untrusted = 'is not trusted. Give that of its authority: --broker-ca FILE'
    expect(await refusal(workers({ broker }))).toContain(untrusted)
    expect(await refusal(workers({ broker, brokerTls: { ...CLIENT, ca: pem('self-signed') } }))).toContain(untrusted)
    // Redis closes the connection, and whether its reason arrives before that is chance.
    expect(await refusal(workers({ broker, brokerTls: { ca: CLIENT.ca } }))).toContain('certificate of the client')
    expect(await refusal(workers({ broker: redis.url }))).toContain('check the scheme of the URL (rediss:// for TLS)')
    const limits = (tls: object): Promise<string> =>
      refusal(
        parallelRequests(['http://127.0.0.1:9/'], { sharedLimits: redisLimits(broker, { tls }), rateLimit: '1/s' }),
      )
    expect(await limits({ ca: pem('self-signed') })).toContain(untrusted)
  })

  it('is not even connected to with certificates that are wrong by themselves', async () => {
    const broker = 'rediss://127.0.0.1:1'
    const wrong = (brokerTls: object, url = broker): Promise<string> => refusal(workers({ broker: url, brokerTls }))
    expect(await wrong(CLIENT, 'redis://127.0.0.1:1')).toContain('brokerTls: expected a URL rediss://… beside it')
    expect(await wrong({ cert: CLIENT.cert })).toContain('brokerTls: expected a cert and its key, got one of them')
    expect(await wrong({ ...CLIENT, key: pem('expired-key') })).toContain('brokerTls: expected certificates and a key')
    expect(await wrong({ ca: pathOf('ca') })).toContain('Give the text of the file and not its path')
    expect(await wrong({ pfx: new Uint8Array(1) })).toContain('brokerTls.pfx: ')
    expect(await wrong({ cs: CLIENT.ca })).toContain("Did you mean 'ca'?")
    expect(() => redisLimits('redis://a', { tls: CLIENT })).toThrow('redisLimits.tls: expected a URL rediss://…')
  })

  it('is used by the command line with --broker-ca, --broker-cert and --broker-key', async () => {
    await using redis = await securedRedis()
    const preq = async (...args: string[]): Promise<[unknown, string]> => {
      const { exit, said } = startProcess([MAIN, ...args], { BROKER: redis.secured })
      return [await exit, said()]
    }
    const client = ['--broker-cert', pathOf('server'), '--broker-key', pathOf('server-key')]
    expect(await preq('batches', '--broker', 'env:BROKER', '--broker-ca', pathOf('ca'), ...client)).toEqual([
      0,
      'preq: there is no batch at this Redis.\n',
    ])
    const [code, said] = await preq(
      'batches',
      '--broker',
      redis.secured,
      '--broker-ca',
      pathOf('self-signed'),
      ...client,
    )
    expect([code, said]).toEqual([2, expect.stringContaining('is not trusted') as string])
    const commands = [
      ['retry', 'b', '--retry-failed'],
      ['dead', 'b'],
      ['resume', 'b'],
      ['reconcile', 'b'],
    ]
    for (const command of commands) {
      const broker = ['--broker', 'env:BROKER', '--broker-ca', pathOf('ca'), ...client]
      expect([command[0], ...(await preq(...command, ...broker))]).toEqual([
        command[0],
        2,
        // It has asked Redis.
        expect.stringContaining('expected the name of a batch, got b. There is none at this Redis.') as string,
      ])
    }
    expect((await preq('batches', '--broker', 'env:NONE'))[1]).toContain(
      'expected a URL in the variable NONE, got none',
    )
    expect((await preq('batches', '--broker', 'env:BROKER', '--broker-ca', '/none'))[1]).toContain(
      'cannot read --broker-ca /none: ',
    )
  })

  it('shares the rates of a local run with --share-ca, --share-cert and --share-key', async () => {
    await using redis = await securedRedis()
    await using server = await countingServer()
    const preq = async (...args: string[]): Promise<[unknown, string]> => {
      const run = ['--rate', '1000/s', '--share-limits', redis.secured, '--share-name', 'tls', '-o', '/dev/null']
      const { exit, said } = startProcess([MAIN, ...server.urls(3), ...run, ...args])
      return [await exit, said()]
    }
    const client = ['--share-cert', pathOf('server'), '--share-key', pathOf('server-key')]
    const refused = async (args: readonly string[], message: string): Promise<void> => {
      const [code, said] = await preq(...args)
      expect([code, said]).toEqual([2, expect.stringContaining(message) as string])
      expect(server.hits.size).toBe(0)
    }
    await refused(
      client,
      'is not trusted. Give that of its authority: --broker-ca FILE (with --share-limits: --share-ca',
    )
    await refused(['--share-ca', pathOf('ca')], 'certificate of the client')
    await refused(['--share-ca', pathOf('self-signed'), ...client], 'is not trusted')
    const [code, said] = await preq('--share-ca', pathOf('ca'), ...client)
    expect([code, server.hits.size, server.extra()], said).toEqual([0, 3, 0])
    const redisClient = await connectRedis(redis.secured, 'broker', { tls: CLIENT })
    expect(await redisClient.keys('{preq}:rates:tls:*')).not.toEqual([])
    redisClient.disconnect()
  })
})

describe.skipIf(NO_REDIS)('a user of Redis', () => {
  const withUser = async (redis: RedisServer, ...rules: string[]): Promise<string> => {
    const admin = await connectRedis(redis.url, 'broker')
    await admin.call('ACL', 'SETUSER', 'preq', 'reset', 'on', '>s3cret', ...rules)
    admin.disconnect()
    return redis.url.replace('//', '//preq:s3cret@')
  }

  it('needs no more than the documented rules for all that is done with a batch', async () => {
    const documented = readFileSync(new URL('../../docs/many-machines.md', import.meta.url), 'utf8')
    expect(documented).toContain(`ACL SETUSER preq on >PASSWORD ${ACL_RULES}\n`)
    await using redis = await redisServer(['--appendonly', 'yes'])
    await using server = await countingServer(5)
    using files = folder()
    const broker = await withUser(redis, ...ACL_RULES.split(' '))
    const findings = await examineBroker({ broker })
    expect(findings.find(({ what }) => what === 'permissions')).toEqual({
      what: 'permissions',
      found: 'all that batches need',
    })
    const given = { broker, batch: 'b1', results: files.at('results') }
    const options = { rateLimit: '2000/s', concurrency: 16 }
    await submit(server.urls(600), { ...given, chunkRows: 50, options })
    await pause(given)
    await resume(given)
    const ending = new AbortController()
    const working = work({ broker, batches: ['b1'], signal: ending.signal, metrics: '127.0.0.1:0' })
    while (server.hits.size < 100) await new Promise(resolve => setTimeout(resolve, 20))
    ending.abort()
    await working
    await cancel(given)
    await resume(given)
    await reconcile(given)
    await work({ broker, batches: ['b1'], untilEmpty: true })
    expect(await status(given)).toMatchObject({ state: 'done', ok: 600 })
    expect(await collect({ ...given, output: files.at('out.jsonl') })).toMatchObject({ requests: 600, missing: 0 })
    await deleteBatch(given)
    const client = await connectRedis(broker, 'broker')
    for (const command of [
      ['FLUSHALL'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', '*'],
      ['GET', 'foreign'],
      ['EVAL', 'return 1', '1', 'foreign'],
    ]) {
      await expect(client.call(...(command as [string]))).rejects.toThrow('NOPERM')
    }
    client.disconnect()
  })

  it('who may not do enough is told which commands are refused, and which rules help', async () => {
    await using redis = await redisServer()
    const some = await withUser(redis, ...ACL_RULES.split(' '), '-bzpopmin', '-@scripting')
    const [finding] = (await examineBroker({ broker: some })).filter(({ what }) => what === 'permissions')
    expect(finding).toEqual({
      what: 'permissions',
      found: 'refused: bzpopmin, eval, script',
      remedy: `Let an administrator run: ACL SETUSER preq ${ACL_RULES}`,
      isFatal: true,
    })
    const elsewhere = await withUser(redis, '~other:*', '+@all')
    expect((await examineBroker({ broker: elsewhere })).find(({ what }) => what === 'permissions')?.found).toBe(
      'refused: the keys {preq}:*',
    )
    const blind = await withUser(redis, '~*', '+@all', '-info')
    expect(await examineBroker({ broker: blind })).toEqual([
      expect.objectContaining({ what: 'permissions', found: 'refused: info' }),
    ])
    const deaf = await withUser(redis, '~{preq}:*', '+@all', '-smembers')
    const { exit, said } = startProcess([MAIN, 'batches', '--broker', deaf])
    expect(await exit).toBe(2)
    expect(said()).toContain("lacks a permission ('smembers')")
    expect(said()).not.toContain('s3cret')
    const doctor = startProcess([MAIN, 'doctor', '--broker', deaf])
    expect(await doctor.exit).toBe(1)
    expect(doctor.said()).toContain('refused: smembers. Let an administrator run: ACL SETUSER preq ~{preq}:*')
  })
})
