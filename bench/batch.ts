/**
 * What a batch over many machines costs, with verdicts. Needs `redis-server`; run it on an otherwise idle machine.
 * `npm run nightly:batch`, or one of its parts: `npm run nightly:batch -- worker`
 *
 * - `worker`: a worker has at least 0.9 × of the throughput of a local run with a run file, on the same list, with a server
 *   that answers at once. Pairs of fresh processes, in turn.
 * - `two`: two workers need at most 0.55 × of the time of one, with a server that answers after 50 ms.
 * - `model`: what a billion requests take, from what one worker and its Redis were measured to need. No verdict.
 * - `submit`: 10 million URLs by reference (or as many as the next argument says) need at most 150 MB of the submitter and
 *   20 MB of Redis.
 */
import { fork, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { BatchRun, BatchRunArgs } from './support/batch-run.ts'
import { machine } from './support/machine.ts'
import { median, serve } from './support/measure.ts'
import { collect } from '../src/distributed/index.ts'
import { connectRedis } from '../src/distributed/redis.ts'
import { NO_REDIS, redisServer } from '../test/distributed/redis.ts'

const LEAST_SHARE = 0.9
const PAIRS = 5
const REQUESTS = 200_000
const CONCURRENCY = 100

const MOST_OF_ONE = 0.55
const ROUNDS = 3
const LATE_REQUESTS = 30_000
const LATE_CHUNK_ROWS = 250

const MODELLED = 1e9
const MODEL_REQUESTS = 100_000
const QUEUED = 2_000_000
/** Of responses, with their headers. The model assumes that all workers share one link. */
const MODEL_BODY_BYTES = 10_000
const LINK_BITS = 10e9

const SUBMITTED = 10_000_000
const MOST_SUBMITTER_MB = 150
const MOST_REDIS_MB = 20

if (NO_REDIS) {
  console.log('skipped: redis-server is not installed')
  process.exit()
}

const folder = mkdtempSync(join(tmpdir(), 'preq-bench-'))
const server = await serve(new URL('./support/batch-server.ts', import.meta.url))
let failed = false
let batches = 0

function judge(what: string, holds: boolean, figures: string): void {
  failed ||= !holds
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${what}: ${figures}`)
}

const spread = (numbers: readonly number[], digits: number): string =>
  `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`

async function listOf(count: number, base: string): Promise<string> {
  const path = join(folder, `${count}.txt`)
  const file = await open(path, 'w')
  for (let from = 0; from < count; from += 10_000) {
    const urls = Array.from({ length: Math.min(10_000, count - from) }, (_, at) => `${base}${from + at}\n`)
    await file.write(urls.join(''))
  }
  await file.close()
  return path
}

type Mode = 'local' | 'worker' | 'submit'

/** A fresh process that has loaded its modules. */
async function ready(mode: Mode, args: BatchRunArgs): Promise<ChildProcess> {
  const child = fork(new URL('./support/batch-run.ts', import.meta.url), [mode, JSON.stringify(args)])
  await once(child, 'message')
  return child
}

async function run(child: ChildProcess): Promise<BatchRun> {
  child.send('go')
  const [[told]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [[BatchRun], unknown]
  return told
}

/** How many results a run file has. */
async function countResults(path: string): Promise<number> {
  let count = 0
  for await (const line of createInterface({ input: createReadStream(path) })) if (line.includes('"index":')) count++
  return count
}

interface Given {
  readonly list: string
  readonly requests: number
  /** Default: that of a submit. */
  readonly chunkRows?: number | undefined
  readonly chunks: number
}

async function local({ list, requests, ...given }: Given): Promise<BatchRun> {
  const output = join(folder, `${batches++}.jsonl`)
  const told = await run(
    await ready('local', { ...given, list, output, broker: '', batch: '', concurrency: CONCURRENCY }),
  )
  const count = await countResults(output)
  if (count !== requests) throw new Error(`expected ${requests} results, got ${count}`)
  rmSync(output)
  return told
}

/** How long workers take for a list that has been submitted, from their start until the last of them has ended. */
async function workers(count: number, { list, requests, ...given }: Given): Promise<BatchRun> {
  await using redis = await redisServer()
  const batch = `b${batches++}`
  const output = join(folder, batch)
  const args: BatchRunArgs = { ...given, list, output, broker: redis.url, batch, concurrency: CONCURRENCY }
  await run(await ready('submit', args))
  const children = await Promise.all(Array.from({ length: count }, () => ready('worker', args)))
  const told = await Promise.all(children.map(run))
  const collected = await collect({ results: output, output: `${output}.jsonl` })
  if (collected.requests !== requests) throw new Error(`expected ${requests} results, got ${collected.requests}`)
  rmSync(output, { recursive: true })
  rmSync(`${output}.jsonl`)
  return told.toSorted((a, b) => b.tookMs - a.tookMs)[0] as BatchRun
}

/** Requests per second, as a multiple of those of a local run. */
async function measureWorker(): Promise<void> {
  const list = await listOf(REQUESTS, `${server.url}/now/`)
  const given = { list, requests: REQUESTS, chunks: 8 }
  const there: BatchRun[] = []
  const here: BatchRun[] = []
  for (let pair = 0; pair < PAIRS; pair++) {
    // Which of the two comes first changes, so that neither profits from it.
    for (const isLocal of pair % 2 === 0 ? [true, false] : [false, true]) {
      if (isLocal) here.push(await local(given))
      else there.push(await workers(1, given))
    }
  }
  const shares = there.map(({ tookMs }, pair) => (here[pair] as BatchRun).tookMs / tookMs)
  const cpu = there.map(({ cpuMs }, pair) => cpuMs / (here[pair] as BatchRun).cpuMs)
  const perSecond = (runs: readonly BatchRun[]): string =>
    spread(
      runs.map(({ tookMs }) => REQUESTS / (tookMs / 1_000)),
      0,
    )
  console.log(`     a local run ${perSecond(here)} requests/s, a worker ${perSecond(there)}; CPU ${spread(cpu, 2)} ×`)
  judge(
    `a worker has at least ${LEAST_SHARE} × of the throughput of a local run`,
    median(shares) >= LEAST_SHARE,
    `${spread(shares, 3)} ×, ${PAIRS} pairs of ${REQUESTS} requests`,
  )
}

async function measureTwo(): Promise<void> {
  const list = await listOf(LATE_REQUESTS, `${server.url}/late/`)
  const given = { list, requests: LATE_REQUESTS, chunkRows: LATE_CHUNK_ROWS, chunks: 8 }
  const shares: number[] = []
  const took: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    const [one, two] = [await workers(1, given), await workers(2, given)]
    took[0].push(one.tookMs / 1_000)
    took[1].push(two.tookMs / 1_000)
    shares.push(two.tookMs / one.tookMs)
  }
  console.log(`     one worker ${spread(took[0], 2)} s, two ${spread(took[1], 2)} s`)
  judge(
    `two workers need at most ${MOST_OF_ONE} × of the time of one`,
    median(shares) <= MOST_OF_ONE,
    `${spread(shares, 3)} ×, ${ROUNDS} rounds of ${LATE_REQUESTS} requests`,
  )
}

/** `preq submit` of the build, as a user runs it. */
async function preqSubmit(args: readonly string[]): Promise<Pick<BatchRun, 'tookMs' | 'rssMb'>> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, ['dist/cli/main.js', 'submit', ...args], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  let rssMb = NaN
  const looking = setInterval(() => {
    try {
      // The peak of its resident set so far.
      const text = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      rssMb = Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? rssMb * 1_024) / 1_024
    } catch {
      // It has ended.
    }
  }, 20)
  const [code] = (await ended) as [number | null]
  clearInterval(looking)
  if (code !== 0) throw new Error(`preq submit ended with ${code}`)
  return { tookMs: performance.now() - startedAtMs, rssMb }
}

async function measureSubmit(count: number): Promise<void> {
  await using redis = await redisServer()
  const list = await listOf(count, 'http://api.example.com/v2/catalogue/items/')
  const batch = 'submitted'
  const output = join(folder, batch)
  const connection = await connectRedis(redis.url, 'broker')
  const usedMb = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await connection.info('memory'))?.[1]) / 1e6
  const beforeMb = await usedMb()
  const told = await preqSubmit(['-i', list, '--broker', redis.url, '--batch', batch, '--results', output])
  const redisMb = (await usedMb()) - beforeMb
  connection.disconnect()
  const gb = statSync(list).size / 1e9
  rmSync(list)
  console.log(
    `     ${count.toLocaleString('en')} URLs, ${gb.toFixed(2)} GB, in ${(told.tookMs / 1_000).toFixed(1)} s: ${Math.round(count / (told.tookMs / 1_000)).toLocaleString('en')} URLs/s`,
  )
  judge(
    `the submitter needs at most ${MOST_SUBMITTER_MB} MB`,
    told.rssMb <= MOST_SUBMITTER_MB,
    `${told.rssMb.toFixed(0)} MB`,
  )
  judge(`Redis needs at most ${MOST_REDIS_MB} MB`, redisMb <= MOST_REDIS_MB, `${redisMb.toFixed(1)} MB`)
}

/** What one worker and its Redis need for a chunk of 1,000, and what follows for a billion requests. */
async function measureModel(): Promise<void> {
  await using redis = await redisServer()
  const connection = await connectRedis(redis.url, 'broker')
  const info = async (section: string, field: string): Promise<number> =>
    Number(new RegExp(`${field}:([\\d.]+)`).exec(await connection.info(section))?.[1])
  const cpuMs = async (): Promise<number> =>
    1_000 * ((await info('cpu', 'used_cpu_user')) + (await info('cpu', 'used_cpu_sys')))
  const list = await listOf(MODEL_REQUESTS, `${server.url}/now/`)
  const output = join(folder, 'model')
  const args = {
    list,
    output,
    broker: redis.url,
    batch: 'model',
    concurrency: CONCURRENCY,
    chunkRows: 1_000,
    chunks: 8,
  }
  const chunks = MODEL_REQUESTS / args.chunkRows
  const submitted = await run(await ready('submit', args))
  // Another batch, when Redis has the scripts already.
  const many = {
    ...args,
    list: await listOf(QUEUED, `${server.url}/now/`),
    output: `${output}-queued`,
    batch: 'queued',
  }
  const usedBytes = await info('memory', 'used_memory')
  await run(await ready('submit', many))
  const chunkBytes = ((await info('memory', 'used_memory')) - usedBytes) / (QUEUED / args.chunkRows)
  const idleMs = await cpuMs()
  const told = await run(await ready('worker', args))
  const redisMs = ((await cpuMs()) - idleMs) / chunks
  connection.disconnect()
  await collect({ results: output, output: `${output}.jsonl` })
  const lineBytes = statSync(`${output}.jsonl`).size / MODEL_REQUESTS
  const perWorker = MODEL_REQUESTS / (told.tookMs / 1_000)
  const ofCpu = 1_000 / (told.cpuMs / MODEL_REQUESTS)
  const ofRedis = (args.chunkRows / redisMs) * 1_000
  const ofLink = LINK_BITS / 8 / MODEL_BODY_BYTES
  const count = (number: number): string => Math.round(number).toLocaleString('en')
  console.log(
    `     a worker: ${count(perWorker)} requests/s here, ${count(ofCpu)} per second of CPU time, ${told.rssMb.toFixed(0)} MB`,
  )
  console.log(
    `     Redis: ${redisMs.toFixed(2)} ms of CPU time and ${count(chunkBytes)} bytes per chunk of ${args.chunkRows}`,
  )
  console.log(
    `     submit: ${count(MODEL_REQUESTS / (submitted.tookMs / 1_000))} URLs/s; a result has ${count(lineBytes)} bytes`,
  )
  console.log(
    `     ${count(MODELLED)} requests: ${((MODELLED / args.chunkRows) * chunkBytes * 1e-9).toFixed(2)} GB of Redis, ${count((MODELLED * lineBytes) / 1e9)} GB of results, written twice`,
  )
  for (const fleet of [1, 20, 200]) {
    const wanted = fleet * ofCpu
    const perSecond = Math.min(wanted, ofRedis, ofLink)
    const limit = perSecond === wanted ? 'the CPU of the workers' : perSecond === ofLink ? 'the network' : 'Redis'
    console.log(
      `     ${fleet} workers with a core each: ${count(perSecond)}/s, ${(MODELLED / perSecond / 3_600).toFixed(1)} h, ` +
        `Redis ${((100 * perSecond) / ofRedis).toFixed(1)} % of a core, results ${count((2 * perSecond * lineBytes) / 1e6)} MB/s, bound by ${limit}`,
    )
  }
  console.log(
    `     ceilings: Redis ${count(ofRedis)}/s, a link of 10 Gbit/s ${count(ofLink)}/s with ${count(MODEL_BODY_BYTES)} bytes per response`,
  )
}

const asked = process.argv.slice(2)
const isAsked = (what: string): boolean => asked.includes(what) || asked.every(text => /^\d/.test(text))
const busy = (): string =>
  `load ${loadavg()
    .map(load => load.toFixed(1))
    .join(' ')}`
console.log(`     ${machine()}, ${busy()} before`)
try {
  if (isAsked('worker')) await measureWorker()
  if (isAsked('two')) await measureTwo()
  if (isAsked('model')) await measureModel()
  if (isAsked('submit')) await measureSubmit(Number(asked.find(text => /^\d+$/.test(text)) ?? SUBMITTED))
} finally {
  console.log(`     ${busy()} after`)
  server.close()
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
