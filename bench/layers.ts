/** CPU per request of everything above the transport: the same stack on a transport that answers at once. */
import { ParallelRequests } from '../src/index.ts'
import type { Reply, Transport } from '../src/index.ts'
import { median } from './support/measure.ts'

const REQUESTS = 50_000
const body = new TextEncoder().encode(
  JSON.stringify({ id: 7, name: 'node', stars: 104_000, description: 'x'.repeat(120) }),
)

const instant: Transport = {
  send: ({ url }) =>
    Promise.resolve<Reply>({
      kind: 'reply',
      status: 200,
      statusText: 'OK',
      headers: ['content-type', 'application/json', 'content-length', String(body.byteLength)],
      body,
      url,
      integrity: 'length',
      protocol: 'http/1.1',
    }),
  close: () => Promise.resolve(),
}

const urls = Array.from({ length: REQUESTS }, (_, index) => `http://127.0.0.1:8080/items/${index}`)
const client = new ParallelRequests({
  transport: instant,
  concurrency: 50,
  timeout: '10s',
  rateLimit: { limit: 10_000_000, interval: '1m', burst: 10_000_000 },
})
const costs: number[] = []
for (let round = 0; round < 8; round++) {
  const before = process.cpuUsage()
  await client.request(urls)
  const { user, system } = process.cpuUsage(before)
  if (round > 1) costs.push((user + system) / REQUESTS)
}
await client.close()
console.log(`layers, parsing and outcome: ${median(costs).toFixed(2)} µs/request`)
