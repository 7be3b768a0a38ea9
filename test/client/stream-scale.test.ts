import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ParallelRequests } from '../../src/index.ts'
import { covers } from '../support/hostile/record.ts'

const REQUESTS = 100_000
const CONCURRENCY = 50
const WINDOW = 300
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}'

/** Answers each request at once and counts. With node:http, most of the time of this test would be the server's. */
let server: Server
const sockets = new Set<Socket>()
let mostSockets = 0
let answered = 0

beforeAll(async () => {
  server = createServer(socket => {
    sockets.add(socket)
    mostSockets = Math.max(mostSockets, sockets.size)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    let rest = ''
    socket.on('data', chunk => {
      const heads = (rest + chunk.toString('latin1')).split('\r\n\r\n')
      rest = heads.pop() as string
      answered += heads.length
      socket.write(ANSWER.repeat(heads.length))
    })
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
})

afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise(closed => server.close(closed))
})

test(`a generator of ${REQUESTS} URLs is pulled no further than the window, and sent over no more sockets than concurrency`, async () => {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let pulled = 0
  let given = 0
  let mostHeld = 0
  function* urls(): Generator<string> {
    for (let index = 0; index < REQUESTS; index++) {
      pulled++
      mostHeld = Math.max(mostHeld, pulled - given)
      yield `${origin}/items/${index}`
    }
  }
  const seen = new Uint8Array(REQUESTS)
  const client = new ParallelRequests({ concurrency: CONCURRENCY })
  try {
    for await (const outcome of client.stream(urls(), { window: WINDOW })) {
      given++
      if (outcome.ok) seen[outcome.index]!++
      // The consumer stalls now and then: finished outcomes are held, and nothing more is pulled.
      if (given % 20_000 === 0) await new Promise(resumed => setTimeout(resumed, 20))
    }
  } finally {
    await client.close()
  }
  expect(given).toBe(REQUESTS)
  expect(seen.every(times => times === 1)).toBe(true)
  expect(answered).toBe(REQUESTS)
  expect(mostHeld).toBeLessThanOrEqual(WINDOW)
  // A stalled consumer fills the window. A bound that is never approached would prove nothing.
  expect(mostHeld).toBeGreaterThan(CONCURRENCY)
  expect(mostSockets).toBeLessThanOrEqual(CONCURRENCY)
  covers(import.meta.url, {
    row: 111,
    name: 'a generator of more URLs than fit into memory',
    outcome: `at most ${WINDOW} requests in memory`,
    retry: '–',
    socket: '–',
  })
})
