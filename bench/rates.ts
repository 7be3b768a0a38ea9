/**
 * Rates with a real server: never exceeded, nearly all of the allowance used, and the cost of pacing. Prints a table;
 * with `--write` it writes docs/rates.md, which says how each column is measured.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { breachMs, idealMs, mostIn } from './support/law.ts'
import type { Rate } from './support/law.ts'
import { median } from './support/measure.ts'
import { MONOTONIC_OFFSET_MS } from './support/monotonic.ts'
import { stampedTransport } from './support/stamped-transport.ts'
import { ParallelRequests } from '../src/index.ts'
import type { ClientOptions, Reply, Transport } from '../src/index.ts'

interface Case {
  readonly rateLimit: NonNullable<ClientOptions['rateLimit']>
  /** The same rates as numbers, taken from the documentation rather than from our parser. The first is per second. */
  readonly rates: readonly [Rate, ...Rate[]]
  readonly requests: number
}

interface Spent {
  readonly cpuMs: number
  readonly wallMs: number
}

const perSecond = (limit: number, burst = 1): Rate => ({ limit, intervalMs: 1_000, burst })
/** A rate of a longer interval may be spent at once. */
const per = (intervalMs: number, limit: number): Rate => ({ limit, intervalMs, burst: limit })

const CASES: readonly Case[] = [
  { rateLimit: '1/s', rates: [perSecond(1)], requests: 9 },
  { rateLimit: '10/s', rates: [perSecond(10)], requests: 61 },
  { rateLimit: '100/s', rates: [perSecond(100)], requests: 501 },
  { rateLimit: '1000/s', rates: [perSecond(1_000)], requests: 5_001 },
  { rateLimit: '5000/s', rates: [perSecond(5_000)], requests: 25_001 },
  {
    rateLimit: { limit: 1_000, interval: '1s', burst: 100 },
    rates: [perSecond(1_000, 100)],
    requests: 5_001,
  },
  { rateLimit: ['100/s', '250/5s'], rates: [perSecond(100), per(5_000, 250)], requests: 301 },
  {
    rateLimit: ['1000/s', '4000/5s', '60000/m'],
    rates: [perSecond(1_000), per(5_000, 4_000), per(60_000, 60_000)],
    requests: 4_501,
  },
]

/** The bound that the project promises. */
const MIN_USED = 0.97
const MIN_USED_ABOVE_1000 = 0.95
const MAX_PACING = 0.05

// Enough slots for answers that a busy machine delays: a missing slot would look like an unused rate.
const CONCURRENCY = 200
/** Rounds for the cost of pacing. */
const ROUNDS = 5
const ROUND_SECONDS = 0.5
const WARM_UPS = 3

const body = new TextEncoder().encode('{}')
const instant: Transport = {
  send: ({ url }) =>
    Promise.resolve<Reply>({
      kind: 'reply',
      status: 200,
      statusText: 'OK',
      headers: [],
      body,
      url,
      integrity: 'length',
      protocol: 'http/1.1',
    }),
  close: () => Promise.resolve(),
}

const server = fork(new URL('./support/stamp-server.ts', import.meta.url), {
  stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
})
const [origin] = (await once(server, 'message')) as [string]

async function takeStamps(): Promise<number[]> {
  server.send('stamps')
  const [stampsMs] = (await once(server, 'message')) as [number[]]
  return stampsMs
}

/** Passes this many requests at once: those that cannot go yet are the backlog. */
async function run(transport: Transport, requests: number, rateLimit?: Case['rateLimit']): Promise<Spent> {
  const urls = Array.from({ length: requests }, (_, index) => `${origin}/items/${index}`)
  await using client = new ParallelRequests({
    transport,
    concurrency: CONCURRENCY,
    ...(rateLimit !== undefined && { rateLimit }),
  })
  const startedAtMs = performance.now()
  const before = process.cpuUsage()
  await client.request(urls)
  const { user, system } = process.cpuUsage(before)
  return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - startedAtMs }
}

