/**
 * Outages that take too long for the tests, or need root: is a batch whole after them, and how soon do its workers go on?
 * Run `npm run nightly:outages`; it needs `redis-server`, and for the link `unshare` and `ip` as root.
 *
 * - Redis is killed for 14 s, under a worker that is busy and one that is idle.
 * - The link to Redis, and to the server, is down for 20 s (in a network namespace of its own).
 * - A Sentinel makes a replica the primary, and the address of Redis leads there.
 *
 * Bounds: nothing is lost or there twice, and the first chunk is done within 15 s of the end of the outage.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { countingServer, folder, linesOf, startQuickWorker, until } from '../test/distributed/batch-kit.ts'
import { freePort, start } from '../test/components/component.ts'
import { redisProxy } from '../test/distributed/redis-proxy.ts'
import { NO_REDIS, redisServer } from '../test/distributed/redis.ts'
import { collect, reconcile, status, submit } from '../src/distributed/index.ts'
import { connectRedis } from '../src/distributed/redis.ts'

const MOST_WAIT_MS = 15_000
const LOCK_MS = 20_000

interface Figures {
  readonly lost: number
  readonly twice: number
  /** Requests beyond the first of each. */
  readonly extra: number
  readonly mostExtra: number
  /** From the end of the outage to the next chunk that is done. */
  readonly waitMs: number
}

type Given = { readonly broker: string; readonly batch: string; readonly results: string }

/** Waits until one more chunk is done. */
async function nextDone(given: Given): Promise<number> {
  const from = performance.now()
  const doneOf = (): Promise<number> =>
    status(given).then(
      ({ chunksDone }) => chunksDone,
      () => -1,
    )
  let before = await doneOf()
  await until('a chunk is done', async () => {
    const now = await doneOf()
    if (before === -1) before = now
    return before !== -1 && now > before
  })
  return performance.now() - from
}

async function figuresOf(
  given: Given,
  output: string,
  count: number,
  extra: number,
  mostExtra: number,
  waitMs: number,
): Promise<Figures> {
  await until('it is done', async () => (await status(given)).state === 'done', 180_000)
  await collect({ results: given.results, output, partial: true })
  const seen = new Set(linesOf(output).map(({ index }) => index))
  return { lost: count - seen.size, twice: linesOf(output).length - seen.size, extra, mostExtra, waitMs }
}

async function longOutage(): Promise<Figures> {
  using files = folder()
  await using server = await countingServer(20)
  const config = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', files.path]
  const first = await redisServer(config)
  const busy = { broker: first.url, batch: 'busy', results: files.at('busy') }
  const idle = { broker: first.url, batch: 'idle', results: files.at('idle') }
  await submit(server.urls(3_000), { ...busy, chunkRows: 50, options: { concurrency: 16 } })
  await using _one = startQuickWorker({ ...busy, lockMs: LOCK_MS })
  await using _two = startQuickWorker({ ...idle, lockMs: LOCK_MS })
  await until('requests arrive', () => server.hits.size > 300)
  await first.stop('SIGKILL')
  await sleep(14_000)
  await using _second = await redisServer(config, first.port)
  const waitMs = await nextDone(busy)
  const urls = Array.from({ length: 100 }, (_, at) => `${server.base}idle/${at}`)
  await submit(urls, { ...idle, options: { concurrency: 16 } })
  await until('the idle one works', async () => (await status(idle)).state === 'done')
  await until('it is done', async () => (await status(busy)).state === 'done', 120_000)
  // Locks that lasted longer than Redis was away are still held.
  return await figuresOf(busy, files.at('out.jsonl'), 3_000, server.extra(), 0, waitMs)
}

/** Runs in a network namespace of its own, whose only link is that of the loopback addresses. */
async function linkDown(): Promise<Figures> {
  using files = folder()
  const link = (state: 'up' | 'down'): Buffer => execFileSync('ip', ['link', 'set', 'lo', state])
  link('up')
  await using redis = await redisServer()
  await using server = await countingServer(20)
  const given = { broker: redis.url, batch: 'link', results: files.at('results') }
  const options = { concurrency: 16, maxRetries: 60, retry: { backoff: { base: 500, max: 1_000 } }, timeout: 5_000 }
  await submit(server.urls(3_000), { ...given, chunkRows: 50, options })
  await using _one = startQuickWorker({ ...given, lockMs: LOCK_MS })
  await using _two = startQuickWorker({ ...given, lockMs: LOCK_MS })
  await until('requests arrive', () => server.hits.size > 300)
  link('down')
  await sleep(20_000)
  link('up')
  const waitMs = await nextDone(given)
  await until('it is done', async () => (await status(given)).state === 'done', 120_000)
  // Requests that were in flight are retried; with locks that were lost, open chunks as well.
  return await figuresOf(given, files.at('out.jsonl'), 3_000, server.extra(), 2 * (16 * 5 + 4 * 50), waitMs)
}

