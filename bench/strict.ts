/**
 * A server with the client's own limit, enforced as an exact sliding log: how often does it refuse? Run `node
 * bench/strict.ts`.
 *
 * Bounds: at most 1 in 1,000 refused at each rate, with worker threads too; at least 97 % of the rate used; with every
 * core busy, at most 1 in 100 refused. The used share is what the server counted after the first interval's worth,
 * divided by what the rate allows in that time, so neither an allowed burst nor the startup counts.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { ParallelRequests } from '../src/index.ts'

const SERVER = `
const http = require('node:http'); const { parentPort, workerData: { limit, intervalMs } } = require('node:worker_threads')
const log = []
let taken = 0, fromMs = 0, toMs = 0
parentPort.on('message', () => parentPort.postMessage({ taken, tookMs: toMs - fromMs }))
http.createServer((_, response) => setTimeout(() => response.end('{}'), 5).unref() && count(response)).listen(0, '127.0.0.1', function () { parentPort.postMessage(this.address().port) })
function count(response) {
  const now = performance.now()
  while (log.length > 0 && now - log[0] >= intervalMs) log.shift()
  if (log.length >= limit) response.statusCode = 429
  else {
    log.push(now)
    toMs = now
    if (++taken === limit) fromMs = now
  }
}`

/** A thread that never pauses, one per core. */
const BUSY = 'for (;;) Math.random()'

const CASES = [
  { rate: '10/s', limit: 10, intervalMs: 1_000, requests: 300, workers: 0 },
  { rate: '50/s', limit: 50, intervalMs: 1_000, requests: 1_500, workers: 0 },
  { rate: '50/s', limit: 50, intervalMs: 1_000, requests: 1_500, workers: 2 },
  { rate: '20/2s', limit: 20, intervalMs: 2_000, requests: 300, workers: 0 },
  { rate: '20/2s', limit: 20, intervalMs: 2_000, requests: 300, workers: 2 },
  { rate: '100/m', limit: 100, intervalMs: 60_000, requests: 300, workers: 0 },
  { rate: '100/m', limit: 100, intervalMs: 60_000, requests: 300, workers: 2 },
  { rate: '50/s', limit: 50, intervalMs: 1_000, requests: 1_500, workers: 0, busy: true },
  { rate: '20/2s', limit: 20, intervalMs: 2_000, requests: 300, workers: 0, busy: true },
] as const

interface Counted {
  readonly taken: number
  readonly tookMs: number
}

let failed = false
for (const { rate, limit, intervalMs, requests, workers, ...more } of CASES) {
  const server = new Worker(SERVER, { eval: true, workerData: { limit, intervalMs } })
  const [port] = (await once(server, 'message')) as [number]
  const isBusy = 'busy' in more
  const hogs = isBusy ? Array.from({ length: availableParallelism() }, () => new Worker(BUSY, { eval: true })) : []
  const client = new ParallelRequests({ rateLimit: rate, concurrency: 20, workers })
  const urls = Array.from({ length: requests }, (_, n) => `http://127.0.0.1:${port}/${n}`)
  await client.request(urls, { returnType: 'response' })
  const [lane] = client.stats().lanes
  await client.close()
  server.postMessage('report', [])
  const [{ taken, tookMs }] = (await once(server, 'message')) as [Counted]
  await Promise.all([server, ...hogs].map(worker => worker.terminate()))
  const refused = lane?.throttled ?? 0
  const used = ((taken - limit) / limit) * (intervalMs / tookMs)
  const holds = refused <= requests / (isBusy ? 100 : 1_000) && (used >= 0.97 || isBusy)
  failed ||= !holds
  const how = `workers ${workers}${isBusy ? ', every core busy' : ''}`
  console.log(
    `${holds ? 'ok  ' : 'FAIL'} ${rate}, ${how}: ${refused} of ${requests} refused, ${(used * 100).toFixed(1)} % used`,
  )
}
process.exitCode = failed ? 1 : 0
