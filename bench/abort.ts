/**
 * How long a call takes to settle after an abort, with an array of entries that have not been sent: at most 100 ms plus
 * 0.5 µs per entry.
 */
import { ParallelRequests } from '../src/index.ts'
import { mockTransport } from '../src/testing/index.ts'

const BASE_MS = 100
const PER_ENTRY_MS = 0.0005
const ROUNDS = 7

async function settlesInMs(entries: number): Promise<number> {
  const client = new ParallelRequests({ transport: mockTransport(() => new Promise(() => undefined)), maxRetries: 0 })
  const urls = Array.from({ length: entries }, (_, index) => `http://h${index % 50}.test/${index}`)
  const controller = new AbortController()
  const running = client.request(urls, { onFailure: 'settle', signal: controller.signal })
  await new Promise(resolve => setTimeout(resolve, 500))
  const abortedAtMs = performance.now()
  controller.abort()
  const outcomes = await running
  const tookMs = performance.now() - abortedAtMs
  if (outcomes.length !== entries) throw new Error('lost some')
  await client.close()
  return tookMs
}

let isHeld = true
for (const entries of [1_000, 10_000, 100_000, 1_000_000]) {
  const boundMs = BASE_MS + entries * PER_ENTRY_MS
  let bestMs = Infinity
  for (let round = 0; round < ROUNDS; round++) bestMs = Math.min(bestMs, await settlesInMs(entries))
  const ok = bestMs <= boundMs
  isHeld &&= ok
  console.log(`${entries} entries: ${Math.round(bestMs)} ms, bound ${boundMs} ms: ${ok ? 'held' : 'NOT held'}`)
}
process.exitCode = isHeld ? 0 : 1
