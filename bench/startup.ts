/** From process start to the first response: import and one request, the built library compared with bare undici. */
import { median, serve } from './support/measure.ts'
import { start } from './support/start.ts'

const ROUNDS = 15
/** The bound that the project promises. */
const MAX_EXTRA_MS = 40

const server = await serve(new URL('./support/server.ts', import.meta.url))
const bareMs: number[] = []
const oursMs: number[] = []
for (let round = 0; round <= ROUNDS; round++) {
  const pair = [start('undici', server.url).wallMs, start('parallel-requests', server.url).wallMs] as const
  // The first pair only warms the file system cache.
  if (round === 0) continue
  bareMs.push(pair[0])
  oursMs.push(pair[1])
}
server.close()

const extraMs = median(oursMs.map((ms, round) => ms - (bareMs[round] ?? NaN)))
console.log(`undici            ${median(bareMs).toFixed(1).padStart(6)} ms`)
console.log(`parallel-requests ${median(oursMs).toFixed(1).padStart(6)} ms`)
console.log(
  `extra ${extraMs.toFixed(1)} ms, bound: ${MAX_EXTRA_MS} ms, ${extraMs <= MAX_EXTRA_MS ? 'held' : 'NOT held'}`,
)
process.exitCode = extraMs <= MAX_EXTRA_MS ? 0 : 1
