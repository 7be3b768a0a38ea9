/**
 * What statistics cost: the CPU time of a request with them and without, in fresh processes that take turns, and the
 * live heap of a run with them, which must not grow.
 *
 * Arguments: `cpu` or `heap` (default both), and the number of requests of the longest run for the heap (default ten
 * million).
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { median, serve } from './support/measure.ts'
import type { StatisticsRun } from './support/statistics-run.ts'

const PAIRS = 15
const REQUESTS = 100_000
/** The bound that the project promises. */
const MAX_RATIO = 1.02
const MAX_HEAP_GROWTH_BYTES = 1_000_000

async function run(args: readonly (string | number)[], execArgv: readonly string[] = []): Promise<StatisticsRun> {
  const child = fork(new URL('./support/statistics-run.ts', import.meta.url), args.map(String), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...execArgv],
  })
  const [[told]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [[StatisticsRun], unknown]
  return told
}

const spread = (numbers: readonly number[], digits: number): string =>
  `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`

/** The ratio with and without statistics, of pairs that follow each other. */
async function measureCpu(where: string, origin: string): Promise<number> {
  const [on, off]: [number[], number[]] = [[], []]
  for (let pair = 0; pair < PAIRS; pair++) {
    // Which of the two comes first changes, so that neither profits from it.
    const order = pair % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)
    for (const mode of order) {
      const { cpuUs } = await run([mode, REQUESTS, origin])
      ;(mode === 'on' ? on : off).push(cpuUs)
    }
  }
  const ratios = on.map((cpuUs, pair) => cpuUs / (off[pair] as number))
  const differences = on.map((cpuUs, pair) => cpuUs - (off[pair] as number))
  console.log(`${where}: ${PAIRS} pairs of ${REQUESTS} requests, median (least to most)`)
  console.log(`  with     ${spread(on, 2)} µs/request`)
  console.log(`  without  ${spread(off, 2)} µs/request`)
  console.log(`  with − without ${spread(differences, 2)} µs, with / without ${spread(ratios, 3)}`)
  return median(ratios)
}

/** The live heap at a tenth of the longest run, compared with its end. */
async function measureHeap(requests: number): Promise<boolean> {
  const { heapBytes } = await run(['on', requests, 'none'], ['--expose-gc'])
  const [first = 0, last = 0] = [heapBytes[0], heapBytes.at(-2)]
  const mb = (bytes: number): string => (bytes / 1_000_000).toFixed(2)
  console.log(
    `live heap over ${requests.toLocaleString('en')} requests to 300 hosts: ${heapBytes.map(mb).join(' ')} MB`,
  )
  return last - first <= MAX_HEAP_GROWTH_BYTES
}

const given = process.argv.slice(2)
const requests = Number(given.find(text => /^\d+$/.test(text)) ?? 10_000_000)
const isAsked = (what: string): boolean => given.includes(what) || !(given.includes('cpu') || given.includes('heap'))
const problems: string[] = []
if (isAsked('cpu')) {
  const server = await serve(new URL('./support/server.ts', import.meta.url))
  const ratio = await measureCpu('over sockets', server.url)
  server.close()
  if (ratio > MAX_RATIO) problems.push(`over sockets: expected at most ${MAX_RATIO} ×, got ${ratio.toFixed(3)} ×`)
  // The same work is a larger part of a request that costs nothing on the wire, so it is seen more clearly.
  await measureCpu('without a network', 'none')
}
if (isAsked('heap') && !(await measureHeap(requests))) problems.push('the live heap grew')
console.log(problems.length === 0 ? 'bounds: held' : `bounds: NOT held\n${problems.join('\n')}`)
process.exitCode = problems.length === 0 ? 0 : 1
