/**
 * The CPU time per request with listeners, against none: `node bench/channels.ts [ROUNDS]`. Every sample is a fresh
 * process, and the order of the cases rotates. 30,000 GETs of a small JSON body on 50 connections.
 *
 * What the library costs without a listener is compared with a build that has no layer `observe`: remove its line from
 * `src/client/wire.ts`, build, and run `bench/builds.ts` with both builds.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, serve } from './support/measure.ts'
import { LISTENERS } from './support/channels-run.ts'
import type { Listener } from './support/channels-run.ts'

const [rounds = '15'] = process.argv.slice(2)
const server = await serve(new URL('./support/server.ts', import.meta.url))
const program = fileURLToPath(new URL('./support/channels-run.ts', import.meta.url))
const sample = (listener: Listener): number =>
  Number(execFileSync(process.execPath, [program, listener, server.url], { encoding: 'utf8' }))

const samples: Record<string, number>[] = []
for (let round = 0; round < Number(rounds); round++) {
  const taken: Record<string, number> = {}
  for (let at = 0; at < LISTENERS.length; at++) {
    const listener = LISTENERS[(round + at) % LISTENERS.length] as Listener
    taken[listener] = sample(listener)
  }
  samples.push(taken)
}
server.close()

for (const listener of LISTENERS) {
  const own = samples.map(taken => taken[listener] as number)
  const ratios = samples.map(taken => (taken[listener] as number) / (taken['none'] as number)).toSorted((a, b) => a - b)
  const [least, most] = [ratios[0] ?? 0, ratios.at(-1) ?? 0].map(ratio => ratio.toFixed(3))
  console.log(
    `${listener.padEnd(10)} median ${median(own).toFixed(1)} µs per request, ` +
      `ratio to none: median ${median(ratios).toFixed(3)}, ${least} to ${most}, ${rounds} rounds`,
  )
}
