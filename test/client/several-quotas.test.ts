/**
 * A host with several quotas (GitHub's `core` and `search`): requests of one quota never wait for another. In virtual
 * time.
 */
import { describe, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'
import type { MockTransport } from '../../src/testing/index.ts'
import type { Call } from '../../src/core/call.ts'
import { Queue } from '../../src/layer/queue.ts'
import type { Waiter } from '../../src/layer/queue.ts'
import type { Lane } from '../../src/policy/lane.ts'

const LATENCY_MS = 20

/** Each route has its own quota of two requests, which is renewed after the given number of seconds. */
function serverWith(resetsS: Readonly<Record<string, number>>): MockTransport {
  const used = new Map<string, number>()
  return mockTransport(({ url }) => {
    const route = new URL(url).pathname.split('/', 2)[1] as string
    used.set(route, (used.get(route) ?? 0) + 1)
    const left = resetsS[route] === undefined ? 1_000 : Math.max(0, 2 - (used.get(route) as number))
    const reset = String(resetsS[route] ?? 60)
    const headers = { 'x-ratelimit-resource': route, 'x-ratelimit-remaining': String(left), 'x-ratelimit-reset': reset }
    return { json: {}, headers, latencyMs: LATENCY_MS }
  })
}

/** Sends the paths at a fixed interval, and returns when each arrived. */
async function arrivalsOf(transport: MockTransport, paths: readonly string[], everyMs: number) {
  const client = new ParallelRequests({ transport, maxRetries: 0 })
  const pause = async (): Promise<void> => new Promise(resolve => void transport.clock.after(everyMs, () => resolve()))
  async function* input() {
    for (const path of paths) {
      yield `http://several.test/${path}`
      await pause()
    }
  }
  await client.request(input())
  await client.close()
  return new Map(transport.requests.map(({ url, atMs }) => [new URL(url).pathname.slice(1), atMs]))
}

describe('with one of several quotas of a host used up', () => {
  test('a request of another quota starts at once, even if nothing is in flight', async () => {
    const paths = ['core/1', 'search/1', 'search/2', 'search/3', 'core/2']
    const atMs = await arrivalsOf(serverWith({ search: 100 }), paths, 50)
    expect(atMs.get('core/2')).toBe(200)
    expect(atMs.get('search/3')).toBeGreaterThan(100_000)
  })

  test('each quota waits for its own renewal, whichever was used up first', async () => {
    const paths = ['search/1', 'graph/1', 'search/2', 'graph/2', 'search/3', 'graph/3']
    const atMs = await arrivalsOf(serverWith({ search: 100, graph: 5 }), paths, 50)
    expect(atMs.get('graph/3')).toBeGreaterThan(5_000)
    expect(atMs.get('graph/3')).toBeLessThan(8_000)
    expect(atMs.get('search/3')).toBeGreaterThan(100_000)
  })
})

describe('a queue whose first request waits for its quota', () => {
  const callOf = (path: string): Call =>
    ({ path, plan: { retry: {} }, trip: { retry: {}, stopwatch: {} } }) as unknown as Call
  let asked = 0
  const quota = {
    isPartial: true,
    waitMs: (_nowMs: number, { path }: Call) => (asked++, path.startsWith('/search') ? 1_000 : 0),
  }
  const queueOf = (): Queue => new Queue({ quota } as unknown as Lane)
  const waiterOf = (path: string): Waiter =>
    ({ attempt: { call: callOf(path), number: 1 }, gone: false }) as unknown as Waiter

  test('lets any number of others overtake it', () => {
    const queue = queueOf()
    queue.add(waiterOf('/search/1'))
    for (let n = 0; n < 10_000; n++) {
      const waiter = waiterOf(`/core/${n}`)
      queue.add(waiter)
      expect(queue.next(0)).toBe(waiter)
      queue.leave(waiter)
    }
    expect(queue.next(0)).toBe(queue.head())
  })

  test('checks each route once, however many requests wait for the same quota', () => {
    const queue = queueOf()
    for (let n = 0; n < 1_000; n++) queue.add(waiterOf(`/search/${n}`))
    const other = waiterOf('/core/1')
    queue.add(other)
    asked = 0
    expect(queue.next(0)).toBe(other)
    expect(asked).toBe(2)
  })
})
