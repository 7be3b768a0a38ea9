/**
 * Millions of requests from a generator, and the memory they take: the live heap, which must stay flat and small, and
 * RSS. Prints each sample and a table; with `--write` it writes the first part of docs/scale.md, which says how each
 * column is measured.
 *
 * Arguments: number of requests (default ten million; cases after the first get a tenth), and which cases.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { CASES, caseOf, CONCURRENCY, serve, start } from './support/scale-cases.ts'
import type { ScaleCase } from './support/scale-cases.ts'
import { writeScalePart } from './support/scale-page.ts'
import type { Sample, Told } from './support/scale-run.ts'
import { trend } from './support/trend.ts'

const MB = 1_000_000
/** The bounds that the project promises. */
const MAX_HEAP_MB = 60
const MAX_RSS_MB = 350
/**
 * Growth of the live heap over the whole run that counts as flat. From 300,000 requests on, one pointer kept per
 * request would exceed it.
 */
const MAX_GROWTH_MB = 1
const SAMPLES = 40
/** While code is being compiled and used for the first time, the heap has not reached its normal size. */
const WARM_UP = 50_000

type End = Extract<Told, { readonly end: unknown }>['end']

interface Row {
  readonly cells: readonly string[]
  readonly problems: readonly string[]
}

const inMb = (bytes: number): string => (bytes / MB).toFixed(1)
const count = (number: number): string => number.toLocaleString('en')

async function run(one: ScaleCase, requests: number): Promise<Row> {
  const server = await serve(one)
  const child = start('scale-run', [one.name, requests, SAMPLES, ...server.origins])
  const samples: Sample[] = []
  let end: End | undefined
  child.on('message', (told: Told) => {
    if ('end' in told) end = told.end
    else {
      const { sample } = told
      samples.push(sample)
      console.log(
        `${one.name.padEnd(8)} ${count(sample.requests).padStart(11)}  heap ${inMb(sample.heapBytes)}  external` +
          ` ${inMb(sample.externalBytes)}  buffers ${inMb(sample.arrayBufferBytes)}  RSS ${inMb(sample.rssBytes)} MB`,
      )
    }
  })
  await once(child, 'exit')
  server.close()
  if (end === undefined) throw new Error(`${one.name}: expected a run to its end, got one that broke off.`)
  return judge(one, requests, samples, end)
}

function judge(one: ScaleCase, requests: number, samples: readonly Sample[], end: End): Row {
  const { totals, counted, maxRssBytes, cpuMs, wallMs } = end
  const settled = samples.filter(sample => sample.requests >= Math.min(WARM_UP, requests / 4))
  const { slope, creep, rise } = trend(settled.map(sample => ({ at: sample.requests, value: sample.heapBytes })))
  const heapMb = Math.max(...samples.map(({ heapBytes }) => heapBytes)) / MB
  const externalBytes = Math.max(...samples.map(sample => sample.externalBytes))
  // Memory that Node releases once must not hide what is kept per request.
  const growthMb = (Math.max(slope, creep) * requests) / MB
  const problems: string[] = []
  const check = (isHeld: boolean, problem: string): void => {
    if (!isHeld) problems.push(`${one.name}: ${problem}`)
  }
  check(
    totals.ok === requests && (counted ?? requests) === requests,
    `expected ${requests} good outcomes, got ${totals.ok}, counted ${counted ?? 'none'}`,
  )
  check(totals.retries > 0 === one.refuseEvery > 0, `expected retries where there are refusals, got ${totals.retries}`)
  check(heapMb <= MAX_HEAP_MB, `expected at most ${MAX_HEAP_MB} MB of live heap, got ${heapMb.toFixed(1)}`)
  check(maxRssBytes <= MAX_RSS_MB * MB, `expected at most ${MAX_RSS_MB} MB RSS, got ${inMb(maxRssBytes)}`)
  check(growthMb <= MAX_GROWTH_MB, `expected growth of at most ${MAX_GROWTH_MB} MB, got ${growthMb.toFixed(2)}`)
  return {
    problems,
    cells: [
      one.says,
      count(requests),
      count(totals.retries),
      heapMb.toFixed(1),
      count(Math.round(slope * MB)),
      growthMb.toFixed(2),
      count(Math.round(rise)),
      inMb(externalBytes),
      inMb(maxRssBytes),
      ((cpuMs * 1_000) / requests).toFixed(1),
      count(Math.round((requests / wallMs) * 1_000)),
    ],
  }
}

const HEAD = [
  'case',
  'requests',
  'retries',
  'live heap, MB',
  'slope, bytes per million',
  'growth, MB',
  'last − first quarter, bytes',
  'external, MB',
  'peak RSS, MB',
  'CPU, µs/request',
  'requests/s',
]

const page = (rows: readonly Row[]): string => `# Scale, measured

How much memory and CPU time millions of requests in one batch take. Written by \`npm run nightly:scale -- --write\` (Node
${process.version}, ${availableParallelism()} cores, shared), which fails if a value is out of its bound. A test repeats it with 300,000 requests.

| ${HEAD.join(' | ')} |
|${'---|'.repeat(HEAD.length)}
${rows.map(({ cells }) => `| ${cells.join(' | ')} |`).join('\n')}

A generator passes distinct URLs to \`client.drain\` with \`concurrency: ${CONCURRENCY}\` and defaults otherwise. Client and server are
separate processes on 127.0.0.1, new ones for each case. The server answers from a buffer on plain sockets and parses nothing,
so the client does not wait for it. 1 MB is a million bytes.

- **live heap**: \`heapUsed\` after a full garbage collection. ${SAMPLES - 1} samples are taken during the run, with the usual number of
  requests in flight, and the largest one counts. It includes Node itself and all loaded code. Bound: at most ${MAX_HEAP_MB}.
- **slope**: of a straight line through the samples of the live heap (least squares). Samples of the first ${count(WARM_UP)} requests
  do not count (in a short run: of the first quarter). The slope is negative if Node released memory of its own during the run.
- **growth**: the slope times the number of requests: how much the live heap grew in the run. One drop of the heap could hide
  a steady growth before and after it. So a second slope is taken, which a single drop does not change: the median of the
  slopes from each sample to the fourth after it. The steeper of the two counts. Bound: at most ${MAX_GROWTH_MB}. One number of 8 bytes
  kept for each of ten million requests would give 80.
- **last − first quarter**: the median live heap of the last quarter of the same samples, minus that of the first. No bound.
- **external**: the largest size of the buffers outside the heap, in the same samples.
- **peak RSS**: the maximum of the whole run, as the kernel counted it for the client's process. It includes garbage that Node
  had not collected yet. Bound: at most ${MAX_RSS_MB}.
- **CPU**: user and system time of the client's process, including warm-up and samples.
`

const given = process.argv.slice(2).filter(text => text !== '--write')
const requests = /^\d+$/.test(given[0] ?? '') ? Number(given.shift()) : 10_000_000
const cases = given.length === 0 ? CASES : given.map(caseOf)
const rows: Row[] = []
for (const one of cases) rows.push(await run(one, one === cases[0] ? requests : requests / 10))
for (const { cells } of rows) console.log(`\n${HEAD.map((name, nth) => `${name}: ${cells[nth]}`).join('\n')}`)
const problems = rows.flatMap(row => row.problems)
console.log(`\nbounds: ${problems.length === 0 ? 'held' : `NOT held\n${problems.join('\n')}`}`)
if (process.argv.includes('--write')) writeScalePart('scale', page(rows))
process.exitCode = problems.length === 0 ? 0 : 1
