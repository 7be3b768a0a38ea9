/** From process start to the first response: import and one request, the built library compared with bare undici. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, serve } from './support/measure.ts'

const ROUNDS = 15
/** The bound that the project promises. */
const MAX_EXTRA_MS = 40

const program = fileURLToPath(new URL('./support/first-request.ts', import.meta.url))
const built = new URL('../dist/index.js', import.meta.url).href
const server = await serve(new URL('./support/server.ts', import.meta.url))

function measure(way: string): number {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, way, server.url], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`first request failed, is dist/ built? ${stderr}`)
  return Number(stdout)
}

const bareMs: number[] = []
const oursMs: number[] = []
for (let round = 0; round <= ROUNDS; round++) {
  const pair = [measure('undici'), measure(built)] as const
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
