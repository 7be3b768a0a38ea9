/**
 * Requests that follow from others: what one costs compared with a listed one, how fast pages with a known total are
 * compared with listed ones, and the live heap while a million items come in pages. Fresh processes that take turns.
 *
 * Arguments: `cost`, `parallel` or `heap` (default all three), and the number of pairs (default 15).
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { median, serve } from './support/measure.ts'
import type { FollowRun } from './support/follow-run.ts'

/** The bounds that the project promises. */
const MAX_COST_RATIO = 1.05
const MIN_SPEED_RATIO = 0.9
const MAX_HEAP_GROWTH_BYTES = 1_000_000

const REQUESTS = 100_000
const ITEMS = 1_000_000
const ROUNDS = 8

async function run(args: readonly (string | number)[], execArgv: readonly string[] = []): Promise<FollowRun> {
  const child = fork(new URL('./support/follow-run.ts', import.meta.url), args.map(String), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: [...execArgv],
  })
  const [[told]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [[FollowRun], unknown]
  return told
}

const spread = (numbers: readonly number[], digits: number): string =>
  `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`

/** The ratios of two ways, of pairs that follow each other. */
async function compare(
  names: readonly [string, string],
  figure: 'cpuUs' | 'ms',
  number: number,
  origin: string,
): Promise<number[]> {
  const figures: [number[], number[]] = [[], []]
  for (let pair = 0; pair < PAIRS; pair++) {
    // Which of the two comes first changes, so that neither profits from it.
    for (const side of pair % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      figures[side].push((await run([names[side], number, origin]))[figure])
    }
  }
  for (const side of [0, 1] as const) console.log(`  ${names[side]}: ${spread(figures[side], 2)} ${figure}`)
  return figures[0].map((one, pair) => one / (figures[1][pair] as number))
}

const given = process.argv.slice(2)
const PAIRS = Number(given.find(text => /^\d+$/.test(text)) ?? 15)
const asked = given.filter(text => !/^\d+$/.test(text))
const isAsked = (what: string): boolean => asked.length === 0 || asked.includes(what)
const problems: string[] = []

if (isAsked('cost')) {
  const server = await serve(new URL('./support/server.ts', import.meta.url))
  console.log(`CPU time of a request, ${PAIRS} pairs of ${REQUESTS} requests, median (least to most)`)
  const ratios = await compare(['followed', 'listed'], 'cpuUs', REQUESTS, server.url)
  server.close()
  console.log(`  followed / listed ${spread(ratios, 3)}`)
  if (median(ratios) > MAX_COST_RATIO) problems.push(`cost: expected at most ${MAX_COST_RATIO} ×`)
}
if (isAsked('parallel')) {
  const server = await serve(new URL('./support/paged-server.ts', import.meta.url))
  console.log(`time for 1,000 pages, ${PAIRS} pairs, median (least to most)`)
  const ratios = (await compare(['pages', 'urls'], 'ms', ROUNDS, server.url)).map(ratio => 1 / ratio)
  server.close()
  console.log(`  speed of pages / of listed URLs ${spread(ratios, 3)}`)
  if (median(ratios) < MIN_SPEED_RATIO) problems.push(`parallel: expected at least ${MIN_SPEED_RATIO} ×`)
}
if (isAsked('heap')) {
  const server = await serve(new URL('./support/paged-server.ts', import.meta.url))
  const { heapBytes } = await run(['items', ITEMS, server.url], ['--expose-gc'])
  server.close()
  console.log(`live heap over ${ITEMS} items: ${heapBytes.map(bytes => (bytes / 1e6).toFixed(2)).join(' ')} MB`)
  // The first tenth compiles the code.
  const [, first = 0] = heapBytes
  if ((heapBytes.at(-1) ?? 0) - first > MAX_HEAP_GROWTH_BYTES) problems.push('the live heap grew')
}
console.log(problems.length === 0 ? 'bounds: held' : `bounds: NOT held\n${problems.join('\n')}`)
process.exitCode = problems.length === 0 ? 0 : 1
