/** CPU time per request with one kind of listener, in its own process; started by bench/channels.ts. Prints microseconds. */
import diagnostics from 'node:diagnostics_channel'
import { ParallelRequests } from '../../src/index.ts'
import type { Telemetry } from '../../src/index.ts'

export const LISTENERS = ['none', 'attempts', 'all', 'telemetry', 'hook'] as const
export type Listener = (typeof LISTENERS)[number]

const REQUESTS = 30_000
const WARM_UP = 5_000
let heard = 0
const listen = (): void => void heard++

async function measure(listener: Listener, url: string): Promise<number> {
  const kinds = listener === 'all' ? ['batch', 'request', 'attempt'] : listener === 'attempts' ? ['attempt'] : []
  for (const kind of kinds) {
    diagnostics.channel(`tracing:parallel-requests:${kind}:start`).subscribe(listen)
    diagnostics.channel(`tracing:parallel-requests:${kind}:end`).subscribe(listen)
  }
  const telemetry: Telemetry = { start: listen, end: listen }
  const client = new ParallelRequests({
    concurrency: 50,
    ...(listener === 'telemetry' && { telemetry }),
    ...(listener === 'hook' && { hooks: { afterAttempt: listen } }),
  })
  const urls = Array.from({ length: REQUESTS }, (_, index) => `${url}/items/${index}`)
  await client.request(urls.slice(0, WARM_UP))
  const before = process.cpuUsage()
  await client.request(urls)
  const { user, system } = process.cpuUsage(before)
  await client.close()
  if ((listener === 'none') !== (heard === 0)) throw new Error(`heard ${heard} events`)
  return (user + system) / REQUESTS
}

const [listener, url] = process.argv.slice(2)
if (url !== undefined) console.log(await measure(listener as Listener, url))
