/** A process ends although a batch was given up: nothing that is left keeps it alive. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectFigure } from '../support/figure.ts'

let server: Server
let base: string

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/paused') response.writeHead(429, { 'retry-after': '100' })
    response.end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  server.close()
  await once(server, 'close')
})

/**
 * Runs a program in a process of its own, with `parallel`, `Client` and `base` defined, and returns how long it lived.
 */
async function lifeMs(body: string): Promise<number> {
  const library = new URL('../../src/index.ts', import.meta.url).href
  const program = `
    import { ParallelRequests as Client, parallelRequests as parallel } from '${library}'
    const base = '${base}'
    ${body}`
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(timer)
  expect(code).toBe(0)
  return performance.now() - startedAtMs
}

test.each([
  [
    'an aborted wait for a paused host',
    `await parallel([base + '/paused'], { signal: AbortSignal.timeout(200) }).catch(() => {})`,
  ],
  [
    'an aborted wait for a rate',
    `await parallel([base + '/a', base + '/b'], { rateLimit: '1/10m', signal: AbortSignal.timeout(200) }).catch(() => {})`,
  ],
  [
    'a stream with a rate that was left, and its client closed',
    `const client = new Client({ rateLimit: '1/10m' })
     for await (const outcome of client.stream([base + '/a', base + '/b'])) break
     await client.close()`,
  ],
])('the process ends by itself after %s', async (_, body) => {
  expectFigure(await lifeMs(body)).toBeLessThan(8_000)
})
