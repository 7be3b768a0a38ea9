/**
 * One measurement in its own process, started by bench/follow.ts: requests that are listed, or that follow from one
 * another. Arguments: `listed` or `followed`, the number of requests, and the origin of a server. Sends the CPU time of a
 * request.
 */
import { ParallelRequests } from '../../src/index.ts'

export interface FollowRun {
  readonly cpuUs: number
}

const SLOTS = 50
/** More than slots, so that a free slot never waits for the next page, as it does not with a list. */
const CHAINS = 4 * SLOTS

const [mode, requestsText, origin = ''] = process.argv.slice(2)
const client = new ParallelRequests({ concurrency: SLOTS })

async function send(requests: number): Promise<number> {
  const pages = requests / CHAINS
  const urlOf = (chain: number, page: number): string => `${origin}/items/${chain * pages + page}`
  if (mode === 'followed') {
    const roots = Array.from({ length: CHAINS }, (_, chain) => urlOf(chain, 0))
    const { ok } = await client.drain(roots, {
      maxPages: Infinity,
      follow: (_outcome, { index, page }) => (page + 1 < pages ? urlOf(index, page + 1) : undefined),
    })
    return ok
  }
  const { ok } = await client.drain(
    Array.from({ length: requests }, (_, index) => `${origin}/items/${index}`),
    {},
  )
  return ok
}

await send(20_000)
const requests = Number(requestsText)
const before = process.cpuUsage()
const ok = await send(requests)
const { user, system } = process.cpuUsage(before)
if (ok !== requests) throw new Error(`expected ${requests} good outcomes, got ${ok}.`)
process.send?.({ cpuUs: (user + system) / requests } satisfies FollowRun)
await client.close()
process.disconnect?.()
