/**
 * Whether the cost of a request changes after a million others. Compares the CPU of blocks of 10,000 requests at the
 * end of a long batch with blocks of a young batch after the same warm-up, in turn, each batch in its own process.
 * Prints each young batch; the exit code says whether the bound held. With `--write` it writes the second part of
 * docs/scale.md.
 *
 * Arguments: number of requests of the long batch before its blocks (default a million), and cases (default those with
 * a sink).
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Spent } from './support/drift-run.ts'
import { median } from './support/measure.ts'
import { writeScalePart } from './support/scale-page.ts'
import { CASES, caseOf, serve, start } from './support/scale-cases.ts'
import type { ScaleCase } from './support/scale-cases.ts'

const BLOCK = 10_000
/**
 * Includes the pauses: after the first ones the code is compiled again, because settling many writes at once is new to
 * it.
 */
const WARM_UP_BLOCKS = 8
/**
 * Requests before each block that are not counted: connections that were idle for long are closed and must be made
 * again.
 */
const LEAD_IN = 2_000
/** Each in a new process, because its compiled code and its memory vary by chance. */
const YOUNG_ONES = 5
/**
 * Number of pairs of blocks with each young batch. Other load on the machine changes a single pair by up to a third.
 */
const PAIRS = 7
/** The bound that the project promises, in both directions. */
const MAX_DRIFT = 0.1

interface Row {
  readonly cells: readonly string[]
  readonly isHeld: boolean
}

const inUs = (blocksUs: readonly number[]): string => median(blocksUs).toFixed(1)

async function spend(child: ChildProcess, requests: number): Promise<Spent> {
  child.send(requests)
  const [spent] = (await once(child, 'message')) as [Spent]
  return spent
}

async function warmUp(child: ChildProcess): Promise<void> {
  for (let nth = 0; nth < WARM_UP_BLOCKS; nth++) await spend(child, BLOCK)
}

/** Microseconds per request of one block. */
async function block(child: ChildProcess): Promise<number> {
  await spend(child, LEAD_IN)
  return (await spend(child, BLOCK)).cpuUs / BLOCK
}

async function end(child: ChildProcess): Promise<void> {
  child.send(0)
  await once(child, 'exit')
}

/** Cost of the first blocks after the warm-up, and of the last ones, without pauses. */
async function age(long: ChildProcess, requests: number): Promise<{ few: number; earlyUs: number; lateUs: number }> {
  const { blocksUs } = await spend(long, requests)
  const few = Math.min(11, blocksUs.length >> 1)
  return { few, earlyUs: median(blocksUs.slice(0, few)) / BLOCK, lateUs: median(blocksUs.slice(-few)) / BLOCK }
}

async function drift(one: ScaleCase, total: number): Promise<Row> {
  const { name, says } = one
  const server = await serve(one)
  const long = start('drift-run', [name, ...server.origins])
  await warmUp(long)
  const { few, earlyUs, lateUs } = await age(long, total - WARM_UP_BLOCKS * BLOCK)
  const inOneGo = (lateUs / earlyUs).toFixed(3)
  console.log(
    `${name}, in one go: first ${few} blocks ${earlyUs.toFixed(1)}, last ${few} ${lateUs.toFixed(1)} µs/request: ${inOneGo}`,
  )
  const youngUs: number[] = []
  const longUs: number[] = []
  for (let nth = 0; nth < YOUNG_ONES; nth++) {
    const young = start('drift-run', [name, ...server.origins])
    await warmUp(young)
    for (let pair = 0; pair < PAIRS; pair++) {
      if (pair % 2 === 1) youngUs.push(await block(young))
      longUs.push(await block(long))
      if (pair % 2 === 0) youngUs.push(await block(young))
    }
    await end(young)
    const [youngOf, longOf] = [youngUs.slice(-PAIRS), longUs.slice(-PAIRS)].map(median) as [number, number]
    console.log(`  young ${youngOf.toFixed(1)}, long ${longOf.toFixed(1)} µs/request: ${(longOf / youngOf).toFixed(3)}`)
  }
  await end(long)
  server.close()
  const ratio = median(longUs) / median(youngUs)
  const isHeld = Math.abs(ratio - 1) <= MAX_DRIFT
  console.log(
    `${name}: after ${total.toLocaleString('en')} requests, long / young ${ratio.toFixed(3)}` +
      ` by medians of ${longUs.length} blocks; bound: 1 ± ${MAX_DRIFT}, ${isHeld ? 'held' : 'NOT held'}`,
  )
  const cells = [says, total.toLocaleString('en'), inUs(youngUs), inUs(longUs), ratio.toFixed(3), inOneGo]
  return { isHeld, cells }
}

const HEAD = [
  'case',
  'requests before',
  'young batch, µs/request',
  'long batch, µs/request',
  'long / young',
  'last / first, without pauses',
]

const page = (rows: readonly Row[]): string => `
Whether a request costs more after a million others in the same batch. Written by \`npm run nightly:drift -- --write\`. Costs are
the user and system time of the client's process.

| ${HEAD.join(' | ')} |
|${'---|'.repeat(HEAD.length)}
${rows.map(({ cells }) => `| ${cells.join(' | ')} |`).join('\n')}

- **young batch**: ${YOUNG_ONES} batches, one after the other, each in a process of its own. Each sends ${(WARM_UP_BLOCKS * BLOCK).toLocaleString('en')} requests as a warm-up,
  then ${PAIRS} blocks of ${BLOCK.toLocaleString('en')} requests, which are measured. The median of all blocks.
- **long batch**: one batch in one process, with the same warm-up. It sends the number of requests in the second column before
  its first block is measured, and as many blocks as the young batches. Between blocks its sink makes it wait. The median of
  all blocks.
- **long / young**: the ratio of the two medians. Bound: 1 ± ${MAX_DRIFT * 100} %. On a shared machine, a single pair of blocks differs by up to
  a third.
- **last / first, without pauses**: the long batch alone, before the measured blocks: the median of its last 11 blocks, divided
  by that of the first 11 after the warm-up. No bound: minutes lie between them, in which the load of the machine changes.

Blocks of a young batch and of the long batch are measured in pairs, one right after the other, and they take turns in being
first. So other load on the machine affects both alike. Before each block, ${LEAD_IN.toLocaleString('en')} requests are sent that do not count: they open the
connections again that were closed because they were idle for a few seconds.
`

const given = process.argv.slice(2).filter(text => text !== '--write')
const total = /^\d+$/.test(given[0] ?? '') ? Number(given.shift()) : 1_000_000
const rows: Row[] = []
for (const one of given.length === 0 ? CASES.filter(({ sink }) => sink) : given.map(caseOf)) {
  rows.push(await drift(one, total))
}
if (process.argv.includes('--write')) writeScalePart('drift', page(rows))
process.exitCode = rows.every(({ isHeld }) => isHeld) ? 0 : 1
