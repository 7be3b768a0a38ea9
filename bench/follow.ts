/** What a request costs that follows from another one, compared with a listed one: fresh processes that take turns. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { median, serve } from './support/measure.ts'
import type { FollowRun } from './support/follow-run.ts'

const PAIRS = Number(process.argv[2] ?? 15)
const REQUESTS = 100_000
/** The bound that the project promises. */
const MAX_RATIO = 1.05

async function run(mode: 'listed' | 'followed', origin: string): Promise<number> {
  const child = fork(new URL('./support/follow-run.ts', import.meta.url), [mode, String(REQUESTS), origin], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [[told]] = (await Promise.all([once(child, 'message'), once(child, 'exit')])) as [[FollowRun], unknown]
  return told.cpuUs
}

const spread = (numbers: readonly number[], digits: number): string =>
  `${median(numbers).toFixed(digits)} (${Math.min(...numbers).toFixed(digits)} to ${Math.max(...numbers).toFixed(digits)})`

const server = await serve(new URL('./support/server.ts', import.meta.url))
const [followed, listed]: [number[], number[]] = [[], []]
for (let pair = 0; pair < PAIRS; pair++) {
  // Which of the two comes first changes, so that neither profits from it.
  for (const mode of pair % 2 === 0 ? (['followed', 'listed'] as const) : (['listed', 'followed'] as const)) {
    ;(mode === 'followed' ? followed : listed).push(await run(mode, server.url))
  }
}
server.close()
const ratios = followed.map((cpuUs, pair) => cpuUs / (listed[pair] as number))
console.log(`${PAIRS} pairs of ${REQUESTS} requests, median (least to most)`)
console.log(`  followed ${spread(followed, 2)} µs/request`)
console.log(`  listed   ${spread(listed, 2)} µs/request`)
console.log(`  followed / listed ${spread(ratios, 3)}`)
const ratio = median(ratios)
console.log(ratio <= MAX_RATIO ? 'bounds: held' : `bounds: NOT held: at most ${MAX_RATIO} ×, got ${ratio.toFixed(3)} ×`)
process.exitCode = ratio <= MAX_RATIO ? 0 : 1
