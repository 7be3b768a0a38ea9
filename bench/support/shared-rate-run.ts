/** One process of bench/shared-rate.ts: sends as fast as the shared rates let it, until its time is over. */
import { redisLimits } from '../../src/distributed/index.ts'
import { ParallelRequests } from '../../src/index.ts'
import type { ClientOptions } from '../../src/index.ts'

interface Work {
  readonly redis: string
  readonly hosts: readonly string[]
  readonly options: ClientOptions & { readonly localShare?: boolean }
  readonly ms: number
}

const { redis, hosts, options: given, ms } = JSON.parse(process.argv[2] as string) as Work
const { localShare = false, ...options } = given

const starts: number[] = []
const client = new ParallelRequests({
  concurrency: 200,
  ...options,
  sharedLimits: redisLimits(redis, { localShare }),
  hooks: { beforeRequest: () => void starts.push(Number(process.hrtime.bigint()) / 1e6) },
})
// The death of Redis is on purpose.
process.on('warning', () => undefined)

const ended = AbortSignal.timeout(ms)
// A stream per host, so that a slow one fills no other's window.
await Promise.all(hosts.map(flood))
await client.close()
// All processes of a machine share this clock.
process.stdout.write(JSON.stringify(starts))

async function flood(host: string): Promise<void> {
  for await (const outcome of client.stream(urls(host), { signal: ended, returnType: 'response' })) void outcome
}

function* urls(host: string): Generator<string> {
  for (let nth = 0; ; nth++) yield `http://${host}/${nth}`
}
