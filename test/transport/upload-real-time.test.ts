/** An upload to a server that begins to read late. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { ask, verdictOf } from '../support/ask.ts'

const READS_AFTER_MS = 3_000
/** Shorter than the wait, and long enough for what the system still holds when everything is written. */
const HEADERS_MS = 2_500

it('timeouts.headers does not count while a slow server still reads a body, one from memory included', async () => {
  const server = createServer((request, response) => {
    setTimeout(() => request.resume().on('end', () => response.end()), READS_AFTER_MS)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const large = Buffer.alloc(30e6)
  const bodies = [large, large.toString('latin1'), () => new Blob([large])]
  const asked = bodies.map(body => ask({ url, method: 'PUT', body }, { timeouts: { headers: HEADERS_MS } }))
  expect((await Promise.all(asked)).map(verdictOf)).toEqual(['ok', 'ok', 'ok'])
})
