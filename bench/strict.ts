/**
 * A server that has the client's own limit, as an exact sliding log: how often does it refuse? Run `node bench/strict.ts`.
 *
 * Bounds: at most 1 in 1,000 refused at each rate, with worker threads too; at least 97 % of the rate used.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ParallelRequests } from '../src/index.ts'

const SERVER = `
const http = require('node:http'); const { parentPort, workerData: { limit, intervalMs } } = require('node:worker_threads')
const log = []
http.createServer((_, response) => setTimeout(() => response.end('{}'), 5).unref() && count(response)).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port) })
function count(response) {
  const now = performance.now()
  while (log.length > 0 && now - log[0] >= intervalMs) log.shift()
  if (log.length >= limit) response.statusCode = 429
  else log.push(now)
}`

const CASES = [
  { rate: '10/s', limit: 10, intervalMs: 1_000, requests: 300, workers: 0 },
  { rate: '50/s', limit: 50, intervalMs: 1_000, requests: 1_500, workers: 0 },
  { rate: '50/s', limit: 50, intervalMs: 1_000, requests: 1_500, workers: 2 },
  { rate: '20/2s', limit: 20, intervalMs: 2_000, requests: 300, workers: 0 },
  { rate: '20/2s', limit: 20, intervalMs: 2_000, requests: 300, workers: 2 },
  { rate: '100/m', limit: 100, intervalMs: 60_000, requests: 300, workers: 0 },
] as const

let failed = false
for (const { rate, limit, intervalMs, requests, workers } of CASES) {
  const server = new Worker(SERVER, { eval: true, workerData: { limit, intervalMs } })
  const [port] = (await once(server, 'message')) as [number]
  const client = new ParallelRequests({ rateLimit: rate, concurrency: 20, workers })
  const urls = Array.from({ length: requests }, (_, n) => `http://127.0.0.1:${port}/${n}`)
  const startedAtMs = performance.now()
  await client.request(urls, { returnType: 'response' })
  const tookMs = performance.now() - startedAtMs
  const [lane] = client.stats().lanes
  await client.close()
  await server.terminate()
  const refused = lane?.throttled ?? 0
  const shortestMs = Math.floor((requests - 1) / limit) * intervalMs
  const used = shortestMs / tookMs
  const holds = refused <= requests / 1_000 && used >= 0.97
  failed ||= !holds
  console.log(
    `${holds ? 'ok  ' : 'FAIL'} ${rate}, workers ${workers}: ${refused} of ${requests} refused, ${(used * 100).toFixed(1)} % used`,
  )
}
process.exitCode = failed ? 1 : 0
