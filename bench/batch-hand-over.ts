/**
 * How soon workers follow: told to end, paused, resumed, cancelled. Run `npm run nightly:hand-over`; it needs `redis-server`.
 *
 * Bounds: no request is sent twice, and a worker ends with 0; another worker, which is waiting, sends within 1 s of a
 * SIGTERM what the first one had; pause, resume and cancel are followed within 2 s.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { countingServer, folder, startQuickWorker, until } from '../test/distributed/batch-kit.ts'
import { NO_REDIS, redisServer } from '../test/distributed/redis.ts'
import { cancel, pause, resume, status, submit } from '../src/distributed/index.ts'

const ROUNDS = 5
const MOST_MS = { 'SIGTERM to the next worker': 1_000, pause: 2_000, resume: 2_000, cancel: 2_000 }
type What = keyof typeof MOST_MS

if (NO_REDIS) {
  console.log('skipped: redis-server is not installed')
  process.exit(0)
}
await using redis = await redisServer()
/** When each worker has sent its first request. */
const firstMs = new Map<unknown, number>()
await using server = await countingServer(20, (request, response) => {
  const who = request.headers['x-worker']
  if (!firstMs.has(who)) firstMs.set(who, performance.now())
  response.end('{}')
})
using files = folder()
type Given = { readonly broker: string; readonly batch: string; readonly results: string }
const options = { concurrency: 16, headers: { 'x-worker': 'env:BENCH_WORKER' } }
let workers = 0
const begin = (given: Given): { who: string; worker: ReturnType<typeof startQuickWorker> } => {
  const who = `w${++workers}`
  return { who, worker: startQuickWorker({ ...given, chunks: 2, lockMs: 20_000 }, { BENCH_WORKER: who }) }
}
const took: Record<What, number[]> = { 'SIGTERM to the next worker': [], pause: [], resume: [], cancel: [] }
const codes: unknown[] = []

async function timed(what: What, does: () => unknown, holds: () => boolean | Promise<boolean>): Promise<void> {
  const from = performance.now()
  await does()
  while (!(await holds())) await sleep(5)
  took[what].push(performance.now() - from)
}

const isSending = (): (() => boolean) => {
  const before = server.hits.size
  return () => server.hits.size > before
}

const long = { broker: redis.url, batch: 'long', results: files.at('long') }
await submit(server.urls(20_000), { ...long, chunkRows: 200, options })
const { worker: working } = begin(long)
await until('it works', isSending())
for (let round = 0; round < ROUNDS; round++) {
  const isQuiet = async (): Promise<boolean> => (await status(long)).active === 0
  await timed('pause', () => pause(long), isQuiet)
  await timed('resume', () => resume(long), isSending())
  await timed('cancel', () => cancel(long), isQuiet)
  await resume(long)
  await until('it works', isSending())
}
working.child.kill('SIGTERM')
codes.push(await working.exit)
const aborted = server.extra()

for (let round = 0; round < ROUNDS; round++) {
  const given = { broker: redis.url, batch: `r${round}`, results: files.at(`r${round}`) }
  const urls = Array.from({ length: 20_000 }, (_, at) => `${server.base}r${round}/${at}`)
  await submit(urls, { ...given, chunkRows: 10_000, options })
  const first = begin(given)
  await until('it works', () => firstMs.has(first.who))
  // The next one waits: the first one has both chunks.
  const next = begin(given)
  await until('the next one is ready', () => next.worker.said().includes('ready'))
  await sleep(2_000)
  const from = performance.now()
  first.worker.child.kill('SIGTERM')
  codes.push(await first.worker.exit)
  await until('the next one works', () => firstMs.has(next.who))
  took['SIGTERM to the next worker'].push((firstMs.get(next.who) as number) - from)
  next.worker.child.kill('SIGTERM')
  codes.push(await next.worker.exit)
}
const twice = server.extra() - aborted
for (const [what, times] of Object.entries(took) as [What, number[]][]) {
  const most = Math.max(...times)
  const isHeld = most <= MOST_MS[what]
  const list = times.map(ms => Math.round(ms)).join(', ')
  console.log(`${what.padEnd(27)} ${list} ms (at most ${MOST_MS[what]})${isHeld ? '' : '  BROKEN'}`)
  if (!isHeld) process.exitCode = 1
}
const isClean = codes.every(code => code === 0) && twice === 0 && aborted <= ROUNDS * options.concurrency
console.log(
  `exit codes ${codes.join(', ')}; sent twice after a SIGTERM: ${twice}, after a cancel: ${aborted}${isClean ? '' : '  BROKEN'}`,
)
if (!isClean) process.exitCode = 1
