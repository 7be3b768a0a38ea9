/**
 * HTTP/2 compared with HTTP/1.1: the same small requests to one server that speaks both over TLS, in its own process.
 * Prints the CPU that each costs this process, and the requests per second.
 */
import { readFileSync } from 'node:fs'
import { measure, median, serve } from './support/measure.ts'
import { ParallelRequests } from '../src/index.ts'

const CONCURRENCY = 50
const REQUESTS = 8_000
/** HTTP/2 needs more work per request. Anything beyond this ratio would be our own overhead. */
const MAX_RATIO = 1.8

const ca = readFileSync(new URL('../test/fixtures/tls/ca.pem', import.meta.url), 'utf8')
const server = await serve(new URL('./support/h2-server.ts', import.meta.url))
const urls = Array.from({ length: REQUESTS }, (_, index) => `${server.url}/items/${index}`)

function contender(name: string, http2: boolean) {
  const client = new ParallelRequests({ concurrency: CONCURRENCY, http2, tls: { ca } })
  const perSecond: number[] = []
  const run = async (): Promise<void> => {
    const startedAtMs = performance.now()
    const values = await client.request(urls)
    perSecond.push((REQUESTS / (performance.now() - startedAtMs)) * 1_000)
    if (values.length !== REQUESTS) throw new Error('lost some')
  }
  return { name, run, perSecond, client }
}

const contenders = [contender('HTTP/1.1 over TLS', false), contender('HTTP/2', true)]
const results = await measure(contenders, { requests: REQUESTS, rounds: 7, warmUps: 2 })
for (const [index, { name, microsecondsPerRequest, ratio }] of results.entries()) {
  const rate = Math.round(median(contenders[index]?.perSecond ?? []))
  console.log(
    `${name.padEnd(20)} ${microsecondsPerRequest.toFixed(1).padStart(6)} µs/request  ${ratio.toFixed(2)} ×  ${rate} requests/s`,
  )
}
for (const { client } of contenders) await client.close()
server.close()
const worst = results[1]?.ratio ?? NaN
console.log(`bound: ${MAX_RATIO} ×, ${worst <= MAX_RATIO ? 'held' : 'NOT held'}`)
process.exitCode = worst <= MAX_RATIO ? 0 : 1
