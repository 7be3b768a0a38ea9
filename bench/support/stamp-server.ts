/**
 * A server in its own process that stamps every arrival with the machine's monotonic clock, which all processes share.
 * A message asks for the stamps since the last one.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monotonicMs } from './monotonic.ts'

let stampsMs: number[] = []
const server = createServer((_request, response) => {
  stampsMs.push(monotonicMs())
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 })
  response.end('{}')
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', 4_096, () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('message', () => {
  process.send?.(stampsMs)
  stampsMs = []
})
process.on('disconnect', () => process.exit())
