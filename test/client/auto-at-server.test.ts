/**
 * `concurrency: 'auto'` against a real server. The bounds are loose, because the machine and the server do other work
 * as well.
 */
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import { figure } from '../support/figure.ts'

const WORKERS = 12
const SERVICE_MS = 40

/** The server works on this many requests at once; the others wait inside it. */
async function queueing(): Promise<{ readonly url: string; readonly server: Server }> {
  const waiting: ServerResponse[] = []
  let working = 0
  const work = (): void => {
    const response = working < WORKERS ? waiting.shift() : undefined
    if (response === undefined) return
    working++
    setTimeout(() => {
      working--
      response.end('{}')
      work()
    }, SERVICE_MS)
  }
  const server = createServer((_request, response) => {
    waiting.push(response)
    work()
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

figure('auto finds a concurrency near 12 for a server with 12 workers, and uses most of them', async () => {
  const { server, url } = await queueing()
  onTestFinished(() => void server.close())
  const client = new ParallelRequests({ concurrency: 'auto' })
  onTestFinished(() => client.close())
  const urls = (count: number): string[] => Array.from({ length: count }, (_, i) => `${url}${i}`)
  await client.request(urls(900))
  const found = client.stats().lanes[0]?.concurrency ?? 0
  const sinceMs = performance.now()
  await client.request(urls(600))
  const used = ((600 / (performance.now() - sinceMs)) * SERVICE_MS) / WORKERS
  console.log(`found ${found}, used ${(100 * used).toFixed(0)} % of what ${WORKERS} workers can do`)
  expect(found).toBeGreaterThanOrEqual(9)
  expect(found).toBeLessThanOrEqual(24)
  expect(used).toBeGreaterThan(0.7)
})
