/**
 * Rates that several processes share through a real Redis, judged when requests leave the gate and at the server: clients
 * with `redisLimits()`, and the `preq worker` processes of a batch. Run `npm run nightly:shared-rate` on an otherwise idle
 * machine; it needs `redis-server`. `node bench/shared-rate.ts limits`
 * runs one case of a build.
 *
 * Bounds, over two and four processes: in no second more than 1.05 times the rate plus the burst, in no 100 ms more than a
 * tenth of the rate plus the burst and one lease, and in the mean at least 0.97 times the rate; the same for each host that
 * has a rate of its own. After a 429 with `Retry-After`, and after the death of Redis, nothing arrives once the horizon of
 * 200 ms and 50 ms for the way are over. Clocks that differ by five minutes change nothing. `preq limits` holds within a
 * second. A process that has lost Redis alone sends nothing, or with `localShare` its part.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { folder } from '../test/distributed/batch-kit.ts'
import { redisProxy } from '../test/distributed/redis-proxy.ts'
import type { RedisProxy } from '../test/distributed/redis-proxy.ts'
import { NO_REDIS, redisServer } from '../test/distributed/redis.ts'
import type { RedisServer } from '../test/distributed/redis.ts'
import { limits, submit } from '../src/distributed/index.ts'

const RUN_MS = 10_000
/** The processes start, and find each other. */
const START_MS = 3_000
/** The end of a run does not count for the mean. */
const END_MS = 500
const HORIZON_MS = 200
const WAY_MS = 50
/** A lease is so long: of the rate, divided by the processes. */
const LEASE_MS = 100

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
  /** When requests left the gates, by process. */
  readonly starts: readonly (readonly number[])[]
}

interface Case {
  readonly processes: number
  readonly hosts: readonly string[]
  readonly options: object
  /** The host that answers 429 once. */
  readonly throttle?: string
  /** What happens to the processes. */
  readonly during?: (parts: During) => Promise<void>
}

