/**
 * Compares the CPU time per request of two builds: `node bench/builds.ts BEFORE AFTER [PAIRS]`, where each is a `dist`
 * folder. Every sample is a fresh process. The two builds alternate, and so does the one that goes first. 30,000 GETs
 * of a small JSON body on 50 connections, with retries, a timeout, a limit per host and a rate.
 *
 * Bound: the median of the ratios of all pairs is at most 1.02.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, serve } from './support/measure.ts'

const MAX_RATIO = 1.02
const [before, after, pairs = '15'] = process.argv.slice(2)
if (before === undefined || after === undefined) throw new Error('usage: node bench/builds.ts BEFORE AFTER [PAIRS]')

const server = await serve(new URL('./support/server.ts', import.meta.url))
const program = fileURLToPath(new URL('./support/build-run.ts', import.meta.url))
const sample = (dist: string): number =>
  Number(execFileSync(process.execPath, [program, dist, server.url], { encoding: 'utf8' }))

const samples: { before: number; after: number }[] = []
for (let pair = 0; pair < Number(pairs); pair++) {
  if (pair % 2 === 0) samples.push({ before: sample(before), after: sample(after) })
  else {
    const second = sample(after)
    samples.push({ before: sample(before), after: second })
  }
}
server.close()

const us = (value: number): string => `${value.toFixed(1)} µs`
const spread = (values: readonly number[]): string => `${us(Math.min(...values))} to ${us(Math.max(...values))}`
const [befores, afters] = [samples.map(each => each.before), samples.map(each => each.after)]
const ratios = samples.map(each => each.after / each.before).toSorted((a, b) => a - b)
const ratio = median(ratios)
console.log(`before: median ${us(median(befores))} per request, ${spread(befores)}`)
console.log(`after:  median ${us(median(afters))} per request, ${spread(afters)}`)
console.log(
  `ratio:  median ${ratio.toFixed(3)}, ${ratios[0]?.toFixed(3)} to ${ratios.at(-1)?.toFixed(3)}, ${pairs} pairs`,
)
console.log(`bound:  ${MAX_RATIO}: ${ratio <= MAX_RATIO ? 'held' : 'NOT held'}`)
process.exitCode = ratio <= MAX_RATIO ? 0 : 1
