/** `hosts` together with a `limitKey`: an entry may name a key. */
import { describe, expect, test } from 'vitest'
import { ConfigError, ParallelRequests } from '../../src/index.ts'
import { mockTransport } from '../../src/testing/index.ts'

const limitKey = ({ meta }: { meta: unknown }) => meta as string | undefined

/** The most attempts at once per key, and the names that matched nothing. */
async function mostAtOnce(hosts: Record<string, { concurrency: number }>, keys: readonly (string | undefined)[]) {
  const running = new Map<string, number>()
  const most: Record<string, number> = {}
  const transport = mockTransport(async ({ index }) => {
    const key = String(keys[Math.floor(index / 6)])
    running.set(key, (running.get(key) ?? 0) + 1)
    most[key] = Math.max(most[key] ?? 0, running.get(key) as number)
    await new Promise(resolve => setImmediate(resolve))
    running.set(key, (running.get(key) as number) - 1)
    return { json: {} }
  })
  const client = new ParallelRequests({ transport, limitKey, hosts, perHost: { concurrency: 3 } })
  await client.request(keys.flatMap(meta => Array.from({ length: 6 }, () => ({ url: 'http://h.example/', meta }))))
  const { unmatchedHosts } = client.stats()
  await client.close()
  return { most, unmatchedHosts }
}

describe('a limit for one key', () => {
  test('applies to requests with exactly that key', async () => {
    const hosts = { gold: { concurrency: 1 }, 'Tin Can@x': { concurrency: 2 }, '42': { concurrency: 2 } }
    const { most, unmatchedHosts } = await mostAtOnce(hosts, ['gold', 'Gold', 'Tin Can@x', '42', 'other'])
    expect(most).toEqual({ gold: 1, Gold: 3, 'Tin Can@x': 2, 42: 2, other: 3 })
    expect(unmatchedHosts).toEqual([])
  })

  test('overrides a limit for the host, and names that match nothing are reported', async () => {
    const hosts = { gold: { concurrency: 1 }, 'H.example': { concurrency: 2 }, silver: { concurrency: 1 } }
    const { most, unmatchedHosts } = await mostAtOnce(hosts, ['gold', 'other', undefined])
    expect(most).toEqual({ gold: 1, other: 2, undefined: 2 })
    expect(unmatchedHosts).toEqual(['silver'])
  })

  test('requires a limitKey if it is not a host name', () => {
    const hosts = { 'Tin Can': { concurrency: 1 } }
    expect(() => new ParallelRequests({ hosts })).toThrow(ConfigError)
    expect(() => new ParallelRequests({ hosts })).toThrow("hosts: expected a name such as 'api.example.com'")
  })
})
