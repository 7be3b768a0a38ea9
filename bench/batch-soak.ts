/**
 * A batch over four workers while something breaks every few seconds: is each result there once, and how much is sent
 * twice? Run `npm run nightly:soak`; it needs `redis-server`. `REQUESTS` (default 5,000,000), `MINUTES` (30: when it must
 * be done), `SEED` and `PAUSE_S` (the longest time between two troubles, 20) change its size.
 *
 * Bounds: no result is lost or there twice, each request arrives; the batch is done while things break; Redis is as empty
 * as before when the batch is deleted. What is sent twice: for each death of a worker, the lines that were not written
 * and the requests in flight; for each worker that sleeps past its lock, and for each loss of Redis's data, the open
 * chunks.
 */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { startProcess, startQuickWorker } from '../test/distributed/batch-kit.ts'
import type { Process } from '../test/distributed/batch-kit.ts'
import { redisProxy } from '../test/distributed/redis-proxy.ts'
import { NO_REDIS, redisServer } from '../test/distributed/redis.ts'
import { randomFrom, seed } from '../test/support/property.ts'
import { collect, deleteBatch, pause, reconcile, resume, status, submit } from '../src/distributed/index.ts'
import { connectRedis } from '../src/distributed/redis.ts'

const numberOf = (name: string, or: number): number => Number(process.env[name] ?? or)
const REQUESTS = numberOf('REQUESTS', 5_000_000)
const MINUTES = numberOf('MINUTES', 30)
const PAUSE_S = numberOf('PAUSE_S', 20)
const WORKERS = 4
const CHUNKS = 4
const CONCURRENCY = 32
const CHUNK_ROWS = Math.min(1_000, Math.ceil(REQUESTS / 200))
const LOCK_MS = 5_000
const BATCH = 'soak'
/** What a worker that dies may have sent without a trace: what is in flight, and what has arrived in the last turn. */
const LOST_WITH_ONE = 2 * CONCURRENCY

if (NO_REDIS) {
  console.log('skipped: redis-server is not installed')
  process.exit(0)
}