/** CPU with the rate less CPU without it, as a share of the elapsed time: the share of one core. */
const extra = (paced: Spent, unpaced: Spent): number => (paced.cpuMs - unpaced.cpuMs) / paced.wallMs

/** The pacing's share of a core in each case. The cases take turns, so that a busy moment hits one round of each. */
async function pacingOf(cases: readonly Case[]): Promise<number[]> {
  // Warm-up: compilation is not part of the pacing.
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) {
    await run(instant, 20_000)
    await run(instant, 5_000, '5000/s')
  }
  const rounds: number[][] = cases.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, { rateLimit, rates }] of cases.entries()) {
      const [{ limit, burst }] = rates
      const requests = burst + Math.ceil(limit * ROUND_SECONDS)
      const unpaced = await run(instant, requests)
      const paced = await run(instant, requests, rateLimit)
      rounds[index]?.push(extra(paced, unpaced))
    }
  }
  return rounds.map(median)
}

interface Row {
  readonly name: string
  readonly cells: readonly string[]
  readonly broken: readonly string[]
}

/** Measures on the wire; `pacing` is measured separately. */
async function measure({ rateLimit, rates, requests }: Case, pacing: number): Promise<Row> {
  const transport = stampedTransport()
  // Also opens the connections, whose cost is not caused by the rate.
  const unpaced = await run(transport, requests)
  await takeStamps()
  transport.startsMs.length = 0
  const paced = await run(transport, requests, rateLimit)
  const arrivalsMs = await takeStamps()
  await transport.close()

  const startsMs = transport.startsMs.map(startMs => startMs + MONOTONIC_OFFSET_MS)
  const lagsMs = arrivalsMs.map((arrivalMs, index) => arrivalMs - (startsMs[index] ?? NaN)).toSorted((a, b) => a - b)
  const lagMs = (share: number): number => lagsMs[Math.min(lagsMs.length - 1, Math.floor(lagsMs.length * share))] ?? NaN
  const overAtGateMs = breachMs(startsMs, rates)
  const overAtServerMs = breachMs(arrivalsMs, rates)
  const spreadMs = lagMs(1) - lagMs(0)
  const used = idealMs(requests, rates) / ((arrivalsMs.at(-1) ?? NaN) - (startsMs[0] ?? NaN))

  const [{ limit }] = rates
  const minUsed = limit > 1_000 ? MIN_USED_ABOVE_1000 : MIN_USED
  const broken: string[] = []
  if (startsMs.length !== requests || arrivalsMs.length !== requests)
    broken.push(`${startsMs.length} starts and ${arrivalsMs.length} arrivals of ${requests} requests`)
  if (overAtGateMs > 0) broken.push(`over by ${overAtGateMs.toFixed(2)} ms at the gate`)
  if (overAtServerMs > spreadMs) broken.push(`over by ${overAtServerMs.toFixed(2)} ms at the server`)
  if (!(used >= minUsed)) broken.push(`${percent(used)} used, expected ${percent(minUsed)}`)
  if (!(pacing <= MAX_PACING)) broken.push(`pacing took ${percent(pacing)} of a core, expected ${percent(MAX_PACING)}`)

  const name = typeof rateLimit === 'object' ? inspect(rateLimit) : `'${String(rateLimit)}'`
  const most = rates.map(rate => `${mostIn(rate.intervalMs, arrivalsMs)} of ${rate.limit}`).join(', ')
  const lags = `${lagMs(0.5).toFixed(1)} / ${lagMs(0.99).toFixed(1)} / ${lagMs(1).toFixed(1)} ms`
  const over = overAtGateMs > 0 ? `${overAtGateMs.toFixed(2)} ms` : 'never'
  const cells = [String(requests), percent(used), over, most, lags, percent(pacing), percent(extra(paced, unpaced))]
  return { name, cells, broken }
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

function inspect(rateLimit: object): string {
  return JSON.stringify(rateLimit)
    .replaceAll('"', "'")
    .replaceAll(/'(\w+)':/g, '$1: ')
    .replaceAll(',', ', ')
}

const HEAD = [
  '`rateLimit`',
  'requests',
  'share of the rate used',
  'limit exceeded, at the gate',
  'largest count per interval, at the server',
  'gate to server: median / p99 / max',
  'CPU for pacing',
  'CPU with connections',
]

const page = (rows: readonly Row[]): string => `# Rates, measured

How closely the rate limiter keeps to a rate, and how much CPU time that takes. Written by \`node bench/rates.ts --write\`
(Node ${process.version}, ${availableParallelism()} cores). \`npm run bench\` repeats the measurement and fails if a value is out of its bound.

| ${HEAD.join(' | ')} |
|${'---|'.repeat(HEAD.length)}
${rows.map(({ name, cells }) => `| \`${name}\` | ${cells.join(' | ')} |`).join('\n')}

