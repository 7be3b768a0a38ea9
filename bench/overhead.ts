/** CPU per request of `parallelRequests` compared with bare undici: the price of everything above the transport. */
import { Pool } from 'undici'
import { measure, serve } from './support/measure.ts'
import { parallelRequests } from '../src/index.ts'

const CONCURRENCY = 50
const REQUESTS = 30_000
/** The bound that the project promises. */
const MAX_RATIO = 1.5

const server = await serve(new URL('./support/server.ts', import.meta.url))
const urls = Array.from({ length: REQUESTS }, (_, index) => `${server.url}/items/${index}`)
const pool = new Pool(server.url, { connections: CONCURRENCY, pipelining: 1 })

const get = (path: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    pool.dispatch(
      { path, method: 'GET' },
      {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () =>
          resolve(JSON.parse((chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString())),
        onResponseError: (_controller, error) => reject(error),
      },
    )
  })

/** 50 lanes, because a caller would not give undici all requests at once either. */
async function bare(): Promise<void> {
  const values: unknown[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < REQUESTS; index = next++) values[index] = await get(`/items/${index}`)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, lane))
  if (values.length !== REQUESTS) throw new Error('lost some')
}

async function ours(): Promise<void> {
  const values = await parallelRequests(urls, {
    concurrency: CONCURRENCY,
    maxRetries: 3,
    timeout: '10s',
    rateLimit: { limit: 1_000_000, interval: '1m', burst: 1_000_000 },
  })
  if (values.length !== REQUESTS) throw new Error('lost some')
}

const results = await measure(
  [
    { name: 'undici Pool.dispatch + JSON.parse', run: bare },
    { name: 'parallelRequests', run: ours },
  ],
  { requests: REQUESTS, rounds: 9, warmUps: 2 },
)
for (const { name, microsecondsPerRequest, ratio } of results) {
  console.log(`${name.padEnd(36)} ${microsecondsPerRequest.toFixed(1).padStart(6)} µs/request  ${ratio.toFixed(2)} ×`)
}
await pool.close()
server.close()
const worst = results[1]?.ratio ?? NaN
console.log(`bound: ${MAX_RATIO} ×, ${worst <= MAX_RATIO ? 'held' : 'NOT held'}`)
process.exitCode = worst <= MAX_RATIO ? 0 : 1
