/** `concurrency: 'auto'` against a real server, loosely: the machine has other things to do, and so has the server. */
import { createServer } from 'node:http'
import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import { figure } from '../support/figure.ts'

const WORKERS = 12
const SERVICE_MS = 40

/** So many are worked on at once; the others wait inside. */
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

figure('What is found at a server with 12 workers is near 12, and uses most of what they can do.', async () => {
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