interface During {
  readonly redis: RedisServer
  /** Before Redis of the first process. */
  readonly proxy: RedisProxy
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

async function seen(): Promise<Seen> {
  server.postMessage('report', [])
  const [found] = (await once(server, 'message')) as [Seen]
  return found
}

/** Clients in processes of their own. */
async function clients({ processes, hosts, options, throttle, during }: Case): Promise<Run> {
  await using redis = await redisServer()
  await using proxy = await redisProxy(redis.port)
  server.postMessage(throttle ?? 'none', [])
  const children = Array.from({ length: processes }, (_, nth) => {
    const work = { redis: nth === 0 ? proxy.url : redis.url, hosts, options, ms: RUN_MS }
    const args = ['bench/support/shared-rate-run.ts', JSON.stringify(work)]
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  })
  const ended = children.map(child => once(child, 'exit'))
  const starts = children.map(async child => JSON.parse(await text(child.stdout)) as number[])
  await during?.({ redis, proxy })
  await Promise.all(ended)
  return { ...(await seen()), starts: await Promise.all(starts) }
}

/** A batch with `preq worker` processes. @param shiftsMs of their wall clocks */
async function batch(
  { processes, hosts, options, throttle }: Case,
  { shiftsMs = [], during }: { shiftsMs?: readonly number[]; during?: (broker: string) => Promise<void> } = {},
): Promise<Seen> {
  await using redis = await redisServer()
  using files = folder()
  server.postMessage(throttle ?? 'none', [])
  const urls = Array.from({ length: 12_000 }, (_, nth) => `http://${hosts[nth % hosts.length]}/${nth}`)
  const given = { broker: redis.url, batch: 'bench', results: files.at('results') }
  await submit(urls, { ...given, chunkRows: 200, options: { concurrency: 100, ...options } })
  const children = Array.from({ length: processes }, (_, nth) => startWorker(redis.url, shiftsMs[nth]))
  const ended = children.map(child => once(child, 'exit'))
  const deadline = now() + RUN_MS
  while ((await seen()).arrivals.length === 0 && now() < deadline) await sleep(50)
  await Promise.all([sleep(RUN_MS), during?.(redis.url)])
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(ended)
  return seen()
}

function startWorker(broker: string, shiftMs: number | undefined): ChildProcess {
  const preload = shiftMs === undefined ? [] : ['--import', './test/support/shifted-clock.ts']
  const args = [...preload, 'dist/cli/main.js', 'worker', '--broker', broker, '--no-progress', '--grace', '2s']
  const env = { ...process.env, CLOCK_SHIFT_MS: String(shiftMs ?? 0) }
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore'], env })
}

function judge(what: string, holds: boolean, figures: string): void {
  failed ||= !holds
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${figures}`)
}

function mostIn(windowMs: number, sorted: readonly number[]): number {
  let most = 0
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] as number) - (sorted[first] as number) >= windowMs) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}

/** What is judged of the times of one rate. */
interface Law {
  readonly rate: number
  readonly processes: number
  readonly burst?: number
  /** The least part of the rate that is used, in the mean. */
  readonly leastMean?: number
  /** Where it is judged: the kernel and the server's loop bunch what arrives, so 100 ms are only judged at the gate. */
  readonly at: 'gate' | 'server'
  /** Hosts have rates of their own: their slots of the rate of all hosts may be used up to the horizon later. */
  readonly ofHosts?: boolean
}

function judgeRate(what: string, times: readonly number[], law: Law): void {
  const { rate, processes, burst = 1, leastMean = 0.97, at, ofHosts = false } = law
  const sorted = times.toSorted((a, b) => a - b)
  const [second, tenth] = [mostIn(1_000, sorted), mostIn(100, sorted)]
  const fromMs = (sorted[0] as number) + START_MS
  const toMs = (sorted.at(-1) as number) - END_MS
  const mean = sorted.filter(atMs => atMs >= fromMs && atMs < toMs).length / ((toMs - fromMs) / 1_000)
  const lease = Math.max(1, (rate * LEASE_MS) / 1_000 / processes)
  const mostInTenth = Math.ceil(rate / 10 + burst + lease + (ofHosts ? (rate * HORIZON_MS) / 1_000 : 0))
  const isTenthGood = at === 'server' || tenth <= mostInTenth
  const holds = second <= rate * 1.05 + burst && mean >= rate * leastMean && isTenthGood
  const figures =
    `at most ${second} in a second, ${tenth} in 100 ms (bound: ${mostInTenth}), ` +
    `${mean.toFixed(1)}/s in the mean, of ${rate}/s`
  judge(`${what}, at the ${at}`, holds, figures)
}

const timesOf = ({ arrivals }: Seen, host?: string): number[] =>
  arrivals.filter(([, of]) => host === undefined || of === host).map(([atMs]) => atMs)

/** Nothing arrives at the host that was paused until its pause ends. */
function judgePause(what: string, run: Seen): void {
  const pausedAtMs = run.throttledAtMs ?? Infinity
  const meanwhile = timesOf(run, five[0])
    .map(atMs => atMs - pausedAtMs)
    .filter(ms => ms < 2_000)
  const late = meanwhile.filter(ms => ms > HORIZON_MS + WAY_MS)
  const last = Math.max(0, ...meanwhile)
  judge(
    what,
    pausedAtMs < Infinity && late.length === 0,
    `${late.length} arrive late, the last after ${last.toFixed(0)} ms`,
  )
}

const FIVE_HUNDRED = { rateLimit: '500/s' }

/** Which cases are run: all, or those that are named. */
const CASES = {
  async rates() {
    for (const processes of [2, 4]) {
      const law = { rate: 500, processes }
      const alone = await clients({ processes, hosts: one, options: FIVE_HUNDRED })
      judgeRate(`${processes} clients`, alone.starts.flat(), { ...law, at: 'gate' })
      judgeRate(`${processes} clients`, timesOf(alone), { ...law, at: 'server' })
      const fleet = await batch({ processes, hosts: one, options: FIVE_HUNDRED })
      judgeRate(`${processes} workers of a batch`, timesOf(fleet), { ...law, at: 'server' })
    }

    const bursty = await batch({ processes: 4, hosts: one, options: { ...FIVE_HUNDRED, rateLimitBurst: 50 } })
    judgeRate('4 workers, a burst of 50', timesOf(bursty), { rate: 500, processes: 4, burst: 50, at: 'server' })
  },
  async clocks() {
    const skewed = await batch({ processes: 2, hosts: one, options: FIVE_HUNDRED }, { shiftsMs: [300_000, -300_000] })
    judgeRate('2 workers, clocks ten minutes apart', timesOf(skewed), { rate: 500, processes: 2, at: 'server' })
  },
  async hosts() {
    const slow = five.slice(0, 2)
    const slowLimits = Object.fromEntries(slow.map(host => [host, { rateLimit: '40/s' }]))
    const bound: Case = { processes: 4, hosts: five, options: { ...FIVE_HUNDRED, hosts: slowLimits } }
    const both = await clients(bound)
    judgeRate('500/s and 40/s for two of five hosts', both.starts.flat(), {
      rate: 500,
      processes: 4,
      ofHosts: true,
      at: 'gate',
    })
    judgeRate('500/s and 40/s for two of five hosts', timesOf(both), { rate: 500, processes: 4, at: 'server' })
    for (const host of slow)
      judgeRate(`40/s of ${host}`, timesOf(both, host), { rate: 40, processes: 4, leastMean: 0.95, at: 'server' })

    // Each of the five hosts has a fifth of the input, so the rate of each host binds, and that of all hosts does not.
    const perHost = await batch({
      processes: 4,
      hosts: five,
      options: { ...FIVE_HUNDRED, perHost: { rateLimit: '80/s' } },
    })
    for (const host of five.slice(0, 2))
      judgeRate(`80/s per host, 4 workers, ${host}`, timesOf(perHost, host), {
        rate: 80,
        processes: 4,
        leastMean: 0.95,
        at: 'server',
      })
  },
  async pauses() {
    judgePause(
      'a 429 of one client',
      await clients({ processes: 4, hosts: five, options: FIVE_HUNDRED, throttle: five[0] as string }),
    )
    judgePause(
      'a 429 of one worker',
      await batch({ processes: 4, hosts: five, options: FIVE_HUNDRED, throttle: five[0] as string }),
    )
    judgePause(
      'a 429 of one worker without a rate',
      await batch({ processes: 4, hosts: five, options: { concurrency: 2 }, throttle: five[0] as string }),
    )
  },
  async limits() {
    let changedAtMs = Infinity
    const changed = await batch(
      { processes: 4, hosts: one, options: FIVE_HUNDRED },
      {
        during: async broker => {
          await sleep(RUN_MS / 2)
          changedAtMs = now()
          await limits({ broker, batch: 'bench', rateLimit: '100/s' })
        },
      },
    )
    const after = timesOf(changed).filter(atMs => atMs > changedAtMs + 1_000)
    const mostAfter = mostIn(1_000, after)
    judge(
      'preq limits, a second later',
      mostAfter <= 106 && mostAfter >= 95,
      `at most ${mostAfter} in a second, of 100/s`,
    )
  },
  async death() {
    let killedAtMs = Infinity
    const cut = await clients({
      processes: 4,
      hosts: one,
      options: FIVE_HUNDRED,
      during: async ({ redis }) => {
        await sleep(RUN_MS - 2_000)
        await redis.stop('SIGKILL')
        killedAtMs = now()
      },
    })
    const sent = timesOf(cut).filter(atMs => atMs > killedAtMs + HORIZON_MS + WAY_MS)
    judge(
      'the death of Redis',
      timesOf(cut).length > 1_000 && sent.length === 0,
      `${sent.length} arrive after the horizon`,
    )
  },
  async share() {
    for (const localShare of [false, true]) {
      let lostAtMs = Infinity
      const partly = await clients({
        processes: 4,
        hosts: one,
        options: { ...FIVE_HUNDRED, localShare },
        during: async ({ proxy }) => {
          await sleep(RUN_MS / 2)
          await proxy.become('down')
          lostAtMs = now()
        },
      })
      const since = timesOf(partly).filter(atMs => atMs > lostAtMs + 1_000)
      const own = (partly.starts[0] ?? []).filter(atMs => atMs > lostAtMs + HORIZON_MS + WAY_MS).length
      const most = mostIn(
        1_000,
        since.toSorted((a, b) => a - b),
      )
      const mostAllowed = localShare ? 500 * 1.25 * 1.05 + 1 : 500 * 1.05 + 1
      const what = `one of four processes without Redis${localShare ? ', with localShare' : ''}`
      judge(
        what,
        most <= mostAllowed && (localShare ? own > 100 : own === 0),
        `it sends ${own}, all at most ${most} in a second`,
      )
    }
  },
}

const named = process.argv.slice(2)
for (const [name, play] of Object.entries(CASES)) if (named.length === 0 || named.includes(name)) await play()

await server.terminate()
process.exitCode = failed ? 1 : 0
