/**
 * Whether a long-lived client keeps anything of the requests that are over: heap, open sockets, their listeners, other
 * resources of the process. Compares each with its value after the first tenth of the requests. Uses the built package.
 *
 * Arguments: number of requests (default a million), and ways (default `http`, `https` and `h2`, one after the other).
 */
import { subscribe } from 'node:diagnostics_channel'
import { getEventListeners } from 'node:events'
import type { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from './support/measure.ts'
import { trend } from './support/trend.ts'
import { holdings } from '../test/support/hostile/vitals.ts'
import type * as Library from '../src/index.ts'

const CONCURRENCY = 200
const ROUNDS = 20
/** While code is being compiled and used for the first time, the heap has not reached its normal size. */
const WARM_UP_ROUNDS = 2
/** A pointer kept per request exceeds it from 250,000 requests on. */
const MAX_GROWTH_BYTES = 1_000_000
/** Within it, sockets that are being closed are gone. */
const REST_MS = 50

const SERVERS = { http: 'server', https: 'h2-server', h2: 'h2-server' } as const
type Way = keyof typeof SERVERS

const built = new URL('../dist/index.js', import.meta.url).href
const { ParallelRequests } = (await import(built)) as typeof Library
const ca = readFileSync(new URL('../test/fixtures/tls/ca.pem', import.meta.url), 'utf8')

const open = new Set<Socket>()
subscribe('net.client.socket', message => {
  const { socket } = message as { readonly socket: Socket }
  open.add(socket)
  socket.once('close', () => open.delete(socket))
})

const listenersOf = (emitter: EventEmitter): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)

/** What is held between two rounds, by name. */
async function held(signal: AbortSignal): Promise<Record<string, number>> {
  await sleep(REST_MS)
  globalThis.gc?.()
  await sleep(REST_MS)
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return {
    'heap bytes': heapUsed,
    'external bytes': external,
    'most listeners of a socket': Math.max(0, ...[...open].map(listenersOf)),
    'listeners of the process': listenersOf(process),
    'listeners of the signal': getEventListeners(signal, 'abort').length,
    sockets: open.size,
    ...holdings(),
  }
}

/** What has grown since the first sample, one sentence each. */
function grown(samples: readonly Readonly<Record<string, number>>[]): string[] {
  const first = samples[0] ?? {}
  const problems: string[] = []
  for (const [name, now] of Object.entries(samples.at(-1) ?? {})) {
    if (name.endsWith('bytes')) {
      // Memory that Node takes or releases once must not look like growth, nor hide what is kept per request.
      const { creep } = trend(samples.map((sample, at) => ({ at, value: sample[name] ?? 0 })))
      const bytes = Math.round(creep * (samples.length - 1))
      console.log(`  growth of ${name} by their trend: ${bytes.toLocaleString('en')}`)
      if (bytes > MAX_GROWTH_BYTES)
        problems.push(`${name}: expected growth of at most ${MAX_GROWTH_BYTES}, got ${bytes}`)
    } else if (now > (first[name] ?? 0)) problems.push(`${name}: expected at most ${first[name] ?? 0}, got ${now}`)
  }
  return problems
}

async function run(way: Way, requests: number): Promise<string[]> {
  const server = await serve(new URL(`./support/${SERVERS[way]}.ts`, import.meta.url))
  const { signal } = new AbortController()
  const client = new ParallelRequests({ concurrency: CONCURRENCY, http2: way === 'h2', tls: { ca } })
  const samples: Record<string, number>[] = []
  // Before the first sample, because the stream that it opens is one of the resources.
  console.log(`${way}: ${requests} requests`)
  for (let round = 0; round < ROUNDS; round++) {
    const urls = Array.from({ length: requests / ROUNDS }, (_, index) => `${server.url}/items/${round}-${index}`)
    const values = await client.request(urls, { signal })
    if (values.length !== urls.length) throw new Error(`expected ${urls.length} values, got ${values.length}.`)
    values.length = urls.length = 0
    const sample = await held(signal)
    console.log(`  round ${round + 1}: ${JSON.stringify(sample)}`)
    if (round >= WARM_UP_ROUNDS - 1) samples.push(sample)
  }
  await client.close()
  server.close()
  return grown(samples).map(problem => `${way}: ${problem}`)
}

const given = process.argv.slice(2)
const requests = /^\d+$/.test(given[0] ?? '') ? Number(given.shift()) : 1_000_000
const ways = (given.length === 0 ? Object.keys(SERVERS) : given) as Way[]
const problems: string[] = []
for (const way of ways) problems.push(...(await run(way, requests)))
console.log(problems.length === 0 ? 'nothing grew' : problems.join('\n'))
process.exitCode = problems.length === 0 ? 0 : 1
