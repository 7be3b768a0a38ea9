/**
 * Several requests at once in its own process. On each message it reports the live memory after a full garbage
 * collection. Arguments: the URL, the number of requests, the size limit of a body, and whether bodies are collected or
 * wait in `onChunk`.
 */
import { readFileSync } from 'node:fs'
import { ParallelRequests } from '../../src/index.ts'

const [origin = '', count, cap, taker] = process.argv.slice(2)
const ca = readFileSync(new URL('../../test/fixtures/tls/ca.pem', import.meta.url), 'utf8')

/** One client per request, so that each has its own connection with HTTP/2 as well. */
const clients = Array.from(
  { length: Number(count) },
  () =>
    new ParallelRequests({
      http2: origin.startsWith('https:'),
      tls: { ca },
      maxRetries: 0,
      maxResponseBytes: Number(cap),
      timeout: Infinity,
      timeouts: { idle: Infinity, callback: Infinity },
      minSpeed: false,
    }),
)

let goOn = (): void => undefined
const waiting = new Promise<void>(resolve => (goOn = resolve))

process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ bytes: heapUsed + external, maxRssBytes: process.resourceUsage().maxRSS * 1024 })
  goOn()
})

const how =
  taker === 'waiting' ? ({ returnType: 'stream', onChunk: () => waiting } as const) : { returnType: 'content' as const }
const outcomes = await Promise.all(clients.map(client => client.request(origin, { ...how, onFailure: 'settle' })))
const failed = outcomes.find(({ ok }) => !ok)
await Promise.all(clients.map(client => client.close()))
process.send?.(failed === undefined ? 'ok' : String(failed.error))
process.disconnect()
