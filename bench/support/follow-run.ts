/**
 * One measurement in its own process, started by bench/follow.ts. Arguments: what, a number, and the origin of a server.
 *
 * `listed`, `followed`: the CPU time of a request that is listed, or that follows from another one; of this many.
 * `urls`, `pages`: the time for 1,000 pages that are listed as URLs, or found by the total of the first one; this often.
 * `items`: the live heap after each tenth of this many items that come in pages.
 */
import { ParallelRequests } from '../../src/index.ts'

export interface FollowRun {
  readonly cpuUs: number
  readonly ms: number
  readonly heapBytes: readonly number[]
}

const SLOTS = 50
/** More than slots, so that a free slot never waits for the next page, as it does not with a list. */
const CHAINS = 4 * SLOTS
const PAGES = 1_000
const PAGE_SIZE = 100

const [what = '', numberText, origin = ''] = process.argv.slice(2)
const number = Number(numberText)
const client = new ParallelRequests({ concurrency: SLOTS })
const heapBytes: number[] = []

const expect = (found: number, wanted: number): void => {
  if (found !== wanted) throw new Error(`expected ${wanted}, got ${found}.`)
}

async function listed(requests: number): Promise<void> {
  const urls = Array.from({ length: requests }, (_, index) => `${origin}/items/${index}`)
  expect((await client.drain(urls, {})).ok, requests)
}

async function followed(requests: number): Promise<void> {
  const pages = requests / CHAINS
  const urlOf = (chain: number, page: number): string => `${origin}/items/${chain * pages + page}`
  const roots = Array.from({ length: CHAINS }, (_, chain) => urlOf(chain, 0))
  const { ok } = await client.drain(roots, {
    maxPages: Infinity,
    follow: (_outcome, { index, page }) => (page + 1 < pages ? urlOf(index, page + 1) : undefined),
  })
  expect(ok, requests)
}

async function repeat(rounds: number, round: () => Promise<void>): Promise<void> {
  for (let done = 0; done < rounds; done++) await round()
}

async function readUrls(): Promise<void> {
  const list = Array.from({ length: PAGES }, (_, index) => `${origin}/?page=${index + 1}`)
  const values = await client.request<{ items: unknown[] }>(list)
  expect(values.flatMap(({ items }) => items).length, PAGES * PAGE_SIZE)
}

async function readPages(): Promise<void> {
  const paginate = { style: 'page', total: 'total_pages', items: 'items' } as const
  expect((await client.request<unknown>(`${origin}/?page=1`, { paginate })).length, PAGES * PAGE_SIZE)
}

/** A tenth of them in one chain, the rest in many. */
async function readItems(count: number): Promise<void> {
  const chains = [count / 10, ...Array.from({ length: 9 * SLOTS }, () => count / 10 / SLOTS)]
  let found = 0
  const outcomes = client.stream(
    chains.map((length, chain) => `${origin}/?chain=${chain}&cursor=0&last=${length}`),
    { maxPages: Infinity, paginate: { style: 'cursor', next: 'next_cursor', param: 'cursor', items: 'items' } },
  )
  for await (const outcome of outcomes) {
    if (!outcome.ok) throw outcome.error
    const before = Math.floor((10 * found) / count)
    found += outcome.items?.length ?? 0
    if (Math.floor((10 * found) / count) === before || globalThis.gc === undefined) continue
    globalThis.gc()
    heapBytes.push(process.memoryUsage().heapUsed)
  }
  expect(found, count)
}

const RUNS: Readonly<Record<string, (count: number) => Promise<void>>> = {
  listed,
  followed,
  items: readItems,
  urls: rounds => repeat(rounds, readUrls),
  pages: rounds => repeat(rounds, readPages),
}
const run = RUNS[what] as (count: number) => Promise<void>
const WARM_UP: Readonly<Record<string, number>> = { listed: 20_000, followed: 20_000, urls: 12, pages: 12 }
if (WARM_UP[what] !== undefined) await run(WARM_UP[what])
const before = process.cpuUsage()
const startedAtMs = performance.now()
await run(number)
const { user, system } = process.cpuUsage(before)
const told: FollowRun = { cpuUs: (user + system) / number, ms: (performance.now() - startedAtMs) / number, heapBytes }
process.send?.(told)
await client.close()
process.disconnect?.()
