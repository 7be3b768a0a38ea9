/**
 * The blocking call inside a running event loop. Its server runs in another thread: in this one it could not answer.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished } from 'vitest'
import { ConfigError, PartialFailureError, parallelRequestsSync } from '../../src/index.ts'

const SERVER = `
  const { createServer } = require('node:http')
  const { parentPort } = require('node:worker_threads')
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/404' ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ url: request.url }))
  })
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

async function serverElsewhere(): Promise<string> {
  const worker = new Worker(SERVER, { eval: true })
  onTestFinished(() => void worker.terminate())
  const [port] = (await once(worker, 'message')) as [number]
  return `http://127.0.0.1:${port}`
}

it('a sync call works in an async function, a timer and a promise callback', async () => {
  const url = await serverElsewhere()
  await Promise.resolve()
  const direct = parallelRequestsSync<{ url: string }>([`${url}/a`, `${url}/b`], { concurrency: 2 })
  expect(direct).toEqual([{ url: '/a' }, { url: '/b' }])
  const inTimer = await new Promise(resolve => setTimeout(() => resolve(parallelRequestsSync(`${url}/timer`)), 1))
  expect(inTimer).toEqual({ url: '/timer' })
  const inCallback = await Promise.resolve().then(() => parallelRequestsSync([`${url}/c`], { keys: ['c'] }))
  expect(inCallback).toEqual({ c: { url: '/c' } })
})

it('a sync call throws a ConfigError at once, and failures with every success in the error', async () => {
  const url = await serverElsewhere()
  expect(() => parallelRequestsSync([url], { timeout: 10 })).toThrow(ConfigError)
  let error: unknown
  try {
    parallelRequestsSync([`${url}/a`, `${url}/404`])
  } catch (thrown) {
    error = thrown
  }
  if (!(error instanceof PartialFailureError)) throw new Error('expected a PartialFailureError')
  expect(error.values).toEqual([{ url: '/a' }, undefined])
  expect(error.failures[0]?.error.code).toBe('http/404')
})