async function failover(): Promise<Figures> {
  using files = folder()
  await using server = await countingServer(20)
  await using primary = await redisServer()
  await using replica = await redisServer(['--replicaof', '127.0.0.1', String(primary.port)])
  const port = await freePort()
  writeFileSync(
    files.at('sentinel.conf'),
    `port ${port}\nbind 127.0.0.1\ndir ${files.path}\nsentinel monitor preq 127.0.0.1 ${primary.port} 1\n` +
      'sentinel down-after-milliseconds preq 1000\nsentinel failover-timeout preq 5000\n',
  )
  await using _sentinel = await start({
    program: 'redis-server',
    args: () => [files.at('sentinel.conf'), '--sentinel'],
    port,
  })
  await using proxy = await redisProxy(primary.port)
  const given = { broker: proxy.url, batch: 'failover', results: files.at('results') }
  await submit(server.urls(3_000), { ...given, chunkRows: 50, options: { concurrency: 16, rateLimit: '200/s' } })
  await using _one = startQuickWorker({ ...given, lockMs: LOCK_MS })
  await using _two = startQuickWorker({ ...given, lockMs: LOCK_MS })
  await until('requests arrive', () => server.hits.size > 300)
  const sentinel = await connectRedis(`redis://127.0.0.1:${port}`, 'sentinel')
  await until('the Sentinel knows the replica', async () =>
    String(await sentinel.call('SENTINEL', 'replicas', 'preq')).includes(String(replica.port)),
  )
  // A primary waits for five seconds before it begins to send its data to the first replica.
  const inReplica = await connectRedis(replica.url, 'replica')
  await until('the replica has the data', async () =>
    (await inReplica.info('replication')).includes('master_link_status:up'),
  )
  inReplica.disconnect()
  await primary.stop('SIGKILL')
  await until('the replica is the primary', async () => {
    const [, at] = (await sentinel.call('SENTINEL', 'get-master-addr-by-name', 'preq')) as string[]
    return Number(at) === replica.port
  })
  sentinel.disconnect()
  proxy.target = replica.port
  await proxy.become('down')
  await proxy.become('whole')
  const waitMs = await nextDone(given)
  // A replica may lack what the primary had acknowledged last.
  await reconcile(given)
  await until('it is done', async () => (await status(given)).state === 'done', 120_000)
  return await figuresOf(given, files.at('out.jsonl'), 3_000, server.extra(), 2 * 4 * 50, waitMs)
}

const SCENARIOS: Readonly<Record<string, () => Promise<Figures>>> = {
  'Redis killed for 14 s': longOutage,
  'link down for 20 s': linkDown,
  'failover by a Sentinel': failover,
}

if (NO_REDIS) {
  console.log('skipped: redis-server is not installed')
  process.exit(0)
}
const canUnshare = spawnSync('unshare', ['-n', 'ip', 'link'], { stdio: 'ignore' }).status === 0
const [only] = process.argv.slice(2)
for (const [name, run] of Object.entries(SCENARIOS)) {
  if (only !== undefined && only !== name) continue
  if (run === linkDown && only === undefined) {
    if (!canUnshare) {
      console.log(`${name}: skipped, since it needs root, unshare and ip`)
      continue
    }
    const { status: code } = spawnSync('unshare', ['-n', process.execPath, import.meta.filename, name], {
      stdio: 'inherit',
    })
    if (code !== 0) process.exitCode = 1
    continue
  }
  const { lost, twice, extra, mostExtra, waitMs } = await run()
  const isHeld = lost === 0 && twice === 0 && extra <= mostExtra && waitMs <= MOST_WAIT_MS
  console.log(
    `${name}: ${lost} lost, ${twice} twice, ${extra} requests sent twice (at most ${mostExtra}), ` +
      `first chunk after ${(waitMs / 1_000).toFixed(1)} s${isHeld ? '' : '  BROKEN'}`,
  )
  if (!isHeld) process.exitCode = 1
}