All requests are passed to the client at once, with \`concurrency: ${CONCURRENCY}\`, so a backlog remains until the last request
starts. The server is another process, on 127.0.0.1. Client and server read the same monotonic clock of the machine.

- **share of the rate used**: the shortest time in which this many requests may start at these rates, divided by the time
  from the first start to the last arrival at the server. Bound: at least ${percent(MIN_USED)}, or ${percent(MIN_USED_ABOVE_1000)} above 1,000 requests per second. The
  share can slightly exceed 100 %, because the limiter may make up for a timer that fires up to 5 ms late.
- **limit exceeded, at the gate**: the gate is the part of the client that releases requests, and the place where the limit is
  guaranteed. In any time span \`w\` it releases at most \`burst + rate · (w + 5 ms)\` requests, and in any interval at most
  \`limit\`. The bench checks this for every pair of starts. Bound: never exceeded.
- **largest count per interval, at the server**: the largest number of arrivals in any one interval, without a tolerance.
  Requests that start evenly may arrive in a bunch, because of delays in the connection and in the server. The bound is that
  of the gate, plus the difference between the longest and the shortest delay from gate to server.
- **gate to server**: the time from the start of a request to the server's handler.
- **CPU for pacing**: the CPU time with the rate minus the CPU time without it, divided by the elapsed time: a share of one
  core. Both runs send the same number of requests through a transport that responds at once. The difference includes every
  timer, every wake-up of the process and every decision of the gate. Median of ${ROUNDS} rounds of ${ROUND_SECONDS} s. Bound: at most ${percent(MAX_PACING)}.
- **CPU with connections**: the same difference over real connections, measured once. It is usually larger, and not only because
  of the pacing: without a rate, the kernel and Node handle many responses in one turn of the event loop; when requests are
  spread over time, each response needs a turn of its own. No bound.

## A server with the same limit

A server counts a request when it arrives, which is after it leaves the gate. To stay below the server's limit, the limiter
counts a request until one interval after the latest moment at which the server can have counted it. That moment is the time
at which the request was written plus 50 ms or a twentieth of the interval, whichever is longer, but not later than the end
of the attempt. \`node bench/strict.ts\` runs a server that enforces the client's own limit with an exact sliding log. Bound:
the server refuses at most 1 request in 1,000, or 1 in 100 while other programs keep every core busy.
`

const pacings = await pacingOf(CASES)
const rows: Row[] = []
for (const [index, one] of CASES.entries()) {
  const row = await measure(one, pacings[index] ?? NaN)
  rows.push(row)
  console.log(`${row.name.padEnd(44)} ${row.cells.join('  ')}`)
  for (const problem of row.broken) console.log(`  NOT held: ${problem}`)
}
server.disconnect()
const held = rows.every(({ broken }) => broken.length === 0)
console.log(`bounds: ${held ? 'held' : 'NOT held'}`)
if (process.argv.includes('--write')) writeFileSync(new URL('../docs/rates.md', import.meta.url), page(rows))
process.exitCode = held ? 0 : 1
