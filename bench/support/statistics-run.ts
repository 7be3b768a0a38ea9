/**
 * One measurement in its own process, started by bench/statistics.ts: `drain` with statistics or without them.
 * Arguments: `on` or `off`, the number of requests, and the origin of a server, or `none` for a transport that answers
 * at once. Sends the CPU time of a request, and the live heap after each tenth of the requests.
 */
import { OpenClient } from '../../src/client/open-client.ts'
import type { Reply, Transport } from '../../src/index.ts'

export interface StatisticsRun {
  readonly cpuUs: number
  readonly heapBytes: readonly number[]
}

const WARM_UP = 20_000
const HOSTS = 300

const body = new TextEncoder().encode('{"id":7,"name":"node"}')

const instant: Transport = {
  send: ({ url }) =>
    Promise.resolve<Reply>({
      kind: 'reply',
      status: 200,
      statusText: 'OK',
      headers: ['content-type', 'application/json'],
      body,
      url,
      integrity: 'length',
      protocol: 'http/1.1',
    }),
  close: () => Promise.resolve(),
}

const [mode, requestsText, origin = 'none'] = process.argv.slice(2)
const requests = Number(requestsText)
const transport = origin === 'none' ? { transport: instant } : {}
const client = new OpenClient({ concurrency: 50, ...transport }, mode === 'on')
const heapBytes: number[] = []

function* urls(count: number): Generator<string> {
  const every = Math.ceil(count / 10)
  for (let index = 1; index <= count; index++) {
    yield origin === 'none' ? `http://h${index % HOSTS}.test/items/${index}` : `${origin}/items/${index}`
    if (globalThis.gc === undefined || count === WARM_UP || index % every > 0) continue
    globalThis.gc()
    heapBytes.push(process.memoryUsage().heapUsed)
  }
}

await client.drain(urls(WARM_UP), {})
const before = process.cpuUsage()
const { ok } = await client.drain(urls(requests), {})
const { user, system } = process.cpuUsage(before)
if (ok !== requests) throw new Error(`expected ${requests} good outcomes, got ${ok}.`)
process.send?.({ cpuUs: (user + system) / requests, heapBytes } satisfies StatisticsRun)
await client.close()
process.disconnect?.()
