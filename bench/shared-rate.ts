/**
 * Rates that several processes share through a real Redis, judged when requests leave the gate and at the server. Run `npm run nightly:shared-rate` on an
 * otherwise idle machine; it needs `redis-server`.
 *
 * Bounds, over four processes: in no second more than 1.05 times the rate plus the burst; in the mean at least 0.97 times
 * the rate; the same for each host that has a rate of its own. After a 429 with `Retry-After`, and after the death of Redis,
 * nothing arrives once the horizon of 200 ms and 50 ms for the way are over.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'
import { NO_REDIS, redisServer } from '../test/distributed/redis.ts'

const PROCESSES = 4
const RUN_MS = 10_000
/** The processes start, and find each other. */
const START_MS = 3_000
const HORIZON_MS = 200
const WAY_MS = 50

/** Notes when each request arrives, and where; on demand, one host answers 429 once. */
const SERVER = `
const http = require('node:http'); const { parentPort } = require('node:worker_threads')
let arrivals = [], throttled, throttledAtMs
const clock = () => Number(process.hrtime.bigint()) / 1e6
parentPort.on('message', message => {
  if (message === 'report') parentPort.postMessage({ arrivals, throttledAtMs })
  else { arrivals = []; throttled = message; throttledAtMs = undefined }
})
http.createServer((request, response) => {
  const host = request.headers.host
  arrivals.push([clock(), host])
  if (throttled !== host || arrivals.length < 2_000) return response.end('{}')
  throttled = undefined
  throttledAtMs = clock()
  response.writeHead(429, { 'retry-after': '2' }).end('{}')
}).listen(0, '0.0.0.0', function () { parentPort.postMessage(this.address().port) })`

interface Seen {
  readonly arrivals: readonly (readonly [atMs: number, host: string])[]
  readonly throttledAtMs: number | undefined
}

interface Run extends Seen {
  /** When requests left the gates. */
  readonly starts: readonly number[]
}

if (NO_REDIS) {
  console.log('skipped: redis-server is not installed')
  process.exit()
}

const server = new Worker(SERVER, { eval: true })
const [port] = (await once(server, 'message')) as [number]
const one = [`127.0.0.1:${port}`]
const five = Array.from({ length: 5 }, (_, nth) => `127.0.0.${nth + 1}:${port}`)
let failed = false

const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** @param during what happens after the start, with the time at which it is over */
async function run(
  hosts: readonly string[],
  options: object,
  {
    throttle,
    during,
  }: { throttle?: string; during?: (redis: Awaited<ReturnType<typeof redisServer>>) => Promise<void> } = {},
): Promise<Run> {
  await using redis = await redisServer()
  server.postMessage(throttle ?? 'none', [])
  const work = JSON.stringify({ redis: redis.url, hosts, options, ms: RUN_MS })
  const processes = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, ['bench/support/shared-rate-run.ts', work], { stdio: ['ignore', 'pipe', 'inherit'] }),
  )
  const ended = processes.map(child => once(child, 'exit'))
  const starts = processes.map(async child => JSON.parse(await text(child.stdout)) as number[])
  await during?.(redis)
  await Promise.all(ended)
  server.postMessage('report', [])
  const [seen] = (await once(server, 'message')) as [Seen]
  return { ...seen, starts: (await Promise.all(starts)).flat() }
}

function judge(what: string, holds: boolean, figures: string): void {
  failed ||= !holds
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${figures}`)
}

/** The most arrivals in any second, and the mean per second once all processes run. */
function judgeRate(what: string, times: readonly number[], rate: number, leastMean: number): void {
  const sorted = times.toSorted((a, b) => a - b)
  let most = 0
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] as number) - (sorted[first] as number) >= 1_000) first++
    most = Math.max(most, last - first + 1)
  }
  const fromMs = (sorted[0] as number) + START_MS
  const toMs = (sorted.at(-1) as number) - 500
  const mean = sorted.filter(atMs => atMs >= fromMs && atMs < toMs).length / ((toMs - fromMs) / 1_000)
  const holds = most <= rate * 1.05 + 1 && mean >= rate * leastMean
  judge(what, holds, `at most ${most} in a second, ${mean.toFixed(1)}/s in the mean, of ${rate}/s`)
}

const timesOf = ({ arrivals }: Seen, host?: string): number[] =>
  arrivals.filter(([, of]) => host === undefined || of === host).map(([atMs]) => atMs)

const alone = await run(one, { rateLimit: '500/s' })
judgeRate('500/s, at the gate', alone.starts, 500, 0.97)
judgeRate('500/s, at the server', timesOf(alone), 500, 0.97)

const slow = five.slice(0, 2)
const limits = Object.fromEntries(slow.map(host => [host, { rateLimit: '40/s' }]))
const both = await run(five, { rateLimit: '500/s', hosts: limits })
judgeRate('500/s and 40/s for two of five hosts, at the gate', both.starts, 500, 0.97)
judgeRate('500/s and 40/s for two of five hosts, at the server', timesOf(both), 500, 0.97)
for (const host of slow) judgeRate(`500/s and 40/s for two of five hosts, ${host}`, timesOf(both, host), 40, 0.95)

const paused = await run(five, { rateLimit: '500/s' }, { throttle: five[0] as string })
const pausedAtMs = paused.throttledAtMs ?? Infinity
const late = timesOf(paused, five[0]).filter(
  atMs => atMs > pausedAtMs + HORIZON_MS + WAY_MS && atMs < pausedAtMs + 2_000,
)
const last = Math.max(
  0,
  ...timesOf(paused, five[0])
    .filter(atMs => atMs < pausedAtMs + 1_500)
    .map(atMs => atMs - pausedAtMs),
)
judge(
  'a 429 of one process',
  pausedAtMs < Infinity && late.length === 0,
  `${late.length} arrive late, the last after ${last.toFixed(0)} ms`,
)

let killedAtMs = Infinity
const cut = await run(
  one,
  { rateLimit: '500/s' },
  {
    during: async redis => {
      await new Promise(resolve => setTimeout(resolve, RUN_MS - 2_000))
      await redis.stop('SIGKILL')
      killedAtMs = now()
    },
  },
)
const sent = timesOf(cut).filter(atMs => atMs > killedAtMs + HORIZON_MS + WAY_MS)
judge('the death of Redis', timesOf(cut).length > 1_000 && sent.length === 0, `${sent.length} arrive after the horizon`)

await server.terminate()
process.exitCode = failed ? 1 : 0