const random = randomFrom(seed)
const between = (low: number, high: number): number => low + random() * (high - low)
const folder = mkdtempSync(join(tmpdir(), 'batch-soak-'))
const hits = new Uint8Array(REQUESTS)
const server = createServer((request, response) => {
  const at = Number(request.url?.slice(1))
  if (at >= 0 && at < REQUESTS) hits[at] = Math.min(255, (hits[at] ?? 0) + 1)
  response.end('{"ok":true}')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`

const list = join(folder, 'urls.txt')
const file = createWriteStream(list)
for (let at = 0; at < REQUESTS; at++) if (!file.write(`${base}${at}\n`)) await once(file, 'drain')
await new Promise<void>(done => file.end(() => done()))

const config = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction', '--dir', folder]
let redis = await redisServer(config)
const { port } = redis
const proxy = await redisProxy(port)
/** For the commands of this script, which are not put into trouble. */
const given = { broker: redis.url, batch: BATCH, results: join(folder, 'results') }
async function sizeOfRedis(): Promise<{ readonly bytes: number; readonly keys: string[] }> {
  const client = await connectRedis(redis.url, 'broker')
  const [info, keys] = await Promise.all([client.info('memory'), client.keys('*')])
  client.disconnect()
  return { bytes: Number(/used_memory:(\d+)/.exec(info)?.[1]), keys }
}
const baseline = await sizeOfRedis()

/** Repeats a command that meets a Redis that is away. */
async function surely<T>(command: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await command()
    } catch (error) {
      if (tries === 60) throw error
      await sleep(500)
    }
  }
}

const troubles: Record<string, number> = {}
let mostExtra = 0
const workers: Process[] = []
const begin = (): void =>
  void workers.push(startQuickWorker({ broker: proxy.url, batch: BATCH, chunks: CHUNKS, lockMs: LOCK_MS }))
const pick = (): Process => workers.splice(Math.floor(random() * workers.length), 1)[0] as Process

/** Each resolves when it is over. */
const TROUBLES: Readonly<Record<string, () => Promise<void>>> = {
  async kill() {
    const one = pick()
    one.child.kill('SIGKILL')
    await one.exit
    mostExtra += LOST_WITH_ONE
    begin()
  },
  async end() {
    const one = pick()
    one.child.kill('SIGTERM')
    const code = await one.exit
    // Before it is ready, the signal ends it.
    if (code !== 0 && one.said() !== '')
      throw new Error(`a worker that was told to end has ended with ${code}: ${one.said()}`)
    begin()
  },
  async sleep() {
    const one = pick()
    one.child.kill('SIGSTOP')
    await sleep(2 * LOCK_MS)
    one.child.kill('SIGCONT')
    workers.push(one)
    mostExtra += CHUNKS * CHUNK_ROWS
  },
  async 'cut the network'() {
    await proxy.become('down')
    await sleep(between(500, 2_000))
    await proxy.become('whole')
  },
  async 'swallow all bytes'() {
    await proxy.become('silent')
    await sleep(7_000)
    await proxy.become('whole')
    // Locks cannot be prolonged for longer than they last.
    mostExtra += WORKERS * CHUNKS * CHUNK_ROWS
  },
  async 'slow down the network'() {
    await proxy.become('slow')
    await sleep(3_000)
    await proxy.become('whole')
  },
  async 'kill Redis'() {
    await redis.stop('SIGKILL')
    await sleep(between(100, 3_000))
    redis = await redisServer(config, port)
    await surely(() => reconcile(given))
    // The last second of its log may be lost, and with it locks.
    mostExtra += WORKERS * CHUNKS * CHUNK_ROWS
  },
  async 'empty Redis'() {
    const client = await connectRedis(redis.url, 'broker')
    await client.flushall()
    client.disconnect()
    await surely(() => reconcile(given))
    mostExtra += WORKERS * CHUNKS * CHUNK_ROWS
  },
  async 'pause and resume'() {
    await surely(() => pause(given))
    await sleep(2_000)
    await surely(() => resume(given))
  },
}

const startedAt = performance.now()
const seconds = (): number => Math.round((performance.now() - startedAt) / 1_000)
let doneAfterS: number | undefined
try {
  // Its submit is killed twice.
  const submitter = new URL('../test/distributed/soak-submitter.ts', import.meta.url).pathname
  for (let kills = 0; kills < 2; kills++) {
    const one = startProcess([
      submitter,
      JSON.stringify({ ...given, list, chunkRows: CHUNK_ROWS, concurrency: CONCURRENCY }),
    ])
    await Promise.race([one.exit, sleep(between(500, 3_000))])
    one.child.kill('SIGKILL')
    await one.exit
  }
  const options = { concurrency: CONCURRENCY, maxRetries: 5 }
  const made = await submit({ file: list, format: 'lines' }, { ...given, chunkRows: CHUNK_ROWS, options })
  console.log(
    `${made.requests} requests in ${made.chunks} chunks, ${made.known} of them by submits that were killed; seed ${seed}`,
  )
  for (let at = 0; at < WORKERS; at++) begin()
  const names = Object.keys(TROUBLES)
  const isDone = async (): Promise<boolean> => (await surely(() => status(given))).state === 'done'
  for (let at = 0; !(await isDone()) && seconds() < MINUTES * 60; at++) {
    await sleep(1_000 * between(PAUSE_S / 4, PAUSE_S))
    if (await isDone()) break
    // Each of them once, then by chance.
    const name = (at < names.length ? names[at] : names[Math.floor(random() * names.length)]) as string
    troubles[name] = (troubles[name] ?? 0) + 1
    await TROUBLES[name]?.()
  }
  if (await isDone()) doneAfterS = seconds()
  for (const one of workers) one.child.kill('SIGTERM')
  await Promise.all(workers.map(({ exit }) => exit))
  const output = join(folder, 'out.jsonl')
  const collected = await collect({ results: given.results, output, partial: true })
  const [lost, twice] = await judge(output)
  const unsent = hits.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0)
  const extra = hits.reduce((sum, count) => sum + Math.max(0, count - 1), 0)
  await deleteBatch({ ...given, files: true })
  // What ends by itself: the reports of workers, locks, rates that nobody uses any more.
  await sleep(10_000)
  const left = await sizeOfRedis()
  const rows: [string, string | number, boolean][] = [
    ['troubles', Object.values(troubles).reduce((sum, count) => sum + count, 0), true],
    ['seconds until it was done', doneAfterS ?? 'not done', doneAfterS !== undefined],
    ['results', collected.requests, collected.requests === REQUESTS],
    ['results that are lost', lost, lost === 0],
    ['results that are there twice or out of order', twice, twice === 0],
    ['requests that never arrived', unsent, unsent === 0],
    [`requests that were sent twice (at most ${mostExtra})`, extra, extra <= mostExtra],
    ['keys of Redis that are left', left.keys.length, left.keys.length === 0],
    // Scripts and buffers of connections stay.
    ['bytes of Redis that are left', left.bytes - baseline.bytes, left.bytes - baseline.bytes < 4_000_000],
  ]
  for (const [name, figure, isHeld] of rows)
    console.log(`${name.padEnd(55)} ${String(figure).padStart(10)}  ${isHeld ? '' : 'BROKEN'}`.trimEnd())
  console.log(troubles, left.keys)
  if (rows.some(([, , isHeld]) => !isHeld)) process.exitCode = 1
} finally {
  for (const one of workers) one.child.kill('SIGKILL')
  await proxy[Symbol.asyncDispose]()
  await redis.stop()
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
}

/** How many requests have no line, and how many lines are not where they belong. */
async function judge(path: string): Promise<[number, number]> {
  let [next, lost, wrong] = [0, 0, 0]
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const found = /"index":(\d+)/.exec(line)
    if (found === null) continue
    const index = Number(found[1])
    if (index < next) wrong++
    else {
      lost += index - next
      next = index + 1
    }
  }
  return [lost + REQUESTS - next, wrong]
}
