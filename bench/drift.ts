/**
 * Whether a request costs more, or less, after a million others: CPU of 10,000 at the end of a long batch against 10,000
 * of a young one after the same warm-up, in turn. Prints each round; the exit code says whether the bound held.
 * Arguments: requests of the long batch (a million when left out), cases.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { median } from './support/measure.ts'
import type { Spent } from './support/drift-run.ts'
import { CASES, caseOf, serve, start } from './support/scale-cases.ts'
import type { ScaleCase } from './support/scale-cases.ts'

const BLOCK = 10_000
/** Pauses included: the code is compiled anew after the first ones, because settling many writes at once is new to it. */
const WARM_UP_BLOCKS = 8
/** Before each block, uncounted: connections that were idle for long are closed and have to be made again. */
const LEAD_IN = 2_000
const ROUNDS = 11
/** What the project promises, both ways. */
const MAX_DRIFT = 0.1

async function spend(child: ChildProcess, requests: number): Promise<Spent> {
  child.send(requests)
  const [spent] = (await once(child, 'message')) as [Spent]
  return spent
}

async function block(child: ChildProcess): Promise<number> {
  await spend(child, LEAD_IN)
  return (await spend(child, BLOCK)).cpuUs / BLOCK
}

async function warmUp(child: ChildProcess): Promise<void> {
  for (let nth = 0; nth < WARM_UP_BLOCKS; nth++) await spend(child, BLOCK)
}

async function end(child: ChildProcess): Promise<void> {
  child.send(0)
  await once(child, 'exit')
}

/** The young one's process is a new one in each round: what its memory and its compiled code are like is chance, too. */
async function round(name: string, origins: readonly string[], long: ChildProcess, nth: number) {
  const young = start('drift-run', [name, ...origins])
  await warmUp(young)
  let youngUs
  let longUs
  if (nth % 2 === 0) {
    youngUs = await block(young)
    longUs = await block(long)
  } else {
    longUs = await block(long)
    youngUs = await block(young)
  }
  await end(young)
  return { youngUs, longUs, ratio: longUs / youngUs }
}

async function drift(one: ScaleCase, total: number): Promise<boolean> {
  const { name } = one
  const server = await serve(one)
  const long = start('drift-run', [name, ...server.origins])
  await warmUp(long)
  const { blocksUs } = await spend(long, total - WARM_UP_BLOCKS * BLOCK - ROUNDS * (LEAD_IN + BLOCK))
  const few = Math.max(1, Math.min(11, Math.floor(blocksUs.length / 2)))
  const earlyUs = median(blocksUs.slice(0, few)) / BLOCK
  const lateUs = median(blocksUs.slice(-few)) / BLOCK
  console.log(
    `${name}: ${earlyUs.toFixed(1)} µs/request after the warm-up, ${lateUs.toFixed(1)} before the last blocks, in one go` +
      ` (medians of ${few} × ${BLOCK}): ${(lateUs / earlyUs).toFixed(3)}`,
  )
  const ratios: number[] = []
  for (let nth = 0; nth < ROUNDS; nth++) {
    const { youngUs, longUs, ratio } = await round(name, server.origins, long, nth)
    ratios.push(ratio)
    console.log(`  young ${youngUs.toFixed(1)}  long ${longUs.toFixed(1)} µs/request  ${ratio.toFixed(3)}`)
  }
  await end(long)
  server.close()
  const ratio = median(ratios)
  const isHeld = Math.abs(ratio - 1) <= MAX_DRIFT
  console.log(
    `${name}: ${total.toLocaleString('en')} requests, long / young ${ratio.toFixed(3)}` +
      ` (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)});` +
      ` bound: 1 ± ${MAX_DRIFT}, ${isHeld ? 'held' : 'NOT held'}`,
  )
  return isHeld
}

const [totalText = '1000000', ...names] = process.argv.slice(2)
let isHeld = true
for (const one of names.length === 0 ? CASES.filter(({ sink }) => sink) : names.map(caseOf)) {
  isHeld = (await drift(one, Number(totalText))) && isHeld
}
process.exitCode = isHeld ? 0 : 1
