/**
 * A server on every address of the loopback network, in its own process: `http://127.1.2.3:port/` is a host of its own.
 * Answers after `argv[2]` milliseconds, so that slots are scarce rather than the CPU of the two processes.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const latencyMs = Number(process.argv[2])
const server = createServer((_request, response) => {
  setTimeout(() => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 })
    response.end('{}')
  }, latencyMs)
})
server.keepAliveTimeout = 60_000
server.listen(0, '0.0.0.0', 4_096, () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.on('disconnect', () => process.exit())
